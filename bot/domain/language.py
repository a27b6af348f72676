"""Which language a message is in, of those that the bot recognises and does not answer in."""

import re
from collections import Counter
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from bot.domain.authored import Authored, Line
from bot.domain.matching_text import cleaned, normalized

# Chosen on the part "develop" of tests/golden/languages.jsonl (150 questions in these languages, 50 in English with
# names and loan words), on 2,993 requests in Hindi and English, and on 69,273 messages in English, of which one is
# mistaken. With English words at half this weight three of the 50 are mistaken, and of 1,000 Hindi requests 30 more are
# recognised; at one and a half, 31 fewer. Where two common words suffice alone, six messages are mistaken; where it
# takes four, four of the 150 are missed.
ENGLISH_WEIGHT = TELLING_WEIGHT = 2
COMMON_WEIGHT = 1
COMMON_ALONE = 3  # common words that do without a telling one

_LETTER = r"[^\W\d_]"
_REST = rf"(?:{_LETTER}|[\u0300-\u036f\u0900-\u094f])*"  # letters, accents and the vowel signs of Hindi
_WORD = re.compile(rf"{_LETTER}{_REST}(?:'(?={_LETTER}))?|[¿¡]")
_LISTED = re.compile(rf"{_LETTER}{_REST}'?|[¿¡]")
# Runs of letters that no language in Latin script has: from Greek to the half-width forms of East Asia.
_OTHER_SCRIPT = re.compile(
    r"[\u0370-\u1cff\u2d30-\u2dff\u3040-\ua4ff\ua980-\uaadf\uabc0-\ud7ff\uf900-\ufaff\ufb1d-\ufdff\ufe70-\ufefc"
    r"\uff66-\uffdc]+"
)
_HAN = r"\u3400-\u9fff\uf900-\ufaff"
_LATIN_WORD = re.compile(r"[a-z']+", re.IGNORECASE)
_SHORTEST = 2  # letters of such a run, unless one is a word: "λ" stands in English, too


class Language(StrEnum):
    """The languages that are recognised; the values are their names in languages.yaml and words.yaml."""

    GERMAN = "german"
    FRENCH = "french"
    SPANISH = "spanish"
    PORTUGUESE = "portuguese"
    HINDI = "hindi"
    # By their letters, and not by words
    CHINESE = "chinese"
    JAPANESE = "japanese"
    KOREAN = "korean"
    OTHER = "other"  # any that is not written in Latin letters


_SCRIPTS = {  # the first that a message has a letter of: Japanese has Chinese ones, too
    Language.JAPANESE: re.compile(r"[\u3040-\u30ff\uff66-\uff9f]"),
    Language.KOREAN: re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]"),
    Language.CHINESE: re.compile(f"[{_HAN}]"),
}


def _one_word(text: str) -> str:
    text = normalized(text)  # as messages are
    if not _LISTED.fullmatch(text) or text != text.lower():
        raise ValueError(f"{text!r} is not one word in small letters; write each word by itself")
    return text


Word = Annotated[Line, AfterValidator(_one_word)]


class Vocabulary(Authored):
    """The words by which a language is told: `telling` ones have no meaning in English, `common` ones may have."""

    telling: tuple[Word, ...] = Field(min_length=1)
    common: tuple[Word, ...] = ()


class Languages(Authored):
    """The file `languages.yaml`; a language without words is not recognised."""

    english: tuple[Word, ...] = ()
    german: Vocabulary | None = None
    french: Vocabulary | None = None
    spanish: Vocabulary | None = None
    portuguese: Vocabulary | None = None
    hindi: Vocabulary | None = None

    @property
    def vocabularies(self) -> dict[Language, Vocabulary]:
        """Give the words of each language that has some."""
        by_language = {language: getattr(self, language.value, None) for language in Language}
        return {language: vocabulary for language, vocabulary in by_language.items() if vocabulary}


class LanguageIdentifier:
    """The words of languages.yaml, ready to be looked for in a message."""

    def __init__(self, languages: Languages) -> None:
        self._english = frozenset(languages.english)
        self._telling: dict[str, list[Language]] = {}
        self._common: dict[str, list[Language]] = {}
        for language, vocabulary in languages.vocabularies.items():
            for words, by_word in ((vocabulary.telling, self._telling), (vocabulary.common, self._common)):
                for word in words:
                    by_word.setdefault(word, []).append(language)

    def identify(self, utterance: str) -> Language | None:
        """Give the language that a message is in; None for English, and where that is unclear.

        Of languages in Latin letters those that are listed are known, and some more by their letters.

        utterance: Slack's text of a message. Code, links, what is quoted from somebody, and abbreviations in capitals
        say nothing. Of two languages with as much in their favour, the first of `Language` is given.
        """
        words = [word.lower() for word in _WORD.findall(cleaned(utterance)) if len(word) == 1 or not word.isupper()]
        telling = Counter(language for word in words for language in self._telling.get(word, ()))
        common = Counter(language for word in words for language in self._common.get(word, ()))
        weights = {
            language: TELLING_WEIGHT * telling[language] + COMMON_WEIGHT * common[language] for language in Language
        }
        best = max(Language, key=weights.__getitem__)
        if not telling[best] and common[best] < COMMON_ALONE:
            return self._by_script(utterance)
        return best if weights[best] > ENGLISH_WEIGHT * sum(word in self._english for word in words) else None

    def _by_script(self, utterance: str) -> Language | None:
        """Give the language by letters that are not Latin; None if the message has as many words of English."""
        text = cleaned(utterance)
        runs = [run for run in _OTHER_SCRIPT.findall(text) if len(run) >= _SHORTEST or re.match(f"[{_HAN}]", run)]
        if len(runs) <= sum(word.lower() in self._english for word in _LATIN_WORD.findall(text)):
            return None
        return next((language for language, script in _SCRIPTS.items() if script.search(text)), Language.OTHER)
