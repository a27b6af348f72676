"""Everything the bot can say with the knowledge as it is, judged by the workspace's own reading of Slack's rules."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import combinations, product
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block as SdkBlock

from bot import knowledge
from bot.domain import quiz
from bot.domain.fit import Clearness
from bot.domain.gaps import Question, QuestionKind
from bot.domain.quiz import PARTS, Graded, Prompt, Run, Status
from bot.domain.report import report_on
from bot.domain.share import Delivery, Refusal
from bot.knowledge import Library
from bot.knowledge.slack_limits import MAX_BUTTON_TEXT
from bot.local.block_kit import check_message, check_view
from bot.slack import blocks, gaps_blocks, history, result, run_messages
from bot.slack.controls import SHARE
from bot.slack.pieces import Message
from bot.slack.plainer import Block, plainer
from bot.slack.run_messages import Before
from bot.slack.text import Mrkdwn, escape, fill, mention, mentions, without_mention
from bot.storage import StoredRun
from tests.conftest import THOROUGH

TEXT = 11_000  # what Slack takes for sure of the text of all blocks of a message; bolt-js#2509 and #2867
FALLBACK = 4_000  # what Slack advises for `text`
NOT_IN_THE_SDK = {"data_visualization"}  # of slack_sdk 3.47
SCREEN = 1_600  # of a result, which is to fit one


def view(
    run: Run, run_id: str, library: Library, shown: Collection[str], before: Before | None = None
) -> dict[str, Message]:
    """Give what each slot of a thread should show."""
    slots = run_messages.slots(run, shown)
    return {slot: run_messages.render(slot, run, run_id, library, before) for slot in slots}


def read_by_others(block: Block) -> None:
    """Have Slack's own SDK read a block, and check it by its limits: our reading of them is in the local workspace."""
    known = SdkBlock.parse(block)
    if known is None:
        assert block["type"] in NOT_IN_THE_SDK
    else:
        assert known.to_dict()["type"] == block["type"]


def judge(message: Message, most: int = FALLBACK) -> None:
    """Fail where Slack would refuse, or cut."""
    check_message([dict(block) for block in message.blocks])
    for block in message.blocks:
        read_by_others(block)
    assert 0 < len(message.text) <= most
    assert "{" not in re.sub(r"<!date\^\d+\^\{date_long\}\|", "", message.text)  # Slack fills that in
    assert sum(len(str(block)) for block in message.blocks) < TEXT


def _clickable(blocks: Sequence[Block]) -> list[str]:
    elements = [element for block in blocks for element in block.get("elements", [block.get("accessory")])]
    return [element["action_id"] for element in elements if element and "action_id" in element]


def runs(library: Library) -> list[Run]:
    """Give a finished run for every set of answers there is, with the tie-break answered, or left out, where asked."""
    questions = library.quiz.questions
    found = []
    for positions in product(*(range(len(question.choices)) for question in questions)):
        chosen = {q.id: (q.choices[at].id,) for q, at in zip(questions, positions, strict=True)}
        run = Run(library.quiz, MappingProxyType(chosen))
        if last := run.upcoming:
            found.append(replace(run, skipped=frozenset({last.id})))
            run = replace(run, answers=MappingProxyType({**chosen, last.id: (last.choices[0].id,)}))
        found.append(run)
    return found


def unlike(runs: list[Run]) -> list[Run]:
    """Give of these runs so many that any two answers occur together in one, and every kind of result."""
    known: set[object] = set()
    found = []
    for run in runs:
        recommended = run.recommendation
        assert recommended
        roles = (recommended.role.id, recommended.runner_up.id)
        kind = (roles, recommended.clearness, run.tie_break, run.shareable, bool(run.skipped))
        new = {kind, *combinations(sorted(run.answers.items()), 2)} - known
        if new:
            found.append(run)
            known |= new
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


def test_every_question_can_be_asked_guessed_changed_and_explained(library: Library):
    begun = quiz.begin(library.quiz)
    for asked in (library.quiz.purpose, *library.quiz.all_questions):
        judge(run_messages.unclear(asked, library))
        judge(run_messages.why(asked, begun, library))
        for choice in asked.choices:
            given = replace(begun, answers=MappingProxyType({asked.id: (choice.id,)}))
            both = (choice.id, asked.choices[0].id)
            for prompt in (
                Prompt(asked.id, changing=True),
                Prompt(asked.id, guesses=both),
                Prompt(asked.id, (choice.id,)),
            ):
                for status in Status:
                    shown_in(replace(given, prompts=(prompt,), live=True, status=status), library)
            judge(run_messages.already_answered(given, asked.id, library))
    for term in library.quiz.glossary:
        judge(run_messages.term(term, library))


