"""Replies to messages, as durable work: posted, shown to one person, changed, or withdrawn.

Which of these is `bot.domain.manners.way_to_reply`'s choice; a reply changes with the message that it replies to.

Each reply is a row that one piece of work holds at a time, so that an edit which comes while the answer is on its way
finds it, and what comes late changes nothing.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from bot.domain.faq import UNPROMPTED, Surface
from bot.domain.manners import ALWAYS_ANSWERED, Circumstances, Mode, Way, mode_of, way_to_reply
from bot.domain.reply_kinds import ANSWER, LINK, TALK
from bot.jobs import in_doubt, pause, step
from bot.slack import gaps_blocks, manners_blocks
from bot.slack.channel import DIRECT_MESSAGE
from bot.slack.gateway import Render
from bot.slack.notes import Note
from bot.slack.pieces import Message
from bot.slack.reply_hold import once_free_then
from bot.slack.reply_links import LinkingReplies
from bot.slack.slack_calls import MOST_WAITS
from bot.storage import Reply, ReplyState

HUSH = "hush"  # the name in words.yaml of what people say to have quiet in a thread
# Seconds after a message from which on somebody else may have replied; asking Slack about each would cost a call.
MAY_BE_OVERTAKEN = 3.0
DECIDED_ANEW = 1.0  # seconds after a decision from which on it is looked at again before its answer is posted
STILL_IN_SIGHT = 120.0  # seconds for which a message of a direct message is taken to be the last that was written


class ReplyWorker(LinkingReplies):
    """Brings, changes and withdraws replies."""

    async def bring(
        self,
        team: str,
        channel: str,
        wanted: Reply,
        *,
        shared: bool | None,
        before: Callable[[], Awaitable[list[str]]] | None = None,
    ) -> list[str]:
        """Reply to a new message; if it has been edited or deleted since, that work replies instead.

        shared: whether the channel is shared with another organisation; None if Slack has not said. before: finds the
        questions whose suggestions the reply supersedes, once it is recorded; they are given, and none without it.
        """

        is_wanted, claimed = False, None

        async def hold(by: str) -> Reply | None:
            nonlocal is_wanted, claimed
            # After a crash, or trouble of the database, it may be held already, whatever has been switched off since.
            is_wanted = is_wanted or in_doubt() or shared is None
            if not is_wanted and await self._is_off(team, channel, wanted, bool(shared)):
                return None
            is_wanted = True
            if claimed := await self._hold_new_answer(team, channel, wanted, by=by):
                return wanted
            return await self._store.replies.hold(team, channel, wanted, by=by)

        async def decide(held: Reply) -> dict[str, Any] | None:
            return await self._first_way(team, channel, _as_of(wanted, held), shared, claimed)

        # A step that is tried again goes on holding it: it is freed once all tries have failed, if it is held by then.
        async with self._freed_on_failure(team, channel, wanted):
            held, decided = await once_free_then(hold, decide)
        if held is None:
            return await step("suggested before", before) if before else []
        async with self._freed_on_failure(team, channel, held):
            changed = await self._bring(team, channel, wanted, held, shared=shared, decided=decided)
        return await self._settle_with_links(team, channel, held, changed, before) or []

    async def revise(self, team: str, channel: str, wanted: Reply, *, shared: bool | None, deleted: bool) -> None:
        """Change, withdraw or bring the reply to a message that was edited or deleted; no kind means no reply."""
        if (held := await self._hold(team, channel, wanted)) is None:
            return
        changed = held
        async with self._freed_on_failure(team, channel, held):
            same = held.state in (ReplyState.POSTED, ReplyState.WHISPERED) and _says_the_same(held, wanted)
            # What somebody has posted for another's message stays as that person wanted it.
            kept = held.state is ReplyState.POSTED and held.surface == Surface.COMMAND and not deleted
            if not wanted.kind and not kept:
                withdrawn = await self._withdraw(team, channel, held, deleted=deleted)
                changed = replace(withdrawn, decided_for=wanted.revision)
            elif wanted.kind and not kept and not same:
                changed = await self._bring(team, channel, wanted, held, shared=shared)
        await self._settle_with_links(team, channel, held, changed)

    async def post_private(self, team: str, channel: str, wanted: Reply) -> str:
        """Post an answer that only one person has seen; gives the outcome, a name in `manners` of words.yaml.

        wanted.decided_for: the question's revision for which the person saw the answer. wanted.thread_ts: "" for the
        channel itself.
        """
        held = await self._hold(team, channel, wanted, revises=False)
        if held is None:
            return "changed_since"
        changed = replace(held, state=ReplyState.WITHHELD) if held.state is ReplyState.BEGUN else held
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
                    changed = await self._change(team, channel, reply)
                else:
                    changed = await self._post(team, channel, reply) or changed
                at_root = not wanted.thread_ts and changed.answer_ts
                if at_root:
                    changed = replace(changed, thread_ts=changed.answer_ts or "")
                outcome = "changed_since"
                if changed.state is ReplyState.POSTED:
                    outcome = "posted_here_now" if at_root else "posted_in_thread"
        await self._settle_with_links(team, channel, held, changed)
        return outcome

    async def correct(self, team: str, channel: str, question_ts: str, digest: str | None = None) -> None:
        """Update a posted answer to the present knowledge, with a line that says when; one that is gone stays gone.

        digest: of what the answer shall say. None: it is computed, and an answer that says this already is left alone.
        """
        for _ in range(MOST_WAITS):
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
        """Give a function that renders an answer with the time of its correction; None if an entry was removed."""

        async def content() -> Message | None:
            all_exist = all(name in self._library.entries for name in reply.entries)
            links = await self._addresses(team, channel, reply) if all_exist and reply.linked else {}
            answer = await self._answer(team, channel, reply, links)() if all_exist else None
            return gaps_blocks.corrected(answer, at, self._library) if answer else None

        return content

    async def _bring(
        self,
        team: str,
        channel: str,
        wanted: Reply,
        held: Reply,
        *,
        shared: bool | None,
        decided: dict[str, Any] | None = None,
    ) -> Reply:
        """Reply in the way that `way_to_reply` chooses; gives the reply as it stands then.

        A reply that is posted already is updated, or withdrawn if there is nothing to say any more. decided: the result
        of `_first_way`, if it is known.
        """
        reply, surface = _as_of(wanted, held), Surface(wanted.surface)
        if _asks_for_quiet(reply):
            await step("hush", self._store.replies.hush, team, channel, reply.thread_ts, by=reply.asker or "")
            whispered = await self._whisper(team, channel, reply, self._rendered(manners_blocks.hushed))
            return whispered if held.answer_ts is None else held
        if shared is None:  # if Slack does not say so when asked either, the channel counts as shared
            shared = surface is not Surface.DM and await self._gateway.is_shared(team, channel) is not False
        overtaken, looked_again = _overtaken_at_first(reply), False
        while True:
            if decided is None:
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
            decided, overtaken = None, bool(await self._gateway.has_replies(team, channel, *_by_others(reply)))
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

    async def _first_way(
        self, team: str, channel: str, reply: Reply, shared: bool | None, claimed: dict[str, Any] | None
    ) -> dict[str, Any] | None:
        """Choose how to reply as `_way` does, in the step that takes hold of the reply; None if Slack is asked first.

        shared: None if Slack has not said whether outsiders read along, as it does with every message. claimed: the
        result of `_claim`, if that was done.
        """
        if _asks_for_quiet(reply) or (shared is None and reply.surface != Surface.DM):
            return None
        return await self._way(team, channel, reply, bool(shared), _overtaken_at_first(reply), claimed)

    async def _way(
        self,
        team: str,
        channel: str,
        reply: Reply,
        shared: bool,
        overtaken: bool | None,
        claimed: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Choose how to reply, within a step; gives plain data. A reply that is to be posted claims its entries here.

        `late` in the result: it has to be found out first whether somebody else has replied. overtaken: whether they
        have; None if nobody has looked.
        """
        surface, way = Surface(reply.surface), Way.POST
        if surface not in ALWAYS_ANSWERED:
            circumstances = await self._circumstances(team, channel, reply, shared=shared, overtaken=bool(overtaken))
            way = way_to_reply(surface, circumstances)
        now = time.time()
        asked_later = bool(reply.revision) or now - float(reply.question_ts) > MAY_BE_OVERTAKEN
        late = overtaken is None and way is Way.POST and surface in UNPROMPTED and asked_later
        if claimed is None and way is Way.POST and not late:
            claimed = await self._claim(team, channel, reply)
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
        """Say whether a message that was not put to the bot gets silence; then no row is written for it."""
        if wanted.surface not in UNPROMPTED:
            return False
        circumstances = await self._circumstances(team, channel, wanted, shared=shared)
        return way_to_reply(Surface(wanted.surface), circumstances) is Way.SILENCE

    async def _is_switched_off(self, team: str, channel: str) -> bool:
        """Say whether the bot is switched off in a channel, so that nobody can have it post there either.

        If Slack does not say whether the channel is shared, as where the bot is no member, it counts as not shared.
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
        """Give a function that says whether a reply is unwanted by now, for when its turn to be posted has come."""

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

    async def _post(
        self,
        team: str,
        channel: str,
        reply: Reply,
        *,
        claimed: dict[str, Any] | None = None,
        unless: Callable[[], Awaitable[bool]] | None = None,
    ) -> Reply | None:
        """Post a reply, or a link to the same answer in this channel; None if `unless` gave True at its turn.

        claimed: the result of `_claim`, if the entries were claimed before.
        """
        reply, content = await self._content(team, channel, reply, claimed)

        async def wanted() -> Message | None:
            return None if unless and await unless() else await content()

        posted = await self._gateway.post_leased(
            team,
            channel,
            wanted,
            thread_ts=_posted_below(channel, reply),
            lease=self._lease(team, channel, reply),
            note=self._note(reply),
        )
        if "lost" in posted:  # so that settling it does nothing
            return reply
        if "misplaced" in posted:
            return replace(reply, state=ReplyState.WITHDRAWN)
        return replace(reply, state=ReplyState.POSTED, answer_ts=posted["ts"]) if posted else None

    def tell_of_queue(self, team: str, channel: str, wanted: Reply, ahead: int, *, shared: bool | None) -> None:
        """Tell who has asked that the answer is on its way, if this takes long; before the work for it has begun.

        The work finds out when it is its turn to post, which is late where to begin so much takes as long as to post
        it. ahead: how many answers come before it in the channel that have not begun either. shared: as `bring` has it.
        """
        note = self._note(wanted)
        if note is None or shared is None or _asks_for_quiet(wanted):
            return

        async def will_be_posted() -> bool:
            surface = Surface(wanted.surface)
            if surface in ALWAYS_ANSWERED:
                return True
            circumstances = await self._circumstances(team, channel, wanted, shared=shared)
            return way_to_reply(surface, circumstances) is Way.POST

        self._gateway.tell_of_queue(team, channel, note, ahead, will_be_posted)

    def _note(self, reply: Reply) -> Note | None:
        """Give what tells who has asked that the answer is on its way, if it takes long.

        In a direct message nobody else comes first, and people see their own answers arrive.
        """
        if not reply.asker or reply.surface == Surface.DM:
            return None
        opens_thread = reply.thread_ts in ("", reply.question_ts)
        return Note(reply.asker, self._on_its_way, None if opens_thread else reply.thread_ts)

    def _on_its_way(self) -> Message:
        return manners_blocks.on_its_way(self._library)

    async def _whisper(
        self, team: str, channel: str, reply: Reply, content: Render, *, in_thread: bool = False
    ) -> Reply:
        """Show a reply to the asker alone: in the thread if it has replies, where Slack shows it only then."""
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

    async def _withdraw(self, team: str, channel: str, reply: Reply, *, deleted: bool) -> Reply:
        """Withdraw a reply: delete it or, if people have replied below it, replace it by a notice.

        If the question was deleted and people have replied, the answer stays. Gives the reply as it stands then.
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


