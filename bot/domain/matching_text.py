"""What somebody wrote -> sentences of words: cleaned once, bounded, and told apart into questions and statements."""

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

MAX_CHARACTERS = 4000  # a question that needs more is not one an entry answers
MAX_WORDS = 60  # of a sentence; what follows is cut off
MAX_SENTENCES = 40
CALL = "\ufffe"  # stands for somebody mentioned
OPAQUE = "\ufffc"  # stands for code or a link: something the message is about and no entry can explain

_BLOCKS = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|<(?:https?|mailto|tel):[^<>]*>|https?://\S+", re.DOTALL)
# Slack links what looks like an address: what stands there for people is the label.
LABELLED = re.compile(r"<(?:https?|mailto|tel):[^|<>]*\|([^<>]+)>")
# A term that somebody marks as code: capitals ("what does `MTS` mean"), or a few words; the rest is code.
_MARKED_TERM = re.compile(r"(?<!`)`([A-Z]{2,6}s?|[A-Za-z]+(?: [A-Za-z]+){1,3})`(?!`)")
_DOTTED = re.compile(r"\b(?:[A-Za-z]\.){2,}(?:[A-Za-z]\b)?")  # "M.T.S."
# Within words or around them, where a text was pasted from elsewhere or says in which direction it runs, and what makes
# a keycap of a digit.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0f\ufeff\u20e3]")
_REFERENCES = re.compile(r"<@[^<>]*>")
_MARKUP = re.compile(r"<[#!][^<>]*>|:[a-z0-9_+\-]+:")
_QUOTED_LINE = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
# What somebody else said is no question to us; a quoted term ("member of technical staff") is one.
_QUOTED = re.compile(r"[\"“][^\"“”\n]*[?!][\"”]|[\"“](?:[^\s\"“”]+\s+){5,}[^\s\"“”]+[\"”]")
_CALLED = re.compile(r"^\W*(?:(?:hi|hey|hello)\s+)?[A-Z][a-z]+\s*,")
_YOU = frozenset({"you", "your", "yours", "yourself", "u", "ur"})
_POLITE = re.compile(
    r"\b(?:(?:can|could|would|will|do) you (?:\w+ )?(?:explain|tell|describe|clarify|know|think|help|recommend)|"
    r"thank you|do you (?:all|guys|folks)|how do you|what do you|you need)\b"
)
# Blanks behind a sign, or ends of lines; put so that looking for it goes from blank to blank.
SENTENCE_END = re.compile(r"\s(?:(?<=[.!?…]\s)\s*|(?<=\n)\n*)")
_WORD = re.compile(rf"[^\W_]+(?:[&.'][^\W_]+)*|{OPAQUE}")
_ENDINGS = ("n't", "'s", "'re", "'ve", "'ll", "'d", "'m")
# "isnt": what many people type for "isn't".
_BARE = {
    word + "nt": word for word in ("is", "are", "was", "were", "do", "does", "did", "has", "have", "would", "could")
}
# What is typed in haste for words that say how something is asked, which are too short and common to be mended.
_HASTY = {"wat": "what", "wht": "what", "waht": "what", "wats": "what", "hwo": "how", "wich": "which"}

