"""Finished rounds for the gallery: one for every sentence that says how clear a result is and what would flip it."""

from collections.abc import Iterator
from itertools import combinations, product
from types import MappingProxyType

from bot.domain.fit import Clearness
from bot.domain.quiz_content import Quiz
from bot.domain.quiz_run import Run
from bot.slack.result import lead_name

# By the kind of result, the sentences that only differ by what would flip it, which takes long to find.
TOLD_APART_BY_FLIP = {
    Clearness.CLEAR: frozenset({"clear", "clear_next"}),
    Clearness.LEANING: frozenset({"leaning", "leaning_next"}),
}


def worded(quiz: Quiz) -> list[Run]:
    """Give runs for every sentence a result begins with, one that half an answer flips, and one that only one does."""
    runs: dict[str, Run] = {}
    for run in _with_questions_left_out(quiz):
        found = run.recommendation
        if found is None:
            continue
        alike = TOLD_APART_BY_FLIP.get(found.clearness, frozenset())
        if found.tie_break or found.unsettled or not alike or not alike <= runs.keys():
            runs.setdefault(lead_name(run, found), run)
    alone = next((run for run in _with_halves(quiz) if _is_flipped_by_half(run)), None)
    only = next((run for run in _complete(quiz) if run.flip and not run.flip.is_example), None)
    return [*runs.values(), *(run for run in (alone, only) if run)]


def _complete(quiz: Quiz) -> Iterator[Run]:
    for choices in product(*(question.choices for question in quiz.questions)):
        answers = {question.id: (choice.id,) for question, choice in zip(quiz.questions, choices, strict=True)}
        yield Run(quiz, MappingProxyType(answers))


def _with_questions_left_out(quiz: Quiz) -> Iterator[Run]:
    for choices in product(*((*question.choices, None) for question in quiz.questions)):
        picked = dict(zip((question.id for question in quiz.questions), choices, strict=True))
        answers = {name: (choice.id,) for name, choice in picked.items() if choice}
        skipped = frozenset(name for name, choice in picked.items() if choice is None)
        yield Run(quiz, MappingProxyType(answers), skipped=skipped)


def _with_halves(quiz: Quiz) -> Iterator[Run]:
    first, *rest = quiz.questions
    for two in combinations(first.choices, 2):
        for choices in product(*(question.choices for question in rest)):
            answers = {question.id: (choice.id,) for question, choice in zip(rest, choices, strict=True)}
            yield Run(quiz, MappingProxyType({first.id: tuple(choice.id for choice in two), **answers}))


def _is_flipped_by_half(run: Run) -> bool:
    recommendation = run.recommendation
    if recommendation is None or recommendation.clearness is Clearness.CLOSE or run.flip is None:
        return False
    return any(choice.id in run.answers.get(question.id, ()) for question, choice in run.flip.changes)
