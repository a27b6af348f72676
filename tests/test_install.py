"""Many workspaces: installing, keeping apart, renewing tokens, and leaving."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import create_engine, text
from structlog.testing import capture_logs

from bot import inbox, work_records
from bot.knowledge import Library
from bot.settings import SettingsError
from bot.slack import first_steps
from bot.slack.access import Cipher, UnreadableTokenError
from bot.slack.access import ManyWorkspaces as Access
from bot.slack.install import STATE_LIFE
from bot.slack.work import Work
from bot.storage.store import OF_A_TEAM, Installation, Store
from bot.storage.tables import metadata
from tests.conftest import bot_in, free_port, rows
from tests.test_quiz_conversation import begin, question
from tests.workspace import Workspace, buttons, shown

ONE, TWO = "T_ONE", "T_TWO"
QUESTION = "What does MTS mean?"
INSTALLER = "U_ANA"  # in every workspace
KEY = Fernet.generate_key().decode()


class Installing:
    """A bot that anybody may install, and two workspaces that may."""

    def __init__(self, workspace: Workspace, port: int, data: Path) -> None:
        self.one, self.two = workspace, workspace.other(TWO)
        self.url = f"http://127.0.0.1:{port}"
        self.data = data

    async def install(self, team: str, **more: str) -> tuple[int, str]:
        """Go through the pages as a browser does; gives what the last one says."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            async with browser.get(f"{self.url}/slack/install", allow_redirects=False) as away:
                consent = away.headers["Location"]
            query = "&".join(f"{name}={value}" for name, value in {"team": team, **more}.items())
            async with browser.get(f"{consent}&{query}") as back:
                return back.status, plain(await back.text())

    def rows(self, statement: str) -> list[Any]:
        engine = create_engine(f"sqlite:///{self.data / 'rolefit.db'}")
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            found = list(result) if result.returns_rows else []
        engine.dispose()
        return found


