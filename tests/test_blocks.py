"""Everything the bot can say with the knowledge as it is, judged by the workspace's own reading of Slack's rules."""

import re
from itertools import product
from pathlib import Path
from types import MappingProxyType

import pytest

from bot.domain.content import MAX_BUTTON_TEXT
from bot.domain.fit import Clearness
from bot.domain.quiz import Run
from bot.domain.share import Refusal
from bot.knowledge import Library
from bot.local.block_kit import check_message
from bot.slack import blocks
from bot.slack.blocks import Message
from bot.slack.text import Mrkdwn, escape, fill, mention, mentions, without_mention

TEXT = 12_000  # what Slack shows of the text of all blocks of a message
FALLBACK = 4_000  # what Slack advises for `text`


def judge(message: Message) -> None:
    """Fail where Slack would refuse, or cut."""
    check_message([dict(block) for block in message.blocks])
    assert 0 < len(message.text) <= FALLBACK
    assert "{" not in message.text
    assert sum(len(str(block)) for block in message.blocks) < TEXT


def runs(library: Library) -> list[Run]:
    """Give a run for every set of answers there is, the tie-break answered where it is asked."""
    questions = library.quiz.questions
    found = []
    for positions in product(*(range(len(question.choices)) for question in questions)):
        chosen = {q.id: q.choices[at].id for q, at in zip(questions, positions, strict=True)}
        run = Run(library.quiz, MappingProxyType(chosen))
        found.append(run)
        if run.open:
            more = {**chosen, run.open.id: run.open.choices[0].id}
            found.append(Run(library.quiz, MappingProxyType(more)))
    return found


def test_every_answer_can_be_shown(library: Library):
    for entry in library.entries.values():
        judge(blocks.answers([entry], library))


def test_two_answers_at_once_make_one_message_with_one_table(library: Library):
    entries = [entry for entry in library.entries.values() if entry.excerpt][:2]

    message = blocks.answers(entries, library)

    judge(message)
    assert [block["type"] for block in message.blocks].count("table") == 1
    assert all(entry.question in message.blocks[at]["text"]["text"] for at, entry in ((0, entries[0]),))


def test_any_three_entries_can_be_suggested(library: Library):
    entries = list(library.entries.values())
    for at in range(len(entries) - 2):
        judge(blocks.suggestions(entries[at : at + 3], library))


def test_every_question_can_be_asked_and_shown_with_its_answer(library: Library):
    run = Run(library.quiz)
    for asked in library.quiz.all_questions:
        judge(blocks.question(run, asked, "r" * 20, library))
        judge(blocks.unclear(asked, library))
        for choice in asked.choices:
            judge(blocks.question_answered(run, asked, choice, library))
            judge(blocks.already_answered(choice, library))


def test_every_recommendation_can_be_shown_and_shared(library: Library):
    for run in runs(library):
        judge(blocks.result(run, "r" * 20, library))
        judge(blocks.shared(run, mention("U" * 12), library))


def test_the_other_messages_can_be_shown(library: Library):
    run, who = Run(library.quiz), mention("U" * 12)
    for message in (
        blocks.root(library, run),
        blocks.note(library, "https://example.slack.com/archives/D1/p1"),
        blocks.usage(library),
        blocks.usage(library, "<!channel> & " * 100),
        blocks.unknown(library),
        blocks.hello(library),
        blocks.pick_recipient("r" * 20, library),
        blocks.preview_intro(who, library),
        blocks.confirm("s" * 20, who, library),
        blocks.already_answered(None, library),
    ):
        judge(message)


def test_the_same_input_gives_the_same_message(library: Library):
    entry = library.entries["role-differences"]

    assert blocks.answers([entry], library) == blocks.answers([entry], library)


def test_a_long_label_is_cut_where_slack_would_refuse_it(library: Library):
    entry = library.entries["role-differences"].model_copy(update={"question": "Why " * 30})

    [_, _, actions] = blocks.suggestions([entry], library).blocks

    label = actions["elements"][0]["text"]["text"]
    assert len(label) <= MAX_BUTTON_TEXT
    assert label.endswith("…")


@pytest.mark.parametrize("name", ["<!channel>", "<@U1>", "a & b", "<https://x|y>", "{role}"])
def test_what_people_typed_is_escaped_and_never_filled_in_again(name: str):
    assert fill("Hello {name}", name=name) == f"Hello {escape(name)}"
    assert "<" not in escape(name)


def test_our_own_mentions_stay_mentions():
    assert fill("Sent to {to}.", to=mention("U1")) == "Sent to <@U1>."
    assert fill("{link}", link=Mrkdwn("<https://x|y>")) == "<https://x|y>"


def test_the_bots_own_name_is_taken_out_of_what_was_written():
    assert without_mention("<@U_BOT> what is an <@U_ANA>?", "U_BOT") == "what is an <@U_ANA>?"
    assert without_mention("hey <@U_BOT|rolefit>, why", "U_BOT") == "hey  , why"
    assert mentions("hey <@U_BOT|rolefit>", "U_BOT")
    assert not mentions("hey <@U_BOTTLE>", "U_BOT")


def test_every_word_in_the_knowledge_is_said_somewhere(library: Library):
    code = "\n".join(path.read_text() for path in Path(blocks.__file__).parent.glob("*.py"))
    spoken_by_value = {*Clearness, *Refusal}  # keys that a result or a refusal names itself

    for group, texts in library.words.model_dump().items():
        for key in texts:
            assert key in spoken_by_value or re.search(rf'[."]{key}\b', code), f"{group}.{key} is never said"
