"""The same answer twice in a channel: a question claims its entries, and a later one gets a link to that answer.

When the answer that a link leads to is withdrawn, the link is replaced by the answer itself.
"""

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import structlog

from bot.domain.content import digest_of
from bot.domain.faq import Surface
from bot.domain.manners import SAME_ENTRY_WITHIN
from bot.domain.reply_kinds import ANSWER, LINK
from bot.jobs import pause, step
from bot.knowledge import Library
from bot.slack import manners_blocks
from bot.slack.channel import DIRECT_MESSAGE
from bot.slack.gateway import Render
from bot.slack.pieces import Message, joined
from bot.slack.reply_hold import ReplyHolder
from bot.slack.slack_calls import SlackWorkError
from bot.storage import TOP_LEVEL, Reply, ReplyState

R = TypeVar("R")

# Seconds between looks whether the answer that is to be linked is there; after two minutes it is given once more.
LOOKS_FOR_EARLIER = (0.5, 0.5, 1.0, 2.0, 4.0, *[7.0] * 16)
LOOKS_FOR_LATER = (0.5, 0.5, 1.0, 2.0)
CLAIMS = 3  # times that an answer's entries are claimed, where those that others had claimed are withdrawn

log = structlog.get_logger()


class LinkingReplies(ReplyHolder):
    """Claims the entries of answers for their questions, and links to those that others have claimed."""

    @abstractmethod
    def render_reply(self, team: str, channel: str, reply: Reply) -> Render:
        """Have a reply rendered when it is sent."""

    async def _content(
        self, team: str, channel: str, reply: Reply, claimed: dict[str, Any] | None = None
    ) -> tuple[Reply, Render]:
        """Claim an answer's entries for the channel; gives the reply to record, and what renders its message.

        An entry that the channel was given a moment ago is not repeated: the message has a link to that answer instead.
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
        """Claim an answer's entries for its question, as far as no other question has claimed them lately.

        stale: claims to take over, as entry and the ts of a question whose answer does not hold that entry after all.
        Gives, as plain data, `earlier`: the ts of the question that has claimed an entry already, by entry; and
        `digest`: of what the answer says.
        """
        if reply.kind != ANSWER:
            return {"earlier": {}, "digest": None}
        entries = () if channel.startswith(DIRECT_MESSAGE) else reply.entries
        earlier = await self._store.replies.claim_entries(
            team,
            channel,
            entries,
            reply.question_ts,
            SAME_ENTRY_WITHIN,
            instead_of=stale,
            last_answers=_last_answers(channel, reply),
        )
        return {"earlier": earlier, "digest": await self._digest(reply)}

    async def _hold_new_answer(self, team: str, channel: str, reply: Reply, *, by: str) -> dict[str, Any] | None:
        """Take hold of a new answer in a direct message, where nothing has to be decided on; None if it is none.

        Gives what `_claim` does, as what that records is recorded with the hold.
        """
        if reply.kind != ANSWER or reply.surface != Surface.DM:
            return None
        last_answers = _last_answers(channel, reply)
        if not await self._store.replies.hold_new(team, channel, reply, by=by, last_answers=last_answers):
            return None
        return {"earlier": {}, "digest": await self._digest(reply)}

    async def _digest(self, reply: Reply) -> str | None:
        return digest_now(reply, self._library)

    def _answer(self, team: str, channel: str, reply: Reply, links: Mapping[str, str]) -> Render:
        """Give a function that renders a reply for a conversation, with links to answers that stand there already."""
        render = None if reply.kind == LINK else self.render_reply(team, channel, reply)

        async def content() -> Message | None:
            answer = await render() if render else None
            # Beside a new answer, what stands in the same thread needs no pointing out.
            same_thread = f"thread_ts={reply.thread_ts}" if answer and reply.thread_ts else None
            elsewhere = {entry: link for entry, link in links.items() if not (same_thread and same_thread in link)}
            linked = [manners_blocks.answered_lately(link, entry, self._library) for entry, link in elsewhere.items()]
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
        """Wait for the answers to the questions that have claimed entries; gives links to them, and the stale claims.

        earlier: by entry, the ts of the question that claimed it. Both results are by entry: the address of the answer
        that holds it, and the ts of the question whose answer does not hold it although no work is at it any more.
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
        """Wait for the answer to another question; gives its address, and whether work is still at it.

        The address is None if the answer does not hold this entry. A question waits two minutes for an earlier one but
        only seconds for a later one, so that no two wait for each other.
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
        """Look up another question: whether work holds it, and the `answer_ts` of its answer if that has this entry."""
        held = await self._store.replies.is_held(team, channel, question_ts)
        earlier = await self._store.replies.get(team, channel, question_ts)
        says_it = earlier and earlier.state is ReplyState.POSTED and earlier.kind == ANSWER and entry in earlier.entries
        return {"held": held, "answer_ts": earlier.answer_ts if earlier and says_it else None}

    async def _addresses(self, team: str, channel: str, reply: Reply) -> dict[str, str]:
        """Give, within a step, the addresses of the answers that a reply links to, by entry, where Slack has them."""
        addresses: dict[str, str] = {}
        for entry, question_ts in reply.linked.items():
            earlier = await self._earlier(team, channel, question_ts, entry)
            if earlier["answer_ts"] is None:
                continue
            if link := await self._gateway.sees_permalink(team, channel, earlier["answer_ts"]):
                addresses[entry] = link
        return addresses

    async def _change(self, team: str, channel: str, reply: Reply, *, claimed: dict[str, Any] | None = None) -> Reply:
        """Update the posted message to this reply. claimed: as for `_post`."""
        reply, content = await self._content(team, channel, replace(reply, state=ReplyState.POSTED), claimed)
        lease = self._lease(team, channel, reply)
        changed = await self._gateway.update_message(team, channel, reply.answer_ts or "", content, lease=lease)
        return replace(reply, state=ReplyState.WITHDRAWN, answer_ts=None) if changed.get("gone") else reply

    async def _forget_context(self, team: str, channel: str, withdrawn: Reply) -> None:
        """Forget an answer that was withdrawn as the context of follow-up questions."""
        for thread_ts in {withdrawn.thread_ts, TOP_LEVEL}:
            await self._store.forget_answer(team, channel, thread_ts, withdrawn.entries[-1])

    async def _settle_with_links(
        self, team: str, channel: str, before: Reply, now: Reply, then: Callable[[], Awaitable[R]] | None = None
    ) -> R | None:
        """Record the state of a reply, then replace links to it, and its own links, whose answers are gone.

        then: as `_settle` has it.

        Work that links checks the target after it has recorded the link, and work that withdraws an answer looks for
        links after it has recorded that: so at least one of the two sees the other.
        """
        result = await self._settle(team, channel, now, before=before, then=then)
        if before.kind == ANSWER and before.entries and now.state is ReplyState.WITHDRAWN:
            await step("forget context", self._forget_context, team, channel, before)
        if channel.startswith(DIRECT_MESSAGE):
            return result
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
        return result

    async def _mend_links(self, team: str, channel: str, question_ts: str) -> None:
        """Replace the links of a reply by the answers themselves if one of those is gone. Slack's refusal is logged."""

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


def digest_now(reply: Reply, library: Library) -> str | None:
    """Give the digest of what an answer says now; None for another reply, or if an entry is not there any more."""
    entries = [library.entries[name] for name in reply.entries if name in library.entries]
    if reply.kind != ANSWER or len(entries) < len(reply.entries):
        return None
    return digest_of(entries, library.tables)


def _last_answers(channel: str, reply: Reply) -> dict[str, str]:
    """Give what an answer makes its conversation's last: by thread, the entry that a follow-up there leans on.

    Recorded before the answer is posted, so that a follow-up cannot come before we know what it follows.
    """
    entry = reply.entries[-1]
    last_answers = {reply.thread_ts: entry} if reply.thread_ts else {}
    # A follow-up is about the last new answer: an edited question gives none, and a chosen suggestion does.
    is_new = (reply.answer_ts is None and not reply.revision) or bool(reply.offered)
    if channel.startswith(DIRECT_MESSAGE) and reply.thread_ts in ("", reply.question_ts) and is_new:
        last_answers[TOP_LEVEL] = entry
    return last_answers
