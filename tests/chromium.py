"""Chromium, started once in a process of tests, and its pages, which one test uses after another.

To start it takes seconds of processor time, and every new page has a process of its own.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from tests.workspace import PATIENCE

if TYPE_CHECKING:  # whoever runs no test of a page does without
    from playwright.async_api import Browser, Page, ViewportSize

# The first is Chromium without windows, as Debian packages it: it takes half of the processor time of the others.
NAMES = ("chromium-headless-shell", "/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for found in map(shutil.which, NAMES) if found), None)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A process kept ready for the next page to leave this site for: each navigation would start one, and none does.
    "--disable-features=SpareRendererForSitePerProcess",
]
USUAL: "ViewportSize" = {"width": 1280, "height": 720}


@asynccontextmanager
async def _patience() -> AsyncIterator[None]:
    """Bound what playwright waits for without an end of its own: that the browser has done what it was told."""
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except TimeoutError:
        raise AssertionError(f"the browser has not answered for {PATIENCE} s") from None


class Pages:
    """Pages of one browser."""

    def __init__(self, browser: "Browser") -> None:
        self._browser = browser
        self._free: list[Page] = []

    @asynccontextmanager
    async def page(
        self, *, viewport: "ViewportSize" = USUAL, alone: bool = False, **context: Any
    ) -> AsyncIterator["Page"]:
        """Lend a page until the end of the block, which takes away what it has had the page listen for.

        alone: it is closed afterwards, because something is done to it that cannot be undone. context: options of
        playwright's for a new page, which therefore is one that is closed afterwards, too.
        """
        once = alone or bool(context)
        async with _patience():
            page = self._free.pop() if self._free and not once else await self._browser.new_page(**context)
            await page.set_viewport_size(viewport)
        page.set_default_timeout(PATIENCE * 1_000)
        left = False
        try:
            yield page
            left = not once and not page.is_closed()
        finally:
            async with _patience():
                if left:
                    await page.mouse.move(0, 0)  # where there is nothing that shows more to whoever points at it
                    await page.evaluate("sessionStorage.clear()")
                    await page.goto("about:blank")
                    self._free.append(page)
                else:
                    await page.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pages() -> AsyncIterator[Pages]:
    """Chromium's pages, in the event loop of the session."""
    from playwright.async_api import async_playwright

    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield Pages(browser)
        await browser.close()
