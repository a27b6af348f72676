"""What editors write of the quiz, as frozen models: `quiz.yaml`, and what people may type in a round."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal, Protocol, Self

from pydantic import AfterValidator, Field, model_validator

from bot.domain.authored import Authored, Citation, Identifier, Line, by_id

Weight = Annotated[float, Field(ge=0, le=10)]

MAX_SHORT_TEXT = 40  # a bullet on a phone
LEAST_WEIGHT = 0.001  # of the heaviest role of a choice; the shares of less would be lost in rounding

PURPOSE: Final = "purpose"  # the id of what is asked before the questions, and of its choices
OWN, ROLE, PEOPLE = "own", "role", "people"
OTHER: Final = "other"  # the purpose of a round about somebody else's work, which nobody chooses


class Option(Authored):
    """One way to answer: its button, how people type it, and what it means to who asks."""

    id: Identifier
    label: Line
    says: tuple[Line, ...] = ()
    means: Line | None = None


class Answer(Option):
    """An answer that counts for the recommendation; `short` names it in the list of what decided."""

    short: Annotated[Line, Field(max_length=MAX_SHORT_TEXT)]


class Choice(Answer):
    """One answer to a question and what it says about each role.

    `cell` is the column of the roles table whose cell it picks, in the row its question asks about; what lies between
    two columns picks none.
    """

    weights: Mapping[Identifier, Weight]
    cell: Identifier | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(self.weights.values()):
            raise ValueError(f"choice {self.id!r} has no weights; give at least one role more than 0")
        if max(self.weights.values()) < LEAST_WEIGHT:
            raise ValueError(f"choice {self.id!r} weighs too little; give one role {LEAST_WEIGHT} or more")
        return self


class Side(Answer):
    """One answer to a tie-break: the role it speaks for, or none, which leaves it too close to call."""

    role: Identifier | None = None


class Question(Authored):
    """A question of the quiz; `dimension` is the row of the roles table it asks about.

    What ends in `_role` is said instead where it is not about one's own work but about a role, and what ends in
    `_other` where it is about somebody else's. `discuss` is what two people can talk about who have answered it
    differently for the same work.
    """

    id: Identifier
    dimension: Identifier
    text: Line
    text_role: Line | None = None
    text_other: Line | None = None
    why: Line
    discuss: Line | None = None
    choices: tuple[Choice, ...] = Field(min_length=3, max_length=5)


class TieBreak(Authored):
    """The question that is asked when these two roles are in front and too close to call."""

    id: Identifier
    roles: tuple[Identifier, Identifier]
    text: Line
    text_role: Line | None = None
    text_other: Line | None = None
    why: Line
    choices: tuple[Side, ...] = Field(min_length=2, max_length=5)
    source: Citation


class Opening(Authored):
    """What is asked before the questions: whether it is about one's own work, about a role, or about one's people."""

    id: Literal["purpose"] = PURPOSE
    text: Line
    why: Line
    choices: tuple[Option, ...]

    @model_validator(mode="after")
    def _has_each_purpose(self) -> Self:
        if [choice.id for choice in self.choices] != [OWN, ROLE, PEOPLE]:
            raise ValueError(f"the choices must have the ids {OWN}, {ROLE} and {PEOPLE}, in this order")
        return self


AnyQuestion = Question | TieBreak | Opening


class HasChoices(Protocol):
    """Whatever can be answered by one of its choices."""

    @property
    def id(self) -> str:
        """What an answer to it is known by."""

    @property
    def choices(self) -> Sequence[Option]:
        """The ways to answer, in the order of their letters."""


class Role(Authored):
    """A role the quiz can recommend.

    `titles` are columns of the skills table, `regime` is a row of the regimes table. What ends in `_role` is said
    instead to whom it is not their own work.
    """

    id: Identifier
    name: Line
    column: Identifier
    summary: Line
    summary_role: Line
    advice: Line
    advice_role: Line
    titles: tuple[Identifier, ...] = Field(min_length=1)
    called: Line
    regime: Identifier


class Thresholds(Authored):
    """How far the first role must lead the second, in shares of the total."""

    clear: float = Field(gt=0, lt=1)
    leaning: float = Field(gt=0, lt=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.leaning >= self.clear:
            raise ValueError("'leaning' must be smaller than 'clear'")
        return self


class QuizTables(Authored):
    """Which tables the recommendation quotes."""

    roles: Identifier
    regimes: Identifier
    skills: Identifier


class Term(Authored):
    """A word of the questions, explained; `also` are other ways to write it. No `source`: the words are ours."""

    term: Line
    also: tuple[Line, ...] = ()
    text: Line
    source: Citation | None = None


class Trap(Authored):
    """What is wrong with grading a role's work on another column, and what to raise with a manager."""

    hurts: Line
    ask: Line
    ask_role: Line


