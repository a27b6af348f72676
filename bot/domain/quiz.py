"""One person's run through the quiz: what has been asked and answered, and what each thing they do does to it.

A run is immutable: doing something gives a new run. Clicks, typed replies and edits come here alike, so that a double
click, a second device or an old button has one effect and everybody is told the truth. Each asking of a question is a
prompt; at most one prompt is live, the last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain import fit
from bot.domain.content import OWN, PEOPLE, PURPOSE, ROLE, AnyQuestion, Choice, Option, Question, Quiz, TieBreak
from bot.domain.fit import Answers, Given

REMIND_AFTER = timedelta(days=1)
EXPIRES_AFTER = timedelta(days=14)
MORNING, EVENING = time(9), time(18)  # between them nobody is woken by a reminder
LETTERS = "abcdefghij"
PARTS = ("review", "titles", "skills", "tracks", "table")  # of a result, each opened by its button


class Status(StrEnum):
    """Whether answers are waited for."""

    OPEN = "open"
    PAUSED = "paused"
    STOPPED = "stopped"
    EXPIRED = "expired"
    DELETED = "deleted"  # its messages are about to say so, and then it is gone


class What(StrEnum):
    """What came of something that was done."""

    TAKEN = "taken"
    REPEATED = "repeated"  # the same answer again
    STALE = "stale"  # a prompt that is not live any more
    FIRST = "first"  # there is no question to go back to
    NOTHING = "nothing"  # there was nothing to do


@dataclass(frozen=True)
class Prompt:
    """One asking of a question; `changing` asks for another answer.

    `guesses` are choices somebody may have meant with the message `typed`, given by its ts.
    """

    question: str
    guesses: tuple[str, ...] = ()
    changing: bool = False
    typed: str | None = None


@dataclass(frozen=True)
class Graded:
    """What somebody's last review looked at: a cell of the roles table."""

    dimension: str
    column: str


