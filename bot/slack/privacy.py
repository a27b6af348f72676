"""What is kept about a person: saying it, sending it to them, and forgetting them.

What that is in the database is declared with its tables (`bot.storage.ownership`), and explained in docs/privacy.md.
"""

import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import slackblocks as kit
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot import jobs, work_records
from bot.domain.quiz_content import Quiz
from bot.domain.share import Delivery
from bot.jobs import in_doubt, pause, step, worker, workflow
from bot.knowledge import Library
from bot.slack import home_blocks, work
from bot.slack.compare_work import compare_worker
from bot.slack.home import home_worker
from bot.slack.home_blocks import Notice
from bot.slack.home_controls import EXPORT_ME, SHOW_KEPT
from bot.slack.interaction_payloads import BlockActions
from bot.slack.pieces import Message, message, plain, section
from bot.slack.privacy_controls import FORGET_ME, forget_button
from bot.slack.quiz_work import quiz_worker
from bot.slack.slack_calls import SlackWorkError
from bot.slack.slack_worker import SlackWorker
from bot.slack.text import escape, fill
from bot.slack.window_work import open_for_click
from bot.slack.windows import open_window
from bot.slack.work import Work, address_digest, short_digest

PRIVACY, EXPORT, FORGET = "privacy", "export", frozenset({"forget-me", "forget me"})  # what may stand after /rolefit
COMMANDS = FORGET | {PRIVACY, EXPORT}
KEPT_DAYS: Final = 30  # that replies and records of work are kept
QUESTION_DAYS: Final = 90  # that questions without an answer are kept, unless the settings say otherwise
FILE_NAME = "rolefit-export.json"
MAX_CODE = 2900  # characters of code in one message; Slack takes 3,000 in a section
ENDED = 60.0  # seconds after which what was under way when somebody was forgotten has ended
MARGIN = 10.0  # seconds more, in which the work ends that deletes a round for good
FOLLOWS = 300.0  # seconds between two looks whether what follows from an edit of the knowledge has ended
LOOKS, LOOK = 60, 5.0  # how often, and at what distance in seconds, to look whether others have deleted a round

Tables = dict[str, list[dict[str, Any]]]


