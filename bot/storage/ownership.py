"""What the rows of a table belong to, and which of its columns name a person: declared with each table.

What is deleted with a workspace, and what is exported and deleted for a person, follows from this.
"""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any

from sqlalchemy import Table

KEY = "ownership"  # of `Table.info`


class Owner(StrEnum):
    """What rows belong to, and are deleted with."""

    RUN = auto()  # named by the columns `team` and `run`
    PERSON = auto()  # named by the first of the table's `people`
    PEOPLE = auto()  # named by all of the table's `people`: what goes with one of them is gone for the others too
    CHANNEL = auto()  # named by `channel`: its id, or that of a person who is written to
    WORKSPACE = auto()  # named by `team`
    WORK = auto()  # that has not begun, named by its key
    NOBODY = auto()  # what all workspaces share


@dataclass(frozen=True)
class Ownership:
    """What a table's rows belong to. people: the columns that hold a person's id, a PERSON's own first."""

    owner: Owner
    people: tuple[str, ...] = ()


def owned_by(owner: Owner, *people: str) -> dict[str, Any]:
    """Declare it, as the `info` of a table."""
    return {KEY: Ownership(owner, people)}


def ownership(table: Table) -> Ownership:
    """Give what was declared. Raises KeyError for a table that declares nothing."""
    declared: Ownership = table.info[KEY]
    return declared
