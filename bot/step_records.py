"""The recorded steps of many pieces of work at once, for which DBOS has one query a piece of work.

Source: the table of steps at docs.dbos.dev/explanations/system-tables; a test compares what is read with DBOS's own.
"""

import binascii
from base64 import b64decode
from collections.abc import Collection, Sequence

from sqlalchemy import Column, Integer, MetaData, NullPool, Table, Text, create_engine, select
from sqlalchemy.engine import make_url

SCHEMA = "dbos"  # of PostgreSQL; SQLite has none
SLEEP = "DBOS.sleep"  # what DBOS calls its own step
PICKLED = "py_pickle"  # how DBOS records values unless it is told otherwise: pickled, in base64


class StepRecords:
    """The steps in a database of work, given by its address; several threads may read them."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
        self._steps = Table(
            "operation_outputs",
            MetaData(),
            Column("workflow_uuid", Text),
            Column("function_id", Integer),
            Column("function_name", Text),
            Column("output", Text),
            Column("error", Text),
            Column("child_workflow_id", Text),
            Column("serialization", Text),
            schema=None if make_url(url).get_backend_name() == "sqlite" else SCHEMA,
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

    def last(self, keys: Sequence[str]) -> dict[str, str]:
        """Name the last step of each of these pieces of work, but for those that have none. A sleep is none."""
        steps = self._steps.c
        columns = select(steps.workflow_uuid, steps.function_name)
        awake = columns.where(steps.workflow_uuid.in_(keys), steps.function_name != SLEEP)
        with self._engine.connect() as connection:
            rows = connection.execute(awake.order_by(steps.function_id)).all()
        return {row.workflow_uuid: row.function_name for row in rows}  # the last stays


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
