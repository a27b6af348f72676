"""What the work of sharing says: each message is rendered in the step that sends it, from the rows as they are."""

from collections.abc import Awaitable, Callable
from enum import StrEnum, auto
from typing import NamedTuple

import structlog

from bot.domain.compare import is_comparable
from bot.domain.quiz_run import Status
from bot.domain.share import Part, ShareState
from bot.jobs import current_key, message_key, step
from bot.knowledge import Library
from bot.slack import blocks, share_blocks, shared_result
from bot.slack.gateway import Render, recorded
from bot.slack.home import home_worker
from bot.slack.pieces import Message
from bot.slack.share_records import MessageAt, RoundPlace
from bot.slack.share_rows import listed, newer_run
from bot.slack.share_sentences import Sentence
from bot.slack.slack_calls import IS_GONE, CallResult, SlackWorkError
from bot.slack.slack_worker import SlackWorker
from bot.slack.text import Mrkdwn, fill
from bot.slack.work import Work, short_digest
from bot.storage import Share, StoredRun

ASKED = "asked:"  # a slot of a copy: with the ts of the recipient's question that is answered there
FROM_HOME = "home"  # where a list stood in which something was clicked, if not at the address of a click

log = structlog.get_logger()


class ShareWithRun(NamedTuple):
    """A share, and the round whose result it shows."""

    share: Share
    stored: StoredRun


class Attempt(StrEnum):
    """What came of changing or deleting a message of ours."""

    DONE = auto()
    GONE = auto()  # it is not there any more
    REFUSED = auto()  # it is as it was
    FAILED = auto()  # Slack refused it for good, or went on failing and may have done it all the same


def copy_key(team: str, run: str, share: str) -> str:
    """Give the key under which the first message of a copy was posted, given the ids of its round and its share."""
    return message_key(Work.SEND_SHARE.key(team, run, share), 1)