@pytest.fixture
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody be told the first steps: that uses the token, or has it renewed, and stands before the quiz."""

    async def nothing(team: str, user: str) -> None:
        pass

    monkeypatch.setattr(first_steps, "begin", nothing)


def behind() -> float:
    """Give the time by a clock of Slack's that is behind ours.

    It says in whole seconds when the app was removed: what is installed within the same one would count as removed.
    """
    return time.time() - 5


def plain(page: str) -> str:
    return re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)


@asynccontextmanager
async def offered(
    library: Library, data: Path, settings: dict[str, Any] | None = None, **config: Any
) -> AsyncIterator[Installing]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    config |= {"events_url": f"{url}/slack/events", "redirect_uri": f"{url}/slack/oauth_redirect"}
    many = {"slack_client_id": "1.local", "encryption_keys": KEY} | (settings or {})
    async with (
        Workspace.start(team=ONE, others=(TWO,), preinstalled=False, **config) as workspace,
        bot_in(workspace, library, data, port=port, **many),
    ):
        found = Installing(workspace, port, data)
        yield found
        await found.two.close_watchers()


@pytest.fixture
async def installing(library: Library, tmp_path: Path) -> AsyncIterator[Installing]:
    async with offered(library, tmp_path) as found:
        yield found


async def test_two_workspaces_install_it_and_each_is_answered_in_its_own(installing: Installing):
    for team in (ONE, TWO):
        status, said = await installing.install(team)
        assert (status, "Rolefit is installed" in said) == (200, True)
    for workspace in (installing.one, installing.two):
        await workspace.dm(INSTALLER, count=1)

    for workspace, other in ((installing.one, installing.two), (installing.two, installing.one)):
        before = len(await other.traffic("chat.postMessage"))
        asked = await workspace.post("U_ANA", "C_ASK", QUESTION)
        [answer] = await workspace.replies(asked)
        assert "Bell Labs" in shown(answer)
        await other.settled()
        assert len(await other.traffic("chat.postMessage")) == before


@pytest.mark.usefixtures("untold")
async def test_the_same_people_in_two_workspaces_take_two_quizzes(installing: Installing):
    roots = []
    for team, workspace in ((ONE, installing.one), (TWO, installing.two)):
        await installing.install(team)
        roots.append(await begin(workspace))
        asked = await question(workspace, roots[-1], 1)
        await workspace.click("U_ANA", asked, buttons(asked)[0])
        await question(workspace, roots[-1], 2)

    await installing.one.settled()
    await installing.two.settled()
    assert {team for (team,) in installing.rows("SELECT team FROM runs")} == {ONE, TWO}
    assert len(await installing.one.dm("U_ANA")) == len(await installing.two.dm("U_ANA")) == 1


@pytest.mark.both_databases
async def test_who_installs_it_is_told_once_in_a_direct_message_what_to_do_first(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    async with offered(library, tmp_path, kept_in) as installing:
        await installing.install(ONE)
        [told] = await installing.one.dm(INSTALLER, count=1)

        await installing.install(ONE)
        await installing.one.settled()
        await work_records.delete_by_prefix([f"{Work.FIRST_STEPS.prefix}:{ONE}:"])  # as after thirty days
        await installing.install(ONE)
        await installing.one.settled()

        assert await installing.one.dm(INSTALLER) == [told]
        await first_steps.begin(ONE, "U_BEN")  # by somebody else
        await installing.one.dm("U_BEN", count=1)
        assert await installing.two.dm(INSTALLER) == []
    lead, *steps = shown(told).splitlines()
    assert "!" not in shown(told)
    assert "installing me" in lead
    example = next(iter(library.entries.values())).question
    assert [step[:2] for step in steps] == ["1.", "2.", "3."]
    for step, word in zip(steps, ("/invite @Rolefit", example, "/rolefit"), strict=True):
        assert word in step


async def test_who_installs_it_again_after_removing_it_is_told_again(installing: Installing):
    await installing.install(ONE)
    await installing.one.dm(INSTALLER, count=1)
    await asyncio.to_thread(installing.rows, "UPDATE installations SET installed_at = installed_at - 60")
    await installing.one.uninstall()
    async with asyncio.timeout(10):
        while await asyncio.to_thread(installing.rows, "SELECT 1 FROM installations"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await installing.one.settled()

    await installing.install(ONE)

    await installing.one.dm(INSTALLER, count=2)


@pytest.mark.both_databases
async def test_first_steps_that_slack_has_though_it_said_otherwise_are_not_posted_twice(
    library: Library, tmp_path: Path, kept_in: dict[str, Any]
):
    async with offered(library, tmp_path, kept_in) as installing:
        await installing.one.faults(api=[{"method": "chat.postMessage", "error": "internal_error", "done": True}])

        await installing.install(ONE)
        await installing.one.until(lambda: _looked(installing.one), INSTALLER)
        await installing.one.settled()

        assert len(await installing.one.dm(INSTALLER)) == 1


async def _looked(workspace: Workspace) -> bool:
    return bool(await workspace.traffic("conversations.history"))


@pytest.mark.both_databases
async def test_where_slack_refuses_the_first_steps_it_is_installed_all_the_same(
    library: Library, tmp_path: Path, kept_in: dict[str, Any], capfd: pytest.CaptureFixture[str]
):
    async with offered(library, tmp_path, kept_in) as installing:
        refused = {"method": "chat.postMessage", "error": "messages_tab_disabled"}
        await installing.one.faults(api=[refused])

        status, said = await installing.install(ONE)
        await installing.one.settled()

        assert (status, "Rolefit is installed" in said) == (200, True)
        assert await installing.one.dm(INSTALLER) == []
        [answer] = await installing.one.replies(await installing.one.post("U_ANA", "C_ASK", QUESTION))
        assert "Bell Labs" in shown(answer)
    out = capfd.readouterr().out
    assert "who installed the app was not told the first steps" in out
    assert "work failed" not in out


async def test_where_the_first_steps_cannot_be_recorded_it_is_installed_all_the_same(
    installing: Installing, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(inbox, "MOST_WAITING", 0)

    status, said = await installing.install(ONE)

    assert (status, "Rolefit is installed" in said) == (200, True)
    assert "who installed the app will not be told the first steps" in capfd.readouterr().out
    assert await installing.one.dm(INSTALLER) == []


async def test_tokens_are_kept_encrypted(installing: Installing):
    await installing.install(ONE)

    [(token,)] = installing.rows("SELECT token FROM installations")

    assert "xoxb" not in token
    assert Fernet(KEY).decrypt(token).startswith(b"xoxb-local-T_ONE-")
    assert b"xoxb" not in (installing.data / "rolefit.db").read_bytes()


async def test_a_start_without_the_key_of_the_tokens_ends_and_says_so(library: Library, tmp_path: Path):
    other_key = Fernet.generate_key().decode()
    async with offered(library, tmp_path) as installing:
        await installing.install(ONE)
    with pytest.raises(SettingsError) as raised:
        async with offered(library, tmp_path, {"encryption_keys": other_key}):
            pass
    async with offered(library, tmp_path, {"encryption_keys": f"{other_key},{KEY}"}):
        pass  # the new key before the old one

    [problem] = raised.value.problems
    assert problem.startswith("ENCRYPTION_KEYS: none of its keys decrypts the tokens in the database. Add the key")


async def test_a_token_that_cannot_be_decrypted_is_named_with_its_workspace_and_what_to_do(
    installing: Installing, tmp_path: Path
):
    await installing.install(ONE)
    async with rows(tmp_path, {}) as store, aiohttp.ClientSession() as session:
        cipher = Cipher([Fernet.generate_key().decode()])
        access = Access(store, cipher, session, api_url="", client_id="", client_secret="")

        with capture_logs() as logs, pytest.raises(UnreadableTokenError):
            await access.of(ONE)

    [logged] = logs
    assert (logged["event"], logged["team"]) == ("a token cannot be decrypted", ONE)
    assert logged["remedy"].startswith("add the key that it was encrypted with to ENCRYPTION_KEYS")


async def test_a_workspace_that_has_not_installed_it_is_not_answered(installing: Installing):
    await installing.one.post("U_ANA", "C_ASK", QUESTION)
    await installing.one.settled()

    assert await installing.one.traffic("chat.postMessage") == []
    assert [
        each["status"] for each in await installing.one.traffic("message.channels") if "retry" in each["status"]
    ] == []


@pytest.mark.usefixtures("untold")
@pytest.mark.parametrize("tokens_first", [False, True])
async def test_when_it_is_removed_all_that_was_kept_of_the_workspace_is_deleted(
    installing: Installing, tokens_first: bool
):
    for team, workspace in ((ONE, installing.one), (TWO, installing.two)):
        await installing.install(team)
        await question(workspace, await begin(workspace), 1)
        await workspace.replies(await workspace.post("U_ANA", "C_ASK", QUESTION))
    # In a thread: the bot, on this loop, may be writing too.
    await asyncio.to_thread(installing.rows, "UPDATE installations SET installed_at = installed_at - 60")
    for team in (ONE, TWO):  # work that waits for a version that knows it
        waiting = f"INSERT INTO inbox VALUES ('say:{team}:C:1.1', 'later', '{{}}', {time.time()}, 'local')"
        await asyncio.to_thread(installing.rows, waiting)

    await installing.one.uninstall(tokens_first=tokens_first)

    left = f"SELECT 1 FROM runs WHERE team = '{ONE}' UNION SELECT 2 FROM inbox WHERE key LIKE 'say:{ONE}:%'"
    async with asyncio.timeout(10):
        while await asyncio.to_thread(installing.rows, left):  # noqa: ASYNC110 - only the rows tell
            await asyncio.sleep(0.05)
    for table in OF_A_TEAM:
        assert installing.rows(f"SELECT 1 FROM {table} WHERE team = '{ONE}'") == [], table.name
    assert installing.rows(f"SELECT count(*) FROM runs WHERE team = '{TWO}'") == [(1,)]
    assert installing.rows("SELECT key FROM inbox WHERE work = 'later'") == [(f"say:{TWO}:C:1.1",)]
    [answer] = await installing.two.replies(await installing.two.post("U_BEN", "C_GENERAL", QUESTION))
    assert "Bell Labs" in shown(answer)


@pytest.mark.both_databases
async def test_what_comes_once_it_is_installed_again_is_not_deleted_with_what_was_before(
    library: Library, tmp_path: Path, kept_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    deletes, goes_on, comes_back = asyncio.Event(), asyncio.Event(), asyncio.Event()
    delete, install = work_records.delete_by_prefix, Store.install

    async def held(prefixes: list[str]) -> None:
        deletes.set()
        await goes_on.wait()
        await delete(prefixes)

    async def seen(store: Store, team: str, installation: Installation) -> None:
        if team == ONE:
            comes_back.set()
        await install(store, team, installation)

    async with offered(library, tmp_path, kept_in, clock=behind) as installing:
        await installing.install(ONE)
        await installing.one.dm(INSTALLER, count=1)
        await installing.one.settled()
        async with rows(tmp_path, kept_in) as store:
            first = await store.installation(ONE)
            assert first
            await store.install(ONE, replace(first, installed_at=first.installed_at - 60))
        monkeypatch.setattr(work_records, "delete_by_prefix", held)
        monkeypatch.setattr(Store, "install", seen)

        await installing.one.uninstall()
        await deletes.wait()
        again = asyncio.create_task(installing.install(ONE))
        await comes_back.wait()
        assert (await installing.install(TWO))[0] == 200  # others do not wait
        await installing.two.dm(INSTALLER, count=1)
        assert not again.done()
        goes_on.set()

        assert (await again)[0] == 200
        [answer] = await installing.one.replies(await installing.one.post("U_ANA", "C_ASK", QUESTION))
        assert "Bell Labs" in shown(answer)
        await installing.one.dm(INSTALLER, count=2)  # what to do first, as after any installation
        await installing.one.settled()
        async with rows(tmp_path, kept_in) as store:
            assert await store.installation(ONE)
            assert await store.last_answer(ONE, "C_ASK", answer["thread_ts"])


async def test_installing_again_after_removing_it_works(library: Library, tmp_path: Path):
    async with offered(library, tmp_path, clock=behind) as installing:
        await installing.install(ONE)
        await asyncio.to_thread(installing.rows, "UPDATE installations SET installed_at = installed_at - 60")
        await installing.one.uninstall()
        async with asyncio.timeout(10):
            while await asyncio.to_thread(installing.rows, "SELECT 1 FROM installations"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

        assert (await installing.install(ONE))[0] == 200

        [answer] = await installing.one.replies(await installing.one.post("U_ANA", "C_ASK", QUESTION))
        assert "Bell Labs" in shown(answer)


async def install_again_unheard(installing: Installing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove and install the app as if another replica heard of both: this one still has the token that has ended."""
    await asyncio.to_thread(installing.rows, "UPDATE installations SET installed_at = installed_at - 60")
    with monkeypatch.context() as unheard:
        unheard.setattr(Access, "forget", lambda *_: None)
        await installing.one.uninstall()
        async with asyncio.timeout(10):
            while await asyncio.to_thread(installing.rows, "SELECT 1 FROM installations"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await installing.install(ONE)


async def ended_tokens(installing: Installing) -> list[str]:
    """Name the methods that were called with the token of an installation that is gone."""
    return [call["name"] for call in await installing.one.traffic() if "account_inactive" in call["status"]]


@pytest.mark.usefixtures("untold")
async def test_a_replica_that_did_not_hear_of_it_takes_the_token_of_the_new_installation(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with offered(library, tmp_path, clock=behind) as installing:
        await installing.install(ONE)
        await installing.one.replies(await installing.one.post("U_ANA", "C_ASK", QUESTION))
        await install_again_unheard(installing, monkeypatch)

        [answer] = await installing.one.replies(await installing.one.post("U_BEN", "C_GENERAL", QUESTION))

        assert "Bell Labs" in shown(answer)
        assert await ended_tokens(installing)


@pytest.mark.usefixtures("untold")
async def test_a_replica_that_did_not_hear_of_it_opens_windows_with_the_token_of_the_new_installation(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with offered(library, tmp_path, clock=behind) as installing:
        await installing.install(ONE)
        home = await installing.one.home(INSTALLER)
        await installing.one.settled()
        await install_again_unheard(installing, monkeypatch)

        await installing.one.click(INSTALLER, home, "What I keep")

        assert "What I keep about you" in shown(await installing.one.modal(INSTALLER))
        assert "views.open" in await ended_tokens(installing)


@pytest.mark.usefixtures("untold")
async def test_a_token_is_renewed_before_it_ends(library: Library, tmp_path: Path):
    async with offered(library, tmp_path, token_lifetime=3600.0) as installing:
        await installing.install(ONE)
        [(before,)] = installing.rows("SELECT token FROM installations")

        asked = [await installing.one.post("U_ANA", "C_ASK", QUESTION) for _ in range(3)]
        for each in asked:
            await installing.one.replies(each)

        [(after,)] = installing.rows("SELECT token FROM installations")
        assert Fernet(KEY).decrypt(before) != Fernet(KEY).decrypt(after)


@pytest.mark.parametrize("error", ["internal_error", "ratelimited"])
@pytest.mark.usefixtures("untold")
async def test_an_event_that_meets_a_token_which_cannot_be_renewed_now_comes_again(
    library: Library, tmp_path: Path, error: str
):
    async with offered(library, tmp_path, token_lifetime=3600.0) as installing:
        await installing.install(ONE)
        await asyncio.to_thread(installing.rows, "UPDATE installations SET expires_at = 1")
        await installing.one.faults(api=[{"method": "oauth.v2.access", "error": error, "retry_after": 0}])

        [answer] = await installing.one.replies(await installing.one.post("U_ANA", "C_ASK", QUESTION))

        assert "Bell Labs" in shown(answer)


@pytest.mark.usefixtures("untold")
async def test_a_token_that_still_lives_is_used_while_slack_does_not_renew_it(library: Library, tmp_path: Path):
    async with offered(library, tmp_path, token_lifetime=3600.0) as installing:
        await installing.install(ONE)
        await installing.one.faults(api=[{"method": "oauth.v2.access", "error": None, "reset": True}])

        [answer] = await installing.one.replies(await installing.one.post("U_ANA", "C_ASK", QUESTION))

        assert "Bell Labs" in shown(answer)


@pytest.mark.usefixtures("untold")
async def test_a_workspace_whose_token_slack_renews_no_more_is_let_go(library: Library, tmp_path: Path):
    async with offered(library, tmp_path, token_lifetime=3600.0) as installing:
        await installing.install(ONE)
        await asyncio.to_thread(installing.rows, "UPDATE installations SET expires_at = 1")
        refused = {"method": "oauth.v2.access", "error": "invalid_refresh_token", "times": 9}
        await installing.one.faults(api=[refused])

        await installing.one.post("U_ANA", "C_ASK", QUESTION)
        await installing.one.settled()

        heard = [each["status"] for each in await installing.one.traffic("message.channels")]
        assert not any("retry" in each for each in heard)
        assert await installing.one.traffic("chat.postMessage") == []


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"state": "made-up"}, 400, "This link is too old"),
        ({"state": ""}, 400, "This link is too old"),
        ({"code": "made-up"}, 502, "Slack did not accept the installation."),
        ({"code": "", "error": "access_denied"}, 200, "You did not allow it, and nothing was changed."),
    ],
)
async def test_what_comes_back_wrong_installs_nothing_and_says_why(
    installing: Installing, change: dict[str, str], status: int, words: str
):
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(f"{installing.url}/slack/install", allow_redirects=False) as away:
            state = parse_qs(urlsplit(away.headers["Location"]).query)["state"][0]
        given = {name: value for name, value in ({"state": state, "code": "x"} | change).items() if value}
        async with browser.get(f"{installing.url}/slack/oauth_redirect", params=given) as back:
            assert (back.status, words in plain(await back.text())) == (status, True)

    assert installing.rows("SELECT 1 FROM installations") == []


