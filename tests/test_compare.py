"""Comparing blind: what is shown is what both have agreed to show, and nothing else ever is."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import count, permutations
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from bot.domain import quiz as conversation
from bot.domain.actions import Action, Answer, Change, Manage, OpenPart, Reply
from bot.domain.compare import (
    Accept,
    Agree,
    Comparison,
    Deliver,
    Event,
    Follow,
    GiveUp,
    Lapse,
    Lose,
    Outcome,
    Rounds,
    Side,
    State,
    Transition,
    Versions,
    Withdraw,
    apply,
    compare,
    is_comparable,
)
from bot.domain.fit import Answers, recommend
from bot.domain.quiz_content import OTHER, OWN, PEOPLE, PURPOSE, ROLE, Question, TieBreak
from bot.domain.quiz_run import Run
from bot.knowledge import Library
from bot.slack import compare_blocks
from bot.slack.pieces import Message
from bot.storage import Moved, Store, StoredComparison
from bot.storage.tables import comparisons
from tests.conftest import THOROUGH

# How it stands

VERSIONS = st.integers(0, 2)
ROUNDS = st.builds(Rounds, st.none() | VERSIONS, st.none() | VERSIONS, st.sampled_from([None, None, None, None, *Side]))
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.just(Accept()),
    st.builds(Agree, st.sampled_from(Side), st.tuples(VERSIONS, VERSIONS)),
    st.just(Follow()),
    st.builds(Withdraw, st.sampled_from(Side)),
    st.builds(Lose, st.sampled_from(Side)),
    st.sampled_from([Lapse(), Deliver(), GiveUp()]),
)
STORIES = st.lists(st.tuples(EVENTS, ROUNDS), max_size=30)
FINAL = Rounds(1, 2)
ENDS: list[Event] = [Lapse(), *(kind(side) for kind in (Withdraw, Lose) for side in Side)]


def after(*events: Event, rounds: Rounds = FINAL, comparison: Comparison | None = None) -> Comparison:
    """Give a comparison after these events, with rounds that stay as they are."""
    comparison = comparison or Comparison()
    for event in events:
        comparison = apply(comparison, event, rounds).comparison
    return comparison


def agree(side: Side, rounds: Rounds = FINAL) -> Agree:
    assert rounds.versions
    return Agree(side, rounds.versions)


BOTH_ASKED = after(Accept(), Follow())
BOTH_AGREED = after(agree(Side.SENDER), agree(Side.MANAGER), comparison=BOTH_ASKED)
REVEALED = after(Deliver(), comparison=BOTH_AGREED)


@given(STORIES)
def test_nothing_is_revealed_unless_both_have_finished_and_agreed_to_just_these_answers(
    story: Sequence[tuple[Event, Rounds]],
):
    comparison, agreed = Comparison(), dict[Side, object]()
    for event, rounds in story:
        if isinstance(event, Agree) and event.versions == rounds.versions:
            agreed[event.side] = event.versions
        before, comparison = comparison, apply(comparison, event, rounds).comparison
        if comparison.state is State.AGREED and before.state is not State.AGREED:
            assert isinstance(event, Agree)
            assert rounds.versions == comparison.asked == agreed[Side.SENDER] == agreed[Side.MANAGER]
        if comparison.state is State.REVEALED and before.state is not State.REVEALED:
            assert (before.state, event) == (State.AGREED, Deliver())
            assert comparison.asked == before.asked


@given(STORIES, STORIES, st.sampled_from(ENDS), ROUNDS)
def test_after_it_has_ended_nothing_is_ever_revealed(
    before: Sequence[tuple[Event, Rounds]], later: Sequence[tuple[Event, Rounds]], end: Event, rounds: Rounds
):
    comparison = Comparison()
    for event, at in before:
        comparison = apply(comparison, event, at).comparison
    if comparison.state is State.REVEALED or (comparison.state is State.AGREED and end == Lapse()):
        return
    comparison = ended = apply(comparison, end, rounds).comparison
    assert not ended.is_open
    for event, at in later:
        comparison = apply(comparison, event, at).comparison
    assert comparison == ended


@given(STORIES, EVENTS, ROUNDS)
def test_an_event_that_comes_again_changes_nothing(story: Sequence[tuple[Event, Rounds]], event: Event, rounds: Rounds):
    comparison = Comparison()
    for earlier, at in story:
        comparison = apply(comparison, earlier, at).comparison
    once = apply(comparison, event, rounds)
    again = apply(once.comparison, event, rounds)

    assert again.comparison == once.comparison
    assert again.outcome is not Outcome.TAKEN
    assert (once.outcome is Outcome.TAKEN) == (once.comparison != comparison)


@pytest.mark.parametrize("order", list(permutations([agree(Side.SENDER), agree(Side.MANAGER), Follow(), Follow()])))
def test_the_order_in_which_both_agree_does_not_matter(order: tuple[Event, ...]):
    assert after(*order, comparison=BOTH_ASKED) == Comparison(State.AGREED, (1, 2), frozenset(Side))


@given(STORIES)
def test_what_is_revealed_stays_so(story: Sequence[tuple[Event, Rounds]]):
    comparison = revealed = REVEALED
    for event, rounds in story:
        comparison = apply(comparison, event, rounds).comparison
    assert comparison == revealed


def test_answers_that_change_are_asked_about_anew():
    one_agreed = after(agree(Side.SENDER), comparison=BOTH_ASKED)
    changed = Rounds(3, 2)

    assert apply(one_agreed, agree(Side.MANAGER), changed).outcome is Outcome.CHANGED
    assert apply(one_agreed, agree(Side.MANAGER, changed), changed).outcome is Outcome.CHANGED  # not asked about yet
    anew = apply(one_agreed, Follow(), changed).comparison
    assert anew == Comparison(State.FINISHED, (3, 2))
    assert apply(anew, agree(Side.MANAGER), changed).outcome is Outcome.CHANGED
    both = after(agree(Side.SENDER, changed), agree(Side.MANAGER, changed), rounds=changed, comparison=anew)
    assert both == Comparison(State.AGREED, (3, 2), frozenset(Side))


@pytest.mark.parametrize("open_again", [Rounds(None, 2), Rounds(1, None)])
def test_a_round_that_is_open_again_takes_the_question_back(open_again: Rounds):
    one_agreed = after(agree(Side.SENDER), comparison=BOTH_ASKED)

    assert apply(one_agreed, Follow(), open_again).comparison == Comparison(State.ANSWERING)
    assert apply(Comparison(State.ANSWERING), agree(Side.MANAGER), open_again).outcome is Outcome.EARLY


@pytest.mark.parametrize(
    ("comparison", "side", "state"),
    [
        (Comparison(), Side.MANAGER, State.DECLINED),
        (Comparison(), Side.SENDER, State.WITHDRAWN),
        (after(Accept()), Side.MANAGER, State.WITHDRAWN),
        (BOTH_ASKED, Side.MANAGER, State.WITHDRAWN),
        (after(agree(Side.SENDER), comparison=BOTH_ASKED), Side.SENDER, State.WITHDRAWN),
    ],
)
def test_either_may_end_it_before_the_reveal(comparison: Comparison, side: Side, state: State):
    ended = apply(comparison, Withdraw(side), FINAL).comparison

    assert (ended.state, ended.ended_by, ended.agreed) == (state, side, frozenset())
    assert apply(ended, Withdraw(side.other), FINAL).outcome is Outcome.OVER
    assert apply(ended, Accept(), FINAL).outcome is Outcome.OVER


ONE_AGREED = after(agree(Side.SENDER), comparison=BOTH_ASKED)
ENDED = after(Withdraw(Side.SENDER), comparison=ONE_AGREED)


@pytest.mark.parametrize(
    ("comparison", "event", "outcome"),
    [
        (Comparison(), agree(Side.SENDER), Outcome.EARLY),
        (Comparison(), Follow(), Outcome.REPEATED),
        (after(Accept()), Accept(), Outcome.REPEATED),
        (BOTH_ASKED, Follow(), Outcome.REPEATED),
        (BOTH_ASKED, Deliver(), Outcome.EARLY),
        (ONE_AGREED, agree(Side.SENDER), Outcome.REPEATED),
        (BOTH_AGREED, agree(Side.SENDER), Outcome.REPEATED),
        (BOTH_AGREED, Lapse(), Outcome.REPEATED),
        *((REVEALED, event, Outcome.REPEATED) for event in (Accept(), agree(Side.SENDER), Follow(), Deliver())),
        # After the reveal it is too late to withdraw.
        *((REVEALED, event, Outcome.REVEALED) for event in (Withdraw(Side.SENDER), Lose(Side.SENDER), Lapse())),
        *((ENDED, event, Outcome.REPEATED) for event in (Withdraw(Side.SENDER), Lose(Side.SENDER), Follow(), GiveUp())),
        *((ENDED, event, Outcome.OVER) for event in (Withdraw(Side.MANAGER), Accept(), Lapse(), Deliver())),
    ],
)
def test_what_changes_nothing_says_why(comparison: Comparison, event: Event, outcome: Outcome):
    assert apply(comparison, event, FINAL) == Transition(comparison, outcome)


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_a_reveal_that_slack_did_not_confirm_is_remembered_as_such(is_confirmed: bool):
    revealed = apply(BOTH_AGREED, Deliver(is_confirmed=is_confirmed), FINAL)

    assert revealed == Transition(replace(BOTH_AGREED, state=State.REVEALED, is_confirmed=is_confirmed), Outcome.TAKEN)


def test_where_nothing_happens_for_long_it_lapses_and_nobody_has_agreed_to_anything():
    assert apply(ONE_AGREED, Lapse(), FINAL) == Transition(Comparison(State.LAPSED, (1, 2)), Outcome.TAKEN)


@pytest.mark.parametrize("side", Side)
def test_what_both_agreed_to_show_is_not_shown_if_one_ends_it_before(side: Side):
    for event, rounds in ((Withdraw(side), FINAL), (Follow(), Rounds(deleted=side))):
        ended = apply(BOTH_AGREED, event, rounds).comparison

        assert ended == Comparison(State.WITHDRAWN, (1, 2), ended_by=side)
        assert apply(ended, Deliver(), FINAL).outcome is Outcome.OVER


def test_what_both_agreed_to_show_stays_that_whatever_changes_later():
    assert apply(BOTH_AGREED, Follow(), Rounds(3, 2)).comparison == BOTH_AGREED
    assert apply(BOTH_AGREED, Lapse(), FINAL).comparison == BOTH_AGREED


def test_what_could_not_be_shown_for_too_long_ends_without_a_reveal():
    ended = apply(BOTH_AGREED, GiveUp(), FINAL).comparison

    assert ended == Comparison(State.UNDELIVERED, (1, 2))
    assert apply(ended, Deliver(), FINAL).outcome is Outcome.OVER
    assert apply(BOTH_ASKED, GiveUp(), FINAL).outcome is Outcome.EARLY


@pytest.mark.parametrize("side", Side)
def test_who_cannot_be_reached_is_named(side: Side):
    assert apply(ONE_AGREED, Lose(side), FINAL).comparison == Comparison(State.UNREACHABLE, (1, 2), ended_by=side)


@pytest.mark.parametrize("side", Side)
def test_whose_round_is_deleted_has_withdrawn(side: Side):
    ended = apply(BOTH_ASKED, Follow(), Rounds(deleted=side)).comparison

    assert (ended.state, ended.ended_by) == (State.WITHDRAWN, side)


# What is shown


@st.composite
def answers(draw: st.DrawFn, library: Library) -> Answers:
    """Some answers to the quiz, one at least, by halves here and there, with one of a tie-break and of another quiz."""
    given: dict[str, tuple[str, ...]] = {"gone": ("nothing",)}
    asked = draw(st.lists(st.sampled_from(library.quiz.questions), min_size=1, unique_by=lambda each: each.id))
    questions: list[Question | TieBreak] = [*asked, draw(st.sampled_from(library.quiz.tie_breaks))]
    for question in questions:
        choices = [choice.id for choice in question.choices]
        given[question.id] = tuple(draw(st.lists(st.sampled_from(choices), min_size=1, max_size=2, unique=True)))
    return given


@given(st.data())
def test_each_question_is_alike_different_or_one_sided_whoever_is_first(library: Library, data: st.DataObject):
    one, other = data.draw(answers(library)), data.draw(answers(library))

    found, reverse = compare(library.quiz, one, other), compare(library.quiz, other, one)

    alike = [pair.question.id for pair in found.agreements]
    differ = [pair.question.id for pair in found.differences]
    single = [question.id for question in found.one_sided]
    ids = [question.id for question in library.quiz.questions]
    assert sorted([*alike, *differ, *single], key=ids.index) == [
        question_id for question_id in ids if question_id in one or question_id in other
    ]
    assert all(set(one[question_id]) == set(other[question_id]) for question_id in alike)
    assert all(set(one[question_id]) != set(other[question_id]) for question_id in differ)
    assert [(pair.manager, pair.sender) for pair in reverse.differences] == [
        (pair.sender, pair.manager) for pair in found.differences
    ]
    known = {name: chosen for name, chosen in one.items() if name != "gone"}
    assert found.sender == reverse.manager == recommend(library.quiz, known)


def test_who_has_answered_nothing_cannot_be_compared(library: Library):
    first = library.quiz.questions[0]

    with pytest.raises(ValueError, match="no answers"):
        compare(library.quiz, {first.id: (first.choices[0].id,)}, {})


# What either gets while it goes on

USERS = {Side.SENDER: "U_ANA", Side.MANAGER: "U_MEI"}
RUNS = {Side.SENDER: "r1", Side.MANAGER: "r2"}
TEAMS = count(1)
# What happens: by whom, and for answers which of the choices. The two never choose the same.
HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["agree", "agree before"]), st.sampled_from(Side), st.just(0)),
        st.tuples(st.just("agree"), st.sampled_from(Side), st.just(0)),
        st.tuples(st.just("answer"), st.sampled_from(Side), st.integers(0, 1)),
        st.tuples(st.sampled_from(["follow", "deliver"]), st.just(Side.SENDER), st.just(0)),
        st.tuples(st.sampled_from(["accept", "withdraw", "forget", "lapse"]), st.sampled_from(Side), st.just(0)),
    ),
    max_size=14,
)
# Stories that begin so come to something to agree to; without these most would end before.
BOTH_ANSWER = [("accept", Side.MANAGER, 0), ("answer", Side.MANAGER, 0), ("follow", Side.SENDER, 0)]
ONE_AGREES = [*BOTH_ANSWER, ("agree", Side.MANAGER, 0)]


class Story:
    """A comparison of two people in a store, whose events are the test's; each example has a team of its own."""

    def __init__(self, store: Store, library: Library) -> None:
        self.store, self.library = store, library
        self.team, self.acts = f"T{next(TEAMS)}", count(1)
        # What both were ever asked about, latest last: the versions, and the answers of both as they were then.
        self.asked: list[tuple[Versions, dict[Side, Answers]]] = []
        self.agreed: dict[Side, dict[Side, Answers]] = {}  # to which answers of both a side has agreed last

    async def begin(self) -> None:
        run = conversation.begin(self.library.quiz)
        await self.store.runs.begin(self.team, "r1", run, user="U_ANA", channel="D_ANA", root_ts="1.1")
        await self.act("r1", Answer(prompt=1, question=PURPOSE, choices=(OWN,)))
        await self.answer(Side.SENDER, 0)
        await self.store.comparisons.begin(self.team, "c", "r1", sender="U_ANA", manager="U_MEI", by="invite")

    async def stored(self) -> StoredComparison | None:
        return await self.store.comparisons.get(self.team, "c")

    async def act(self, run_id: str, action: Action) -> None:
        name = f"act{next(self.acts)}"
        await self.store.runs.apply(self.team, run_id, lambda run: conversation.apply(run, action), by=name)

    async def answer(self, side: Side, position: int) -> None:
        chosen = {each.id: (self.choice(each, side, position),) for each in self.library.quiz.questions}
        await self.act(RUNS[side], Reply(answers=chosen, ts=f"{next(self.acts)}.0"))

    def choice(self, question: Question, side: Side, position: int) -> str:
        """The sender takes one of the first two choices, and the manager one of the last two."""
        return question.choices[position if side is Side.SENDER else -1 - position].id

    async def answers(self, side: Side) -> Answers:
        stored = await self.store.runs.get(self.team, RUNS[side])
        return self.to_questions(stored.run.answers) if stored else {}

    def to_questions(self, answers: Answers) -> Answers:
        """Leave out what the work is about, and what a tie-break asked."""
        return {question.id: answers[question.id] for question in self.library.quiz.questions if question.id in answers}

    async def move(self, event: Event) -> Moved | None:
        return await self.store.comparisons.move(self.team, "c", event, by=f"move{next(self.acts)}")

    async def happens(self, what: str, side: Side, position: int) -> None:
        match what:
            case "accept":
                moved = await self.move(Accept())
                if moved and moved.outcome is Outcome.TAKEN:
                    run = conversation.begin(self.library.quiz, "U_ANA")
                    where = {"user": "U_MEI", "channel": "D_MEI", "root_ts": "2.1"}
                    await self.store.runs.begin(self.team, "r2", run, comparison="c", **where)
            case "answer":
                await self.answer(side, position)
            case "follow":
                moved = await self.move(Follow())
                if moved and moved.outcome is Outcome.TAKEN and moved.stored.comparison.asked:
                    both = {each: await self.answers(each) for each in Side}
                    self.asked.append((moved.stored.comparison.asked, both))
            case "agree" | "agree before" if self.asked:
                versions, both = self.asked[-1 if what == "agree" else 0]
                moved = await self.move(Agree(side, versions))
                if moved and moved.outcome is Outcome.TAKEN:
                    self.agreed[side] = both
            case "withdraw":
                await self.move(Withdraw(side))
            case "forget":
                await self.move(Withdraw(side))
                await self.store.people.forget(self.team, USERS[side])
            case "lapse":
                async with self.store.comparisons._engine.begin() as connection:
                    due = update(comparisons).where(comparisons.c.team == self.team).values(due_at=1.0)
                    await connection.execute(due)
                await self.move(Lapse())
            case "deliver":
                await self.move(Deliver())

    async def hold_what_each_gets(self) -> None:
        """Hold that neither gets anything of the other's, or that both get what both agreed to."""
        stored = await self.stored()
        if stored and stored.shown:
            shown = {Side.SENDER: stored.shown.sender, Side.MANAGER: stored.shown.manager}
            assert stored.comparison.state is State.AGREED
            for side in Side:
                assert self.agreed[side] == {of: self.to_questions(answers) for of, answers in shown.items()}
        for side in Side:
            others = [
                choice
                for question in self.library.quiz.questions
                for choice in question.choices
                if choice.id in {self.choice(question, side.other, position) for position in (0, 1)}
            ]
            texts = [each.text for each in self.messages(stored, side)] if stored else []
            assert not any(choice.label in text for choice in others for text in texts)
            export = await self.store.people.export(self.team, USERS[side])
            assert {row["run"] for row in export.get("answers", ())} <= {RUNS[side]}
            [row] = export.get("comparisons") or [{}]
            if row and row["state"] != State.REVEALED:
                assert not {f"{side.other}_agreed", f"{side.other}_version", "shown", "moved_by"} & row.keys()
            assert not any(f'"{choice.id}"' in json.dumps(row) for choice in others)

    def messages(self, stored: StoredComparison, side: Side) -> list[Message]:
        standing = stored.comparison.asked or (1, 1)
        about = compare_blocks.ask(stored, side, standing, self.library)
        if side is Side.SENDER:
            return [about, compare_blocks.receipt(stored, self.library, has_seen_result=False)]
        return [about, compare_blocks.invitation(stored, 5, self.library, has_seen_result=False, muted=False)]


