"""Suggestions that are out of date: somebody asked again, and got the same suggestions or one of them as the answer.

The earlier ones lose their buttons, so that only the latest stand.
"""

from dataclasses import replace

import structlog

from bot.domain.faq import FOLLOWED_FOR
from bot.domain.reply_kinds import ANSWER, LINK, NOT_ANSWERED, SUGGESTED, UNKNOWN
from bot.slack import blocks
from bot.slack.reply_work import ReplyWorker
from bot.slack.slack_calls import SlackWorkError
from bot.storage import Reply, ReplyState

log = structlog.get_logger()


class SuggestionWorker(ReplyWorker):
    """Takes away suggestions that a later reply has superseded."""

    async def suggested_before(self, team: str, channel: str, question_ts: str) -> list[str]:
        """Give the questions to which suggestions stand that the reply to this question supersedes."""
        reply = await self._store.replies.get(team, channel, question_ts)
        if reply is None or reply.state is not ReplyState.POSTED:
            return []
        return [earlier.question_ts for earlier in await self.superseded(team, channel, reply)]

    async def fold_suggestions(self, team: str, channel: str, questions: list[str]) -> None:
        """Replace the suggestions to these questions by a note that leads to the later reply.

        If Slack refuses an update, the suggestions stay.
        """
        for earlier_ts in questions:
            if (held := await self._hold_posted(team, channel, earlier_ts)) is None:
                continue
            settled = held
            try:
                async with self._freed_on_failure(team, channel, held):
                    if held.kind in SUGGESTED and not held.offered:
                        lease = self._lease(team, channel, held)
                        moved = self._rendered(lambda library: blocks.say(library.words.faq.suggest_moved))
                        await self._gateway.update_message(team, channel, held.answer_ts or "", moved, lease=lease)
                        settled = replace(held, kind=UNKNOWN, entries=(), offered=held.entries)
            except SlackWorkError as error:
                log.warning("suggestions could not be taken away", error=str(error))
                continue
            await self._settle(team, channel, settled, before=held)

    async def superseded(self, team: str, channel: str, reply: Reply) -> list[Reply]:
        """Give earlier replies, to the same person in the same place, that this one supersedes.

        They suggest the same entries as it or, if it is an answer, an entry that it gives.
        """
        entries, is_answer = offered_in(reply), reply.kind in (ANSWER, LINK)
        if not entries or not (is_answer or reply.kind in SUGGESTED):
            return []
        earlier = await self._store.replies.undecided(team, channel, reply, SUGGESTED, within=FOLLOWED_FOR)
        both = [(suggested, offered_in(suggested)) for suggested in earlier]
        return [suggested for suggested, offered in both if (entries & offered if is_answer else entries == offered)]


def offered_in(reply: Reply) -> set[str]:
    """Give the entries that a reply suggests or answers with. Of NOT_ANSWERED, the first id is a decoy and left out."""
    return set(reply.entries[1:] if reply.kind == NOT_ANSWERED else reply.entries)
