"""`rolefit chat`: the FAQ and the quiz in the terminal, as the bot would have it."""

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bot.chat import Chat
from bot.cli import cli
from bot.knowledge import Library
from bot.second_stage import SecondStage
from bot.slack import blocks
from bot.slack.text import Mrkdwn
from bot.terminal import formatted, show
from tests.test_documented import words_after_the_command

MTS = "What does MTS mean?"
VAGUE = "which titles are there"


class Terminal:
    """A conversation, and what a terminal of 100 columns shows of it."""

    def __init__(self, library: Library, second: SecondStage | None = None) -> None:
        self._printed = StringIO()
        self._chat = Chat(library, second, Console(file=self._printed, width=100))

    async def type(self, *lines: str) -> str:
        """Type lines; gives what the last of them has had printed, in one line."""
        for line in lines:
            self._printed.seek(0)
            self._printed.truncate()
            await self._chat.take(line)
        return " ".join(self._printed.getvalue().split())


@pytest.fixture
def terminal(library: Library) -> Terminal:
    return Terminal(library)


async def test_a_question_is_answered_with_its_table_and_source(terminal: Terminal, library: Library):
    answer = await terminal.type(MTS)

    entry = library.entries["member-of-technical-staff"]
    assert " ".join(entry.answer.split()) in answer
    assert "┃ Organisation ┃ Titles it uses" in answer
    assert "│ Anthropic" in answer
    assert "Source: Field guide to AI roles" in answer


async def test_why_explains_the_last_answer(terminal: Terminal):
    assert await terminal.type("why") == (
        "“Why” explains an answer that the bot gave by itself, and there is none just above."
    )

    explained = await terminal.type(MTS, "why")

    assert explained.startswith("I took it for: What does “Member of Technical Staff” mean")
    assert "“mts” (which I read as “member of technical staff”)" in explained


async def test_a_suggestion_is_taken_by_its_number(terminal: Terminal):
    suggested = await terminal.type(VAGUE)
    answer = await terminal.type("1")
    again = await terminal.type("1")

    assert "Which skills are at the core of each title?" in suggested
    assert suggested.endswith("Type 1 if it is.")
    assert answer.startswith("Here is the answer to: Which skills are at the core of each title? Research scientists")
    assert "Here is the answer to" not in again


async def test_why_below_suggestions_says_why_they_were_made(terminal: Terminal, library: Library):
    for why in ("why", "but why?", "why these?"):
        assert await terminal.type(VAGUE, why) == library.words.terminal.offered
    assert (await terminal.type("1")).startswith("Here is the answer to")


async def test_a_few_words_below_suggestions_ask_what_the_likeliest_of_them_asks(terminal: Terminal, library: Library):
    answer = await terminal.type("I'm a data scientist, what am I called at OpenAI", "and at Amazon?")

    assert " ".join(library.entries["amazon-roles"].answer.split()) in answer


async def test_the_status_of_a_round_that_was_left_is_told(terminal: Terminal, library: Library):
    for leave in ("pause", "stop"):
        told = await terminal.type("quiz", "start over", "my own work", "d", leave, "status")

        assert "after 1 of 5 questions" in told
        assert told.endswith("type “quiz” to go on.")
    assert "Question 2 of 5" in await terminal.type("quiz")


async def test_who_is_asked_whether_they_meant_something_is_told_how_to_say_so(terminal: Terminal):
    guessed = await terminal.type("quiz", "my own work", "I kinda run stuff")
    assert "Did you mean" in guessed
    assert "Type “yes” or b if you did" in guessed

    assert "Question 2 of 5" in await terminal.type("yes")
    assert "Question 2 of 5" in await terminal.type("back", "I kinda run stuff", "b")


@pytest.mark.parametrize("text", ["can I start over?", "I raise goats"])
async def test_in_the_terminal_nobody_is_sent_to_a_button(terminal: Terminal, text: str):
    assert "button" not in await terminal.type("quiz", text)


