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