@dataclass(frozen=True)
class Run:
    """One person's answers to one version of the quiz, and how far the conversation has come.

    `reminded` says that a reminder was sent since they last did something, `reminding` that it still has buttons.
    `typed` holds, by a message's ts, the questions it answered. `opened` names the parts of the result that were
    opened, in that order. What it is about is an answer like others, under the quiz's PURPOSE, and weighs nothing.
    """

    quiz: Quiz
    answers: Answers = field(default_factory=lambda: MappingProxyType({}))
    skipped: frozenset[str] = frozenset()
    prompts: tuple[Prompt, ...] = ()
    live: bool = False
    status: Status = Status.OPEN
    went_on: bool = False
    reminders: int = 0
    reminded: bool = False
    reminding: bool = False
    graded: Graded | None = None
    not_graded: bool = False
    typed: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    opened: tuple[str, ...] = ()

    @property
    def purpose(self) -> str:
        """Whether it is about one's OWN work or about a ROLE, be that one to fill or that of one's people."""
        return ROLE if self.answers.get(PURPOSE, (OWN,))[0] in (ROLE, PEOPLE) else OWN

    @cached_property
    def upcoming(self) -> AnyQuestion | None:
        """The question to ask next, whether or not it is being asked; None when there is a result, or nothing to ask.

        What it is about comes first, unless they went right on to the questions. Of these, those that can change
        nothing any more are left out, unless their owner went on; the tie-break comes last, and only if the others
        leave two roles too close to call.
        """
        asked = [each for each in self.quiz.questions if each.id in self.answers or each.id in self.skipped]
        if not asked and PURPOSE not in self.answers and PURPOSE not in self.skipped:
            return self.quiz.purpose
        open_ = [each for each in self.quiz.questions if each not in asked]
        if open_:
            return open_[0] if self.went_on or not fit.settled(self.quiz, self.weighed) else None
        last = self.tie_break
        return last if last and last.id not in self.answers and last.id not in self.skipped else None

    @cached_property
    def tie_break(self) -> TieBreak | None:
        """The question that decides between the two roles that are too close to call; None if they are not."""
        return fit.tie_break(self.quiz, self.weighed)

    @property
    def numbered(self) -> tuple[Question | TieBreak, ...]:
        """The questions as they are numbered: those that are weighed, then the tie-break, if there is one."""
        return (*self.quiz.questions, *([self.tie_break] if self.tie_break else []))

    @property
    def asking(self) -> Prompt | None:
        """The live prompt, or None."""
        return self.prompts[-1] if self.live and self.status is Status.OPEN else None

    @property
    def finished(self) -> bool:
        """Whether there is a result: nothing is left to ask. It stays while an answer is being changed."""
        return self.upcoming is None and bool(self.weighed)

    @cached_property
    def recommendation(self) -> fit.Recommendation | None:
        """What the answers say, once the run is finished; None before."""
        return self.so_far if self.finished else None

    @cached_property
    def so_far(self) -> fit.Recommendation | None:
        """What the answers given say; None if there is none."""
        return fit.recommend(self.quiz, self.answers) if self.weighed else None

    @cached_property
    def flip(self) -> fit.Flip | None:
        """The smallest change of answers that leads to another role; None if two do not. ValueError without any."""
        return fit.flip(self.quiz, self.answers, early=bool(self.ended_early))

    @cached_property
    def ended_early(self) -> tuple[Question, ...]:
        """The questions that were left out because no answer to them could change the class."""
        if not self.finished:
            return ()
        return tuple(
            each for each in self.quiz.questions if each.id not in self.answers and each.id not in self.skipped
        )

    @cached_property
    def unanswered(self) -> tuple[Question, ...]:
        """The questions without an answer, once there is a result."""
        return tuple(each for each in self.quiz.questions if each.id not in self.answers) if self.finished else ()

    @property
    def shareable(self) -> bool:
        """Whether there is a recommendation; a picture from too few answers is none."""
        return self.recommendation is not None and self.recommendation.clearness is not fit.Clearness.PICTURE

    @property
    def mismatch(self) -> bool | None:
        """Whether the work sits in one column and the grading in another; None if that is not known.

        Where roles are too close to call, the column of each fits.
        """
        found = self.recommendation
        if found is None or self.graded is None:
            return None
        level = found.level if found.clearness is fit.Clearness.CLOSE else ()
        return self.graded.column not in [role.column for role in (found.role, *level)]

    def chosen(self, question_id: str) -> tuple[Option, ...]:
        """The choices made for a question: none, one, or two by halves. KeyError if the quiz has no such question."""
        question = self.quiz.question(question_id)
        return tuple(fit.choice_of(question, each) for each in self.answers.get(question_id, ()))

    def picked(self, question: Question) -> tuple[Choice, ...]:
        """The choices made for one of the questions that are weighed."""
        return tuple(choice for choice in question.choices if choice.id in self.answers.get(question.id, ()))

    def number(self, question: Question | TieBreak) -> int:
        """The place of a question in the quiz, counted from 1; a tie-break comes after the others."""
        return min(self.quiz.all_questions.index(question), len(self.quiz.questions)) + 1

    def state(self) -> dict[str, Any]:
        """Give all but the quiz and the answers as plain data, for `load`."""
        return {
            "skipped": sorted(self.skipped),
            "prompts": [[each.question, list(each.guesses), each.changing, each.typed] for each in self.prompts],
            "live": self.live,
            "status": self.status.value,
            "went_on": self.went_on,
            "reminders": self.reminders,
            "reminded": self.reminded,
            "reminding": self.reminding,
            "graded": [self.graded.dimension, self.graded.column] if self.graded else None,
            "not_graded": self.not_graded,
            "typed": {ts: list(questions) for ts, questions in self.typed.items()},
            "opened": list(self.opened),
        }

    @cached_property
    def weighed(self) -> Answers:
        """The answers to the questions, without those of the tie-breaks and without the purpose."""
        return {each.id: self.answers[each.id] for each in self.quiz.questions if each.id in self.answers}


@dataclass(frozen=True)
class Done:
    """The run after something was done, and what came of it; `question` is the one it was about."""

    run: Run
    what: What
    question: str | None = None


