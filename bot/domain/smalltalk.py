"""What people say to a bot besides questions: greetings, thanks, who are you, who can see this, stop, that's wrong.

A message is small talk only if all of it is: "hi, what is an MTS?" is a question. Beside a phrase may stand another
("are you a bot or a human?"), what says nothing more ("about this"), and with some intents a sentence that asks nothing
("that's wrong, applied scientists publish too").
"""

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import chain, islice, pairwise, product
from typing import Protocol

from rapidfuzz import fuzz, process, utils
from rapidfuzz.distance import OSA

from bot.domain import matching_text
from bot.domain.loose_phrases import GAP, GappedPhrases, KindWords
from bot.domain.matching_text import Form, Sentence, any_of

MAX_CHARACTERS = 160  # who writes more has something else to say
SHORT, LONG = 5, 16  # letters; in less than SHORT none may be wrong, in fewer than LONG one, in more two
SAME = 92  # fuzz.ratio in [0, 100] of phrases of three words or more, in whatever order
REASON = 3  # words at least of a reason that is no sentence: "wrong, applied scientist" says what was meant
LEFT = 2  # words at least that are left of a phrase without those around it: "what exactly" is not "what"
JOINTS = 4  # places where a part of a message is tried as two, and half of those of a message: so reading is bounded
AROUND = 2  # times that such words are taken off either end
ACKNOWLEDGEMENT = "acknowledgement"
KIND = ("greeting", "thanks", "bye")  # beside them kind words say nothing more: "thanks, that was useful"
COURTESIES = (ACKNOWLEDGEMENT, *KIND)  # may stand before or behind anything else
YES_AND_NO = ("choosing", "declining")  # "no, that's wrong" says what is wished for behind it

_MARKUP = re.compile(r"<[@#!][^<>]*>|:skin-tone-\d:")
_EMOJI = re.compile(r":[a-z0-9_+\-]+:")
_PART = re.compile(r"((?:[.,!?…\n]|;(?!\w))+|\s[-–—]+\s)")  # "tl;dr" is one
_BESIDE = re.compile(r"\s+(?:or|and|but|so)\s+", re.IGNORECASE)
_CONTINUES = re.compile(r"\s*(?:or|and)\s+", re.IGNORECASE)
# What follows says why, about what, or for whom ("is the quiz for" is a phrase).
_EXPLAINS = re.compile(r"(?:\s(?:because|cause|cuz|bc|since|as|but|and|about|regarding)|(?<=\sfor))\s+", re.IGNORECASE)
_DRAWN_OUT = re.compile(r"(\w)\1{2,}")
_NOT = re.compile(r"\b(?:not|no|never|dont|isnt|cant|wont|doesnt)\b")
_INVERTED = re.compile(r"(?:is|are|was|were) (?:it|this|that|you)\b")
_ASKING = frozenset({"who", "why", "what", "how", "when", "where", "which", "whose", "whom"})
_US = frozenset({"you", "your", "u", "ur"})
# What says nothing: what the bot is called, and what people put around a word.
_FILLERS = frozenset(
    {"actually", "and", "but", "haha", "hmm", "honestly", "just", "lol", "oh", "ok", "okay", "please", "pls", "plz"}
    | {"really", "so", "sorry", "tbh", "then", "um", "well", "bot", "robot", "rolefit"}
)
# Around somebody or something that is named beside what was said: "my manager too", "including hr".
_ONE_MORE = frozenset({"too", "also", "even", "including", "or", "maybe", "perhaps", "like", "not", "for", "example"})
_WRITTEN_OUT = {
    "whats": "what is", "whos": "who is", "hows": "how is", "wheres": "where is", "thats": "that is", "its": "it is",
    "im": "i am", "id": "i would", "ive": "i have", "youre": "you are", "youve": "you have", "u": "you", "r": "are",
    "ur": "your", "wanna": "want to", "could": "can",
}  # fmt: skip


class Explained(StrEnum):
    """Where what asks nothing may stand beside a phrase, to explain it."""

    BEHIND = "behind"
    AROUND = "around"  # before it or behind it


