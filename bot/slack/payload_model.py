"""What the models of all of Slack's payloads share."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from bot.slack.text import storable

Id = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Address = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
Timestamp = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}\.[0-9]{1,12}$")]  # seconds since 1970

Text = Annotated[str, AfterValidator(storable)]  # what somebody wrote


class MalformedError(Exception):
    """A payload that is not what Slack documents. problems: the path of each field and what is wrong with it.

    They name our own fields only and hold nothing that anybody wrote.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems


class PayloadModel(BaseModel):
    """Base of all models: frozen, strict, and without the fields that nobody reads."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", hide_input_in_errors=True, defer_build=True)


class Named(PayloadModel):
    """An object that Slack names by its id: a workspace, an organisation, a conversation."""

    id: Id
