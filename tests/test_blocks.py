"""Everything the bot can say with the knowledge as it is, judged by the workspace's own reading of Slack's rules."""

import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain, islice, product
from pathlib import Path
from string import ascii_lowercase
from types import MappingProxyType
from typing import Any

import pytest
from annotated_types import MaxLen
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from slack_sdk.models.blocks import Block as SdkBlock

from bot.domain.compare import State
from bot.domain.content import Column, Excerpt, Row
from bot.domain.fit import Clearness
from bot.domain.quiz_content import Quiz
from bot.domain.quiz_run import PARTS, Graded, Run, Status
from bot.domain.readings import Reviewed
from bot.domain.reply import read
from bot.domain.review import REVIEW, review_question
from bot.domain.round_topics import Topic
from bot.domain.share import Delivery, Part, Refusal
from bot.domain.why import Certainty, Silent
from bot.knowledge import Library
from bot.knowledge.slack_limits import MAX_BUTTON_TEXT
from bot.knowledge.text_checks import limited_in_quiz
from bot.knowledge.words import Words
from bot.local.block_kit import check_message, check_view
from bot.local.errors import SlackError
from bot.slack import blocks, feedback_blocks, gallery, gaps_blocks, result, review_messages, run_messages, share_blocks
from bot.slack.answer_controls import Reason
from bot.slack.feedback_work import NOT_HELPFUL
from bot.slack.gallery import Rendering, View
from bot.slack.gallery.quiz import halves, reviews
from bot.slack.pieces import Message
from bot.slack.plainer import Block, plainer
from bot.slack.share_controls import SHARE
from bot.slack.text import Mrkdwn, escape, fill, mention, mentions, without_mention
from tests.conftest import THOROUGH

TEXT = 11_000  # what Slack takes for sure of the text of all blocks of a message; bolt-js#2509 and #2867
FALLBACK = 4_000  # what Slack advises for `text`
NOT_IN_THE_SDK = {"data_visualization"}  # of slack_sdk 3.47
SCREEN = 1_600  # of a result, which is to fit one


@cache
def read_by_others(written: str) -> None:
    """Have Slack's own SDK read a block, and check it by its limits: our reading of them is in the local workspace.

    written: the block as JSON. Messages share most of their blocks.
    """
    block = json.loads(written)
    known = SdkBlock.parse(block)
    if known is None:
        assert block["type"] in NOT_IN_THE_SDK
    else:
        assert known.to_dict()["type"] == block["type"]


def judge(shown: Message | View, most: int = FALLBACK) -> None:
    """Fail where Slack would refuse, or cut."""
    if not isinstance(shown, Message):
        check_view(shown, ("home", "modal"))  # whose texts together may be far longer than those of a message
        blocks_ = shown["blocks"]
    else:
        check_message([dict(block) for block in shown.blocks])
        blocks_ = shown.blocks
        assert 0 < len(shown.text) <= most
        # Slack fills in dates, and what is drafted is YAML.
        filled_in = r"<!date\^\d+\^\{date_long\}(?: at \{time\})?\||```.*?(```|$)"
        assert "{" not in re.sub(filled_in, "", shown.text, flags=re.DOTALL)
    for block in blocks_:
        read_by_others(json.dumps(block))
    if isinstance(shown, Message) or shown["type"] == "modal":
        assert sum(len(str(block)) for block in blocks_) < TEXT


def messages(renderings: Iterable[Rendering]) -> Iterator[tuple[str, Message]]:
    """Render messages; gives the first word of their names with them, which is the slot in a round's thread."""
    for rendering in renderings:
        message = rendering.render()
        assert isinstance(message, Message), rendering.name
        yield rendering.name.partition(" ")[0], message


def _clickable(blocks: Sequence[Block]) -> list[str]:
    """Give what each button sends, and the action_id of each menu."""
    elements = [element for block in blocks for element in block.get("elements", [block.get("accessory")])]
    sent = []
    for element in elements:
        if element and element["type"] == "feedback_buttons":
            sent += [element[side]["value"] for side in ("positive_button", "negative_button")]
        elif element and "action_id" in element:
            sent.append(element.get("value") or element["action_id"])
    return sent


@pytest.fixture(scope="module")
def rendered(library: Library) -> list[tuple[str, Message | View]]:
    """All that the bot can show, by its names."""
    return [(rendering.name, rendering.render()) for rendering in gallery.everything(library)]


