"""The FAQ and the quiz in the terminal: what the bot would say to each line, without Slack and without a database.

Decisions and renderings are those of the bot itself; only buttons become words and numbers to type.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.console import Console
from rich.text import Text

from bot import explain
from bot.domain import quiz, smalltalk
from bot.domain.actions import Action, AskAgain, Change, GoOn, Guess, Manage, Reply, Resume, Undo
from bot.domain.below_answer import asks_of_above
from bot.domain.faq import Surface, bars_of
from bot.domain.follow_up import LOOKED_BACK
from bot.domain.picked_suggestion import picked_suggestion, place_among
from bot.domain.quiz import LETTERS, Outcome, Transition
from bot.domain.quiz_run import Run, Status
from bot.domain.readings import (
    DOES,
    Answered,
    Aside,
    Asks,
    AsksForAnswers,
    AsksForTitle,
    AsksToStartOver,
    AsksWhetherRole,
    Command,
    Defined,
    MaybeMeant,
    Perhaps,
    PerhapsReviewed,
    Reading,
    Reviewed,
    WhatIf,
)
from bot.domain.reply import read
from bot.domain.reply_kinds import ANSWER, NOT_ANSWERED, SUGGEST, TALK
from bot.domain.result_question import AboutResult, AboutTerm, Disagrees
from bot.domain.round_topics import AboutRound, ShowsPart, Topic
from bot.domain.why import explain as explain_choice
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import blocks, feedback_blocks, privacy, run_messages
from bot.slack.change_notes import change_note, overwritten_note, taken_note
from bot.slack.choice_letters import letter_of, lettered
from bot.slack.deciding import PlannedReply, decide, rank
from bot.slack.faq import rendered
from bot.slack.in_round import by_meaning
from bot.slack.pieces import Message, message, sections
from bot.slack.result import advice, recommendation
from bot.slack.run_asides import LEAVING, TYPED_ASIDES, RunAside, aside_to, render_aside, with_open_question
from bot.slack.run_messages import same_answer
from bot.slack.text import escape, fill
from bot.storage import PROMPT
from bot.terminal import formatted, show

SILENT = "The bot says nothing to this."
HELP = "Ask a question. `quiz` begins the quiz, `why` explains the last answer, `quit` or Ctrl-D ends."
HOW_TO_ANSWER = "Type a letter or your own words; or back, skip, pause, so far, why."
HOW_TO_CONFIRM = "Type “yes” or {letter} if you did, “no” to see all answers, or say it in other words."
HOW_TO_CHOOSE = "Type its letter, “no” to see all answers, or say it in other words."
BELOW_RESULT = "`why` says what it rests on, `steps` works it out; `change 1 to b` changes an answer."
THE_REST = "`continue` asks what has no answer yet."
# Small talk that is about the answers once there is a result
OF_A_RESULT = ("complaint", "misunderstood", "privacy", "certainty")
STEPS = ("steps", "the steps", "show steps", "show the steps", "show me the steps", "show me steps")
CHOOSING = "choosing"  # the intent of small talk of who says yes to something
ENDS = (Status.PAUSED, Status.STOPPED)
# What may stand after /rolefit in Slack, and is about what is kept, sent or set there
OF_SLACK = privacy.COMMANDS | {"history", "shares", "compare", "channel", "quiet", "quiet on", "quiet off"}
_LETTER = re.compile(rf"\(?[{LETTERS}][.)]?", re.IGNORECASE)
_COMMAND = re.compile(r"/rolefit\b\s*(.*)", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """A question, what it leant on, and the entries that it was answered with; is_chosen: by who asked it."""

    text: str
    after: str | None
    entries: tuple[str, ...]
    is_chosen: bool = False


class Chat:
    """One conversation. second: the second stage, prepared for this library; None if it is off."""

    def __init__(self, library: Library, second: SecondStage | None, console: Console) -> None:
        self._library, self._second, self._console = library, second, console
        self._in_terminal = in_terminal(library)
        self._suggested: Asked | None = None  # the last question, where entries were suggested to it
        self._answered: list[str] = []  # the entries of the last answers, latest first, that the next may lean on
        self._question: Asked | None = None  # the one that was answered last
        self._offered: tuple[str, ...] = ()  # the entries that were suggested last within the round that is open
        self._run: Run | None = None  # the round that is open
        self._left: Run | None = None  # the one that was paused or stopped, and can be gone on with
        self._finished: Run | None = None  # the last that came to a result
        self._number = 0

    async def take(self, line: str) -> None:
        """Print what the bot would say to a line."""
        text = line.strip()
        argument = None  # what stands after the command, as one types it in Slack, which the bot speaks of
        if command := _COMMAND.fullmatch(text):
            argument = command[1].casefold()
            text = command[1] or "quiz"
        word = text.casefold()
        self._number += 1
        if not text:
            return
        if argument in OF_SLACK:
            self._say_of_slack(argument)
        elif self._run is not None:
            await self._take_in_quiz(text, self._run)
        elif word in ("help", "?"):
            self._note(HELP)
        elif self._left is not None and self._take_of_left(text, self._left):
            pass
        elif word == "quiz":
            self._begin()
        elif self._finished is not None and smalltalk.plain(text) in STEPS:
            self._work_out(self._finished)
        elif self._finished is not None and await self._take_below_result(text, self._finished):
            pass
        elif self._asks_why(text):
            await self._explain()
        elif (
            self._suggested
            and (place := place_among(picked_suggestion(text), len(self._suggested.entries))) is not None
        ):
            self._take_suggestion(self._suggested, place)
        else:
            await self._answer(text)

    def _say_of_slack(self, argument: str) -> None:
        """Say that a command is for Slack, and what there is here; what is kept here is told in full."""
        words = self._library.words.terminal
        if argument == privacy.PRIVACY:
            show(blocks.say(words.privacy), self._console)
        else:
            show(blocks.filled(fill(words.of_slack, argument=argument)), self._console)

    def _take_of_left(self, text: str, left: Run) -> bool:
        """Do what is asked of a round that was left; gives False for what is not about it."""
        reading = read(text, left, self._library.words.typed)
        if text.casefold() == "quiz" or reading == Command("resume"):
            self._apply(left, Resume())
        elif reading == Command("so_far"):
            self._say_how_far(left)
        else:
            return False
        return True

    def _talk(self, text: str) -> str | None:
        return smalltalk.read(text, self._library.words.talk)

    def _note(self, text: str) -> None:
        self._console.print(Text(text, style="dim"))

    # The FAQ

    async def _answer(self, text: str) -> None:
        follows = self._library.follows(text, prompted=True)
        goes_on_talk = asks_of_above(text) and self._question is None  # "how long does it take?" below what the quiz is
        after = self._library.index.leant_on(text, self._answered) if follows and not goes_on_talk else None
        planned = await decide(text, Surface.MENTION, self._library, self._second, after)
        if follows and after is None and self._suggested:
            leaning = await decide(text, Surface.MENTION, self._library, self._second, self._suggested.entries[0])
            planned = leaning if leaning and leaning.kind == ANSWER else planned
        self._question = None
        if planned is not None and planned.entries[:1] == (CHOOSING,) and planned.kind == TALK and not self._suggested:
            show(blocks.say(self._library.words.terminal.nothing_offered), self._console)
            return
        if planned is None or planned.kind != TALK:  # beside small talk, suggestions stand
            self._suggested = None
        if planned is None:
            self._note(SILENT)
            return
        question = Asked(text, after, planned.entries)
        self._say(planned, question)
        if planned.kind == ANSWER:
            self._question, self._answered = question, [planned.entries[-1], *self._answered[:LOOKED_BACK]]

    def _say(self, planned: PlannedReply, question: Asked) -> None:
        if suggested := self._show_reply(planned):
            entries = tuple(entry.id for entry in self._library.known(suggested))
            self._suggested = replace(question, entries=entries)
            self._note("Type its number." if len(entries) > 1 else "Type 1 if it is.")

    def _say_in_quiz(self, planned: PlannedReply) -> None:
        """Reply within a round of the quiz, where the line below suggestions may be the number of one of them."""
        if suggested := self._show_reply(planned, in_round=True):
            self._offered = tuple(entry.id for entry in self._library.known(suggested))
            self._note(
                "To ask that, type its number; a letter answers the question below."
                if len(self._offered) > 1
                else "To ask that, type 1; a letter answers the question below."
            )

    def _show_reply(self, planned: PlannedReply, *, in_round: bool = False) -> Sequence[str]:
        """Print a reply; gives the entries that it suggests, none if it answers, or has nothing."""
        reply = _rendered(planned, self._library, in_round=in_round)
        suggested = planned.entries if planned.kind == SUGGEST else planned.entries[1:]
        if planned.kind not in (SUGGEST, NOT_ANSWERED) or not suggested:
            show(reply, self._console)
            return ()
        self._console.print()
        self._console.print(formatted(reply.text))  # with the questions, which the blocks have in buttons
        return suggested

    def _take_suggestion(self, question: Asked, place: int) -> None:
        """Answer with the suggestion that stands at this place, from 0."""
        entry = self._library.entries[question.entries[place]]
        show(blocks.taken(entry, self._library), self._console)
        self._question = replace(question, entries=(entry.id,), is_chosen=True)
        self._answered = [entry.id, *self._answered[:LOOKED_BACK]]
        self._suggested = None

    def _asks_why(self, text: str) -> bool:
        """Say whether a line asks why the last answer was given, or how sure it is, or why questions were suggested."""
        if self._suggested:
            return self._library.index.asks_why(text)
        return smalltalk.plain(text) == "why" or (self._question is not None and self._talk(text) == "certainty")

    async def _explain(self) -> None:
        """Say why the last answer was given, or why questions were suggested."""
        if self._suggested:
            show(blocks.say(self._library.words.terminal.offered), self._console)
            return
        if self._question is None:
            self._note("“Why” explains an answer that the bot gave by itself, and there is none just above.")
            return
        question, library = self._question, self._library
        ranked = await rank(question.text, Surface.MENTION, library, self._second, question.after)
        explained = [(entry, explain_choice(ranked, entry.id)) for entry in library.known(question.entries)]
        show(feedback_blocks.explanation(explained, library, edited=False, chosen=question.is_chosen), self._console)
        if question.is_chosen:
            near = next((candidate.confidence for candidate in ranked if candidate.entry in question.entries), 0.0)
            asked = bars_of(ranked, library.thresholds).asked
            percents = {"near": str(int(near * 100)), "asked": str(round(asked * 100))}
            show(blocks.filled(fill(library.words.terminal.near, **percents)), self._console)

    # The quiz

    def _begin(self) -> None:
        self._suggested, self._question, self._finished = None, None, None
        self._run = quiz.begin(self._library.quiz)
        self._ask(self._run)

    def _ask(self, run: Run) -> None:
        """Print the live question with its choices, which the blocks have in buttons."""
        text = run_messages.render(f"{PROMPT}:{len(run.prompts)}", run, "", self._library).text
        for how in (self._library.words.quiz.how_to_answer, self._library.words.quiz.purpose_how):
            text = text.removesuffix(escape(how)).rstrip()  # which speaks of clicks
        self._console.print()
        self._console.print(formatted(text))
        self._note(_how_to_answer(run))

    async def _read(self, text: str, run: Run) -> tuple[Reading, PlannedReply | None]:
        """Read what was typed in the thread of a round; gives what the FAQ would reply to it, too."""
        planned = await decide(text, Surface.DM, self._library, self._second)
        answerable = planned is not None and planned.kind == ANSWER
        words = self._library.words.typed
        reading = read(text, run, words, answerable=answerable, aside=self._talk(text))
        return await by_meaning(reading, text, planned, run, self._library, self._second)

    async def _take_below_result(self, text: str, run: Run) -> bool:
        """Do what the bot does in the thread of a result; gives False for what is not about that.

        After an answer of the FAQ, "why?" and the like are about that one.
        """
        reading, _ = await self._read(text, run)
        is_last = self._question is None
        match reading:
            case Command("start_over"):
                self._begin()
            case Command("resume") if not run.unanswered:
                return False
            case Answered() | Command("change" | "back" | "resume" | "undo"):
                if action := self._action(reading, run):
                    self._apply(run, action)
            case AboutResult(role) | Disagrees(role) if not (is_last or role):
                return False
            case Aside() | Defined() | AboutTerm() | Command("so_far" | "why") if not is_last:
                return False
            case AboutResult() | AboutTerm() | Disagrees() | WhatIf() | AsksForTitle() | AsksToStartOver():
                self._say_apart(reading, run)
            case AboutRound() | ShowsPart() | AsksWhetherRole() | MaybeMeant():
                self._say_apart(reading, run)
            case AsksForAnswers() | Aside() | Defined() | Command("so_far" | "why"):
                self._say_apart(reading, run)
            case _:
                return False
        return True

    def _say_how_far(self, left: Run) -> None:
        """Print where the answers of a round that was left point by now, and how to go on with it."""
        if note := _said_apart(Command("so_far"), left, self._in_terminal):
            show(note, self._console)
        self._say_left(left)

    def _say_left(self, left: Run) -> None:
        of_terminal = self._library.words.terminal
        show(blocks.say(of_terminal.paused if left.status is Status.PAUSED else of_terminal.stopped), self._console)

    def _say_apart(self, reading: Reading, run: Run) -> None:
        """Print what is said to what changes nothing."""
        if note := _said_apart(reading, run, self._in_terminal):
            show(note, self._console)
        else:
            self._note(SILENT)

    def _work_out(self, run: Run) -> None:
        """Print how a result comes about, step by step."""
        for line in explain.lines(run.quiz, run.answers, early=bool(run.ended_early)):
            self._console.print(Text(line), soft_wrap=True)

    async def _take_in_quiz(self, text: str, run: Run) -> None:
        offered, self._offered = self._offered, ()
        if offered and text.isdecimal() and (place := place_among(picked_suggestion(text), len(offered))) is not None:
            show(blocks.taken(self._library.entries[offered[place]], self._library), self._console)
            self._apply(run, AskAgain())
            return
        reading, planned = await self._read(text, run)
        if reading == Command("start_over"):
            self._begin()
        elif isinstance(reading, Asks) and planned is not None:
            self._say_in_quiz(planned)
            self._apply(run, AskAgain())
        elif action := self._action(reading, run):
            if isinstance(action, Manage):
                show(blocks.say(self._library.words.quiz.manages), self._console)
            self._apply(run, action, by_letter=_LETTER.fullmatch(text) is not None)
        elif note := _said_apart(reading, run, self._in_terminal):
            show(note, self._console)
            if isinstance(reading, AboutRound) and run.asking and run.asking.guesses:
                self._apply(run, AskAgain())

    def _action(self, reading: Reading, run: Run) -> Action | None:  # noqa: PLR0911 - one for each reading
        """Give the action that a reading of a typed text stands for; None if it only gets a reply."""
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
            case Command(name) if name in DOES:
                return DOES[name]()
            case _:
                return None

    def _apply(self, run: Run, action: Action, *, by_letter: bool = False) -> None:
        """Do something to the round and print what comes of it: a question, the result, or that it is over.

        by_letter: the question that is asked was answered by a letter alone.
        """
        after = quiz.apply(run, action)
        words, of_terminal = self._library.words.quiz, self._library.words.terminal
        self._run, self._left = after.run, None
        is_same = isinstance(action, Reply) and after.outcome is Outcome.REPEATED
        if note := _note_of_answers(run, action, after, self._library, by_letter=by_letter):
            show(note, self._console)
        if after.outcome is Outcome.FIRST:
            show(blocks.say(words.first), self._console)
        if after.run.status in ENDS:
            self._say_left(after.run)
            self._run, self._left = None, after.run
        elif after.run.asking is not None:
            self._ask(after.run)
        elif after.run.finished:
            if not (is_same and run.finished):
                show(message(*recommendation(after.run, self._library)), self._console)
                self._note(f"{BELOW_RESULT} {THE_REST}" if after.run.unanswered else BELOW_RESULT)
            self._run, self._finished = None, after.run
        else:
            show(blocks.say(of_terminal.nothing_to_weigh), self._console)
            self._run = None


def in_terminal(library: Library) -> Library:
    """Give a library whose quiz does not speak of buttons."""
    words = library.words
    of_quiz = words.quiz.model_copy(update=words.terminal.of_quiz)
    return replace(library, words=words.model_copy(update={"quiz": of_quiz}))


def _how_to_answer(run: Run) -> str:
    """Say what can be typed for the question that is open, where Slack has buttons."""
    question, guesses = run.open_question, run.asking.guesses if run.asking else ()
    if question is None or not guesses:
        return HOW_TO_ANSWER
    letters = [letter_of(question, choice) for choice in question.choices if choice.id in guesses]
    return HOW_TO_CONFIRM.format(letter=letters[0]) if len(letters) == 1 else HOW_TO_CHOOSE


def _rendered(planned: PlannedReply, library: Library, *, in_round: bool = False) -> Message:
    """Render a reply of the FAQ; small talk in the words of the terminal."""
    if planned.kind == TALK and (reply := _talk_reply(planned.entries[0], library)):
        return blocks.say(reply)
    return rendered(planned.kind, planned.entries, library, in_round=in_round)


def _talk_reply(intent: str, library: Library, run: Run | None = None) -> str | None:
    """Give the reply to small talk; run: the round in which it is said, or below whose result."""
    in_quiz = run is not None and (run.asking is not None or intent in OF_A_RESULT)
    return library.words.terminal.talk(intent, library.words.talk.of(intent), in_quiz=in_quiz)


def _note_of_answers(
    run: Run, action: Action, after: Transition, library: Library, *, by_letter: bool
) -> Message | None:
    """Say which answers were changed or taken; a letter that answers the question above it for the first time is plain.

    run: as it was before the action.
    """
    undone = isinstance(action, Undo)
    if undone and after.outcome is Outcome.NOTHING:
        return blocks.say(library.words.quiz.nothing_undone)
    if run.finished and run.answers != after.run.answers:
        return change_note(run.answers, after.run, library, undone=undone)
    if undone:
        return overwritten_note(run.answers, after.run, library, None, undone=True)
    if not isinstance(action, Reply) or (by_letter and run.answers.keys().isdisjoint(action.answers)):
        return None
    if after.outcome is Outcome.REPEATED:
        return same_answer(list(action.answers), run, library)
    return taken_note(run.answers, after.run, library)


def _said_apart(  # noqa: PLR0911 - one for each reading
    reading: Reading, run: Run, library: Library
) -> Message | None:
    """Render what is said between the questions to something that was typed."""
    words = library.words.terminal
    match reading:
        case Command("so_far") if run.finished:
            return blocks.say(words.finished)
        case Command("unsure") if run.asking:
            return blocks.filled(fill(words.unsure, options=lettered(run.quiz.question(run.asking.question))))
        case AboutRound(Topic.SEEN):
            return blocks.say(words.sharing)
        case Aside(intent):
            reply = _talk_reply(intent, library, run)
            if reply is None:
                return None
            said = blocks.say(reply)
            return said if intent == LEAVING else with_open_question(said, run, library)
        case ShowsPart("review"):
            texts = advice(run, run.purpose, library)
            return message(sections(*texts), texts)
        case AboutResult(role, what_changes=False):
            aside, about = RunAside.EXPLAIN, role
        case Command(name) if name not in TYPED_ASIDES:
            aside, about = RunAside.UNCLEAR, None
        case Answered() | Perhaps() | Reviewed() | PerhapsReviewed():
            aside, about = RunAside.UNCLEAR, None
        case remark:
            aside, about = aside_to(remark)
    return render_aside("", aside, about, run, library)
