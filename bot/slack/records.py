"""What is recorded as plain data, by a step that gives it or by work that is begun with it, as a class of its own."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict

Record = dict[str, Any]  # plain data: what JSON can hold


class Recorded(BaseModel):
    """A value that is recorded. Fields of its record that this version does not know are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    def record(self) -> Record:
        """Give it as plain data, for `read`."""
        return self.model_dump(mode="json")

    @classmethod
    def read(cls, record: Record) -> Self:
        """Take it from its record. Raises ValueError if it is none."""
        return cls.model_validate(record)
