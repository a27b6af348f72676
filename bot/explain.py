"""A recommendation worked out step by step, for whoever wants to check it by hand."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.domain import fit
from bot.domain.fit import Answers, Given
from bot.domain.quiz import LETTERS
from bot.domain.quiz_content import AnyQuestion, Quiz
from bot.knowledge.yaml_file import parse


class AnswersError(ValueError):
    """A file of answers that cannot be used; `problems` says why, one by one."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


IN_WORDS = {
    fit.Clearness.CLEAR: "The work calls for: {role}, clearly.",
    fit.Clearness.LEANING: "The work leans towards: {role}.",
    fit.Clearness.CLOSE: "The work is too close to call between: {role}, and {runner_up}.",
    fit.Clearness.PICTURE: "These are too few answers for a recommendation. So far they point to: {role}.",
}


def lines(quiz: Quiz, answers: Answers, *, early: bool = False) -> Iterator[str]:
    """Say what answers come to, then work it out: the weights of each answer, their sums, and what follows from them.

    early: questions were left out, because they could change nothing. Raises ValueError if no question has an answer.
    """
    result = fit.recommend(quiz, answers)
    yield from _in_words(result)
    yield ""
    yield "Step by step, with the weights of the quiz:"
    width = max(len(question.id) for question in quiz.all_questions)
    columns = [max(len(role.id), 6) for role in quiz.roles]

    def row(name: str, cells: list[str], note: str = "") -> str:
        padded = "  ".join(f"{cell:>{size}}" for cell, size in zip(cells, columns, strict=True))
        return f"{name:<{width}}  {padded}  {note}".rstrip()

    yield row("", [role.id for role in quiz.roles])
    sums = [0.0] * len(quiz.roles)
    for question in quiz.questions:
        if question.id not in answers:
            yield row(question.id, ["–"] * len(quiz.roles), "no answer")
            continue
        choices = [choice for name in answers[question.id] for choice in question.choices if choice.id == name]
        weights = [sum(choice.weights.get(role.id, 0) for choice in choices) / len(choices) for role in quiz.roles]
        sums = [old + new for old, new in zip(sums, weights, strict=True)]
        note = " + ".join(choice.id for choice in choices) + ("" if len(choices) == 1 else ", half each")
        yield row(question.id, [f"{weight:g}" for weight in weights], note)
    yield row("sum", [f"{total:g}" for total in sums])
    yield row("share", [f"{share:.1%}" for share in result.shares.values()])
    yield ""
    yield from _decided(quiz, answers, result)
    yield f"position from {quiz.roles[0].id} (0) to {quiz.roles[-1].id} (1): {result.position:.2f}"
    for reason in (*result.reasons, *result.against):
        speaks = "for" if reason.pull > 0 else "against"
        names = " + ".join(choice.id for choice in reason.choices) + (", half" if reason.is_half else "")
        yield f"{speaks} {result.role.id}: {reason.question.id} = {names} ({reason.pull:+g})"
    if result.clearness is fit.Clearness.PICTURE:
        return
    if flip := fit.flip(quiz, answers, early=early):
        changes = ", ".join(
            f"{question.id} = {' or '.join(choice.id for choice in flip.answers_to(question))}"
            for question, _ in flip.changes
        )
        yield f"it would be {flip.role.id}{' for example' if flip.is_example else ''} with {changes}"
    else:
        yield f"no change of up to {fit.MOST_CHANGED} answers would lead to another role"
    if any(question.id not in answers for question in quiz.questions):
        settled = "cannot change this any more" if fit.settled(quiz, answers) else "can still change this"
        yield f"what has no answer {settled}"


def _in_words(result: fit.Recommendation) -> Iterator[str]:
    """Say what answers come to, and which of them it rests on."""
    role, runner_up = result.role, result.runner_up
    yield IN_WORDS[result.clearness].format(role=role.name, runner_up=runner_up.name)
    first, second = result.shares[role.id], result.shares[runner_up.id]
    if _is_tie(result):
        yield f"It and {runner_up.name} have {first:.1%} each of what the answers weigh."
    elif result.margin < 0:
        yield f"It has {first:.1%} of what the answers weigh; {runner_up.name} has more, {second:.1%}."
    else:
        yield f"It has {first:.1%} of what the answers weigh; {runner_up.name}, the next, has {second:.1%}."
    for reasons, lead in ((result.reasons, "For it"), (result.against, "Against it")):
        if reasons:
            yield f"{lead}: {'; '.join(' and '.join(choice.short for choice in reason.choices) for reason in reasons)}."


