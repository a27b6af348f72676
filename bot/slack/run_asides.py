"""What is said between the questions of a round and changes nothing."""

from enum import StrEnum
from typing import Final, Literal, assert_never

from bot.domain.actions import Action, Grade, Pause, Skip, Stop, Undo
from bot.domain.quiz import Outcome
from bot.domain.quiz_content import TieBreak, worded
from bot.domain.quiz_run import Graded, Run, Status
from bot.domain.readings import (
    AboutChoices,
    Aside,
    Asks,
    AsksForAnswers,
    AsksForOther,
    AsksForTitle,
    AsksForTwo,
    AsksToStartOver,
    AsksWhetherRole,
    AsksWhyMe,
    Command,
    Defined,
    ForSomebody,
    MaybeMeant,
    NotAsked,
    Remark,
    SeveralUnclear,
    Unclear,
    WhatIf,
    WhichOffered,
    WhichTwo,
)
from bot.domain.result_question import AboutResult, AboutTerm, Disagrees
from bot.domain.round_topics import AboutRound, ShowsPart, Topic
from bot.knowledge import Library
from bot.slack import blocks, maybe_meant, result, result_explained, review_messages, run_messages
from bot.slack.pieces import Message, context, joined, message
from bot.slack.text import fill
from bot.storage import RESULT, StoredRun


class RunAside(StrEnum):
    """Something that is said in a round and changes nothing; the values are recorded by the work that says it."""

    OWN_ONLY = "own_only"  # a command has no meaning in a round about somebody else's work
    OTHER_ANSWERS = "other_answers"  # nobody sees what the other person has answered, who compares with them
    COMPARISON = "comparison"  # what is asked of a comparison in the round of who was invited, by its name
    EXPLAIN = "explain"  # how the result comes about; with a role, why it is that one or not
    HOW_SURE = "how_sure"  # how sure the result is; with a role, of that one
    WHAT_CHANGES = "what_changes"  # what would make the result another; with a role, that one
    RESULT_TERM = "result_term"  # what a word of the result means that says how close it is, by its name
    DISAGREES = "disagrees"  # what the answers said, to who objects; with a role, that it should be that one
    WHAT_IF = "what_if"  # what another answer would have led to: it and its question, as `record_what_if` has them
    ANSWERS = "answers"  # what they have answered by now; with a question, to that one
    SO_FAR = "so_far"  # the picture from the answers so far
    TERM = "term"  # what a term means
    CHOICES = "choices"  # what choices of the open question mean: they and it, as `record_choices` has them
    KEPT = "kept"  # an edit has changed no answer
    SMALLTALK = "aside"  # the reply to small talk, by its intent
    WHY = "why"  # why a question is asked; below a result, how that comes about
    UNSURE = "unsure"  # what to do who does not know the answer
    NOT_FOR_ME = "not_for_me"  # how to leave a round, and whom it is for
    START_OVER = "start_over"  # how to take the quiz once more
    TWO = "two"  # whether more than one choice can be taken
    FOR_SOMEBODY = "for_somebody"  # nobody else reads what is written here; with the name of whom it is for
    WHICH_TWO = "which_two"  # half and half, but of what
    WHICH_OFFERED = "which_offered"  # yes, where two choices were offered
    SEVERAL_UNCLEAR = "several_unclear"  # how to answer several questions at once
    WHY_ME = "why_me"  # why somebody was invited to answer about another's work
    TITLES = "titles"  # what the role that came out is called
    TOPIC = "topic"  # what is asked about the quiz or its result, by the name of the topic
    PART = "part"  # a part of the result, by its name
    WHETHER_ROLE = "whether_role"  # whether the result names a role, by its id
    REVIEW_GUESS = (
        "review_guess"  # what the last review looked at, if that was meant: the cells as `record_cells` has them
    )
    MAYBE_MEANT = "maybe_meant"  # what something may mean that was not understood, by the names
    UNCLEAR = "unclear"  # that was not understood
    UNCLEAR_AGAIN = "unclear_again"  # that it was not understood once more, so that perhaps no choice fits
    NO_SUCH_MARK = "no_such_mark"  # that no choice has this letter or number
    NOT_ASKED = "not_asked"  # that an answer cannot be changed before its question was asked