def begin(quiz: Quiz) -> Run:
    """Begin a run, with its first question asked."""
    return _advance(Run(quiz))


def load(quiz: Quiz, answers: Answers, state: Mapping[str, Any] | None) -> Run:
    """Give the run that `Run.state` described; without a state, the one that has just these answers.

    Where a state says nothing of it, it is of before there was more than one purpose: about their own work.
    """
    if state is None:
        return _advance(Run(quiz, MappingProxyType({PURPOSE: (OWN,), **answers})))
    if "opened" not in state:
        answers = {PURPOSE: (OWN,), **answers}
    graded = state["graded"]
    return Run(
        quiz,
        MappingProxyType(dict(answers)),
        skipped=frozenset(state["skipped"]),
        prompts=tuple(Prompt(question, tuple(guesses), *more) for question, guesses, *more in state["prompts"]),
        live=state["live"],
        status=Status(state["status"]),
        went_on=state["went_on"],
        reminders=state["reminders"],
        reminded=state["reminded"],
        reminding=state["reminding"],
        graded=Graded(*graded) if graded else None,
        not_graded=state["not_graded"],
        typed=MappingProxyType({ts: tuple(questions) for ts, questions in state["typed"].items()}),
        opened=tuple(state.get("opened", ())),
    )


def carried_over(quiz: Quiz, answers: Mapping[str, Sequence[str]], asked: int) -> Run:
    """Begin a run on another version of the quiz, with the answers that it has too; about their own work, if none.

    `asked` counts the prompts there have been: in their place there is now the question that comes next.
    """
    kept: dict[str, Given] = {PURPOSE: (OWN,)}
    for question in (quiz.purpose, *quiz.all_questions):
        given = tuple(answers.get(question.id, ()))
        if given and all(any(choice.id == each for choice in question.choices) for each in given):
            kept[question.id] = given
    run = Run(quiz, MappingProxyType(kept))
    next_ = run.upcoming or quiz.questions[0]
    return _advance(replace(run, prompts=(Prompt(next_.id),) * asked))


def do(run: Run, action: Mapping[str, Any]) -> Done:
    """Do something to a run. `action` is plain data with `do` and what that takes:

    answer    prompt, question, choices: a click in the message of a prompt, counted from 1
    reply     answers (choices by question), ts, aim: typed; `aim` is the prompt it was meant for, or None if it
              names its questions itself
    edit      answers, ts: the typed message was changed
    guess     prompt, question, choices, ts: ask whether these are meant by a typed message
    change    question: ask it again
    back skip prompt: the one it is meant for, the last if none is named
    begin delete pause resume stop go_on reask
    show      nothing, but that its messages are brought to what it says
    manages: they answer for the people they manage
    open     part: show a part of the result
    remind later expire
    graded    dimension, column; or None for not saying
    regrade   ask what the review looked at once more

    What names a question, choice or dimension that this quiz does not have is STALE: it was meant for another version.
    Raises ValueError for an unknown action.
    """
    name = action["do"]
    if run.status is Status.DELETED:
        return Done(run, What.NOTHING)
    if name in ("remind", "expire"):
        return _left_alone(run, name)
    if name == "show":
        return Done(run, What.NOTHING)
    done = _act(run, name, action)
    if done.what in (What.STALE, What.REPEATED) and done.run is run:
        return done
    return replace(done, run=replace(done.run, reminded=False, reminding=False))


def _left_alone(run: Run, name: str) -> Done:
    if run.finished or run.status in (Status.STOPPED, Status.EXPIRED):
        return Done(run, What.NOTHING)
    if name == "expire":
        return Done(replace(run, status=Status.EXPIRED, reminding=False), What.TAKEN)
    return Done(replace(run, reminders=run.reminders + 1, reminded=True, reminding=True), What.TAKEN)


def due(run: Run, now: datetime, zone: str | None) -> tuple[str, datetime] | None:
    """Say what is to be done to a run if nobody does anything, and when: `remind` or `expire`, or None for nothing.

    now: when somebody last did something to it, with its time zone; zone: the person's, by its IANA name.
    """
    if run.upcoming is None or run.status not in (Status.OPEN, Status.PAUSED):
        return None
    if run.reminded:
        return "expire", now + EXPIRES_AFTER - REMIND_AFTER
    return "remind", _by_day(now + REMIND_AFTER, zone)


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


