"""Which token the bot has in which workspace."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.client import Client, code
from bot.storage import Installation, Store

REMEMBERED = 30.0  # seconds that an installation is not looked up again
AT_ONCE = 4  # renewals of one process, each of which holds a connection to the database while Slack answers
RENEWED_BEFORE = (
    2 * 3600.0
)  # seconds before its end that a token is renewed; docs.slack.dev/authentication/using-token-rotation

TRIED = 20  # installations, the latest, whose tokens are tried at a start
ADD_KEY = "add the key that it was encrypted with to ENCRYPTION_KEYS, behind the others, and start anew"

# Slack's errors for a token that is not good any more.
TOKEN_ENDED = frozenset({"account_inactive", "invalid_auth", "token_expired", "token_revoked"})

log = structlog.get_logger()


@dataclass(frozen=True)
class Member:
    """The bot in one workspace: its ids and its token there."""

    team: str
    user: str
    bot: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class Installed:
    """An installation that has just been made: the workspace, and the person, unless Slack does not say who it was."""

    team: str
    user: str | None


class OrganisationError(Exception):
    """The app was installed for a whole organisation, which this bot does not serve."""


class UnreadableTokenError(ValueError):
    """A token was encrypted with a key that ENCRYPTION_KEYS does not have."""


class Access(Protocol):
    """Knows the bot's tokens. `session` is the one that all calls share."""

    session: aiohttp.ClientSession

    async def of(self, team: str) -> Member | None:
        """Give the bot in a workspace; None where it is not installed. Raises what the database raises."""
        ...

    def client(self, member: Member) -> AsyncWebClient:
        """Give a client that speaks as the bot in that workspace."""
        ...

    def forget(self, team: str) -> None:
        """Look this workspace up again next time."""
        ...


class OneWorkspace:
    """The one workspace that the token of the settings is for."""

    def __init__(self, member: Member, client: AsyncWebClient, session: aiohttp.ClientSession) -> None:
        self.session = session
        self._member = member
        self._client = client

    async def of(self, team: str) -> Member | None:
        """Give the bot if this is its workspace, or if none is named."""
        return self._member if team in ("", self._member.team) else None

    def client(self, member: Member) -> AsyncWebClient:  # noqa: ARG002 - there is one
        """Give the one client."""
        return self._client

    def forget(self, team: str) -> None:
        """Do nothing: the settings do not change."""


