"""Wire text: what Slack stores, and what it makes of a person's typing."""

from typing import Any

import pytest
from hypothesis import given, strategies

from bot.local.composer import rich_text, wire
from bot.local.formatting import as_typed, labelled, mentions, normalise, plain
from tests.test_long_texts import is_slow
from tests.workspace import Workspace, shown

NAMES = {"U_ANA": "ana", "C_ASK": "ask-ai-roles"}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ("&amp; &lt; &gt; &quot;", "&amp; &lt; &gt; &amp;quot;"),
        ("<@U_ANA> <#C_ASK> <!here> <https://x.example?a=1&b=2|x>", "<@U_ANA> <#C_ASK> <!here> <https://x.example?a=1&b=2|x>"),
        ("<script>", "&lt;script&gt;"),
        ("<javascript:x|y>", "&lt;javascript:x|y&gt;"),
    ],
)  # fmt: skip
def test_entities_are_made_and_tokens_kept(sent: str, stored: str):
    assert normalise(sent) == stored


@given(strategies.text(alphabet="<>&@#!|:;/ abltgmpU_\n"))
def test_what_is_stored_stays_as_it_is_when_sent_again(text: str):
    assert normalise(normalise(text)) == normalise(text)


TYPED = [
    ("half a & half c", "half a &amp; half c"),
    ("x.ai dropped it", "<http://x.ai|x.ai> dropped it"),
    ("See x.ai/news.", "See <http://x.ai/news|x.ai/news>."),
    ("(https://x.example/a?b=1&c=2).", "(<https://x.example/a?b=1&amp;c=2>)."),
    ("https://x.example?<b>", "<https://x.example>?&lt;b&gt;"),
    ("write to ana@mail.example.com, please", "write to <mailto:ana@mail.example.com|ana@mail.example.com>, please"),
    ("e.g. an M.T.S. of v1.2 in node.js, a.k.a. x", "e.g. an M.T.S. of v1.2 in node.js, a.k.a. x"),
    ("`x.ai` and ```see x.ai```", "`x.ai` and ```see x.ai```"),
    ("<https://x.ai|x.ai> <@U_ANA>", "<https://x.ai|x.ai> <@U_ANA>"),
    ("👍 or 👍🏽? ❤ ❤️ 🤷‍♀️ 🇪🇸", ":+1: or :+1::skin-tone-4:? :heart: :heart: :woman-shrugging: :es:"),
    ("1️⃣ is not 1, nor ©", ":one: is not 1, nor ©"),
    ("`👍`", "`👍`"),
    ("- one\n* two\n    - under\n1. first", "• one\n• two\n    ◦ under\n1. first"),
    ("        - deep", "        ▪\ufe0e deep"),
    ("2 * 3 - 1", "2 * 3 - 1"),
]


@pytest.mark.parametrize(("typed", "stored"), TYPED)
def test_what_is_typed_becomes_wire_text(typed: str, stored: str):
    assert wire(typed) == stored


@given(strategies.text(alphabet="<>&@#!|:;/. `-*_\t\n•▪1)ai👍🏽❤\ufe0f\ufe0ex"))
def test_wire_text_stays_as_it_is_when_typed_again(text: str):
    assert wire(wire(text)) == wire(text)


def test_a_command_gets_text_as_typed_or_with_labels():
    text = "<@U_ANA> &amp; <@U_NEW> in <#C_ASK>, <!here>: <https://x.example|this> <https://y.example>"
    assert as_typed(text, NAMES) == "@ana & @U_NEW in #ask-ai-roles, @here: this https://y.example"
    assert labelled("<@U_ANA> &amp; <@U_NEW>", NAMES) == "<@U_ANA|ana> &amp; <@U_NEW>"


