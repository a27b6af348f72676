"""Two workspaces never see each other's rows, whatever either does, with the same ids in both."""

import inspect
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select

from bot.domain.actions import Action, Answer, Delete, Pause, Remind, Reply, Skip
from bot.domain.compare import Accept, Follow, Side, Withdraw
from bot.domain.quiz import Transition, apply, begin
from bot.domain.quiz_content import OWN
from bot.domain.quiz_run import Run
from bot.domain.share import ShareState
from bot.knowledge import Library
from bot.storage import (
    BusyError,
    HelpRequest,
    Installation,
    Posted,
    Question,
    QuestionKind,
    ReplyState,
    SentDraft,
    Share,
    Store,
    StoredRun,
)
from bot.storage import Reply as StoredReply
from bot.storage.comparisons import Comparisons
from bot.storage.feedback import Feedback
from bot.storage.gaps import Gaps
from bot.storage.homes import Homes
from bot.storage.inbox import Inbox
from bot.storage.mutes import Mutes
from bot.storage.people import People
from bot.storage.replies import Replies
from bot.storage.runs import Runs
from bot.storage.share_arrivals import ShareArrivals
from bot.storage.share_traces import ShareTraces, UnconfirmedCopy
from bot.storage.shares import Shares
from bot.storage.tables import metadata
from tests.conftest import THOROUGH

MINE, THEIRS = "T_MINE", "T_THEIRS"
VOLATILE = {  # the clock's
    "answered_at", "begun_at", "made_at", "free_at", "held_at", "due_at", "finished_at", "posted_at", "changed_at",
    "welcomed_at", "hushed_at", "asked_at", "resolved_at",
    "told_at", "moved_at", "sent_at", "seen_at", "talk_at", "ended_at", "muted_at",
    "opened_at", "publish_at", "claimed_at",
}  # fmt: skip
HERE = Installation("U_BOT", "B_BOT", "secret", None, None, 100.0)


async def _renewed(found: Installation) -> Installation:
    return replace(found, token=found.token + "+")


