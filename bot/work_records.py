"""What is recorded of work: looked up, deleted, and listed or begun anew for the operator.

`bot.jobs` runs the work itself. What has been received and has not begun is in the inbox, the rest are workflows of
DBOS.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from dbos import DBOS, DBOSClient, WorkflowStatus
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from bot import jobs
from bot.jobs import ENDS, FAILED_TOO_OFTEN, UNDER_WAY, Key, kind_of
from bot.step_records import Step, StepRecords
from bot.storage import sqlite_file

NO_TABLE = ("42P01", "no such table")  # how PostgreSQL says so, by its SQLSTATE, and how SQLite's message begins
PAGE = 500  # records that are read or deleted at a time
ID = re.compile(r"[\w.-]+")  # Slack's ids and times, and our own


async def current_or_next(prefix: Key) -> Key:
    """Give the key, with this prefix and a number, of work that is under way; or of none yet, for the next."""
    # Who was told just now what came of it, and clicks again, does not mean work that only its record calls unfinished.
    over = jobs.over()
    workflows = await DBOS.list_workflows_async(workflow_id_prefix=prefix, load_input=False, load_output=False)
    ended = [
        workflow.workflow_id
        for workflow in workflows
        if workflow.status not in UNDER_WAY or workflow.workflow_id in over
    ]
    numbers = [int(number) for key in ended if (number := key.removeprefix(prefix)).isdigit()]
    return Key(f"{prefix}{max(numbers, default=-1) + 1}")


async def is_recorded(key: Key) -> bool:
    """Say whether there is work with this key, be it that it has not begun, or has ended."""
    if (inbox := jobs.inbox()) and await inbox.has(key):
        return True
    # Asked in this order, since what begins is recorded there before it is deleted here.
    return await DBOS.get_workflow_status_async(key) is not None


async def received(prefixes: list[str]) -> list[str]:
    """Give the keys in the inbox that begin with one of these; what has begun stays there for a moment."""
    inbox = jobs.inbox()
    return [item.key for item in await inbox.of_kinds(prefixes)] if inbox else []


async def unfinished(prefixes: list[str]) -> list[str]:
    """Give the keys of work that begin with one of these and has not ended, be it that it has not begun."""
    keys = await received(prefixes)
    if keys:  # of these some may have ended
        ended = await DBOS.list_workflows_async(workflow_ids=keys, status=ENDS, load_input=False, load_output=False)
        keys = sorted(set(keys) - {workflow.workflow_id for workflow in ended})
    begun = await DBOS.list_workflows_async(
        workflow_id_prefix=prefixes, status=UNDER_WAY, load_input=False, load_output=False
    )
    return keys + [workflow.workflow_id for workflow in begun]


async def is_under_way(prefixes: list[str]) -> bool:
    """Say whether work has begun and not ended whose key begins with one of these."""
    return bool(
        await DBOS.list_workflows_async(
            workflow_id_prefix=prefixes, status=UNDER_WAY, limit=1, load_input=False, load_output=False
        )
    )


async def count_unfinished() -> int:
    """Count the work that has begun and not ended, up to 10,000; none before there is any."""
    if jobs.inbox() is None:
        return 0
    under_way = await DBOS.list_workflows_async(status=UNDER_WAY, limit=10_000, load_input=False, load_output=False)
    return len(under_way)


async def delete_ended(before: float) -> int:
    """Delete the records of work that was begun before this time in seconds since 1970 and has ended, well or not."""
    until, total = datetime.fromtimestamp(before, UTC).isoformat(), 0
    while ended := await DBOS.list_workflows_async(
        status=ENDS, end_time=until, limit=500, load_input=False, load_output=False
    ):
        await DBOS.delete_workflows_async([done.workflow_id for done in ended])
        total += len(ended)
    return total


async def delete_by_prefix(prefixes: list[str], *, ended: bool = False) -> None:
    """Delete the records of all work whose key begins with one of these, after stopping what has not ended.

    ended: leave what has not ended alone.
    """
    if (inbox := jobs.inbox()) and not ended:
        await inbox.forget(prefixes)
    which: dict[str, Any] = {"status": ENDS} if ended else {}
    while workflows := await DBOS.list_workflows_async(
        workflow_id_prefix=prefixes, limit=500, load_input=False, load_output=False, **which
    ):
        keys = [workflow.workflow_id for workflow in workflows]
        if not ended:
            await DBOS.cancel_workflows_async(keys)
        await DBOS.delete_workflows_async(keys)


async def delete_naming(prefixes: list[str], names: Collection[str]) -> list[str]:
    """Delete the records of work, of the kinds whose keys begin with these, that name one of `names`.

    They may do so in their key, their arguments, their result or those of their steps. What has not ended is stopped if
    its key or arguments do, and its keys are given; what only its steps name is left to end. names: ids, or two parts
    of a key: "channel:ts".
    """
    wanted = frozenset(names)
    if inbox := jobs.inbox():
        received = await inbox.of_kinds(prefixes)
        if waiting := [item.key for item in received if wanted & _ids(item.key, _whose(json.loads(item.arguments)))]:
            await inbox.forget(waiting)
    running, ended, offset = list[str](), list[str](), 0
    steps = StepRecords(jobs.database_url())
    while workflows := await DBOS.list_workflows_async(workflow_id_prefix=prefixes, limit=PAGE, offset=offset):
        others = list[str]()
        for workflow in workflows:
            key, has_ended = workflow.workflow_id, workflow.status in ENDS
            if wanted & _ids(key, workflow.input, workflow.parent_workflow_id):
                (ended if has_ended else running).append(key)
            elif has_ended and wanted & _ids("", workflow.output, workflow.error):
                ended.append(key)
            elif has_ended:
                others.append(key)
        looked_at = await asyncio.to_thread(steps.may_name, others, wanted)
        ended += [key for key in others if key in looked_at and await _steps_name(key, wanted)]
        offset += PAGE
    for first in range(0, len(running), PAGE):
        await DBOS.cancel_workflows_async(running[first : first + PAGE])
    for keys in (running, ended):
        for first in range(0, len(keys), PAGE):
            await DBOS.delete_workflows_async(keys[first : first + PAGE])
    return running


async def _steps_name(key: str, wanted: frozenset[str]) -> bool:
    steps = await DBOS.list_workflow_steps_async(key)
    return any(wanted & _ids(done["child_workflow_id"] or "", done["output"], done["error"]) for done in steps)


def _ids(key: str, *values: object) -> set[str]:
    """Give all that may be an id in a key or in recorded values, and each two neighbouring parts of the key."""
    parts = key.split(":")
    pairs = {f"{first}:{second}" for first, second in pairwise(parts)}
    return {word for text in (*parts, *_texts(values)) for word in ID.findall(text)} | pairs


def _whose(arguments: object) -> object:
    """Give what arguments name; of a message that was recorded as it came only who wrote it, and where.

    Somebody else may be mentioned in it.
    """
    event = arguments.get("event") if isinstance(arguments, Mapping) else None
    if not isinstance(event, Mapping):
        return arguments
    parts = (event, event.get("message") or {}, event.get("previous_message") or {})
    return [event.get("channel"), *(part.get("user") for part in parts)]


def _texts(value: object) -> Iterator[str]:
    """Give the texts in a recorded value, which is plain data but for errors and what DBOS itself records."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from (*_texts(name), *_texts(part))
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _texts(part)
    elif value is not None:
        yield str(value)