def words(value: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": value, **({"style": style} if style else {})}


def section(*leaves: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(leaves)}


def rich_list(style: str, *items: str, indent: int = 0) -> dict[str, Any]:
    listed = [section(words(item)) for item in items]
    return {"type": "rich_text_list", "style": style, "indent": indent, "border": 0, "elements": listed}


RICH = [
    (
        "hi <@U_ANA> &amp; <!channel> <https://x.example|x> <#C_ASK|ask><!subteam^S1>!",
        [
            section(
                words("hi "),
                {"type": "user", "user_id": "U_ANA"},
                words(" & "),
                {"type": "broadcast", "range": "channel"},
                words(" "),
                {"type": "link", "url": "https://x.example", "text": "x"},
                words(" "),
                {"type": "channel", "channel_id": "C_ASK"},
                {"type": "usergroup", "usergroup_id": "S1"},
                words("!"),
            )
        ],
    ),
    (
        "*bold _and italic_* ~gone~ `*code* &lt;`",
        [
            section(
                words("bold ", bold=True),
                words("and italic", bold=True, italic=True),
                words(" "),
                words("gone", strike=True),
                words(" "),
                words("*code* <", code=True),
            )
        ],
    ),
    ("snake_case 2 * 3 * 4 :nonsense: 10:30:45", [section(words("snake_case 2 * 3 * 4 :nonsense: 10:30:45"))]),
    (
        ":+1::skin-tone-4: :tada:",
        [
            section(
                {"type": "emoji", "name": "+1", "unicode": "1f44d-1f3fd", "skin_tone": 4},
                words(" "),
                {"type": "emoji", "name": "tada", "unicode": "1f389"},
            )
        ],
    ),
    (
        "Two:\n• one\n• two\n    ◦ under\n1. first\nDone",
        [
            section(words("Two:\n")),
            rich_list("bullet", "one", "two"),
            rich_list("bullet", "under", indent=1),
            rich_list("ordered", "first"),
            section(words("Done")),
        ],
    ),
    (
        "&gt; what is\n&gt; an MTS?\nThis:\n```a = 1\n*b*```",
        [
            {"type": "rich_text_quote", "elements": [words("what is\nan MTS?")]},
            section(words("This:\n")),
            {"type": "rich_text_preformatted", "border": 0, "elements": [words("a = 1\n*b*")]},
        ],
    ),
    ("*see `a*b` and <https://x.example/a_b|it>*", [section(
        words("see ", bold=True), words("a*b", bold=True, code=True), words(" and ", bold=True),
        {"type": "link", "url": "https://x.example/a_b", "text": "it", "style": {"bold": True}},
    )]),
]  # fmt: skip


@pytest.mark.parametrize(("stored", "elements"), RICH, ids=[case[0] for case in RICH])
def test_wire_text_becomes_rich_text(stored: str, elements: list[dict[str, Any]]):
    assert rich_text(stored, "1.000001")["elements"] == elements


@given(strategies.text(alphabet="<>&@#!|:;/. `-*_~\n•1)ai👍x"))
def test_rich_text_is_what_the_schema_of_blocks_allows(text: str):
    from bot.local.block_kit import block_problems

    block = rich_text(wire(text), "1.000001")

    assert block["elements"] == [] or block_problems([block], "message") == []


async def test_posting_and_editing_make_the_same_of_what_is_typed(workspace: Workspace, listen):
    bot = await listen(workspace)
    sent = await workspace.post("U_ANA", "C_ASK", "x.ai & 👍")
    await workspace.edit(sent, "- x.ai")

    posted, changed = await bot.take_events(2)

    assert posted["text"] == "<http://x.ai|x.ai> &amp; :+1:"
    assert [leaf["type"] for leaf in posted["blocks"][0]["elements"][0]["elements"]] == ["link", "text", "emoji"]
    assert changed["message"]["text"] == "• <http://x.ai|x.ai>"
    assert changed["message"]["blocks"][0]["elements"][0]["type"] == "rich_text_list"
    assert changed["message"]["blocks"][0]["block_id"] != posted["blocks"][0]["block_id"]
    assert shown((await workspace.messages("C_ASK"))[-1]) == "• x.ai"


def test_a_mention_is_found_with_and_without_a_label():
    assert mentions("<@U_BOT> hi", "U_BOT")
    assert mentions("hi <@U_BOT|bot>", "U_BOT")
    assert not mentions("hi <@U_BOTHER>", "U_BOT")
    assert plain("&lt;@U_BOT&gt;") == "<@U_BOT>"


@pytest.mark.parametrize("unit", ["-a", "a-", "+a", "*a* ", ":a", "<", "`a"])
def test_a_long_message_takes_time_that_grows_no_faster_than_it(unit: str):
    assert not is_slow(wire, "", unit, "")