def _calls(library: Library) -> dict[str, Callable[[Store, str, int], Awaitable[Any]]]:
    """One call of each method that takes a team, with ids drawn from a few."""
    quiz = library.quiz
    first = quiz.questions[0]
    actions: list[Action] = [
        Answer(prompt=1, question=first.id, choices=(first.choices[0].id,)),
        Reply(answers={question.id: (question.choices[0].id,) for question in quiz.questions}, ts="9.0"),
        Skip(),
        Pause(),
        Remind(),
        Delete(),
    ]

    def run(number: int) -> str:
        return f"r{number % 2}"

    def share(number: int) -> Share:
        return Share(f"s{number % 2}", run(number), 1, "U_MEI", {"text": str(number)}, ShareState.PREVIEWED)

    async def preview(store: Store, team: str, number: int) -> None:
        if await store.runs.get(team, run(number)):
            await store.shares.preview(team, share(number))

    return {
        "runs.begin": lambda store, team, n: store.runs.begin(
            team, run(n), begin(quiz), user="U_ANA", channel="D_ANA", root_ts=f"1.{run(n)}"
        ),
        "runs.record_message": lambda store, team, n: store.runs.record_message(
            team, run(n), f"prompt:{n}", Posted(f"2.{n}", "")
        ),
        "runs.forget_message": lambda store, team, n: store.runs.forget_message(team, run(n), f"prompt:{n}"),
        "runs.lose_thread": lambda store, team, n: store.runs.lose_thread(team, run(n), f"1.{run(n)}"),
        "runs.move_thread": lambda store, team, n: store.runs.move_thread(
            team, run(n), "D_ANA", Posted(f"4.{run(n)}", "")
        ),
        "runs.held": lambda store, team, n: store.runs.held(team, run(n), by=f"job{n}"),
        "runs.lease": lambda store, team, n: store.runs.lease(team, run(n), by=f"job{n}"),
        "runs.get": lambda store, team, n: _seen(store.runs.get(team, run(n))),
        "runs.in_thread": lambda store, team, n: _seen(store.runs.in_thread(team, "U_ANA", f"1.{run(n)}")),
        "runs.apply": lambda store, team, n: store.runs.apply(
            team, run(n), partial(_applied, actions[n]), by=f"job{n}", user=("U_ANA", None)[n % 2]
        ),
        "runs.release": lambda store, team, n: store.runs.release(team, run(n), by=f"job{n}", revision=n, shown={}),
        "runs.free": lambda store, team, n: store.runs.free(team, run(n), by=f"job{n}", unfinished=n % 2 == 0),
        "runs.history": lambda store, team, n: _listed(store, team),
        "runs.waiting": lambda store, team, n: _seen(store.runs.waiting(team, "U_ANA")),
        "runs.latest_result": lambda store, team, n: _seen(store.runs.latest_result(team, "U_ANA")),
        "runs.count": lambda store, team, n: store.runs.count(team, "U_ANA"),
        "runs.finished_before": lambda store, team, n: _seen(store.runs.finished_before(team, run(n), OWN)),
        "runs.begun_after": lambda store, team, n: store.runs.begun_after(team, run(n)),
        "runs.postpone": lambda store, team, n: store.runs.postpone(team, run(n), 1.0, 2.0),
        "runs.delete": lambda store, team, n: store.runs.delete(team, run(n)),
        "shares.preview": preview,
        "shares.get": _share,
        "shares.move": lambda store, team, n: store.shares.move(
            team, f"s{n % 2}", was=ShareState.PREVIEWED, to=(ShareState.SENT, ShareState.CANCELLED)[n % 2]
        ),
        "shares.note_time": lambda store, team, n: store.shares.note_time(team, f"s{n % 2}", "sent_at"),
        "shares.note_told_outdated": lambda store, team, n: store.shares.note_told_outdated(
            team, f"s{n % 2}", outdated=n % 2 == 0
        ),
        "shares.set_receipt": lambda store, team, n: store.shares.set_receipt(team, f"s{n % 2}", f"7.{n}"),
        "shares.claim": lambda store, team, n: store.shares.claim(team, f"s{n % 2}", most=1, doubtful=n % 2 == 0),
        "shares.note_sent": lambda store, team, n: store.shares.note_sent(team, f"s{n % 2}"),
        "shares.withdraw": lambda store, team, n: store.shares.withdraw(team, f"s{n % 2}", was=ShareState.SENT),
        "shares.confirm": lambda store, team, n: store.shares.confirm(team, f"s{n % 2}", "D_MEI", f"8.{n % 2}"),
        "shares.note_part_left": lambda store, team, n: store.shares.note_part_left(team, f"s{n % 2}", n % 2 == 0),
        "shares.uncertain_for": lambda store, team, n: _uncertain(store, team),
        "shares.forget_time": lambda store, team, n: store.shares.forget_time(team, f"s{n % 2}", "sent_at"),
        "shares.empty": lambda store, team, n: store.shares.empty(team, f"s{n % 2}"),
        "shares.give_back": lambda store, team, n: store.shares.give_back(team, "s0", "s1", 1.0),
        "shares.end_update": lambda store, team, n: store.shares.end_update(team, "s0", "s1"),
        "shares.shared_runs": lambda store, team, n: _shared_runs(store, team),
        "shares.take_over": lambda store, team, n: store.shares.take_over(team, "s0", "s1"),
        "shares.count_sent_today": lambda store, team, n: store.shares.count_sent_today(team, run(n)),
        "shares.last_recipient": lambda store, team, n: store.shares.last_recipient(team, "U_ANA"),
        "shares.live": lambda store, team, n: _live(store, team),
        "shares.newly_outdated": lambda store, team, n: _newly_outdated(store, team, run(n)),
        "shares.newer": lambda store, team, n: store.shares.newer(team, share(n)),
        "shares.put_message": lambda store, team, n: store.shares.put_message(
            team, f"s{n % 2}", "root", "D_MEI", f"8.{n % 2}"
        ),
        "shares.messages": lambda store, team, n: store.shares.messages(team, f"s{n % 2}"),
        "shares.drop_message": lambda store, team, n: store.shares.drop_message(team, f"s{n % 2}", "root"),
        "shares.of_root": lambda store, team, n: _of_root(store, team),
        "mutes.mute": lambda store, team, n: store.mutes.mute(team, f"s{n % 2}", "U_MEI", "U_ANA"),
        "mutes.unmute": lambda store, team, n: store.mutes.unmute(team, "U_MEI", "U_ANA"),
        "mutes.muted_with": lambda store, team, n: store.mutes.muted_with(team, f"s{n % 2}", "U_MEI"),
        "share_traces.note_former_copy": lambda store, team, n: store.share_traces.note_former_copy(
            team, "D_MEI", f"{n}.0", "U_MEI"
        ),
        "share_traces.note_unconfirmed": lambda store, team, n: store.share_traces.note_unconfirmed(
            team, "U_MEI", UnconfirmedCopy(f"s{n % 2}", run(n), 1.0, 2.0)
        ),
        "share_traces.forget_unconfirmed": lambda store, team, n: store.share_traces.forget_unconfirmed(
            team, f"s{n % 2}"
        ),
        "share_traces.unconfirmed_for": lambda store, team, n: store.share_traces.unconfirmed_for(team, "U_MEI"),
        "shares.direct_copies": lambda store, team, n: store.shares.direct_copies(team, "U_ANA", "U_MEI"),
        "comparisons.invitations": lambda store, team, n: store.comparisons.invitations(team, "U_ANA", "U_MEI"),
        "share_traces.note_unlisted": lambda store, team, n: store.share_traces.note_unlisted(team, "U_ANA"),
        "mutes.unmute_of": lambda store, team, n: store.mutes.unmute_of(team, f"s{n % 2}", "U_MEI"),
        "mutes.muted_by": lambda store, team, n: store.mutes.muted_by(team, "U_MEI"),
        "mutes.is_muted": lambda store, team, n: store.mutes.is_muted(team, "U_MEI", "U_ANA"),
        "share_traces.is_former_copy": lambda store, team, n: store.share_traces.is_former_copy(
            team, "D_MEI", f"{n}.0"
        ),
        "share_traces.has_shared_what_is_deleted": lambda store, team, n: store.share_traces.has_shared_what_is_deleted(
            team, "U_ANA"
        ),
        "share_traces.former_reveals": lambda store, team, n: store.share_traces.former_reveals(team, "U_ANA"),
        "shares.told_outdated": lambda store, team, n: store.shares.told_outdated(team, run(n)),
        "share_arrivals.latest_unanswered": lambda store, team, n: store.share_arrivals.latest_unanswered(
            team, "D_MEI", "U_MEI", since=0.0
        ),
        "share_arrivals.latest": lambda store, team, n: store.share_arrivals.latest(team, "D_MEI", "U_MEI", since=0.0),
        "record_answer": lambda store, team, n: store.record_answer(team, "C_ASK", f"3.{n % 2}", f"entry-{n}"),
        "forget_answer": lambda store, team, n: store.forget_answer(team, "C_ASK", f"3.{n % 2}", f"entry-{n}"),
        "last_answer": lambda store, team, n: store.last_answer(team, "C_ASK", f"3.{n % 2}"),
        "take_turn": lambda store, team, n: _turn(store, team),
        "try_turn": lambda store, team, n: _try_turn(store, team),
        "install": lambda store, team, n: store.install(team, replace(HERE, token=f"secret-{n}")),
        "installation": lambda store, team, n: store.installation(team),
        "first_steps_told_to": lambda store, team, n: store.first_steps_told_to(team),
        "record_first_steps": lambda store, team, n: store.record_first_steps(team, f"U{n}"),
        "renew": lambda store, team, n: store.renew(team, _renewed),
        "replies.hold": _held,
        "replies.hold_new": lambda store, team, n: store.replies.hold_new(
            team, "C_ASK", _reply(n), by=f"job{n % 2}", last_answers={f"8.{n % 2}": "spacex"}
        ),
        "replies.settle": lambda store, team, n: store.replies.settle(team, "C_ASK", _reply(n), by=f"job{n % 2}"),
        "replies.hold_posted": _held_posted,
        "replies.last_at_top_level": lambda store, team, n: store.replies.last_at_top_level(
            team, "C_ASK", before="9.0", within=60.0
        ),
        "replies.get": lambda store, team, n: store.replies.get(team, "C_ASK", f"5.{n % 2}"),
        "replies.of_answer": lambda store, team, n: store.replies.of_answer(team, "C_ASK", f"6.{n % 2}"),
        "replies.latest_in_thread": lambda store, team, n: store.replies.latest_in_thread(
            team, "C_ASK", "4.0", ["answer"]
        ),
        "replies.undecided": lambda store, team, n: store.replies.undecided(
            team, f"{'DC'[n % 2]}_ASK", _reply(n), ["answer"], within=60.0
        ),
        "replies.posted_since": lambda store, team, n: store.replies.posted_since(team, 0.0, ("", ""), 9),
        "replies.around": lambda store, team, n: store.replies.around(team, "C_ASK", "4.0", "U_ANA", ["channel"]),
        "replies.claim_entries": lambda store, team, n: store.replies.claim_entries(
            team, "C_ASK", ["mts", f"entry-{n}"], f"5.{n % 2}", 600.0
        ),
        "replies.renew": lambda store, team, n: store.replies.renew(team, "C_ASK", _reply(n), by=f"job{n}", seconds=9),
        "replies.release": lambda store, team, n: store.replies.release(team, [f"job{n % 2}"]),
        "replies.is_held": lambda store, team, n: store.replies.is_held(team, "C_ASK", f"5.{n % 2}"),
        "replies.links": lambda store, team, n: store.replies.links(team, "C_ASK", f"5.{n % 2}"),
        "replies.note_shared": lambda store, team, n: store.replies.note_shared(
            team, "C_ASK", at=float(n), shared=n % 2 == 0
        ),
        "replies.channel": lambda store, team, n: _mode(store, team),
        "replies.set_mode": lambda store, team, n: store.replies.set_mode(
            team, "C_ASK", f"mode{n}", by="U_ANA", at=float(n)
        ),
        "replies.mark_welcomed": lambda store, team, n: store.replies.mark_welcomed(team, "C_ASK"),
        "replies.hush": lambda store, team, n: store.replies.hush(team, "C_ASK", f"4.{n % 2}", by="U_ANA"),
        "replies.choices_of": lambda store, team, n: store.replies.choices_of(team, "U_ANA"),
        "replies.choose": lambda store, team, n: store.replies.choose(
            team, "U_ANA", answers_unasked=(None, True, False)[n % 3], news=n % 2 == 0
        ),
        "people.is_greeted": lambda store, team, n: store.people.is_greeted(team, f"U{n % 2}"),
        "people.release_greeting": lambda store, team, n: store.people.release_greeting(team, f"U{n % 2}", float(n)),
        "people.claim_greeting": lambda store, team, n: store.people.claim_greeting(team, f"U{n % 2}", float(n)),
        "people.run_ids": lambda store, team, n: _sorted(store.people.run_ids(team, "U_ANA")),
        "people.direct_messages": lambda store, team, n: _sorted(store.people.direct_messages(team, "U_ANA")),
        "people.references": lambda store, team, n: _sorted(store.people.references(team, "U_ANA")),
        "people.export": lambda store, team, n: _exported(store, team),
        "people.forget": lambda store, team, n: store.people.forget(team, "U_ANA", ["C_ASK"][: n % 2]),
        "homes.open": lambda store, team, n: store.homes.open(team, f"U{n % 2}", float(n)),
        "homes.is_opened": lambda store, team, n: store.homes.is_opened(team, f"U{n % 2}"),
        "homes.look": lambda store, team, n: store.homes.look(
            team, f"U{n % 2}", ("topics", "notice")[n % 2], {"number": n}, float(n)
        ),
        "homes.take_notice_away": lambda store, team, n: store.homes.take_notice_away(team, f"U{n % 2}", float(n)),
        "homes.claim_draft": lambda store, team, n: store.homes.claim_draft(team, f"U{n % 2}", "gap", float(n)),
        "homes.record_draft": lambda store, team, n: store.homes.record_draft(
            team, f"U{n % 2}", "gap", float(n), SentDraft(f"D{n}", f"{n}.0")
        ),
        "homes.drafts": lambda store, team, n: store.homes.drafts(team, f"U{n % 2}"),
        "homes.shows": lambda store, team, n: store.homes.shows(team, f"U{n % 2}"),
        "homes.hash": lambda store, team, n: store.homes.hash(team, f"U{n % 2}"),
        "homes.replace_hash": lambda store, team, n: store.homes.replace_hash(
            team, f"U{n % 2}", was=(None, "0.a")[n % 2], now=f"{n}.a"
        ),
        "homes.note_begun": lambda store, team, n: store.homes.note_begun(team, f"U{n % 2}", float(n)),
        "homes.set_up": lambda store, team, n: store.homes.set_up(team, has_contact=n % 2 == 0),
        "gaps.record": lambda store, team, n: store.gaps.record(team, _question(n)),
        "gaps.replace": lambda store, team, n: store.gaps.replace(
            team, replace(_question(n), text="Another", revision="8.0")
        ),
        "gaps.decide_suggestion": lambda store, team, n: store.gaps.decide_suggestion(
            team, f"C_ASK:7.{n % 2}", "U_ANA", (QuestionKind.CHOSEN, QuestionKind.DECLINED)[n % 2], "mts"
        ),
        "gaps.get": lambda store, team, n: store.gaps.get(team, f"C_ASK:7.{n % 2}"),
        "gaps.listed": lambda store, team, n: store.gaps.listed(team),
        "gaps.unanswered": lambda store, team, n: store.gaps.unanswered(team, "", 9),
        "gaps.followed": lambda store, team, n: store.gaps.followed(team),
        "gaps.follow": lambda store, team, n: store.gaps.follow(team, f"{n}:digest", None),
        "gaps.close": lambda store, team, n: store.gaps.close(team, [f"C_ASK:7.{n % 2}"], f"entry-{n}"),
        "gaps.has_got": lambda store, team, n: store.gaps.has_got(team, "U_ANA", [f"entry-{n}"], since=0.0),
        "gaps.was_told": lambda store, team, n: store.gaps.was_told(team, "U_ANA", f"entry-{n}"),
        "gaps.mark_told": lambda store, team, n: store.gaps.mark_told(team, "U_ANA", f"entry-{n}"),
        "gaps.digest_channel": lambda store, team, n: store.gaps.digest_channel(team, f"2026-W4{n}"),
        "gaps.mark_digest": lambda store, team, n: store.gaps.mark_digest(team, f"2026-W4{n}"),
        "feedback.entry_usage": lambda store, team, n: store.feedback.entry_usage(team),
        "gaps.forget": lambda store, team, n: store.gaps.forget(team, "C_ASK", f"7.{n % 2}", "9.0"),
        "gaps.remove": lambda store, team, n: store.gaps.remove(team, f"C_ASK:7.{n % 2}"),
        "comparisons.begin": lambda store, team, n: store.comparisons.begin(
            team, f"c{n % 2}", run(n), sender="U_ANA", manager="U_MEI", by=f"job{n}"
        ),
        "comparisons.note_exposed": lambda store, team, n: store.comparisons.note_exposed(
            team, f"c{n % 2}", [tuple(Side)[n % 2].value]
        ),
        "comparisons.note_still_exposed": lambda store, team, n: store.comparisons.note_still_exposed(
            team, f"c{n % 2}", [tuple(Side)[n % 2].value], of=[side.value for side in Side]
        ),
        "comparisons.make_due": lambda store, team, n: store.comparisons.make_due(team, f"c{n % 2}", f"job{n}"),
        "comparisons.note_not_posted": lambda store, team, n: store.comparisons.note_not_posted(
            team, f"c{n % 2}", "both", by=f"job{n}"
        ),
        "comparisons.get": lambda store, team, n: store.comparisons.get(team, f"c{n % 2}"),
        "comparisons.is_known_to": lambda store, team, n: store.comparisons.is_known_to(team, "U_ANA", "U_MEI"),
        "comparisons.why_not_invite": lambda store, team, n: store.comparisons.why_not_invite(
            team, "U_ANA", "U_MEI", but=f"c{n % 2}"
        ),
        "comparisons.is_open": lambda store, team, n: store.comparisons.is_open(team, "U_ANA", "U_MEI"),
        "comparisons.open_with": lambda store, team, n: store.comparisons.open_with(team, run(n), "U_MEI"),
        "comparisons.revealed": lambda store, team, n: store.comparisons.revealed(team, "U_ANA"),
        "comparisons.begun_by": lambda store, team, n: store.comparisons.begun_by(team, f"c{n % 2}"),
        "comparisons.take_over_begin": lambda store, team, n: store.comparisons.take_over_begin(
            team, f"c{n % 2}", was=f"job{n}", by=f"job{n + 1}"
        ),
        "comparisons.hold_reveal": lambda store, team, n: store.comparisons.hold_reveal(
            team, f"c{n % 2}", float(n), copy="both", by=f"job{n}"
        ),
        "comparisons.open_of_run": lambda store, team, n: store.comparisons.open_of_run(team, run(n)),
        "comparisons.open_of_person": lambda store, team, n: _sorted(store.comparisons.open_of_person(team, "U_ANA")),
        "comparisons.move": lambda store, team, n: store.comparisons.move(
            team, f"c{n % 2}", (Accept(), Follow(), Withdraw(Side.SENDER))[n % 3], by=f"job{n}"
        ),
        "comparisons.record_message": lambda store, team, n: store.comparisons.record_message(
            team, f"c{n % 2}", "receipt", (None, ("D_ANA", f"9.{n}"))[n % 2]
        ),
        "comparisons.take_due": lambda store, team, n: store.comparisons.take_due(
            team, f"c{n % 2}", float(n), by=f"job{n}"
        ),
        "replies.before": lambda store, team, n: store.replies.before(
            team, "C_ASK", replace(_reply(n), question_ts="9.0")
        ),
        "feedback.vote": lambda store, team, n: store.feedback.vote(
            team, "C_ASK", f"6.{n % 2}", "U_ANA", entry="mts", helpful=n % 3 == 0, at=float(n)
        ),
        "feedback.vote_of": lambda store, team, n: store.feedback.vote_of(team, "C_ASK", f"6.{n % 2}", "U_ANA"),
        "feedback.disputes": lambda store, team, n: store.feedback.disputes(team),
        "feedback.is_disputed": lambda store, team, n: store.feedback.is_disputed(team, "C_ASK", f"6.{n % 2}", "mts"),
        "feedback.set_reason": lambda store, team, n: store.feedback.set_reason(
            team, "C_ASK", f"6.{n % 2}", "U_ANA", f"reason{n}"
        ),
        "feedback.set_comment": lambda store, team, n: store.feedback.set_comment(
            team, "C_ASK", f"6.{n % 2}", "U_ANA", f"It is {n}"
        ),
        "feedback.claim_help": lambda store, team, n: store.feedback.claim_help(
            team, "U_ANA", "C_ASK", "5.0", by=f"job{n % 3}"
        ),
        "feedback.release_help": lambda store, team, n: store.feedback.release_help(
            team, "U_ANA", "C_ASK", "5.0", by=f"job{n % 3}"
        ),
        "feedback.record_help_request": lambda store, team, n: store.feedback.record_help_request(
            team, HelpRequest("C_EDITORS", f"8.{n % 2}", "U_ANA", "C_ASK", "5.0", f"entry-{n}")
        ),
        "feedback.help_request": lambda store, team, n: store.feedback.help_request(team, "C_EDITORS", f"8.{n % 2}"),
        "feedback.is_asked": lambda store, team, n: store.feedback.is_asked(team, "U_ANA", "C_ASK", "5.0"),
        "feedback.resolve": lambda store, team, n: store.feedback.resolve(
            team, "C_EDITORS", f"8.{n % 2}", by=("U_BEN", "U_MEI")[n % 2]
        ),
        "feedback.editors_channel": lambda store, team, n: store.feedback.editors_channel(team),
        "feedback.set_editors_channel": lambda store, team, n: store.feedback.set_editors_channel(
            team, ("C_EDITORS", None)[n % 2], by="U_ANA"
        ),
        "delete_team": lambda store, team, n: store.delete_team(team, gone_at=(50.0, 200.0)[n % 2]),
    }


