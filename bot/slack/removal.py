"""Taking a message of ours back: it is deleted, or where Slack does not let us, it says something else."""

from enum import StrEnum, auto

from bot.slack.gateway import Render, SlackGateway
from bot.slack.slack_calls import SlackWorkError


class Removal(StrEnum):
    """What became of a message that is to be taken back: nobody can read it any more, or it is as it was."""

    DELETED = auto()
    BLANKED = auto()
    REFUSED = auto()


async def delete_or_blank(
    gateway: SlackGateway, team: str, channel: str, ts: str, blank: Render, *, blanks_if_failed: bool
) -> Removal:
    """Delete a message of ours, or have it say what `blank` renders where Slack refuses to delete it.

    blanks_if_failed: also where Slack went on failing, which takes minutes, and as many once more if that fails, too.
    """
    try:
        removed = await gateway.delete_message(team, channel, ts)
    except SlackWorkError:
        if not blanks_if_failed:
            return Removal.REFUSED
    else:
        if "refused" not in removed:
            return Removal.DELETED
    try:
        changed = await gateway.update_message(team, channel, ts, blank)
    except SlackWorkError:
        return Removal.REFUSED
    return Removal.REFUSED if "refused" in changed else Removal.BLANKED
