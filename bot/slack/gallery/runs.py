"""Rounds of the quiz for the examples: finished ones of every kind, and what they are called."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations, product
from types import MappingProxyType

from bot.domain.quiz import LETTERS
from bot.domain.quiz_content import Quiz, TieBreak
from bot.domain.quiz_run import Run
from bot.knowledge import Library


def finished_runs(library: Library) -> Sequence[Run]:
    """Give a finished run for every set of answers there is, with the tie-break answered, or left out, where asked."""
    return _finished_runs(library.quiz.model_dump_json())


@lru_cache(maxsize=1)
def _finished_runs(quiz_json: str) -> tuple[Run, ...]:
    """Give them, remembered with what each run has worked out of itself: many parts of the gallery begin with them."""
    quiz = Quiz.model_validate_json(quiz_json)
    finished = []
    for positions in product(*(range(len(question.choices)) for question in quiz.questions)):
        chosen = {q.id: (q.choices[at].id,) for q, at in zip(quiz.questions, positions, strict=True)}
        run = Run(quiz, MappingProxyType(chosen))
        if last := run.upcoming:
            finished.append(replace(run, skipped=frozenset({last.id})))
            run = replace(run, answers=MappingProxyType({**chosen, last.id: (last.choices[0].id,)}))
        finished.append(run)
    return tuple(finished)


def representative(runs: Iterable[Run]) -> list[Run]:
    """Choose so many of these runs that any two answers occur together in one, and every kind of result."""
    covered: set[object] = set()
    chosen = []
    for run in runs:
        recommended = run.recommendation
        if recommended is None:
            raise ValueError("a run is not finished")
        roles = (recommended.role.id, recommended.runner_up.id)
        kind = (roles, recommended.clearness, run.tie_break, run.shareable, bool(run.skipped))
        new = {kind, *combinations(sorted(run.answers.items()), 2)} - covered
        if new:
            chosen.append(run)
            covered |= new
    return chosen


def in_every_purpose(runs: Sequence[Run]) -> Iterator[Run]:
    """Give runs as if they were about one's own work, a role, or one's people, in turn."""
    for number, run in enumerate(runs):
        purposes = run.quiz.purpose.choices
        purpose = purposes[number % len(purposes)].id
        yield replace(run, answers=MappingProxyType({**run.answers, run.quiz.purpose.id: (purpose,)}))


def run_of_each_role(library: Library) -> list[Run]:
    """Give a run for each role that can be recommended, and for each two that can be too close to call."""
    of_roles: dict[object, Run] = {}
    for run in finished_runs(library):
        recommended = run.recommendation
        if recommended:
            level = tuple(role.id for role in recommended.level)
            of_roles.setdefault((recommended.role.id, recommended.clearness, level), run)
    return list(of_roles.values())


def described(run: Run) -> str:
    """Say what a run has answered in short, each question by its number: "own 1a 2c 3– 4a 5ab"."""
    parts = list(run.answers.get(run.quiz.purpose.id, ()))
    for question in run.quiz.all_questions:
        letters = [
            letter
            for letter, choice in zip(LETTERS, question.choices, strict=False)
            if choice.id in run.answers.get(question.id, ())
        ]
        if letters or question.id in run.skipped:
            number = question.id if isinstance(question, TieBreak) else str(run.number(question))
            parts.append(f"{number}{':' if isinstance(question, TieBreak) else ''}{''.join(letters) or '–'}")
    return " ".join(parts)