async def _sorted(reading: Awaitable[list[str]]) -> list[str]:
    return sorted(await reading)


async def _exported(store: Store, team: str) -> dict[str, list[dict[str, Any]]]:
    """Export what is kept about somebody, but for what the clock says."""
    tables = await store.people.export(team, "U_ANA")
    return {
        name: sorted(({key: row[key] for key in row if key not in VOLATILE} for row in rows), key=str)
        for name, rows in tables.items()
    }


async def _share(store: Store, team: str, number: int) -> Share | None:
    """Give a share, but for what the clock says."""
    share = await store.shares.get(team, f"s{number % 2}")
    return replace(share, made_at=0.0, sent_at=bool(share.sent_at)) if share else None


async def _shared_runs(store: Store, team: str) -> list[str]:
    return sorted(await store.shares.shared_runs(team, "U_ANA"))


async def _live(store: Store, team: str) -> list[str]:
    return sorted(share.id for share in await store.shares.live(team, "U_ANA"))


async def _uncertain(store: Store, team: str) -> list[str]:
    return [share.id for share in await store.shares.uncertain_for(team, "U_MEI")]


async def _newly_outdated(store: Store, team: str, run_id: str) -> list[str]:
    return sorted(await store.shares.newly_outdated(team, run_id))


async def _of_root(store: Store, team: str) -> str | None:
    share = await store.shares.of_root(team, "D_MEI", "8.1")
    return share.id if share else None


