"""The FAQ and the quiz in the terminal: what the bot would say to each line, without Slack and without a database.

Decisions and renderings are those of the bot itself; only buttons become words and numbers to type.
"""

import re
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bot import explain
from bot.domain import actions, quiz, smalltalk
from bot.domain.actions import Action, AskAgain, Change, GoOn, Guess, Manage, Reply
from bot.domain.faq import Surface
from bot.domain.quiz import Outcome, Run, Status
from bot.domain.reply import AboutResult, Answered, Aside, Asks, Command, Defined, Perhaps, Reading, WhichTwo, read
from bot.domain.why import explain as explain_choice
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import blocks, feedback_blocks, run_messages
from bot.slack.change_notes import change_note
from bot.slack.faq import PlannedReply, decide, rank, rendered
from bot.slack.pieces import Message, message
from bot.slack.quiz_work import render_aside
from bot.slack.result import recommendation
from bot.slack.suggestion_work import NOT_ANSWERED, SUGGEST
from bot.slack.text import escape
from bot.storage import ANSWER, PROMPT
from bot.terminal import formatted, show

SILENT = "The bot says nothing to this."
HELP = "Ask a question. `quiz` begins the quiz, `why` explains the last answer, `quit` or Ctrl-D ends."
HOW_TO_ANSWER = "Type a letter or your own words; or back, skip, pause, so far, why."
BELOW_RESULT = "`why` says what it rests on, `steps` works it out; `change 1 to b` changes an answer."
SAID_APART = ("so_far", "why", "unsure")  # what is said in the quiz and changes nothing
ENDS = (Status.PAUSED, Status.STOPPED)
_COMMAND = re.compile(r"/rolefit\b\s*(.*)", re.IGNORECASE)


