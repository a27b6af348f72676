"""What the last review looked at, as a question that is answered like those of the quiz: by cells of a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.content import Table
from bot.domain.quiz_content import Option, Quiz
from bot.domain.quiz_run import Graded

REVIEW = "review"  # what an answer to it is known by


@dataclass(frozen=True)
class ReviewQuestion:
    """The cells that can be picked, in the order of their letters, each with its choice."""

    cells: tuple[Graded, ...]
    choices: tuple[Option, ...]

    @property
    def id(self) -> str:
        """What an answer to it is known by."""
        return REVIEW

    def chosen(self, choice_ids: Sequence[str]) -> tuple[Graded, ...]:
        """Give the cells of choices, in their order."""
        ids = [choice.id for choice in self.choices]
        return tuple(self.cells[ids.index(choice_id)] for choice_id in choice_ids)


def review_question(quiz: Quiz, roles: Table) -> ReviewQuestion | None:
    """Make the question of the quiz's review; None if it has none.

    roles: the table whose cells are picked. A cell can be put in the words of the choices that pick it in the quiz.
    """
    if quiz.review is None:
        return None
    says: dict[tuple[str, str | None], tuple[str, ...]] = {}
    for question in quiz.questions:
        for choice in question.choices:
            cell = question.dimension, choice.cell
            says[cell] = (*says.get(cell, ()), choice.label, *choice.says)
    cells, choices = list[Graded](), list[Option]()
    for row in map(roles.row, quiz.review.dimensions):
        for column in roles.columns:
            cells.append(Graded(row.id, column.id))
            # Not validated: what an answer is known by has two ids in it, and no editor writes that.
            option = Option.model_construct(
                id=f"{row.id} {column.id}", label=row.cells[column.id], says=says.get((row.id, column.id), ())
            )
            choices.append(option)
    return ReviewQuestion(tuple(cells), tuple(choices))
