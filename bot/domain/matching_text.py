"""What somebody wrote -> sentences of words: cleaned once, bounded, and told apart into questions and statements."""

import html
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

MAX_CHARACTERS = 4000  # a question that needs more is not one an entry answers
MAX_WORDS = 60  # of a sentence; what follows is cut off
MAX_SENTENCES = 40
OPAQUE = "\ufffc"  # stands for code or a link: something the message is about and no entry can explain

_BLOCKS = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|<(?:https?|mailto|tel):[^>]*>|https?://\S+", re.DOTALL)
_REFERENCES = re.compile(r"<@[^>]*>")
_MARKUP = re.compile(r"<[#!][^>]*>|:[a-z0-9_+\-]+:")
_QUOTED_LINE = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_WORD = re.compile(rf"[^\W_]+(?:[&.'][^\W_]+)*|{OPAQUE}")
_NOT = re.compile(r"n't$")
_ENDING = re.compile(r"'(?:s|re|ve|ll|d|m)$")

_WH = {"what", "why", "how", "who", "whom", "whose", "where", "when", "which", "whats", "whys", "hows"}
_AUXILIARY = {"is", "are", "was", "were", "do", "does", "did", "can", "could", "should", "would", "will"}
_AUXILIARY |= {"must", "has", "have", "shall", "may", "am"}
_SUBJECTS = frozenset({"i", "we", "he", "she", "it", "they", "this", "that"})  # what follows is told, not asked
_INDIRECT = re.compile(
    r"\b(?:wonder(?:ing)?|curious|(?:any(?:one|body)|some(?:one|body)) (?:know|explain|tell|help|here|has)|explain|"
    r"tell me|understand|clarify|not sure (?:what|why|how|whether|if)|difference between|no idea|confused?)\b"
)
# Courtesies around a question, which say nothing about its subject.
_GREETING = re.compile(
    r"^\W*(?:(?:hi|hey|hello|morning|good morning|good afternoon|ok|okay|so|um|btw|well|sorry|thanks)\b[\s,!.:\-]*)+"
    r"(?:(?:all|team|folks|everyone|everybody|there|guys|people|friends)\b[\s,!.:\-]*)?",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^.{0,80}?\b(?:(?:does|do|did|would|can|could|if)? ?(?:any|some)(?:one|body)(?: here)? "
    r"(?:know|knows|explain|tell me|tell us|have an idea|help me understand|help me think through)"
    r"|(?:quick|serious|stupid|dumb|silly|random|genuine) question|wondering|curious|help me understand"
    r"|love to understand|like to know|trying to understand|sorry if this (?:has been|was) asked before,? but)\b"
    r"[\s,:\-]*(?:(?:if|whether|about)\b\s*)?",
    re.IGNORECASE,
)
_THANKS = re.compile(r"[\s,.!?\-]*\b(?:thanks|thx|ta|cheers|thank you|please|pls)\b(?: in advance)?\W*$", re.IGNORECASE)
_AMOUNT = {"many", "much", "long", "often", "old", "far"}
# Kinds of question that ask for something about a topic: an entry answers them only if it is asked so itself.
PARTICULAR = frozenset({"who", "where", "when", "amount"})


class Form(StrEnum):
    """How a sentence is put."""

    QUESTION = "question"
    FRAGMENT = "fragment"
    STATEMENT = "statement"


@dataclass(frozen=True)
class Sentence:
    """Words in order, as written but for case; what is asked for ("who", "amount", ...) where that is plain."""

    words: tuple[str, ...]
    cased: tuple[str, ...]
    form: Form
    asks: str | None
    negated: bool


@dataclass(frozen=True)
class Utterance:
    """A cleaned message. `addressed` says that it speaks to somebody by name."""

    sentences: tuple[Sentence, ...]
    addressed: bool


def read(text: str) -> Utterance:
    """Clean a message in Slack's wire form, or as typed, and split it into at most 40 sentences of 60 words."""
    text = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).replace("’", "'").replace("‘", "'")
    text = _BLOCKS.sub(f" {OPAQUE} ", text)
    addressed = bool(_REFERENCES.search(text))
    text = html.unescape(_MARKUP.sub(" ", _REFERENCES.sub(" ", text)))
    text = _QUOTED_LINE.sub(" ", text)
    parts = map(_sentence, _SENTENCE_END.split(text)[:MAX_SENTENCES])
    return Utterance(tuple(sentence for sentence in parts if sentence), addressed)


def words(text: str) -> tuple[str, ...]:
    """Give the words of a phrasing or a term, in lower case, without endings such as 's."""
    return tuple(_plain(word) for word in _WORD.findall(text.replace("’", "'").casefold()))


def _sentence(text: str) -> Sentence | None:
    asked, whole = "?" in text, text
    text = _THANKS.sub("", _LEAD.sub("", _GREETING.sub("", text)))
    raw = _WORD.findall(text)[:MAX_WORDS]
    if not raw:
        return None
    lowered = [word.casefold() for word in raw]
    negated = any(word in {"not", "never", "without", "except", "besides"} or _NOT.search(word) for word in lowered)
    plain = tuple(_plain(word) for word in lowered)
    return Sentence(plain, tuple(raw), _form(plain, whole, asked), _asks(plain), negated)


def _plain(word: str) -> str:
    return _ENDING.sub("", _NOT.sub("", word))


def _form(plain: tuple[str, ...], text: str, asked: bool) -> Form:
    lead = plain[:4]
    if asked and len(plain) <= 2:
        return Form.FRAGMENT
    if asked or _INDIRECT.search(text.casefold()):
        return Form.QUESTION
    if lead and (lead[0] in _WH | _AUXILIARY or any(word in _WH for word in lead[:3])):
        return Form.QUESTION
    if len(plain) > 5 or _SUBJECTS.intersection(lead[:2]):
        return Form.STATEMENT
    return Form.FRAGMENT


def _asks(plain: tuple[str, ...]) -> str | None:
    for word, after in zip(plain, (*plain[1:], ""), strict=True):
        if word == "how" and after in _AMOUNT:
            return "amount"
        if word in {"who", "whom", "whose"}:
            return "who"
        if word in {"where", "when"}:
            return word
        if word in _WH:
            return word
    return None