def test_slack_takes_all_that_the_bot_can_show(rendered: list[tuple[str, Message | View]]):
    distinct = {
        json.dumps(shown if not isinstance(shown, Message) else [shown.text, shown.blocks]): (name, shown)
        for name, shown in rendered
    }
    assert len(distinct) > 1000
    judged = [*distinct.values()] if THOROUGH else [*distinct.values()][random.randrange(3) :: 3]
    for name, shown in judged:
        try:
            judge(shown, 2 * FALLBACK if name.startswith("answers ") else FALLBACK)  # two at once
        except Exception as error:
            error.add_note(name)
            raise


def test_texts_of_the_quiz_that_are_as_long_as_the_check_lets_them_be_can_be_shown(library: Library):
    data: Any = library.quiz.model_dump(mode="json")
    filler = "many words & so on " * 200
    names = {"id", "dimension", "column", "regime", "document", "cell", "role", "short"}
    for _, path, text, limit, _ in limited_in_quiz(library.quiz):
        if path[0] != "tables" and path[-1] not in names and not isinstance(path[-1], int):
            holder = data
            for part in path[:-1]:
                holder = holder[part]
            holder[path[-1]] = filler[: max(limit, len(text))].strip()
    longest = replace(library, quiz=Quiz.model_validate(data))
    assert longest.quiz.roles[0].summary != library.quiz.roles[0].summary

    for rendering in chain(islice(halves(longest), 60), islice(reviews(longest), 20)):
        judge(rendering.render(), 2 * FALLBACK)


def test_what_has_one_name_is_one_message(rendered: list[tuple[str, Message | View]]):
    first: dict[str, Message | View] = {}
    for name, shown in rendered:
        assert first.setdefault(name, shown) == shown, name


