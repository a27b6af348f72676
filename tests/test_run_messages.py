"""The thread of a run: whatever is clicked, typed, edited or interrupted, it shows what the run says, and only that."""

from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.domain import quiz
from bot.domain.actions import (
    Action,
    Answer,
    AskAgain,
    Back,
    Change,
    EditReply,
    Expire,
    Guess,
    Manage,
    Remind,
    Reply,
    Skip,
    aimed_at,
)
from bot.domain.actions import read as action_read
from bot.domain.fit import Given
from bot.domain.quiz import Outcome
from bot.domain.quiz_run import Run, Status
from bot.domain.readings import Answered, Command, Perhaps
from bot.domain.reply import read, read_again
from bot.slack import quiz_controls, run_messages
from bot.slack.interaction_payloads import BlockAction, SelectedOption
from bot.slack.pieces import Message
from bot.slack.quiz_controls import CHOOSE, DO, GRADED
from tests.conftest import THOROUGH
from tests.shipped import library

TYPED = (
    "a", "b", "2", "d", "1b, 2a", "3d 4a 5c", "change 1 to d", "change 3", "half a, half b", "half and half", "back",
    "skip", "stop", "pause", "continue", "so far", "why", "shiping it", "yes", "no", "bananas", "what is an MTS?",
    "1d 2d 3d 4c", "start over", "what do you mean by velocity?", "no idea", "pass", "next", "not papers",
    "tested ideas", "I manage others", "a role", "1a 2d 3b", "1b 2c 3c 4b 5e",
)  # fmt: skip


@dataclass(frozen=True)
class Control:
    """Something that can be clicked in a message, as Slack would send it back."""

    action_id: str
    block_id: str
    value: str

    @property
    def action(self) -> Action | None:
        """What a click asks of the run; None for what changes nothing in it."""
        menu = self.action_id == GRADED
        clicked = BlockAction(
            action_id=self.action_id,
            block_id=self.block_id,
            action_ts="1.0",
            value=None if menu else self.value,
            selected_option=SelectedOption(value=self.value) if menu else None,
        )
        if menu:
            grading = quiz_controls.read_grading(clicked)
            assert grading
            return grading[1]
        if self.action_id.startswith(CHOOSE):
            return quiz_controls.read_choice(clicked)[1]
        if self.action_id.startswith(DO):
            does = quiz_controls.read_do(clicked)[1]
            return None if isinstance(does, quiz_controls.ButtonCommand) else does
        return None


def live_in(message: Message) -> list[Control]:
    """Give what can be clicked in a message."""
    live = []
    for block in message.blocks:
        elements = [*block.get("elements", []), *([block["accessory"]] if "accessory" in block else [])]
        name = block.get("block_id", "b1")
        for element in elements:
            if element["type"] == "button":
                live.append(Control(element["action_id"], name, element["value"]))
            elif element.get("action_id") == GRADED:
                options = [option for group in element["option_groups"] for option in group["options"]]
                live += [Control(GRADED, name, option["value"]) for option in options]
    return live


