"""Asking Slack itself whether it takes what the bot can show, by `blocks.validate`, which needs no token.

Source: docs.slack.dev/reference/methods/blocks.validate. Slack judges the form of blocks by it, and neither the text
that goes with them nor who may post where; a `message` with a text is refused (slackapi/java-slack-sdk#1622). How often
it may be called is not said there: Slack says when to wait.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientConnectorError, ClientError
from slack_sdk.errors import SlackApiError
from slackblocks.errors import InvalidUsageError

from bot.slack.app import slack_session
from bot.slack.client import UNREADABLE, Client, code, retry_after
from bot.slack.gallery import Rendering, View
from bot.slack.gateway import REFUSED_BLOCKS
from bot.slack.pieces import Message

METHOD = "blocks.validate"
REFUSED = REFUSED_BLOCKS | {"invalid_message", "invalid_view", "view_too_large"}
WAITS = 20  # how often Slack may say in a row that it is not now
PAUSES = (0.5, 2.0, 5.0)  # seconds before another try where Slack, or what is between, fails
REPORTED_EVERY = 250  # messages


class NoVerdictError(Exception):
    """Slack could not be asked, or does not answer the question; says why in one sentence."""


@dataclass(frozen=True)
class Refused:
    """A rendering that Slack would refuse: its name, Slack's code, and the reasons with their places."""

    name: str
    code: str
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}: {': '.join(filter(None, [self.code, '; '.join(self.reasons)]))}."


@dataclass
class Verdict:
    """How many different messages there are, and which of them are refused.

    unfinished: why the rest was not judged, in one sentence.
    """

    count: int = 0
    refused: list[Refused] = field(default_factory=list)
    unfinished: str | None = None


async def check(renderings: Iterable[Rendering], base_url: str, progress: Callable[[str], None]) -> Verdict:
    """Ask Slack about each different message and view once, one after the other.

    What cannot be rendered, because a limit is known here, is refused without asking. Where Slack cannot be reached, or
    does not judge, the rest is not asked about. progress: called with a line now and then.
    """
    verdict, arguments = Verdict(), dict[tuple[str, str], str]()  # by the name of the first that shows it
    for rendering in renderings:
        try:
            arguments.setdefault(_argument(rendering.render()), rendering.name)
        except InvalidUsageError as error:
            verdict.refused.append(Refused(rendering.name, "cannot be rendered", (str(error).rstrip("."),)))
    verdict.count = len(arguments) + len(verdict.refused)
    async with slack_session() as session:
        client = Client(base_url=base_url, session=session)
        for number, (argument, name) in enumerate(arguments.items()):
            if number % REPORTED_EVERY == 0:
                progress(f"Slack has judged {number:,} of {len(arguments):,} messages.")
            try:
                refused = await _ask(client, name, argument, progress)
            except NoVerdictError as error:
                verdict.unfinished = str(error)
                break
            verdict.refused += [refused] if refused else []
    return verdict


def _argument(shown: Message | View) -> tuple[str, str]:
    """Give the one argument of a call: its name, and its value as JSON."""
    if isinstance(shown, Message):
        return "message", json.dumps({"blocks": shown.blocks}, ensure_ascii=False)
    return "view", json.dumps(shown, ensure_ascii=False)


async def _ask(client: Client, name: str, argument: tuple[str, str], progress: Callable[[str], None]) -> Refused | None:
    """Have one message judged; None if Slack takes it. Raises NoVerdictError."""
    waits, pauses = 0, iter(PAUSES)
    while True:
        try:
            # In the body: the SDK's own method puts the arguments into the address, for which most are too long.
            await client.api_call(METHOD, data=dict([argument]))
        except ClientConnectorError as error:
            raise NoVerdictError(_unreachable(client, str(error.strerror or error))) from error
        except (ClientError, TimeoutError) as error:
            failure = type(error).__name__
        except SlackApiError as error:
            if code(error) in REFUSED or _errors(error):
                return Refused(name, code(error), tuple(map(_reason, _errors(error))))
            status = error.response.status_code
            if status == 429:
                waits += 1
                if waits > WAITS:
                    raise NoVerdictError(
                        f"Slack asked {WAITS} times in a row to wait, and did not judge {name}."
                    ) from error
                seconds = retry_after(error, default=1.0)
                progress(f"Slack asks to wait for {seconds:g} seconds.")
                await asyncio.sleep(seconds)
                continue
            if status < 500 and code(error) != UNREADABLE:
                raise NoVerdictError(f"Slack does not judge messages, but says {code(error)}.") from error
            failure = f"status {status}" if code(error) == UNREADABLE else code(error)
        else:
            return None
        pause = next(pauses, None)
        if pause is None:
            raise NoVerdictError(_unreachable(client, failure))
        await asyncio.sleep(pause)


def _unreachable(client: Client, reason: str) -> str:
    return f"Slack cannot be reached at {client.base_url} ({reason})."


def _errors(error: SlackApiError) -> list[Any]:
    data = error.response.data
    errors = data.get("errors") if isinstance(data, dict) else None
    return errors if isinstance(errors, list) else []


def _reason(reason: Any) -> str:
    """Say what is wrong and where, such as "/blocks/0/text: must be text (failed_constraint)"."""
    if not isinstance(reason, dict):
        return str(reason)
    message = reason.get("message") or "refused"
    kind = f" ({reason['code']})" if reason.get("code") else ""
    where = f"{reason['pointer']}: " if reason.get("pointer") else ""
    return f"{where}{message}{kind}"
