"""What is said between the questions of a round and changes nothing, by its name."""

from bot.domain.actions import Action, Grade, Pause, Skip, Stop
from bot.domain.quiz import Outcome
from bot.domain.quiz_run import Graded, Run, Status
from bot.knowledge import Library
from bot.slack import blocks, result, result_explained, run_messages
from bot.slack.pieces import Message
from bot.slack.text import fill
from bot.storage import RESULT, StoredRun


def render_aside(  # noqa: PLR0911, PLR0912 - one for each name
    run_id: str, name: str, term: str | None, run: Run, library: Library
) -> Message | None:
    """Render what is said between the questions, by its name; None for nothing."""
    words = library.words.quiz
    asked = run.quiz.question(run.prompts[-1].question) if run.live else None
    match name:
        case "own_only":
            return blocks.say(library.words.compare.own_only)
        case "other_answers":
            compare = library.words.compare
            return blocks.say(compare.over if run.closed else compare.other_answers)
        case "explain" | "why" if run.finished and (name == "explain" or run.asking is None):
            return result_explained.explanation(run, term, library)
        case "how_sure" if run.finished:
            return result_explained.sureness(run, term, library)
        case "so_far" if run.finished:
            return finished(run, library)
        case "so_far":
            return result.so_far(run, library) if run.so_far else blocks.say(words.nothing_so_far)
        case "term":
            return next((run_messages.term(known, library) for known in run.quiz.glossary if known.term == term), None)
        case "kept":
            return blocks.say(words.kept)
        case "aside":
            talk = library.words.talk.of(term) if term else None
            text = (talk.in_quiz or talk.reply) if talk else None
            return blocks.say(text) if text else None
    if review := run_messages.open_review(run, library):
        if name == "review_guess" and term:
            return run_messages.review_guess(read_cells(term), review, run_id, library)
        return run_messages.review_unclear(run_id, library)
    if asked is None or run.asking is None:
        return finished(run, library) if run.finished else blocks.say(words.waiting)
    match name:
        case "why":
            return run_messages.why(asked, run, library)
        case "unsure":
            return run_messages.unsure(asked, run, run_id, library)
        case "not_for_me":
            return run_messages.not_for_me(run, run_id, library)
        case "which_two":
            return blocks.say(words.which_two)
        case _:
            return run_messages.unclear(asked, library)


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


def confirmation(stored: StoredRun, typed: Action, outcome: str, ts: str, library: Library) -> Message | None:
    """Say what has come of something typed in the message `ts` that shows nowhere below it; None where that shows."""
    run, words = stored.run, library.words.quiz
    match typed, outcome:
        case Grade(), Outcome.TAKEN:
            return run_messages.review_noted(run, library)
        case ((Stop() | Pause()), Outcome.TAKEN):
            return _left(run, library)
        case ((Stop() | Pause() | Skip()), Outcome.NOTHING) if not run.finished:
            return blocks.say(library.words.compare.over if run.closed else words.waiting)
        case ((Stop() | Pause() | Skip()), Outcome.NOTHING):
            shown = stored.messages.get(RESULT)
            # A result that came after it ended the round meanwhile: this is the second half of a double Enter.
            return blocks.say(words.ended) if shown and float(shown.ts) < float(ts) else None
        case _:
            return None


def _left(run: Run, library: Library) -> Message:
    """Say how to go on later to who has just left a round, or an answer that was to be changed."""
    words = library.words.quiz
    if run.closed:
        return blocks.say(library.words.compare.over)
    if run.finished:
        return blocks.say(words.change_dropped)
    return blocks.say(words.stopped_note if run.status is Status.STOPPED else words.paused_note)