# By the names of the commands that somebody may type for them.
TYPED_ASIDES: Final = {
    "so_far": RunAside.SO_FAR,
    "why": RunAside.WHY,
    "unsure": RunAside.UNSURE,
    "not_for_me": RunAside.NOT_FOR_ME,
}

# What asks for an answer itself, or says what to type instead of one; the second of them only until there is a result.
ASKING: Final = frozenset(
    {
        RunAside.NOT_FOR_ME,
        RunAside.NOT_ASKED,
        RunAside.REVIEW_GUESS,
        RunAside.SEVERAL_UNCLEAR,
        RunAside.TWO,
        RunAside.UNSURE,
        RunAside.WHICH_OFFERED,
        RunAside.WHICH_TWO,
        *(RunAside.MAYBE_MEANT, RunAside.UNCLEAR, RunAside.UNCLEAR_AGAIN, RunAside.NO_SUCH_MARK),
    }
)
OF_RESULT: Final = frozenset({RunAside.EXPLAIN, RunAside.HOW_SURE, RunAside.WHAT_CHANGES, RunAside.DISAGREES})
LEAVING: Final = "bye"  # the intent of small talk of who goes

_OfQuestion = Literal[
    RunAside.EXPLAIN,
    RunAside.HOW_SURE,
    RunAside.WHAT_CHANGES,
    RunAside.DISAGREES,
    RunAside.WHY,
    RunAside.UNSURE,
    RunAside.NOT_FOR_ME,
    RunAside.WHICH_TWO,
    RunAside.WHICH_OFFERED,
    RunAside.REVIEW_GUESS,
    RunAside.MAYBE_MEANT,
    RunAside.UNCLEAR,
    RunAside.UNCLEAR_AGAIN,
    RunAside.NO_SUCH_MARK,
]


def aside_to(reading: Remark) -> tuple[RunAside, str | None]:  # noqa: PLR0911, PLR0912 - one for each reading
    """Give what is said to something typed that changes nothing, and what that is about."""
    match reading:
        case Command(name):
            return TYPED_ASIDES[name], None
        case Defined(term):
            return RunAside.TERM, term.term
        case AboutChoices():
            return RunAside.CHOICES, record_choices(reading)
        case AboutResult(role, how_sure, what_changes):
            asked = RunAside.WHAT_CHANGES if what_changes else RunAside.EXPLAIN
            return RunAside.HOW_SURE if how_sure else asked, role
        case AboutTerm(name):
            return RunAside.RESULT_TERM, name
        case Disagrees(role):
            return RunAside.DISAGREES, role
        case AsksToStartOver():
            return RunAside.START_OVER, None
        case AsksForTwo():
            return RunAside.TWO, None
        case ForSomebody(name):
            return RunAside.FOR_SOMEBODY, name
        case WhatIf():
            return RunAside.WHAT_IF, record_what_if(reading)
        case Aside(intent):
            return RunAside.SMALLTALK, intent
        case WhichTwo():
            return RunAside.WHICH_TWO, None
        case WhichOffered():
            return RunAside.WHICH_OFFERED, None
        case SeveralUnclear():
            return RunAside.SEVERAL_UNCLEAR, None
        case AsksWhyMe():
            return RunAside.WHY_ME, None
        case AsksForTitle():
            return RunAside.TITLES, None
        case AboutRound(topic):
            return RunAside.TOPIC, topic
        case ShowsPart(part):
            return RunAside.PART, part
        case AsksWhetherRole(role):
            return RunAside.WHETHER_ROLE, role
        case AsksForOther():
            return RunAside.OTHER_ANSWERS, None
        case AsksForAnswers(answered):
            return RunAside.ANSWERS, answered
        case NotAsked(question):
            return RunAside.NOT_ASKED, question
        case Unclear(str(mark)):
            return RunAside.NO_SUCH_MARK, mark
        case MaybeMeant(names):
            return RunAside.MAYBE_MEANT, " ".join(names)
        case Asks() | Unclear():
            return RunAside.UNCLEAR, None
        case _ as never:
            assert_never(never)