# For the operator


@dataclass(frozen=True)
class FailedWork:
    """A piece of work that was given up: its key, when (seconds since 1970), at which step, and what kind of error.

    version: of the bot that recorded it, whose steps another cannot do again.
    """

    key: str
    at: float
    step: str
    error: str
    version: str


class WorkRecords:
    """The records of the work, read and changed from outside, whether a bot runs or not."""

    def __init__(self, url: str) -> None:
        sqlite_file.prepare(url)
        self._client = DBOSClient(system_database_url=url)
        self._steps = StepRecords(url)

    def failed(self) -> list[FailedWork]:
        """List what was given up, latest first."""
        listed = self._listed(status=["ERROR", FAILED_TOO_OFTEN], sort_desc=True)
        keys, step_by_key = [status.workflow_id for status in listed], dict[str, Step]()
        for first in range(0, len(keys), PAGE):
            step_by_key |= self._steps.given_up_at(keys[first : first + PAGE])
        return [_failed_work(status, step_by_key.get(status.workflow_id)) for status in listed]

    def left_behind(self) -> dict[str, int]:
        """Count the work that waits for a process of another version than this, by version."""
        under_way = self._listed(status=UNDER_WAY, load_output=False)
        versions = [workflow.app_version for workflow in under_way]
        return dict(Counter(version or "" for version in versions if version != jobs.WORK_VERSION))

    def replay(self, key: str) -> None:
        """Have work of this version done again from where it was given up; a bot takes it up within seconds.

        What failed before that, and was got over, is left as it is, with all that was done since.
        """
        step = self._steps.given_up_at([key]).get(key)
        self._client.rewind_workflow(key, start_step=step.number if step else 1, application_version=jobs.WORK_VERSION)

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()

    def _listed(self, **which: Any) -> list[WorkflowStatus]:
        try:
            return self._client.list_workflows(load_input=False, **which)
        except (OperationalError, ProgrammingError) as error:
            if _has_no_table(error):  # no bot has worked here yet
                return []
            raise


def _failed_work(status: WorkflowStatus, step: Step | None) -> FailedWork:
    at, version = (status.updated_at or 0) / 1000, status.app_version or ""
    return FailedWork(status.workflow_id, at, step.name if step else "", kind_of(status.error), version)


def _has_no_table(error: DBAPIError) -> bool:
    """Say whether a table was looked for that is not there; the statement, which names it, says so of any error."""
    return str(getattr(error.orig, "sqlstate", None) or error.orig).startswith(NO_TABLE)
