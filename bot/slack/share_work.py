"""The work of sharing: sending what was previewed, keeping its receipt up to date, and withdrawing it."""

import contextlib
import time
from typing import Any

import structlog

from bot import jobs, work_records
from bot.domain.quiz_run import Status
from bot.domain.share import MOST_A_DAY, TELLING, Delivery, Part, Place, Refusal, refusal
from bot.jobs import current_key, in_doubt, pause, step, worker, workflow
from bot.knowledge import Library
from bot.slack import blocks, share_blocks
from bot.slack.gateway import Render
from bot.slack.pieces import Message
from bot.slack.share_copies import Places, as_places
from bot.slack.share_messages import FROM_HOME, Record, copy_key, round_place
from bot.slack.share_rows import newer_run
from bot.slack.share_update import DELETED_MEANWHILE, LEFT, UpdatingWorker, of_deleted
from bot.slack.slack_calls import SlackWorkError, UnavailableError, UncertainError
from bot.slack.text import Mrkdwn, escape, fill
from bot.slack.work import Work, short_digest
from bot.storage import ROOT, Claim, Share, ShareState, StoredRun, graded_as
from bot.storage.share_traces import UnconfirmedCopy

# What is not so any more once a newer share has reached the same person: that they have nothing of it.
NOTHING_THERE = {
    *(Delivery.RESTRICTED, Delivery.REFUSED, Delivery.UNREACHABLE, Delivery.UNCERTAIN),
    *("not_sent", "no_group", "taken_back", "taken_back_blanked"),
}
NOT_TAKEN_BACK = "not_taken_back"
PERHAPS_OF_DELETED = "perhaps_of_deleted"
WITHDRAWN = "deleted_while_withdrawn"
NOT_FOUND, NOT_LOOKED = "deleted_not_found", "deleted_not_looked"
WHILE_SENT = "deleted_while_sent"
# What became of a copy whose round was deleted meanwhile: that stays so, whatever comes since.
OF_DELETED = {
    *(NOT_TAKEN_BACK, LEFT, PERHAPS_OF_DELETED, DELETED_MEANWHILE),
    *(WITHDRAWN, NOT_FOUND, NOT_LOOKED, WHILE_SENT),
}
TRIES, BETWEEN_TRIES = 24, 3600.0  # how often, and after how many seconds, to say what Slack did not take

log = structlog.get_logger()


