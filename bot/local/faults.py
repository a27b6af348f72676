"""Trouble on demand: what real Slack does now and then, so that a test can ask for it."""

import random
from dataclasses import dataclass, field

from bot.local.errors import SlackError


@dataclass
class ApiFault:
    """The next calls of a method fail; those to response_urls by the method "response_url", without delay or reset.

    error: Slack's code; "ratelimited" answers 429 with Retry-After; None for a call that succeeds, if late.
    status: of the answer, 200 as with Slack's own refusals unless it says otherwise.
    done: carry the call out all the same and only lose the answer (an HTTP 500), as a timeout would.
    delay: seconds until the answer. reset: break the connection instead of answering.
    page: answer with this text and its content type, such as ["text/plain", "upstream connect error"], as a proxy does.
    """

    method: str
    error: str | None = "internal_error"
    times: int = 1
    retry_after: int = 1
    status: int = 200
    done: bool = False
    delay: float = 0.0
    reset: bool = False
    page: tuple[str, str] | None = None


@dataclass
class Weather:
    """What goes wrong by chance, as shares of all calls of chat.* methods, or of all deliveries.

    limited: 429. failed: 500, and nothing was done. lost: 500, though it was done. reset: the connection breaks, though
    it was done. twice: delivered twice. The same seed gives the same luck for the same calls.
    """

    seed: int = 0
    limited: float = 0.0
    failed: float = 0.0
    lost: float = 0.0
    reset: float = 0.0
    twice: float = 0.0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - to be repeatable, not secret

    def strike(self, method: str) -> ApiFault | None:
        """Draw what hits a call."""
        if not method.startswith("chat."):
            return None
        drawn = self._chance.random()
        for share, fault in (
            (self.limited, ApiFault(method, "ratelimited")),
            (self.failed, ApiFault(method, "internal_error", status=500)),
            (self.lost, ApiFault(method, "internal_error", done=True)),
            (self.reset, ApiFault(method, None, reset=True)),
        ):
            if drawn < share:
                return fault
            drawn -= share
        return None

    def doubles(self) -> bool:
        """Draw whether a delivery comes twice."""
        return self._chance.random() < self.twice


@dataclass
class Faults:
    """What is to go wrong next.

    twice: how many coming events are delivered twice, in envelopes of their own with the same event_id.
    unheard: how many coming acknowledgements are lost on their way, so that the event comes again.
    stale_links: how many coming Socket Mode addresses have expired when they are used.
    swapped: how many coming pairs of events are delivered in the opposite order.
    token_error: answer every Web API call with this code, e.g. token_revoked or account_inactive.
    weather: what goes wrong by chance besides.
    """

    api: list[ApiFault] = field(default_factory=list)
    twice: int = 0
    unheard: int = 0
    stale_links: int = 0
    swapped: int = 0
    token_error: str | None = None
    weather: Weather | None = None

    def strike(self, method: str) -> ApiFault | None:
        """Return and use up the fault that hits this call, if any."""
        for fault in self.api:
            if fault.method == method and fault.times > 0:
                fault.times -= 1
                return fault
        return self.weather.strike(method) if self.weather else None

    def doubles(self) -> bool:
        """Say, and use up, whether the next event is delivered twice."""
        if self.twice:
            self.twice -= 1
            return True
        return self.weather is not None and self.weather.doubles()

    def refuse(self, fault: ApiFault) -> SlackError:
        """Return the refusal a fault stands for."""
        if fault.error == "ratelimited":
            return SlackError("ratelimited", status=429, headers={"Retry-After": str(fault.retry_after)})
        return SlackError(fault.error or "internal_error", status=500 if fault.done else fault.status)
