"""Wire text: what Slack stores, and what it makes of a person's typing."""

import pytest
from hypothesis import given, strategies

from bot.local.formatting import as_typed, labelled, mentions, normalise, plain, rich_text

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


def test_a_command_gets_text_as_typed_or_with_labels():
    text = "<@U_ANA> &amp; <@U_NEW> in <#C_ASK>, <!here>: <https://x.example|this> <https://y.example>"
    assert as_typed(text, NAMES) == "@ana & @U_NEW in #ask-ai-roles, @here: this https://y.example"
    assert labelled("<@U_ANA> &amp; <@U_NEW>", NAMES) == "<@U_ANA|ana> &amp; <@U_NEW>"


def test_typed_text_becomes_rich_text():
    [section] = rich_text("hi <@U_ANA> &amp; <!channel> <https://x.example|x> <#C_ASK|ask> <!subteam^S1>!", "b")[
        "elements"
    ]
    assert [{k: v for k, v in leaf.items() if k != "type"} for leaf in section["elements"] if leaf != SPACE] == [
        {"text": "hi "},
        {"user_id": "U_ANA"},
        {"text": " & "},
        {"range": "channel"},
        {"url": "https://x.example", "text": "x"},
        {"channel_id": "C_ASK"},
        {"usergroup_id": "S1"},
        {"text": "!"},
    ]


SPACE = {"type": "text", "text": " "}


def test_a_mention_is_found_with_and_without_a_label():
    assert mentions("<@U_BOT> hi", "U_BOT")
    assert mentions("hi <@U_BOT|bot>", "U_BOT")
    assert not mentions("hi <@U_BOTHER>", "U_BOT")
    assert plain("&lt;@U_BOT&gt;") == "<@U_BOT>"