def render_aside(run_id: str, aside: RunAside, about: str | None, run: Run, library: Library) -> Message | None:
    """Render what is said between the questions; None for nothing. about: the term, role or intent it is about.

    Below what does not itself ask for an answer it says which question is open.
    """
    said = _render(run_id, aside, about, run, library)
    if is_asked_anew(aside, run):
        return said
    asks_itself = aside in ASKING or (aside in OF_RESULT and not run.finished)
    if said is None or asks_itself or (aside is RunAside.SMALLTALK and about == LEAVING):
        return said
    return with_open_question(said, run, library)


def is_asked_anew(aside: RunAside, run: Run) -> bool:
    """Say whether the question is asked again below what is said: so that a “yes” to it takes no earlier guess."""
    return aside is RunAside.TOPIC and run.asking is not None and bool(run.asking.guesses)


def with_open_question(said: Message, run: Run, library: Library) -> Message:
    """Add a line with the question that is open, if there is one, to what has been said below it."""
    if run.asking is None:
        return said
    question = worded(run.quiz.question(run.asking.question), "text", run.purpose)
    line = fill(library.words.quiz.still_open, question=question)
    return joined(said, message([context(line)], [line]))


def _render(  # noqa: PLR0911, PLR0912 - one for each aside
    run_id: str, aside: RunAside, about: str | None, run: Run, library: Library
) -> Message | None:
    words, compare = library.words.quiz, library.words.compare
    match aside:
        case RunAside.OWN_ONLY:
            return blocks.say(compare.own_only)
        case RunAside.OTHER_ANSWERS:
            return blocks.say(compare.over if run.closed else compare.other_answers)
        case RunAside.COMPARISON:
            known = about in compare.asked.names
            return run_messages.of_comparison(about, run, library) if about and known else None
        case RunAside.ANSWERS:
            return run_messages.answers(run, about, library) or blocks.say(words.nothing_so_far)
        case RunAside.EXPLAIN if run.finished:
            return result_explained.explanation(run, about, library)
        case RunAside.WHY if run.finished and run.asking is None:
            return result_explained.explanation(run, about, library)
        case RunAside.HOW_SURE if run.finished:
            return result_explained.sureness(run, about, library)
        case RunAside.WHAT_CHANGES if run.finished:
            return result_explained.what_would_change(run, about, library)
        case RunAside.DISAGREES if run.finished:
            return result_explained.objection(run, about, library)
        case RunAside.RESULT_TERM:
            return result_explained.term(about or "", run, library)
        case RunAside.START_OVER:
            return run_messages.may_start_over(run_id, library)
        case RunAside.TWO:
            return run_messages.one_or_two(run, library)
        case RunAside.FOR_SOMEBODY:
            return blocks.filled(fill(words.for_somebody, name=about)) if about else blocks.say(words.for_somebody_else)
        case RunAside.WHAT_IF if run.finished or (
            about and run.subject is None and isinstance(run.open_question, TieBreak)
        ):
            return result_explained.what_if(run, read_what_if(about), library)
        case RunAside.SO_FAR | RunAside.WHAT_IF:
            if run.finished:
                return finished(run, library)
            if run.nothing_to_weigh:
                return blocks.say(words.all_skipped)
            return result.so_far(run, library) if run.so_far else blocks.say(words.nothing_so_far)
        case RunAside.NOT_ASKED:
            return run_messages.not_asked(run, about, library) if about else None
        case RunAside.TERM:
            return next(
                (
                    run_messages.term(definition, library)
                    for definition in run.quiz.glossary
                    if definition.term == about
                ),
                None,
            )
        case RunAside.CHOICES:
            return _about_choices(about, run, library)
        case RunAside.KEPT:
            return blocks.say(words.kept)
        case RunAside.SEVERAL_UNCLEAR:
            return blocks.say(words.several_unclear)
        case RunAside.WHY_ME:
            return run_messages.why_me(run, library)
        case RunAside.TITLES:
            return result.part(run, "titles", library) if run.finished else blocks.say(words.nothing_so_far)
        case RunAside.TOPIC:
            return run_messages.about_round(Topic(about), run, library) if about else None
        case RunAside.PART:
            return result.part(run, about, library) if about and run.finished else blocks.say(words.nothing_so_far)
        case RunAside.WHETHER_ROLE:
            return result_explained.whether(run, about, library) if run.finished else blocks.say(words.nothing_so_far)
        case RunAside.SMALLTALK:
            talk = library.words.talk.of(about) if about else None
            below = talk.below_result if talk and run.shareable and run.asking is None else None
            text = below or ((talk.in_quiz or talk.reply) if talk else None)
            return blocks.say(text) if text else None
        case (
            RunAside.EXPLAIN
            | RunAside.HOW_SURE
            | RunAside.WHAT_CHANGES
            | RunAside.DISAGREES
            | RunAside.WHY
            | RunAside.UNSURE
            | RunAside.NOT_FOR_ME
            | RunAside.WHICH_TWO
            | RunAside.WHICH_OFFERED
            | RunAside.REVIEW_GUESS
            | RunAside.MAYBE_MEANT
            | RunAside.UNCLEAR
            | RunAside.UNCLEAR_AGAIN
            | RunAside.NO_SUCH_MARK
        ):
            if review := review_messages.open_review(run, library):
                if aside is RunAside.REVIEW_GUESS and about:
                    return review_messages.guess(read_cells(about), review, run_id, library)
                return review_messages.unclear(run_id, library)
            return _of_question(run_id, aside, about, run, library)
        case _ as never:
            assert_never(never)


