"""How often the bot may call each method; a call beyond that is refused with 429 and Retry-After.

Sources: docs.slack.dev/apis/web-api/rate-limits, and the tier on each method's page. Slack gives the tiers as "50+",
lets bursts pass and says neither how long nor how high they are; here a tier's figure is the most in any 60 seconds.
"""

import math
from collections import defaultdict, deque
from collections.abc import Callable

from bot.local.errors import SlackError

# Calls a minute, for each method, app and workspace.
TIER_1, TIER_2, TIER_3, TIER_4 = 1, 20, 50, 100
SPECIAL = 300  # "hundreds of requests per minute": auth.test, chat.getPermalink, chat.postMessage in a whole workspace
MINUTE = 60.0


class RateLimits:
    """Counts calls of one app in one workspace. With `enabled` false everything passes."""

    def __init__(self, clock: Callable[[], float], *, enabled: bool, post_burst: int) -> None:
        self._clock = clock
        self._enabled = enabled
        self._post_burst = post_burst
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self._posts: dict[str, tuple[float, float]] = {}  # by channel: posts left of the burst, and when that was so

    def count(self, method: str, per_minute: int) -> None:
        """Count a call, or raise SlackError ratelimited if there were `per_minute` in the last 60 seconds."""
        if not self._enabled:
            return
        now, calls = self._clock(), self._calls[method]
        while calls and now - calls[0] >= MINUTE:
            calls.popleft()
        if len(calls) >= per_minute:
            raise _ratelimited(calls[0] + MINUTE - now)
        calls.append(now)

    def count_post(self, channel: str) -> None:
        """Count a message to a channel; raises SlackError ratelimited: one a second, after a burst of `post_burst`."""
        if not self._enabled:
            return
        now = self._clock()
        left, since = self._posts.get(channel, (float(self._post_burst), now))
        left = min(float(self._post_burst), left + now - since)
        if left < 1:
            raise _ratelimited(1 - left)
        self._posts[channel] = (left - 1, now)


def _ratelimited(wait: float) -> SlackError:
    return SlackError("ratelimited", status=429, headers={"Retry-After": str(max(1, math.ceil(wait)))})
