"""Taking back the copy of a result that somebody has, also one of which Slack never said whether it arrived."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Mapping

from bot.domain.share import ShareState
from bot.jobs import in_doubt, step
from bot.slack.records import Record
from bot.slack.share_copies import CopyWorker, TakenBack
from bot.slack.share_messages import copy_key
from bot.slack.share_records import (
    EndedBefore,
    KnownCopy,
    LostCopy,
    MessageAt,
    Subject,
    UnknownPlace,
    as_places,
    round_place,
)
from bot.slack.share_sentences import News, Sentence, became
from bot.slack.share_update import first_stays, of_deleted
from bot.slack.slack_calls import SlackWorkError
from bot.storage import ROOT


class WithdrawingWorker(CopyWorker, ABC):
    """A worker that takes copies back."""

    @abstractmethod
    async def _tell_now_or_later(self, team: str, share_id: str, subject: Subject, news: News) -> None:
        """Tell the sender what they would not hear of otherwise."""

    async def _claim_withdrawal(self, team: str, share_id: str, user: str) -> Record | None:
        """Decide what to take back; gives what `read_withdrawal` reads, None if nothing is theirs to take back."""
        share_and_run = await self._with_run(team, share_id)
        if share_and_run is None or share_and_run.stored.user != user:
            return None
        share, stored = share_and_run
        whose = round_place(stored)
        messages = await self._store.shares.messages(team, share_id)
        if ROOT not in messages:
            if share.is_lost and share.recipient:
                return LostCopy(
                    **whose,
                    recipient=share.recipient,
                    key=copy_key(team, share.run, share_id),
                    place=share.place,
                    since=share.made_at,
                    was=share.state,
                ).record()
            is_unknown = share.is_live or share.is_lost
            kind = UnknownPlace if is_unknown else EndedBefore
            return kind(**whose, recipient=share.recipient).record()
        withdrawn: Mapping[str, tuple[str, str]] | None = None
        if share.is_live or share.is_lost:
            withdrawn = await self._store.shares.withdraw(team, share_id, was=share.state)
        elif in_doubt() and share.state is ShareState.WITHDRAWN and share.message:
            # Nobody else takes back what is withdrawn already, unless that died before it could record so.
            withdrawn = messages
        if not withdrawn:
            return EndedBefore(**whose, recipient=share.recipient).record()
        return KnownCopy(**whose, recipient=share.recipient, messages=as_places(withdrawn)).record()

    async def _withdraw_known(self, team: str, share_id: str, copy: KnownCopy) -> None:
        """Take back a copy whose messages are known, and say so."""
        outcome = await self._take_back(team, share_id, copy.messages, copy.sender, withdrawn=True)
        is_refused = outcome is TakenBack.REFUSED
        if is_refused:
            await self._move(team, share_id, was=ShareState.WITHDRAWN, to=ShareState.SENT)
            await step("sent", self._store.shares.note_sent, team, share_id)
        else:
            await step("empty", self._store.shares.empty, team, share_id)
        if not await step("round", self._has_round, team, copy.run):
            if is_refused:
                await self._note_left(team, copy.sender)
            news = of_deleted(outcome, Sentence.DELETED_WHILE_WITHDRAWN)
            await self._tell_now_or_later(team, share_id, copy, news)
            return
        await self._show_receipt(team, share_id)
        if sentence := Sentence.NOT_WITHDRAWN if is_refused else first_stays(outcome):
            await self._tell_now_or_later(team, share_id, copy, became(sentence))

    async def _withdraw_lost(self, team: str, share_id: str, copy: LostCopy) -> bool:
        """Look for a copy of which Slack never said whether it arrived, and take it back if it did.

        Gives False if somebody else has said meanwhile what became of it, as the recipient's click does: then it is to
        be taken back as it stands now.
        """
        where, root, is_known = (await self._where_to(team, copy) if copy.recipient else None), None, False
        if where is not None:
            with contextlib.suppress(SlackWorkError):
                posted = await self._gateway.find_message(team, where, copy.key, since=copy.since)
                root, is_known = (MessageAt(*posted) if posted else None), True
        outcome = TakenBack.DELETED
        if root:
            outcome = await self._take_back(team, share_id, {ROOT: root}, copy.sender, withdrawn=True)
        is_ended = is_known and outcome is not TakenBack.REFUSED
        if not await step("round", self._has_round, team, copy.run):  # its deletion has noted that it may stand
            if root:
                await self._note_former_copy(team, copy, root)
            await self._end_lost_of_deleted(team, share_id, copy, is_ended=is_ended)
            news = became(Sentence.DELETED_NOT_FOUND if is_known else Sentence.DELETED_NOT_LOOKED)
            news = of_deleted(outcome, Sentence.DELETED_WHILE_WITHDRAWN) if root else news
            await self._tell_now_or_later(team, share_id, copy, news)
            return True
        if not is_ended:
            sentence = Sentence.NOT_WITHDRAWN if is_known else Sentence.NOT_LOOKED
            await self._tell_now_or_later(team, share_id, copy, became(sentence))
            return True

        async def end() -> bool:
            return await self._store.shares.withdraw(team, share_id, was=copy.was) is not None or in_doubt()

        if not await step("ended", end):
            return False
        if root:  # so that it is known that the recipient may have read it
            await step("had arrived", self._store.shares.note_time, team, share_id, "sent_at")
        await step("empty", self._store.shares.empty, team, share_id)
        sentence = (first_stays(outcome) or Sentence.FOUND) if root else Sentence.NOT_FOUND
        await self._tell_now_or_later(team, share_id, copy, became(sentence))
        return True

    async def _end_lost_of_deleted(self, team: str, share_id: str, copy: LostCopy, *, is_ended: bool) -> None:
        """Forget a copy that was looked for and whose round was deleted meanwhile, if it is not there any more.

        Also where the round's deletion has not come as far as the copy yet.
        """
        if not is_ended:
            return

        async def end() -> None:
            await self._store.shares.withdraw(team, share_id, was=copy.was)
            await self._store.share_traces.forget_unconfirmed(team, share_id)

        await step("ended", end)
