"""What people answered can be read by the bot's user alone, and a database that cannot be used is named."""

import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot import run, work_records
from bot.knowledge import Library
from bot.private import private_file
from bot.settings import Settings, SettingsError
from bot.storage import Store
from tests.conftest import bot_in
from tests.test_cli import rolefit, rolefit_here
from tests.workspace import Workspace


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def settings(data: Path) -> Settings:
    return Settings(_env_file=None, data_dir=data)


async def test_nobody_else_can_read_what_a_bot_keeps(library: Library, tmp_path: Path):
    data = tmp_path / "data"
    settings(data).prepare_data_dir()
    async with Workspace.start() as workspace, bot_in(workspace, library, data, empty=True):
        await workspace.replies(await workspace.post("U_ANA", "C_ASK", "Why did xAI drop the researcher title?"))
        found = {each.name: mode(each) for each in data.iterdir()}

    assert mode(data) == "0o700"
    assert {"rolefit.db", "rolefit.db-wal", "rolefit.db-shm", "jobs.db", "jobs.db-wal", "jobs.db-shm"} == set(found)
    assert set(found.values()) == {"0o600"}


async def test_what_an_earlier_version_left_for_all_to_read_is_tightened(tmp_path: Path):
    data = tmp_path / "data"
    data.mkdir(0o755)
    for name in ("rolefit.db", "jobs.db"):
        sqlite3.connect(data / name).close()
        for each in (data / name, data / f"{name}-wal", data / f"{name}-shm"):
            each.touch()
            each.chmod(0o644)

    settings(data).prepare_data_dir()
    for name in ("rolefit.db", "jobs.db"):
        private_file(data / name)

    assert mode(data) == "0o700"
    assert {mode(each) for each in data.iterdir()} == {"0o600"}


def test_a_folder_that_holds_more_than_ours_is_left_as_it_is(tmp_path: Path):
    data = tmp_path / "shared"
    data.mkdir(0o755)
    (data / "somebody else's").touch()

    settings(data).prepare_data_dir()

    assert mode(data) == "0o755"


def test_the_file_of_the_work_is_made_for_its_owner_alone(tmp_path: Path):
    ledger = work_records.WorkRecords(settings(tmp_path / "data").jobs_url)
    ledger.close()

    assert mode(tmp_path / "data") == "0o700"
    assert mode(tmp_path / "data" / "jobs.db") == "0o600"


@pytest.mark.parametrize(
    ("place", "reason"), [("taken", "there is a file in its place"), ("taken/below", "Not a directory")]
)
def test_a_data_dir_that_cannot_be_made_is_named(tmp_path: Path, place: str, reason: str):
    (tmp_path / "taken").touch()
    data = tmp_path / place

    result = rolefit("run", DATA_DIR=str(data), cwd=tmp_path)

    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == (
        f"DATA_DIR is {data}, which cannot be made or used: {reason}. "
        "Set DATA_DIR to a folder that the bot may write to, or DATABASE_URL to use PostgreSQL.\n"
    )


def test_a_data_dir_on_a_disk_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuses(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuses)

    with pytest.raises(SettingsError, match="which cannot be made or used: Read-only file system"):
        settings(tmp_path / "data").prepare_data_dir()


def of_sqlite(code: int, said: str) -> sqlite3.OperationalError:
    """Make an error as SQLite would on a disk in that state."""
    error = sqlite3.OperationalError(said)
    error.sqlite_errorcode = code
    return error


NO_DATABASE = (
    "file is not a database. Stop the bot and put a backup in its place, without the -wal and -shm files that are "
    "beside it now; or move all three away, and all that it held is gone and the bot begins anew. Then start again."
)


def no_database(file: Path) -> None:
    file.write_text("This is a letter, and it is longer than the header of a database would be. " * 99)


def broken_header(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE a (b)")
    connection.commit()
    connection.close()
    file.write_bytes(b"\xff" * 32 + file.read_bytes()[32:])


def a_folder(file: Path) -> None:
    file.mkdir()


@pytest.mark.parametrize("name", ["rolefit.db", "jobs.db"])
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (no_database, NO_DATABASE),
        (broken_header, NO_DATABASE),
        (a_folder, "Is a directory. See that it is a file which the bot may write, in a folder which it may write."),
    ],
)
async def test_a_database_that_cannot_be_used_is_named(library: Library, tmp_path: Path, name: str, spoil, said: str):
    spoil(tmp_path / name)

    async with Workspace.start() as workspace:
        with pytest.raises(SettingsError) as raised:
            async with bot_in(workspace, library, tmp_path):
                pass

    [problem] = raised.value.problems
    assert problem.startswith(f"DATA_DIR: {tmp_path / name} cannot be used: {said}")


async def test_a_database_that_cannot_be_written_is_named(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async def refuses(*_: object) -> None:
        raise OperationalError("INSERT", {}, of_sqlite(sqlite3.SQLITE_READONLY, "attempt to write a readonly database"))

    monkeypatch.setattr(Store, "heartbeat", refuses)
    async with Workspace.start() as workspace:
        with pytest.raises(SettingsError) as raised:
            async with bot_in(workspace, library, tmp_path):
                pass

    assert raised.value.problems == [
        f"DATA_DIR: {tmp_path / 'rolefit.db'} cannot be used: attempt to write a readonly database. "
        "See that it is a file which the bot may write, on a disk that can be written. Then start again."
    ]


@pytest.mark.parametrize(
    ("code", "error", "remedy"),
    [
        (sqlite3.SQLITE_CORRUPT, "database disk image is malformed", "Stop the bot and put a backup in its place"),
        (sqlite3.SQLITE_FULL, "database or disk is full", "Make room on its disk"),
        (sqlite3.SQLITE_BUSY, "database is locked", "Another program holds it"),
        (sqlite3.SQLITE_IOERR_WRITE, "disk I/O error", "See whether its disk is full, over a quota or broken"),
        (sqlite3.SQLITE_CANTOPEN, "unable to open database file", "See that it is a file which the bot may write"),
    ],
)
def test_each_trouble_with_a_database_has_its_remedy(tmp_path: Path, code: int, error: str, remedy: str):
    with (
        pytest.raises(SettingsError, match=f"jobs.db cannot be used: {error}. {remedy}"),
        run.usable(settings(tmp_path), tmp_path / "jobs.db"),
    ):
        raise of_sqlite(code, error)


def test_a_database_that_is_none_ends_the_process_with_a_word_and_a_code(tmp_path: Path):
    no_database(tmp_path / "rolefit.db")
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_API_URL": "http://127.0.0.1:9/"}

    result = rolefit("run", DATA_DIR=str(tmp_path), cwd=tmp_path, **tokens)

    assert result.returncode == 2
    assert f"DATA_DIR: {tmp_path / 'rolefit.db'} cannot be used: {NO_DATABASE}" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(("command", "name"), [(("jobs",), "jobs.db"), (("explain", "r1"), "rolefit.db")])
def test_commands_name_a_database_that_is_none(tmp_path: Path, command: tuple[str, ...], name: str):
    no_database(tmp_path / name)

    result = rolefit_here(*command, DATA_DIR=str(tmp_path))

    assert result.returncode == 2
    assert result.stderr.startswith(f"DATA_DIR: {tmp_path / name} cannot be used: {NO_DATABASE}")