class SharingWorker(SlackWorker):
    """Says what there is to say of a share: to its recipient, and to its sender."""

    async def _with_run(self, team: str, share_id: str) -> ShareWithRun | None:
        """Read a share and its round; None if they are gone."""
        share = await self._store.shares.get(team, share_id)
        stored = await self._store.runs.get(team, share.run) if share else None
        return ShareWithRun(share, stored) if share and stored else None

    async def _show_home(self, team: str, place: RoundPlace, change: str) -> None:
        """Have the sender's Home tab say what has changed, if they have ever opened it.

        change: a name for that, as one piece of work may change it more than once.
        """
        if await step("on home", self._store.homes.is_opened, team, place.sender):
            await home_worker.start(team, place.sender, f"{change}-{short_digest(current_key())}")

    # To the recipient

    def _copy(self, team: str, share_id: str, *, only_if_sent: bool = False) -> Render:
        """Have the first message of a copy rendered; only_if_sent: nothing once it was withdrawn."""

        async def now() -> Message | None:
            if (share_and_run := await self._with_run(team, share_id)) is None:
                return None
            share, stored = share_and_run
            if only_if_sent and share.state is not ShareState.SENT:
                return None
            muted = await self._store.mutes.is_muted(team, share.recipient, stored.user)
            return share_blocks.copy(share, stored.user, self._library, muted=muted)

        return now

    def _reply(self, team: str, share_id: str, number: int) -> Render:
        """Have a message of the thread of a copy rendered, by its number from 0; nothing once that was withdrawn."""

        async def reply() -> Message | None:
            share = await self._store.shares.get(team, share_id)
            if share is None or share.state is not ShareState.SENT or number >= len(share.message["replies"]):
                return None
            return await recorded(share.message["replies"][number])()

        return reply

    async def _update_copy(self, team: str, share_id: str, channel: str, ts: str) -> Attempt:
        """Have the first message of a copy say what there is to say.

        What was rendered before a withdrawal may reach Slack after it. So it is looked once more whether the copy has
        ended, and if so it is rendered again.
        """
        changed = await try_call(self._gateway.update_message(team, channel, ts, self._copy(team, share_id)))

        async def is_over() -> bool:
            share = await self._store.shares.get(team, share_id)
            return share is not None and share.state in (ShareState.WITHDRAWN, ShareState.FAILED)

        if changed is Attempt.DONE and await step("is over", is_over):
            await try_call(self._gateway.update_message(team, channel, ts, self._copy(team, share_id)))
        return changed

    async def show_copies(self, team: str, sender: str, recipient: str) -> None:
        """Have all copies in a recipient's direct message say whether they want more, as a part of other work."""
        for share_id, channel, ts in await step("copies", self._store.shares.direct_copies, team, sender, recipient):
            await self._update_copy(team, share_id, channel, ts)

    # To the sender

    async def _tell(
        self, team: str, place: RoundPlace, render: Render, *, apart: bool = False
    ) -> tuple[str, str] | None:
        """Tell the sender something in the thread of their round; where that is gone, in their direct message.

        apart: not in the thread, as that is being deleted with all that stands in it. Gives channel and ts of the
        message, None if there was nothing to say.
        """
        if apart:
            return await self._gateway.post_message(team, place.sender, render)
        posted = None
        try:
            posted = await self._gateway.post_message(team, place.channel, render, thread_ts=place.root_ts)
        except SlackWorkError as error:
            if str(error) not in IS_GONE:
                raise
            log.warning("the conversation of a round is gone", error=str(error))
        posted = posted or await self._gateway.post_message(team, place.sender, render)
        if posted and posted[0] == place.channel:
            await self._remember_in_run(team, place.run, posted[1])
        return posted

    async def _has_round(self, team: str, run_id: str) -> bool:
        """Say whether there is a round, and whether it is not being deleted."""
        stored = await self._store.runs.get(team, run_id)
        return stored is not None and stored.run.status is not Status.DELETED

    async def _post_receipt(self, team: str, share_id: str, place: RoundPlace) -> None:
        """Post a receipt; what happened meanwhile is shown at once.

        Where Slack goes on failing it comes once the result changes; until then /rolefit shares lists the copy.
        """
        try:
            posted = await self._tell(team, place, self._receipt(team, share_id))
        except SlackWorkError as error:
            log.warning("a sender has no receipt of a share", share=share_id, error=str(error))
            return
        if posted is None:
            return
        if await step("remember receipt", self._remember_receipt, team, share_id, posted[1]):
            await self._show_receipt(team, share_id)

    async def _remember_receipt(self, team: str, share_id: str, ts: str) -> bool:
        """Remember where a receipt stands; gives whether something may have happened since it was rendered."""
        happened = await self._store.shares.set_receipt(team, share_id, ts)
        share = await self._store.shares.get(team, share_id)
        if share is None or await newer_run(self._store, team, share) is None:
            return happened
        await self._store.shares.note_told_outdated(team, share_id, outdated=True)
        return True

    async def _show_receipt(self, team: str, share_id: str) -> None:
        """Bring the receipt of a share up to date."""

        async def where() -> list[str] | None:
            share_and_run = await self._with_run(team, share_id)
            return (
                [share_and_run.stored.channel, share_and_run.share.receipt_ts]
                if share_and_run and share_and_run.share.receipt_ts
                else None
            )

        if receipt_at := await step("receipt", where):
            await try_call(self._gateway.update_message(team, *MessageAt(*receipt_at), self._receipt(team, share_id)))

    def _receipt(self, team: str, share_id: str) -> Render:
        async def receipt() -> Message | None:
            if (share_and_run := await self._with_run(team, share_id)) is None:
                return None
            share, stored = share_and_run
            newer = await newer_run(self._store, team, share) is not None
            guide = None
            if stored.run.shareable and not newer:
                guide = shared_result.guide(stored.run, [Part(part) for part in share.parts], self._library)
            comparable = is_comparable(stored.run) and not newer
            # Where the copy of somebody stands who was forgotten is not known any more.
            whole = not share.recipient or share.is_whole(await self._store.shares.messages(team, share_id))
            flags = {"newer": newer, "comparable": comparable, "whole": whole}
            return share_blocks.receipt(share, self._library, guide=guide, **flags)

        return receipt

    async def _show_list(self, team: str, user: str, listed_at: str) -> None:
        """Show somebody anew who can see what; listed_at: the address of the click in that list, or FROM_HOME."""

        async def now() -> Message:
            return await listed(self._store, team, user, self._library)

        if listed_at == FROM_HOME:
            await home_worker.show(team, user)
        else:
            await self._gateway.respond(listed_at, now, replace=True)

    def _of_share(
        self, team: str, share_id: str, render: Callable[[Share, StoredRun, Library], Message | None]
    ) -> Render:
        """Have something rendered from a share and its round as they are when it is said; nothing if they are gone."""

        async def now() -> Message | None:
            share_and_run = await self._with_run(team, share_id)
            return render(*share_and_run, self._library) if share_and_run else None

        return now

    def _say(self, name: str) -> Render:
        return self._rendered(lambda library: blocks.say(getattr(library.words.share, name)))

    def _told(self, recipient: str, *sentences: Sentence) -> Render:
        """Have sentences about the recipient rendered, in one line."""

        def told(library: Library) -> Message:
            to = share_blocks.named(recipient, library)
            filled = [fill(getattr(library.words.share, sentence), to=to) for sentence in sentences]
            return blocks.filled(Mrkdwn(" ".join(filled)))

        return self._rendered(told)

    async def _move(self, team: str, share_id: str, *, was: ShareState, to: ShareState) -> None:
        async def move() -> None:
            await self._store.shares.move(team, share_id, was=was, to=to)

        await step(f"share {to}", move)


async def try_call(call: Awaitable[CallResult]) -> Attempt:
    """Say what came of a call of the gateway that changes or deletes a message."""
    try:
        result = await call
    except SlackWorkError:
        return Attempt.FAILED
    if "gone" in result:
        return Attempt.GONE
    return Attempt.REFUSED if "refused" in result else Attempt.DONE
