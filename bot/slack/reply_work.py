"""Replies to messages, as durable work: posted as manners ask, changed and withdrawn with the message they reply to.

Each reply is a row that one piece of work holds at a time, so that an edit which comes while the answer is on its way
finds it, and what comes late changes nothing.
"""

import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from typing import Any

from bot.domain.content import digest_of
from bot.domain.faq import UNPROMPTED, Surface
from bot.domain.manners import SAME_ENTRY_WITHIN, Circumstances, Mode, Way, way_to_reply
from bot.jobs import current_key, pause, retry_db, step
from bot.knowledge import Library
from bot.slack import gaps_blocks, manners_blocks
from bot.slack.gateway import TRIES, Render
from bot.slack.notes import Note
from bot.slack.pieces import Message
from bot.slack.slack_worker import SlackWorker
from bot.storage import BusyError, Reply, ReplyState

ANSWER, LINK, TALK = "answer", "link", "talk"  # kinds of replies that are treated differently here
HUSH = "hush"  # the name in words.yaml of what people say to have quiet in a thread
# Seconds after a message from which on somebody else may have replied; asking Slack about each would cost a call.
MAY_BE_OVERTAKEN = 3.0
LOOKS_FOR_EARLIER = 30  # a second apart: how long to wait for the earlier answer that is to be linked