def _question(number: int) -> Question:
    kind, place = (QuestionKind.SUGGESTED, QuestionKind.UNANSWERED)[number % 2], f"7.{number % 2}"
    return Question(f"C_ASK:{place}", "U_ANA", kind, f"Question {number}", "C_ASK", place, asked_at=9.0)


def _applied(action: Action, run: Run) -> Transition:
    return apply(run, action)


async def _seen(reading: Awaitable[StoredRun | None]) -> StoredRun | None:
    """Read a run, but for when it was begun."""
    found = await reading
    return replace(found, begun_at=datetime.fromtimestamp(0, UTC)) if found else None


async def _listed(store: Store, team: str) -> list[str]:
    return [each.id for each in await store.runs.history(team, "U_ANA", limit=9)]


async def _try_turn(store: Store, team: str) -> bool:
    return await store.try_turn(team, "chat.update", 1000.0, 1) > 0


def _reply(number: int) -> StoredReply:
    state = (ReplyState.POSTED, ReplyState.WITHDRAWN)[number % 2]
    said: dict[str, Any] = {"surface": "channel", "kind": "answer", "entries": ("mts",), "answer_ts": f"6.{number % 2}"}
    return StoredReply(f"5.{number % 2}", "4.0", "U_ANA", state=state, revision=str(number), replied_at=9.0, **said)


