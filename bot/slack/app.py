"""Composition root: settings, library and store -> an AsyncApp that listens.

Listeners run before the acknowledgement (`process_before_response`): what they have to do is recorded in
`bot.jobs`, or Slack hears of no success and sends the event again. What takes time happens in the workflows.
"""

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import structlog
from slack_bolt.async_app import AsyncAck, AsyncBoltContext
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError

from bot import jobs, metrics
from bot.inbox import Reader
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.settings import BOLT_READS_THESE
from bot.slack import (
    channel,
    compare,
    faq,
    faq_shortcut,
    feedback,
    first_contact,
    gaps,
    home,
    messages,
    privacy,
    quiz,
    share,
    uninstall,
)
from bot.slack.access import Access, Member, OneWorkspace
from bot.slack.client import Client, code
from bot.slack.dispatch import App
from bot.slack.editors import Editors
from bot.slack.gateway import SlackGateway
from bot.slack.reception import MESSAGE, Reception
from bot.slack.slack_worker import Services, SlackWorker
from bot.slack.socket import REFUSALS, RefusedError
from bot.storage import Store

TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)
PATIENCE = 6.0  # seconds that work in flight has at the end; what pauses longer is handed over

# Slack's word that the app is not in this workspace any more, or that its token cannot be renewed.
GONE = REFUSALS | {"invalid_refresh_token"}

# In the order in which Bolt tries their listeners: first those of what comes most.
FEATURES = (
    messages,
    quiz,
    faq,
    faq_shortcut,
    feedback,
    channel,
    share,
    compare,
    home,
    first_contact,
    gaps,
    privacy,
    uninstall,
)

log = structlog.get_logger()


class NotNowError(Exception):
    """A token could not be renewed just now; holds Slack's code."""


@asynccontextmanager
async def slack_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Open the session that all calls to Slack share."""
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        yield session


async def one_workspace(session: aiohttp.ClientSession, token: str, api_url: str) -> OneWorkspace:
    """Ask Slack who this token makes us, for as long as it does not answer. Raises RefusedError if it refuses it."""
    client = Client(token, base_url=api_url, session=session)
    pause, begun = 0.1, time.monotonic()
    while True:
        try:
            identity = await client.auth_test()
            member = Member(identity["team_id"], identity["user_id"], identity["bot_id"], token)
            return OneWorkspace(member, client, session)
        except SlackApiError as error:
            if code(error) in REFUSALS:
                raise RefusedError(code(error)) from error
            log.warning("Slack did not say who we are", error=code(error), next_try_in_seconds=pause)
        except (aiohttp.ClientError, TimeoutError) as error:
            if time.monotonic() - begun > 1:  # a workspace on this machine may just be starting
                log.warning("Slack does not answer", reason=type(error).__name__, next_try_in_seconds=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, 10)


def create(
    reception: Reception,
    access: Access,
    api_url: str,
    store: Store,
    *,
    between_posts: float,
    second: SecondStage | None = None,
    support: str | None = None,
    question_days: int = privacy.QUESTION_DAYS,
    editors: frozenset[str] = frozenset(),
    share_guests: bool = False,
) -> tuple[App, Callable[[Library], None]]:
    """Make the app with its listeners and workers. Call `jobs.configure` before, `jobs.launch` after.

    reception: what hands it on what Slack sends, once it is opened; its knowledge is the app's.
    between_posts: seconds between two messages to one channel. second: the second stage, unless it is off.
    support: who can be asked about the bot, as ROLEFIT_SUPPORT has it.
    question_days: that questions without an answer are kept. editors: who sees these, by their ids.
    share_guests: whether results may be shared, and compared, with guests and people of other organisations.
    Gives the app, and what to call with a new library.
    """

    for name in BOLT_READS_THESE:  # in the environment they would make Bolt keep installations in files
        os.environ.pop(name, None)
    app = App(
        Client(base_url=api_url, session=access.session),
        name="rolefit",  # Bolt would look through the source of every caller for one
        authorize=_authorize_by(access),
        request_verification_enabled=False,  # `bot.asgi` has verified what comes by HTTP
        process_before_response=True,
        attaching_conversation_kwargs_enabled=False,
    )
    services = Services(
        gateway=SlackGateway(access, store, between_posts),
        store=store,
        second_stage=second,
        editors=Editors(editors, access),
        share_guests=share_guests,
        support=support,
    )

    def bind(library: Library) -> None:
        store.runs.use_quiz(library.quiz, library.can_show)
        metrics.KNOWLEDGE_LOADED.set_to_current_time()
        SlackWorker.bind_all(services, library)

    def renew(library: Library) -> None:
        reception.take_up(library)
        bind(library)

    async def offer(context: AsyncBoltContext, next_: Callable[[], Awaitable[BoltResponse]]) -> None:
        result = context.authorize_result
        team = result.team_id if result else None
        context.update(library=reception.library, store=store, access=access, second_stage=second, team_id=team)
        context["question_days"] = question_days
        await next_()

    app.use(offer)
    app.use(home.take_notice_away)
    for feature in FEATURES:
        feature.register(app)
    app.action(re.compile(".*"))(ignore)
    bind(reception.library)
    return app, renew


def readers(reception: Reception) -> dict[str, Reader]:
    """Give what reads that which was recorded as it came, by the name that it was recorded with."""
    return {MESSAGE: reception.read}


def _authorize_by(access: Access) -> Callable[..., Awaitable[AuthorizeResult | None]]:
    """Give what tells Bolt who we are in a workspace; None where the app is not installed."""

    async def authorize(team_id: str | None, context: AsyncBoltContext) -> AuthorizeResult | None:
        try:
            member = await access.of(team_id or "")
        except SlackApiError as error:
            if code(error) in GONE:
                return None
            # Bolt would take Slack's own error for "not installed" and drop what it has been sent.
            raise NotNowError(code(error)) from None
        if member is None:
            return None
        # Bolt's own client would stay with a token that has ended since it was looked up.
        context["client"] = access.client(member)
        return AuthorizeResult(
            enterprise_id=None,
            team_id=member.team,
            bot_token=member.token,
            bot_id=member.bot,
            bot_user_id=member.user,
        )

    return authorize


async def ignore(ack: AsyncAck) -> None:
    """Acknowledge a click on something that an older version of the bot has posted."""
    await ack()


@asynccontextmanager
async def working(jobs_url: str, replica: str) -> AsyncIterator[Callable[[], None]]:
    """Run durable work: configured on entering, launched by what this gives, stopped on leaving."""
    jobs.configure(jobs_url, executor=replica)
    try:
        yield jobs.launch
    finally:
        await jobs.close(PATIENCE)