class ReplyWorker(SlackWorker):
    """Brings, changes and withdraws replies."""

    @abstractmethod
    def render_reply(self, team: str, reply: Reply) -> Render:
        """Have a reply rendered when it is sent."""

    async def bring(self, team: str, channel: str, wanted: Reply, *, shared: bool) -> None:
        """Reply to a message as manners ask; a message that has been revised since is left to that work."""
        if (held := await self._hold(team, channel, wanted)) is None:
            return
        async with self._freed_on_failure(team, channel, held):
            settled = await self._bring(team, channel, _as_of(wanted, held), shared=shared)
        await self._settle(team, channel, settled)

    async def revise(self, team: str, channel: str, wanted: Reply, *, shared: bool, deleted: bool) -> None:
        """Change, withdraw or bring the reply to a message that was edited or deleted; no kind means no reply."""
        if (held := await self._hold(team, channel, wanted)) is None:
            return
        settled = held
        async with self._freed_on_failure(team, channel, held):
            posted = held.state is ReplyState.POSTED and held.answer_ts is not None
            # What somebody has posted for another's message stays as that person wanted it.
            kept = held.surface == Surface.COMMAND and not deleted
            if not wanted.kind and not kept:
                settled = await self._withdraw(team, channel, held, deleted=deleted)
            elif posted and not kept and not _says_the_same(held, wanted):
                settled = await self._change(team, channel, replace(_as_of(wanted, held), state=held.state))
            elif not posted and wanted.kind:
                settled = await self._bring(team, channel, _as_of(wanted, held), shared=shared)
        await self._settle(team, channel, settled)

    async def post_private(self, team: str, channel: str, wanted: Reply) -> bool:
        """Post what only one person has seen; False if the message has been revised since, or it is posted already.

        wanted.revision: the ts of the click, which counts like an edit.
        """
        if (held := await self._hold(team, channel, wanted)) is None:
            return False
        settled, posted = held, held.state is ReplyState.POSTED
        async with self._freed_on_failure(team, channel, held):
            if not posted and held.state is not ReplyState.WITHDRAWN:
                surface = held.surface if held.state is ReplyState.WHISPERED else wanted.surface
                digest = await step("digest", self._digest, wanted)
                settled = await self._post(team, channel, replace(_as_of(wanted, held), surface=surface, digest=digest))
        await self._settle(team, channel, settled)
        return settled.state is ReplyState.POSTED and not posted

    async def correct(self, team: str, channel: str, question_ts: str, digest: str) -> None:
        """Bring an answer up to date with the knowledge, and say when; one that is not posted any more is left.

        digest: of what it is to say.
        """
        for _ in range(TRIES):
            while wait := await step("turn", self._gateway.turn_to_update, team):
                await pause(wait)
            if (held := await self._hold_posted(team, channel, question_ts)) is None:
                return
            at = await step("now", _now)
            corrected = replace(held, digest=digest, corrected_at=at)
            async with self._freed_on_failure(team, channel, held):
                content = self._corrected(team, corrected, at)
                changed = await self._gateway.update_message(
                    team, channel, held.answer_ts or "", content, patient=False
                )
            if changed.get("gone"):
                corrected = replace(corrected, state=ReplyState.WITHDRAWN)
            await self._settle(team, channel, held if "wait" in changed else corrected)
            if "wait" not in changed:
                return
            await pause(changed["wait"])

    def _corrected(self, team: str, reply: Reply, at: float) -> Render:
        """Have an answer rendered with the line that says when it was corrected; nothing if an entry was removed."""
        render = self.render_reply(team, reply)

        async def content() -> Message | None:
            known = all(name in self._library.entries for name in reply.entries)
            answer = await render() if known else None
            return gaps_blocks.corrected(answer, at, self._library) if answer else None

        return content

    async def _digest(self, reply: Reply) -> str | None:
        return digest_now(reply, self._library)

    async def _bring(self, team: str, channel: str, reply: Reply, *, shared: bool) -> Reply:
        surface = Surface(reply.surface)
        if reply.kind == TALK and reply.entries == (HUSH,) and surface is not Surface.DM:
            await step("hush", self._store.replies.hush, team, channel, reply.thread_ts, by=reply.asker or "")
            return await self._whisper(team, channel, reply, self._rendered(manners_blocks.hushed))
        chosen, overtaken = await step("way", self._way, team, channel, reply, shared, None), False
        if chosen["late"]:
            besides = frozenset(filter(None, [reply.asker]))
            where = (team, channel, reply.thread_ts, reply.question_ts)
            overtaken = bool(await self._gateway.has_replies(*where, besides))
            chosen = await step("way", self._way, team, channel, reply, shared, overtaken)
        reply = replace(reply, digest=chosen["digest"])
        match Way(chosen["way"]):
            case Way.POST:
                return await self._post(team, channel, reply)
            case Way.WHISPER:
                content = self.render_reply(team, replace(reply, state=ReplyState.WHISPERED))
                return await self._whisper(team, channel, reply, content, in_thread=overtaken)
            case Way.LINK:
                return await self._link(team, channel, reply, chosen["earlier"])
            case Way.TELL_OFF:
                told = await self._whisper(team, channel, reply, self._rendered(manners_blocks.switched_off))
                return replace(told, state=ReplyState.WITHHELD)
            case Way.SILENCE:
                return replace(reply, state=ReplyState.WITHHELD)

    async def _way(self, team: str, channel: str, reply: Reply, shared: bool, overtaken: bool | None) -> dict[str, Any]:
        """Choose how to bring a reply. `late`: whether to find out first if somebody else has replied."""
        surface = Surface(reply.surface)
        where = (team, channel, reply.thread_ts, reply.asker, sorted(UNPROMPTED))
        around = await self._store.replies.around(*where, question_ts=reply.question_ts)
        circumstances = Circumstances(
            mode=Mode(around.mode) if around.mode else None,
            shared=shared,
            hushed=around.hushed,
            opted_out=around.opted_out,
            unasked_in_thread=around.answers,
            overtaken=bool(overtaken),
        )
        way, earlier = way_to_reply(surface, circumstances), None
        since = time.time() - float(reply.revision or reply.question_ts)
        asked_later = bool(reply.revision) or since > MAY_BE_OVERTAKEN
        if overtaken is None and way is Way.POST and surface in UNPROMPTED and asked_later:
            return {"way": way.value, "earlier": None, "late": True, "digest": None}
        one_answer = reply.kind == ANSWER and len(reply.entries) == 1  # of two, a link would answer one only
        if way is Way.POST and one_answer and surface is not Surface.DM:
            entry, within = reply.entries[-1], SAME_ENTRY_WITHIN
            earlier = await self._store.replies.answered_lately(team, channel, entry, reply.question_ts, within)
            way = way_to_reply(surface, replace(circumstances, answered_lately=earlier is not None))
        if way is Way.POST and reply.kind == ANSWER:
            # Before it is posted, so that nobody who has read the answer can be quicker than we remember it.
            await self._store.record_answer(team, channel, reply.thread_ts, reply.entries[-1])
        return {"way": way.value, "earlier": earlier, "late": False, "digest": await self._digest(reply)}

    async def _post(self, team: str, channel: str, reply: Reply) -> Reply:
        return await self._post_content(team, channel, reply, self.render_reply(team, reply))

    async def _post_content(self, team: str, channel: str, reply: Reply, content: Render) -> Reply:
        # In a direct message nobody else comes first, and people see their own answers arrive.
        note = None
        if reply.asker and reply.surface != Surface.DM:
            opens_thread = reply.thread_ts == reply.question_ts
            note = Note(reply.asker, self._on_its_way, None if opens_thread else reply.thread_ts)
        posted = await self._gateway.post_message(team, channel, content, thread_ts=reply.thread_ts, note=note)
        if posted is None:
            return replace(reply, state=ReplyState.WITHDRAWN)
        return replace(reply, state=ReplyState.POSTED, answer_ts=posted[1])

    def _on_its_way(self) -> Message:
        return manners_blocks.on_its_way(self._library)

    async def _whisper(
        self, team: str, channel: str, reply: Reply, content: Render, *, in_thread: bool = False
    ) -> Reply:
        """Show it to who asked, in the thread if that has replies: elsewhere nobody would see it there."""
        replied = in_thread or reply.thread_ts != reply.question_ts
        await self._gateway.post_ephemeral(
            team, channel, reply.asker or "", content, thread_ts=reply.thread_ts if replied else None
        )
        return replace(reply, state=ReplyState.WHISPERED)

    async def _link(self, team: str, channel: str, reply: Reply, earlier_ts: str) -> Reply:
        """Point to the answer that the channel had a moment ago; give the answer itself if that is not there."""
        for _ in range(LOOKS_FOR_EARLIER):
            earlier = await step("earlier", self._earlier, team, channel, earlier_ts)
            if earlier["state"] != ReplyState.BEGUN:
                break
            await pause(1.0)
        says_it = reply.entries[-1] in earlier["entries"]  # it may have been changed since, with its question
        if says_it and (link := await self._permalink(team, channel, earlier)):
            shown = self._rendered(lambda library: manners_blocks.answered_lately(link, reply.entries[-1], library))
            return await self._post_content(team, channel, replace(reply, kind=LINK), shown)
        await step("lean on", self._store.record_answer, team, channel, reply.thread_ts, reply.entries[-1])
        return await self._post(team, channel, reply)

    async def _earlier(self, team: str, channel: str, question_ts: str) -> dict[str, Any]:
        earlier = await self._store.replies.get(team, channel, question_ts)
        if earlier is None:
            return {"state": ReplyState.WITHDRAWN.value, "answer_ts": None, "entries": []}
        return {"state": earlier.state.value, "answer_ts": earlier.answer_ts, "entries": list(earlier.entries)}

    async def _permalink(self, team: str, channel: str, earlier: dict[str, Any]) -> str | None:
        if earlier["state"] != ReplyState.POSTED or earlier["answer_ts"] is None:
            return None
        return await self._gateway.get_permalink(team, channel, earlier["answer_ts"])

    async def _change(self, team: str, channel: str, reply: Reply) -> Reply:
        """Put another reply into the place of one that is posted."""
        if reply.kind == ANSWER:
            await step("lean on", self._store.record_answer, team, channel, reply.thread_ts, reply.entries[-1])
        reply = replace(reply, digest=await step("digest", self._digest, reply))
        changed = await self._gateway.update_message(
            team, channel, reply.answer_ts or "", self.render_reply(team, reply)
        )
        return replace(reply, state=ReplyState.WITHDRAWN) if changed.get("gone") else reply

    async def _withdraw(self, team: str, channel: str, reply: Reply, *, deleted: bool) -> Reply:
        """Take a reply back: delete it, or where people have talked under it, say that it does not fit any more.

        Where the question was deleted and people have talked, what they talk about stays.
        """
        withdrawn = replace(reply, state=ReplyState.WITHDRAWN)
        if reply.state is not ReplyState.POSTED or reply.answer_ts is None:
            return withdrawn
        where = (team, channel, reply.thread_ts, reply.answer_ts)
        if await self._gateway.has_replies(*where, frozenset(), patient=True) is False:
            await self._gateway.delete_message(team, channel, reply.answer_ts)
        elif deleted:
            return reply
        else:
            content = self._rendered(manners_blocks.withdrawn)
            await self._gateway.update_message(team, channel, reply.answer_ts, content)
        return withdrawn

    # The row

    async def _hold(self, team: str, channel: str, wanted: Reply) -> Reply | None:
        """Take hold of the reply, once other work is done with it; None if the message has been revised since."""
        return await _once_free(lambda by: self._store.replies.hold(team, channel, wanted, by=by))

    async def _hold_posted(self, team: str, channel: str, question_ts: str) -> Reply | None:
        """Take hold of a reply that is posted, once other work is done with it; None if it is not posted any more."""
        return await _once_free(lambda by: self._store.replies.hold_posted(team, channel, question_ts, by=by))

    @asynccontextmanager
    async def _freed_on_failure(self, team: str, channel: str, held: Reply) -> AsyncIterator[None]:
        """Let go of a reply if the work that holds it fails; one that was not posted counts as withheld."""
        try:
            yield
        except Exception:
            left = replace(held, state=ReplyState.WITHHELD) if held.state is ReplyState.BEGUN else held
            # No step, since what is wrong may be the steps themselves; doing it again changes nothing.
            await retry_db(self._store.replies.settle, team, channel, left, by=current_key())
            raise

    async def _settle(self, team: str, channel: str, reply: Reply) -> None:
        await step("settle", self._store.replies.settle, team, channel, reply, by=current_key())