class Cipher:
    """Encrypts with the first of some keys, and decrypts with any: the old ones, until all tokens are replaced."""

    def __init__(self, keys: list[str]) -> None:
        from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415 - one workspace needs none of it

        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def hide(self, token: str) -> str:
        """Encrypt."""
        return self._fernet.encrypt(token.encode()).decode()

    def show(self, hidden: str, *, within: int | None = None) -> str:
        """Decrypt what was encrypted `within` so many seconds. Raises ValueError if it was before or by another key."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415

        try:
            return self._fernet.decrypt(hidden.encode(), ttl=within).decode()
        except InvalidToken:
            raise ValueError("it is too old, or was encrypted with a key that ENCRYPTION_KEYS does not have") from None


async def can_read_tokens(store: Store, cipher: Cipher) -> bool:
    """Say whether any of the latest tokens can be decrypted, or there is none: otherwise all keys are wrong."""

    def is_readable(hidden: str) -> bool:
        try:
            cipher.show(hidden)
        except ValueError:
            return False
        return True

    hidden = await store.latest_tokens(TRIED)
    return not hidden or any(map(is_readable, hidden))


class ManyWorkspaces:
    """Every workspace that has installed the app."""

    def __init__(
        self,
        store: Store,
        cipher: Cipher,
        session: aiohttp.ClientSession,
        *,
        api_url: str,
        client_id: str,
        client_secret: str,
    ) -> None:
        self.session = session
        self._store = store
        self._cipher = cipher
        self._app = Client(base_url=api_url, session=session)
        self._credentials = {"client_id": client_id, "client_secret": client_secret}
        self._known: dict[str, tuple[Member, float]] = {}
        self._renewing: dict[str, asyncio.Lock] = {}
        self._few = asyncio.Semaphore(AT_ONCE)

    async def of(self, team: str) -> Member | None:
        """Give the bot in a workspace; its token is renewed in time.

        Raises SlackApiError if Slack refuses that, and aiohttp's errors or TimeoutError if it does not answer, once
        the token is of no use any more; UnreadableTokenError, and says what to do, if we cannot decrypt it.
        """
        cached = self._known.get(team)
        if cached and cached[1] > time.monotonic():
            return cached[0]
        installation = await self._store.installation(team)
        if installation is None:
            self._known.pop(team, None)
            return None
        if _ends_soon(installation):
            async with self._renewing.setdefault(team, asyncio.Lock()), self._few:
                await self._store.renew(team, self._renewed)
            installation = await self._store.installation(team) or installation
        member = Member(team, installation.bot_user, installation.bot, self._readable(team, installation))
        self._known[team] = (member, time.monotonic() + REMEMBERED)
        return member

    def _readable(self, team: str, installation: Installation) -> str:
        try:
            return self._cipher.show(installation.token)
        except ValueError:
            log.error("a token cannot be decrypted", team=team, remedy=ADD_KEY)  # noqa: TRY400 - of what is in no log
            raise UnreadableTokenError from None

    def client(self, member: Member) -> AsyncWebClient:
        """Give a client with the workspace's token, and with the next one if that has ended."""
        return WorkspaceClient(self, member, base_url=self._app.base_url, session=self.session)

    def forget(self, team: str) -> None:
        """Look this workspace up again next time."""
        self._known.pop(team, None)

    async def install(self, code: str) -> Installed:
        """Exchange the code of an installation for a token and keep it; says where it was and by whom.

        Raises SlackApiError if Slack refuses, and OrganisationError for an organisation's installation.
        """
        granted = await self._exchanged(code=code)
        if granted.get("is_enterprise_install") or not granted.get("team"):
            raise OrganisationError("installed for an organisation")
        team = str(granted["team"]["id"])
        kept = Installation(granted["bot_user_id"], await self._bot_id(granted), "", None, None, time.time())
        await self._store.install(team, self._with(kept, granted))
        self.forget(team)
        return Installed(team, (granted.get("authed_user") or {}).get("id"))

    async def _exchanged(self, **grant: str) -> dict[str, Any]:
        # Not with the SDK's own method: it uses a part of aiohttp that is about to be removed.
        answer = await self._app.api_call("oauth.v2.access", data={**self._credentials, **grant})
        return answer.data if isinstance(answer.data, dict) else {}

    async def _bot_id(self, granted: Mapping[str, Any]) -> str:
        """`oauth.v2.access` gives the bot's user only; `auth.test` also the id that marks its own messages."""
        client = Client(granted["access_token"], base_url=self._app.base_url, session=self.session)
        return str((await client.auth_test())["bot_id"])

    async def _renewed(self, installation: Installation) -> Installation | None:
        if not _ends_soon(installation) or not installation.refresh:
            return None  # another replica was quicker
        try:
            refresh = self._cipher.show(installation.refresh)
            granted = await self._exchanged(grant_type="refresh_token", refresh_token=refresh)
        except (SlackApiError, aiohttp.ClientError, TimeoutError):
            if installation.expires_at and installation.expires_at > time.time():
                return None  # good for a while yet
            raise
        return self._with(installation, granted)

    def _with(self, kept: Installation, granted: Mapping[str, Any]) -> Installation:
        refresh, lives = granted.get("refresh_token"), granted.get("expires_in")
        return replace(
            kept,
            token=self._cipher.hide(granted["access_token"]),
            refresh=self._cipher.hide(refresh) if refresh else None,
            expires_at=time.time() + lives if lives else None,
        )


class WorkspaceClient(Client):
    """A client that takes the token of now, where the one it has turns out to have ended.

    The app may have been removed and installed again, of which only the replica hears that Slack has told.
    """

    def __init__(self, access: Access, member: Member, **options: Any) -> None:
        super().__init__(member.token, **options)
        self._access, self._team = access, member.team

    async def api_call(self, api_method: str, **options: Any) -> AsyncSlackResponse:
        """Call a method as `Client` does. Raises also what the database raises."""
        try:
            return await super().api_call(api_method, **options)
        except SlackApiError as error:
            if code(error) not in TOKEN_ENDED:
                raise
            self._access.forget(self._team)
            member = await self._access.of(self._team)
            if member is None or member.token == self.token:
                raise
            self.token = member.token
            return await super().api_call(api_method, **options)


def _ends_soon(installation: Installation) -> bool:
    return installation.expires_at is not None and installation.expires_at - time.time() < RENEWED_BEFORE