class Chat:
    """One conversation. second: the second stage, prepared for this library; None if it is off."""

    def __init__(self, library: Library, second: SecondStage | None, console: Console) -> None:
        self._library, self._second, self._console = library, second, console
        self._suggested: Sequence[str] = ()
        self._answered: str | None = None  # the entry of the last answer, which the next question may lean on
        self._question: tuple[str, str | None, tuple[str, ...]] | None = None  # with what it leant on, and its answers
        self._run: Run | None = None  # the round that is open
        self._left: Run | None = None  # the one that was paused or stopped, and can be gone on with
        self._finished: Run | None = None  # the last that came to a result
        self._number = 0

    async def take(self, line: str) -> None:
        """Print what the bot would say to a line."""
        text = line.strip()
        if self._run is None and (command := _COMMAND.match(text)):  # as one types it in Slack, which the bot speaks of
            text = command[1] or "quiz"
        word = text.casefold()
        self._number += 1
        if not text:
            return
        if self._run is not None:
            await self._take_in_quiz(text, self._run)
        elif word in ("help", "?"):
            self._note(HELP)
        elif self._left is not None and (word == "quiz" or self._resumes(text, self._left)):
            self._apply(self._left, actions.Resume())
        elif word == "quiz":
            self._begin()
        elif self._finished is not None and word == "steps":
            self._work_out(self._finished)
        elif self._finished is not None and await self._take_below_result(text, self._finished):
            pass
        elif smalltalk.plain(text) == "why" or (self._question and self._talk(text) == "certainty"):
            await self._explain()
        elif word.isdigit() and 1 <= int(word) <= len(self._suggested):
            entry = self._library.entries[self._suggested[int(word) - 1]]
            show(blocks.taken(entry, self._library), self._console)
            self._suggested, self._answered, self._question = (), entry.id, None
        else:
            await self._answer(text)

    def _resumes(self, text: str, left: Run) -> bool:
        return read(text, left, self._library.words.typed) == Command("resume")

    def _talk(self, text: str) -> str | None:
        return smalltalk.read(text, self._library.words.talk)

    def _note(self, text: str) -> None:
        self._console.print(Text(text, style="dim"))

    # The FAQ

    async def _answer(self, text: str) -> None:
        after = self._answered if self._library.index.follows(text) else None
        planned = await decide(text, Surface.MENTION, self._library, self._second, after)
        self._suggested, self._question = (), None
        if planned is None:
            self._note(SILENT)
            return
        self._say(planned)
        if planned.kind == ANSWER:
            self._question, self._answered = (text, after, planned.entries), planned.entries[-1]

    def _say(self, planned: PlannedReply) -> None:
        said = rendered(planned.kind, planned.entries, self._library)
        suggested = planned.entries[1:] if planned.kind == NOT_ANSWERED else planned.entries
        if planned.kind not in (SUGGEST, NOT_ANSWERED) or not suggested:
            show(said, self._console)
            return
        self._suggested = [entry.id for entry in self._library.known(suggested)]
        self._console.print()
        self._console.print(formatted(said.text))  # with the questions, which the blocks have in buttons
        self._note("Type its number." if len(self._suggested) > 1 else "Type 1 if it is.")

    async def _explain(self) -> None:
        """Say why the last answer was given."""
        if self._question is None:
            self._note("There is no answer that the bot gave by itself, so there is nothing to explain.")
            return
        text, after, entries = self._question
        ranked = await rank(text, Surface.MENTION, self._library, self._second, after)
        explained = [(entry, explain_choice(ranked, entry.id)) for entry in self._library.known(entries)]
        show(feedback_blocks.explanation(explained, self._library, edited=False), self._console)

    # The quiz

    def _begin(self) -> None:
        self._suggested, self._question, self._finished = (), None, None
        self._run = quiz.begin(self._library.quiz)
        self._ask(self._run)

    def _ask(self, run: Run) -> None:
        """Print the live question with its choices, which the blocks have in buttons."""
        text = run_messages.render(f"{PROMPT}:{len(run.prompts)}", run, "", self._library).text
        for how in (self._library.words.quiz.how_to_answer, self._library.words.quiz.purpose_how):
            text = text.removesuffix(escape(how)).rstrip()  # which speaks of clicks
        self._console.print()
        self._console.print(formatted(text))
        self._note(HOW_TO_ANSWER)

    async def _read(self, text: str, run: Run) -> tuple[Reading, PlannedReply | None]:
        """Read what was typed in the thread of a round; gives what the FAQ would reply to it, too."""
        planned = await decide(text, Surface.DM, self._library, self._second)
        answerable = planned is not None and planned.kind == ANSWER
        words = self._library.words.typed
        return read(text, run, words, answerable=answerable, aside=self._talk(text)), planned

    async def _take_below_result(self, text: str, run: Run) -> bool:
        """Do what the bot does in the thread of a result; gives False for what is not about that.

        After an answer of the FAQ, "why?" and the like are about that one.
        """
        reading, _ = await self._read(text, run)
        is_last = self._question is None
        match reading:
            case Command("start_over"):
                self._begin()
            case Answered() | Command("change" | "back"):
                if action := self._action(reading, run):
                    self._apply(run, action)
            case AboutResult(role) if not (is_last or role):
                return False
            case Aside() | Defined() | Command("so_far" | "why") if not is_last:
                return False
            case AboutResult() | Aside() | Defined() | Command("so_far" | "why"):
                if said := _said_apart(reading, run, self._library):
                    show(said, self._console)
                else:
                    self._note(SILENT)
            case _:
                return False
        return True

    def _work_out(self, run: Run) -> None:
        """Print how a result comes about, step by step."""
        for line in explain.lines(run.quiz, run.answers, early=bool(run.ended_early)):
            self._console.print(Text(line), soft_wrap=True)

    async def _take_in_quiz(self, text: str, run: Run) -> None:
        reading, planned = await self._read(text, run)
        if reading == Command("start_over"):
            self._begin()
        elif isinstance(reading, Asks) and planned is not None:
            show(rendered(planned.kind, planned.entries, self._library, in_round=True), self._console)
            self._apply(run, AskAgain())
        elif action := self._action(reading, run):
            if isinstance(action, Manage):
                show(blocks.say(self._library.words.quiz.manages), self._console)
            self._apply(run, action)
        elif said := _said_apart(reading, run, self._library):
            show(said, self._console)

    def _action(self, reading: Reading, run: Run) -> Action | None:  # noqa: PLR0911 - one for each reading
        """Give what a reading does to the round; None where it only has something said."""
        live, ts = len(run.prompts), f"{self._number}.0"
        match reading:
            case Answered(answers, named):
                return Reply(answers=dict(answers), ts=ts, prompt=None if named else live)
            case Perhaps(question, choices):
                return Guess(question=question, choices=choices, ts=ts, prompt=live)
            case Command("manages"):
                return Manage()
            case Command("resume"):
                return GoOn() if run.unanswered else AskAgain()
            case Command("change", str(question)):
                return Change(question=question)
            case Command(name) if name not in SAID_APART:
                return actions.read({"do": name})
            case _:
                return None

    def _apply(self, run: Run, action: Action) -> None:
        """Do something to the round and print what comes next: a question, the result, or that it is over."""
        after = quiz.apply(run, action)
        words = self._library.words.quiz
        self._run, self._left = after.run, None
        if run.finished and run.answers != after.run.answers:
            show(change_note(run.answers, after.run, self._library), self._console)
        if after.outcome is Outcome.FIRST:
            show(blocks.say(words.first), self._console)
        if after.run.status in ENDS:
            show(blocks.say(getattr(words, after.run.status)), self._console)
            self._note("`quiz` goes on with it, as long as this chat is open.")
            self._run, self._left = None, after.run
        elif after.run.asking is not None:
            self._ask(after.run)
        elif after.run.finished:
            show(message(*recommendation(after.run, self._library)), self._console)
            self._note(BELOW_RESULT)
            self._run, self._finished = None, after.run
        else:
            show(blocks.say(words.nothing_to_weigh), self._console)
            self._run = None


def _said_apart(reading: Reading, run: Run, library: Library) -> Message | None:
    """Render what is said between the questions to something that was typed."""
    match reading:
        case Command(name):
            return render_aside("", name, None, run, library)
        case Defined(term):
            return render_aside("", "term", term.term, run, library)
        case AboutResult(role):
            return render_aside("", "explain", role, run, library)
        case Aside(intent):
            return render_aside("", "aside", intent, run, library)
        case WhichTwo():
            return render_aside("", "which_two", None, run, library)
        case _:
            return render_aside("", "unclear", None, run, library)