class Talk(Protocol):
    """What people say to a bot besides questions."""

    @property
    def phrases(self) -> Mapping[str, tuple[str, ...]]:
        """The phrases by the intent they mean; the intents in COURTESIES must be among them."""

    @property
    def gapped(self) -> Mapping[str, tuple[str, ...]]:
        """Phrases in which GAP stands for a few words of whatever kind, by the intent they mean."""

    @property
    def kind(self) -> Sequence[str]:
        """What says beside a courtesy no more than that somebody is pleased or wishes well."""

    @property
    def alike(self) -> Sequence[Sequence[str]]:
        """Words that mean the same in phrases, in groups; none may stand in two."""

    @property
    def around(self) -> Sequence[str]:
        """Words that say nothing more before or behind a phrase."""

    @property
    def explained(self) -> Mapping[str, Explained]:
        """Where people explain what they say, by the intents of which they do."""

    def __hash__(self) -> int:
        """Phrases are prepared once for each value."""


def read(utterance: str, talk: Talk) -> str | None:
    """Give the intent of small talk, or None if any of it is something else.

    Where it is more than one thing, what is not a courtesy counts: "hi, who are you? thanks" asks who we are. A
    letter wrong, emoji, the bot's name, and somebody's name after a courtesy ("thanks Anna") do no harm.
    """
    if len(utterance) > MAX_CHARACTERS:
        return None
    text = html.unescape(_MARKUP.sub(" ", utterance))  # Slack sends "&amp;" for "&"
    reader = _reader(talk)
    pieces = [*_PART.split(_EMOJI.sub(" ", text)), ""]
    parts = [_Part(words, sign) for words, sign in zip(pieces[::2], pieces[1::2], strict=True) if plain(words)]
    # "Please" or "just checking" alone say nothing, unless it is all that is said.
    parts = [part for part in parts if reader.says_something(part.text)] or parts
    if not parts:
        return ACKNOWLEDGEMENT if _EMOJI.search(text) or any(map(_is_symbol, text)) else None
    parts = reader.courteous(reader.read(parts))
    intents = [part.intent for part in parts if part.intent]
    wishes = [intent for intent in intents if intent not in COURTESIES]
    wish = next((intent for intent in wishes if intent not in YES_AND_NO), next(iter(wishes), None))
    if len(intents) < len(parts) and not (wish and _is_explained(wish, parts, talk.explained.get(wish))):
        return None
    return wish or next((intent for intent in reversed(intents) if intent != ACKNOWLEDGEMENT), ACKNOWLEDGEMENT)


@dataclass(frozen=True)
class _Part:
    """A part of a message, the sign behind it, and its intent; None if it is no small talk.

    leads: what follows it says why, or about what.
    """

    text: str
    sign: str
    intent: str | None = None
    leads: bool = False


def _is_explained(wish: str, parts: Sequence[_Part], explained: Explained | None) -> bool:
    """Return whether the parts that are no small talk explain what a message wishes for, and ask nothing.

    Behind what is told, and behind "because", that may be no sentence: "wrong, applied scientists publish too".
    """
    if explained is None:
        return False
    at = next(number for number, part in enumerate(parts) if part.intent == wish)
    before, behind = _unread(parts[:at]), _unread(parts[at + 1 :])
    if before and not (explained is Explained.AROUND and _all_told(before)):
        return False
    if _all_told(behind):
        return True
    if any(sentence.form is Form.QUESTION for sentence in behind):
        return False
    words = sum(len(sentence.words) for sentence in behind)
    return parts[at].leads or (words >= REASON and not _asks(parts[at].text + parts[at].sign))


def _asks(text: str) -> bool:
    return any(sentence.form is Form.QUESTION for sentence in matching_text.read(text).sentences)


def _unread(parts: Sequence[_Part]) -> tuple[Sentence, ...]:
    return _sentences([part for part in parts if part.intent is None])


def _sentences(parts: Sequence[_Part]) -> tuple[Sentence, ...]:
    return matching_text.read("".join(part.text + part.sign for part in parts)).sentences


def _all_told(sentences: Sequence[Sentence]) -> bool:
    return all(sentence.form is Form.STATEMENT or _is_of_us(sentence) for sentence in sentences)


def _is_of_us(sentence: Sentence) -> bool:
    return sentence.form is not Form.QUESTION and not _US.isdisjoint(sentence.words)