@worker()
class PrivacyWorker(SlackWorker):
    """Sends people what is kept about them, and forgets them."""

    @workflow
    async def export(self, team: str, user: str) -> None:
        """Send somebody all that is kept about them: as a file or, where Slack takes none, as text.

        It is read anew by each step that sends it and recorded by none.
        """
        made_at = await step("time", _now)
        channel = await self._gateway.open_direct_message(team, user)

        async def content() -> str:
            return await self._read_export(team, user, made_at)

        async def data() -> bytes:
            return (await content()).encode()

        comment = self._rendered(lambda library: plain(escape(library.words.privacy.export_file)))
        if channel and await self._gateway.send_file(team, channel, FILE_NAME, data, comment):
            return

        async def count() -> int:
            return len(in_parts(await content()))

        async def part(number: int, total: int) -> Message | None:
            parts = in_parts(await content())
            return exported_part(parts[number - 1], number, total, self._library) if number <= len(parts) else None

        lead = self._rendered(lambda library: plain(escape(library.words.privacy.export_text)))
        await self._gateway.post_message(team, channel or user, lead)
        total = await step("count", count)
        for number in range(1, total + 1):
            await self._gateway.post_message(team, channel or user, partial(part, number, total))

    @workflow
    async def forget(self, team: str, user: str, response_url: str) -> None:
        """Delete all that is kept about somebody, and say so.

        Their rounds go with the messages in their threads. Then rows and records of work are deleted, and once more
        when what was under way has ended, which may have written some anew. response_url: empty for who has clicked on
        the Home tab, where a window has said that it begins. The tab says then that it is done, too; and also to who
        has clicked elsewhere, where neither that place nor a direct message can.
        """
        if response_url:
            forgetting = self._rendered(lambda library: plain(escape(library.words.privacy.forgetting)))
            await self._gateway.respond(response_url, forgetting, replace=True)
        channels = list(filter(None, [await self._gateway.open_direct_message(team, user)]))
        channels += await step("direct messages", self._store.people.direct_messages, team, user)
        names = await step("names", self._store.people.references, team, user)
        await compare_worker.withdraw_all(team, user)  # whom they compare with hears that it is over
        shared = await step("shared", self._store.shares.shared_runs, team, user)
        await self._delete_rounds(team, user)
        await self._wait_for_shares(team, shared)
        if opened := await step("forget", self._forget, team, user, names, channels, ended=False):
            with contextlib.suppress(SlackWorkError):  # where Slack shows no Home tab, the rest is deleted all the same
                await home_worker.show(team, user)  # which holds nothing of them any more
        await pause(ENDED + MARGIN)
        await step("forget anew", self._forget, team, user, names, channels, ended=True)
        forgotten = self._rendered(lambda library: plain(escape(library.words.privacy.forgotten)))
        is_told = bool(response_url) and await self._gateway.respond(response_url, forgotten, replace=True)
        if not is_told and channels:
            delivery, _, _ = await self._gateway.deliver_message(team, channels[0], forgotten)
            is_told = delivery is Delivery.DELIVERED
        if not response_url or (opened and not is_told):
            with contextlib.suppress(SlackWorkError):
                await home_worker.show(team, user, Notice.FORGOTTEN)
        for _ in range(LOOKS):  # what follows from an edit of the knowledge takes long, and its steps may name them
            if not await step("is followed", work_records.is_under_way, [Work.FOLLOW_KNOWLEDGE.key(team, "")]):
                break
            await pause(FOLLOWS)
            await step("forget anew", self._forget, team, user, names, channels, ended=True)
        await jobs.start(Work.DELETE_TRACES.key(team, await step("time", _now)), privacy_worker.delete_traces, team)

    @workflow
    async def delete_traces(self, team: str) -> None:
        """Delete the records of all forgetting that has ended, which name who was forgotten."""

        async def delete() -> bool:
            prefixes: list[str] = [Work.FORGET_PERSON.key(team, "")]
            await work_records.delete_by_prefix(prefixes, ended=True)
            return await work_records.is_under_way(prefixes)

        for _ in range(LOOKS):
            await pause(ENDED)
            if not await step("delete", delete):
                return

    async def _delete_rounds(self, team: str, user: str) -> None:
        """Delete somebody's rounds with their messages; one that Slack does not let us delete is left there."""
        for run_id in await step("rounds", self._store.people.run_ids, team, user):
            with contextlib.suppress(SlackWorkError):
                await quiz_worker.delete_round(team, run_id, user)
        for _ in range(LOOKS):  # until other work has deleted those that it holds
            if not await step("rounds left", self._store.people.run_ids, team, user):
                return
            await pause(LOOK)

    async def _forget(self, team: str, user: str, names: list[str], channels: list[str], *, ended: bool) -> bool:
        """Delete somebody's rows, and the records of work that name them by one of `names` or `channels`.

        Gives whether they had opened their Home tab, which still shows what was there.
        These are as they were before anything was deleted; what has been written since is looked for. ended: what was
        under way then has ended by now.
        """
        names = [*names, *channels, *await self._store.people.references(team, user)]
        # Their row may be gone already, deleted by a process that died before it could say so.
        opened = in_doubt() or await self._store.homes.is_opened(team, user)
        await self._store.people.forget(team, user, channels)
        await work_records.delete_by_prefix(work.of_person(team, user))
        stopped = await work_records.delete_naming(work.may_name_person(team, rounds_deleted=ended), names)
        await self._store.replies.release(team, stopped)
        return opened

    async def _read_export(self, team: str, user: str, made_at: str) -> str:
        tables = await self._store.people.export(team, user)
        rounds = [await self._store.runs.get(team, run_id) for run_id in await self._store.people.run_ids(team, user)]
        quizzes = {stored.id: stored.run.quiz for stored in rounds if stored}
        return as_json(team, user, made_at, tables, quizzes, self._library)


privacy_worker = PrivacyWorker("privacy")


async def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


# What is said and sent


def kept(library: Library, question_days: int) -> Message:
    """Say what is kept, where, how long, who sees it and how to erase it."""
    text = fill(library.words.privacy.text, days=str(KEPT_DAYS), question_days=str(question_days))
    return message([section(text)], [text])


def ask_to_forget(library: Library) -> Message:
    """Ask whether to forget whoever clicks the button."""
    words = library.words.privacy
    lead = escape(words.forget)
    sure = kit.ConfirmationDialogue(words.forget_title, words.forget_text, words.forget_yes, words.forget_no, "danger")
    return message([section(lead), kit.ActionsBlock([forget_button(words.forget_button, sure)])], [lead])


def exported_part(part: str, number: int, count: int, library: Library) -> Message:
    """Show one part of an export, as code."""
    lead = fill(library.words.privacy.export_part, number=str(number), count=str(count))
    code = f"```\n{escape(part)}\n```"
    return message([section(lead), section(code)], [lead, code])


