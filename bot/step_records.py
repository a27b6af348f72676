"""The recorded steps of many pieces of work at once, for which DBOS has one query a piece of work.

Source: the tables of steps and results at docs.dbos.dev/explanations/system-tables; a test compares what is read with
DBOS's own.
"""

import binascii
from base64 import b64decode
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import Column, Integer, MetaData, NullPool, Table, Text, case, create_engine, select
from sqlalchemy.engine import make_url

SCHEMA = "dbos"  # of PostgreSQL; SQLite has none
SLEEP = "DBOS.sleep"  # what DBOS calls its own step
PICKLED = "py_pickle"  # how DBOS records values unless it is told otherwise: pickled, in base64


class Step(NamedTuple):
    """A step of a piece of work, by its number in there, from 1."""

    number: int
    name: str


class StepRecords:
    """The steps in a database of work, given by its address; several threads may read them."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
        tables = MetaData(schema=None if make_url(url).get_backend_name() == "sqlite" else SCHEMA)
        self._ends = Table("workflow_output", tables, Column("workflow_uuid", Text), Column("error", Text))
        self._steps = Table(
            "operation_outputs",
            tables,
            Column("workflow_uuid", Text),
            Column("function_id", Integer),
            Column("function_name", Text),
            Column("output", Text),
            Column("error", Text),
            Column("child_workflow_id", Text),
            Column("serialization", Text),
        )

    def may_name(self, keys: Sequence[str], words: Collection[str]) -> set[str]:
        """Give those of these pieces of work of which a step may hold one of the words, perhaps in a longer one.

        A step may do so in its result, its error, or the key of work that it has begun.
        """
        steps, wanted = self._steps.c, [word.encode() for word in words]
        columns = (steps.workflow_uuid, steps.output, steps.error, steps.child_workflow_id, steps.serialization)
        with self._engine.connect() as connection:
            rows = connection.execute(select(*columns).where(steps.workflow_uuid.in_(keys)))
            return {key for key, *recorded in rows if _holds(wanted, *recorded)}

    def given_up_at(self, keys: Sequence[str]) -> dict[str, Step]:
        """Give the step at which each of these pieces of work was given up, but for those that have none.

        It is the last that failed with the error that has ended the work, or else the last of all but sleeps: another
        that failed did not end it.
        """
        steps, ends = self._steps.c, self._ends.c
        has_ended_it = case((steps.error == ends.error, 1), else_=0)
        columns = select(steps.workflow_uuid, steps.function_id, steps.function_name)
        with_ends = columns.outerjoin_from(self._steps, self._ends, steps.workflow_uuid == ends.workflow_uuid)
        awake = with_ends.where(steps.workflow_uuid.in_(keys), steps.function_name != SLEEP)
        with self._engine.connect() as connection:
            rows = connection.execute(awake.order_by(has_ended_it, steps.function_id)).all()
        return {key: Step(number, name) for key, number, name in rows}  # the last of each stays


def _holds(
    wanted: Sequence[bytes], output: str | None, error: str | None, begun: str | None, serialization: str | None
) -> bool:
    """Say whether a step may hold one of these words: pickled, a text is there letter by letter."""
    recorded = [value for value in (output, error) if value is not None]
    if recorded and serialization not in (PICKLED, None):
        return True  # whatever it is, DBOS can read it
    try:
        texts = [b64decode(value, validate=True) for value in recorded]
    except binascii.Error:
        return True
    texts.append((begun or "").encode())
    return any(word in text for word in wanted for text in texts)
