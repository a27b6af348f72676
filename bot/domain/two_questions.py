"""“Do I need a PhD, and who goes on call?”: a message that asks two things, as two texts; and the answers to both."""

import re
from collections.abc import Sequence
from itertools import islice

from bot.domain.matching import Candidate
from bot.domain.matching_text import MAX_CHARACTERS, SENTENCE_END, Form, Sentence, cleaned, read

TWO = 2
LEAST = 3  # words of a question by itself: "what is RAG"; "and why?" asks about what stands before it
MOST = 4  # questions of a message; who asks more gets what is said to the whole
LONGEST_SIDES = 150  # characters of a message that holds two things of three words each against each other
MOST_JOINTS = 8  # places in a sentence at which a second question is looked for: each takes reading all that follows

_ASKS = (
    r"what|why|how|who|where|when|which|whose|whats|hows|"
    r"is|are|was|were|do|does|did|can|could|should|would|will|must"
)
# Between two questions in one sentence: "..., and who goes on call?". Behind "or" stands an alternative.
_JOINT = re.compile(rf",?\s+(?:and|but|plus)\s+(?:(?:also|then|if so),?\s+)?(?=(?:{_ASKS})\b)", re.IGNORECASE)


# "SaaS against frontier labs": two things held against each other, with no verb between them or in them.
_SIDE = (
    r"(?:(?!(?:is|are|was|were|be|do|does|did|can|could|should|would|will|has|have|i|we|you|they|it|he|she|to|not|no"
    r"|what|why|how|who|where|when|which|if|that|because|but|difference|between)\b)[\w’'-]+\s+){0,2}"
    r"(?!(?:is|are|it|to|not|them|me|us|you|this|that)\b)[\w’'-]+"
)
_TWO_SIDES = re.compile(
    rf"\W*(?:(?:and|or|what about|how about)\s+)?(?P<first>{_SIDE})\s+"
    rf"(?:(?:as\s+)?(?:against|opposed to)|versus|vs\.?|v\.?|compared\s+(?:to|with))\s+(?P<second>{_SIDE})\W*",
    re.IGNORECASE,
)


def has_two_sides(utterance: str) -> bool:
    """Return whether a message holds two things against each other, and says nothing besides."""
    return _two_sides(utterance) is not None


def _two_sides(utterance: str) -> re.Match[str] | None:
    return _TWO_SIDES.fullmatch(utterance) if len(utterance) <= LONGEST_SIDES else None


def questions_of(utterance: str) -> tuple[str, ...]:
    """Give the questions that a message puts one after the other, each as a text; nothing unless there are two to MOST.

    What is told before a question belongs to it: "I am a developer. Do I need a PhD? And who goes on call?". Whoever
    writes question marks writes one behind each question: without one a sentence then tells something, however it
    reads, as in "I can't decide between an engineer and a scientist. Whom do I need?".
    """
    if two := _two_sides(utterance):
        return two["first"], two["second"]
    asked: list[str] = []
    told, is_marked = "", "?" in utterance
    for text in SENTENCE_END.split(cleaned(utterance[:MAX_CHARACTERS])):
        parts = _joined_questions(text) if "?" in text or not is_marked else []
        if not parts:
            told = f"{told} {text}".strip()
            continue
        asked += [f"{told} {parts[0]}".strip(), *parts[1:]]
        told = ""
    return tuple(asked) if TWO <= len(asked) <= MOST else ()


def both_answered(
    of_whole: Sequence[Candidate], of_questions: Sequence[Sequence[Candidate]], most: int
) -> tuple[Candidate, ...]:
    """Give the candidates that answer a message of several questions, in their order, at most so many.

    of_whole: what answers the message as one; it stands if it is the answer to none of its questions by itself, or if
    it says as much. of_questions: what answers each, empty where nothing does.
    """
    by_entry = {candidate.entry: candidate for answers in of_questions for candidate in answers}
    one_by_one = tuple(by_entry.values())[:most]
    fits = not of_whole or any(candidate.entry in by_entry for candidate in of_whole)
    return one_by_one if fits and len(one_by_one) > len(of_whole) else tuple(of_whole)


def _joined_questions(text: str) -> list[str]:
    """Part one sentence where another question begins; nothing if it asks nothing."""
    if not _is_question(_sentence(text)):
        return []
    questions, begin = list[str](), 0
    for joint in islice(_JOINT.finditer(text), MOST_JOINTS):
        first, second = text[begin : joint.start()], text[joint.end() :]
        # With its own question mark each would be read as a question, whatever it is.
        if _asks_by_itself(first) and _asks_by_itself(second.rstrip("?! ")):
            questions.append(first)
            begin = joint.end()
    return [*questions, text[begin:]]


def _asks_by_itself(text: str) -> bool:
    sentence = _sentence(text)
    return _is_question(sentence) and sentence is not None and len(sentence.words) >= LEAST


def _sentence(text: str) -> Sentence | None:
    return next(iter(read(text).sentences), None)


def _is_question(sentence: Sentence | None) -> bool:
    return sentence is not None and sentence.form is Form.QUESTION
