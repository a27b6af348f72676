"""A gap -> the draft of an entry, as YAML to paste into faq.yaml."""

import json
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping

import yaml

from bot.domain.content import Entry, NotAnswered
from bot.domain.gaps import Gap, readable
from bot.domain.matching_text import words
from bot.knowledge.library import NOT_ANSWERED, Library, english

FEWEST_PHRASINGS, MOST_PHRASINGS = 5, 12  # that an entry needs; that are taken over from a gap
MOST_KEYWORDS, MOST_WORDS_OF_ID = 5, 4
TELLING = 0.4  # topical weight of a word that may become a keyword


def draft(gap: Gap, library: Library) -> str:
    """Write an entry for a gap, in the form of faq.yaml, with a comment at all that an editor has still to write.

    What people asked becomes its phrasings, the first of which is the draft of its question too; names of people and
    channels are taken out. A phrasing that an entry answers already has a comment with that entry and its confidence.
    `rolefit check` complains of what is missing, and of nothing else.
    """
    by_spelling: dict[str, str] = {}
    for text in map(readable, gap.texts):
        if any(words(text)):
            by_spelling.setdefault(_plain(text), text)
    authored: list[Entry | NotAnswered] = [*library.entries.values(), *library.not_answered]
    owners = {_plain(wording): item.id for item in authored for wording in item.wordings}
    phrasings = [text for spelling, text in by_spelling.items() if spelling not in owners][:MOST_PHRASINGS]
    taken = {text: owners[spelling] for spelling, text in by_spelling.items() if spelling in owners}
    return "\n".join(_lines(phrasings, taken, library)) + "\n"


def _lines(phrasings: list[str], taken: Mapping[str, str], library: Library) -> Iterator[str]:
    question = phrasings[0] if phrasings else ""
    keywords = _keywords(phrasings)
    new_id = _new_id(_keywords([question]), library.entries)
    # YAML takes 404 for a number, null for nothing and 2026-11-28 for a day.
    yield f"  - id: {new_id if yaml.safe_load(new_id) == new_id else _quoted(new_id)}"
    yield (
        f"    question: {_quoted(_as_question(question))}{_collision(question, library)}"
        if question
        else ("    question:  # write it as people ask it")
    )
    missing = FEWEST_PHRASINGS - len(phrasings)
    more = f"{missing} more" if phrasings else str(missing)
    comment = f"  # write {more}, each in other words" if missing > 0 else ""
    yield f"    phrasings:{comment}"
    yield from (f"      - {_quoted(text)}{_collision(text, library)}" for text in phrasings)
    for text, owner in taken.items():
        file = "faq.yaml" if owner in library.entries else NOT_ANSWERED
        yield f"      # {_quoted(text)} is a wording of {owner} in {file}{_collision(text, library)}"
    if keywords:
        yield f"    keywords: [{', '.join(map(_quoted, keywords))}]"
    else:
        yield "    keywords:  # write the words that make it this question and no other"
    yield "    answer:  # write it in at most 90 words, the main thing first"
    yield "    sources:  # write document (an id of sources.yaml) and section of each, as the entries above do"
    yield "    owner:  # write who reads it again when it gets old"
    if library.topics:
        yield f"    topic:  # write one of: {', '.join(topic.id for topic in library.topics)}"
    yield "    checked:  # write the day on which you held it against its sources, such as 2026-11-28"


def _collision(text: str, library: Library) -> str:
    """Give a comment that names the entry which a phrasing comes close to; "" if that would not even be suggested."""
    ranked = library.index.rank(text, limit=1)
    if not ranked or ranked[0].confidence < library.thresholds.maybe:
        return ""
    answers = "answers" if ranked[0].confidence >= library.thresholds.asked else "may mean"
    return f"  # collides: {answers} {ranked[0].entry} by now, with a confidence of {ranked[0].confidence:.2f}"


def _keywords(texts: Iterable[str]) -> list[str]:
    counts = Counter(word for text in texts for word in dict.fromkeys(words(text)))
    return [word for word, _ in counts.most_common() if english().weigh(word)[0] >= TELLING][:MOST_KEYWORDS]


def _new_id(keywords: list[str], taken: Container[str]) -> str:
    parts = [part for word in keywords for part in re.findall(r"[a-z0-9]+", word)][:MOST_WORDS_OF_ID]
    name = "-".join(parts)[:50].strip("-") or "new-entry"
    return next(
        candidate for candidate in (name, *(f"{name}-{number}" for number in range(2, 1000))) if candidate not in taken
    )


def _as_question(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip("?!.,;: ") + "?"


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip("?!. ")


def _quoted(text: str) -> str:
    """Quote a text for YAML, whatever signs it holds."""
    return json.dumps(text, ensure_ascii=False)
