"""What people asked the bot and it could not answer, put together by what it is about."""

import hashlib
import html
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import process, utils
from rapidfuzz.distance import OSA, Indel

from bot.domain.matching_text import LABELLED

# Of the weight of two questions' terms together, so much is shared by those that are alike (Dice's coefficient): what
# "quant" and "quant salary" share is too little.
ALIKE = 0.77
GRAINS = 4  # that a term of the greatest weight counts as
SPELT_OUT = 5  # letters of a word that is taken for another with a letter wrong
LONGEST = 150  # characters of a text that is shown to others; who writes more writes about more than one thing
_REFERENCES = re.compile(r"<[@#!][^<>]*>|:[a-z0-9_+\-]+:|[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
# Has what follows read from right to left, also what stands behind the text where it is shown.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_BRACKETS = re.compile(r"<([^|<>]*)>")
CONCEPT = "="  # begins a term that stands for a synonym's name, which is spelt right


class QuestionKind(StrEnum):
    """Why a question is kept."""

    UNANSWERED = "unanswered"  # the bot said that it has no answer
    SUGGESTED = "suggested"  # it asked which entry was meant, and nobody has said so yet
    DECLINED = "declined"  # none of those entries was meant
    CHOSEN = "chosen"  # one of them was, and this is how somebody asks for it
    NOT_HELPFUL = "not_helpful"  # it answered, and that did not help


@dataclass(frozen=True)
class Question:
    """Something that a person asked the bot.

    id: `message_id` of the message, or what tells a command or a vote apart from all others. user: who asked. channel,
    ts: of the message, if there is one. text: as it was asked; "" if it was not kept. entry: that was chosen, declined
    or voted on. asked_at, told_at: seconds since 1970. answered_by: the entry that answers it by now; told_at: when the
    person heard so. revision: the ts of the message's edit that the text is from, or of the click on an answer to it;
    None for the message as it was written. known: entries that are no news to the person: they were suggested, or
    answered the text by itself when it was asked.
    """

    id: str
    user: str
    kind: QuestionKind
    text: str
    channel: str | None = None
    ts: str | None = None
    entry: str | None = None
    asked_at: float = 0.0
    answered_by: str | None = None
    told_at: float | None = None
    revision: str | None = None
    known: tuple[str, ...] = ()


def message_id(channel: str, ts: str) -> str:
    """Give the id of the question that a message asks."""
    return f"{channel}:{ts}"


def readable(text: str) -> str:
    """Give what somebody wrote as one line of plain text, without Slack's markup and without the names of people."""
    plain = _BRACKETS.sub(r"\1", LABELLED.sub(r"\1", _REFERENCES.sub(" ", _TURNING.sub("", text))))
    return " ".join(html.unescape(plain).split())[:LONGEST].strip()


@dataclass(frozen=True)
class Gap:
    """Questions that are alike and have no answer, oldest first.

    example: the wording that most of them have, the oldest of several; "" where no text was kept. It goes by the id of
    its oldest question, which stays the same while more are asked.
    """

    questions: tuple[Question, ...]
    example: str

    @property
    def id(self) -> str:
        """Name it by its oldest question."""
        return self.questions[0].id

    @property
    def questions_digest(self) -> str:
        """Give a digest of the ids of its questions, which changes when a question is added or removed."""
        ids = " ".join(sorted(f"{question.id} {question.revision or ''}" for question in self.questions))
        return hashlib.sha256(ids.encode()).hexdigest()[:20]

    @property
    def people(self) -> int:
        """Count those who asked, each once."""
        return len({question.user for question in self.questions})

    @property
    def asked_at(self) -> float:
        """Say when it was asked last, in seconds since 1970."""
        return self.questions[-1].asked_at

    @property
    def kinds(self) -> Mapping[QuestionKind, int]:
        """Count the questions by kind, those of which there are most first."""
        return dict(Counter(question.kind for question in self.questions).most_common())

    @property
    def entries(self) -> tuple[str, ...]:
        """Name the entries that were declined or voted on, each once."""
        return tuple(dict.fromkeys(question.entry for question in self.questions if question.entry))

    @property
    def texts(self) -> tuple[str, ...]:
        """Give the different wordings, those that were used most first."""
        return _by_use(question.text for question in self.questions)


@dataclass(frozen=True)
class Proposal:
    """A way to ask for an entry that people have shown by choosing it among suggestions; `people` counts them."""

    entry: str
    text: str
    people: int


Topics = Callable[[str], Mapping[str, float]]  # text -> the terms that say what it is about, and how much, up to 1
Terms = Mapping[str, int]  # with how many grains each counts


def gaps_of(questions: Iterable[Question], topics: Topics) -> tuple[Gap, ...]:
    """Group the questions without an answer by likeness; the groups that most people ask come first.

    Which questions are together does not depend on their order. A question goes to that of the earlier ones which it
    is most alike, from ALIKE on, or stands for itself. Ten thousand take some seconds at most.
    """
    unanswered = [
        question for question in questions if question.kind is not QuestionKind.CHOSEN and question.answered_by is None
    ]
    gaps = [Gap(group, _by_use(question.text for question in group)[0]) for group in clusters(unanswered, topics)]
    return tuple(sorted(gaps, key=lambda gap: (-gap.people, -len(gap.questions), -gap.asked_at, gap.id)))


def proposals_of(
    questions: Iterable[Question], wordings: Mapping[str, Collection[str]], topics: Topics
) -> tuple[Proposal, ...]:
    """Give the wordings by which people have asked for an entry, those of most people first.

    wordings: the wordings of each entry; these are not proposed, nor is anything for an entry that is not there.
    """
    chosen: dict[str, list[Question]] = {}
    for question in questions:
        if question.kind is QuestionKind.CHOSEN and question.text and question.entry and question.entry in wordings:
            chosen.setdefault(question.entry, []).append(question)
    proposals = []
    for entry, entry_questions in chosen.items():
        plain_wordings = {_plain(text) for text in wordings[entry]}
        for group in clusters(
            (question for question in entry_questions if _plain(question.text) not in plain_wordings), topics
        ):
            text = _by_use(question.text for question in group)[0]
            proposals.append(Proposal(entry, text, len({question.user for question in group})))
    return tuple(sorted(proposals, key=lambda proposal: (-proposal.people, proposal.entry, proposal.text)))


def clusters(questions: Iterable[Question], topics: Topics) -> list[tuple[Question, ...]]:
    """Put questions together that are alike, as `gaps_of` says; oldest first, also within each cluster."""
    in_order = sorted(questions, key=lambda question: (question.asked_at, question.id))
    grains = [_grains(terms) for terms in _mended([_terms(question, topics) for question in in_order])]
    used = Counter(grain for question_grains in grains for grain in question_grains)
    # The rarest first: see `_telling`.
    sequences = [tuple(sorted(question_grains, key=lambda grain: (used[grain], grain))) for question_grains in grains]
    members: dict[tuple[str, ...], list[Question]] = {}  # by the grains of the oldest
    same: dict[tuple[str, ...], tuple[str, ...]] = {}  # by grains, those of the oldest question that they go to
    oldest: list[tuple[str, ...]] = []  # the grains of the oldest of each cluster
    by_grain: dict[str, list[int]] = {}  # the clusters whose oldest may be alike, by their places
    for question, sequence in zip(in_order, sequences, strict=True):
        if sequence not in same:
            # By age, so that of two which are as near it is the older one, however often a grain is used.
            positions = sorted({at for grain in _telling(sequence) for at in by_grain.get(grain, ())})
            near = [oldest[at] for at in positions]
            best = process.extractOne(sequence, near, scorer=Indel.normalized_similarity, score_cutoff=ALIKE)
            same[sequence] = best[0] if best else sequence
            if best is None:
                members[sequence] = []
                for grain in _telling(sequence):
                    by_grain.setdefault(grain, []).append(len(oldest))
                oldest.append(sequence)
        members[same[sequence]].append(question)
    return [tuple(group) for group in members.values()]


def _telling(sequence: Sequence[str]) -> Sequence[str]:
    """Give enough of the rarest grains that two questions which share none of these cannot be alike.

    Source: prefix filtering for set similarity, Bayardo, Ma and Srikant (2007), here for Dice's coefficient.
    """
    shared = math.ceil(len(sequence) * ALIKE / (2 - ALIKE))
    return sequence[: len(sequence) - shared + 1]


def _terms(question: Question, topics: Topics) -> Terms:
    """Give what a question is about; without a text, its entry, and without any term the text itself."""
    if not question.text:
        return {f"{CONCEPT}{question.entry}": GRAINS}
    weights = topics(question.text) or {_plain(question.text): 1.0}
    return {term: max(1, round(weight * GRAINS)) for term, weight in weights.items()}


def _grains(terms: Terms) -> list[str]:
    """Turn weighted terms into a set of grains, more for a heavier term, so that comparing sets compares weights."""
    return [f"{term} {number}" for term, count in terms.items() for number in range(count)]


def _mended(questions: Sequence[Terms]) -> list[Terms]:
    """Replace words that have one letter wrong by the more common word they resemble, except short ones."""
    used = Counter(term for terms in questions for term in terms)
    right: dict[str, str] = {}
    near: dict[tuple[str, int], list[str]] = {}  # by first letter and length
    for term in sorted(used, key=lambda term: (-used[term], term)):
        if len(term) < SPELT_OUT or term[0] == CONCEPT:
            continue
        others = [other for size in (-1, 0, 1) for other in near.get((term[0], len(term) + size), ())]
        if match := process.extractOne(term, others, scorer=OSA.distance, score_cutoff=1):
            right[term] = match[0]
        else:
            near.setdefault((term[0], len(term)), []).append(term)
    return [{right.get(term, term): count for term, count in terms.items()} for terms in questions]


def _by_use(texts: Iterable[str]) -> tuple[str, ...]:
    """Give each wording once, in its first spelling, most frequent first."""
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for text in texts:
        counts[_plain(text)] += 1
        first.setdefault(_plain(text), text)
    return tuple(first[plain] for plain, _ in counts.most_common())


def _plain(text: str) -> str:
    """Normalise a text: texts that differ only in capitals, blanks and punctuation give the same."""
    return utils.default_process(text) or text.strip()