def _is_symbol(character: str) -> bool:
    return unicodedata.category(character) == "So"  # such as an emoji


def bare(text: str) -> str:
    """Give the words of a text that say something: "Hmm, I really don't know :shrug:" is "i dont know"."""
    return " ".join(word for word in plain(_EMOJI.sub(" ", text)).split() if word not in _FILLERS)


def plain(text: str) -> str:
    """Give the words of a text in one spelling: "What's up?" and "whats up" are the same."""
    text = utils.default_process(text.replace("’", "").replace("‘", "").replace("'", ""))
    return " ".join(_WRITTEN_OUT.get(word, word) for word in _DRAWN_OUT.sub(r"\1", text).split())


def _plain_pieces(phrase: str) -> str:
    """Give a phrase with gaps in one spelling."""
    return GAP.join(f" {plain(piece)} " for piece in phrase.split(GAP)).strip()


def _ordered(text: str) -> str:
    """Give the words of a text in one order, whichever they stood in."""
    return " ".join(sorted(text.split()))


class _Phrases(dict[str, str]):
    """What each phrase means, in one spelling; and the phrases by their length."""

    def __init__(self, intents: Mapping[str, str]) -> None:
        super().__init__(intents)
        self._by_length: dict[int, list[str]] = {}
        self._of_lengths: dict[tuple[int, int], tuple[list[str], list[str]]] = {}
        for phrase in intents:
            self._by_length.setdefault(len(phrase), []).append(phrase)

    def as_long_as(self, length: int, give_or_take: int) -> tuple[list[str], list[str]]:
        """Give the phrases whose length is this one, more or less, and each of them with its words in one order."""
        kept = self._of_lengths.get((length, give_or_take))
        if kept is None:
            lengths = range(length - give_or_take, length + give_or_take + 1)
            phrases = [phrase for number in lengths for phrase in self._by_length.get(number, ())]
            kept = phrases, list(map(_ordered, phrases))
            if phrases:  # there is no end of lengths that none has
                self._of_lengths[length, give_or_take] = kept
        return kept


class Alike:
    """The phrases with the first of a group of words in place of the others: "my boss" for "my manager"."""

    def __init__(self, talk: Talk) -> None:
        groups = [[plain(words) for words in group] for group in talk.alike]
        gapped = {intent: [_plain_pieces(phrase) for phrase in phrases] for intent, phrases in talk.gapped.items()}
        self._gapped = GappedPhrases(gapped, groups)
        self._first = {words: group[0] for group in groups for words in group}
        self._pattern = re.compile(rf"\b(?:{any_of(self._first)})\b") if self._first else None
        spelt = {self.spelling(phrase): intent for intent, phrases in talk.phrases.items() for phrase in phrases}
        self._phrases = _Phrases(spelt)

    def spelling(self, text: str) -> str:
        """Give the words of a text in one spelling, each by the first of its group."""
        return self._pattern.sub(lambda match: self._first[match[0]], plain(text)) if self._pattern else plain(text)

    def is_one_more(self, part: str) -> bool:
        """Return whether a part only names one more of a group, as "my boss too" does behind "who sees this"."""
        words = [word for word in plain(part).split() if word not in _ONE_MORE and word not in _FILLERS]
        return " ".join(words) in self._first

    def read(self, part: str) -> str | None:
        """Give the intent of a part of a message, or None if it is something else."""
        text = self.spelling(part)
        without_fillers = " ".join(word for word in text.split() if word not in _FILLERS)
        intents = (_whole(spelling, self._phrases) for spelling in dict.fromkeys((text, without_fillers)))
        gapped = (self._gapped.read(spelling) for spelling in dict.fromkeys((plain(part), bare(part))))
        return next(filter(None, chain(intents, gapped)), None)