class Conversation(RuleBasedStateMachine):
    """One person, one run, and a bot that may die between any two messages."""

    @initialize()
    def begin(self) -> None:
        self.run = quiz.begin(library().quiz)
        self.shown: dict[str, Message] = {"card": run_messages.card(self.run, "r", library())}
        self.seen: list[Control] = []
        self.clock = 100
        self.stood: dict[str, int] = {}  # when each message was posted
        self.written: list[int] = []  # when each message was typed
        self.rendered: tuple[Run, dict[str, Message]] | None = None
        self.sync(99)

    def sync(self, survives: int) -> None:
        """Bring the thread up to date, dying once after so many messages."""
        for left in (survives, 999):
            patience = left
            self.run = quiz.load(library().quiz, dict(self.run.answers), self.run.state())
            for slot, message in self.view().items():
                if self.shown.get(slot) != message:
                    if patience == 0:
                        break
                    patience -= 1
                    self.clock += 1
                    self.stood.setdefault(slot, self.clock)
                    self.shown[slot] = message
        self.seen += [control for message in self.shown.values() for control in live_in(message)]

    def view(self) -> dict[str, Message]:
        """Give what the thread should show; a run that is equal to the last is not rendered again."""
        if self.rendered is None or self.rendered[0] != self.run:
            self.rendered = (self.run, {})
        _, messages = self.rendered
        slots = run_messages.slots(self.run, self.shown)
        for slot in slots:
            if slot not in messages:
                messages[slot] = run_messages.render(slot, self.run, "r", library())
        return {slot: messages[slot] for slot in slots}

    def apply(self, action: Action, survives: int) -> Outcome:
        """Apply an action, and make sure that no answer is lost, made up or taken twice."""
        before = dict(self.run.answers)
        named: dict[str, Given] = {}
        match action:
            case Answer():
                named = {action.question: action.choices}
            case Reply() | EditReply():
                named = action.answers
            case Manage():
                named = {"purpose": ("people",)}
        after = quiz.apply(self.run, action_read(action.record()))  # as it comes out of the records
        took = after.outcome in (Outcome.TAKEN, Outcome.REPEATED) and after.run is not self.run
        expected = {**before, **named} if took or after.outcome is Outcome.REPEATED else before
        assert dict(after.run.answers) == expected
        assert after.run.skipped.isdisjoint(after.run.answers)
        self.run = after.run
        self.sync(survives)
        return after.outcome

    def aim(self, ts: int) -> int:
        """Give the prompt that stood last in the thread before a message, as the workflow does."""
        before = [int(slot[7:]) for slot, at in self.stood.items() if slot.startswith("prompt:") and at < ts]
        return max(before, default=0)

    @rule(data=st.data(), survives=st.integers(0, 6))
    def click_what_is_there(self, data: st.DataObject, survives: int) -> None:
        live = [control for message in self.shown.values() for control in live_in(message)]
        if action := data.draw(st.sampled_from(live)).action:
            assert self.apply(action, survives) in (Outcome.TAKEN, Outcome.REPEATED)

    @rule(data=st.data(), survives=st.integers(0, 6))
    def click_what_was_there_once(self, data: st.DataObject, survives: int) -> None:
        clicked = data.draw(st.sampled_from(self.seen))
        there = any(clicked in live_in(message) for message in self.shown.values())
        before, action = dict(self.run.answers), clicked.action
        if action:
            live = self.run.live and isinstance(action, Answer) and action.prompt == len(self.run.prompts)
            self.apply(action, survives)
            if isinstance(action, Answer) and not there and not live:
                assert dict(self.run.answers) == before

    @rule(text=st.sampled_from(TYPED), survives=st.integers(0, 6), doubled=st.booleans())
    def write(self, text: str, survives: int, doubled: bool) -> None:
        self.clock += 1
        self.written.append(self.clock)
        aim = self.aim(self.clock)
        reading = read(text, self.run, library().words.typed)
        action: Action | None = None
        match reading:
            case Answered(answers, named):
                action = Reply(answers=dict(answers), ts=str(self.clock), prompt=None if named else aim)
            case Perhaps(question, choices):
                action = Guess(question=question, choices=choices, prompt=aim, ts=str(self.clock))
            case Command("change", str(question)):
                action = Change(question=question)
            case Command(name) if name not in ("so_far", "unsure", "why", "start_over"):  # "manages" included
                action = aimed_at(action_read({"do": name}), aim)
        if action:
            self.apply(action, survives)
            aimed = isinstance(reading, Answered) and not reading.named
            if doubled and (isinstance(action, Skip | Back) or aimed):
                before = self.run
                # The same again, aimed at the same prompt.
                self.apply(action.model_copy(update={"ts": f"{self.clock}x"}) if aimed else action, survives)
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
                about |= answers.keys() if len(answers) > 1 else set()
                self.apply(EditReply(answers=dict(answers), ts=ts), survives)
        elif isinstance(reading := read(text, before, library().words.typed), Answered):
            about |= reading.answers.keys() if reading.named else {before.prompts[aim - 1].question} if aim else set()
            reply = Reply(answers=dict(reading.answers), ts=ts, prompt=None if reading.named else aim)
            self.apply(reply, survives)
        changed = {
            question for question, choices in self.run.answers.items() if before.answers.get(question) != choices
        }
        assert changed <= about  # never a question that was asked after the message was written

    @rule(survives=st.integers(0, 6))
    def have_a_question_of_ones_own_answered_late(self, survives: int) -> None:
        before = self.run
        self.apply(AskAgain(), survives)
        assert (self.run.status, self.run.answers) == (before.status, before.answers)

    @rule(due=st.sampled_from([Remind(), Expire()]), survives=st.integers(0, 6))
    def be_silent(self, due: Remind | Expire, survives: int) -> None:
        self.apply(due, survives)

    @invariant()
    def the_thread_shows_what_the_run_says(self) -> None:
        assert self.view() == self.shown

    @invariant()
    def no_live_button_lies(self) -> None:
        asking = [
            slot
            for slot, message in self.shown.items()
            if any(control.action_id.startswith(CHOOSE) for control in live_in(message))
        ]
        assert asking == ([f"prompt:{len(self.run.prompts)}"] if self.run.asking else [])
        for message in self.shown.values():
            for control in live_in(message):
                if (action := control.action) is None:
                    continue
                after = quiz.apply(self.run, action)
                assert after.outcome in (Outcome.TAKEN, Outcome.REPEATED), action
                if isinstance(action, Answer):
                    assert after.run.answers[action.question] == action.choices

    @invariant()
    def the_card_sums_it_up(self) -> None:
        text = self.shown["card"].text
        for question in library().quiz.questions:
            for choice in self.run.chosen(question.id):
                assert choice.label in text
        assert (self.run.status is Status.PAUSED) == (library().words.quiz.paused in text) or self.run.finished


Conversation.TestCase.settings = settings(
    max_examples=1000 if THOROUGH else 200,
    stateful_step_count=12,
    suppress_health_check=list(HealthCheck),
)
test_a_thousand_conversations = Conversation.TestCase