async def _once_free(hold: Callable[[str], Awaitable[Reply | None]]) -> Reply | None:
    """Take hold of a reply in the name of the work that runs, as soon as no other holds it."""

    async def attempt() -> Any:
        try:
            held = await hold(current_key())
        except BusyError:
            return "busy"
        return None if held is None else _as_data(held)

    while (held := await step("hold", attempt)) == "busy":
        await pause(1.0)
    return None if held is None else _from_data(held)


def digest_now(reply: Reply, library: Library) -> str | None:
    """Give the digest of what an answer says now; None for another reply, or if an entry is not there any more."""
    entries = [library.entries[name] for name in reply.entries if name in library.entries]
    if reply.kind != ANSWER or len(entries) < len(reply.entries):
        return None
    return digest_of(entries, library.tables)


def _says_the_same(held: Reply, wanted: Reply) -> bool:
    """Say whether a reply that is posted is the one that is wanted; a link to an answer is as good as the answer."""
    return held.entries == wanted.entries and (held.kind == wanted.kind or (held.kind, wanted.kind) == (LINK, ANSWER))


async def _now() -> float:
    return time.time()


def _as_of(wanted: Reply, held: Reply) -> Reply:
    """Give the reply that is wanted in the place of the one that stands."""
    return replace(wanted, answer_ts=held.answer_ts, replied_at=held.replied_at, state=ReplyState.BEGUN)


def _as_data(reply: Reply) -> dict[str, Any]:
    return asdict(reply) | {"entries": list(reply.entries), "state": reply.state.value}


def _from_data(kept: dict[str, Any]) -> Reply:
    return Reply(**kept | {"entries": tuple(kept["entries"]), "state": ReplyState(kept["state"])})
