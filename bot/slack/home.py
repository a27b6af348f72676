"""The Home tab: what it shows, and what is clicked there that stands nowhere else.

It is published anew when somebody opens it, clicks in it, or something in it changes. What they look at there is kept
in rows, so that publishing it for another reason leaves it open. No view replaces one that was rendered later:
`bot.slack.gateway.SlackGateway.publish_home`.

What changes for one person (their rounds, shares and clicks) is published at once. What changes for many is noted in
their rows and published one by one, at half the pace that Slack allows a workspace, so that clicks are not held up:
what is left to do to set the bot up, and an edit of the knowledge. That is for those who opened their tab or clicked
there within a day. Everybody else has it fresh when they open it, as Slack tells us then; to publish for all who ever
did would be thousands of calls that nobody looks at. Which of them shows what was edited is not found out: the topics
and their counts, the texts and the editors' lists are on nearly every tab.
"""

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_bolt.response import BoltResponse

from bot import jobs
from bot.domain.browse import Browsing, look_up, shelve
from bot.jobs import step, worker, workflow
from bot.knowledge import Library
from bot.slack import first_contact, history, home_blocks
from bot.slack.event_payloads import AppHomeOpened, EventCallback
from bot.slack.gaps_controls import DRAFT_ENTRY, read_draft
from bot.slack.gaps_work import gaps_worker
from bot.slack.home_blocks import Home, Linked, Notice, Rounds
from bot.slack.home_controls import (
    BROWSE_ENTRY,
    BROWSE_PAGE,
    BROWSE_TOPIC,
    FOLD_ROUNDS,
    read_browsing,
    read_rounds,
)
from bot.slack.interaction_payloads import BlockActions
from bot.slack.share_rows import listing_of
from bot.slack.slack_calls import SlackWorkError
from bot.slack.slack_worker import SlackWorker
from bot.slack.work import Work
from bot.storage import SentDraft, SetUp, Store, StoredRun
from bot.work_registry import formerly

Shows = dict[str, dict[str, Any]]  # what somebody looks at, by the parts that follow, as the store keeps it
ROUND_OPENED = "round"  # the name of what is said, in place of a Notice, of the round whose thread was asked for
NOTICE_STANDS = 86_400.0  # seconds in which what came of a click is said, if nothing is clicked after it
VISIT = 3600.0  # seconds in which who opens the tab again goes on with what they did there
JUST_BEGUN = 60.0  # seconds before a click in which what has begun is what the click is about
TOPICS, ROUNDS, NOTICE = "topics", "rounds", "notice"
PUBLISHES = "views.publish"  # whose turns are taken in place of a channel's
# Seconds between two tabs of a workspace that nobody waits for, and how many at once: Slack allows 100 in a minute.
PUBLISHED_EVERY, PUBLISHED_AT_ONCE = 1.2, 10
DUE_EVERY = 3.0  # seconds between two looks for tabs that are to be published
EDITED_FOR = 30.0  # seconds after an edit of the knowledge in which others may follow, and other replicas read it, too