def shown_in(run: Run, library: Library) -> None:
    """Judge all messages of a run's thread, those that are over included."""
    slots = [
        "card",
        "result",
        *PARTS,
        *(f"prompt:{number}" for number in range(1, len(run.prompts) + 1)),
        "reminder:1",
    ]
    wanted = view(replace(run, reminders=1), "r" * 20, library, slots)
    assert set(wanted) == ({"card"} if run.status is Status.DELETED else set(slots))
    for message in wanted.values():
        judge(message)


def test_every_recommendation_can_be_shown_and_shared(library: Library):
    finished = runs(library) if THOROUGH else unlike(runs(library))
    assert len(finished) > 60
    before = Before(finished[0], datetime(2026, 11, 20, tzinfo=UTC))
    for number, answered in enumerate(finished):
        purpose = ("own", "role", "people")[number % 3]
        answers = MappingProxyType({**answered.answers, "purpose": (purpose,)})
        run = replace(answered, answers=answers, opened=PARTS)
        wanted = view(run, "r" * 20, library, [], before)
        assert list(wanted) == ["result", *PARTS, "card"]
        for slot, message in wanted.items():
            judge(message)
            assert slot != "result" or len(message.text) < SCREEN
        judge(result.shared(run, mention("U" * 12), library))


def test_of_any_two_answers_or_fewer_there_is_only_a_picture(library: Library):
    questions = library.quiz.questions
    for first, second in combinations(questions, 2):
        for one, other in product(first.choices, [None, *second.choices]):
            answers = {first.id: (one.id,)} | ({second.id: (other.id,)} if other else {})
            skipped = frozenset(question.id for question in questions if question.id not in answers)
            run = Run(library.quiz, MappingProxyType(answers), skipped=skipped)
            message = view(run, "r", library, [])["result"]
            judge(message)
            assert message.text.startswith(f"*A picture so far, from {len(answers)} of 5 answers:*")
            assert all(each["action_id"] != SHARE for each in message.blocks[-1]["elements"])


def test_what_a_manager_gets_never_speaks_of_their_own_work(library: Library):
    for run in runs(library)[::7]:
        for purpose in ("own", "role", "people"):
            about = replace(run, answers=MappingProxyType({**run.answers, "purpose": (purpose,)}))
            told = result.shared(about, mention("U1"), library).text
            assert not re.search(r"\byour (?:own |last )?(?:work|week|review)|\bask to be\b", told, re.IGNORECASE)


def test_what_a_review_looked_at_can_be_shown_for_every_role(library: Library):
    assert library.quiz.review
    columns = [column.id for column in library.tables[library.quiz.tables.roles].columns]
    for positions, dimension, column in product(
        [(0,) * 4, (1, 3, 1, 1, 2), (3, 4, 2, 2, 3)], library.quiz.review.dimensions, columns
    ):
        chosen = {q.id: (q.choices[at].id,) for q, at in zip(library.quiz.questions, positions, strict=False)}
        run = Run(library.quiz, MappingProxyType(chosen), graded=Graded(dimension, column), opened=("review",))
        assert run.recommendation
        assert run.mismatch == (column != run.recommendation.role.column)
        judge(view(run, "r", library, [])["review"])


def test_what_slack_refuses_can_be_said_more_plainly_with_every_button(library: Library):
    results = [view(run, "r" * 20, library, []) for run in runs(library)[::29]]
    messages = [message for shown in results for message in shown.values()]
    messages += [blocks.answers([entry], library) for entry in library.entries.values()]
    for message in messages:
        *steps, last = plainer(message.blocks)
        assert last == []
        for plain in steps:
            check_message([dict(block) for block in plain])
            assert _clickable(plain) == _clickable(message.blocks)
        assert {block["type"] for block in (steps or [list(message.blocks)])[-1]} <= {"section", "actions"}


@given(shares=st.lists(st.integers(0, 1000), min_size=2, max_size=6).filter(any))
def test_hundredths_add_up_to_a_hundred(shares: list[int]):
    of = {str(at): share / sum(shares) for at, share in enumerate(shares)}

    found = result.in_hundredths(of)

    assert sum(found.values()) == 100
    assert all(abs(found[name] - share * 100) < 1 for name, share in of.items())


