"""Who clicks elsewhere for something that shows in the thread of a round is led there by a link."""

import asyncio
from abc import ABC, abstractmethod
from functools import partial

from bot.domain.actions import Action, Show
from bot.jobs import step
from bot.slack import blocks, run_messages
from bot.slack.home import home_worker
from bot.slack.run_notes import RunNotesWorker
from bot.slack.run_records import RunPlace
from bot.storage import LOST, ActionResult, StoredRun

LOOKS, LOOK = 200, 0.05  # how often, and at what distance in seconds, to look whether a question is posted

ON_HOME = ""  # in place of an address to answer a click at: what comes of it is shown on the Home tab


class RunLinksWorker(RunNotesWorker, ABC):
    """A worker that leads people to their rounds."""

    @abstractmethod
    async def _apply(
        self, team: str, run_id: str, action: Action, user: str | None = None, *, revision: int | None = None
    ) -> ActionResult | None:
        """Apply an action to a run and bring its thread up to date."""

    async def _link_to(self, team: str, place: RunPlace) -> str | None:
        """Give the address of the latest question, which opens the thread; that of its root would only show the card.

        Source: docs.slack.dev/reference/methods/chat.getPermalink.
        """
        if link := await self._gateway.get_permalink(team, place.channel, place.latest_ts):
            return link
        return await self._gateway.get_permalink(team, place.channel, place.root_ts)

    async def _lead_into_thread(self, team: str, run_id: str, user: str, ts: str | None = None) -> None:
        """Tell who has clicked outside the thread of a run where that shows: in this message, or the last question."""
        place = await self._place(team, run_id)
        if place is None:
            return
        link = await self._gateway.get_permalink(team, place.channel, ts) if ts else None
        if link := link or await self._link_to(team, place):
            note = self._rendered(partial(blocks.in_thread, link))
            await self._gateway.post_ephemeral(team, place.channel, user, note)

    async def _when_asked(self, team: str, run_id: str) -> StoredRun | None:
        """Give a run once its question is posted: it may be on its way, and we about to remember where it is."""
        for _ in range(LOOKS):
            stored = await self._store.runs.get(team, run_id)
            if stored is None or (stored.asked and LOST not in stored.messages):
                return stored
            await asyncio.sleep(LOOK)
        return stored

    async def _is_asked(self, team: str, run_id: str) -> bool:
        return await self._when_asked(team, run_id) is not None

    async def _lead_to_part(self, team: str, run_id: str, part: str, user: str) -> None:
        """Show where a part of the result stands that was opened before; nothing while it is on its way."""
        place = await self._place(team, run_id)
        if place is None or part not in place.parts:
            return
        link = await self._gateway.get_permalink(team, place.channel, place.parts[part])
        if link is None:  # it comes anew
            await step("forget", self._store.runs.forget_message, team, run_id, part)
            await self._apply(team, run_id, Show())
            return
        note = self._rendered(partial(run_messages.already_there, link))
        await self._gateway.post_ephemeral(team, place.channel, user, note, thread_ts=place.root_ts)

    async def _link(self, team: str, run_id: str) -> str | None:
        """Give the address of a run's thread; None if the thread is gone, or the run."""
        place = await self._place(team, run_id)
        return await self._link_to(team, place) if place else None

    async def _lead_to(self, team: str, run_id: str, response_url: str, *, replace: bool) -> None:
        """Point to a round; where its thread is gone another is opened first."""
        link = await self._find_thread(team, run_id)
        if link is not None:
            await self._gateway.respond(response_url, self._rendered(partial(blocks.note, link)), replace=replace)

    async def _find_thread(self, team: str, run_id: str) -> str | None:
        """Give the address of a round's thread; where that is gone another is opened first. None if the round is."""
        if (place := await self._place(team, run_id)) is None:
            return None
        link = await self._link_to(team, place)
        if link is None:
            await step("lose thread", self._store.runs.lose_thread, team, run_id, place.root_ts)
            await self._apply(team, run_id, Show())
            await step("opened", self._is_asked, team, run_id)  # by whoever holds the run
            link = await self._link(team, run_id)
        return link

    async def _show_on_home(self, team: str, run_id: str, user: str) -> None:
        """Publish the Home tab of who has clicked there, which links to the round; its thread is there by then."""
        place = await self._place(team, run_id)
        if place and place.user == user:
            await self._find_thread(team, run_id)
        await home_worker.show(team, user)
