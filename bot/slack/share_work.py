"""The work of sharing: sending what was previewed, keeping its receipt up to date, and withdrawing it."""

import contextlib
import time
from typing import Any, assert_never

import structlog

from bot import jobs, work_records
from bot.domain.quiz_run import Status
from bot.domain.share import (
    MOST_A_DAY,
    TELLING,
    Claim,
    Delivery,
    Interruption,
    Part,
    Place,
    Refusal,
    ShareState,
    refusal,
)
from bot.jobs import current_key, in_doubt, kind_of, pause, step, worker, workflow
from bot.knowledge import Library
from bot.slack import blocks, share_blocks
from bot.slack.gateway import Render
from bot.slack.pieces import Message
from bot.slack.records import Record
from bot.slack.share_copies import TakenBack
from bot.slack.share_messages import FROM_HOME
from bot.slack.share_records import (
    ClaimedShare,
    EndedBefore,
    KnownCopy,
    LostCopy,
    MessageAt,
    OutdatedCopy,
    Places,
    Standing,
    Subject,
    UnknownPlace,
    read_withdrawal,
    round_place,
)
from bot.slack.share_rows import ended_view, newer_run
from bot.slack.share_sentences import (
    UNDELIVERED,
    Became,
    News,
    NotSent,
    Sentence,
    became,
    is_nothing_there,
    read_news,
)
from bot.slack.share_update import UpdatingWorker, of_deleted
from bot.slack.share_withdraw import WithdrawingWorker
from bot.slack.slack_calls import SlackWorkError, UnavailableError, UncertainError
from bot.slack.text import Mrkdwn, escape, fill
from bot.slack.work import Work, short_digest
from bot.storage import ROOT, Share, StoredRun, graded_as
from bot.storage.share_traces import UnconfirmedCopy

TRIES, BETWEEN_TRIES = 24, 3600.0  # how often, and after how many seconds, to say what Slack did not take

log = structlog.get_logger()


