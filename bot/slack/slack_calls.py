"""A call to Slack as a step of durable work: done once, tried again while that may help, and its result recorded.

Slack may refuse for now (429, with the seconds to wait), or fail in a way that leaves open whether it did what it was
asked. The work then sleeps, which survives a restart, and tries again.
"""

import random
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import ClientConnectorError, ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import metrics
from bot.jobs import WorkError, in_doubt, pause, step
from bot.slack.access import Access
from bot.slack.client import UNREADABLE, code, retry_after

# Slack's errors that had no side effect, after which trying again may help.
RETRYABLE = frozenset({"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org"})
# Slack's errors after which it may have done what it was asked, all the same.
UNCERTAIN = frozenset({"fatal_error", "internal_error", "request_timeout", UNREADABLE})
TRIES, LONGEST = 12, 60.0  # before giving up, over about six minutes; seconds between two tries
MOST_WAITS = 500  # where Slack only says how long to wait
# Slack's errors for a message, or the direct message it stood in, that is not there any more.
IS_GONE = frozenset({"channel_not_found", "message_not_found"})

CallResult = dict[str, Any]
Call = Callable[[CallResult], Awaitable[CallResult]]  # given the result of the last try
Look = Callable[[CallResult], Awaitable[CallResult | None]]  # the same; gives what was done, or None if nothing was
Follow = Callable[[CallResult], Awaitable[Any]]  # given what came of a call; its result is plain data
# Keeps what the work holds for so many seconds more; False if somebody else has it by now.
Lease = Callable[[float], Awaitable[bool]]

log = structlog.get_logger()


class SlackWorkError(WorkError):
    """Slack refused for good, or went on failing; `rolefit jobs` can have it done later. Holds Slack's code."""


class UnavailableError(SlackWorkError):
    """Slack went on failing, so that it may work later."""


class UncertainError(UnavailableError):
    """Slack went on failing, and may have done it all the same."""


class SlackCalls:
    """Calls to the workspaces that have the app, with their tokens. Use it inside a workflow only."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def _client(self, team: str) -> AsyncWebClient:
        """Give a client with the workspace's token. Raises SlackWorkError if the app is not installed there."""
        member = await self._access.of(team)
        if member is None:
            raise SlackWorkError("not_installed")
        return self._access.client(member)

    async def _call(
        self,
        name: str,
        method: Call,
        look: Look | None = None,
        *,
        doubtful: bool = False,
        lease: Lease | None = None,
        patient: bool = True,
        then: Follow | None = None,
    ) -> CallResult:
        """Do it as a step, again and again if need be; `look` says what came of it if it may have been done before.

        Gives {"lost": True} if the lease is somebody else's by now, and `wait` if it would have to wait and is not to
        be `patient`. Raises SlackWorkError if Slack refuses for good, UnavailableError if it goes on failing, and
        UncertainError if it may have done it all the same.

        then: is done in the same step, once with what came of it, which is also given with its result as `then`. Where
        the process dies before that is recorded, the next one looks what came of the call, and does it again.
        """
        tries, waits = 0, 0
        before: CallResult = {"uncertain": doubtful}
        answered: CallResult | None = None

        async def tried() -> CallResult:
            nonlocal answered
            if answered is None:  # else only our own database has failed since, and the step is tried again
                lost = lease and not await lease(0)
                answered = {"lost": True} if lost else await self._try(name, method, look, before, tries)
            if "wait" in answered and patient:
                is_last = tries + answered.get("counts", 0) >= TRIES or waits + 1 >= MOST_WAITS
                if is_last:  # it is this step that fails: the work is done again from here, whatever comes after it
                    uncertain = before.get("uncertain") or answered.get("uncertain")
                    raise (UncertainError if uncertain else UnavailableError)(answered.get("error"))
                return answered
            return answered if then is None else answered | {"then": await then(answered)}

        while True:
            result, answered = await step(name, tried), None
            if "wait" not in result or not patient:
                return result
            if lease:  # in a step of its own: what was tried is recorded, whatever becomes of this
                await step("renew lease", lease, result["wait"])
            before = {flag: before.get(flag) or result.get(flag) for flag in ("uncertain", "has_turn")}
            before["cursor"] = result.get("cursor")
            tries += result.get("counts", 0)
            waits += 1
            await pause(result["wait"])

    async def _try(
        self,
        name: str,
        method: Call,
        look: Look | None,
        before: CallResult,
        tries: int,
    ) -> CallResult:
        """Call Slack once; give the result, or the seconds to `wait` and whether it may be done already (`uncertain`).

        A look that was interrupted goes on at its `cursor`; once it has ended, the next one begins anew.
        """
        later: CallResult = {"wait": min(LONGEST, 0.5 * 2**tries) * random.uniform(0.75, 1.25), "counts": 1}  # noqa: S311
        cursor, is_looking = before.get("cursor"), False
        try:
            if look and (before.get("uncertain") or in_doubt()):
                is_looking = True
                if done := await look(before):
                    return done
                cursor, is_looking = None, False
            return await method(before)
        except ClientConnectorError:
            failed = later | {"error": "no connection"}
        except (ClientError, TimeoutError) as error:
            failed = later | {"error": type(error).__name__, "uncertain": True}
        except SlackApiError as error:
            refused = _not_now(name, error, later)
            if refused is None:
                raise SlackWorkError(code(error)) from error
            failed = refused
        # What could not be looked for yet is looked for the next time, too.
        return failed | {"cursor": cursor} | ({"uncertain": True} if is_looking else {})


def left_as_it_is(name: str, error: SlackApiError) -> CallResult:
    """Read an error of changing a message as `gone` or `refused`. Raises the error again if it may pass."""
    if may_pass(error):
        raise error
    log.warning("left as it is", step=name, error=code(error))
    return {"gone": True} if code(error) in IS_GONE else {"refused": True}


def may_pass(error: SlackApiError) -> bool:
    """Say whether Slack may do later what it has refused now."""
    status = error.response.status_code
    return status == 429 or status >= 500 or code(error) in RETRYABLE | UNCERTAIN


def _not_now(name: str, error: SlackApiError, later: CallResult) -> CallResult | None:
    """Say when to try again what Slack has refused; None if never."""
    why, status = code(error), error.response.status_code
    log.warning("Slack refused", step=name, error=why, status=status)
    metrics.SLACK_ERRORS.labels(name, why).inc()
    if status == 429:
        return {"wait": retry_after(error, default=1.0), "error": why}
    if why in RETRYABLE:
        return later | {"error": why}
    if why in UNCERTAIN or status >= 500:
        return later | {"error": why, "uncertain": True}
    return None