def _act(run: Run, name: str, action: Mapping[str, Any]) -> Done:  # noqa: PLR0911, PLR0912 - one line for each
    match name:
        case "answer":
            return _answered(run, action["prompt"], action["question"], tuple(action["choices"]))
        case "reply":
            return _replied(run, action["answers"], action["ts"], action["aim"])
        case "edit":
            given = _known(run, action["answers"])
            return _given(run, given) if given else Done(run, What.STALE)
        case "guess":
            guess = Prompt(action["question"], tuple(action["choices"]), typed=action.get("ts"))
            return _guessed(run, action["prompt"], guess)
        case "change":
            known = any(each.id == action["question"] for each in (run.quiz.purpose, *run.quiz.all_questions))
            return _asked(run, Prompt(action["question"], changing=True)) if known else Done(run, What.STALE)
        case "back" | "skip" if action.get("prompt", len(run.prompts)) != len(run.prompts):
            return Done(run, What.STALE)  # the second half of a double Enter
        case "back":
            return _back(run)
        case "skip":
            return _skipped(run)
        case "pause":
            return _moved(run, Status.PAUSED)
        case "stop":
            return _moved(run, Status.STOPPED)
        case "resume":
            return _resumed(run)
        case "reask":
            return _resumed(run) if run.asking else Done(run, What.NOTHING)
        case "later":
            return Done(run, What.TAKEN)
        case "delete":
            return Done(Run(run.quiz, prompts=run.prompts, status=Status.DELETED), What.TAKEN)
        case "begin":
            return Done(run, What.NOTHING)
        case "go_on":
            skipped = run.skipped - {each.id for each in run.quiz.questions}
            return Done(_advance(replace(run, went_on=True, skipped=skipped)), What.TAKEN)
        case "manages":
            return _managing(run)
        case "open":
            return _opened(run, action["part"])
        case "graded":
            if action["column"] is None:
                return Done(replace(run, not_graded=True), What.TAKEN)
            if run.quiz.review is None or action["dimension"] not in run.quiz.review.dimensions:
                return Done(run, What.STALE)
            return Done(replace(run, graded=Graded(action["dimension"], action["column"])), What.TAKEN)
        case "regrade":
            return Done(replace(run, graded=None, not_graded=False), What.TAKEN)
        case _:
            raise ValueError(f"there is no action {name!r}")


def _known(run: Run, answers: Mapping[str, Sequence[str]]) -> dict[str, Given] | None:
    """Give the answers as tuples; None if this quiz does not have one of them."""
    try:
        for question_id, choices in answers.items():
            for each in choices:
                fit.choice_of(run.quiz.question(question_id), each)
    except KeyError:
        return None
    return {question_id: tuple(choices) for question_id, choices in answers.items()}


def _answered(run: Run, prompt: int, question: str, choices: Given) -> Done:
    answers = _known(run, {question: choices})
    if answers is None:
        return Done(run, What.STALE)
    if prompt == len(run.prompts) and run.live and run.prompts[-1].question == question:
        guessed = run.prompts[-1].typed
        return _given(_typed(run, guessed, answers) if guessed else run, answers)
    what = What.REPEATED if run.answers.get(question) == choices else What.STALE
    return Done(run, what, question)


def _typed(run: Run, ts: str, answers: Mapping[str, Given]) -> Run:
    """Remember which questions a message has answered."""
    return replace(run, typed=MappingProxyType({**run.typed, ts: tuple(answers)}))


def _replied(run: Run, given: Mapping[str, Sequence[str]], ts: str, aim: int | None) -> Done:
    answers = _known(run, given)
    if answers is None:
        return Done(run, What.STALE)
    if aim is not None:
        # Meant for a prompt that has been answered meanwhile: the second half of a double Enter.
        meant = run.prompts[aim - 1].question if 0 < aim <= len(run.prompts) else None
        if not run.live or meant != run.prompts[-1].question or meant not in answers:
            return Done(run, What.STALE, meant)
        if guessed := run.prompts[-1].typed:
            run = _typed(run, guessed, answers)
    return _given(_typed(run, ts, answers), answers)


