"""What is said between the questions of a round and changes nothing, by its name."""

from bot.domain.quiz_run import Run
from bot.knowledge import Library
from bot.slack import blocks, result, result_explained, run_messages
from bot.slack.pieces import Message


def render_aside(  # noqa: PLR0911, PLR0912 - one for each name
    run_id: str, name: str, term: str | None, run: Run, library: Library
) -> Message | None:
    """Render what is said between the questions, by its name; None for nothing."""
    words = library.words.quiz
    asked = run.quiz.question(run.prompts[-1].question) if run.live else None
    finished = words.finished if run.subject is None else library.words.compare.finished
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
            return blocks.say(finished)
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
    if asked is None or run.asking is None:
        return blocks.say(finished if run.finished else words.waiting)
    match name:
        case "why":
            return run_messages.why(asked, run, library)
        case "unsure":
            return run_messages.unsure(asked, run, run_id, library)
        case "which_two":
            return blocks.say(words.which_two)
        case _:
            return run_messages.unclear(asked, library)
