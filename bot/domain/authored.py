"""What the models of all that editors write share: the kinds of their texts, their base, and citations."""

from collections.abc import Iterable
from typing import Annotated, Protocol, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from bot.domain.matching_text import words

READABLE = r"^[^\x00-\x08\x0B-\x1F\x7F-\x9F\x{2028}\x{2029}]*$"  # no control characters, in Rust's syntax
IDENTIFIER = r"^[a-z0-9]+(-[a-z0-9]+)*$"


def _has_a_word(text: str) -> str:
    if not any(words(text)):
        raise ValueError(f"{text!r} has neither a letter nor a digit; write at least one word")
    return text


Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER, max_length=60)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=READABLE)]
Wording = Annotated[Line, AfterValidator(_has_a_word)]  # what people write is compared with it, word by word


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


HasId = TypeVar("HasId", bound=_HasId)


def by_id(items: Iterable[HasId], wanted: str) -> HasId:
    """Give the one with this id; raises KeyError if there is none."""
    for item in items:
        if item.id == wanted:
            return item
    raise KeyError(wanted)


class Authored(BaseModel):
    """Base of all models: frozen, and a misspelt key is an error instead of a silence; numbers are finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Citation(Authored):
    """Where something is said: a document and the heading it stands under."""

    document: Identifier
    section: Line