@worker()
class HomeWorker(SlackWorker):
    """Shows people the Home tab."""

    @workflow
    @formerly("home")
    async def publish(self, team: str, user: str) -> None:
        """Publish the Home tab to somebody."""
        await self.show(team, user)

    async def show(self, team: str, user: str, notice: Notice | None = None) -> None:
        """Publish the Home tab to somebody, as a part of other work.

        notice: to be read there until the next click, also when it is opened again within a visit. Nothing remembers
        it but the view itself: it is for who was just forgotten.
        """

        async def view() -> dict[str, Any]:
            home = await self._home(team, user)
            if notice:
                home = replace(home, notice=notice, stays_until=time.time() + VISIT)
            return home_blocks.view(home, self._library)

        await self._gateway.publish_home(team, user, view)

    @workflow
    async def draft_entry(self, team: str, user: str, question_id: str, at: float) -> None:
        """Send an editor the draft of an entry by a click at a time, unless one for the same questions was sent lately.

        Beside the button it says then where the draft is.
        """

        async def claim() -> list[Any]:
            gap = await gaps_worker.gap(team, user, question_id)
            if gap is None:
                return [None, True]
            return [gap.questions_digest, await self._store.homes.claim_draft(team, user, gap.questions_digest, at)]

        gap, claimed = await step("claim", claim)
        if claimed:
            try:
                posted = await gaps_worker.send_draft(team, user, question_id)
            except SlackWorkError:
                if gap:
                    await step("free", self._store.homes.record_draft, team, user, gap, at, None)
                raise
            if gap:
                sent = SentDraft(*posted) if posted else None
                await step("remember", self._store.homes.record_draft, team, user, gap, at, sent)
        await self.show(team, user)

    async def start(self, team: str, user: str, why: str) -> None:
        """Begin to publish the Home tab to somebody. why: what makes this different from all other times."""
        await jobs.start(Work.SHOW_HOME.key(team, user, why), self.publish, team, user)

    async def _home(self, team: str, user: str) -> Home:
        """Read what somebody's Home tab shows."""
        shows = await self._store.homes.shows(team, user)
        told = shows.get(NOTICE, {}) if _at(shows, NOTICE) > time.time() - NOTICE_STANDS else {}
        library, browsing = self._library, Browsing(**_kept(shows, TOPICS))
        shelves = shelve(library.topics, list(library.entries.values()), library.words.home.other_topic)
        sought = library.entry(browsing.entry) if browsing.entry else None
        if sought is None and not _is_new(shows, TOPICS):
            browsing = replace(browsing, entry=None)  # that it is not there any more has been read by now
        rounds = await self._rounds(team, user, shows, told.get("run"))
        set_up, is_installer = await self._set_up(team, user)
        return Home(
            topics=look_up(browsing, shelves, sought),
            rounds=rounds,
            notice=Notice(told["name"]) if told.get("name") in set(Notice) else None,
            begins=told.get("name") == Notice.BEGUN and not await self._has_begun(team, user, since=told["at"]),
            listing=await listing_of(self._store, team, user),
            support=self._services.support,
            gaps=await gaps_worker.home_section(team, user),
            set_up=set_up,
            is_installer=is_installer,
        )

    async def _has_begun(self, team: str, user: str, *, since: float) -> bool:
        """Say whether a round has begun by a click at that time, though it may be over by now."""
        latest = await self._store.runs.history(team, user, limit=1, own=True)
        return bool(latest) and latest[0].begun_at.timestamp() >= since - JUST_BEGUN

    async def _rounds(self, team: str, user: str, shows: Shows, sought: str | None) -> Rounds:
        """Give somebody's rounds; sought: the one whose thread they have just asked for."""
        listed = await self._store.runs.history(team, user, limit=history.MOST) if lists_rounds(shows) else []
        return Rounds(
            waiting=await self._linked(team, await self._store.runs.waiting(team, user)),
            latest=await self._store.runs.latest_result(team, user),
            total=await self._store.runs.count(team, user),
            listed=listed,
            sought=sought,
            opened=await self._linked(team, next((stored for stored in listed if stored.id == sought), None)),
        )

    async def _linked(self, team: str, stored: StoredRun | None) -> Linked | None:
        if stored is None:
            return None
        return Linked(stored, await self._gateway.sees_permalink(team, stored.channel, stored.latest_prompt_ts))

    async def _set_up(self, team: str, user: str) -> tuple[SetUp | None, bool]:
        """Give what is left to do, to whoever has installed the app, and whether that is them; None to others.

        Where that is not known, as with the token of one workspace, of which Slack only tells whose bot it is, those
        have the list who are named in ROLEFIT_EDITORS: whoever runs the bot has said so of them.
        """
        installer = await self._store.first_steps_told_to(team)
        if installer != user and (installer or not await self._services.editors.include(team, user)):
            return None, False
        return await self._store.homes.set_up(team, has_contact=self._services.support is not None), installer == user


home_worker = HomeWorker("home")


def lists_rounds(shows: Shows) -> bool:
    """Say whether somebody looks at the list of all their rounds."""
    return bool(_kept(shows, ROUNDS).get("listed"))


def _at(shows: Shows, part: str) -> float:
    """Say when somebody last changed what they look at in one part, in seconds since 1970."""
    at: float = shows.get(part, {}).get("at", 0.0)
    return at


def _is_new(shows: Shows, part: str) -> bool:
    """Say whether the last thing clicked on the Home tab was in this part, and less than NOTICE_STANDS seconds ago."""
    return _at(shows, part) >= max(_at(shows, other) for other in (part, *shows)) > time.time() - NOTICE_STANDS


def _kept(shows: Shows, part: str) -> dict[str, Any]:
    return {name: value for name, value in shows.get(part, {}).items() if name != "at"}


# When something changes for many


def shows_otherwise(before: Library, after: Library) -> bool:
    """Say whether an edit of the knowledge changes anything that a Home tab may show."""
    return any(
        getattr(before, part) != getattr(after, part)
        for part in ("words", "topics", "entries", "documents", "tables", "quiz")
    )