async def test_a_digit_that_is_no_number_takes_no_suggestion(terminal: Terminal):
    said = await terminal.type(VAGUE, "²")

    assert "Here is the answer to" not in said


@pytest.mark.parametrize("text", ["why", "why?", "how sure are you?"])
async def test_why_says_that_an_answer_was_picked_and_how_near_it_was(terminal: Terminal, library: Library, text: str):
    said = await terminal.type(VAGUE, "1", text)

    assert said.startswith("It was chosen from what I suggested, as I was not sure what was meant: Which skills are at")
    assert "The words that told me: “titles”." in said
    near, asked = re.findall(r"How near it came: (\d+) of 100. From (\d+) on", said)[0]
    assert library.thresholds.maybe * 100 <= int(near) + 1
    assert int(near) < int(asked) == round(library.thresholds.asked * 100)
    assert (await terminal.type(MTS, "why")).startswith("I took it for:")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("hello", "Ask"),
        ("ok", "The bot says nothing to this."),
        ("help", "`quiz` begins the quiz"),
        ("", ""),
    ],
)
async def test_what_is_no_question_is_taken_as_the_bot_takes_it(terminal: Terminal, line: str, words: str):
    assert words.casefold() in (await terminal.type(line)).casefold()


async def test_what_has_no_answer_is_said_to_have_none(terminal: Terminal, library: Library):
    said = await terminal.type("what is the airspeed of a swallow?")

    assert said == " ".join(blocks.unknown(library).text.split())


async def test_a_follow_up_leans_on_the_answer_before(terminal: Terminal):
    alone = await terminal.type("and a researcher?")
    after = await terminal.type("How should you grade a research engineer?", "and a researcher?")

    assert alone != after


async def test_the_quiz_is_taken_by_letters_and_ends_with_the_result_and_its_table(terminal: Terminal):
    first = await terminal.type("quiz")
    second = await terminal.type("a")
    result = ""
    for letter in "decdd":  # it ends early once nothing can change any more
        if "How the answers divide" not in result:
            result = await terminal.type(letter)
    steps = await terminal.type("steps")

    assert "a: My own work" in first
    assert "Click" not in first + second
    assert second.startswith("Question 1 of 5 Think of the work")
    assert second.endswith("Type a letter or your own words; or back, skip, pause, so far, why.")
    assert "AI engineer" in result
    assert "┃" in result
    assert "How the answers divide" in result
    assert "This describes the work, not you" in result
    assert "ai-engineer leads" in steps
    assert "share" in steps


async def finished(terminal: Terminal) -> str:
    """Take the quiz to a result of an AI engineer; gives what it ends with."""
    said = await terminal.type("quiz", "a")
    for letter in "decdd":
        if "How the answers divide" not in said:
            said = await terminal.type(letter)
    return said


@pytest.mark.parametrize("text", ["why", "why?", "Why this role?", "how sure are you?", "so why is it clear?"])
async def test_below_a_result_why_says_what_it_rests_on(terminal: Terminal, text: str):
    assert "How the answers divide" in await finished(terminal)

    said = await terminal.type(text)

    assert "For an AI engineer: shipping reliably at scale (question 1)" in said
    assert "step by step" not in said
    assert await terminal.type(text) == said  # and once more


async def test_below_a_result_another_role_is_held_against_it(terminal: Terminal):
    await finished(terminal)

    assert (
        "No answer speaks more for an AI researcher than for an AI engineer. Against it: shipping"
        in await terminal.type("why not a researcher?")
    )
    assert "No answer speaks more for a research engineer" in await terminal.type("why not research engineer?")
    assert "Bell Labs" in await terminal.type(MTS)  # another question between them takes nothing away
    assert "No answer speaks more for an AI researcher" in await terminal.type("why not AI researcher?")