def _is_tie(result: fit.Recommendation) -> bool:
    # The shares are quotients of sums: a rounding error is no lead.
    return not round(result.margin, 9)


def _decided(quiz: Quiz, answers: Answers, result: fit.Recommendation) -> Iterator[str]:
    """Explain how far the first role leads, what that makes it, and whether a tie-break decided."""
    thresholds, clearness = quiz.thresholds, result.clearness
    for question in quiz.tie_breaks:
        chosen = " + ".join(answers.get(question.id, ()))
        if result.tie_break and question == result.tie_break.question:
            yield f"too close to call by the answers alone; {question.id} = {chosen} decides for {result.role.id}"
        elif chosen:
            yield f"{question.id} = {chosen} does not count: these two are not in front and too close to call"
    why = ""
    if clearness is fit.Clearness.PICTURE:
        why = f"; a recommendation takes {fit.FEWEST} answers"
    elif result.unsettled:
        why = f"; not clear because of {', '.join(question.id for question in result.unsettled)}"
    role, runner_up = result.role.id, result.runner_up.id
    if _is_tie(result):
        lead = f"{role} and {runner_up} are tied"
    elif result.margin < 0:
        lead = f"{role} is {-result.margin:.1%} behind {runner_up}"
    else:
        lead = f"{role} leads {runner_up} by {result.margin:.1%}"
    by = f"{clearness} by the tie-break" if result.tie_break else f"{clearness}"
    alone = "by the answers alone, " if result.tie_break else ""
    yield f"{lead}: {by} ({alone}clear from {thresholds.clear:.0%}, leaning from {thresholds.leaning:.0%}{why})"


def read(path: Path, quiz: Quiz) -> dict[str, Given]:
    """Read answers from YAML: by a question's id or number its choice's id, number or letter, or a list of two.

    Raises AnswersError that says, with the line, what is wrong and what to do; also if no question has an answer.
    """
    path = path.resolve()
    file = parse(path.parent, path.name)
    if file.problems:
        raise AnswersError([str(problem) for problem in file.problems])
    if not isinstance(file.data, Mapping) or not file.data:
        raise AnswersError([f"{path.name}: write one line for each answer, such as `1: b` or `{_example(quiz)}`."])
    answers: dict[str, Given] = {}
    problems = []
    for name, value in file.data.items():
        question = _question(name, quiz)
        if question is None:
            ids = ", ".join(question.id for question in (*quiz.all_questions, quiz.purpose))
            problems.append(file.problem((name,), f"there is no question {name}", f"Choose one of: {ids}, or a number"))
            continue
        if question.id in answers:
            problems.append(
                file.problem((name,), f"{name}: this question has an answer already", "Keep one of the two")
            )
            continue
        values = value if isinstance(value, list) else [value]
        choice_ids = [_choice(item, question) for item in values]
        chosen = tuple(dict.fromkeys(choice_id for choice_id in choice_ids if choice_id))
        if not 0 < len(chosen) == len(values) <= 2:
            ids = ", ".join(choice.id for choice in question.choices)
            remedy = f"Choose one or two of: {ids}, or a letter; two in brackets, such as [a, b]"
            problems.append(file.problem((name,), f"{name}: {value!r} is no answer", remedy))
        answers[question.id] = chosen
    if problems:
        raise AnswersError([str(problem) for problem in problems])
    if not any(question.id in answers for question in quiz.questions):
        ids = ", ".join(question.id for question in quiz.questions)
        raise AnswersError([f"{path.name}: these answers alone give no recommendation. Answer one or more of: {ids}."])
    return answers


def _example(quiz: Quiz) -> str:
    question = quiz.questions[0]
    return f"{question.id}: {question.choices[0].id}"


def _question(name: Any, quiz: Quiz) -> AnyQuestion | None:
    by_number = {str(number): question for number, question in enumerate(quiz.questions, 1)}
    by_id = {question.id: question for question in (*quiz.all_questions, quiz.purpose)}
    return (by_number | by_id).get(str(name))


def _choice(value: Any, question: AnyQuestion) -> str | None:
    by_mark = {
        mark: choice.id
        for number, choice in enumerate(question.choices, 1)
        for mark in (str(number), LETTERS[number - 1])
    }
    by_id = {choice.id: choice.id for choice in question.choices}
    return (by_mark | by_id).get(str(value).strip().lower())
