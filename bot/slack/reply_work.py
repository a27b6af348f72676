"""Replies to messages, as durable work: posted as manners ask, changed and withdrawn with the message they reply to.

Each reply is a row that one piece of work holds at a time, so that an edit which comes while the answer is on its way
finds it, and what comes late changes nothing.
"""

import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from typing import Any

from bot.domain.content import digest_of
from bot.domain.faq import UNPROMPTED, Surface
from bot.domain.manners import SAME_ENTRY_WITHIN, Circumstances, Mode, Way, way_to_reply
from bot.jobs import current_key, pause, retry_db, step
from bot.knowledge import Library
from bot.slack import gaps_blocks, manners_blocks
from bot.slack.channel import DIRECT_MESSAGE
from bot.slack.gateway import PATIENT_TRIES, Lease, Render
from bot.slack.notes import Note
from bot.slack.pieces import Message, joined
from bot.slack.slack_worker import SlackWorker
from bot.storage import ANSWER, LINK, BusyError, Reply, ReplyState

TALK = "talk"  # a kind of reply: small talk
HUSH = "hush"  # the name in words.yaml of what people say to have quiet in a thread
# Seconds after a message from which on somebody else may have replied; asking Slack about each would cost a call.
MAY_BE_OVERTAKEN = 3.0
DECIDED_ANEW = 1.0  # seconds after a decision from which on it is looked at again before its answer is posted
# Seconds between looks whether the answer that is to be linked is there: about as long as work may hold it.
LOOKS_FOR_EARLIER = (0.5, 0.5, 1.0, 2.0, 4.0, 8.0, *[15.0] * 60)
LONGEST_WAIT = 4.0  # seconds between two looks whether a reply is free
CLAIMS = 3  # times that an answer's entries are claimed, where those that others had claimed are withdrawn