class Review(Authored):
    """The question of how one is graded: what the last review looked at.

    `dimensions` are the rows of the roles table whose cells can be picked; `traps` by role.
    """

    text: Line
    text_role: Line
    text_other: Line | None = None
    why: Line
    dimensions: tuple[Identifier, ...] = Field(min_length=1)
    traps: Mapping[Identifier, Trap]
    source: Citation


class Quiz(Authored):
    """The file `quiz.yaml`."""

    tables: QuizTables
    roles: tuple[Role, ...] = Field(min_length=2)
    purpose: Opening
    questions: tuple[Question, ...] = Field(min_length=1)
    thresholds: Thresholds
    tie_breaks: tuple[TieBreak, ...]
    glossary: tuple[Term, ...] = ()
    risks: Mapping[Identifier, Line] = Field(default_factory=dict)
    review: Review | None = None
    sources: tuple[Citation, ...] = Field(min_length=1)

    def role(self, role_id: str) -> Role:
        """Give the role with this id; KeyError if there is none."""
        return by_id(self.roles, role_id)

    def question(self, question_id: str) -> AnyQuestion:
        """Give the question with this id, the tie-breaks and the purpose included; KeyError if there is none."""
        return by_id((self.purpose, *self.all_questions), question_id)

    def tie_break(self, first: str, second: str) -> TieBreak:
        """Give the question that decides between these two roles; KeyError if there is none."""
        for tie_break in self.tie_breaks:
            if set(tie_break.roles) == {first, second}:
                return tie_break
        raise KeyError((first, second))

    @property
    def all_questions(self) -> tuple[Question | TieBreak, ...]:
        """The questions in the order they are asked, the tie-breaks last."""
        return (*self.questions, *self.tie_breaks)


def worded(item: Authored, name: str, purpose: str) -> str:
    """Give the variant of a text for a purpose. name: of the field that has the text for one's own work.

    For a role it is the field with `_role` behind that name, for somebody else's work the one with `_other` or else
    `_role`; if the variant is missing or empty, the text itself.
    """
    endings = {ROLE: ("_role",), OTHER: ("_other", "_role")}.get(purpose, ())
    texts = (getattr(item, f"{name}{ending}", None) for ending in endings)
    return str(next((text for text in texts if text), getattr(item, name)))


def with_article(name: str) -> str:
    """Put "a" or "an" before a name by its first sound; a word in capitals is read letter by letter.

    >>> with_article("AI engineer"), with_article("research engineer"), with_article("ML engineer")
    ('an AI engineer', 'a research engineer', 'an ML engineer')
    """
    first = name.split(maxsplit=1)[0]
    vowels = "AEFHILMNORSX" if first.isupper() else "AEIOUaeiou"
    return f"{'an' if first[0] in vowels else 'a'} {name}"


# --- words.yaml: only what people type


def _names_only_roles(phrase: str) -> str:
    """Refuse braces, but for {role}, which stands for any role of the quiz."""
    if set("{}") & set(phrase.replace("{role}", "")):
        raise ValueError(f"unknown placeholder in {phrase!r}; there is: {{role}}")
    return phrase


Phrases = Annotated[tuple[Line, ...], Field(min_length=1)]
RolePhrase = Annotated[Line, AfterValidator(_names_only_roles)]


class ResultTerms(Authored):
    """What people may call the words of a result that say how close it is, and the bars below it."""

    clear: Phrases
    leaning: Phrases
    close: Phrases
    picture: Phrases
    shares: Phrases


class TypedWords(Authored):
    """What people may type in a run's thread instead of clicking, by what it does."""

    back: Phrases
    undo: Phrases
    skip: Phrases
    unsure: Phrases
    why: Phrases
    pause: Phrases
    leaves: Phrases  # wherever they stand in a message
    stop: Phrases
    not_for_me: Phrases  # also as a clause of a message
    resume: Phrases
    so_far: Phrases
    start_over: Phrases
    manages: Phrases
    yes: Phrases
    no: Phrases
    explain: Annotated[tuple[RolePhrase, ...], Field(min_length=1)]  # how a result comes about
    sure: Annotated[tuple[RolePhrase, ...], Field(min_length=1)]  # how sure that is
    change: Annotated[tuple[RolePhrase, ...], Field(min_length=1)]  # what would change it
    result_terms: ResultTerms
