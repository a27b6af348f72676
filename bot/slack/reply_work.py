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

import structlog

from bot.domain.content import digest_of
from bot.domain.faq import UNPROMPTED, Surface
from bot.domain.manners import SAME_ENTRY_WITHIN, Circumstances, Mode, Way, mode_of, way_to_reply
from bot.jobs import current_key, in_doubt, pause, retry_db, step
from bot.knowledge import Library
from bot.slack import gaps_blocks, manners_blocks
from bot.slack.channel import DIRECT_MESSAGE
from bot.slack.gateway import Render
from bot.slack.notes import Note
from bot.slack.pieces import Message, joined
from bot.slack.slack_calls import PATIENT_TRIES, Lease, SlackWorkError
from bot.slack.slack_worker import SlackWorker
from bot.storage import ANSWER, LINK, TOP_LEVEL, BusyError, Reply, ReplyState

TALK = "talk"  # a kind of reply: small talk
HUSH = "hush"  # the name in words.yaml of what people say to have quiet in a thread
# Seconds after a message from which on somebody else may have replied; asking Slack about each would cost a call.
MAY_BE_OVERTAKEN = 3.0
DECIDED_ANEW = 1.0  # seconds after a decision from which on it is looked at again before its answer is posted
# Seconds between looks whether the answer that is to be linked is there; after two minutes it is given once more.
LOOKS_FOR_EARLIER = (0.5, 0.5, 1.0, 2.0, 4.0, *[7.0] * 16)
LOOKS_FOR_LATER = (0.5, 0.5, 1.0, 2.0)
LONGEST_WAIT = 4.0  # seconds between two looks whether a reply is free
STILL_IN_SIGHT = 120.0  # seconds for which a message of a direct message is taken to be the last that was written
CLAIMS = 3  # times that an answer's entries are claimed, where those that others had claimed are withdrawn

log = structlog.get_logger()


