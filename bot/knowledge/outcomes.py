"""What comes of the quiz: no row counts twice, each role can be reached, and every set of answers ends as it should."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, product
from math import prod

from bot.domain import fit
from bot.domain.quiz_content import Quiz
from bot.knowledge.problems import Problem, YamlPath
from bot.knowledge.yaml_file import YamlFile

MAX_SETS = 5_000  # of answers that are tried


def find_rows_asked_twice(quiz: Quiz, file: YamlFile) -> Iterator[Problem]:
    """Find questions about a row of the roles table that another question asks about; `file` is quiz.yaml."""
    first: dict[str, tuple[str, int]] = {}  # by row: the question that asks about it, and the line where it says so
    for position, question in enumerate(quiz.questions):
        path = ("questions", position, "dimension")
        other, line = first.setdefault(question.dimension, (question.id, file.line(path)))
        if other != question.id:
            row = question.dimension
            message = f"the row {row!r} is already asked about by {other!r} in line {line}, and would count twice"
            yield file.problem(
                path, message, "Ask about another row of the roles table, or make one question of the two"
            )


def find_unreachable_roles(quiz: Quiz, file: YamlFile) -> Iterator[Problem]:
    """Find roles that no answers lead to; `file` is quiz.yaml."""
    reachable = fit.reachable(quiz)
    for position, role in enumerate(quiz.roles):
        if role.id not in reachable:
            message = f"no answers lead to the role {role.id!r}"
            yield file.problem(("roles", position, "id"), message, "Give it more weight in some choices")


def find_wrong_outcomes(quiz: Quiz, file: YamlFile) -> Iterator[Problem]:
    """Try sets of answers: one answer recommends nothing, and each tie is decided by its own tie-break."""
    remedy = "Report this: it is a fault of the bot"
    for path, message in wrong_outcomes(quiz.model_dump_json()):
        yield file.problem(path, message, remedy)


@lru_cache(maxsize=2)
def wrong_outcomes(quiz_json: str) -> tuple[tuple[YamlPath, str], ...]:
    """Try the sets of answers to a quiz; remembered, because that takes seconds and most edits leave the quiz alone."""
    quiz = Quiz.model_validate_json(quiz_json)
    return tuple(dict.fromkeys((*_too_early(quiz), *_wrong_tie_breaks(quiz))))


def _too_early(quiz: Quiz) -> Iterator[tuple[YamlPath, str]]:
    """Find choices that give a recommendation alone."""
    for position, question in enumerate(quiz.questions if len(quiz.questions) > 1 else ()):
        for number, choice in enumerate(question.choices):
            if fit.recommend(quiz, {question.id: (choice.id,)}).clearness is not fit.Clearness.PICTURE:
                message = f"one answer alone, {choice.id!r}, gives a recommendation"
                yield ("questions", position, "choices", number), message


def _wrong_tie_breaks(quiz: Quiz) -> Iterator[tuple[YamlPath, str]]:
    """Find roles too close to call that get another tie-break than theirs, and answers to one that lead elsewhere."""
    for answers in _sets_of_answers(quiz):
        result, tie_break = fit.recommend(quiz, answers), fit.tie_break(quiz, answers)
        tied = {result.role.id, result.runner_up.id} if result.clearness is fit.Clearness.CLOSE else set()
        if tied != set(tie_break.roles if tie_break else ()):
            message = f"{result.role.id} and {result.runner_up.id} do not get the question that decides between them"
            yield ("tie_breaks",), message
        if tie_break is None:
            continue
        for side in tie_break.choices:
            after = fit.recommend(quiz, {**answers, tie_break.id: (side.id,)})
            leads_to = after.role.id if after.clearness is fit.Clearness.LEANING else None
            if leads_to != side.role:
                message = (
                    f"{side.id!r} should lead to {side.role or 'neither role'} and leads to {leads_to or 'neither'}"
                )
                yield ("tie_breaks", quiz.tie_breaks.index(tie_break)), message


def _sets_of_answers(quiz: Quiz) -> Iterator[dict[str, tuple[str, ...]]]:
    """Give every set of answers, or evenly spread ones if they are too many; each of one choice to every question."""
    count = prod(len(question.choices) for question in quiz.questions)
    for chosen in islice(product(*(question.choices for question in quiz.questions)), 0, None, -(-count // MAX_SETS)):
        yield {question.id: (choice.id,) for question, choice in zip(quiz.questions, chosen, strict=True)}