async def follow_knowledge(before: Library, after: Library, store: Store) -> None:
    """Have the Home tabs published anew that were looked at lately, if an edit of the knowledge changes them."""
    if shows_otherwise(before, after):
        await store.homes.publish_later(time.time() + EDITED_FOR)


async def publish_due(store: Store, now: float) -> None:
    """Publish the Home tabs that are due, as many as it is time for. Replicas may do so at once.

    now: seconds since 1970.
    """
    waits = set[str]()
    for due in await store.homes.due(now, most=PUBLISHED_AT_ONCE):
        if due.team in waits:
            continue
        if await store.try_turn(due.team, PUBLISHES, PUBLISHED_EVERY, PUBLISHED_AT_ONCE):
            waits.add(due.team)
            continue
        await home_worker.start(due.team, due.user, f"due-{due.publish_at}")
        await store.homes.note_begun(due.team, due.user, due.publish_at)


# What people do


async def tell(team: str, user: str, notice: Notice, at: str, store: Store) -> None:
    """Say on somebody's Home tab what comes of their click there; at: its time, as Slack has it."""
    await store.homes.look(team, user, NOTICE, {"name": notice.value}, float(at))
    await home_worker.start(team, user, at)


async def show_home(event_callback: EventCallback, context: AsyncBoltContext, store: Store) -> None:
    """Publish the Home tab to whoever opens it, and greet who opens the messages.

    One that is to stay as it is stays, and nothing is remembered of its opening.
    """
    event = event_callback.event
    await first_contact.on_messages_opened(event_callback, context, store)
    if isinstance(event, AppHomeOpened) and event.tab in ("home", None):
        if event.view and home_blocks.stays(event.view.private_metadata or "", time.time()):
            return
        team = str(context.team_id)
        await store.homes.open(team, event.user, float(event.event_ts or event_callback.event_time))
        await home_worker.start(team, event.user, event_callback.event_id)


async def browse(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """Show another topic or page, or open or close an answer."""
    await _look(context, block_actions, TOPICS, asdict(read_browsing(block_actions.action)), store)
    await ack()


async def fold_rounds(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, store: Store) -> None:
    """List somebody's rounds, or hide them."""
    await _look(context, block_actions, ROUNDS, {"listed": read_rounds(block_actions.action)}, store)
    await ack()


async def draft_entry(ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext) -> None:
    """Send an editor the draft of an entry for a gap."""
    team, user, at = str(context.team_id), block_actions.user.id, block_actions.action.action_ts
    key = Work.DRAFT_ENTRY.key(team, user, at)
    await jobs.start(key, home_worker.draft_entry, team, user, read_draft(block_actions.action), float(at))
    await ack()


async def open_round(team: str, clicked: BlockActions, run_id: str, store: Store) -> None:
    """Remember that somebody looks for the thread of a round; whoever opens it publishes the Home tab."""
    user, at = clicked.user.id, float(clicked.action.action_ts)
    await store.homes.look(team, user, ROUNDS, {"listed": True}, at)
    await store.homes.look(team, user, NOTICE, {"name": ROUND_OPENED, "run": run_id}, at)


async def _look(
    context: AsyncBoltContext, clicked: BlockActions, part: str, shows: dict[str, Any], store: Store
) -> None:
    team, user, at = str(context.team_id), clicked.user.id, clicked.action.action_ts
    await store.homes.look(team, user, part, shows, float(at))
    await home_worker.start(team, user, at)


async def take_notice_away(context: AsyncBoltContext, next_: Callable[[], Awaitable[BoltResponse]]) -> None:
    """Forget what came of the click before, whatever is clicked on the Home tab."""
    clicked, store = context.get("block_actions"), context["store"]
    if isinstance(clicked, BlockActions) and clicked.on_home:
        team, at = str(context.team_id), float(clicked.action.action_ts)
        await store.homes.take_notice_away(team, clicked.user.id, at)
    await next_()


def register(app: AsyncApp) -> None:
    """Listen to the opening of the Home tab, and to what is clicked in its topics and lists."""
    app.event("app_home_opened")(show_home)
    app.action(re.compile(rf"^({BROWSE_TOPIC}|{BROWSE_PAGE}|{BROWSE_ENTRY}):"))(browse)
    app.action(FOLD_ROUNDS)(fold_rounds)
    app.action(re.compile(rf"^{DRAFT_ENTRY}:"))(draft_entry)