class ReplyWorker(SlackWorker):
    """Brings, changes and withdraws replies."""

    @abstractmethod
    def render_reply(self, team: str, reply: Reply) -> Render:
        """Have a reply rendered when it is sent."""

    async def bring(self, team: str, channel: str, wanted: Reply, *, shared: bool | None) -> None:
        """Reply to a message as manners ask; a message that has been revised since is left to that work.

        shared: with another organisation; None if Slack has not said.
        """

        async def hold(by: str) -> Reply | None:
            if shared is not None and await self._is_off(team, channel, wanted, shared):
                return None
            return await self._store.replies.hold(team, channel, wanted, by=by)

        if (held := await _once_free(hold)) is None:
            return
        async with self._freed_on_failure(team, channel, held):
            settled = await self._bring(team, channel, wanted, held, shared=shared)
        await self._settle(team, channel, settled)

    async def revise(self, team: str, channel: str, wanted: Reply, *, shared: bool | None, deleted: bool) -> None:
        """Change, withdraw or bring the reply to a message that was edited or deleted; no kind means no reply."""
        if (held := await self._hold(team, channel, wanted)) is None:
            return
        settled = held
        async with self._freed_on_failure(team, channel, held):
            # What stands there may say that the answer was taken back, and becomes an answer again.
            stands = held.answer_ts is not None and held.state in (ReplyState.POSTED, ReplyState.WITHDRAWN)
            same = _says_the_same(held, wanted)
            # What somebody has posted for another's message stays as that person wanted it.
            kept = held.surface == Surface.COMMAND and not deleted
            if not wanted.kind and not kept:
                settled = await self._withdraw(team, channel, held, deleted=deleted)
            elif stands and not kept and not (same and held.state is ReplyState.POSTED):
                settled = await self._change(team, channel, _as_of(wanted, held))
            elif not stands and wanted.kind and not (same and held.state is ReplyState.WHISPERED):
                settled = await self._bring(team, channel, wanted, held, shared=shared)
        await self._settle(team, channel, settled)
        await self._mend_links(team, channel, held, settled)

    async def post_private(self, team: str, channel: str, wanted: Reply) -> str:
        """Post what only one person has seen; gives the name in `manners` of words.yaml of what came of it.

        wanted.revision: of the question when the person saw the answer. wanted.thread_ts: "" for the channel itself.
        """
        held = await self._hold(team, channel, wanted, revises=False)
        if held is None:
            return "changed_since"
        settled = replace(held, state=ReplyState.WITHHELD) if held.state is ReplyState.BEGUN else held
        outcome = "posted_already" if held.state is ReplyState.POSTED else None
        async with self._freed_on_failure(team, channel, held):
            if outcome is None and held.revision != wanted.revision:
                outcome = "changed_since"
            if outcome is None and await step("mode", self._mode, team, channel) == Mode.OFF:
                outcome = "switched_off"
            if outcome is None:
                surface = held.surface if held.state is ReplyState.WHISPERED else wanted.surface
                posted = await self._post(team, channel, replace(_as_of(wanted, held), surface=surface))
                settled = posted or settled
                at_root = not wanted.thread_ts and settled.answer_ts
                if at_root:
                    settled = replace(settled, thread_ts=settled.answer_ts or "")
                outcome = "changed_since"
                if settled.state is ReplyState.POSTED:
                    outcome = "posted_here_now" if at_root else "posted_in_thread"
        await self._settle(team, channel, settled)
        return outcome

    async def correct(self, team: str, channel: str, question_ts: str, digest: str | None = None) -> None:
        """Bring an answer up to date with the knowledge, and say when; one that is not posted any more is left.

        digest: of what it is to say; None to find that out, and leave an answer which says so already.
        """
        for _ in range(PATIENT_TRIES):
            while wait := await step("turn", self._gateway.turn_to_update, team):
                await pause(wait)
            if (held := await self._hold_posted(team, channel, question_ts)) is None:
                return
            says = digest or await step("digest", self._digest, held)
            if digest is None and says in (None, held.digest):
                await self._settle(team, channel, held)
                return
            at = await step("now", _now)
            corrected = replace(held, digest=says, corrected_at=at)
            async with self._freed_on_failure(team, channel, held):
                content, lease = self._corrected(team, corrected, at), self._lease(team, channel, held)
                changed = await self._gateway.update_message(
                    team, channel, held.answer_ts or "", content, lease=lease, patient=False
                )
            if changed.get("gone"):
                corrected = replace(corrected, state=ReplyState.WITHDRAWN)
            await self._settle(team, channel, held if "wait" in changed else corrected)
            if "wait" not in changed:
                return
            await pause(changed["wait"])

    def _corrected(self, team: str, reply: Reply, at: float) -> Render:
        """Have an answer rendered with the line that says when it was corrected; nothing if an entry was removed."""
        render = self._answer(team, reply, {})

        async def content() -> Message | None:
            known = all(name in self._library.entries for name in reply.entries)
            answer = await render() if known else None
            return gaps_blocks.corrected(answer, at, self._library) if answer else None

        return content

    # Deciding

    async def _bring(self, team: str, channel: str, wanted: Reply, held: Reply, *, shared: bool | None) -> Reply:
        reply, surface = _as_of(wanted, held), Surface(wanted.surface)
        if reply.kind == TALK and reply.entries == (HUSH,) and surface is not Surface.DM:
            await step("hush", self._store.replies.hush, team, channel, reply.thread_ts, by=reply.asker or "")
            return await self._whisper(team, channel, reply, self._rendered(manners_blocks.hushed))
        if shared is None:  # where Slack does not say it when asked either, it might be
            shared = surface is not Surface.DM and await self._gateway.is_shared(team, channel) is not False
        overtaken: bool | None = None
        looked_again = False
        while True:
            decided = await step("way", self._way, team, channel, reply, shared, overtaken)
            way = Way(decided["way"])
            if way is Way.POST and not decided["late"]:
                unless = None
                if surface in UNPROMPTED and not looked_again:
                    unless = self._becomes_unwanted(team, channel, reply, decided["at"], shared=shared)
                posted = await self._post(team, channel, reply, unless=unless)
                if posted is not None:
                    return posted
                looked_again = True
            elif not decided["late"]:
                break
            besides = frozenset(filter(None, [reply.asker]))
            where = (team, channel, reply.thread_ts, reply.question_ts)
            overtaken = bool(await self._gateway.has_replies(*where, besides))
        if way is Way.WHISPER:
            content = self.render_reply(team, replace(reply, state=ReplyState.WHISPERED))
            return await self._whisper(team, channel, reply, content, in_thread=bool(overtaken))
        # Who goes on editing a message is told once.
        told = held.state is ReplyState.WITHHELD and held.surface == Surface.MENTION
        if way is Way.SAY_OFF and not told:
            await self._whisper(team, channel, reply, self._rendered(manners_blocks.switched_off))
        return replace(reply, state=ReplyState.WITHHELD)

    async def _way(self, team: str, channel: str, reply: Reply, shared: bool, overtaken: bool | None) -> dict[str, Any]:
        """Choose how to bring a reply. `late`: whether to find out first if somebody else has replied."""
        surface = Surface(reply.surface)
        circumstances = await self._circumstances(team, channel, reply, shared=shared, overtaken=bool(overtaken))
        way, now = way_to_reply(surface, circumstances), time.time()
        asked_later = bool(reply.revision) or now - float(reply.question_ts) > MAY_BE_OVERTAKEN
        late = overtaken is None and way is Way.POST and surface in UNPROMPTED and asked_later
        return {"way": way.value, "late": late, "at": now}

    async def _circumstances(
        self, team: str, channel: str, reply: Reply, *, shared: bool, overtaken: bool = False
    ) -> Circumstances:
        where = (team, channel, reply.thread_ts, reply.asker, sorted(UNPROMPTED))
        around = await self._store.replies.around(*where, question_ts=reply.question_ts)
        return Circumstances(
            mode=Mode(around.mode) if around.mode else None,
            shared=shared,
            chosen_for_shared=around.chosen_for_shared,
            hushed=around.hushed,
            opted_out=around.opted_out,
            unasked_in_thread=around.answers,
            overtaken=overtaken,
        )

    async def _is_off(self, team: str, channel: str, wanted: Reply, shared: bool) -> bool:
        """Say whether nothing is to be said to a message, so that no row is needed to remember that."""
        if wanted.surface not in UNPROMPTED:
            return False
        circumstances = await self._circumstances(team, channel, wanted, shared=shared)
        return way_to_reply(Surface(wanted.surface), circumstances) is Way.SILENCE

    async def _mode(self, team: str, channel: str) -> str | None:
        return (await self._store.replies.channel(team, channel)).mode

    def _becomes_unwanted(
        self, team: str, channel: str, reply: Reply, decided_at: float, *, shared: bool
    ) -> Callable[[], Awaitable[bool]]:
        """Have a decision looked at again where its answer had to wait for its turn."""

        async def unwanted() -> bool:
            if time.time() - decided_at < DECIDED_ANEW:
                return False
            besides = frozenset(filter(None, [reply.asker]))
            overtaken = await self._gateway.sees_replies(team, channel, reply.thread_ts, reply.question_ts, besides)
            circumstances = await self._circumstances(team, channel, reply, shared=shared, overtaken=bool(overtaken))
            return way_to_reply(Surface(reply.surface), circumstances) is not Way.POST

        return unwanted

    # Saying it

    async def _post(
        self, team: str, channel: str, reply: Reply, *, unless: Callable[[], Awaitable[bool]] | None = None
    ) -> Reply | None:
        """Post a reply, or a link to where the channel has it; None if `unless` said so when its turn had come."""
        reply, content = await self._content(team, channel, reply)

        async def wanted() -> Message | None:
            return None if unless and await unless() else await content()

        # In a direct message nobody else comes first, and people see their own answers arrive.
        note = None
        if reply.asker and reply.surface != Surface.DM:
            opens_thread = reply.thread_ts in ("", reply.question_ts)
            note = Note(reply.asker, self._on_its_way, None if opens_thread else reply.thread_ts)
        posted = await self._gateway.post_leased(
            team,
            channel,
            wanted,
            thread_ts=reply.thread_ts or None,
            lease=self._lease(team, channel, reply),
            note=note,
        )
        if "lost" in posted:  # so that settling it does nothing
            return reply
        if "misplaced" in posted:
            return replace(reply, state=ReplyState.WITHDRAWN)
        return replace(reply, state=ReplyState.POSTED, answer_ts=posted["ts"]) if posted else None

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

    async def _content(self, team: str, channel: str, reply: Reply) -> tuple[Reply, Render]:
        """Claim an answer's entries for the channel; gives the reply as it will stand there, and what says it.

        For entries that the channel had a moment ago there is a link to where they stand.
        """
        claimed, links = await step("claim", self._claim, team, channel, reply), dict[str, str]()
        for _ in range(CLAIMS):
            for entry, question_ts in claimed["earlier"].items():
                if link := await self._link_to(team, channel, question_ts, entry):
                    links[entry] = link
            if claimed["earlier"].keys() <= links.keys():
                break
            claimed = await step("claim", self._claim, team, channel, reply)
        rest = tuple(entry for entry in reply.entries if entry not in links)
        if links and not rest:
            linked = replace(reply, kind=LINK)
            return linked, self._answer(team, linked, links)
        reply = replace(reply, entries=rest, digest=claimed["digest"])
        if links:
            reply = replace(reply, digest=await step("digest", self._digest, reply))
        return reply, self._answer(team, reply, links)

    async def _claim(self, team: str, channel: str, reply: Reply) -> dict[str, Any]:
        """Claim an answer's entries; `earlier` gives those that the channel had a moment ago, by their questions."""
        if reply.kind != ANSWER:
            return {"earlier": {}, "digest": None}
        earlier: dict[str, str] = {}
        if not channel.startswith(DIRECT_MESSAGE):
            claim = (reply.entries, reply.question_ts, SAME_ENTRY_WITHIN)
            earlier = await self._store.replies.claim_entries(team, channel, *claim)
        if reply.thread_ts:
            # Before it is posted, so that nobody who has read the answer can be quicker than we remember it.
            await self._store.record_answer(team, channel, reply.thread_ts, reply.entries[-1])
        return {"earlier": earlier, "digest": await self._digest(reply)}

    async def _digest(self, reply: Reply) -> str | None:
        return digest_now(reply, self._library)

    def _answer(self, team: str, reply: Reply, links: Mapping[str, str]) -> Render:
        """Have a reply rendered as it stands in a conversation, with links to entries that stand there already."""
        render = None if reply.kind == LINK else self.render_reply(team, reply)

        async def content() -> Message | None:
            answer = await render() if render else None
            linked = [manners_blocks.answered_lately(link, entry, self._library) for entry, link in links.items()]
            parts = [*([answer] if answer else []), *linked]
            if reply.surface == Surface.COMMAND and reply.thread_ts in ("", reply.answer_ts):
                parts[:0] = manners_blocks.posted_for(reply.asker, reply.entries, self._library)
            return joined(*parts) if parts else None

        return content

    async def _link_to(self, team: str, channel: str, question_ts: str, entry: str) -> str | None:
        """Give the address of the answer to another question, once it is there; None if it does not say this entry."""
        earlier = await step("earlier", self._earlier, team, channel, question_ts, entry)
        for wait in LOOKS_FOR_EARLIER:
            if not earlier["held"]:
                break
            await pause(wait)
            earlier = await step("earlier", self._earlier, team, channel, question_ts, entry)
        if earlier["answer_ts"] is None:
            return None
        return await self._gateway.get_permalink(team, channel, earlier["answer_ts"])

    async def _earlier(self, team: str, channel: str, question_ts: str, entry: str) -> dict[str, Any]:
        """Find the answer to another question: whether work is at it, and its ts if it stands and says this entry."""
        held = await self._store.replies.is_held(team, channel, question_ts)
        earlier = await self._store.replies.get(team, channel, question_ts)
        says_it = earlier and earlier.state is ReplyState.POSTED and earlier.kind == ANSWER and entry in earlier.entries
        return {"held": held, "answer_ts": earlier.answer_ts if earlier and says_it else None}

    async def _change(self, team: str, channel: str, reply: Reply) -> Reply:
        """Put another reply into the place of what stands there."""
        reply, content = await self._content(team, channel, replace(reply, state=ReplyState.POSTED))
        lease = self._lease(team, channel, reply)
        changed = await self._gateway.update_message(team, channel, reply.answer_ts or "", content, lease=lease)
        return replace(reply, state=ReplyState.WITHDRAWN, answer_ts=None) if changed.get("gone") else reply

    async def _withdraw(self, team: str, channel: str, reply: Reply, *, deleted: bool) -> Reply:
        """Take a reply back: delete it, or where people have talked under it, say that it does not fit any more.

        Where the question was deleted and people have talked, what they talk about stays.
        """
        withdrawn = replace(reply, state=ReplyState.WITHDRAWN)
        if reply.state is not ReplyState.POSTED or reply.answer_ts is None:
            return withdrawn
        where, lease = (team, channel, reply.thread_ts, reply.answer_ts), self._lease(team, channel, reply)
        if await self._gateway.has_replies(*where, frozenset(), patient=True) is False:
            await self._gateway.delete_message(team, channel, reply.answer_ts, lease=lease)
            return replace(withdrawn, answer_ts=None)
        if deleted:
            return reply
        content = self._rendered(manners_blocks.withdrawn)
        await self._gateway.update_message(team, channel, reply.answer_ts, content, lease=lease)
        return withdrawn

    async def _mend_links(self, team: str, channel: str, before: Reply, now: Reply) -> None:
        """Have the links to an answer that is gone, or says something else by now, give the answer themselves."""
        answered = before.state is ReplyState.POSTED and before.kind == ANSWER
        says_it = now.state is ReplyState.POSTED and now.kind == ANSWER and set(before.entries) <= set(now.entries)
        if not answered or says_it or channel.startswith(DIRECT_MESSAGE):
            return

        async def links() -> list[str]:
            return [link.question_ts for link in await self._store.replies.links(team, channel, before)]

        for question_ts in await step("links", links):
            if (held := await self._hold_posted(team, channel, question_ts)) is None:
                continue
            settled = held
            async with self._freed_on_failure(team, channel, held):
                if held.kind == LINK:
                    settled = await self._change(team, channel, replace(held, kind=ANSWER))
            await self._settle(team, channel, settled)

    # The row

    async def _hold(self, team: str, channel: str, wanted: Reply, *, revises: bool = True) -> Reply | None:
        """Take hold of the reply, once other work is done with it; None if the message has been revised since."""
        return await _once_free(lambda by: self._store.replies.hold(team, channel, wanted, by=by, revises=revises))

    def _lease(self, team: str, channel: str, reply: Reply) -> Lease:
        """Give what keeps the hold of a reply while Slack has to be waited for."""

        async def lease(seconds: float) -> bool:
            return await self._store.replies.renew(team, channel, reply, by=current_key(), seconds=seconds)

        return lease

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

    wait = 0.25
    while (held := await step("hold", attempt)) == "busy":
        await pause(wait)
        wait = min(2 * wait, LONGEST_WAIT)
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