@worker()
class ShareWorker(UpdatingWorker, WithdrawingWorker):
    """Sends results to people, after their owners have seen exactly what will be sent.

    What is sent stands in the rows of `shares` and is read there by each step that sends it.
    """

    @property
    def allows_guests(self) -> bool:
        """Whether results may be shared with guests and people of other organisations."""
        return self._services.share_guests

    # Sending

    @workflow
    async def deliver(self, team: str, share_id: str, view_id: str | None = None) -> None:
        """Send what was previewed, or put it in place of the copy that it updates, unless something came between.

        view_id: of the window that says that it is on its way, and then what became of it.
        """
        try:
            await self._deliver(team, share_id)
        except Exception:
            try:
                await self._show_ended(team, share_id, view_id)
            except Exception as error:  # noqa: BLE001 - what has failed before is what ends the work
                log.warning("a window does not say what became of a share", share=share_id, error=kind_of(error))
            raise
        await self._show_ended(team, share_id, view_id)

    async def _show_ended(self, team: str, share_id: str, view_id: str | None) -> None:
        """Say in the window in which a share was sent what became of it; versions before this one named no window."""

        async def ended() -> dict[str, Any]:
            share = await self._store.shares.get(team, share_id)
            if share is None:  # it went with its round
                return share_blocks.notice_view(self._library.words.share.gone, self._library)
            return await ended_view(self._store, team, share, self._library)

        if view_id is not None:
            await self._gateway.update_window(team, view_id, ended)

    async def _deliver(self, team: str, share_id: str) -> None:
        record = await step("claim share", self._claim, team, share_id)
        if record is None:
            return
        claimed = ClaimedShare.read(record)
        why = claimed.why
        if why is None and claimed.recipient:
            try:
                person = await self._gateway.get_person(team, claimed.recipient)
            except SlackWorkError:  # it went on failing, and nothing is sent to somebody unknown
                person = None
            why = refusal(claimed.sender, team, person, guests=claimed.guests)
        if why is not None:
            await self._move(team, share_id, was=ShareState.SENT, to=ShareState.CANCELLED)
            await self._tell_now_or_later(team, share_id, claimed, NotSent(why))
        elif claimed.updates:
            await self._change_copy(team, share_id, claimed.updates, claimed)
        else:
            await self._send_copy(team, share_id, claimed)

    async def _claim(self, team: str, share_id: str) -> Record | None:
        """Decide whether to send; gives the record of a ClaimedShare, None if there is nothing to send."""
        share_and_run = await self._with_run(team, share_id)
        if share_and_run is None or share_and_run.stored.run.status is Status.DELETED:
            return None
        share, stored = share_and_run
        why: Refusal | Interruption | None = None
        match await self._store.shares.claim(team, share_id, most=MOST_A_DAY, doubtful=in_doubt()):
            case Claim.NOT_THERE:
                return None
            case Claim.TOO_MANY:
                why = Refusal.TOO_MANY
            case Claim.CLAIMED:
                why = await self._why_not(team, share, stored)
            case _ as never:
                assert_never(never)
        return ClaimedShare(
            **round_place(stored),
            recipient=share.recipient,
            place=share.place,
            updates=share.updates,
            guests=self.allows_guests,
            made_at=share.made_at,
            replies=len(share.message["replies"]),
            why=why,
        ).record()

    async def _why_not(self, team: str, share: Share, stored: StoredRun) -> Refusal | Interruption | None:
        """Say what has come between a preview and its sending; None for nothing."""
        if not share.recipient:
            return Interruption.FORGOTTEN
        shows_grading = Part.GRADED in share.parts and share.graded is not None
        regraded = shows_grading and share.graded != graded_as(stored.run.graded)
        if regraded or stored.answers_version != share.run_version or not stored.run.shareable:
            return Interruption.OUTDATED
        if await self._store.mutes.is_muted(team, share.recipient, stored.user):
            return Refusal.MUTED
        tells = TELLING.intersection(share.parts)
        if tells and await self._store.comparisons.is_open(team, stored.user, share.recipient):
            return Refusal.COMPARING
        if share.updates:
            former = await self._store.shares.get(team, share.updates)
            is_theirs = former and former.is_live and former.recipient == share.recipient
            is_there = is_theirs and ROOT in await self._store.shares.messages(team, share.updates)
            return None if is_there else Interruption.COPY_LOST
        return None

    def _not_sent(self, recipient: str, why: Refusal | Interruption, *, updates: bool) -> Render:
        def note(library: Library) -> Message:
            words = library.words.share
            to = share_blocks.named(recipient, library)
            match why:
                case Interruption.FORGOTTEN:
                    return blocks.say(words.forgotten)
                case Interruption.OUTDATED:
                    return blocks.say(words.outdated_update if updates else words.outdated)
                case Interruption.COPY_LOST:
                    return blocks.filled(fill(words.copy_lost, to=to))
                case Refusal():
                    reason = Mrkdwn(escape(share_blocks.reason(why, library, updates=updates)))
                    return blocks.filled(fill(words.not_changed if updates else words.not_sent, to=to, why=reason))
                case _ as never:
                    assert_never(never)

        return self._rendered(note)

    async def _send_copy(self, team: str, share_id: str, claimed: ClaimedShare) -> None:
        """Post a copy and its thread, and a receipt. What cannot be posted whole is taken back, and the sender told."""
        where = await self._where_to(team, claimed)
        if where is None:
            await self._move(team, share_id, was=ShareState.SENT, to=ShareState.FAILED)
            await self._tell_now_or_later(team, share_id, claimed, became(Sentence.NO_GROUP))
            return
        posted: Places = {}
        copy = self._copy(team, share_id, only_if_sent=True)
        delivery, channel, root_ts = await self._gateway.deliver_message(team, where, copy)
        stays = delivery is Delivery.DELIVERED
        if stays:
            posted[ROOT] = MessageAt(channel, root_ts)
            stays = await step("remember copy", self._store.shares.put_message, team, share_id, ROOT, channel, root_ts)
        for number in range(claimed.replies):
            if not stays:
                break
            reply = await self._post_reply(team, share_id, number, channel, root_ts)
            delivery, stays = reply.delivery, reply.stays
            if reply.at:
                posted[str(number)] = reply.at
        if stays and await step("sent", self._note_sent, team, share_id):
            await self._post_receipt(team, share_id, claimed)
            await self._show_home(team, claimed, "shared")
        elif posted:
            await self._take_back_part(team, share_id, claimed, posted, doubtful=delivery is Delivery.UNCERTAIN)
        else:
            await self._end_undelivered(team, share_id, claimed, delivery)

    async def _end_undelivered(self, team: str, share_id: str, claimed: ClaimedShare, delivery: Delivery) -> None:
        """Write down, and tell the sender, that nothing of a copy has arrived, as far as is known."""
        is_uncertain = delivery is Delivery.UNCERTAIN
        to = ShareState.UNCERTAIN if is_uncertain else ShareState.FAILED
        await self._move(team, share_id, was=ShareState.SENT, to=to)
        if is_uncertain:
            await self._show_home(team, claimed, "uncertain")
        if await step("round", self._has_round, team, claimed.run):
            await self._tell_now_or_later(team, share_id, claimed, became(UNDELIVERED[delivery]))
        elif is_uncertain:
            await self._note_unconfirmed(team, share_id, claimed)
            await self._tell_now_or_later(team, share_id, claimed, became(Sentence.PERHAPS_OF_DELETED))

    async def _note_unconfirmed(self, team: str, share_id: str, claimed: ClaimedShare) -> None:
        """Remember that something of a deleted round may stand, of which nobody knows where."""
        await self._note_left(team, claimed.sender)

        async def note() -> None:
            copy = UnconfirmedCopy(share_id, claimed.run, claimed.made_at, time.time())
            await self._store.share_traces.note_unconfirmed(team, claimed.recipient, copy)

        if claimed.recipient and claimed.place is Place.DIRECT:
            await step("note unconfirmed", note)

    async def _tell_now_or_later(self, team: str, share_id: str, subject: Subject, news: News) -> None:
        """Tell the sender what they would not hear of otherwise.

        If Slack goes on failing, other work tells it later, for as long as it is true: this work has to end, as a round
        is not deleted while it is being shared. Any other failure is logged only, as there is more to do than to tell.
        """
        of_deleted_round = isinstance(news, Became) and news.of_deleted
        try:
            await self._tell(team, subject, self._sentence(subject, news), apart=of_deleted_round)
        except SlackWorkError as error:
            run = subject.run
            log.warning("a sender does not know yet what became of a share", run=run, share=share_id, error=str(error))
            if isinstance(error, UncertainError) or not isinstance(error, UnavailableError):
                return
            stands = await step("stands", self._stands, team, share_id)
            key = Work.TELL_SENDER.key(team, run, short_digest(current_key()))
            if of_deleted_round:  # true whatever comes since, and no work of it will be left
                stands, key = [], Work.TELL_WHAT_STAYED.key(team, subject.sender, short_digest(current_key()))
            if stands is not None:
                about = Subject.read(subject.record()).record()  # nothing else of what a subclass holds
                await jobs.start(key, share_worker.tell_later, team, share_id, about, *news.record(), stands)

    @workflow
    async def tell_later(
        self, team: str, share_id: str, about: Record, name: str, why: str | None, stands: list[Any]
    ) -> None:
        """Tell the sender what Slack did not take before, each hour of a day, unless something has come since.

        about: of a Subject. name, why: of a piece of news. stands: of the Standing of the share then; empty for what
        stays true whatever becomes of the share and its round.
        """
        subject, news = Subject.read(about), read_news(name, why)
        then = Standing.read(stands) if stands else None

        async def is_so() -> bool:
            return then is None or await self._is_still_so(team, share_id, subject, news, then)

        for number in range(1, TRIES + 1):
            await pause(BETWEEN_TRIES)
            if not await step("is so", is_so):
                return
            try:
                await self._tell(team, subject, self._sentence(subject, news), apart=then is None)
            except UnavailableError as error:
                if isinstance(error, UncertainError) or number == TRIES:
                    raise
            else:
                return

    async def _is_still_so(self, team: str, share_id: str, subject: Subject, news: News, then: Standing) -> bool:
        """Say whether what is to be told is as it was `then`, and nothing newer has reached the same person."""
        stands = await self._stands(team, share_id)
        if not await self._has_round(team, subject.run) or stands is None or Standing.read(stands) != then:
            return False
        if isinstance(news, NotSent) and isinstance(subject.updates, str):
            former = await self._store.shares.get(team, subject.updates)
            if former is None or not former.is_live:
                return news.why is Interruption.COPY_LOST
            return former.made_at <= then.made_at
        if subject.updates or not is_nothing_there(news):
            return True
        live = [share for share in await self._store.shares.live(team, subject.sender) if share.id != share_id]
        return not any(share.recipient == subject.recipient and share.made_at > then.made_at for share in live)

    async def _stands(self, team: str, share_id: str) -> list[Any] | None:
        """Give the record of the Standing of a share; None if there is none."""
        share = await self._store.shares.get(team, share_id)
        return Standing(share.state, share.made_at).record() if share else None

    def _sentence(self, subject: Subject, news: News) -> Render:
        match news:
            case NotSent(why):
                return self._not_sent(subject.recipient, why, updates=bool(subject.updates))
            case Became(sentences):
                return self._told(subject.recipient, *sentences)
            case _ as never:
                assert_never(never)

    async def _take_back_part(
        self, team: str, share_id: str, claimed: ClaimedShare, posted: Places, *, doubtful: bool
    ) -> None:
        """Take back what has arrived of a copy that did not arrive whole, or whose round was deleted meanwhile.

        doubtful: more may have arrived than was `posted`, so that it has to be looked for.
        """
        was_there = await step("round before", self._has_round, team, claimed.run)
        how = {"withdrawn": not was_there, "doubtful": doubtful}
        outcome = await self._take_back(team, share_id, posted, claimed.sender, **how)
        is_there = await step("round", self._has_round, team, claimed.run)
        if outcome is not TakenBack.DELETED and not is_there:
            await self._note_former_copy(team, claimed, posted[ROOT])
        if outcome is TakenBack.REFUSED:
            if await step("sent", self._note_sent, team, share_id):
                await self._tell_now_or_later(team, share_id, claimed, became(Sentence.PART_STANDS))
                await self._post_receipt(team, share_id, claimed)
            else:
                await self._note_left(team, claimed.sender)
                await self._tell_now_or_later(team, share_id, claimed, became(Sentence.NOT_TAKEN_BACK))
            return
        await self._move(team, share_id, was=ShareState.SENT, to=ShareState.FAILED)
        taken = Sentence.TAKEN_BACK
        if outcome is not TakenBack.DELETED:  # the recipient may have clicked meanwhile, which shows all of it again
            await self._update_copy(team, share_id, *posted[ROOT])
            taken = Sentence.TAKEN_BACK_BLANKED
        await step("empty", self._store.shares.empty, team, share_id)
        news = became(taken) if is_there else of_deleted(outcome, Sentence.DELETED_WHILE_SENT)
        await self._tell_now_or_later(team, share_id, claimed, news)

    # Receipts

    @workflow
    async def refresh_receipts(self, team: str, share_ids: list[str]) -> None:
        """Say at the receipts of these shares that their copies are of an older answer, where they are."""
        for share_id in share_ids:
            record = await step("outdated", self._note_outdated, team, share_id)
            if record is None:
                continue
            outdated = OutdatedCopy.read(record)
            if outdated.has_receipt:
                await self._show_receipt(team, share_id)
            else:
                await self._post_receipt(team, share_id, outdated)

    async def _note_outdated(self, team: str, share_id: str) -> Record | None:
        """Write down whether a sender is told that a copy is of an older answer.

        Gives the record of an OutdatedCopy; None if that has not changed.
        """
        if (share_and_run := await self._with_run(team, share_id)) is None:
            return None
        share, stored = share_and_run
        if not share.receipt_ts and await work_records.is_under_way([Work.SEND_SHARE.key(team, share.run, share_id)]):
            return None  # that posts the receipt, which says by itself how the copy stands
        is_outdated = await newer_run(self._store, team, share) is not None
        if not is_outdated and not share.told_outdated and not in_doubt():
            return None
        await self._store.shares.note_told_outdated(team, share_id, outdated=is_outdated)
        return OutdatedCopy(**round_place(stored), has_receipt=share.receipt_ts is not None).record()

    # Withdrawing

    @workflow
    async def withdraw(
        self,
        team: str,
        share_id: str,
        user: str,
        listed_at: str | None,
        clicked_in: list[str | None] | None = None,
    ) -> None:
        """Take a copy back, and say so.

        listed_at: where the list stood in which it was clicked, if it was in one. clicked_in: channel and thread of the
        receipt, if it was there; versions before this one have not recorded it.
        """
        while not await self._withdraw_as_it_stands(team, share_id, user, listed_at, clicked_in):
            pass  # what became of it has turned out meanwhile

    async def _withdraw_as_it_stands(
        self, team: str, share_id: str, user: str, listed_at: str | None, clicked_in: list[str | None] | None
    ) -> bool:
        """Take a copy back by what is known of it now; gives False if that was out of date before it was done."""
        record = await step("withdrawn by", self._claim_withdrawal, team, share_id, user)
        withdrawal, is_done = read_withdrawal(record) if record else None, True
        match withdrawal:
            case None:  # the round was deleted since, or it is somebody else's
                if clicked_in:
                    channel, ts = str(clicked_in[0]), clicked_in[1]
                    with contextlib.suppress(SlackWorkError):
                        gone = self._say("withdraw_gone")
                        await self._gateway.post_ephemeral(team, channel, user, gone, thread_ts=ts)
            case LostCopy():
                is_done = await self._withdraw_lost(team, share_id, withdrawal)
            case KnownCopy():
                await self._withdraw_known(team, share_id, withdrawal)
            case UnknownPlace():
                try:
                    await self._tell(team, withdrawal, self._say("withdraw_unknown"))
                except SlackWorkError as error:  # Home and the list still say that it may be there
                    log.warning("a sender does not know that a copy is not found", share=share_id, error=str(error))
            case EndedBefore():  # which its receipt may not say yet
                await self._show_receipt(team, share_id)
            case _ as never:
                assert_never(never)
        if withdrawal and listed_at != FROM_HOME:
            await self._show_home(team, withdrawal, "withdrawn")
        if listed_at:
            await self._show_list(team, user, listed_at)
        return is_done

    # What versions before this one have recorded or posted: a menu of people, a preview, and two buttons

    @workflow
    async def pick(self, team: str, channel: str, root_ts: str, run_id: str) -> None:
        """Say that sharing has a window now, to somebody who had clicked before it had."""
        await self._post_in_run(team, run_id, channel, root_ts, self._say("click_again"))

    @workflow
    async def preview(self, team: str, run_id: str, recipient: str, picker_ts: str) -> None:  # noqa: ARG002 - as recorded
        """Say so in place of a menu of people."""

        async def where() -> str | None:
            stored = await self._store.runs.get(team, run_id)
            return stored.channel if stored else None

        if channel := await step("look", where):
            await self._gateway.update_message(team, channel, picker_ts, self._say("click_again"))

    @workflow
    async def send(self, team: str, share_id: str, channel: str, confirm_ts: str) -> None:  # noqa: ARG002 - as recorded
        """Say so in place of the buttons below a preview; nothing is sent."""
        await self._gateway.update_message(team, channel, confirm_ts, self._say("click_again"))

    @workflow
    async def cancel(self, team: str, share_id: str, channel: str, confirm_ts: str) -> None:  # noqa: ARG002 - as recorded
        """As `send`."""
        await self._gateway.update_message(team, channel, confirm_ts, self._say("click_again"))


share_worker = ShareWorker("share")
