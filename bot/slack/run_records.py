"""What the steps of the quiz's work give, as classes. Their records are the plain data that a restart goes on with."""

from bot.slack.operations import MessageData
from bot.slack.records import Record, Recorded
from bot.storage import ActionResult


class PreparedRun(Recorded):
    """A run that is about to begin: the version of the quiz that it is pinned to, and its card."""

    quiz: str
    card: MessageData


class BegunRun(Recorded):
    """A run that has begun; on_home: whether its owner has ever opened the Home tab, which then has to show it."""

    on_home: bool = False


class AppliedAction(Recorded):
    """What an action has done to a run.

    outcome: the record of an ActionResult. held, doubtful: as in `bot.storage.Applied`; or the step itself may have
    been done before. compared: the open comparisons that the run is part of. Of an action that was taken, also
    outdated: the shares of the run's owner whose receipts have to say so; home_of: whose Home tab says something else.
    plan: what is to be done first to show it, as `bot.slack.reconcile.ReconcilingWorker` decides, if that is decided.
    """

    outcome: Record
    held: bool
    doubtful: bool
    compared: list[str]
    outdated: tuple[str, ...] = ()
    home_of: str | None = None
    plan: Record | None = None

    @property
    def result(self) -> ActionResult:
        """What the action has led to."""
        return ActionResult.read(self.outcome)

    @property
    def speaks_first(self) -> bool:
        """Whether something is said about it before the thread shows it."""
        result = self.result
        return result.carried_over is not None or (result.reopens and result.answers_before is not None)

    def record(self) -> Record:
        """Give it as plain data, for `read`; without what does not come of such an action."""
        return self.model_dump(mode="json", exclude_unset=True)


class RunPlace(Recorded):
    """Whose a run is, where its thread is, and what that shows.

    asking: whether a question is open. parts: the ts of each part of the result that is shown, by its name. latest_ts:
    of the latest question, or of the root.
    """

    user: str
    channel: str
    root_ts: str
    asking: bool
    parts: dict[str, str]
    latest_ts: str