async def test_below_a_result_an_answer_is_changed_by_its_number(terminal: Terminal):
    await finished(terminal)

    changed = await terminal.type("change 1 to a")
    result = await terminal.type("d")
    asked = await terminal.type("change 1")
    again = await terminal.type("d")

    assert "Question 5 of 5" in changed  # which decides now
    assert "How the answers divide" in result
    assert "Question 1 of 5" in asked
    assert "You changed your answer to question 1" in changed
    assert "It is still an AI engineer" in again


async def test_below_a_result_small_talk_is_about_the_round_and_questions_go_to_the_faq(
    terminal: Terminal, library: Library
):
    await finished(terminal)

    assert await terminal.type("is this anonymous?") == library.words.terminal.privacy_in_quiz
    assert "Bell Labs" in await terminal.type(MTS)
    assert (await terminal.type("why?")).startswith("I took it for:")  # what was said last
    assert "One thing first" in await terminal.type("quiz")


@pytest.mark.parametrize(
    "text", ["why?", "Why", "how sure are you?", "are you sure about that?", "how certain is that?"]
)
async def test_how_sure_it_is_of_an_answer_is_what_why_says(terminal: Terminal, library: Library, text: str):
    assert await terminal.type("how sure are you?") == library.words.terminal.certainty

    assert (await terminal.type(MTS, text)).startswith("I took it for:")


async def test_whatever_is_typed_in_the_quiz_is_read_as_in_slack(terminal: Terminal):
    await terminal.type("quiz", "a", "a")

    assert "This is not your result yet." in await terminal.type("so far")
    assert (await terminal.type("why do you ask?")).startswith("Why I ask:")
    asked = await terminal.type(MTS)
    assert "Bell Labs" in asked
    assert "Question 2 of 5" in asked
    assert "I did not catch which one you mean." in await terminal.type("bananas")
    assert "Question 1 of 5" in await terminal.type("back")
    assert "Question 2 of 5" in await terminal.type("b")
    assert "Question 3 of 5" in await terminal.type("half a, half b")
    assert "One thing first" in await terminal.type("start over")
    stopped = await terminal.type("stop")
    assert "Question" not in stopped
    assert "Bell Labs" in await terminal.type(MTS)


async def test_between_the_questions_a_line_says_what_was_taken(terminal: Terminal):
    several = await terminal.type("quiz", "1b, 2a")
    halves = await terminal.type("half a, half b")
    changed = await terminal.type("change 1 to c")
    same = await terminal.type("change 1 to c")
    again = await terminal.type("back", "a")

    assert several.startswith("You answered question 1: “Build the system that lets us find such a thing out”.")
    assert "You answered question 2: “A paper, a novel method or a new benchmark”. Question 3 of 5" in several
    assert halves.startswith("You answered question 3: half “That it is new and matters to the science”, half “That")
    assert changed.startswith("You changed your answer to question 1: “Turn a research result into something a team")
    assert same.startswith("That is your answer already: “Turn a research result into something a team can use”.")
    assert again.startswith("You changed your answer to question 3: “That it is new and matters to the science”.")
    assert all("Question 4 of 5" in said for said in (halves, changed, same, again))


@pytest.mark.parametrize("text", ["own", "my own work", "mine"])
async def test_that_it_is_about_ones_own_work_is_understood_in_a_word(terminal: Terminal, text: str):
    assert (await terminal.type("quiz", text)).startswith("Your answer: My own work Question 1 of 5")


async def test_own_words_for_an_answer_are_said_to_be_taken_and_a_letter_is_not(terminal: Terminal):
    assert (await terminal.type("quiz", "my team")).startswith("Your answer: I manage people Question 1 of 5")
    assert (await terminal.type("(a)")).startswith("Question 2 of 5")
    assert (await terminal.type("d.")).startswith("Question 3 of 5")