def _given(run: Run, answers: Mapping[str, Given]) -> Done:
    """Take answers, to the questions that are asked or to others."""
    [*_, last] = answers
    what = What.REPEATED if all(run.answers.get(each) == given for each, given in answers.items()) else What.TAKEN
    live = run.live and run.prompts[-1].question not in answers
    after = replace(
        run,
        answers=MappingProxyType({**run.answers, **answers}),
        skipped=run.skipped - answers.keys(),
        live=live,
        status=Status.OPEN,
    )
    return Done(_advance(after), what, last)


def _guessed(run: Run, prompt: int, guess: Prompt) -> Done:
    if _known(run, {guess.question: guess.guesses}) is None:
        return Done(run, What.STALE)
    if run.asking is None or prompt != len(run.prompts) or run.asking.question != guess.question:
        return Done(run, What.STALE, guess.question)
    return _asked(run, replace(guess, changing=run.asking.changing))


def _asked(run: Run, prompt: Prompt) -> Done:
    after = replace(run, prompts=(*run.prompts, prompt), live=True, status=Status.OPEN)
    return Done(after, What.TAKEN, prompt.question)


def _back(run: Run) -> Done:
    asked = (run.quiz.purpose.id, *(question.id for question in run.numbered))
    passed = [each for each in asked if each in run.answers or each in run.skipped]
    if run.live and run.prompts[-1].question in passed:  # back again, from a question that is being changed
        passed = passed[: passed.index(run.prompts[-1].question)]
    return _asked(run, Prompt(passed[-1], changing=True)) if passed else Done(run, What.FIRST)


def _skipped(run: Run) -> Done:
    if not run.live:
        return Done(run, What.NOTHING)
    prompt, skipped = run.prompts[-1], run.skipped
    if prompt.question not in run.answers:
        skipped = skipped | {prompt.question}
    after = replace(run, live=False, skipped=skipped, status=Status.OPEN)
    return Done(_advance(after), What.TAKEN, prompt.question)


def _managing(run: Run) -> Done:
    """Take it that they answer for their people, and ask again, in the words for that, what was being asked."""
    done = _given(run, {PURPOSE: (PEOPLE,)})
    same = done.run.live and done.run.prompts == run.prompts
    return replace(done, run=_resumed(done.run).run) if same else done


def _opened(run: Run, part: str) -> Done:
    if part not in PARTS or not run.shareable:
        return Done(run, What.STALE)
    if part in run.opened:
        return Done(run, What.REPEATED)
    return Done(replace(run, opened=(*run.opened, part)), What.TAKEN)


def _moved(run: Run, status: Status) -> Done:
    if run.finished:  # the result stands; an answer that was being changed stays as it was
        return Done(replace(run, live=False), What.TAKEN if run.live else What.NOTHING)
    if run.status is status:
        return Done(run, What.NOTHING)
    return Done(replace(run, status=status), What.TAKEN)


def _resumed(run: Run) -> Done:
    """Go on, with the live question asked again below what has been said since; or with all, if all were skipped."""
    run = replace(run, status=Status.OPEN)
    if run.upcoming is None and not run.finished:
        run = replace(run, skipped=run.skipped & {PURPOSE})
    if run.live:
        return _asked(run, replace(run.prompts[-1], guesses=(), typed=None))
    after = _advance(run)
    return Done(after, What.TAKEN if after.live else What.NOTHING)


def _advance(run: Run) -> Run:
    """Ask the next question, if it is not asked already and no other is being changed."""
    if run.live and (run.prompts[-1].changing or (run.upcoming and run.prompts[-1].question == run.upcoming.id)):
        return run
    if run.upcoming is None:
        return replace(run, live=False)
    return replace(run, prompts=(*run.prompts, Prompt(run.upcoming.id)), live=True)
