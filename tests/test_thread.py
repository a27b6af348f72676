"""The thread of a run: whatever is clicked, typed, edited or interrupted, it shows what the run says, and only that."""

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot import knowledge
from bot.domain import quiz
from bot.domain.fit import Given
from bot.domain.quiz import Run, Status, What
from bot.domain.reply import Answered, Command, Perhaps, read, read_again
from bot.settings import KNOWLEDGE
from bot.slack import thread
from bot.slack.pieces import Message
from bot.slack.thread import CHOOSE, DO, GRADED
from tests.conftest import THOROUGH

LIBRARY = knowledge.load(KNOWLEDGE)
TYPED = (
    "a", "b", "2", "d", "1b, 2a", "3d 4a 5c", "change 1 to d", "change 3", "half a, half b", "half and half", "back",
    "skip", "stop", "pause", "continue", "so far", "why", "shiping it", "yes", "no", "bananas", "what is an MTS?",
    "1d 2d 3d 4c", "start over", "what do you mean by velocity?", "no idea", "pass", "next", "not papers",
    "tested ideas", "I manage others", "a role", "1a 2d 3b", "1b 2c 3c 4b 5e",
)  # fmt: skip


def live_in(message: Message) -> list[tuple[str, str]]:
    """Give what can be clicked in a message: the action's id and its value."""
    found = []
    for block in message.blocks:
        elements = [*block.get("elements", []), *([block["accessory"]] if "accessory" in block else [])]
        for element in elements:
            if element["type"] == "button":
                found.append((element["action_id"], element["value"]))
            elif element.get("action_id") == GRADED:
                groups = element["option_groups"]
                found += [(GRADED, option["value"]) for group in groups for option in group["options"]]
    return found


def action_of(action_id: str, value: str) -> dict[str, Any] | None:  # noqa: PLR0911 - one for each kind
    """Say what a click asks of the run, as the listeners do; None for what changes nothing in it."""
    if action_id.startswith(CHOOSE):
        _, prompt, question, choice = value.split(" ")
        return {"do": "answer", "prompt": int(prompt), "question": question, "choices": [choice]}
    if action_id == GRADED:
        dimension, column = value.split(" ")
        return {"do": "graded", "dimension": dimension, "column": column}
    if not action_id.startswith(DO):
        return None
    name, *about = value.split(" ")[1:]
    if name in ("so_far", "start_over"):
        return None
    if name == "open":
        return {"do": "open", "part": about[0]}
    if name == "not_graded":
        return {"do": "graded", "dimension": None, "column": None}
    return {"do": name} | ({"question": about[0]} if about else {})