def texts(data: Any) -> Iterator[str]:
    """Give every text in plain data."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        yield from chain.from_iterable(map(texts, data.values()))
    elif isinstance(data, list | tuple):
        yield from chain.from_iterable(map(texts, data))


def test_every_text_of_the_words_is_in_something_that_is_shown(
    rendered: list[tuple[str, Message | View]], library: Library
):
    all_blocks = (shown.blocks if isinstance(shown, Message) else shown for _, shown in rendered)
    shown = "\n".join({text for blocks_ in all_blocks for text in texts(blocks_)})

    # What people type, pages in a browser, and what tests/test_chat.py has shown.
    words = library.words.model_dump(exclude={"typed": True, "install": True, "terminal": True})
    del words["share"]["manager_fields"]  # names of a field of people's profiles
    del words["talk"]["alike"], words["talk"]["around"], words["talk"]["kind"]  # what people type
    asked = words["received"], words["compare"]["asked"]
    for questions in asked:
        del questions["alike"], questions["around"]
    for talk in chain(words["talk"].values(), *(questions.values() for questions in asked)):
        if isinstance(talk, dict):
            for typed in ("phrases", "explained", "gapped", "shows"):
                talk.pop(typed, None)
    literals = {text: max(re.split(r"\{\w+\}", text), key=len).strip() for text in texts(words)}
    assert [text for text, literal in literals.items() if escape(literal) not in shown] == []


def test_two_answers_at_once_make_one_message_with_one_table(library: Library):
    entries = [entry for entry in library.entries.values() if entry.excerpt][:2]

    for message in (
        blocks.answers(entries, library),
        feedback_blocks.answer(entries, gallery.ASKED, library, unasked=True),
    ):
        judge(message)
        assert [block["type"] for block in message.blocks].count("table") == 1
        assert all(entry.question in message.blocks[at]["text"]["text"] for at, entry in ((0, entries[0]),))


def test_a_second_excerpt_that_is_long_is_shown_in_as_many_sections_as_it_takes(library: Library):
    first, second = [entry for entry in library.entries.values() if entry.excerpt][:2]
    rows = tuple(Row(id=f"row-{at}", label=f"Row {at}", cells={"all": f"{at:02} & " * 12}) for at in range(60))
    long = next(iter(library.tables.values())).model_copy(
        update={"id": "long", "columns": (Column(id="all", label="All"),), "rows": rows}
    )
    quoting = second.model_copy(update={"excerpt": Excerpt(table="long")})
    entries = {**library.entries, second.id: quoting}
    changed = replace(library, tables={**library.tables, "long": long}, entries=entries)

    message = blocks.answers([first, quoting], changed)

    check_message([dict(block) for block in message.blocks])
    text = "\n".join(block["text"]["text"] for block in message.blocks if block["type"] == "section")
    assert all(f"*Row {at}:*" in text for at in range(60))


def test_a_table_below_a_result_is_shown_in_as_many_sections_as_it_takes(library: Library):
    table = library.tables[library.quiz.tables.roles]
    rows = tuple(
        row.model_copy(update={"cells": dict.fromkeys(row.cells, f"{row.id} {'is & was ' * 20}")}) for row in table.rows
    )
    longer = replace(library, tables={**library.tables, table.id: table.model_copy(update={"rows": rows})})

    message = run_messages.render("table", gallery.finished_runs(library)[0], "r", longer)

    check_message([dict(block) for block in message.blocks])
    text = "\n".join(block["text"]["text"] for block in message.blocks if block["type"] == "section")
    assert all(text.count(row.id) == len(library.quiz.roles) for row in rows)


def test_an_ampersand_in_an_answer_is_shown_as_it_is(library: Library):
    entry = library.entries["need-research-team"].model_copy(update={"answer": "R&D needs <researchers> & engineers."})

    [text, *_] = feedback_blocks.answer([entry], gallery.ASKED, library, unasked=False).blocks

    assert text["text"]["text"] == "R&amp;D needs &lt;researchers&gt; &amp; engineers."


def test_an_answer_says_in_one_line_what_it_is_about_and_who_looks_after_it(library: Library):
    entry = library.entries["member-of-technical-staff"]

    *_, about, votes, buttons = feedback_blocks.answer([entry], gallery.ASKED, library, unasked=True).blocks

    [line] = [element["text"] for element in about["elements"]]
    assert line.startswith(f"This answers: {escape(entry.question)} · Source: ")
    assert line.endswith(f" · Checked on {entry.checked.day} {entry.checked:%B %Y} by Rolefit editors")
    assert votes["type"] == "context_actions"
    assert [button["text"]["text"] for button in buttons["elements"]] == ["Why this?", "Not now"]


@pytest.mark.parametrize(
    ("owner", "shown"),
    [
        ("Ben Ito (U012AB3CD)", "by Ben Ito"),
        ("C012AB3CD", "by <#C012AB3CD>"),
        ("U012AB3CD", "by the person who looks after this answer"),  # who would be notified of each answer otherwise
        ("WIDGETS", "by WIDGETS"),
    ],
)
def test_an_owner_is_named_and_never_notified(library: Library, owner: str, shown: str):
    entry = library.entries["member-of-technical-staff"].model_copy(update={"owner": owner})

    assert feedback_blocks.answer([entry], gallery.ASKED, library, unasked=False).text.endswith(shown)


def test_every_recommendation_can_be_shown_and_shared(rendered: list[tuple[str, Message | View]], library: Library):
    finished = gallery.finished_runs(library)
    shown = finished if THOROUGH else gallery.representative(finished)
    assert len(shown) > 60
    by_name = dict(rendered)  # with those of some runs, as they are after another round
    for run in gallery.in_every_purpose(shown):
        slots = []
        for rendering in gallery.results(run, library, before=finished[0]):
            slot, message = rendering.name.partition(" ")[0], by_name.get(rendering.name) or rendering.render()
            assert isinstance(message, Message), rendering.name
            if rendering.name not in by_name:  # which has been judged
                judge(message)
            assert slot != "result" or len(message.text) < SCREEN
            slots.append(slot)
        copies = ["copy", *["part"] * 5] if run.shareable else []
        assert slots == ["result", *PARTS, "card", *copies]


def test_of_any_two_answers_or_fewer_there_is_only_a_picture(library: Library):
    results = [message for slot, message in messages(gallery.pictures(library)) if slot == "result"]

    assert len(results) > 100
    for message in results:
        assert re.match(r"\*A picture so far, from [12] of 5 answers:\*", message.text)
        assert SHARE not in _clickable(message.blocks)


def test_what_a_manager_gets_never_speaks_of_their_own_work(library: Library):
    for run in gallery.finished_runs(library)[:: 7 if THOROUGH else 29]:
        for purpose in ("own", "role", "people"):
            about = replace(run, answers=MappingProxyType({**run.answers, "purpose": (purpose,)}))
            message = gallery.example_share(about, library).message
            told = "\n".join(kept["text"] for kept in (message["root"], *message["replies"]))
            assert not re.search(r"\byour (?:own |last )?(?:work|week|review)|\bask to be\b", told, re.IGNORECASE)


def test_a_review_looked_at_the_column_of_the_work_or_at_another(library: Library):
    assert library.quiz.review
    columns = [column.id for column in library.tables[library.quiz.tables.roles].columns]
    for positions, dimension, column in product(
        [(0,) * 4, (1, 3, 1, 1, 2), (3, 4, 2, 2, 3)], library.quiz.review.dimensions, columns
    ):
        chosen = {q.id: (q.choices[at].id,) for q, at in zip(library.quiz.questions, positions, strict=False)}
        run = Run(library.quiz, MappingProxyType(chosen), graded=Graded(dimension, column))
        assert run.recommendation
        assert run.mismatch == (column != run.recommendation.role.column)


def test_a_review_of_more_cells_than_there_are_letters_can_be_answered_by_the_menu_and_in_words(library: Library):
    roles = library.tables[library.quiz.tables.roles]
    columns = tuple(Column(id=f"column-{number}", label=f"Column {number}") for number in range(1, 8))
    rows = tuple(
        row.model_copy(update={"cells": {column.id: f"{row.label} in {column.label}" for column in columns}})
        for row in roles.rows
    )
    wide = replace(
        library, tables={**library.tables, roles.id: roles.model_copy(update={"columns": columns, "rows": rows})}
    )
    run = next(run for run in gallery.finished_runs(library) if run.recommendation)
    asked = review_question(run.quiz, wide.tables[roles.id])
    assert asked
    last = asked.choices[-1].label

    shown = run_messages.render(REVIEW, run, "run", wide)
    guess = review_messages.guess(asked.cells[25:27], asked, "run", wide)

    check_message([dict(block) for block in shown.blocks])
    [menu] = [element for block in shown.blocks for element in block.get("elements", ()) if "option_groups" in element]
    options = [option["text"]["text"] for group in menu["option_groups"] for option in group["options"]]
    assert len(options) == len(asked.cells) == 35
    assert [text[:3] for text in options[:26]] == [f"{letter}. " for letter in ascii_lowercase]
    assert options[26:] == [choice.label for choice in asked.choices[26:]]
    assert guess.text.splitlines()[1:] == [f"z: {asked.choices[25].label}", asked.choices[26].label]
    assert read(last, run, wide.words.typed, review=asked) == Reviewed(asked.cells[-1])


def test_what_slack_refuses_can_be_said_more_plainly_with_every_button(library: Library):
    results = [gallery.results(run, library) for run in gallery.finished_runs(library)[::29]]
    for _, message in messages(chain(*results, gallery.answers(library), gallery.posted(library))):
        *steps, last = plainer(message.blocks)
        assert last == []
        for plain in steps:
            check_message([dict(block) for block in plain])
            assert _clickable(plain) == _clickable(message.blocks)
        assert {block["type"] for block in (steps or [list(message.blocks)])[-1]} <= {"section", "actions"}


@given(shares=st.lists(st.integers(0, 60), min_size=2, max_size=6).filter(any))
def test_shares_are_rounded_so_that_they_are_a_hundred_together(shares: list[int]):
    of = {str(at): share / sum(shares) for at, share in enumerate(shares)}

    rounded = result.in_hundredths(of)

    assert sum(rounded.values()) == 100
    assert all(abs(rounded[name] - share * 100) < 1 for name, share in of.items())
    by_share = sorted(zip(shares, rounded.values(), strict=True))
    assert [hundredths for _, hundredths in by_share] == sorted(rounded.values())


def test_a_share_without_a_remainder_stays_as_it_is():
    assert result.in_hundredths({"a": 0.29, "b": 0.57, "c": 0.14}) == {"a": 29, "b": 57, "c": 14}
    assert result.in_hundredths({"a": 0.335, "b": 0.335, "c": 0.33}) == {"a": 34, "b": 33, "c": 33}


def test_a_digest_with_nothing_in_it_is_none_and_an_editors_home_stays_short(library: Library):
    full, empty = gallery.full_report(library), gallery.empty_report(library)

    digest = gaps_blocks.digest(full, library, {})
    assert digest
    assert "Answers with" in digest.text
    assert gaps_blocks.digest(empty, library, {}) is None
    for report in (full, empty):
        assert len(gaps_blocks.editors_section(report, library, {}, {})) < 20
    corrected = gaps_blocks.corrected(blocks.unknown(library), 1_795_852_800.0, library)
    assert "Corrected on 28 November 2026" in corrected.text


def test_the_same_input_gives_the_same_message(library: Library):
    entry = library.entries["role-differences"]

    assert blocks.answers([entry], library) == blocks.answers([entry], library)


@pytest.mark.parametrize("typed", ["https://example.com/" + "x" * 4_000, "&" * 1_000])
def test_of_what_is_no_argument_as_much_is_repeated_as_slack_takes(library: Library, typed: str):
    told = blocks.usage(library, typed)

    check_message(list(told.blocks))
    assert escape(typed[:20]) in told.text


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
    listeners = Path(blocks.__file__).parent
    others = [listeners.parent / "chat.py", listeners.parent / "storage" / "comparisons.py"]
    # What only the gallery has, in a folder of its own, is said to nobody.
    code = "\n".join(path.read_text() for path in [*listeners.glob("*.py"), *others])
    spoken_by_value = {
        *Clearness,
        *Delivery,
        *Refusal,
        *Silent,
        *Status,
        *Topic,
        *(f"{refusal}_update" for refusal in share_blocks.NOT_UPDATED),
        *type(library.words.typed).model_fields,
        *type(library.words.round_examples).model_fields,
        *library.words.talk.phrases,
        *library.words.received.names,
        "alike",
        *type(library.words.languages).model_fields,
    }  # keys that a result or a refusal names itself

    spoken_by_value |= {f"{intent}_in_quiz" for intent in type(library.words.talk).model_fields}
    spoken_by_value |= {f"part_{part}" for part in PARTS} | {"part_review_own", "part_review_role"}
    spoken_by_value |= {f"{kind}_{part}" for part in Part for kind in ("part", "shown")}
    spoken_by_value |= {f"help_{reason}" for reason in (*Reason, NOT_HELPFUL)}
    spoken_by_value |= {f"over_{state}{own}" for state in State for own in ("", "_own")}
    spoken_by_value |= {f"why_{certainty}" for certainty in Certainty}
    named = {*re.findall(r'[."](\w+)', code)}
    one_for_each_purpose = {*re.findall(r'[."](\w*)_\{', code)}
    for group, texts in library.words.model_dump().items():
        for key in texts:
            if key.removesuffix("_shared").rpartition("_")[0] in one_for_each_purpose:
                continue
            assert key in spoken_by_value or key in named, f"{group}.{key} is never said"


def test_no_line_of_what_gives_examples_begins_with_a_blank(library: Library):
    for said in (blocks.unknown(library), blocks.hello(library)):
        assert [line for line in said.text.split("\n") if line != line.strip()] == []


LONG = {"talk": 1000}  # characters; elsewhere 400, which is what the check accepts at most


def test_with_texts_as_long_as_the_check_accepts_everything_can_be_shown(library: Library):
    """Several texts may stand in one section, or in one line of small print."""

    def longer(model: BaseModel, most: int) -> dict[str, Any]:
        lengthened: dict[str, Any] = {}
        for name, field in type(model).model_fields.items():
            text, is_short = getattr(model, name), any(isinstance(limit, MaxLen) for limit in field.metadata)
            if isinstance(text, BaseModel):
                text = longer(text, LONG.get(name, most))
            elif isinstance(text, str) and name != "explained" and not is_short:
                text = f"{text} {'word ' * most}"[: max(most, len(text))].rstrip()
            lengthened[name] = text
        return lengthened

    kept = {name: getattr(library.words, name) for name in ("typed", "languages")}
    words = Words.model_validate({**longer(library.words, 400), **kept})
    wordy = replace(library, words=words)
    assert len(words.share.withdraw_title) < 400 == len(words.share.receipt)

    shown = list(gallery.everything(wordy))
    alike = {" ".join(rendering.name.split()[:3]): rendering for rendering in shown}
    for rendering in shown if THOROUGH else alike.values():
        assert rendering.render(), rendering.name


def test_of_a_reply_that_is_too_long_for_blocks_nothing_is_lost(library: Library):
    typed = " ".join(f"word{number}" for number in range(4_000))
    told = share_blocks.reply("U1", "U2", typed, library)

    with pytest.raises(SlackError, match="msg_blocks_too_long"):
        check_message(list(told.blocks))
    assert set(typed.split()) <= set(re.findall(r"word\d+", told.text))
    *_, last = plainer(told.blocks)
    assert last == []  # where Slack shows the text