def in_parts(text: str) -> list[str]:
    """Split JSON into parts that each fit a message, between lines where that is possible.

    Backticks, which would end a block of code, are written as JSON's escapes.
    """
    parts, part = list[str](), ""
    # Not by `splitlines`, which takes for its end also what may stand in somebody's words as it is.
    for line in text.replace("`", "\\u0060").split("\n"):
        for piece in _pieces(line):
            if part and len(escape(f"{part}\n{piece}")) > MAX_CODE:
                parts.append(part)
                part = piece
            else:
                part = f"{part}\n{piece}" if part else piece
    return [*parts, part]


def _pieces(line: str) -> list[str]:
    """Split a line that is too long for one message; each character may be written as five."""
    most = MAX_CODE // 5
    fits = len(escape(line)) <= MAX_CODE
    return [line] if fits else [line[first : first + most] for first in range(0, len(line), most)]


def as_json(team: str, user: str, made_at: str, tables: Tables, quizzes: Mapping[str, Quiz], library: Library) -> str:
    """Write an export, with the words of what rows name by ids: questions, choices and entries.

    quizzes: by the id of the run. What the knowledge does not have any more keeps its id alone.
    """
    readable = {name: [row | _entries(row, library) for row in rows] for name, rows in tables.items()}
    if answers := readable.get("answers"):
        readable["answers"] = [row | _answer(row, quizzes.get(row["run"])) for row in answers]
    content = {"workspace": team, "person": user, "made_at": made_at, "tables": readable}
    return json.dumps(content, indent=1, ensure_ascii=False)


def _answer(row: Mapping[str, Any], quiz: Quiz | None) -> dict[str, str]:
    if quiz is None:
        return {}
    try:
        question = quiz.question(row["question"])
    except KeyError:
        return {}
    labels = {choice.id: choice.label for choice in question.choices}
    words = {"choice_text": labels.get(row["choice"]), "other_text": labels.get(row["other"])}
    return {"question_text": question.text} | {name: label for name, label in words.items() if label}


def _entries(row: Mapping[str, Any], library: Library) -> dict[str, Any]:
    names = row.get("entries") or [row.get("entry")]
    questions = [entry.question for name in names if name and (entry := library.entry(name))]
    return {"entry_questions": questions} if questions else {}


# What people do


async def command(
    argument: str, team: str, user: str, response_url: str, library: Library, question_days: int
) -> Message:
    """Reply to one of COMMANDS after /rolefit, and begin the work for it."""
    if argument in FORGET:
        return ask_to_forget(library)
    if argument == EXPORT:
        key = Work.EXPORT.key(team, user, address_digest(response_url))
        await jobs.start(key, privacy_worker.export, team, user)
        return plain(escape(library.words.privacy.exporting))
    return kept(library, question_days)


async def forget_me(
    ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, client: AsyncWebClient, library: Library
) -> None:
    """Begin to forget the person who clicked, whose id comes from Slack and not from the button.

    A second click on the same message, or on the Home tab while this is under way, does nothing.
    """
    team, user = str(context.team_id), block_actions.user.id
    if block_actions.on_home:
        name = short_digest(f"{user} home")
        key = await work_records.current_or_next(Work.FORGET_PERSON.key(team, name, ""))
        await jobs.start(key, privacy_worker.forget, team, user, "")
        text = escape(library.words.home.forgetting)
        await open_window(client, block_actions.trigger_id, home_blocks.window(text, library))
    else:
        message = block_actions.ephemeral_place
        name = short_digest(f"{user} {message.channel} {message.ts}")
        key = Work.FORGET_PERSON.key(team, name)
        await jobs.start(key, privacy_worker.forget, team, user, block_actions.reply_url)
    await ack()


async def show_kept(
    ack: AsyncAck,
    block_actions: BlockActions,
    context: AsyncBoltContext,
    client: AsyncWebClient,
    library: Library,
    question_days: int,
) -> None:
    """Say in a window what is kept about people."""
    view = home_blocks.window(kept(library, question_days).text, library)
    await open_for_click(client, block_actions, context, view)
    await ack()


async def export_me(
    ack: AsyncAck, block_actions: BlockActions, context: AsyncBoltContext, client: AsyncWebClient, library: Library
) -> None:
    """Send whoever has clicked what is kept about them; not twice at once."""
    team, user = str(context.team_id), block_actions.user.id
    key = await work_records.current_or_next(Work.EXPORT.key(team, user, ""))
    await jobs.start(key, privacy_worker.export, team, user)
    text = escape(library.words.privacy.exporting)
    await open_window(client, block_actions.trigger_id, home_blocks.window(text, library))
    await ack()


def register(app: AsyncApp) -> None:
    """Listen to the buttons that forget, and on the Home tab also to those that say or send what is kept."""
    app.action(FORGET_ME)(forget_me)
    app.action(SHOW_KEPT)(show_kept)
    app.action(EXPORT_ME)(export_me)
