"""The workspace as a server: one aiohttp application on a loopback address."""

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, web

from bot.local import api_files, response_urls, web_api
from bot.local.config import HERE, WorkspaceConfig
from bot.local.oauth import Installations
from bot.local.page_api import PageApi
from bot.local.space import Space

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SPACES: web.AppKey[list[Space]] = web.AppKey("spaces")
SHUTDOWN_TIMEOUT = 0.3  # seconds for open requests; the whole shutdown stays under a second
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(config: WorkspaceConfig) -> web.Application:
    """Return the application; config.port must be the port it will be served on.

    Raises OSError if a manifest or the seed can't be read, or the file for messages not be written; ValueError if
    something is wrong with one.
    """
    spaces = [Space(config), *(Space(replace(config, team=team, keep=None)) for team in config.others)]
    first, teams = spaces[0], {space.state.team.id: space for space in spaces}
    installed = Installations(config, list(teams))
    application = web.Application(middlewares=[only_from_here], client_max_size=2 * 1024 * 1024)
    application[SPACES] = spaces
    application.add_routes(
        [
            web.get("/", _page),
            web.get("/link", _link(first)),
            web.get("/oauth/v2/authorize", installed.consent),
            web.route("*", "/api/{method}", web_api.handler(first, teams, installed)),
            *(
                web.post(f"/response/{team}/{app.bot.app}/{{key}}", response_urls.handler(app))
                for team, space in teams.items()
                for app in space.apps
            ),
            *(web.post(f"/{team}/upload/{{key}}", api_files.receiver(space.files)) for team, space in teams.items()),
            *(
                web.get(f"/{team}/files/{{file}}/{{name}}", api_files.sender(space.files, installed.knows))
                for team, space in teams.items()
            ),
            *PageApi(first, installed.uninstall).routes(),
            *(
                route
                for team, space in teams.items()
                for route in PageApi(space, installed.uninstall).routes(f"/{team}")
            ),
        ]
    )
    application.on_shutdown.append(_hang_up)
    return application


def _link(space: Space) -> Handler:
    """Return the handler of Socket Mode's addresses, which name the app that they are for."""

    async def accept(request: web.Request) -> web.StreamResponse:
        app = space.app(request.query.get("app_id"))
        if app is None:
            raise web.HTTPUnauthorized(text="There is no app with this id.")
        return await app.sockets.accept(request)

    return accept


async def _page(request: web.Request) -> web.FileResponse:  # noqa: ARG001
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": "frame-ancestors 'none'",  # nobody's page may frame it and steal clicks
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return web.FileResponse(HERE / "page.html", headers=headers)


async def _hang_up(application: web.Application) -> None:
    """Close every websocket, so that nobody waits for a server that is gone."""
    pages = [page.close(code=WSCloseCode.GOING_AWAY) for space in application[SPACES] for page in list(space.pages)]
    await asyncio.gather(*(space.close() for space in application[SPACES]), *pages, return_exceptions=True)


@web.middleware
async def only_from_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what a web page elsewhere could make a browser send: a foreign Host, Origin or fetch site."""
    if not is_loopback(urlsplit(f"//{request.host}").hostname):
        raise web.HTTPForbidden(text="This workspace answers on loopback addresses only.")
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden(text="This workspace takes no requests from other sites.")
    if request.headers.get("Sec-Fetch-Site") == "cross-site" and request.path != "/":
        raise web.HTTPForbidden(text="This workspace takes no requests from other sites.")
    return await handler(request)


def is_loopback(host: str | None) -> bool:
    """Tell whether a host name or address means this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


@asynccontextmanager
async def running(config: WorkspaceConfig) -> "AsyncIterator[str]":
    """Serve a workspace while the context lasts; yields its URL.

    Raises OSError if the port is taken, ValueError if the host isn't a loopback address.
    """
    async with running_spaces(config) as spaces:
        yield spaces[0].config.url


@asynccontextmanager
async def running_spaces(config: WorkspaceConfig) -> "AsyncIterator[list[Space]]":
    """Serve a workspace and its `others` while the context lasts; yields what each of them remembers.

    Raises as `running` does.
    """
    with closing(_listen(config)) as listener:
        application = create_app(replace(config, port=listener.getsockname()[1]))
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT)
        try:
            await runner.setup()
            await web.SockSite(runner, listener).start()
            yield application[SPACES]
        finally:
            await runner.cleanup()


def _listen(config: WorkspaceConfig) -> socket.socket:
    if not is_loopback(config.host):
        raise ValueError(f"The local workspace listens on loopback addresses only, not on {config.host}.")
    try:
        return socket.create_server((config.host, config.port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise OSError(
                errno.EADDRINUSE,
                f"Port {config.port} on {config.host} is in use. Stop what runs there, or choose another port.",
            ) from None
        raise


async def serve(config: WorkspaceConfig, ready: Callable[[str], None]) -> None:
    """Serve a workspace until cancelled; `ready` is called with its URL once it takes requests."""
    async with running(config) as url:
        ready(url)
        await asyncio.Event().wait()