async def _held(store: Store, team: str, number: int) -> StoredReply | str | None:
    try:
        return await store.replies.hold(team, "C_ASK", _reply(number), by=f"job{number % 2}")
    except BusyError:
        return "busy"


async def _held_posted(store: Store, team: str, number: int) -> StoredReply | str | None:
    try:
        return await store.replies.hold_posted(team, "C_ASK", f"5.{number % 2}", by=f"job{number % 2}")
    except BusyError:
        return "busy"


async def _mode(store: Store, team: str) -> str | None:
    return (await store.replies.channel(team, "C_ASK")).mode


async def _turn(store: Store, team: str) -> bool:
    _, wait = await store.take_turn(team, "C_ASK", 1000.0)
    return wait > 0


def _rows(file: Path, team: str) -> dict[str, list[dict[str, Any]]]:
    engine, found = create_engine(f"sqlite:///{file}"), {}
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            if "team" in table.c:
                rows = connection.execute(select(table).where(table.c.team == team)).mappings()
                kept = [{name: value for name, value in row.items() if name not in VOLATILE} for row in rows]
                found[table.name] = sorted(kept, key=str)
    engine.dispose()
    return found


def test_every_method_that_takes_a_team_is_walked(library: Library):
    taking = {
        f"{part}{name}"
        for part, kind in (
            ("", Store),
            ("runs.", Runs),
            ("inbox.", Inbox),
            ("replies.", Replies),
            ("gaps.", Gaps),
            ("feedback.", Feedback),
            ("people.", People),
            ("comparisons.", Comparisons),
            ("shares.", Shares),
            ("share_arrivals.", ShareArrivals),
            ("share_traces.", ShareTraces),
            ("mutes.", Mutes),
            ("homes.", Homes),
        )
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and "team" in inspect.signature(method).parameters
    }

    assert taking == set(_calls(library))


@settings(max_examples=40 if THOROUGH else 20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_what_a_workspace_sees_does_not_depend_on_what_another_does(
    library: Library, migrated_sqlite: Path, data: st.DataObject
):
    calls = _calls(library)
    step = st.tuples(st.sampled_from(sorted(calls)), st.sampled_from((MINE, THEIRS)), st.integers(0, 5))
    steps = data.draw(st.lists(step, min_size=5, max_size=40))
    seen: dict[bool, list[Any]] = {True: [], False: []}
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        for alone in (True, False):
            file = Path(folder) / f"{alone}.db"
            shutil.copy(migrated_sqlite / "rolefit.db", file)
            store = await Store.open(f"sqlite+aiosqlite:///{file}")
            for name, team, number in steps:
                if team == MINE or not alone:
                    result = await calls[name](store, team, number)
                    seen[alone] += [(name, result)] * (team == MINE)
            await store.close()
            rows[alone] = _rows(file, MINE)

    assert seen[True] == seen[False]
    assert rows[True] == rows[False]