async def test_below_a_picture_the_rest_is_asked_by_continue(terminal: Terminal):
    picture = await terminal.type("quiz", "a", "a", *["skip"] * 4)
    asked = await terminal.type("continue")
    whole = await terminal.type("a", "a", "a", "a")

    assert "Answer the rest, and it becomes a recommendation." in picture
    assert picture.endswith("`continue` asks what has no answer yet.")
    assert "Question 2 of 5" in asked
    assert "Your work calls for the role of an AI researcher." in whole
    assert "`continue`" not in whole
    assert "Question" not in await terminal.type("continue")


async def test_below_a_result_the_same_answer_again_is_said_to_be_that(terminal: Terminal):
    await finished(terminal)

    assert await terminal.type("change 1 to d") == (
        "That is your answer already: “Ship a product or service, reliably and at scale”."
    )
    assert "For an AI engineer" in await terminal.type("why")


@pytest.mark.parametrize("word", ["stop", "pause"])
async def test_a_round_that_was_left_is_gone_on_with(terminal: Terminal, word: str):
    await terminal.type("/rolefit")  # as the bot itself speaks of it
    await terminal.type("a")
    asked = await terminal.type("a")
    assert "Question 2" in asked

    assert "kept as long as this chat is open: type “quiz” to go on" in await terminal.type(word)

    assert "Question 2" in await terminal.type("quiz")
    await terminal.type(word)
    assert "Question 2" in await terminal.type("continue")


async def test_a_question_may_follow_the_command_as_in_slack(terminal: Terminal):
    assert "Member of Technical Staff" in await terminal.type("/rolefit what does MTS stand for?")


async def test_how_long_it_takes_is_about_what_was_said_last(terminal: Terminal, library: Library):
    assert await terminal.type(MTS, "how long does it take?") == library.words.talk.above.reply

    assert await terminal.type("what is the quiz?", "how long does it take?") == library.words.terminal.about_quiz


async def test_ones_own_answers_are_listed_in_a_round(terminal: Terminal):
    listed = await terminal.type("quiz", "a", "d", "what did I answer so far")

    assert "→ Ship a product or service, reliably and at scale" in listed
    assert "Still open" in listed


async def test_ones_own_answers_are_listed_below_the_result_whatever_was_answered_since(terminal: Terminal):
    await finished(terminal)

    for listed in (await terminal.type("show my answers"), await terminal.type(MTS, "what did I say to question 3?")):
        assert "→ Uptime, latency and cost" in listed


OF_SLACK = re.compile(
    r"\b(?:press|click|button|thread|message|database|account|forget-me|history|mention me|/remove|workspace)",
    re.IGNORECASE,
)


async def test_a_suggestion_between_the_questions_is_shown_and_asked_in_its_words(library: Library):
    terminal = Terminal(library)
    await terminal.type("quiz", "a")

    offered = await terminal.type("how do flat labs rank people?")

    suggested = next(entry.question for entry in library.entries.values() if entry.question in offered)
    assert "Did you mean" in offered
    assert "a letter answers the question below." in offered
    answered = await terminal.type(suggested)
    assert "This answers" in answered or "Source" in answered
    assert "Question 1 of 5" in answered


async def test_small_talk_speaks_of_nothing_that_the_terminal_does_not_have(library: Library):
    talk, shown = library.words.talk, set[str]()
    for intent in talk.phrases:
        if intent == "stop":  # it stops a round
            continue
        said = "that one" if intent == "choosing" else talk.of(intent).phrases[0]
        outside, in_quiz, below_result = Terminal(library), Terminal(library), Terminal(library)
        await in_quiz.type("quiz", "a", "a")
        await finished(below_result)
        for terminal in (outside, in_quiz, below_result):
            reply = await terminal.type(said)
            assert not OF_SLACK.search(reply), f"{intent}: {reply}"
            shown.add(reply)
    shown.add(await Terminal(library).type("stop"))
    shown.add(await Terminal(library).type("what can you do"))

    own = library.words.terminal.model_dump()
    of_talk = [name for name in own if name.removesuffix("_in_quiz") in talk.phrases]
    assert [name for name in of_talk if not any(own[name] in reply for reply in shown)] == []


