"""What is read of shares for those who look at them: their list, the result that a copy does not show yet."""

from bot.domain.compare import Side
from bot.knowledge import Library
from bot.slack import share_blocks
from bot.slack.pieces import Message
from bot.storage import Revealed, Share, Store, StoredRun


async def listed(store: Store, team: str, user: str, library: Library) -> Message:
    """List who can see what of somebody's results, and from whom they want none."""
    return share_blocks.listed(await listing_of(store, team, user), library)


async def listing_of(store: Store, team: str, user: str) -> share_blocks.Listing:
    """Read who can see what of somebody's results, and from whom they want none."""
    shares, reveals = await store.shares.live(team, user), await _reveals_of(store, team, user)
    deleted = await store.share_traces.has_shared_what_is_deleted(team, user)
    return share_blocks.Listing(shares, reveals, deleted, await store.mutes.muted_by(team, user))


async def ended_view(store: Store, team: str, share: Share, library: Library) -> share_blocks.View:
    """Say in the window in which a share was sent what became of it."""
    former = await store.shares.get(team, share.updates) if share.updates else None
    return share_blocks.ended_view(share, former, library)


async def _reveals_of(store: Store, team: str, user: str) -> list[Revealed]:
    """Give the comparisons about somebody's own work that somebody else can read."""
    revealed = [reveal for reveal in await store.comparisons.revealed(team, user) if reveal.side is Side.SENDER]
    former = [
        Revealed(reveal.manager, Side.SENDER, reveal.at, to_both=False, is_kept=False)
        for reveal in await store.share_traces.former_reveals(team, user)
    ]
    kept = {reveal.other for reveal in revealed if reveal.to_both}
    return [*revealed, *(reveal for reveal in former if reveal.other not in kept)]


async def newer_run(store: Store, team: str, share: Share) -> StoredRun | None:
    """Give the run that the copy of a share does not show: the latest one with a result, or else its own, if changed.

    None if the copy shows the latest. Its own may have a question open, so that it has no result for now.
    """
    for name in await store.shares.newer(team, share):
        stored = await store.runs.get(team, name)
        if stored and (stored.run.shareable or stored.id == share.run):
            return stored
    return None