class ReplyWorker(SlackWorker):
    """Brings, changes and withdraws replies."""

    @abstractmethod
    def render_reply(self, team: str, channel: str, reply: Reply) -> Render:
        """Have a reply rendered when it is sent."""

    async def bring(self, team: str, channel: str, wanted: Reply, *, shared: bool | None) -> None:
        """Reply to a message as manners ask; a message that has been revised since is left to that work.

        shared: with another organisation; None if Slack has not said.
        """

        async def hold(by: str) -> Reply | None:
            # After a crash it may be held already, whatever has been switched off since.
            if shared is not None and not in_doubt() and await self._is_off(team, channel, wanted, shared):
                return None
            return await self._store.replies.hold(team, channel, wanted, by=by)

        if (held := await _once_free(hold)) is None:
            return
        async with self._freed_on_failure(team, channel, held):
            settled = await self._bring(team, channel, wanted, held, shared=shared)
        await self._settle_with_links(team, channel, held, settled)

    async def revise(self, team: str, channel: str, wanted: Reply, *, shared: bool | None, deleted: bool) -> None:
        """Change, withdraw or bring the reply to a message that was edited or deleted; no kind means no reply."""
        if (held := await self._hold(team, channel, wanted)) is None:
            return
        settled = held
        async with self._freed_on_failure(team, channel, held):
            same = held.state in (ReplyState.POSTED, ReplyState.WHISPERED) and _says_the_same(held, wanted)
            # What somebody has posted for another's message stays as that person wanted it.
            kept = held.state is ReplyState.POSTED and held.surface == Surface.COMMAND and not deleted
            if not wanted.kind and not kept:
                withdrawn = await self._withdraw(team, channel, held, deleted=deleted)
                settled = replace(withdrawn, decided_for=wanted.revision)
            elif wanted.kind and not kept and not same:
                settled = await self._bring(team, channel, wanted, held, shared=shared)
        await self._settle_with_links(team, channel, held, settled)

    async def post_private(self, team: str, channel: str, wanted: Reply) -> str:
        """Post what only one person has seen; gives the name in `manners` of words.yaml of what came of it.

        wanted.decided_for: the question's revision for which the person saw the answer. wanted.thread_ts: "" for the
        channel itself.
        """
        held = await self._hold(team, channel, wanted, revises=False)
        if held is None:
            return "changed_since"
        settled = replace(held, state=ReplyState.WITHHELD) if held.state is ReplyState.BEGUN else held
        stands = held.state is ReplyState.POSTED
        outcome = "posted_already" if stands and held.kind in (ANSWER, LINK) else None
        async with self._freed_on_failure(team, channel, held):
            if outcome is None and held.decided_for != wanted.decided_for:
                outcome = "changed_since"
            if outcome is None and await self._is_switched_off(team, channel):
                outcome = "switched_off"
            if outcome is None:
                own = held.state is ReplyState.WHISPERED and held.asker == wanted.asker
                surface = held.surface if own else wanted.surface
                reply = replace(_as_of(wanted, held), surface=surface, revision=held.revision)
                if stands:  # in place of what says that there is no answer
                    settled = await self._change(team, channel, reply)
                else:
                    settled = await self._post(team, channel, reply) or settled
                at_root = not wanted.thread_ts and settled.answer_ts
                if at_root:
                    settled = replace(settled, thread_ts=settled.answer_ts or "")
                outcome = "changed_since"
                if settled.state is ReplyState.POSTED:
                    outcome = "posted_here_now" if at_root else "posted_in_thread"
        await self._settle_with_links(team, channel, held, settled)
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
                content, lease = self._corrected(team, channel, corrected, at), self._lease(team, channel, held)
                changed = await self._gateway.update_message(
                    team, channel, held.answer_ts or "", content, lease=lease, patient=False
                )
            if changed.get("gone"):
                corrected = replace(corrected, state=ReplyState.WITHDRAWN, answer_ts=None)
            await self._settle_with_links(team, channel, held, held if "wait" in changed else corrected)
            if "wait" not in changed:
                return
            await pause(changed["wait"])

    def _corrected(self, team: str, channel: str, reply: Reply, at: float) -> Render:
        """Have an answer rendered with the line that says when it was corrected; nothing if an entry was removed."""

        async def content() -> Message | None:
            known = all(name in self._library.entries for name in reply.entries)
            links = await self._addresses(team, channel, reply) if known and reply.linked else {}
            answer = await self._answer(team, channel, reply, links)() if known else None
            return gaps_blocks.corrected(answer, at, self._library) if answer else None

        return content

    # Deciding

    async def _bring(self, team: str, channel: str, wanted: Reply, held: Reply, *, shared: bool | None) -> Reply:
        """Reply as manners ask: in the place of what stands there, which goes where nothing is to be said any more."""
        reply, surface = _as_of(wanted, held), Surface(wanted.surface)
        if _asks_for_quiet(reply):
            await step("hush", self._store.replies.hush, team, channel, reply.thread_ts, by=reply.asker or "")
            whispered = await self._whisper(team, channel, reply, self._rendered(manners_blocks.hushed))
            return whispered if held.answer_ts is None else held
        if shared is None:  # where Slack does not say it when asked either, it might be
            shared = surface is not Surface.DM and await self._gateway.is_shared(team, channel) is not False
        overtaken = None if reply.answer_ts is None else False  # what was written below it does not count
        looked_again = False
        while True:
            decided = await step("way", self._way, team, channel, reply, shared, overtaken)
            way = Way(decided["way"])
            if way is Way.POST and not decided["late"]:
                if reply.answer_ts is not None:
                    return await self._change(team, channel, reply, claimed=decided["claimed"])
                unless = None
                if surface is not Surface.DM and not looked_again:
                    unless = self._becomes_unwanted(team, channel, reply, decided["at"], shared=shared)
                posted = await self._post(team, channel, reply, claimed=decided["claimed"], unless=unless)
                if posted is not None:
                    return posted
                looked_again = True
            elif not decided["late"]:
                break
            overtaken = bool(await self._gateway.has_replies(team, channel, *_by_others(reply)))
        if held.state is ReplyState.POSTED and way is not Way.WHISPER:
            return await self._withdraw(team, channel, held, deleted=False)
        if way is Way.WHISPER:
            content = self.render_reply(team, channel, replace(reply, state=ReplyState.WHISPERED))
            return await self._whisper(team, channel, reply, content, in_thread=bool(overtaken))
        # Who goes on editing a message is told once.
        told = held.state is ReplyState.WITHHELD and held.surface == Surface.MENTION
        if way is Way.SAY_OFF and not told:
            await self._whisper(team, channel, reply, self._rendered(manners_blocks.switched_off))
        return replace(reply, state=ReplyState.WITHHELD)

    async def _way(self, team: str, channel: str, reply: Reply, shared: bool, overtaken: bool | None) -> dict[str, Any]:
        """Choose how to bring a reply; one that is posted claims its entries in the same step.

        `late`: whether to find out first if somebody else has replied.
        """
        surface = Surface(reply.surface)
        circumstances = await self._circumstances(team, channel, reply, shared=shared, overtaken=bool(overtaken))
        way, now = way_to_reply(surface, circumstances), time.time()
        asked_later = bool(reply.revision) or now - float(reply.question_ts) > MAY_BE_OVERTAKEN
        late = overtaken is None and way is Way.POST and surface in UNPROMPTED and asked_later
        claimed = await self._claim(team, channel, reply) if way is Way.POST and not late else None
        return {"way": way.value, "late": late, "at": now, "claimed": claimed}

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

    async def _is_switched_off(self, team: str, channel: str) -> bool:
        """Say whether the bot is to say nothing in a channel, also not where somebody wants to have it post.

        Where Slack does not say whether outsiders read along, as it does not where the bot is no member, it may.
        """

        async def settings() -> dict[str, Any]:
            chosen = await self._store.replies.channel(team, channel)
            return {"mode": chosen.mode, "chosen_for_shared": chosen.chosen_for_shared}

        chosen = await step("mode", settings)
        mode, chosen_for_shared = Mode(chosen["mode"]) if chosen["mode"] else None, chosen["chosen_for_shared"]
        shared = False
        if mode is not Mode.OFF and not (mode and chosen_for_shared):
            shared = await self._gateway.is_shared(team, channel) is True
        return mode_of(mode, shared=shared, chosen_for_shared=chosen_for_shared) is Mode.OFF

    def _becomes_unwanted(
        self, team: str, channel: str, reply: Reply, decided_at: float, *, shared: bool
    ) -> Callable[[], Awaitable[bool]]:
        """Have a decision looked at again where its answer had to wait for its turn."""

        async def unwanted() -> bool:
            if time.time() - decided_at < DECIDED_ANEW:
                return False
            surface = Surface(reply.surface)
            circumstances = await self._circumstances(team, channel, reply, shared=shared)
            if way_to_reply(surface, circumstances) is not Way.POST:
                return True
            if surface not in UNPROMPTED:
                return False
            return bool(await self._gateway.sees_replies(team, channel, *_by_others(reply)))

        return unwanted

    # Saying it

    async def _post(
        self,
        team: str,
        channel: str,
        reply: Reply,
        *,
        claimed: dict[str, Any] | None = None,
        unless: Callable[[], Awaitable[bool]] | None = None,
    ) -> Reply | None:
        """Post a reply, or a link to where the channel has it; None if `unless` said so when its turn had come.

        claimed: what `_claim` has given, if it was done before.
        """
        reply, content = await self._content(team, channel, reply, claimed)

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
            thread_ts=_posted_below(channel, reply),
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
            team,
            channel,
            reply.asker or "",
            content,
            thread_ts=reply.thread_ts if replied else None,
            lease=self._lease(team, channel, reply),
        )
        return replace(reply, state=ReplyState.WHISPERED)

    async def _content(
        self, team: str, channel: str, reply: Reply, claimed: dict[str, Any] | None = None
    ) -> tuple[Reply, Render]:
        """Claim an answer's entries for the channel; gives the reply as it will stand there, and what says it.

        For entries that the channel had a moment ago there is a link to where they stand.
        """
        claim = await step("claim", self._claim, team, channel, reply) if claimed is None else claimed
        links, stale = await self._links(team, channel, reply, claim["earlier"])
        for _ in range(CLAIMS - 1):
            if claim["earlier"].keys() == links.keys():
                break
            claim = await step("claim", self._claim, team, channel, reply, stale)
            links, stale = await self._links(team, channel, reply, claim["earlier"])
        linked = {entry: claim["earlier"][entry] for entry in links}
        rest = tuple(entry for entry in reply.entries if entry not in links)
        if links and not rest:
            reply = replace(reply, kind=LINK, linked=linked, digest=None)
            return reply, self._answer(team, channel, reply, links)
        reply = replace(reply, entries=rest, linked=linked, digest=claim["digest"])
        if links:
            reply = replace(reply, digest=await step("digest", self._digest, reply))
        return reply, self._answer(team, channel, reply, links)

    async def _claim(
        self, team: str, channel: str, reply: Reply, stale: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Claim an answer's entries; `earlier` gives those that the channel had a moment ago, by their questions.

        stale: the claims of questions whose answers do not say the entry.
        """
        if reply.kind != ANSWER:
            return {"earlier": {}, "digest": None}
        earlier: dict[str, str] = {}
        if not channel.startswith(DIRECT_MESSAGE):
            claim = (reply.entries, reply.question_ts, SAME_ENTRY_WITHIN)
            earlier = await self._store.replies.claim_entries(team, channel, *claim, instead_of=stale)
        if reply.thread_ts:
            # Before it is posted, so that nobody who has read the answer can be quicker than we remember it.
            await self._store.record_answer(team, channel, reply.thread_ts, reply.entries[-1])
        # An edit of what was asked before is not what the talk goes on from; a suggestion that is chosen is.
        is_new = (reply.answer_ts is None and not reply.revision) or bool(reply.offered)
        if channel.startswith(DIRECT_MESSAGE) and reply.thread_ts in ("", reply.question_ts) and is_new:
            await self._store.record_answer(team, channel, TOP_LEVEL, reply.entries[-1])
        return {"earlier": earlier, "digest": await self._digest(reply)}

    async def _digest(self, reply: Reply) -> str | None:
        return digest_now(reply, self._library)

    def _answer(self, team: str, channel: str, reply: Reply, links: Mapping[str, str]) -> Render:
        """Have a reply rendered as it stands in a conversation, with links to entries that stand there already."""
        render = None if reply.kind == LINK else self.render_reply(team, channel, reply)

        async def content() -> Message | None:
            answer = await render() if render else None
            linked = [manners_blocks.answered_lately(link, entry, self._library) for entry, link in links.items()]
            parts = [*([answer] if answer else []), *linked]
            if reply.surface == Surface.COMMAND and reply.thread_ts in ("", reply.answer_ts):
                if channel.startswith(DIRECT_MESSAGE):
                    parts.insert(0, manners_blocks.asked_directly(reply.entries, self._library))
                else:
                    parts[:0] = manners_blocks.posted_for(reply.asker, reply.entries, self._library)
            return joined(*parts) if parts else None

        return content

    async def _links(
        self, team: str, channel: str, reply: Reply, earlier: Mapping[str, str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Give the addresses of answers to other questions, once they are there, as far as they say these entries; and
        the entries that their questions have claimed and do not say.
        """
        links, stale = dict[str, str](), dict[str, str]()
        for entry, question_ts in earlier.items():
            link, held = await self._link_to(team, channel, reply, question_ts, entry)
            if link:
                links[entry] = link
            elif not held:
                stale[entry] = question_ts
        return links, stale

    async def _link_to(
        self, team: str, channel: str, reply: Reply, question_ts: str, entry: str
    ) -> tuple[str | None, bool]:
        """Give the address of the answer to another question, once it is there, and whether work is still at it.

        None if it does not say this entry. Later questions wait for earlier ones long, and earlier ones for later ones
        a moment, so that no two wait for each other.
        """
        earlier = await step("earlier", self._earlier, team, channel, question_ts, entry)
        for wait in LOOKS_FOR_EARLIER if question_ts < reply.question_ts else LOOKS_FOR_LATER:
            if not earlier["held"]:
                break
            await pause(wait)
            earlier = await step("earlier", self._earlier, team, channel, question_ts, entry)
        if earlier["answer_ts"] is None:
            return None, bool(earlier["held"])
        return await self._gateway.get_permalink(team, channel, earlier["answer_ts"]), bool(earlier["held"])

    async def _earlier(self, team: str, channel: str, question_ts: str, entry: str) -> dict[str, Any]:
        """Find the answer to another question: whether work is at it, and its ts if it stands and says this entry."""
        held = await self._store.replies.is_held(team, channel, question_ts)
        earlier = await self._store.replies.get(team, channel, question_ts)
        says_it = earlier and earlier.state is ReplyState.POSTED and earlier.kind == ANSWER and entry in earlier.entries
        return {"held": held, "answer_ts": earlier.answer_ts if earlier and says_it else None}

    async def _addresses(self, team: str, channel: str, reply: Reply) -> dict[str, str]:
        """Give the addresses of the answers that a reply links to, within a step, as far as Slack gives them now."""
        found: dict[str, str] = {}
        for entry, question_ts in reply.linked.items():
            earlier = await self._earlier(team, channel, question_ts, entry)
            if earlier["answer_ts"] is None:
                continue
            if link := await self._gateway.sees_permalink(team, channel, earlier["answer_ts"]):
                found[entry] = link
        return found

    async def _change(self, team: str, channel: str, reply: Reply, *, claimed: dict[str, Any] | None = None) -> Reply:
        """Put another reply into the place of what stands there. claimed: as for `_post`."""
        reply, content = await self._content(team, channel, replace(reply, state=ReplyState.POSTED), claimed)
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
        below = reply.answer_ts if channel.startswith(DIRECT_MESSAGE) else None  # people may reply to it by itself
        if await self._gateway.has_replies(*where, patient=True, lease=lease, below=below) is False:
            removed = await self._gateway.delete_message(team, channel, reply.answer_ts, lease=lease)
            return reply if "refused" in removed else replace(withdrawn, answer_ts=None)
        if deleted:
            return reply
        content = self._rendered(manners_blocks.withdrawn)
        await self._gateway.update_message(team, channel, reply.answer_ts, content, lease=lease)
        return withdrawn

    async def _forget_context(self, team: str, channel: str, withdrawn: Reply) -> None:
        """Have no question lean on an answer that does not stand any more."""
        for thread_ts in {withdrawn.thread_ts, TOP_LEVEL}:
            await self._store.forget_answer(team, channel, thread_ts, withdrawn.entries[-1])

    # Links

    async def _settle_with_links(self, team: str, channel: str, before: Reply, now: Reply) -> None:
        """Record how a reply stands, then mend the links that lead to it, and its own, where answers are gone.

        Who links looks once the link is recorded, and who withdraws once that is, so that one of both sees the other.
        """
        await self._settle(team, channel, now, before=before)
        if before.kind == ANSWER and before.entries and now.state is ReplyState.WITHDRAWN:
            await step("forget context", self._forget_context, team, channel, before)
        if channel.startswith(DIRECT_MESSAGE):
            return
        answered = before.state is ReplyState.POSTED and before.kind == ANSWER
        says_it = now.state is ReplyState.POSTED and now.kind == ANSWER and set(before.entries) <= set(now.entries)
        if answered and not says_it:

            async def links() -> list[str]:
                replies = await self._store.replies.links(team, channel, before.question_ts)
                return [reply.question_ts for reply in replies]

            for question_ts in await step("links", links):
                await self._mend_links(team, channel, question_ts)
        if now.linked and now.state is ReplyState.POSTED:
            await self._mend_links(team, channel, now.question_ts)

    async def _mend_links(self, team: str, channel: str, question_ts: str) -> None:
        """Have a reply say itself what it links to, if an answer there is gone. What Slack refuses is left."""

        async def is_dangling() -> bool:
            reply = await self._store.replies.get(team, channel, question_ts)
            if reply is None or reply.state is not ReplyState.POSTED:
                return False
            links = [await self._earlier(team, channel, target, entry) for entry, target in reply.linked.items()]
            return any(not link["held"] and link["answer_ts"] is None for link in links)

        for _ in range(CLAIMS):
            if not await step("is dangling", is_dangling):
                return
            if (held := await self._hold_posted(team, channel, question_ts)) is None:
                return
            settled, entries = held, (*held.entries, *(name for name in held.linked if name not in held.entries))
            try:
                async with self._freed_on_failure(team, channel, held):
                    wanted = replace(held, kind=ANSWER, entries=entries, linked={})
                    settled = await self._change(team, channel, wanted)
            except SlackWorkError as error:
                log.warning("a link could not be mended", error=str(error))
                return
            await self._settle(team, channel, settled, before=held)

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
            await retry_db(self._store.replies.settle, team, channel, left, by=current_key(), failed=True)
            raise

    async def _settle(self, team: str, channel: str, reply: Reply, *, before: Reply | None = None) -> None:
        """Record how a reply stands. before: how it stood, if it may have been posted or changed since."""
        posted = before is not None and _said(before) != _said(reply)
        await step("settle", self._store.replies.settle, team, channel, reply, by=current_key(), posted=posted)


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


def _said(reply: Reply) -> tuple[Any, ...]:
    """Give what tells whether a reply was posted or changed."""
    return reply.state, reply.answer_ts, reply.kind, reply.entries


def _says_the_same(held: Reply, wanted: Reply) -> bool:
    """Say whether a reply is the one that is wanted; a link to an answer is as good as the answer.

    So is what somebody has chosen among the suggestions that are wanted.
    """
    if held.offered and held.offered == wanted.entries and wanted.kind not in (ANSWER, LINK):
        return True
    if wanted.kind == ANSWER and held.kind in (ANSWER, LINK):
        return {*held.entries, *held.linked} == set(wanted.entries)
    return (held.kind, held.entries) == (wanted.kind, wanted.entries)


def _posted_below(channel: str, reply: Reply) -> str | None:
    """Give the root of the thread that a reply is posted in; None for the conversation itself.

    In a direct message what was asked outside threads is answered there, so that nobody has to open one. A message that
    an edit has made a question long after it was written may stand far above: its answer stands below it.
    """
    in_thread = reply.thread_ts != reply.question_ts
    edited_late = bool(reply.revision) and float(reply.revision) - float(reply.question_ts) > STILL_IN_SIGHT
    if not channel.startswith(DIRECT_MESSAGE) or in_thread or edited_late:
        return reply.thread_ts or None
    return None


def _by_others(reply: Reply) -> tuple[str, str, frozenset[str]]:
    """Give where to look for replies by others than who asked: the thread, after which message, and besides whom."""
    return reply.thread_ts, reply.question_ts, frozenset(filter(None, [reply.asker]))


def _asks_for_quiet(wanted: Reply) -> bool:
    return wanted.kind == TALK and wanted.entries == (HUSH,) and wanted.surface != Surface.DM


async def _now() -> float:
    return time.time()


def _as_of(wanted: Reply, held: Reply) -> Reply:
    """Give the reply that is wanted in the place of the one that stands."""
    kept: dict[str, Any] = {"answer_ts": held.answer_ts, "replied_at": held.replied_at, "state": ReplyState.BEGUN}
    return replace(wanted, **kept, decided_for=wanted.decided_for or wanted.revision)


def _as_data(reply: Reply) -> dict[str, Any]:
    known = {"entries": list(reply.entries), "offered": list(reply.offered)}
    return asdict(reply) | known | {"state": reply.state.value}


def _from_data(kept: dict[str, Any]) -> Reply:
    known = {"entries": tuple(kept["entries"]), "offered": tuple(kept.get("offered", ()))}
    return Reply(**kept | known | {"state": ReplyState(kept["state"])})
