"""Trouble on demand: what real Slack does now and then, so that a test can ask for it."""

from dataclasses import dataclass, field

from bot.local.errors import SlackError


@dataclass
class ApiFault:
    """The next calls of a method fail.

    error: Slack's code; "ratelimited" answers 429 with Retry-After; None for a call that succeeds, if late.
    done: carry the call out all the same and only lose the answer (an HTTP 500), as a timeout would.
    delay: seconds until the answer. reset: break the connection instead of answering.
    """

    method: str
    error: str | None = "internal_error"
    times: int = 1
    retry_after: int = 1
    done: bool = False
    delay: float = 0.0
    reset: bool = False


@dataclass
class Faults:
    """What is to go wrong next.

    twice: how many coming events are delivered twice, in envelopes of their own with the same event_id.
    swapped: how many coming pairs of events are delivered in the opposite order.
    token_error: answer every Web API call with this code, e.g. token_revoked or account_inactive.
    """

    api: list[ApiFault] = field(default_factory=list)
    twice: int = 0
    swapped: int = 0
    token_error: str | None = None

    def strike(self, method: str) -> ApiFault | None:
        """Return and use up the fault that hits this call, if any."""
        for fault in self.api:
            if fault.method == method and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def refuse(self, fault: ApiFault) -> SlackError:
        """Return the refusal a fault stands for."""
        if fault.error == "ratelimited":
            return SlackError("ratelimited", status=429, headers={"Retry-After": str(fault.retry_after)})
        return SlackError(fault.error or "internal_error", status=500 if fault.done else 200)