class _Reader:
    """Reads the parts of a message by the phrases of `talk`."""

    def __init__(self, talk: Talk) -> None:
        self.phrases = _Phrases({plain(words): intent for intent, group in talk.phrases.items() for words in group})
        self._alike = Alike(talk)
        self._kind = KindWords(map(plain, talk.kind))
        self._explained = talk.explained
        self._around = frozenset(map(plain, talk.around))
        around = any_of(self._around)
        self._before = re.compile(rf"(?:{around}) (?=\S)") if around else None
        self._behind = re.compile(rf" (?:{around})$") if around else None

    def says_something(self, part: str) -> bool:
        """Return whether a part of a message is more than what may stand around a phrase."""
        return plain(part) in self.phrases or bool(bare(part) and plain(part) not in self._around)

    def read(self, parts: Sequence[_Part]) -> list[_Part]:
        """Give the parts with their intents; one that says two things in two."""
        read: list[_Part] = []
        joints = iter(range(2 * JOINTS))
        for before, part in pairwise([_Part("", ""), *parts]):
            intent = self.whole(part.text)
            if intent is None and (continues := _CONTINUES.match(part.text)):
                intent = self._continued(before.text, part.text[continues.end() :])
            if (
                intent is None
                and read
                and read[-1].intent not in (None, *COURTESIES)
                and self._alike.is_one_more(part.text)
            ):
                intent = read[-1].intent
            read += [replace(part, intent=intent)] if intent else self._in_two(part, joints)
        return read

    def courteous(self, parts: list[_Part]) -> list[_Part]:
        """Give the parts with those for a courtesy that say only kind words beside one: "hi, hope you are well"."""
        if not any(part.intent in KIND for part in parts):
            return parts
        return [
            replace(part, intent=ACKNOWLEDGEMENT)
            if part.intent is None and "?" not in part.sign and self._kind.are_all_of(plain(part.text))
            else part
            for part in parts
        ]

    def whole(self, part: str) -> str | None:
        """Give the intent of a part of a message, or None if any of it is something else."""
        intent = self._exact(part) or _to_somebody(part, self.phrases) or self._with_kind_words(plain(part))
        return intent or next(filter(None, map(self._exact, self._without_around(plain(part)))), None)

    def _with_kind_words(self, text: str) -> str | None:
        """Read a courtesy with kind words before or behind it: "thanks that was useful"."""
        words = text.split()
        for at in range(len(words) - 1, 0, -1):
            first, second = " ".join(words[:at]), " ".join(words[at:])
            for courtesy, rest in ((first, second), (second, first)):
                is_courtesy = self.phrases.get(courtesy) in KIND and not self._kind.are_all_of(courtesy)
                if is_courtesy and self._kind.are_all_of(rest):
                    return self.phrases[courtesy]
        return None

    def _exact(self, part: str) -> str | None:
        return _part(part, self.phrases) or self._alike.read(part)

    def _without_around(self, text: str) -> Iterator[str]:
        """Give a part without the words around it, in every way that takes off some."""
        if self._before is None or self._behind is None:
            return
        starts, ends = [0], [len(text)]
        while len(starts) <= AROUND and (taken := self._before.match(text, starts[-1])):
            starts.append(taken.end())
        while len(ends) <= AROUND and (taken := self._behind.search(text, 0, ends[-1])):
            ends.append(taken.start())
        for start, end in list(product(starts, ends))[1:]:
            if text[start:end].count(" ") >= LEFT - 1:
                yield text[start:end]

    def _in_two(self, part: _Part, joints: Iterator[int]) -> list[_Part]:
        """Give a part as two: both small talk ("are you a bot or a human"), or one and what explains it.

        joints: gives one for each try that is left for the message.
        """
        for between, _ in zip(islice(_BESIDE.finditer(part.text), JOINTS), joints, strict=False):
            first, second = part.text[: between.start()], part.text[between.end() :]
            if (intent := self.whole(first)) and (other := self.whole(second) or self._continued(first, second)):
                return [_Part(first, " ", intent), replace(part, text=second, intent=other)]
        for between, _ in zip(islice(_EXPLAINS.finditer(part.text), JOINTS), joints, strict=False):
            first, second = part.text[: between.start()], part.text[between.end() :]
            words = plain(first).split()
            # "Who can I ask about MTS?" is for us to answer.
            intent = self.whole(first) if len(words) >= LEFT and words[0] != "who" else None
            if intent and self._may_lead(first, intent):
                return [_Part(first, "", intent, leads=True), _Part(second, "")]
        return [part]

    def _may_lead(self, first: str, intent: str) -> bool:
        """Return whether what explains a phrase may follow in the same sentence.

        Not behind a question of what is seen and kept: "is it safe as an engineer to skip the PhD" is about a PhD.
        """
        explained = self._explained.get(intent)
        return explained is Explained.AROUND or (explained is not None and not _asks(first))

    def _continued(self, first: str, second: str) -> str | None:
        """Read what leaves out the beginning of what was said before: "are you a bot", "or a human"."""
        words, rest = plain(first).split(), plain(second)
        beginnings = (" ".join(words[:number]) for number in range(len(words) - 1, 0, -1))
        return next(filter(None, (self._exact(f"{beginning} {rest}") for beginning in beginnings)), None)