@worker()
class ShareWorker(UpdatingWorker):
    """Sends results to people, after their owners have seen exactly what will be sent.

    What is sent stands in the rows of `shares` and is read there by each step that sends it.
    """

    def allows_guests(self) -> bool:
        """Say whether results may be shared with guests and people of other organisations."""
        return self._services.share_guests

    # Sending

    @workflow
    async def deliver(self, team: str, share_id: str) -> None:
        """Send what was previewed, or put it in place of the copy that it updates, unless something came between."""
        claimed = await step("claim share", self._claim, team, share_id)
        if claimed is None:
            return
        sender, recipient = claimed["sender"], claimed["recipient"]
        why: str | None = claimed.get("why")
        if why is None and recipient:
            try:
                person = await self._gateway.get_person(team, recipient)
            except SlackWorkError:  # it went on failing, and nothing is sent to somebody unknown
                person = None
            why = refusal(sender, team, person, guests=claimed["guests"])
        if why is not None:
            await self._move(team, share_id, was=ShareState.SENT, to=ShareState.CANCELLED)
            await self._tell_now_or_later(team, share_id, claimed, "not_sent", why=why)
        elif claimed["updates"]:
            await self._change_copy(team, share_id, claimed)
        else:
            await self._send_copy(team, share_id, claimed)

    async def _claim(self, team: str, share_id: str) -> Record | None:
        """Decide whether to send."""
        known = await self._with_run(team, share_id)
        if known is None or known[1].run.status is Status.DELETED:
            return None
        share, stored = known
        claim = await self._store.shares.claim(team, share_id, most=MOST_A_DAY, doubtful=in_doubt())
        if claim is Claim.NOT_THERE:
            return None
        claimed = round_place(stored) | {"recipient": share.recipient, "guests": self.allows_guests()}
        claimed |= {"place": share.place.value, "updates": share.updates, "made_at": share.made_at}
        claimed |= {"replies": len(share.message["replies"])}
        if claim is Claim.TOO_MANY:
            return claimed | {"why": Refusal.TOO_MANY.value}
        return claimed | {"why": await self._why_not(team, share, stored)}

    async def _why_not(self, team: str, share: Share, stored: StoredRun) -> str | None:
        """Name, as a key of `share` in words.yaml, what has come between a preview and its sending."""
        if not share.recipient:
            return "forgotten"
        shows_grading = Part.GRADED in share.parts and share.graded is not None
        regraded = shows_grading and share.graded != graded_as(stored.run.graded)
        if regraded or stored.answers_version != share.run_version or not stored.run.shareable:
            return "outdated"
        if await self._store.mutes.is_muted(team, share.recipient, stored.user):
            return Refusal.MUTED.value
        tells = TELLING.intersection(share.parts)
        if tells and await self._store.comparisons.is_open(team, stored.user, share.recipient):
            return Refusal.COMPARING.value
        if share.updates:
            former = await self._store.shares.get(team, share.updates)
            known = former and former.is_live and former.recipient == share.recipient
            return None if known and ROOT in await self._store.shares.messages(team, share.updates) else "copy_lost"
        return None

    def _not_sent(self, recipient: str, why: str, *, updates: bool) -> Render:
        def note(library: Library) -> Message:
            words = library.words.share
            to = share_blocks.named(recipient, library)
            if why in ("forgotten", "outdated"):
                return blocks.say(words.outdated_update if updates and why == "outdated" else getattr(words, why))
            if why == "copy_lost":
                return blocks.filled(fill(words.copy_lost, to=to))
            reason = Mrkdwn(escape(share_blocks.reason(why, library, updates=updates)))
            return blocks.filled(fill(words.not_changed if updates else words.not_sent, to=to, why=reason))

        return self._rendered(note)

    async def _send_copy(self, team: str, share_id: str, claimed: Record) -> None:
        """Post a copy and its thread, and a receipt. What cannot be posted whole is taken back, and the sender told."""
        where = await self._where_to(team, claimed)
        if where is None:
            await self._move(team, share_id, was=ShareState.SENT, to=ShareState.FAILED)
            await self._tell_now_or_later(team, share_id, claimed, "no_group")
            return
        posted: Places = {}
        copy = self._copy(team, share_id, only_if_sent=True)
        delivery, channel, root_ts = await self._gateway.deliver_message(team, where, copy)
        stays = delivery is Delivery.DELIVERED
        if stays:
            posted[ROOT] = [channel, root_ts]
            stays = await step("remember copy", self._store.shares.put_message, team, share_id, ROOT, channel, root_ts)
        for number in range(claimed["replies"]):
            if not stays:
                break
            delivery, stays = await self._post_reply(team, share_id, number, channel, root_ts, posted)
        if stays and await step("sent", self._note_sent, team, share_id):
            await self._post_receipt(team, share_id, claimed)
            await self._show_home(team, claimed, "shared")
        elif posted:
            await self._take_back_part(team, share_id, claimed, posted, doubtful=delivery is Delivery.UNCERTAIN)
        else:
            to = ShareState.UNCERTAIN if delivery is Delivery.UNCERTAIN else ShareState.FAILED
            await self._move(team, share_id, was=ShareState.SENT, to=to)
            if to is ShareState.UNCERTAIN:
                await self._show_home(team, claimed, "uncertain")
            if await step("round", self._has_round, team, claimed["run"]):
                await self._tell_now_or_later(team, share_id, claimed, delivery)
            elif to is ShareState.UNCERTAIN:
                await self._note_unconfirmed(team, share_id, claimed)
                await self._tell_now_or_later(team, share_id, claimed, PERHAPS_OF_DELETED)

    async def _note_former_copy(self, team: str, claimed: Record, root: list[str]) -> None:
        """Remember where the first message stands of a copy whose round was deleted; root: its channel and ts."""
        if claimed["recipient"] and claimed["place"] == Place.DIRECT:
            where = (*root, claimed["recipient"])
            await step("note copy", self._store.share_traces.note_former_copy, team, *where)

    async def _note_unconfirmed(self, team: str, share_id: str, claimed: Record) -> None:
        """Remember that something of a deleted round may stand, of which nobody knows where."""
        await self._note_left(team, claimed["sender"])

        async def note() -> None:
            copy = UnconfirmedCopy(share_id, claimed["run"], claimed["made_at"], time.time())
            await self._store.share_traces.note_unconfirmed(team, claimed["recipient"], copy)

        if claimed["recipient"] and claimed["place"] == Place.DIRECT:
            await step("note unconfirmed", note)

    async def _tell_now_or_later(
        self, team: str, share_id: str, claimed: Record, name: str, *, why: str | None = None
    ) -> None:
        """Tell the sender what else they would not hear of, as `_told` takes it, or why nothing was sent.

        Where Slack goes on failing, other work does, as long as it is so: a round is not deleted while it is being
        shared. What fails besides is logged, as there is more to do than to tell.
        """
        of_deleted_round = bool(OF_DELETED.intersection(name.split()))
        try:
            await self._tell(team, claimed, self._sentence(claimed, name, why), apart=of_deleted_round)
        except SlackWorkError as error:
            run = claimed["run"]
            log.warning("a sender does not know yet what became of a share", run=run, share=share_id, error=str(error))
            if isinstance(error, UncertainError) or not isinstance(error, UnavailableError):
                return
            stands = await step("stands", self._stands, team, share_id)
            about = {part: claimed[part] for part in ("sender", "channel", "root_ts", "run", "recipient")}
            about["updates"] = claimed.get("updates")
            key = Work.TELL_SENDER.key(team, run, short_digest(current_key()))
            if of_deleted_round:  # true whatever comes since, and no work of it will be left
                stands, key = [], Work.TELL_WHAT_STAYED.key(team, claimed["sender"], short_digest(current_key()))
            if stands is not None:
                await jobs.start(key, share_worker.tell_later, team, share_id, about, name, why, stands)

    @workflow
    async def tell_later(
        self, team: str, share_id: str, about: Record, name: str, why: str | None, stands: list[Any]
    ) -> None:
        """Tell the sender what Slack did not take before, each hour of a day, unless something has come since.

        about: as `round_place` has it, with the recipient. stands: how the share stood, as `_stands` gives it; empty
        for what is so whatever becomes of the share and its round.
        """

        async def is_so() -> bool:
            if not stands:
                return True
            if not await self._has_round(team, about["run"]) or await self._stands(team, share_id) != stands:
                return False
            if why and isinstance(about["updates"], str):  # which versions before this one have not recorded
                former = await self._store.shares.get(team, about["updates"])
                if former is None or not former.is_live:
                    return why == "copy_lost"
                return bool(former.made_at <= stands[1])
            if name not in NOTHING_THERE or about["updates"]:
                return True
            live = [share for share in await self._store.shares.live(team, about["sender"]) if share.id != share_id]
            return not any(share.recipient == about["recipient"] and share.made_at > stands[1] for share in live)

        for number in range(1, TRIES + 1):
            await pause(BETWEEN_TRIES)
            if not await step("is so", is_so):
                return
            try:
                await self._tell(team, about, self._sentence(about, name, why), apart=not stands)
            except UnavailableError as error:
                if isinstance(error, UncertainError) or number == TRIES:
                    raise
            else:
                return

    async def _stands(self, team: str, share_id: str) -> list[Any] | None:
        """Give the state of a share, and when what it shows was made; None if there is none."""
        share = await self._store.shares.get(team, share_id)
        return [share.state.value, share.made_at] if share else None

    def _sentence(self, claimed: Record, name: str, why: str | None) -> Render:
        if why:
            return self._not_sent(claimed["recipient"], why, updates=bool(claimed["updates"]))
        return self._told(name, claimed["recipient"])

    async def _where_to(self, team: str, claimed: Record) -> str | None:
        """Give the person, or the group of them and the sender, that a copy goes to; None if Slack opens no group."""
        if claimed["place"] != Place.GROUP:
            return str(claimed["recipient"])
        try:
            return await self._gateway.open_direct_message(team, claimed["sender"], claimed["recipient"])
        except SlackWorkError:
            return None

    async def _take_back_part(
        self, team: str, share_id: str, claimed: Record, posted: Places, *, doubtful: bool
    ) -> None:
        """Take back what has arrived of a copy that did not arrive whole, or whose round was deleted meanwhile.

        doubtful: more may have arrived than was `posted`, so that it has to be looked for.
        """
        was_there = await step("round before", self._has_round, team, claimed["run"])
        how = {"withdrawn": not was_there, "doubtful": doubtful}
        outcome = await self._take_back(team, share_id, posted, claimed["sender"], **how)
        is_there = await step("round", self._has_round, team, claimed["run"])
        if outcome != "deleted" and not is_there:
            await self._note_former_copy(team, claimed, posted[ROOT])
        if outcome != "refused":
            await self._move(team, share_id, was=ShareState.SENT, to=ShareState.FAILED)
            if outcome != "deleted":  # the recipient may have clicked meanwhile, which shows all of it again
                await self._update_copy(team, share_id, *posted[ROOT])
            await step("empty", self._store.shares.empty, team, share_id)
            name = "taken_back" if outcome == "deleted" else "taken_back_blanked"
            name = name if is_there else of_deleted(outcome, WHILE_SENT)
            await self._tell_now_or_later(team, share_id, claimed, name)
        elif await step("sent", self._note_sent, team, share_id):
            await self._tell_now_or_later(team, share_id, claimed, "part_stands")
            await self._post_receipt(team, share_id, claimed)
        else:
            await self._note_left(team, claimed["sender"])
            await self._tell_now_or_later(team, share_id, claimed, NOT_TAKEN_BACK)

    async def _note_sent(self, team: str, share_id: str) -> bool:
        """Remember that a share has arrived, unless its round is being deleted; gives whether it may stay."""
        share = await self._store.shares.get(team, share_id)
        is_there = share is not None and await self._has_round(team, share.run)
        return is_there and await self._store.shares.note_sent(team, share_id)

    # Receipts

    @workflow
    async def refresh_receipts(self, team: str, share_ids: list[str]) -> None:
        """Say at the receipts of these shares that their copies are of an older answer, where they are."""
        for share_id in share_ids:
            place = await step("outdated", self._note_outdated, team, share_id)
            if place and place["has_receipt"]:
                await self._show_receipt(team, share_id)
            elif place:
                await self._post_receipt(team, share_id, place)

    async def _note_outdated(self, team: str, share_id: str) -> Record | None:
        """Write down whether a sender is told that a copy is of an older answer; None if that has not changed.

        Otherwise it gives the place of the round, and whether there is a receipt.
        """
        if (known := await self._with_run(team, share_id)) is None:
            return None
        share, stored = known
        if not share.receipt_ts and await work_records.is_under_way([Work.SEND_SHARE.key(team, share.run, share_id)]):
            return None  # that posts the receipt, which says by itself how the copy stands
        is_outdated = await newer_run(self._store, team, share) is not None
        if not is_outdated and not share.told_outdated and not in_doubt():
            return None
        await self._store.shares.note_told_outdated(team, share_id, outdated=is_outdated)
        return round_place(stored) | {"has_receipt": share.receipt_ts is not None}

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
        claimed = await step("withdrawn by", self._claim_withdrawal, team, share_id, user)
        if claimed is None:  # the round was deleted since, or it is somebody else's
            if clicked_in:
                channel, ts = str(clicked_in[0]), clicked_in[1]
                with contextlib.suppress(SlackWorkError):
                    await self._gateway.post_ephemeral(team, channel, user, self._say("withdraw_gone"), thread_ts=ts)
        elif "key" in claimed:
            await self._withdraw_lost(team, share_id, claimed)
        elif "messages" in claimed:
            await self._withdraw(team, share_id, claimed)
        elif claimed["unknown"]:
            await self._tell(team, claimed, self._say("withdraw_unknown"))
        else:  # it was withdrawn before, which its receipt may not say yet
            await self._show_receipt(team, share_id)
        if claimed and listed_at != FROM_HOME:
            await self._show_home(team, claimed, "withdrawn")
        if listed_at:
            await self._show_list(team, user, listed_at)

    async def _claim_withdrawal(self, team: str, share_id: str, user: str) -> Record | None:
        """Decide what to take back: `messages`, or what was posted with `key` if it can be found; None for nothing.

        `unknown` says whether it is not known any more where the copy is.
        """
        known = await self._with_run(team, share_id)
        if known is None or known[1].user != user:
            return None
        share, stored = known
        claimed = round_place(stored) | {"recipient": share.recipient, "unknown": False}
        messages = await self._store.shares.messages(team, share_id)
        if ROOT not in messages:
            if not share.is_lost or not share.recipient:
                return claimed | {"unknown": share.is_live or share.is_lost}
            return claimed | {
                "key": copy_key(team, share.run, share_id),
                "place": share.place.value,
                "since": share.made_at,
                "was": share.state.value,
            }
        if share.is_live or share.is_lost:
            withdrawn = await self._store.shares.withdraw(team, share_id, was=share.state)
            return claimed | {"messages": as_places(withdrawn)} if withdrawn else claimed
        # Nobody else takes back what is withdrawn already, unless that died before it could record so.
        again = in_doubt() and share.state is ShareState.WITHDRAWN and share.message
        return claimed | {"messages": as_places(messages)} if again else claimed

    async def _withdraw(self, team: str, share_id: str, claimed: Record) -> None:
        outcome = await self._take_back(team, share_id, claimed["messages"], claimed["sender"], withdrawn=True)
        if outcome == "refused":
            await self._move(team, share_id, was=ShareState.WITHDRAWN, to=ShareState.SENT)
            await step("sent", self._store.shares.note_sent, team, share_id)
        else:
            await step("empty", self._store.shares.empty, team, share_id)
        if not await step("round", self._has_round, team, claimed["run"]):
            if outcome == "refused":
                await self._note_left(team, claimed["sender"])
            await self._tell_now_or_later(team, share_id, claimed, of_deleted(outcome, WITHDRAWN))
            return
        await self._show_receipt(team, share_id)
        if outcome != "deleted":
            name = "not_withdrawn" if outcome == "refused" else outcome
            await self._tell_now_or_later(team, share_id, claimed, name)

    async def _withdraw_lost(self, team: str, share_id: str, claimed: Record) -> None:
        """Look for a copy of which Slack never said whether it arrived, and take it back if it did."""
        recipient = claimed["recipient"]
        where, found, is_known = (await self._where_to(team, claimed) if recipient else None), None, False
        if where is not None:
            with contextlib.suppress(SlackWorkError):
                found = await self._gateway.find_message(team, where, claimed["key"], since=claimed["since"])
                is_known = True
        outcome = "deleted"
        if found:
            outcome = await self._take_back(team, share_id, {ROOT: list(found)}, claimed["sender"], withdrawn=True)
        if not await step("round", self._has_round, team, claimed["run"]):  # its deletion has noted that it may stand
            if found:
                await self._note_former_copy(team, claimed, list(found))
            if is_known and outcome != "refused":  # also where its deletion has not come as far as that yet
                was = ShareState(claimed["was"])

                async def end_of_deleted() -> None:
                    await self._store.shares.withdraw(team, share_id, was=was)
                    await self._store.share_traces.forget_unconfirmed(team, share_id)

                await step("ended", end_of_deleted)
            name = NOT_FOUND if is_known else NOT_LOOKED
            name = of_deleted(outcome, WITHDRAWN) if found else name
            await self._tell_now_or_later(team, share_id, claimed, name)
            return
        if not is_known or outcome == "refused":
            name = "not_withdrawn" if is_known else "withdraw_not_looked"
            await self._tell_now_or_later(team, share_id, claimed, name)
            return
        was = ShareState(claimed["was"])

        async def end() -> bool:
            return await self._store.shares.withdraw(team, share_id, was=was) is not None or in_doubt()

        if await step("ended", end):
            if found:  # so that it is known that the recipient may have read it
                await step("had arrived", self._store.shares.note_time, team, share_id, "sent_at")
            await step("empty", self._store.shares.empty, team, share_id)
            name = "withdrawn_not_found" if not found else "withdrawn_found" if outcome == "deleted" else outcome
            await self._tell_now_or_later(team, share_id, claimed, name)

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