@given(st.sampled_from([[], BOTH_ANSWER, ONE_AGREES]), HAPPENINGS)
@example(ONE_AGREES, [("answer", Side.MANAGER, 1), ("agree", Side.SENDER, 0), ("deliver", Side.SENDER, 0)])
@example(ONE_AGREES, [("agree", Side.SENDER, 0), ("answer", Side.SENDER, 1), ("follow", Side.SENDER, 0)])
@example(ONE_AGREES, [("agree", Side.SENDER, 0), ("forget", Side.SENDER, 0), ("deliver", Side.SENDER, 0)])
@settings(max_examples=25 if THOROUGH else 2, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_nothing_of_ones_answers_is_in_what_the_other_gets_before_both_agreed_to_them(
    store: Store, library: Library, before: list[tuple[str, Side, int]], happenings: list[tuple[str, Side, int]]
):
    story = Story(store, library)
    await story.begin()
    for what, side, position in before:  # of which the next test holds it, too
        await story.happens(what, side, position)
    await story.hold_what_each_gets()
    for what, side, position in happenings:
        await story.happens(what, side, position)
        await story.hold_what_each_gets()


async def test_such_a_story_can_come_to_a_reveal(store: Store, library: Library):
    story = Story(store, library)
    await story.begin()
    agree_both = [("agree", side, 0) for side in Side]
    for what, side, position in [*BOTH_ANSWER, *agree_both]:
        await story.happens(what, side, position)
        await story.hold_what_each_gets()
    stored = await story.stored()
    assert stored
    assert stored.shown
    first = library.quiz.questions[0]
    assert stored.shown.sender[first.id] == (first.choices[0].id,)
    assert stored.shown.manager[first.id] == (first.choices[-1].id,)

    await story.happens("deliver", Side.SENDER, 0)

    await story.hold_what_each_gets()
    assert (await story.stored()).comparison.state is State.REVEALED  # type: ignore[union-attr]


# The round about somebody else's work


def test_a_round_about_somebody_elses_work_asks_all_questions_and_not_what_it_is_about(library: Library):
    run, asked = conversation.begin(library.quiz, "U_ANA"), list[str]()
    while run.asking:
        question = run.quiz.question(run.asking.question)
        asked.append(question.id)
        run = conversation.apply(
            run, Answer(prompt=len(run.prompts), question=question.id, choices=(question.choices[0].id,))
        ).run

    assert asked == [question.id for question in library.quiz.questions]
    assert (run.purpose, run.finished, run.shareable) == (OTHER, True, False)
    assert not is_comparable(run)


def test_a_round_about_somebody_elses_work_is_loaded_as_such(library: Library):
    run = conversation.begin(library.quiz, "U_ANA")

    assert conversation.load(library.quiz, run.answers, run.state(), "U_ANA") == run
    assert conversation.carried_over(library.quiz, {}, None, "").purpose == OTHER


@pytest.mark.parametrize("action", [Change(question=PURPOSE), Manage(), OpenPart(part="titles")])
def test_what_is_for_ones_own_round_does_nothing_to_one_about_somebody_else(
    library: Library, action: Change | Manage | OpenPart
):
    run = conversation.begin(library.quiz, "U_ANA")

    assert conversation.apply(run, action).run.prompts == run.prompts


@pytest.mark.parametrize(("purpose", "comparable"), [(OWN, True), (ROLE, False), (PEOPLE, False)])
def test_only_a_result_about_ones_own_work_can_be_compared(library: Library, purpose: str, comparable: bool):
    chosen = {question.id: (question.choices[0].id,) for question in library.quiz.questions}
    run = Run(library.quiz, MappingProxyType({PURPOSE: (purpose,), **chosen}))

    assert is_comparable(run) is comparable
    assert not is_comparable(Run(library.quiz, MappingProxyType({PURPOSE: (OWN,)})))