@pytest.mark.parametrize("text", ["who can see this?", "is this anonymous?"])
async def test_nothing_is_kept_in_the_terminal_and_it_says_so(terminal: Terminal, text: str):
    outside = await terminal.type(text)
    in_quiz = await terminal.type("quiz", "a", text)

    for said in (outside, in_quiz):
        assert "I do not know who you are" in said
        assert "I keep nothing" in said
    assert "your answers are gone with it" in await terminal.type("bye")


async def test_between_the_questions_nothing_is_said_of_buttons_and_first_messages(terminal: Terminal):
    await terminal.type("quiz", "a")

    unsure = await terminal.type("I don't know")
    not_for_me = await terminal.type("I don't work in AI")
    in_quiz = await terminal.type("quiz")
    await finished(terminal)
    so_far = await terminal.type("show me so far")

    assert "Which comes nearest: a (Find out" in unsure
    assert unsure.endswith("Or leave this one open: type skip.")
    assert not_for_me.startswith("You can stop here at any time: type stop.")
    assert "button" not in not_for_me
    assert in_quiz.startswith("You are in the quiz already")
    assert so_far.endswith("To start afresh, type “quiz”.")


@pytest.mark.parametrize("word", sorted(words_after_the_command() - {"help"}))
async def test_what_is_for_slack_is_said_to_be(terminal: Terminal, word: str):
    outside = await terminal.type(f"/rolefit {word}")
    in_quiz = await terminal.type("quiz", "a", f"/Rolefit {word.upper()}")

    assert in_quiz == outside
    assert ("I keep nothing" if word == "privacy" else f"/rolefit {word} is for Slack") in outside
    assert "Question 2" in await terminal.type("a")


async def test_the_command_during_the_quiz_is_taken_as_at_any_time(terminal: Terminal):
    await terminal.type("quiz", "a")

    assert (await terminal.type("/rolefit")).startswith("You are in the quiz already")
    assert (await terminal.type("/rolefit help")).startswith("Type the letter of an answer")
    assert "Bell Labs" in await terminal.type(f"/rolefit {MTS}")


async def test_a_quiz_in_which_all_is_skipped_has_no_result(terminal: Terminal, library: Library):
    said = await terminal.type("quiz", "a", *["skip"] * 5)

    assert said == library.words.terminal.nothing_to_weigh
    assert "One thing first" in await terminal.type("quiz")


async def test_the_second_stage_has_its_part(library: Library):
    second = SecondStage()
    second.prepare(library)
    terminal = Terminal(library, second)

    assert "Bell Labs" in await terminal.type(MTS)
    assert (await terminal.type("why")).startswith("I took it for:")
    second.close()


def test_the_command_takes_a_pipe_and_needs_neither_slack_nor_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(cli, ["chat"], input=f"{MTS}\nquiz\na\n", env={"ROLEFIT_ENCODER": "off"})

    assert result.exit_code == 0
    assert f"> {MTS}" in result.stdout
    assert "Bell Labs" in result.stdout
    assert "Question 1 of 5" in result.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("*bold* and _soft_ and `code`", "bold and soft and code"),
        ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("<https://x.example/a|a page>: <https://x.example>", "a page: https://x.example"),
        ("<mailto:a@x.example|a@x.example>", "a@x.example"),
        ("<!date^1^{date_long}|2026-01-02> <@U1>", "2026-01-02 @U1"),
        ("*see <https://x.example|this>*", "see this"),
        ("```\none  ██\n*two*\n```", "one  ██\n*two*"),
        ("[red]no markup of rich[/red]", "[red]no markup of rich[/red]"),
    ],
)
def test_slacks_markup_becomes_text(markup: str, text: str):
    assert formatted(markup).plain == text


