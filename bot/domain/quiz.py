"""What each thing that somebody does in the quiz, or does not do in time, does to their round.

A round is immutable (`bot.domain.quiz_run.Run`): doing something gives a new one. Clicks, typed replies and edits come
here alike, so that a double click, a second device or an old button has one effect and everybody is told the truth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from string import ascii_lowercase
from types import MappingProxyType
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from bot.domain import fit
from bot.domain.actions import (
    Action,
    Answer,
    AskAgain,
    AskGrading,
    Back,
    Begin,
    Change,
    Choices,
    Delete,
    DismissReminder,
    EditReply,
    Expire,
    GoOn,
    Grade,
    Guess,
    Manage,
    OpenPart,
    Pause,
    Remind,
    Reply,
    Resume,
    Show,
    Skip,
    Stop,
    Undo,
)
from bot.domain.fit import Answers, Given
from bot.domain.quiz_content import (
    OWN,
    PEOPLE,
    PURPOSE,
    Quiz,
)
from bot.domain.quiz_run import PARTS, Graded, Prompt, Run, Status

REMIND_AFTER = timedelta(days=1)
EXPIRES_AFTER = timedelta(days=14)
MORNING, EVENING = time(9), time(18)  # between them nobody is woken by a reminder
LETTERS = ascii_lowercase  # that name choices


class Outcome(StrEnum):
    """What applying an action has led to."""

    TAKEN = "taken"
    REPEATED = "repeated"  # the same answer again
    STALE = "stale"  # a prompt that is not live any more
    FIRST = "first"  # there is no question to go back to
    NOTHING = "nothing"  # there was nothing to do
    CLOSED = "closed"  # the comparison that it belongs to is over


@dataclass(frozen=True)
class Transition:
    """The run after an action, and the outcome; `question` is the one it was about."""

    run: Run
    outcome: Outcome
    question: str | None = None


def begin(quiz: Quiz, subject: str | None = None) -> Run:
    """Begin a run, with its first question asked; one for a comparison leaves no question out."""
    return _advance(Run(quiz, subject=subject, went_on=subject is not None))


def load(quiz: Quiz, answers: Answers, state: Mapping[str, Any] | None, subject: str | None = None) -> Run:
    """Give the run that `Run.state` described; without a state, the one that has just these answers.

    A state without a purpose was recorded before there was more than one: it is about their own work. subject: as in
    Run.
    """
    if state is None:
        return _advance(Run(quiz, MappingProxyType({PURPOSE: (OWN,), **answers})))
    if "opened" not in state and subject is None:
        answers = {PURPOSE: (OWN,), **answers}
    graded = state["graded"]
    return Run(
        quiz,
        MappingProxyType(dict(answers)),
        skipped=frozenset(state["skipped"]),
        prompts=tuple(Prompt(question, tuple(guesses), *rest) for question, guesses, *rest in state["prompts"]),
        live=state["live"],
        status=Status(state["status"]),
        went_on=state["went_on"],
        had_result=state.get("had_result", state["went_on"]),
        reminders=state["reminders"],
        reminded=state["reminded"],
        reminding=state["reminding"],
        graded=Graded(*graded) if graded else None,
        not_graded=state["not_graded"],
        regraded=state.get("regraded", 0),
        typed=MappingProxyType({ts: tuple(questions) for ts, questions in state["typed"].items()}),
        opened=tuple(state.get("opened", ())),
        subject=subject,
        previous=MappingProxyType({name: tuple(was) for name, was in state.get("previous", {}).items()}),
        out_of_turn=state.get("out_of_turn", False),
        left_open=frozenset(state.get("left_open", ())),
    )


def carried_over(
    quiz: Quiz, answers: Mapping[str, Sequence[str]], state: Mapping[str, Any] | None, subject: str | None = None
) -> Run:
    """Begin a run on another version of the quiz, with the answers that it has too; about their own work, if none.

    state: what `Run.state` described, of which stays what depends on no version: each prompt is replaced by the
    question that comes next now, who has stopped has stopped, and reminders that were sent count. subject: as in Run.
    """
    state = state or {"prompts": (), "status": Status.OPEN, "reminders": 0, "reminded": False, "reminding": False}
    kept: dict[str, Given] = {PURPOSE: (OWN,)} if subject is None else {}
    for question in (quiz.purpose, *quiz.all_questions):
        choices, offered = tuple(answers.get(question.id, ())), {choice.id for choice in question.choices}
        if choices and offered.issuperset(choices):
            kept[question.id] = choices
    run = Run(quiz, MappingProxyType(kept), subject=subject, went_on=subject is not None)
    next_ = run.upcoming or quiz.questions[0]
    return replace(
        _advance(replace(run, prompts=(Prompt(next_.id),) * len(state["prompts"]))),
        status=Status(state["status"]),
        reminders=state["reminders"],
        reminded=state["reminded"],
        reminding=state["reminding"],
    )


def apply(run: Run, action: Action) -> Transition:
    """Give the run as it is after an action. The run itself stays as it was; the same input gives the same output.

    What names a question, choice, dimension or part that this quiz does not have is STALE: it was meant for another
    version. So is what was meant for a prompt that is not live any more.
    """
    if run.status is Status.DELETED:
        return Transition(run, Outcome.NOTHING)
    match action:
        case Remind() | Expire():
            return _left_alone(run, action)
        case Show():
            return Transition(run, Outcome.NOTHING)
    if run.closed and not isinstance(action, Stop | Delete):
        return Transition(run, Outcome.CLOSED)
    after = _apply(run, action)
    if after.outcome in (Outcome.STALE, Outcome.REPEATED) and after.run is run:
        return after
    return replace(after, run=replace(after.run, reminded=False, reminding=False))


def _left_alone(run: Run, action: Remind | Expire) -> Transition:
    if run.finished or run.closed or run.status in (Status.STOPPED, Status.EXPIRED):
        return Transition(run, Outcome.NOTHING)
    if isinstance(action, Expire):
        closed = run.left_at_that or replace(run, status=Status.EXPIRED)
        return Transition(replace(closed, reminding=False), Outcome.TAKEN)
    return Transition(replace(run, reminders=run.reminders + 1, reminded=True, reminding=True), Outcome.TAKEN)


def due(run: Run, now: datetime, zone: str | None) -> tuple[Remind | Expire, datetime] | None:
    """Give the action that is due on a run if nobody does anything, and its time; None if no action is.

    now: when somebody last did something to it, with its time zone; zone: the person's, by its IANA name.
    """
    if run.upcoming is None or run.closed or run.status not in (Status.OPEN, Status.PAUSED):
        return None
    if run.reminded:
        return Expire(), now + EXPIRES_AFTER - REMIND_AFTER
    return Remind(), _by_day(now + REMIND_AFTER, zone)


def _by_day(at: datetime, zone: str | None) -> datetime:
    """Put off to the next morning what would come at night; unknown time zones are taken for UTC."""
    try:
        local = at.astimezone(ZoneInfo(zone or "UTC"))
    except (KeyError, ValueError, OSError):
        local = at.astimezone(ZoneInfo("UTC"))
    if MORNING <= local.time() < EVENING:
        return local
    day = local.date() + timedelta(days=local.time() >= EVENING)
    return datetime.combine(day, MORNING, local.tzinfo)


def _apply(run: Run, action: Action) -> Transition:  # noqa: PLR0911, PLR0912 - one line for each verb
    match action:
        case Answer():
            return _answered(run, action)
        case Reply():
            return _replied(run, action)
        case EditReply():
            answers = _valid_answers(run, action.answers)
            return _take(run, answers) if answers else Transition(run, Outcome.STALE)
        case Guess():
            return _guessed(run, action)
        case Manage():
            return _managing(run) if run.subject is None else Transition(run, Outcome.NOTHING)
        case Change():
            changeable = (*([run.quiz.purpose] if run.subject is None else []), *run.quiz.all_questions)
            can_change = any(question.id == action.question for question in changeable)
            return _ask(run, Prompt(action.question, changing=True)) if can_change else Transition(run, Outcome.STALE)
        case Back() | Skip() | Undo() if action.prompt not in (None, len(run.prompts)):
            return Transition(run, Outcome.STALE)  # the second half of a double Enter
        case Back():
            return _back(run)
        case Undo():
            return _undone(run)
        case Skip():
            return _skipped(run)
        case AskAgain():
            return _resumed(run) if run.asking else Transition(run, Outcome.NOTHING)
        case GoOn():
            had_result = run.had_result or run.finished
            again = replace(run, went_on=True, had_result=had_result, skipped=run.skipped & {PURPOSE})
            return Transition(_advance(again), Outcome.TAKEN)
        case Pause():
            return _moved(run, Status.PAUSED)
        case Stop():
            return _moved(run, Status.STOPPED)
        case Resume():
            return _resumed(run)
        case DismissReminder():
            return Transition(run, Outcome.TAKEN)
        case Delete():
            return Transition(Run(run.quiz, prompts=run.prompts, status=Status.DELETED), Outcome.TAKEN)
        case OpenPart():
            return _opened(run, action.part)
        case Grade():
            return _graded(run, action)
        case AskGrading():
            return Transition(replace(run, graded=None, not_graded=False, regraded=run.regraded + 1), Outcome.TAKEN)
        case Begin() | Remind() | Expire() | Show():
            return Transition(run, Outcome.NOTHING)
        case _:
            assert_never(action)


def _graded(run: Run, action: Grade) -> Transition:
    if action.dimension is None or action.column is None:
        return Transition(replace(run, not_graded=True), Outcome.TAKEN)
    if run.quiz.review is None or action.dimension not in run.quiz.review.dimensions:
        return Transition(run, Outcome.STALE)
    graded = Graded(action.dimension, action.column)
    if run.graded == graded:
        return Transition(run, Outcome.REPEATED)
    # What was done last is no answer to the quiz any more, neither to take back nor to have meant otherwise.
    return Transition(replace(run, graded=graded, previous=MappingProxyType({})), Outcome.TAKEN)


def _valid_answers(run: Run, answers: Mapping[str, Choices]) -> dict[str, Given] | None:
    """Give the answers; None if this quiz does not have one of their questions or choices."""
    try:
        for question_id, choices in answers.items():
            for choice in choices:
                fit.choice_of(run.quiz.question(question_id), choice)
    except KeyError:
        return None
    return dict(answers)


def _answered(run: Run, action: Answer) -> Transition:
    answers = _valid_answers(run, {action.question: action.choices})
    if answers is None:
        return Transition(run, Outcome.STALE)
    if action.prompt == len(run.prompts) and run.live and run.prompts[-1].question == action.question:
        guessed = run.prompts[-1].typed
        return _take(_typed(run, guessed, answers) if guessed else run, answers)
    same = run.answers.get(action.question) == action.choices
    return Transition(run, Outcome.REPEATED if same else Outcome.STALE, action.question)


def _typed(run: Run, ts: str, answers: Mapping[str, Given]) -> Run:
    """Remember which questions a message has answered."""
    return replace(run, typed=MappingProxyType({**run.typed, ts: tuple(answers)}))


def _replied(run: Run, action: Reply) -> Transition:
    answers, number = _valid_answers(run, action.answers), action.prompt
    if answers is None:
        return Transition(run, Outcome.STALE)
    if number is not None:
        # Meant for a prompt that has been answered meanwhile: the second half of a double Enter.
        meant = run.prompts[number - 1].question if 0 < number <= len(run.prompts) else None
        if not run.live or meant != run.prompts[-1].question or meant not in answers:
            return Transition(run, Outcome.STALE, meant)
        if guessed := run.prompts[-1].typed:
            run = _typed(run, guessed, answers)
    return _take(_typed(run, action.ts, answers), answers)


def _take(run: Run, answers: Mapping[str, Given]) -> Transition:
    """Take answers, to the questions that are asked or to others."""
    [*_, last] = answers
    same = all(run.answers.get(question) == choices for question, choices in answers.items())
    live = run.live and run.prompts[-1].question not in answers
    replaced = {question: run.answers.get(question, ()) for question in answers}
    after = replace(
        run,
        answers=MappingProxyType({**run.answers, **answers}),
        skipped=run.skipped - answers.keys(),
        live=live,
        status=Status.OPEN,
    )
    if not same:
        is_open = run.live and run.prompts[-1].question in answers
        after = replace(
            after,
            previous=MappingProxyType(replaced),
            out_of_turn=run.finished or not is_open,
            left_open=run.skipped.intersection(answers),
        )
    return Transition(_advance(after), Outcome.REPEATED if same else Outcome.TAKEN, last)


def _guessed(run: Run, action: Guess) -> Transition:
    if _valid_answers(run, {action.question: action.choices}) is None:
        return Transition(run, Outcome.STALE)
    if run.asking is None or action.prompt != len(run.prompts) or run.asking.question != action.question:
        return Transition(run, Outcome.STALE, action.question)
    return _ask(run, Prompt(action.question, action.choices, changing=run.asking.changing, typed=action.ts))


def _ask(run: Run, prompt: Prompt) -> Transition:
    after = replace(run, prompts=(*run.prompts, prompt), live=True, status=Status.OPEN)
    return Transition(after, Outcome.TAKEN, prompt.question)


def _back(run: Run) -> Transition:
    return _ask(run, Prompt(run.passed[-1], changing=True)) if run.passed else Transition(run, Outcome.FIRST)


def _undone(run: Run) -> Transition:
    """Take the last change of answers back; where none was changed before a result, the last question is asked again.

    An answer that was given to a question which had been skipped or left out, or was not asked yet, goes again. One
    that is to be changed, or was gone back to, stays as it is, and a round that was left is gone on with, as that is
    what somebody did last. What was taken back is not taken back again.
    """
    if not run.finished and run.status is not Status.OPEN:
        return _resumed(run)
    if run.asking is not None and run.asking.changing:
        return Transition(_advance(replace(run, live=False)), Outcome.TAKEN)
    changed = run.changed_last
    if not any(changed.values()) and not (changed and run.out_of_turn):
        was_undone = bool(run.previous) and not changed
        return Transition(run, Outcome.NOTHING) if run.finished or was_undone else _back(run)
    answers = {name: choices for name, choices in {**run.answers, **changed}.items() if choices}
    after = replace(
        run,
        answers=MappingProxyType(answers),
        skipped=run.skipped | (run.left_open - answers.keys()),
        live=run.live and run.prompts[-1].question not in changed,
        status=Status.OPEN,
        previous=MappingProxyType(changed),
    )
    [*_, last] = changed
    return Transition(_advance(after), Outcome.TAKEN, last)


def _skipped(run: Run) -> Transition:
    if not run.live:
        return Transition(run, Outcome.NOTHING)
    prompt, skipped = run.prompts[-1], run.skipped
    if prompt.question not in run.answers:
        skipped = skipped | {prompt.question}
    after = replace(run, live=False, skipped=skipped, status=Status.OPEN, previous=MappingProxyType({}))
    return Transition(_advance(after), Outcome.TAKEN, prompt.question)


def _managing(run: Run) -> Transition:
    """Record that they answer for the people they manage, and ask the live question again, worded for that purpose."""
    after = _take(run, {PURPOSE: (PEOPLE,)})
    same = after.run.live and after.run.prompts == run.prompts
    return replace(after, run=_resumed(after.run).run) if same else after


def _opened(run: Run, part: str) -> Transition:
    if part not in PARTS or not run.shareable:
        return Transition(run, Outcome.STALE)
    if part in run.opened:
        return Transition(run, Outcome.REPEATED)
    return Transition(replace(run, opened=(*run.opened, part)), Outcome.TAKEN)


def _moved(run: Run, status: Status) -> Transition:
    if run.finished:  # the result stands; an answer that was being changed stays as it was
        return Transition(replace(run, live=False), Outcome.TAKEN if run.live else Outcome.NOTHING)
    if run.left_at_that:
        return Transition(run.left_at_that, Outcome.TAKEN)
    if run.status is status:
        return Transition(run, Outcome.NOTHING)
    return Transition(replace(run, status=status), Outcome.TAKEN)


def _resumed(run: Run) -> Transition:
    """Go on: ask the live question again, below what was posted since; if all questions were skipped, ask all again."""
    run = replace(run, status=Status.OPEN)
    if run.upcoming is None and not run.finished:
        run = replace(run, skipped=run.skipped & {PURPOSE})
    if run.live:
        return _ask(run, replace(run.prompts[-1], guesses=(), typed=None))
    after = _advance(run)
    return Transition(after, Outcome.TAKEN if after.live else Outcome.NOTHING)


def _advance(run: Run) -> Run:
    """Ask the next question, if it is not asked already and no other is being changed."""
    if run.live and (run.prompts[-1].changing or (run.upcoming and run.prompts[-1].question == run.upcoming.id)):
        return run
    if run.upcoming is None:
        return replace(run, live=False)
    return replace(run, prompts=(*run.prompts, Prompt(run.upcoming.id)), live=True)