_WH = {"what", "why", "how", "who", "whom", "whose", "where", "when", "which", "whats", "whys", "hows"}
_AUXILIARY = {"is", "are", "was", "were", "do", "does", "did", "can", "could", "should", "would", "will"}
_AUXILIARY |= {"must", "has", "have", "shall", "may", "am"}
_ASKING = {"is", "are", "was", "were", "do", "does", "did", "can", "could", "should"}  # "will find out" is no question
_SUBJECTS = frozenset({"i", "we", "he", "she", "it", "they", "this", "that"})  # what follows is told, not asked
_DENIED = {"not", "never", "without", "except", "besides", *_BARE}
# Words that headings and search queries do without.
_SENTENCE_WORDS = _AUXILIARY | _SUBJECTS
_SENTENCE_WORDS |= {"the", "a", "an", "my", "our", "your", "you", "to", "had", "be", "been", "and"}
_INDIRECT = re.compile(
    r"\b(?:wonder(?:ing|ed)?|curious|whether|(?:any(?:one|body)|some(?:one|body)) (?:know|explain|tell|help|here|has)"
    r"|explain|tell (?:me|us)|understand|clarify|(?:not|never) (?:\w+ )?sure|unsure|difference between|no idea|confused"
    r"|(?:trying|try|want|need|like|love|nice|struggl\w+|have|keen) to "
    r"(?:know|see|hear|learn|decide|work out|figure out|find out|choose|grasp|get)"
    r"|(?:decid|choos|figur)\w* between|undecided|torn between|advice on|question about)\b"
)
# "... or one title, which should we pick": asked at the end, and often without a question mark.
_INVERTED = re.compile(
    r"\b(?:what|why|how|which|who|where|when)(?: \w+){0,2} "
    r"(?:to|(?:is|are|was|were|do|does|did|can|could|should|would|will|must) "
    r"(?:i|you|we|he|she|it|they|the|a|an|our|your|my|their|this|that|one|people|someone))\b"
    r"|(?:^|, )(?:should|shall|would|could|can|do|does|did|must|may|is|are) (?:i|you|we|it|they|the|there|our|your)\b"
    r"|^(?:would|will) (?:\w+ing|an?|the|one|my|this|that|having) "
)
# Courtesies around a question, which say nothing about its subject.
_GREETING = re.compile(
    r"^\W*(?:(?:hi|hey|hello|morning|good morning|good afternoon|ok|okay|so|um|btw|well|sorry|thanks|alright|oh"
    r"|(?:now |again |then )?in english(?: then| now| please)?)\b[\s,!.:\-]*)+"
    r"(?:(?:all|team|folks|everyone|everybody|there|guys|people|friends)\b[\s,!.:\-]*)?",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^.{0,80}?\b(?:(?:does|do|did|would|can|could|if)? ?(?:any|some)(?:one|body)(?: here| else)? "
    r"(?:know|knows|explain|tell me|tell us|have an idea|help me understand|help me think through)"
    r"|(?:quick|serious|stupid|dumb|silly|random|genuine|honest|naive|noob) (?:question|one)(?: maybe)?"
    r"|wondering|curious|(?:help me|love to|like to|want to|trying to|keen to|nice to|struggling to|try to|need to) "
    r"(?:understand|know|hear|learn|see|work out|figure out|find out|decide|grasp|get)|struggling with|not sure"
    r"|(?:sorry )?if this (?:(?:has been|was) asked(?: before)?|"
    r"is (?:an? )?(?:obvious|basic|stupid|silly|dumb|naive)(?: question)?),? but)\b"
    r"[\s,:\-]*(?:(?:if|whether|about)\b\s*)?",
    re.IGNORECASE,
)
# One of these begins every greeting; where words begin otherwise, there is none to look for. (Without regard to case,
# an "i" may also be one of the two that Turkish has.)
_GREETING_BEGINS = (
    *("hi", "hı", "he", "mo", "go", "ok", "so", "um", "bt", "we", "th", "al", "oh", "no", "ag", "in", "ın", "i̇n"),
    OPAQUE,
)
# One of these is in every lead; looking for them first spares most messages the slow search.
_LEADING = ("one ", "body ", "question", "wonder", "curious", "help me", " to ", "struggling", "not sure", "if this")
_TAIL = 40  # characters at the end of a sentence that thanks are looked for in
_THANKS = re.compile(r"[\s,.!?\-]*\b(?:thanks|thx|ta|cheers|thank you|please|pls)\b(?: in advance)?\W*$", re.IGNORECASE)
# The ends of the last word of thanks; nothing but code or a link may come behind.
_THANKING = ("thanks", "thx", "ta", "cheers", "you", "please", "pls", "advance", OPAQUE)
_AMOUNT = {"many", "much", "long", "often", "old", "far"}
# Kinds of question that ask for something about a topic: an entry answers them only if it is asked so itself.
PARTICULAR = frozenset({"who", "where", "when", "amount"})


class Form(StrEnum):
    """How a sentence is put."""

    QUESTION = "question"
    FRAGMENT = "fragment"
    STATEMENT = "statement"


class Sentence(NamedTuple):
    """Words in order, spelt right, and as typed; what is asked for ("who", "amount", ...) where that is plain."""

    words: tuple[str, ...]
    typed: tuple[str, ...]
    form: Form
    asks: str | None
    negated: bool


class Utterance(NamedTuple):
    """A cleaned message. `called`: it speaks to somebody by name; `about_you`: it is about whom it speaks to."""

    sentences: tuple[Sentence, ...]
    called: bool
    about_you: bool


def plain(word: str) -> str:
    """Give a word in lower case without an ending such as 's, and in full where it was typed in haste."""
    if "'" in word:
        for ending in _ENDINGS:
            word = word.removesuffix(ending) or word  # "n't" by itself is all ending
    return _BARE.get(word) or _HASTY.get(word, word)


def read(text: str, spelling: Callable[[str], str] = plain) -> Utterance:
    """Clean a message in Slack's wire form, or as typed, and split it into at most 40 sentences of 60 words.

    `spelling` gives the word that a word in lower case was meant to be.
    """
    text, called = _cleaned(text)
    parts = [_sentence(part, spelling) for part in SENTENCE_END.split(text)[:MAX_SENTENCES]]
    sentences = tuple([sentence for sentence in parts if sentence])
    about_you = any(not _YOU.isdisjoint(sentence.words) for sentence in sentences)
    if about_you:
        about_you = not _YOU.isdisjoint(_WORD.findall(_POLITE.sub(" ", text.casefold())))
    return Utterance(sentences, called or (about_you and bool(_CALLED.match(text))), about_you)


def cleaned(text: str) -> str:
    """Give the beginning of a message as people read it, without what is markup, code, a link or a quotation."""
    return _cleaned(text)[0]


def _cleaned(text: str) -> tuple[str, bool]:
    """Clean a message, and say whether it mentions somebody."""
    text = text[:MAX_CHARACTERS]
    if not text.isascii():
        text = normalized(text).replace("’", "'").replace("‘", "'")
    called = False
    # Most messages have none of this, and looking for one character is faster than for an expression.
    if "`" in text or "<" in text or "://" in text:
        text = _MARKED_TERM.sub(r"\1", LABELLED.sub(r"\1", text))
        text = _REFERENCES.sub(CALL, _BLOCKS.sub(f" {OPAQUE} ", text))
        called = CALL in text
        text = text.replace(CALL, " ")
    if ":" in text or "<" in text:
        text = _MARKUP.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    if ">" in text:
        text = _QUOTED_LINE.sub(" ", text)
    if '"' in text or "“" in text:
        text = _QUOTED.sub(f" {OPAQUE} ", text)
    if "." in text:
        text = _DOTTED.sub(_without_dots, text)
    return text, called


def normalized(text: str) -> str:
    """Give a text in one form of each character, without those that nobody sees."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))


def any_of(wordings: Iterable[str]) -> str:
    """Give a regular expression of alternatives for wordings; of two that begin alike, the longer is found."""
    return "|".join(re.escape(wording) for wording in sorted(wordings, key=len, reverse=True))


def words(text: str) -> tuple[str, ...]:
    """Give the words of a phrasing or a term, in lower case, without endings such as 's."""
    if not text.isascii():  # else a letter with an accent of its own, as some systems save it, would end a word
        text = normalized(text)
    return tuple(map(plain, _WORD.findall(text.replace("’", "'").casefold())))


def _without_dots(acronym: re.Match[str]) -> str:
    return acronym[0].replace(".", "")


def _sentence(text: str, spelling: Callable[[str], str]) -> Sentence | None:
    asked, whole = "?" in text, text
    raw = _WORD.findall(text)
    if not raw:
        return None
    if raw[0].casefold().startswith(_GREETING_BEGINS) and (greeting := _GREETING.match(text)):
        text = text[greeting.end() :]
        raw = _WORD.findall(text)
    lowered_text = text.casefold()
    if any(map(lowered_text.__contains__, _LEADING)) and (lead := _LEAD.match(text)):
        text = text[lead.end() :]
        raw = _WORD.findall(text)
    if raw and raw[-1].casefold().endswith(_THANKING):
        raw = _WORD.findall(text[:-_TAIL] + _THANKS.sub("", text[-_TAIL:]))
    if not raw:
        return None
    raw = raw[:MAX_WORDS]
    lowered = list(map(str.casefold, raw))
    negated = not _DENIED.isdisjoint(lowered) or ("n't" in lowered_text and any(word[-3:] == "n't" for word in lowered))
    right = tuple(map(spelling, lowered))
    form = _form_of_asked(right) if asked else _form(right, whole.casefold())
    return Sentence(right, tuple(raw), form, _asks(right), negated)


def _form_of_asked(right: tuple[str, ...]) -> Form:
    """Give the form of a sentence with a question mark."""
    return Form.FRAGMENT if len(right) <= 2 else Form.QUESTION


def _form(right: tuple[str, ...], text: str) -> Form:
    if not _WH.isdisjoint(right[:3]) or right[0] in _ASKING:
        return Form.QUESTION
    if _INDIRECT.search(text) or _INVERTED.search(text) or _INVERTED.search(" ".join(right)):
        return Form.QUESTION
    telling = not _SUBJECTS.isdisjoint(right[:2]) or (len(right) > 5 and not _SENTENCE_WORDS.isdisjoint(right))
    return Form.STATEMENT if telling or len(right) > 9 else Form.FRAGMENT


def _asks(right: tuple[str, ...]) -> str | None:
    if _WH.isdisjoint(right):
        return None
    at = next(at for at, word in enumerate(right) if word in _WH)
    if right[at] == "how" and right[at + 1 : at + 2] and right[at + 1] in _AMOUNT:
        return "amount"
    return "who" if right[at] in {"whom", "whose"} else right[at]


@lru_cache(maxsize=10_000)
def read_phrasing(text: str) -> Sentence:
    """Read a phrasing that somebody authored, as one sentence.

    Remembered, since each is read for several indexes, and again after an edit, which leaves most alone.
    """
    return joined(read(text).sentences)


def joined(sentences: Sequence[Sentence]) -> Sentence:
    """Read neighbouring sentences as one; the last that asks says what is asked."""
    if len(sentences) == 1:
        return sentences[0]
    if not sentences:
        return Sentence((), (), Form.STATEMENT, None, False)
    asking = [sentence for sentence in sentences if sentence.form is Form.QUESTION]
    lead = (asking or list(sentences))[-1]
    form = lead.form if asking else Form.STATEMENT
    return Sentence(
        tuple(word for sentence in sentences for word in sentence.words),
        tuple(word for sentence in sentences for word in sentence.typed),
        form,
        lead.asks,
        any(sentence.negated for sentence in sentences),
    )