def _about_choices(record: str | None, run: Run, library: Library) -> Message | None:
    """Explain choices of a question; None if the round has them no more."""
    asked = read_choices(record)
    for question in (run.quiz.purpose, *run.quiz.all_questions):
        choices = [choice for choice in question.choices if choice.id in asked.choices]
        if question.id == asked.question and choices:
            return run_messages.about_choices(question, choices, library)
    return None


def _of_question(  # noqa: PLR0911 - one for each aside
    run_id: str, aside: _OfQuestion, about: str | None, run: Run, library: Library
) -> Message | None:
    """Render an aside about the open question; without one, say that the round waits or has ended."""
    words = library.words.quiz
    if aside is RunAside.MAYBE_MEANT and (said := maybe_meant.in_round((about or "").split(), run, library)):
        return said
    if run.asking is None:
        return finished(run, library) if run.finished else blocks.say(_waits(run, library))
    asked = run.quiz.question(run.asking.question)
    match aside:
        case RunAside.WHY:
            return run_messages.why(asked, run, library)
        case RunAside.UNSURE:
            return run_messages.unsure(asked, run, run_id, library)
        case RunAside.NOT_FOR_ME:
            return run_messages.not_for_me(run, run_id, library)
        case RunAside.WHICH_TWO:
            return blocks.say(words.which_two)
        case RunAside.WHICH_OFFERED:
            return run_messages.which_offered(asked, run, library)
        case RunAside.UNCLEAR_AGAIN:
            return run_messages.unclear(asked, run, run_id, library, again=True)
        case RunAside.NO_SUCH_MARK:
            return run_messages.no_such_mark(about or "", asked, library)
        case (
            RunAside.EXPLAIN
            | RunAside.HOW_SURE
            | RunAside.WHAT_CHANGES
            | RunAside.DISAGREES
            | RunAside.REVIEW_GUESS
            | RunAside.MAYBE_MEANT
            | RunAside.UNCLEAR
        ):
            return run_messages.unclear(asked, run, run_id, library)
        case _ as never:
            assert_never(never)


