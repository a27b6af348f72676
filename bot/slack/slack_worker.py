"""What the worker of every feature works with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from bot import work_records
from bot.jobs import pause, step
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack.editors import Editors
from bot.slack.gateway import Render, SlackGateway
from bot.slack.pieces import Message
from bot.slack.run_messages import note_slot
from bot.slack.work import Work
from bot.storage import Posted, Store
from bot.work_registry import Worker

# How often, and at what distance in seconds at most, to look whether a share has been sent: for six hours, since each
# of its calls may take minutes while Slack is failing.
LOOKS, LONGEST = 400, 60.0


@dataclass(frozen=True)
class Services:
    """What workers work with, the same for all of them and for the life of an app.

    second_stage: None where it is off. editors: who may see the questions without an answer. share_guests: whether
    results may be shared, and compared, with guests and people of other organisations. support: who can be asked about
    the bot, as ROLEFIT_SUPPORT has it.
    """

    gateway: SlackGateway
    store: Store
    second_stage: SecondStage | None
    editors: Editors
    share_guests: bool
    support: str | None


class SlackWorker(Worker):
    """A worker with the services of an app and its knowledge, which `bind_all` gives to every one that was made.

    The library is another one as soon as the knowledge is edited, and the rows change while the work sleeps: read both
    within steps only, so that what follows depends on what was recorded.
    """

    _made: ClassVar[list["SlackWorker"]] = []
    _services: Services
    _library: Library

    def __init__(self, name: str) -> None:
        super().__init__(name)
        SlackWorker._made.append(self)

    @classmethod
    def bind_all(cls, services: Services, library: Library) -> None:
        """Set what all work is done with: when the app is put together, and with each edit of the knowledge."""
        for worker in cls._made:
            worker._services, worker._library = services, library

    @property
    def _gateway(self) -> SlackGateway:
        return self._services.gateway

    @property
    def _store(self) -> Store:
        return self._services.store

    async def _post_in_run(self, team: str, run_id: str, channel: str, root_ts: str, render: Render) -> str | None:
        """Post in the thread of a run, and remember where, so that the message can be deleted with the run.

        Gives its ts; None if there was nothing to say.
        """
        posted = await self._gateway.post_message(team, channel, render, thread_ts=root_ts)
        if posted is None:
            return None
        await self._remember_in_run(team, run_id, posted[1])
        return posted[1]

    async def _remember_in_run(self, team: str, run_id: str, ts: str) -> None:
        """Remember a message in the thread of a run, so that it can be deleted with the run."""
        await step("remember", self._store.runs.record_message, team, run_id, note_slot(ts), Posted(ts, ""))

    async def _wait_for_shares(self, team: str, run_ids: list[str]) -> None:
        """Wait until no result of these rounds is being shared or withdrawn, as half of it would stay in Slack."""
        kinds = (Work.SEND_SHARE, Work.WITHDRAW_SHARE)
        prefixes: list[str] = [f"{kind.key(team, run_id)}:" for run_id in run_ids for kind in kinds]
        for number in range(LOOKS):
            if not prefixes or not await step("is shared", work_records.is_under_way, prefixes):
                return
            await pause(min(LONGEST, 2.0 + number))

    def _rendered(self, render: Callable[[Library], Message | None]) -> Render:
        """Give a function that renders a message when it is sent, from the knowledge as it is then."""

        async def now() -> Message | None:
            return render(self._library)

        return now