def test_what_somebody_typed_does_not_style_the_terminal():
    printed = StringIO()

    show(blocks.filled(Mrkdwn("[bold]x[/bold]")), Console(file=printed))

    assert printed.getvalue() == "\n[bold]x[/bold]\n"


def test_quit_ends_it():
    result = CliRunner().invoke(cli, ["chat"], input=f"quit\n{MTS}\n", env={"ROLEFIT_ENCODER": "off"})

    assert result.exit_code == 0
    assert result.output.strip() == "> quit"


async def test_what_another_answer_would_have_led_to_is_said_and_changes_nothing(terminal: Terminal, library: Library):
    await terminal.type("quiz", "a", "b", "d", "b", "b", "b")
    words, words_of_quiz = library.words.result, library.words.quiz

    other = await terminal.type("what if I'd said a to question 1?")
    assert "“Find out what new thing is true or possible”" in other
    assert "type “change 1 to a”" in other
    assert "That is your answer already" in await terminal.type("what if I'd said b to question 1?")
    assert "What would change it" in await terminal.type("what if I'd said something else?")
    assert "one other answer at a time" in await terminal.type("what if I'd said e?")
    assert "half" not in await terminal.type("change 1 to a")
    assert "I put it back: your answer to question 1 is" in await terminal.type("undo that")
    assert words_of_quiz.nothing_undone in await terminal.type("put it back")
    assert str(words.what_if_stays).startswith("Your answer stays")


async def test_while_a_last_question_may_tip_it_another_answer_is_told_apart_from_where_it_points(terminal: Terminal):
    asked = await terminal.type("quiz", "a", "c", "a", "c", "a", "c")
    assert "too close to call" in asked

    other = await terminal.type("what if I'd picked d in 3?")

    assert "With “The numbers the business watches”" in other
    assert "type “change 3 to d”" in other


async def test_an_answer_within_a_round_sends_nobody_to_the_command_of_the_quiz(terminal: Terminal, library: Library):
    sending = [entry for entry in library.entries.values() if "*/rolefit*" in entry.answer]
    assert sending

    for entry in sending:
        assert "/rolefit" in await terminal.type(entry.question)
    await terminal.type("quiz", "b")
    for entry in sending:
        answer = await terminal.type(entry.question)
        assert entry.in_quiz
        assert " ".join(entry.in_quiz.split())[:60] in answer
        assert "/rolefit" not in answer


async def test_a_suggestion_within_the_quiz_is_taken_by_its_number(terminal: Terminal):
    suggested = await terminal.type("quiz", "a", "which titles are there")
    taken = await terminal.type("1")
    answered = await terminal.type("1")

    assert "To ask that, type" in suggested
    assert taken.startswith("Here is the answer to: ")
    assert "Question 1 of 5" in taken
    assert "Question 2 of 5" in answered


async def test_a_letter_below_a_suggestion_within_the_quiz_answers_it(terminal: Terminal):
    assert "Question 2 of 5" in await terminal.type("quiz", "a", "which titles are there", "a")


async def test_a_yes_takes_no_offer_that_something_else_was_said_below(terminal: Terminal):
    for between in ("why should I do this", "whats wrong with flat", "what is an MTS?"):
        said = await terminal.type("quiz", "start over", "i am an ML engineer", between, "yes")
        assert "Question 1 of 5" not in said


async def test_a_yes_where_nothing_was_offered_is_told_so(terminal: Terminal, library: Library):
    assert await terminal.type(MTS, "yes") == " ".join(library.words.terminal.nothing_offered.split())


@pytest.mark.parametrize(
    "text", ["titles", "whole table", "how I am graded", "what is the table", "so am I a researcher?"]
)
async def test_below_a_result_its_parts_are_shown_and_questions_about_it_answered(terminal: Terminal, text: str):
    assert "don’t know" not in await terminal.type("quiz", "a", "d", "d", "b", "c", "c", text)