def _waits(run: Run, library: Library) -> str:
    """Say that a round without a result waits; where every question was skipped, that there is nothing to weigh."""
    words = library.words.quiz
    return words.all_skipped if _is_all_skipped(run) else words.waiting


def _is_all_skipped(run: Run) -> bool:
    """Say whether a round that is open has an end without a result."""
    return run.nothing_to_weigh and run.status is Status.OPEN


def finished(run: Run, library: Library) -> Message:
    """Say how to go on from a result to who types what changes nothing there."""
    words = library.words.quiz
    if run.subject is not None:
        return blocks.say(library.words.compare.finished)
    if run.unanswered:
        return blocks.filled(fill(words.finished_rest, questions=result.question_names(run, run.unanswered, library)))
    return blocks.say(words.finished)


def record_cells(cells: tuple[Graded, ...]) -> str:
    """Give cells as the term of an aside, for `read_cells`."""
    return " ".join(f"{cell.dimension}/{cell.column}" for cell in cells)


def read_cells(record: str) -> list[Graded]:
    """Take cells from the term of an aside."""
    pairs = (cell.partition("/") for cell in record.split())
    return [Graded(dimension, column) for dimension, _, column in pairs]


def record_choices(reading: AboutChoices) -> str:
    """Give choices of a question as the term of an aside, for `read_choices`."""
    return f"{reading.question}/{' '.join(reading.choices)}"


def read_choices(record: str | None) -> AboutChoices:
    """Take choices of a question from the term of an aside."""
    question, _, choices = (record or "").partition("/")
    return AboutChoices(question, tuple(choices.split()))


def record_what_if(reading: WhatIf) -> str | None:
    """Give the question and the choice that somebody supposes as the term of an aside, for `read_what_if`."""
    return f"{reading.question}/{reading.choice}" if reading.question and reading.choice else None


def read_what_if(record: str | None) -> WhatIf:
    """Take what somebody supposes from the term of an aside."""
    question, _, choice = (record or "").partition("/")
    return WhatIf(question, choice) if choice else WhatIf()


def confirmation(  # noqa: PLR0911 - one for each action and outcome
    stored: StoredRun, typed: Action, outcome: str, ts: str, library: Library
) -> Message | None:
    """Confirm what a typed message (`ts`) has done to a run; None where a message below it shows that."""
    run, words = stored.run, library.words.quiz
    match typed, outcome:
        case Grade(), Outcome.TAKEN:
            return review_messages.noted(run, library)
        case ((Stop() | Pause()), Outcome.TAKEN):
            return _left(run, library)
        case Undo(), Outcome.TAKEN:
            has_result = run.finished and run.subject is None
            return blocks.say(words.change_dropped if has_result else words.change_dropped_other)
        case Undo(), Outcome.NOTHING:
            said = words.nothing_undone_result if run.shareable else words.nothing_undone
            return with_open_question(blocks.say(said), run, library)
        case Skip(), Outcome.TAKEN if _is_all_skipped(run):
            return blocks.say(words.all_skipped)
        case ((Stop() | Pause() | Skip()), Outcome.NOTHING) if not run.finished:
            return blocks.say(library.words.compare.over if run.closed else _waits(run, library))
        case ((Stop() | Pause() | Skip()), Outcome.NOTHING):
            shown = stored.messages.get(RESULT)
            # A result that came after it ended the round meanwhile: this is the second half of a double Enter.
            return blocks.say(words.ended) if shown and float(shown.ts) < float(ts) else None
        case _:
            return None


def _left(run: Run, library: Library) -> Message | None:
    """Say how to go on to who has left a round, or an answer that was to be changed; None where it goes on by now."""
    words = library.words.quiz
    if run.closed:
        return blocks.say(library.words.compare.over)
    if run.asking is not None:
        return None
    if run.finished:
        return blocks.say(words.change_dropped if run.subject is None else words.change_dropped_other)
    return blocks.say(words.stopped_note if run.status is Status.STOPPED else words.paused_note)
