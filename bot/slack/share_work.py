"""The work of sharing: sending what was previewed, changing and withdrawing it, telling what the recipient does."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from bot.domain.compare import is_comparable
from bot.domain.quiz import Status
from bot.domain.share import MOST_A_DAY, Delivery, Part, Place, Refusal, refusal
from bot.jobs import in_doubt, step, worker, workflow
from bot.knowledge import Library
from bot.slack import blocks, share_blocks, share_controls, shared_result
from bot.slack.gateway import CallResult, Render, SlackWorkError, recorded
from bot.slack.home import home_worker
from bot.slack.pieces import Message
from bot.slack.share_controls import SHARE_SEEN, SHARE_TABLE, SHARE_TALK
from bot.slack.slack_worker import SlackWorker
from bot.slack.text import Mrkdwn, escape, fill, mention
from bot.storage import ROOT, Share, ShareState, StoredRun

OFFER = "offer:"  # a slot of a copy: with the ts of the reply that may be passed on
TABLE = "table"  # a slot of a copy: the documents' table
SEEN_AT, TALK_AT, SENT_AT = "seen_at", "talk_at", "sent_at"  # times of a share
FROM_HOME = "home"  # where a list stood in which a share was withdrawn, if not at the address of a click

Record = dict[str, Any]  # what a step gives: plain data, and nothing that anybody wrote


@worker()
class ShareWorker(SlackWorker):
    """Sends results to people, after their owners have seen exactly what will be sent.

    What is sent stands in the rows of `shares` and is read there by each step that sends it. guests: whether a result
    may go to guests and to people of other organisations.
    """

    guests = False

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
            await self._tell(team, claimed, self._not_sent(recipient, why))
        elif claimed["updates"]:
            await self._change_copy(team, share_id, claimed)
        else:
            await self._send_copy(team, share_id, claimed)

    async def _claim(self, team: str, share_id: str) -> Record | None:
        """Decide whether to send; nobody but this work makes a share SENT: to find it so means that we did."""
        share = await self._store.shares.get(team, share_id)
        stored = await self._store.runs.get(team, share.run) if share else None
        if share is None or stored is None or stored.run.status is Status.DELETED:
            return None
        now = await self._store.shares.move(team, share_id, was=ShareState.PREVIEWED, to=ShareState.SENT)
        if now is not ShareState.SENT:
            return None
        claimed: Record = {"sender": stored.user, "recipient": share.recipient, "run": stored.id}
        claimed |= {"channel": stored.channel, "root_ts": stored.root_ts, "guests": self.guests}
        claimed |= {"place": share.place.value, "updates": share.updates, "replies": len(share.message["replies"])}
        return claimed | {"why": await self._why_not(team, share, stored)}

    async def _why_not(self, team: str, share: Share, stored: StoredRun) -> str | None:
        """Name, as a key of `share` in words.yaml, what has come between a preview and its sending."""
        if not share.recipient:
            return "forgotten"
        if stored.answers_version != share.run_version or not stored.run.shareable:
            return "outdated"
        if await self._store.shares.is_muted(team, share.recipient, stored.user):
            return Refusal.MUTED
        if share.updates:
            former = await self._store.shares.get(team, share.updates)
            known = former and former.is_live and former.recipient == share.recipient
            return None if known and ROOT in await self._store.shares.messages(team, share.updates) else "copy_lost"
        if await self._store.shares.count_sent_today(team, stored.id, but=share.id) >= MOST_A_DAY:
            return Refusal.TOO_MANY
        return None

    def _not_sent(self, recipient: str, why: str) -> Render:
        def note(library: Library) -> Message:
            words = library.words.share
            to, reason = mention(recipient), getattr(words, why)
            if why in ("forgotten", "outdated"):
                return blocks.say(reason)
            if why == "copy_lost":
                return blocks.filled(fill(reason, to=to))
            return blocks.filled(fill(words.not_sent, to=to, why=Mrkdwn(escape(reason))))

        return self._rendered(note)

    async def _send_copy(self, team: str, share_id: str, claimed: Record) -> None:
        """Post a copy and its thread, and a receipt. What cannot be posted whole is taken back, and the sender told."""
        sender, recipient = claimed["sender"], claimed["recipient"]
        where = recipient
        if claimed["place"] == Place.GROUP:
            try:
                group = await self._gateway.open_direct_message(team, sender, recipient)
            except SlackWorkError:
                group = None
            if group is None:
                await self._fail(team, share_id, claimed, "no_group")
                return
            where = group
        delivery, channel, root_ts = await self._gateway.deliver_message(team, where, self._copy(team, share_id))
        if delivery is Delivery.DELIVERED:
            await step("remember copy", self._store.shares.put_message, team, share_id, ROOT, channel, root_ts)
            for number in range(claimed["replies"]):
                delivery = await self._post_reply(team, share_id, number, channel, root_ts)
                if delivery is not Delivery.DELIVERED:
                    break
        if delivery is not Delivery.DELIVERED:
            await self._take_back(team, share_id, was=ShareState.SENT, to=ShareState.FAILED)
            await self._tell(team, claimed, self._told(delivery, recipient))
            return
        await step("sent", self._store.shares.note_time, team, share_id, SENT_AT)
        await self._post_receipt(team, share_id, claimed)

    async def _post_reply(self, team: str, share_id: str, number: int, channel: str, root_ts: str) -> Delivery:
        """Post a message of a copy's thread, by its number from 0."""
        reply = self._reply(team, share_id, number)
        delivery, _, ts = await self._gateway.deliver_message(team, channel, reply, thread_ts=root_ts)
        if ts:
            await step("remember reply", self._store.shares.put_message, team, share_id, str(number), channel, ts)
        return delivery

    async def _fail(self, team: str, share_id: str, claimed: Record, why: str) -> None:
        await self._move(team, share_id, was=ShareState.SENT, to=ShareState.FAILED)
        await self._tell(team, claimed, self._told(why, claimed["recipient"]))

    async def _change_copy(self, team: str, share_id: str, claimed: Record) -> None:
        """Put a newer result in place of the copy that somebody has."""
        former_id = claimed["updates"]

        async def former() -> Record | None:
            share = await self._store.shares.get(team, former_id)
            stored = await self._store.runs.get(team, share.run) if share else None
            if share is None or stored is None:
                return None
            messages = await self._store.shares.messages(team, former_id)
            kept = {"receipt_ts": share.receipt_ts, "run": share.run, "receipt_channel": stored.channel}
            return kept | {"messages": {slot: list(place) for slot, place in messages.items()}}

        before = await step("former copy", former)
        if before is None or ROOT not in before["messages"]:
            await self._fail(team, share_id, claimed, "copy_lost")
            return
        channel, root_ts = before["messages"][ROOT]
        changed = await self._gateway.update_message(team, channel, root_ts, self._copy(team, share_id, former_id))
        if changed.keys() & {"gone", "refused"}:
            await self._fail(team, share_id, claimed, "copy_lost")
            return
        if not await step("take over", self._store.shares.take_over, team, former_id, share_id):
            await self._fail(team, share_id, claimed, "copy_lost")
            return
        for number in range(claimed["replies"]):
            if str(number) in before["messages"]:
                _, ts = before["messages"][str(number)]
                await self._gateway.update_message(team, channel, ts, self._reply(team, former_id, number))
            else:
                await self._post_reply(team, former_id, number, channel, root_ts)
        for slot, (_, ts) in before["messages"].items():
            if slot.isdigit() and int(slot) >= claimed["replies"]:
                await self._gateway.delete_message(team, channel, ts)
                await step("drop reply", self._store.shares.drop_message, team, former_id, slot)
        if before["run"] == claimed["run"]:
            await self._show_receipt(team, former_id)
            return
        if before["receipt_ts"]:
            over = self._of_share(team, former_id, lambda share, _, library: share_blocks.updated_receipt(
                share.recipient, share.sent_at, library))  # fmt: skip
            await self._gateway.update_message(team, before["receipt_channel"], before["receipt_ts"], over)
        await self._post_receipt(team, former_id, claimed)

    # Receipts

    async def _post_receipt(self, team: str, share_id: str, claimed: Record) -> None:
        """Post a receipt in the thread of the round; the round may be gone by now."""
        render = self._receipt(team, share_id)
        posted = await self._gateway.post_message(team, claimed["channel"], render, thread_ts=claimed["root_ts"])
        if posted:
            await self._remember_in_run(team, claimed["run"], posted[1])
            await step("remember receipt", self._store.shares.set_receipt, team, share_id, posted[1])

    async def _show_receipt(self, team: str, share_id: str) -> None:
        """Bring the receipt of a share up to date."""

        async def where() -> list[str] | None:
            share = await self._store.shares.get(team, share_id)
            stored = await self._store.runs.get(team, share.run) if share else None
            return [stored.channel, share.receipt_ts] if share and stored and share.receipt_ts else None

        if place := await step("receipt", where):
            await self._gateway.update_message(team, place[0], place[1], self._receipt(team, share_id))

    @workflow
    async def refresh_receipts(self, team: str, share_ids: list[str]) -> None:
        """Say at the receipts of these shares that their copies are of an older answer."""
        for share_id in share_ids:
            await step("outdated", self._store.shares.note_told_outdated, team, share_id)
            await self._show_receipt(team, share_id)

    def _receipt(self, team: str, share_id: str) -> Render:
        async def receipt() -> Message | None:
            share = await self._store.shares.get(team, share_id)
            stored = await self._store.runs.get(team, share.run) if share else None
            if share is None or stored is None:
                return None
            newer = await self._store.shares.newer(team, share) is not None
            guide = None
            if stored.run.shareable and not newer:
                guide = shared_result.guide(stored.run, [Part(part) for part in share.parts], self._library)
            comparable = is_comparable(stored.run) and not newer
            return share_blocks.receipt(share, self._library, newer=newer, guide=guide, comparable=comparable)

        return receipt

    # Withdrawing

    @workflow
    async def withdraw(self, team: str, share_id: str, user: str, listed_at: str | None) -> None:
        """Take a copy back, and say so; listed_at: where the list stood in which it was clicked, if it was in one."""

        async def claim() -> Record | None:
            share = await self._store.shares.get(team, share_id)
            stored = await self._store.runs.get(team, share.run) if share else None
            if share is None or stored is None or stored.user != user or not share.is_live:
                return None
            place = {"channel": stored.channel, "root_ts": stored.root_ts, "run": stored.id}
            if not share.recipient:
                return place | {"unknown": True}
            return place | {"recipient": share.recipient}

        claimed = await step("withdrawn by", claim)
        if claimed and "unknown" in claimed:
            await self._tell(team, claimed, self._say("withdraw_unknown"))
        elif claimed:
            outcome = await self._take_back(team, share_id, was=ShareState.SENT, to=ShareState.WITHDRAWN)
            if outcome == "refused":
                await self._move(team, share_id, was=ShareState.WITHDRAWN, to=ShareState.SENT)
                await self._tell(team, claimed, self._told("not_withdrawn", claimed["recipient"]))
            elif outcome == "blanked":
                await self._tell(team, claimed, self._told("withdrawn_blanked", claimed["recipient"]))
            await self._show_receipt(team, share_id)
        if listed_at == FROM_HOME:
            await home_worker.show(team, user)
        elif listed_at:
            await self._gateway.respond(listed_at, self._list(team, user), replace=True)

    async def _take_back(self, team: str, share_id: str, *, was: ShareState, to: ShareState) -> str:
        """Delete the messages of a copy; where people have replied, the first stays and says that it was withdrawn.

        Gives "deleted", "blanked", or "refused" if Slack does not let us take back all of it.
        """
        await self._move(team, share_id, was=was, to=to)

        async def copy() -> dict[str, list[str]]:
            messages = await self._store.shares.messages(team, share_id)
            return {slot: list(place) for slot, place in messages.items()}

        messages = await step("copy", copy)
        if not messages:
            return "deleted"
        refused = False
        for slot, (channel, ts) in messages.items():
            if slot != ROOT:
                refused |= await self._is_refused(self._gateway.delete_message(team, channel, ts))
        channel, root_ts = messages[ROOT]
        outcome = "deleted"
        # Who may not look deletes nothing that people may have replied to.
        replied: bool | None = None
        with contextlib.suppress(SlackWorkError):
            replied = await self._gateway.has_replies(team, channel, root_ts, root_ts, patient=True)
        stays = replied is not False or await self._is_refused(self._gateway.delete_message(team, channel, root_ts))
        if stays:
            outcome = "blanked"
            blank = self._gateway.update_message(team, channel, root_ts, self._copy(team, share_id))
            refused |= await self._is_refused(blank)
        return "refused" if refused else outcome

    async def _is_refused(self, call: Awaitable[CallResult]) -> bool:
        """Say whether Slack did not do what it was asked, be it that it refuses or goes on failing."""
        try:
            return "refused" in await call
        except SlackWorkError:
            return True

    # What the recipient does

    @workflow
    async def handle_recipient(self, team: str, share_id: str, does: str, user: str, channel: str, ts: str) -> None:
        """Do what a button below a copy says, if it is the recipient's click; `ts`: of the message that was clicked."""

        async def act() -> Record:
            share = await self._store.shares.get(team, share_id)
            stored = await self._store.runs.get(team, share.run) if share else None
            if share is None or stored is None or not share.is_live:
                return {"told": "copy_gone"}
            if user != share.recipient:
                return {"told": "not_for_you"}
            new = False
            match does:
                case share_controls.SHARE_SEEN:
                    await self._store.shares.note_time(team, share_id, SEEN_AT)
                case share_controls.SHARE_TALK:
                    new = in_doubt()
                    new |= await self._store.shares.note_time(team, share_id, TALK_AT)
                case share_controls.SHARE_MUTE:
                    await self._store.shares.mute(team, share_id, user, stored.user)
                case share_controls.SHARE_UNMUTE:
                    await self._store.shares.unmute(team, user, stored.user)
            place = {"channel": stored.channel, "root_ts": stored.root_ts, "run": stored.id}
            return place | {"new": new, "recipient": user}

        acted = await step("act", act)
        if "told" in acted:
            await self._gateway.post_ephemeral(team, channel, user, self._say(acted["told"]))
            return
        if does == SHARE_TABLE:
            await self._post_table(team, share_id, channel, ts)
            return
        await self._gateway.update_message(team, channel, ts, self._copy(team, share_id))
        if does in (SHARE_SEEN, SHARE_TALK):
            await self._show_receipt(team, share_id)
        if does == SHARE_TALK and acted["new"]:
            await self._tell(team, acted, self._told("talks", user))

    async def _post_table(self, team: str, share_id: str, channel: str, root_ts: str) -> None:
        """Post the documents' table below a copy, once."""

        async def is_there() -> bool:
            return TABLE in await self._store.shares.messages(team, share_id)

        if await step("has table", is_there):
            return
        table = self._of_share(team, share_id, lambda _, stored, library: share_blocks.whole_table(stored, library))
        if posted := await self._gateway.post_message(team, channel, table, thread_ts=root_ts):
            await step("remember table", self._store.shares.put_message, team, share_id, TABLE, *posted)

    @workflow
    async def offer_to_pass_on(self, team: str, share_id: str, channel: str, root_ts: str, ts: str) -> None:
        """Ask the recipient whether a reply of theirs, at `ts`, is for the sender."""
        offer = self._of_share(
            team,
            share_id,
            lambda share, stored, library: share_blocks.ask_to_pass_on(share.id, ts, stored.user, library),
        )
        if posted := await self._gateway.post_message(team, channel, offer, thread_ts=root_ts):
            await step("remember offer", self._store.shares.put_message, team, share_id, f"{OFFER}{ts}", *posted)

    @workflow
    async def pass_on(
        self, team: str, share_id: str, user: str, channel: str, offer_ts: str, root_ts: str, ts: str, wanted: bool
    ) -> None:
        """Send the recipient's reply, at `ts`, to the sender's thread, if it is `wanted`.

        Its text is read for that alone, and kept nowhere.
        """

        async def look() -> Record | None:
            share = await self._store.shares.get(team, share_id)
            stored = await self._store.runs.get(team, share.run) if share else None
            if share is None or stored is None or share.recipient != user:
                return None
            place = {"channel": stored.channel, "root_ts": stored.root_ts, "run": stored.id}
            return place | {"sender": stored.user}

        found = await step("look", look)
        if found is None:
            await self._gateway.update_message(team, channel, offer_ts, self._say("copy_gone"))
            return
        if not wanted:
            await self._gateway.update_message(team, channel, offer_ts, self._say("not_passed_on"))
            return

        async def reply() -> Message | None:
            fetched = await self._gateway.get_message(team, channel, ts, thread_ts=root_ts)
            return share_blocks.reply(user, fetched.text, self._library) if fetched else None

        try:
            posted = await self._gateway.post_message(team, found["channel"], reply, thread_ts=found["root_ts"])
        except SlackWorkError:
            name = "pass_on_refused"
        else:
            name = "passed_on" if posted else "pass_on_gone"
            if posted:
                await self._remember_in_run(team, found["run"], posted[1])
        result = self._rendered(
            lambda library: blocks.filled(fill(getattr(library.words.share, name), sender=mention(found["sender"])))
        )
        await self._gateway.update_message(team, channel, offer_ts, result)

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

    # What is rendered in the step that sends it

    def _copy(self, team: str, share_id: str, in_place_of: str | None = None) -> Render:
        """Have the first message of a copy rendered; in_place_of: the share whose buttons it has."""

        def copy(share: Share, stored: StoredRun, library: Library, *, muted: bool) -> Message:
            shown = replace(share, id=in_place_of or share.id)
            return share_blocks.copy(shown, stored.user, library, muted=muted)

        async def now() -> Message | None:
            share = await self._store.shares.get(team, share_id)
            stored = await self._store.runs.get(team, share.run) if share else None
            if share is None or stored is None:
                return None
            if in_place_of:
                former = await self._store.shares.get(team, in_place_of)
                if former is None or not former.is_live:  # withdrawn meanwhile
                    return None
            muted = await self._store.shares.is_muted(team, share.recipient, stored.user)
            return copy(share, stored, self._library, muted=muted)

        return now

    def _reply(self, team: str, share_id: str, number: int) -> Render:
        async def reply() -> Message | None:
            share = await self._store.shares.get(team, share_id)
            return await recorded(share.message["replies"][number])() if share else None

        return reply

    def _of_share(
        self, team: str, share_id: str, render: Callable[[Share, StoredRun, Library], Message | None]
    ) -> Render:
        """Have something rendered from a share and its round as they are when it is said; nothing if they are gone."""

        async def now() -> Message | None:
            share = await self._store.shares.get(team, share_id)
            stored = await self._store.runs.get(team, share.run) if share else None
            return render(share, stored, self._library) if share and stored else None

        return now

    def _list(self, team: str, user: str) -> Render:
        async def listed() -> Message:
            return share_blocks.listed(await self._store.shares.live(team, user), self._library)

        return listed

    def _say(self, name: str) -> Render:
        return self._rendered(lambda library: blocks.say(getattr(library.words.share, name)))

    def _told(self, name: str, recipient: str) -> Render:
        return self._rendered(
            lambda library: blocks.filled(fill(getattr(library.words.share, name), to=mention(recipient)))
        )

    async def _tell(self, team: str, place: Record, render: Render) -> None:
        """Tell the sender something in the thread of the round."""
        await self._post_in_run(team, place["run"], place["channel"], place["root_ts"], render)

    async def _move(self, team: str, share_id: str, *, was: ShareState, to: ShareState) -> None:
        async def move() -> str | None:
            return await self._store.shares.move(team, share_id, was=was, to=to)

        await step(f"share {to}", move)


share_worker = ShareWorker("share")