def test_the_other_messages_can_be_shown(library: Library):
    run, who = quiz.begin(library.quiz), mention("U" * 12)
    rounds = [
        StoredRun("r" * 20, "U1", "D1", f"{at}.0", 0, 0, None, datetime(2026, 11, 20, tzinfo=UTC), "", each, {})
        for at, each in enumerate([run, *runs(library)[:9]])
    ]
    for message in (
        history.offer(rounds[0], library),
        history.listed(rounds, 25, library),
        history.listed([], 0, library),
        blocks.note("https://example.slack.com/archives/D1/p1", library),
        blocks.usage(library),
        blocks.usage(library, "<!channel> & " * 100),
        *(blocks.talk("Well & good", library, begins=begins) for begins in (True, False)),
        *(
            blocks.not_answered(decoy.reply, entries, library)
            for decoy in library.not_answered
            for entries in ([], list(library.entries.values())[:1], list(library.entries.values())[:3])
            if decoy.reply
        ),
        *(blocks.taken_privately(each, library) for each in library.entries.values()),
        *(blocks.suggestions([each], library) for each in library.entries.values()),
        run_messages.unsure(library.quiz.questions[0], run, "r" * 20, library),
        blocks.unknown(library),
        blocks.hello(library),
        blocks.pick_recipient("r" * 20, library),
        blocks.preview_intro(who, library),
        blocks.confirm("s" * 20, who, library),
        run_messages.already_answered(run, library.quiz.questions[0].id, library),
        run_messages.already_there("https://example.slack.com/archives/D1/p1", library),
        blocks.preview_over(who, library, sent=True),
        blocks.preview_over(who, library, sent=False),
    ):
        judge(message)


def test_what_is_said_of_the_gap_list_can_be_shown(library: Library):
    def question(number: int, kind: QuestionKind, text: str, entry: str | None = None) -> Question:
        return Question(f"C1:{number}.0", f"U{number}", kind, text, entry=entry, asked_at=float(number))

    long = "<!channel> & <https://x|why> " + "so long " * 600
    asked = [question(at, QuestionKind.UNANSWERED, f"{at} {long} {at}") for at in range(1, 9)]
    asked += [question(at, QuestionKind.NOT_HELPFUL, "", "builder") for at in range(20, 40)]
    asked += [question(at, QuestionKind.CHOSEN, f"{at} {long}", "builder") for at in range(40, 49)]
    old = {name: entry.model_copy(update={"checked": date(2020, 1, 1)}) for name, entry in library.entries.items()}
    full = report_on(asked, [], old, library.index, date(2026, 11, 28))
    empty = report_on([], [], library.entries, library.index, date(2026, 11, 28))
    draft = knowledge.draft(replace(full.gaps[1], questions=tuple(asked[:8]), example="x"), library)

    digest = gaps_blocks.digest(full, library)
    assert digest
    assert gaps_blocks.digest(empty, library) is None
    assert "Answers with" in digest.text
    for message in (
        digest,
        gaps_blocks.draft(draft * 3, library),
        gaps_blocks.draft("```\n<@U1>", library),
        gaps_blocks.draft_gone(library),
        gaps_blocks.news_chosen(library, wanted=True),
        gaps_blocks.news_chosen(library, wanted=False),
        *(gaps_blocks.news(long, [entry], library) for entry in library.entries.values()),
        gaps_blocks.corrected(blocks.answers([library.entries["builder"]], library), 1_795_852_800.0, library),
    ):
        judge(message)
    for report in (full, empty):
        view = blocks.home(library, gaps_blocks.editors_section(report, library))
        check_view(view, ("home",))
        assert len(view["blocks"]) < 30
    assert (
        "Corrected on 28 November 2026" in gaps_blocks.corrected(blocks.unknown(library), 1_795_852_800.0, library).text
    )


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
    spoken_by_value = {
        *Clearness,
        *Delivery,
        *Refusal,
        *Status,
        *type(library.words.typed).model_fields,
        *type(library.words.talk).model_fields,
    }  # keys that a result or a refusal names itself

    spoken_by_value |= {f"part_{part}" for part in PARTS} | {"part_review_own", "part_review_role"}
    for group, texts in library.words.model_dump().items():
        for key in texts:
            if re.search(rf'[."]{key.removesuffix("_shared").rpartition("_")[0]}_\{{', code):  # one for each purpose
                continue
            assert key in spoken_by_value or re.search(rf'[."]{key}\b', code), f"{group}.{key} is never said"