class Conversation(RuleBasedStateMachine):
    """One person, one run, and a bot that may die between any two messages."""

    @initialize()
    def begin(self) -> None:
        self.run = quiz.begin(LIBRARY.quiz)
        self.shown: dict[str, Message] = {"card": thread.card(self.run, "r", LIBRARY)}
        self.seen: list[tuple[str, str]] = []
        self.clock = 100
        self.stood: dict[str, int] = {}  # when each message was posted
        self.written: list[int] = []  # when each message was typed
        self.rendered: tuple[Run, dict[str, Message]] | None = None
        self.sync(99)

    def sync(self, survives: int) -> None:
        """Bring the thread up to date, dying once after so many messages."""
        for left in (survives, 999):
            patience = left
            self.run = quiz.load(LIBRARY.quiz, dict(self.run.answers), self.run.state())
            for slot, message in self.view().items():
                if self.shown.get(slot) != message:
                    if patience == 0:
                        break
                    patience -= 1
                    self.clock += 1
                    self.stood.setdefault(slot, self.clock)
                    self.shown[slot] = message
        self.seen += [each for message in self.shown.values() for each in live_in(message)]

    def view(self) -> dict[str, Message]:
        """Give what the thread should show, as `thread.view` does; a run that is equal is not rendered again."""
        if self.rendered is None or self.rendered[0] != self.run:
            self.rendered = (self.run, {})
        _, messages = self.rendered
        for slot in thread.slots(self.run, self.shown):
            if slot not in messages:
                messages[slot] = thread.render(slot, self.run, "r", LIBRARY)
        return {slot: messages[slot] for slot in thread.slots(self.run, self.shown)}

    def act(self, action: Mapping[str, Any], survives: int) -> What:
        """Do something, and make sure that no answer is lost, made up or taken twice."""
        before = dict(self.run.answers)
        named: dict[str, Given] = {}
        if action["do"] == "answer":
            named = {action["question"]: tuple(action["choices"])}
        elif action["do"] in ("reply", "edit"):
            named = {each: tuple(given) for each, given in action["answers"].items()}
        elif action["do"] == "manages":
            named = {"purpose": ("people",)}
        done = quiz.do(self.run, action)
        took = done.what in (What.TAKEN, What.REPEATED) and done.run is not self.run
        expected = {**before, **named} if took or done.what is What.REPEATED else before
        assert dict(done.run.answers) == expected
        assert done.run.skipped.isdisjoint(done.run.answers)
        self.run = done.run
        self.sync(survives)
        return done.what

    def aim(self, ts: int) -> int:
        """Give the prompt that stood last in the thread before a message, as the workflow does."""
        before = [int(slot[7:]) for slot, at in self.stood.items() if slot.startswith("prompt:") and at < ts]
        return max(before, default=0)

    @rule(data=st.data(), survives=st.integers(0, 6))
    def click_what_is_there(self, data: st.DataObject, survives: int) -> None:
        buttons = [each for message in self.shown.values() for each in live_in(message)]
        action = action_of(*data.draw(st.sampled_from(buttons)))
        if action:
            assert self.act(action, survives) in (What.TAKEN, What.REPEATED)

    @rule(data=st.data(), survives=st.integers(0, 6))
    def click_what_was_there_once(self, data: st.DataObject, survives: int) -> None:
        clicked = data.draw(st.sampled_from(self.seen))
        there = any(clicked in live_in(message) for message in self.shown.values())
        before, action = dict(self.run.answers), action_of(*clicked)
        if action:
            live = self.run.live and action.get("prompt") == len(self.run.prompts)
            self.act(action, survives)
            if action["do"] == "answer" and not there and not live:
                assert dict(self.run.answers) == before

    @rule(text=st.sampled_from(TYPED), survives=st.integers(0, 6), doubled=st.booleans())
    def write(self, text: str, survives: int, doubled: bool) -> None:
        self.clock += 1
        self.written.append(self.clock)
        aim = self.aim(self.clock)
        found = read(text, self.run, LIBRARY.words.typed)
        action: dict[str, Any] | None = None
        match found:
            case Answered(answers, named):
                given = {each: list(choices) for each, choices in answers.items()}
                action = {"do": "reply", "answers": given, "ts": str(self.clock), "aim": None if named else aim}
            case Perhaps(question, choices):
                guess = {"question": question, "choices": list(choices), "prompt": aim, "ts": str(self.clock)}
                action = {"do": "guess"} | guess
            case Command(name, question) if name not in ("so_far", "unsure", "why", "start_over"):  # "manages" included
                action = {"do": name, "prompt": aim} | ({"question": question} if question else {})
        if action:
            self.act(action, survives)
            if doubled and (action["do"] in ("skip", "back") or (isinstance(found, Answered) and not found.named)):
                before = self.run
                self.act({**action, "ts": f"{self.clock}x"}, survives)  # the same again, aimed at the same prompt
                if before.prompts[aim - 1 :][1:]:  # something has been asked since
                    assert (self.run.answers, self.run.skipped) == (before.answers, before.skipped)

    @rule(data=st.data(), text=st.sampled_from(TYPED), survives=st.integers(0, 6))
    def edit(self, data: st.DataObject, text: str, survives: int) -> None:
        if not self.written:
            return
        at = data.draw(st.sampled_from(self.written))
        before, ts, aim = self.run, str(at), self.aim(at)
        about = {*before.typed.get(ts, ())}
        if ts in before.typed:
            answers = read_again(text, before, before.typed[ts])
            if answers is not None:
                given = {each: list(choices) for each, choices in answers.items()}
                about |= given.keys() if len(given) > 1 else set()
                self.act({"do": "edit", "ts": ts, "answers": given}, survives)
        elif isinstance(found := read(text, before, LIBRARY.words.typed), Answered):
            given = {each: list(choices) for each, choices in found.answers.items()}
            about |= given.keys() if found.named else {before.prompts[aim - 1].question} if aim else set()
            self.act({"do": "reply", "answers": given, "ts": ts, "aim": None if found.named else aim}, survives)
        changed = {each for each, given_ in self.run.answers.items() if before.answers.get(each) != given_}
        assert changed <= about  # never a question that was asked after the message was written

    @rule(survives=st.integers(0, 6))
    def have_a_question_of_ones_own_answered_late(self, survives: int) -> None:
        before = self.run
        self.act({"do": "reask"}, survives)
        assert (self.run.status, self.run.answers) == (before.status, before.answers)

    @rule(what=st.sampled_from(["remind", "expire"]), survives=st.integers(0, 6))
    def be_silent(self, what: str, survives: int) -> None:
        self.act({"do": what}, survives)

    @invariant()
    def the_thread_shows_what_the_run_says(self) -> None:
        assert self.view() == self.shown

    @invariant()
    def no_live_button_lies(self) -> None:
        asking = [
            slot for slot, message in self.shown.items() if any(each[0].startswith(CHOOSE) for each in live_in(message))
        ]
        assert asking == ([f"prompt:{len(self.run.prompts)}"] if self.run.asking else [])
        for message in self.shown.values():
            for action_id, value in live_in(message):
                if (action := action_of(action_id, value)) is None:
                    continue
                done = quiz.do(self.run, action)
                assert done.what in (What.TAKEN, What.REPEATED), action
                if action["do"] == "answer":
                    assert done.run.answers[action["question"]] == tuple(action["choices"])

    @invariant()
    def the_card_sums_it_up(self) -> None:
        text = self.shown["card"].text
        for question in LIBRARY.quiz.questions:
            for choice in self.run.chosen(question.id):
                assert choice.label in text
        assert (self.run.status is Status.PAUSED) == (LIBRARY.words.quiz.paused in text) or self.run.finished


Conversation.TestCase.settings = settings(
    max_examples=1000 if THOROUGH else 200,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
test_many_conversations = Conversation.TestCase
