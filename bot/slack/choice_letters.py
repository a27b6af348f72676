"""The choices of a question in messages: each with the letter by which it can be typed."""

from collections.abc import Sequence

from bot.domain.quiz import LETTERS
from bot.domain.quiz_content import AnyQuestion, HasChoices, Option
from bot.knowledge import Library
from bot.slack.text import escape, fill


def lettered(question: AnyQuestion) -> str:
    """Name the choices of a question with the letters by which they can be typed."""
    return ", ".join(f"{letter} ({choice.label})" for letter, choice in zip(LETTERS, question.choices, strict=False))


def letter_of(question: HasChoices, choice: Option) -> str:
    """Give the letter by which a choice can be typed; empty for a cell of a review behind the 26 that have one."""
    position = list(question.choices).index(choice)
    return LETTERS[position : position + 1]


def labelled(question: HasChoices, choice: Option) -> str:
    """Give the label of a choice behind its letter, if it has one."""
    letter = letter_of(question, choice)
    return f"{letter}. {choice.label}" if letter else choice.label


def listed(question: HasChoices, choices: Sequence[Option], library: Library) -> list[str]:
    """Name choices with their letters, a line each."""
    option = library.words.quiz.option
    letters = [letter_of(question, choice) for choice in choices]
    return [
        fill(option, letter=letter, choice=choice.label) if letter else escape(choice.label)
        for letter, choice in zip(letters, choices, strict=True)
    ]


def explained(question: HasChoices, choices: Sequence[Option], library: Library) -> list[str]:
    """Say what choices mean, a line each; those that are not explained are only named."""
    means = library.words.quiz.option_means
    return [
        fill(means, letter=letter_of(question, choice), choice=choice.label, means=choice.means)
        if choice.means
        else line
        for choice, line in zip(choices, listed(question, choices, library), strict=True)
    ]
