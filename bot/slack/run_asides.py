"""What is said between the questions of a round and changes nothing."""

from enum import StrEnum
from typing import Final, Literal, assert_never

from bot.domain.quiz_run import Run
from bot.knowledge import Library
from bot.slack import blocks, result, result_explained, run_messages
from bot.slack.pieces import Message


class RunAside(StrEnum):
    """Something that is said in a round and changes nothing; the values are recorded by the work that says it."""

    OWN_ONLY = "own_only"  # a command has no meaning in a round about somebody else's work
    OTHER_ANSWERS = "other_answers"  # nobody sees what the other person has answered, who compares with them
    EXPLAIN = "explain"  # how the result comes about; with a role, why it is that one or not
    HOW_SURE = "how_sure"  # how sure the result is; with a role, of that one
    SO_FAR = "so_far"  # the picture from the answers so far
    TERM = "term"  # what a term means
    KEPT = "kept"  # an edit has changed no answer
    SMALLTALK = "aside"  # the reply to small talk, by its intent
    WHY = "why"  # why a question is asked; below a result, how that comes about
    UNSURE = "unsure"  # what to do who does not know the answer
    WHICH_TWO = "which_two"  # half and half, but of what
    UNCLEAR = "unclear"  # that was not understood


# By the names of the commands that somebody may type for them.
TYPED_ASIDES: Final = {"so_far": RunAside.SO_FAR, "why": RunAside.WHY, "unsure": RunAside.UNSURE}

_OfQuestion = Literal[
    RunAside.EXPLAIN, RunAside.HOW_SURE, RunAside.WHY, RunAside.UNSURE, RunAside.WHICH_TWO, RunAside.UNCLEAR
]


def render_aside(  # noqa: PLR0911 - one for each aside
    run_id: str, aside: RunAside, about: str | None, run: Run, library: Library
) -> Message | None:
    """Render what is said between the questions; None for nothing. about: the term, role or intent it is about."""
    words, compare = library.words.quiz, library.words.compare
    match aside:
        case RunAside.OWN_ONLY:
            return blocks.say(compare.own_only)
        case RunAside.OTHER_ANSWERS:
            return blocks.say(compare.over if run.closed else compare.other_answers)
        case RunAside.EXPLAIN if run.finished:
            return result_explained.explanation(run, about, library)
        case RunAside.WHY if run.finished and run.asking is None:
            return result_explained.explanation(run, about, library)
        case RunAside.HOW_SURE if run.finished:
            return result_explained.sureness(run, about, library)
        case RunAside.SO_FAR:
            if run.finished:
                return blocks.say(_finished(run, library))
            return result.so_far(run, library) if run.so_far else blocks.say(words.nothing_so_far)
        case RunAside.TERM:
            return next((run_messages.term(known, library) for known in run.quiz.glossary if known.term == about), None)
        case RunAside.KEPT:
            return blocks.say(words.kept)
        case RunAside.SMALLTALK:
            talk = library.words.talk.of(about) if about else None
            text = (talk.in_quiz or talk.reply) if talk else None
            return blocks.say(text) if text else None
        case (
            RunAside.EXPLAIN
            | RunAside.HOW_SURE
            | RunAside.WHY
            | RunAside.UNSURE
            | RunAside.WHICH_TWO
            | RunAside.UNCLEAR
        ):
            return _of_question(run_id, aside, run, library)
        case _ as never:
            assert_never(never)


def _of_question(run_id: str, aside: _OfQuestion, run: Run, library: Library) -> Message | None:
    """Render what is said of the question that is open; where none is, that the round waits or has ended."""
    words = library.words.quiz
    if run.asking is None:
        return blocks.say(_finished(run, library) if run.finished else words.waiting)
    asked = run.quiz.question(run.asking.question)
    match aside:
        case RunAside.WHY:
            return run_messages.why(asked, run, library)
        case RunAside.UNSURE:
            return run_messages.unsure(asked, run, run_id, library)
        case RunAside.WHICH_TWO:
            return blocks.say(words.which_two)
        case RunAside.EXPLAIN | RunAside.HOW_SURE | RunAside.UNCLEAR:
            return run_messages.unclear(asked, library)
        case _ as never:
            assert_never(never)


def _finished(run: Run, library: Library) -> str:
    return library.words.quiz.finished if run.subject is None else library.words.compare.finished