async def test_a_link_works_once_and_only_in_the_browser_that_began(installing: Installing):
    redirect = f"{installing.url}/slack/oauth_redirect"
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser,
        aiohttp.ClientSession() as other,
    ):
        async with browser.get(f"{installing.url}/slack/install", allow_redirects=False) as away:
            state = parse_qs(urlsplit(away.headers["Location"]).query)["state"][0]
        statuses = []
        for client in (other, browser, browser):
            async with client.get(redirect, params={"state": state, "error": "access_denied"}) as back:
                statuses.append(back.status)

    assert statuses == [400, 200, 400]


async def test_who_only_looks_at_the_page_leaves_nothing_behind(installing: Installing):
    def kept() -> dict[str, list[Any]]:
        return {table: installing.rows(f"SELECT * FROM {table}") for table in metadata.tables if table != "replicas"}

    before = await asyncio.to_thread(kept)
    async with aiohttp.ClientSession() as session:
        for _ in range(3):
            async with session.get(f"{installing.url}/slack/install", allow_redirects=False) as away:
                assert away.status == 302

    assert await asyncio.to_thread(kept) == before


@pytest.mark.parametrize(
    ("age", "content", "status"), [(0, None, 200), (STATE_LIFE + 1, None, 400), (0, b"xoxb-token", 400)]
)
async def test_a_state_is_good_for_ten_minutes_and_only_if_it_is_one(
    installing: Installing, age: int, content: bytes | None, status: int
):
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(f"{installing.url}/slack/install", allow_redirects=False) as away:
            given = parse_qs(urlsplit(away.headers["Location"]).query)["state"][0]
        sealed = content or Fernet(KEY).decrypt(given)
        state = Fernet(KEY).encrypt_at_time(sealed, int(time.time()) - age).decode()
        refused = {"state": state, "error": "access_denied"}
        async with browser.get(f"{installing.url}/slack/oauth_redirect", params=refused) as back:
            assert back.status == status


async def test_a_bug_while_installing_gets_a_500_and_no_words_in_the_log(
    installing: Installing, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    async def fail(_: Access, code: str) -> str:
        raise KeyError(f"no bot for {code}")

    monkeypatch.setattr(Access, "install", fail)

    status, _ = await installing.install(ONE)

    out, err = capfd.readouterr()
    assert status == 500
    assert "KeyError" in out
    assert "no bot for" not in out + err
