"""What editors see of questions without an answer, and the news of those that have got one."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial

from bot.domain.gaps import Question, QuestionKind
from bot.domain.report import Report, report_on
from bot.knowledge import Library, drafts
from bot.slack import blocks, gaps_blocks
from bot.slack.gallery.rendering import TODAY, Rendering
from bot.slack.pieces import Message


def full_report(library: Library) -> Report:
    """Give a report with more of everything than a list shows, in long words and with Slack's own characters."""

    def question(number: int, kind: QuestionKind, text: str, entry: str | None = None) -> Question:
        return Question(f"C1:{number}.0", f"U{number}", kind, text, entry=entry, asked_at=float(number))

    long, entry = "<!channel> & <https://x|why> " + "so long " * 600, next(iter(library.entries))
    asked = [question(at, QuestionKind.UNANSWERED, f"{at} {long} {at}") for at in range(1, 9)]
    asked += [question(at, QuestionKind.NOT_HELPFUL, "", entry) for at in range(20, 40)]
    asked += [question(at, QuestionKind.NOT_HELPFUL, f"7 {long} 7", entry) for at in range(50, 52)]
    asked += [question(at, QuestionKind.CHOSEN, f"{at} {long}", entry) for at in range(40, 49)]
    old = {name: former.model_copy(update={"checked": date(2020, 1, 1)}) for name, former in library.entries.items()}
    return report_on(asked, [], old, library.index, TODAY)


def empty_report(library: Library) -> Report:
    """Give a report on a workspace where nobody has asked in vain."""
    return report_on([], [], library.entries, library.index, TODAY)


def gaps(library: Library) -> Iterator[Rendering]:
    """Give what editors see of the gap list, and what people hear of it; some of it only with much to say."""
    full = full_report(library)
    if digest := gaps_blocks.digest(full, library, {}):
        yield Rendering("weekly digest", lambda: digest)
    draft = drafts.draft(replace(full.gaps[1], questions=full.gaps[0].questions[:8], example="x"), library)
    for name, text in {"draft of an entry": draft * 3, "draft that ends its own code block": "```\n<@U1>"}.items():
        yield Rendering(name, partial(gaps_blocks.draft, text, library))
    yield Rendering("draft of a gap that is gone", partial(gaps_blocks.draft_gone, library))
    for wanted in (True, False):
        yield Rendering(f"news {'on' if wanted else 'off'}", partial(gaps_blocks.news_chosen, library, wanted=wanted))
    for entry in library.entries.values():
        yield Rendering(f"news of {entry.id}", partial(gaps_blocks.news, "why? " * 900, [entry], library))
        answer = partial(blocks.answers, [entry], library)
        yield Rendering(f"corrected answer {entry.id}", partial(_corrected, answer, library))


def _corrected(answer: Callable[[], Message], library: Library) -> Message:
    return gaps_blocks.corrected(answer(), 1_795_852_800.0, library)
