"""What can be done to a run of the quiz: one class a verb, and how each is recorded.

Actions wait in the records of durable work, as JSON whose `do` names the class. `read` takes that back, also as earlier
versions of the bot wrote it: they put the prompt an action was meant for into actions that need none, and left it out
of others.
"""

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

Choices = tuple[str, ...]  # ids of choices of one question: one, or two by halves


class _Action(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, defer_build=True)

    def record(self) -> dict[str, Any]:
        """Give it as plain data, for `read`."""
        return self.model_dump(mode="json", by_alias=True)


class _Aimed(_Action):
    """An action that is meant for one prompt, counted from 1; None while it is not known yet for which."""

    prompt: int | None = None


# Answering


class Answer(_Action):
    """A choice is clicked in the message of a prompt."""

    do: Literal["answer"] = "answer"
    prompt: int
    question: str
    choices: Choices


class Reply(_Aimed):
    """Answers are typed, by question, in the message `ts`; without a prompt it names its questions itself."""

    do: Literal["reply"] = "reply"
    answers: dict[str, Choices]
    ts: str
    prompt: int | None = Field(default=None, validation_alias=AliasChoices("aim", "prompt"), serialization_alias="aim")


class EditReply(_Action):
    """The message that gave answers is edited, and now gives these."""

    do: Literal["edit"] = "edit"
    answers: dict[str, Choices]
    ts: str


class Guess(_Aimed):
    """Something is typed, in the message `ts`, that may mean these choices: to be asked whether it does."""

    do: Literal["guess"] = "guess"
    question: str
    choices: Choices
    ts: str | None = None


class Manage(_Action):
    """They say that they manage people, whose work it is about then."""

    do: Literal["manages"] = "manages"


# Moving between the questions


class Begin(_Action):
    """The first question is to be asked."""

    do: Literal["begin"] = "begin"


class Change(_Action):
    """A question is to be asked again."""

    do: Literal["change"] = "change"
    question: str


class Back(_Aimed):
    """The question before is to be asked again."""

    do: Literal["back"] = "back"


class Undo(_Aimed):
    """The last change of an answer is to be taken back."""

    do: Literal["undo"] = "undo"


class Skip(_Aimed):
    """The live question is left without an answer."""

    do: Literal["skip"] = "skip"


class AskAgain(_Action):
    """The live question is to be asked once more, below what has been said since."""

    do: Literal["reask"] = "reask"


class GoOn(_Action):
    """The questions that were left out are to be asked all the same."""

    do: Literal["go_on"] = "go_on"


# The run as a whole


class Pause(_Action):
    """They will go on later."""

    do: Literal["pause"] = "pause"


class Resume(_Action):
    """They go on."""

    do: Literal["resume"] = "resume"


class Stop(_Action):
    """They end it."""

    do: Literal["stop"] = "stop"


class Delete(_Action):
    """It is to be deleted, with all its messages."""

    do: Literal["delete"] = "delete"


class Remind(_Action):
    """Nobody has done anything for long: a reminder is due."""

    do: Literal["remind"] = "remind"


class DismissReminder(_Action):
    """They have seen the reminder, and will go on later."""

    do: Literal["later"] = "later"


class Expire(_Action):
    """Nobody has done anything since the reminder: it closes."""

    do: Literal["expire"] = "expire"


class Show(_Action):
    """Nothing is done; its messages are to be brought to what it says."""

    do: Literal["show"] = "show"


# The result


class OpenPart(_Action):
    """A part of the result is to be shown, one of `bot.domain.quiz_run.PARTS`."""

    do: Literal["open"] = "open"
    part: str


class Grade(_Action):
    """They say what their last review looked at, a cell of the roles table; without one they will not say."""

    do: Literal["graded"] = "graded"
    dimension: str | None = None
    column: str | None = None


class AskGrading(_Action):
    """They want to be asked again what their last review looked at."""

    do: Literal["regrade"] = "regrade"


Action = (
    Answer | Reply | EditReply | Guess | Manage
    | Begin | Change | Back | Undo | Skip | AskAgain | GoOn
    | Pause | Resume | Stop | Delete | Remind | DismissReminder | Expire | Show
    | OpenPart | Grade | AskGrading
)  # fmt: skip

_ACTIONS: TypeAdapter[Action] = TypeAdapter(Annotated[Action, Field(discriminator="do")])


def read(record: dict[str, Any]) -> Action:
    """Take an action from its record. Raises ValueError, without what the record holds, if it is none."""
    try:
        return _ACTIONS.validate_python(record)
    except ValidationError as error:
        wrong = ", ".join(f"{'.'.join(map(str, line['loc']))}: {line['type']}" for line in error.errors())
        raise ValueError(f"this is no action: {wrong}") from None


def aimed_at(action: Action, prompt: int) -> Action:
    """Give an action with the prompt that it answers; one of a kind that answers no prompt is given unchanged."""
    return action.model_copy(update={"prompt": prompt}) if isinstance(action, _Aimed) else action