def _says_the_same(held: Reply, wanted: Reply) -> bool:
    """Say whether the reply that stands, `held`, already says what is wanted.

    A link to an answer counts as that answer, and an entry chosen among suggestions counts as those suggestions.
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


def _overtaken_at_first(reply: Reply) -> bool | None:
    """Say whether others have replied before us; None if it may have to be found out."""
    return None if reply.answer_ts is None else False  # replies below our own answer do not count


def _by_others(reply: Reply) -> tuple[str, str, frozenset[str]]:
    """Give the arguments of `has_replies` for others than the asker: the thread, the message before, whom to ignore."""
    return reply.thread_ts, reply.question_ts, frozenset(filter(None, [reply.asker]))


def _asks_for_quiet(wanted: Reply) -> bool:
    return wanted.kind == TALK and wanted.entries == (HUSH,) and wanted.surface != Surface.DM


async def _now() -> float:
    return time.time()


def _as_of(wanted: Reply, held: Reply) -> Reply:
    """Give the wanted reply with the message and times of the one that stands, which it replaces."""
    kept: dict[str, Any] = {"answer_ts": held.answer_ts, "replied_at": held.replied_at, "state": ReplyState.BEGUN}
    return replace(wanted, **kept, decided_for=wanted.decided_for or wanted.revision)