_reader = lru_cache(maxsize=6)(
    _Reader
)  # of small talk and of what is asked of a copy or a comparison, before an edit and after


def prepare(talk: Talk) -> None:
    """Get the phrases ready, which takes half a second, once; whatever is read before that waits for it."""
    _reader(talk)


def _part(part: str, phrases: _Phrases) -> str | None:
    text, without_fillers = plain(part), bare(part)
    intent = _whole(text, phrases)
    if intent is None and without_fillers != text:
        intent = _whole(without_fillers, phrases)
    return intent


def _whole(text: str, phrases: _Phrases) -> str | None:
    """Read a part of a message: a phrase, or one with a courtesy before or behind it."""
    if intent := phrases.get(text) or _nearly(text, phrases):
        return intent
    words = text.split()
    for at in range(len(words) - 1, 0, -1):
        before, behind = " ".join(words[:at]), " ".join(words[at:])
        if phrases.get(before) in COURTESIES and (intent := phrases.get(behind) or _nearly(behind, phrases)):
            return intent
        if phrases.get(behind) in COURTESIES and (intent := phrases.get(before) or _nearly(before, phrases)):
            return intent
        if (intent := phrases.get(before)) and intent == phrases.get(behind):  # "you stupid bot you are useless"
            return intent
    return None


def _to_somebody(part: str, phrases: _Phrases) -> str | None:
    """Read a courtesy and a name: "thanks anna", "Hi Anna"; "hi openai" may be about OpenAI."""
    before, _, name = plain(part).rpartition(" ")
    intent = phrases.get(before)
    called = name.isalpha() and (intent != "greeting" or part.rsplit(maxsplit=1)[-1].istitle())
    return intent if intent in COURTESIES and intent != ACKNOWLEDGEMENT and called else None


def _has_other_word(text: str, phrase: str) -> bool:
    """Return whether one word is all that tells a text from a phrase, and is no typo of it: "need" for "see"."""
    words, others = text.split(), phrase.split()
    if len(words) != len(others):
        return False
    different = [(word, other) for word, other in zip(words, others, strict=True) if word != other]
    if any(_ASKING.issuperset(pair) for pair in different):  # "why is that" does not ask who it is
        return True
    return len(different) == 1 and OSA.distance(*different[0]) > (1 if len(different[0][0]) < SHORT else 2)


def _nearly(text: str, phrases: _Phrases) -> str | None:
    """Find a phrase with a letter or two wrong, or with its words in another order."""
    if len(text) < SHORT:
        return None
    wrong = 1 if len(text) < LONG else 2
    as_long, _ = phrases.as_long_as(len(text), wrong)
    mistyped = process.extractOne(text, as_long, scorer=OSA.distance, score_cutoff=wrong)
    phrase = mistyped[0] if mistyped and not _has_other_word(text, mistyped[0]) else ""
    if not phrase and text.count(" ") > 1:
        # What differs more in length than this cannot be as similar; source: rapidfuzz's ratio, 1 - distance / lengths.
        as_long, ordered = phrases.as_long_as(len(text), int(len(text) * 2 * (100 - SAME) / SAME))
        reordered = process.extractOne(_ordered(text), ordered, scorer=fuzz.ratio, score_cutoff=SAME)
        phrase = as_long[reordered[2]] if reordered and not _has_other_word(text, as_long[reordered[2]]) else ""
    if bool(_INVERTED.match(text)) != bool(_INVERTED.match(phrase)):  # "is that clear" asks what "that is clear" says
        return None
    if len(phrase) < SHORT or bool(_NOT.search(text)) != bool(_NOT.search(phrase)):
        return None
    return phrases[phrase]
