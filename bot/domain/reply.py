"""What somebody typed in a run's thread -> what they mean: answers, something to do, or a question of their own."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz, process, utils
from rapidfuzz.distance import OSA

from bot.domain import smalltalk, typed
from bot.domain.actions import Action, AskAgain, Back, Pause, Resume, Skip, Stop
from bot.domain.fit import Given
from bot.domain.matching_text import MAX_CHARACTERS
from bot.domain.own_words import (
    ASKING,
    MAYBE,
    MOST_GUESSES,
    SHORT,
    SMALL_WORDS,
    asks,
    asks_about_roles,
    asks_for_other_answers,
    guesses,
    hinted,
    is_about,
    scored,
)
from bot.domain.quiz import LETTERS
from bot.domain.quiz_content import AnyQuestion, HasChoices, Opening, Option, Question, Quiz, Term, TieBreak, TypedWords
from bot.domain.quiz_run import Graded, Run
from bot.domain.review import ReviewQuestion

SURE = 80  # token_set_ratio in [0, 100]: one word in five may be missing or two letters in ten mistyped
LEAD = 8  # how far the best choice must be ahead of the next; below it, asking is kinder than guessing
SAME = 88  # fuzz.ratio of a term with a typo
MOST_PARTS = 10  # of an answer that takes two choices; what has more is a story
ALIKE = 86  # fuzz.token_sort_ratio of a question about the result that nothing else is known to answer

_NUMBERS = {
    word: str(number)
    for number, words in enumerate(
        (("one", "first"), ("two", "second"), ("three", "third"), ("four", "fourth"), ("five", "fifth")), 1
    )
    for word in words
}
_ARTICLES = frozenset({"a", "an", "the"})
_OF_THE_ROUND = frozenset({"i", "me", "my", "mine", "you", "your", "result"})
A_ROLE = "arole"  # in place of the name of a role, while a text is compared with the phrases
# "b", "2.", "(c)", "option 1", "the second one", "I think b", "b please".
_PICKED = re.compile(
    r"(?:(?:i(?:['’]d| would)? (?:think|guess|say|pick|choose|take|go (?:for|with))|(?:it|that)(?:['’]s| is)"
    r"|it would be|must be|probably|definitely|mostly|more like|maybe)\s+)*"
    r"(?:the\s+)?(?:(?:answer|option|choice|number|no)\b\.?|#)?\s*\(?"
    rf"([1-9]|[a-z]|{'|'.join(_NUMBERS)})"
    r"[).:!]*(?:\s+(?:one|answer|option|choice))?"
    r"(?:,?\s+(?:please|pls|i think|i guess|i['’]d say|for me|then|probably|definitely|for sure))*[.!]*",
    re.IGNORECASE,
)
# "1b, 2a", "question 1: half b, half d; 2 b and c", "change 1 to b and 3 to d": before the first number nothing else.
_SEVERAL = re.compile(r"(?:\b(?:questions?|answers?|number|no\.?|q)\s*|#\s*)?(?<!\d)(\d{1,2})(?!\d)", re.IGNORECASE)
_BEFORE_SEVERAL = re.compile(r"\s*(?:please\s+)?(?:(?:change|set|make|correct|switch)\s+(?:my\s+)?)?", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:and|to|into|as|is|please)\b|[^\w?]", re.IGNORECASE)
_BARE_LETTERS = re.compile(rf"(?:[{LETTERS}]\s+)+[{LETTERS}]", re.IGNORECASE)
_FIFTY = re.compile(r"\b50\s*[/:-]\s*50\b")
_CHANGE = re.compile(
    r"(?:please\s+)?(?:change|set|make|correct|switch)\s+(?:my\s+)?(?:question|answer|number|no\.?|#)?\s*(?:to\s+)?"
    r"(\d{1,2})(?:\s*(?:to|into|as|is|=|:)?\s+(.+)|\s*[=:]\s*(.+))?",
    re.IGNORECASE,
)
_HALF = re.compile(
    r"\b(?:half\s*(?:and|&|-and-)\s*half|half[- ]half|fifty[- ]fifty|50\s*[/:-]\s*50|half|halves|both|equally|equal"
    r"|even(?:ly)?|a (?:mix|mixture|blend|split) (?:of|between)|split between|in the middle"
    r"|(?:somewhere )?in[- ]between|somewhere between)\b",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"\b(?:about|around|roughly|mostly|more or less|it'?s|it is|i'?d say|parts?|of|the|each|really|kind of)\b",
    re.IGNORECASE,
)
# "mostly a with some b", "a, mostly, but sometimes b": of two choices one has more and the other less.
_MORE_OR_LESS = re.compile(
    r"\b(?:mostly|mainly|primarily|largely|sometimes|occasionally|at times|now and then|partly|(?:and |but )?also|some"
    r"|a (?:(?:little )?bit|little|touch)(?: of)?)\b",
    re.IGNORECASE,
)
_BESIDE = re.compile(r"\b(?:and|but|with|plus)\b|[,;/&+]", re.IGNORECASE)
# "software engineering i guess but also ml", "papers, or maybe datasets": of two choices neither is the answer yet.
_HEDGING = re.compile(r"\b(?:also|or|either|maybe|perhaps|possibly|sometimes|partly|i guess)\b", re.IGNORECASE)
_OF_A_HEDGE = re.compile(
    r"\b(?:also|or|either|maybe|perhaps|possibly|sometimes|partly|and|but|with|plus|i (?:guess|think|suppose))\b"
    r"|[.,;/&+]",
    re.IGNORECASE,
)
# Around "both" or "equally", words that do not say of what.
_OF_BOTH = SMALL_WORDS | {"bit", "matter", "matters", "same", "split", "way", "ways"}
_NOT = re.compile(
    r"\b(?:not|no|never|none|nor|neither|without|cannot|\w+n['’]t|rather than|instead of|anything but|except)\b",
    re.IGNORECASE,
)
_AND = re.compile(r"\s+and\s+|[,;/&+]", re.IGNORECASE)
_MEANT_BY = re.compile(r"(?:and\s+)?what(?:\s+do you mean|['’]s meant|\s+is meant)\s+(?:by|with)\s+(.+)", re.IGNORECASE)
_MEANS = re.compile(
    r"(?:and\s+)?what does\s+(.+?)\s+mean(?:\s+(?:here|in (?:this|the) question))?\s*[?.!]*", re.IGNORECASE
)
# "I run payroll, nothing with AI"; "I am a nurse so this is not for me at all"
_CLAUSES = re.compile(r"[.,;:!?…()]+|\s[-–—]\s|\b(?:and|but|because|since|so|as)\b", re.IGNORECASE)
_AT_ALL = re.compile(r"\s+(?:at all|whatsoever|anyway|though)\b", re.IGNORECASE)
_FIRST_PART = re.compile(r"[.,;!…]|\s[-–—]\s|\s+(?:but|because|since|really|honestly)\b")
_TERM = re.compile(
    r"(?:and\s+)?(?:what(?:['’]s| is| are)?(?: do(?:es)?)?(?: you mean)?(?: by| with)?|define|explain|meaning of"
    r"|what does)\s+(?:an?\s+|the\s+|your\s+)?(.+?)(?:\s+mean(?:s|t)?)?(?:\s+(?:here|in (?:this|the) question))?\s*\??",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Answered:
    """Answers, as choices by question; `named` says that the text names the questions, and not just the live one."""

    answers: Mapping[str, Given]
    named: bool = False


@dataclass(frozen=True)
class Perhaps:
    """What may be meant as the answer to the live question, likeliest first."""

    question: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Command:
    """Something to do, by its name in words.yaml, or `change` with a question."""

    name: str
    question: str | None = None


# What a command does to a round, by its name, where that is all it does.
DOES: Final[Mapping[str, Callable[[], Action]]] = {
    "back": Back,
    "skip": Skip,
    "pause": Pause,
    "stop": Stop,
    "resume": Resume,
    "reask": AskAgain,
}


@dataclass(frozen=True)
class Defined:
    """A word they want explained."""

    term: Term


@dataclass(frozen=True)
class WhichTwo:
    """Half and half, without saying of what."""


@dataclass(frozen=True)
class Aside:
    """Small talk, by its name in words.yaml."""

    intent: str


@dataclass(frozen=True)
class AboutResult:
    """A question about how the result of the round comes about, or how sure that is; `role`: another that it names."""

    role: str | None = None
    how_sure: bool = False


@dataclass(frozen=True)
class AsksForOther:
    """A question about what the other person of a comparison has answered."""


@dataclass(frozen=True)
class Reviewed:
    """What their last review looked at; without a cell they will not say."""

    cell: Graded | None


@dataclass(frozen=True)
class PerhapsReviewed:
    """What they may mean that their last review looked at, likeliest first."""

    cells: tuple[Graded, ...]


@dataclass(frozen=True)
class Asks:
    """A question of their own."""


@dataclass(frozen=True)
class Unclear:
    """Nothing of the above."""


Reading = (
    Answered | Perhaps | Command | Defined | WhichTwo | Aside | AboutResult | AsksForOther
    | Reviewed | PerhapsReviewed | Asks | Unclear
)  # fmt: skip


def read(
    text: str,
    run: Run,
    words: TypedWords,
    *,
    answerable: bool = False,
    aside: str | None = None,
    review: ReviewQuestion | None = None,
) -> Reading:
    """Read what somebody typed, its first 4,000 characters.

    answerable: whether the FAQ has an answer to it. aside: which small talk it is. Small talk is no answer, unless it
    is word for word what the knowledge has for one; who says stop means the round. review: what is asked below the
    result, while no question of the quiz is.
    """
    if review is None or run.asking is not None:
        return _read(text, run, words, None, answerable=answerable, aside=aside)
    match _read(text, run, words, review, answerable=answerable, aside=aside):
        case Answered(answers) if review.id in answers:
            return Reviewed(review.chosen(answers[review.id])[0])
        case Perhaps(review.id, choices):
            return PerhapsReviewed(review.chosen(choices))
        case Command("skip"):
            return Reviewed(None)
        case reading:
            return reading


def _read(
    text: str,
    run: Run,
    words: TypedWords,
    review: ReviewQuestion | None,
    *,
    answerable: bool,
    aside: str | None,
) -> Reading:
    as_sent, text = _bounded(text), _typed(text)
    of_quiz = run.quiz.question(run.asking.question) if run.asking else None
    question, weighed = of_quiz or review, None if isinstance(of_quiz, Opening) else of_quiz
    about_roles = asks_about_roles(text, run.quiz)
    return (
        _to_guess(text, run, words)
        or _explicit(text, run)
        or (question and (_in_these_words(text, question) or (of_quiz and _picked(text, of_quiz))))
        or (review and _picked_cell(text, review, aside))
        or (AsksForOther() if run.subject and asks_for_other_answers(text, answerable=answerable) else None)
        or about_result(text, run, words, answerable=answerable)
        or _exact_command(text, words)
        or _leaves(text, words)
        or _not_for_me(text, words)
        or _yes_or_no(as_sent, words)
        or ((Command("stop") if aside == "stop" else Aside(aside)) if aside else None)
        or (weighed and _by_two(text, weighed))
        or (question and not (answerable and (isinstance(question, Opening) or about_roles)) and _one(text, question))
        or _command(text, words)
        or (weighed and _which_two(text, weighed))
        or _term(text, run.quiz.glossary)
        or (of_quiz and _about_wording(text, of_quiz, answerable=answerable))
        or (None if "?" in text else _begins_unsure(text, words))
        or (Asks() if asks(text) or (answerable and about_roles) else None)
        or (question and _guesses(text, question))
        or (Asks() if answerable else Unclear())
    )


def read_again(text: str, run: Run, questions: Sequence[str]) -> Mapping[str, Given] | None:
    """Read the edited text of a message that answered these questions; None if it does not answer them any more."""
    text = _typed(text)
    explicit = _explicit(text, run)
    if isinstance(explicit, Answered):
        return explicit.answers if set(questions) <= set(explicit.answers) else None
    if len(questions) != 1:
        return None
    question = run.quiz.question(questions[0])
    two = None if isinstance(question, Opening) else _two(text, question) or _more_or_less(text, question)
    answered = _in_these_words(text, question) or two or _one(text, question)
    return answered.answers if answered else None


def _bounded(text: str) -> str:
    """Cut a text off, for speed: a message may have 40,000 characters, and an answer has few."""
    return " ".join(text[:MAX_CHARACTERS].split())


def _typed(text: str) -> str:
    """Give the text that a person reads in the first MAX_CHARACTERS of a message, without Slack's markup."""
    return " ".join(typed.plain(_bounded(text)).split())


def read_choice(text: str, question: HasChoices) -> Option | None:
    """Find the choice somebody typed: its number, its letter, its label or their own words for it.

    None if no choice fits, if two fit about as well, if the text is a question or a negation, and if it is only a few
    letters long.
    """
    if picked := _PICKED.fullmatch(text.strip()):
        return _at(picked.group(1), question)
    normalised = utils.default_process(text)
    if not normalised:
        return None
    if exact := _worded(text, question):
        return exact
    if ASKING.search(text) or _NOT.search(text) or len(normalised) < SHORT:
        return None
    (best, choice), (next_best, _) = scored(normalised, question)[:2]
    return choice if best >= SURE and best - next_best >= LEAD and is_about(normalised, choice) else None


def about_result(text: str, run: Run, words: TypedWords, *, answerable: bool = False) -> AboutResult | None:
    """Read a question about how the result of a run comes about; None if there is no result, or it is another question.

    answerable: whether the FAQ has an answer to it, as to "why does a research engineer cost so much?". Then it counts
    only where the phrases have it.
    """
    recommended = run.recommendation
    if recommended is None:
        return None
    explain, sure = _explaining(words.explain), _explaining(words.sure)
    roles = _with_roles(smalltalk.plain(text), run.quiz)[1]
    spellings = {_with_roles(plain, run.quiz)[0] for plain in (smalltalk.plain(text), smalltalk.bare(text))}
    asking = [spelling for spelling in spellings if _asks_about_result(spelling, explain | sure, answerable=answerable)]
    if not asking:
        return None
    how_sure = max(_likeness(spelling, sure) - _likeness(spelling, explain) for spelling in asking) > 0
    return AboutResult(next((role for role in roles if role != recommended.role.id), None), how_sure)


def _likeness(spelling: str, phrases: Iterable[str]) -> float:
    """Give how near the nearest of the phrases comes, in [0, 100]."""
    return max(fuzz.token_sort_ratio(spelling, phrase) for phrase in phrases)


def _asks_about_result(spelling: str, phrases: frozenset[str], *, answerable: bool) -> bool:
    if spelling in phrases:
        return True
    if len(spelling) >= 2 * SHORT and process.extractOne(spelling, phrases, scorer=OSA.distance, score_cutoff=1):
        return True
    if answerable or not spelling:
        return False
    words = set(spelling.split())
    if spelling.startswith("why ") and A_ROLE in words and words & _OF_THE_ROUND:
        return True
    alike = [phrase for phrase in phrases if phrase.split()[0] == spelling.split(maxsplit=1)[0]]
    return process.extractOne(spelling, alike, scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE) is not None


@lru_cache(maxsize=4)
def _explaining(phrases: tuple[str, ...]) -> frozenset[str]:
    """Give the phrases in one spelling, with A_ROLE for a role."""
    plain = (smalltalk.plain(phrase.replace("{role}", A_ROLE)) for phrase in phrases)
    return frozenset(" ".join(word for word in phrase.split() if word not in _ARTICLES) for phrase in plain)


def _with_roles(plain: str, quiz: Quiz) -> tuple[str, tuple[str, ...]]:
    """Put A_ROLE for each role that a text in one spelling names, and leave out articles; gives the roles too."""
    names = {name: role.id for role in quiz.roles for name in (smalltalk.plain(role.name), smalltalk.plain(role.id))}
    longest_first = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    roles = re.compile(rf"\b(?:role of (?:an? |the )?)?({longest_first})s?\b(?: role\b)?")
    replaced = " ".join(word for word in roles.sub(A_ROLE, plain).split() if word not in _ARTICLES)
    return replaced, tuple(names[match[1]] for match in roles.finditer(plain))


def _explicit(text: str, run: Run) -> Answered | Command | None:
    """Read what names its questions by number: "change 3 to b", "1b, 2a", "1 half b half d, 2 c"."""
    if several := _several(text, run):
        return several
    if changed := _CHANGE.fullmatch(text):
        question = _numbered(changed.group(1), run)
        if question is None:
            return None
        answer = changed.group(2) or changed.group(3)
        choice = read_choice(answer, question) if answer else None
        if choice:
            return Answered({question.id: (choice.id,)}, named=True)
        two = _two(answer, question) if answer else None
        return Answered(two.answers, named=True) if two else Command("change", question.id)
    return None


def _several(text: str, run: Run) -> Answered | None:
    """Read letters behind the numbers of questions: one, or two that take half each."""
    before, *rest = _SEVERAL.split(_FIFTY.sub("half", text))
    if not rest or not _BEFORE_SEVERAL.fullmatch(before):
        return None
    answers: dict[str, Given] = {}
    for number, answer in zip(rest[::2], rest[1::2], strict=True):
        question = _numbered(number, run)
        letters = _bare_letters(answer)
        if question is None or not letters:
            return None
        choices = [choice for letter in letters if (choice := _at(letter, question))]
        chosen = tuple(dict.fromkeys(choice.id for choice in choices))
        most = 1 if isinstance(question, Opening) else 2
        if len(choices) != len(letters) or len(chosen) > most or (_HALF.search(answer) and len(chosen) < most):
            return None
        answers[question.id] = chosen
    return Answered(answers, named=True)


def _bare_letters(text: str) -> list[str]:
    """Give the letters of choices in a text such as "half b and d"; none if it says anything else."""
    words = _BETWEEN.sub(" ", _FILLER.sub(" ", _HALF.sub(" ", text))).split()
    return words if all(len(word) == 1 and word.isalpha() for word in words) else []


def _without_fillers(pieces: Iterable[str]) -> list[str]:
    """Give the pieces of a text without words that say nothing, but for those of which nothing is left."""
    return [part for piece in pieces if (part := _FILLER.sub(" ", piece).strip(" .!-–"))]


def _numbered(number: str, run: Run) -> AnyQuestion | None:
    return run.numbered[int(number) - 1] if 0 < int(number) <= len(run.numbered) else None


def _at(mark: str, question: HasChoices) -> Option | None:
    # Some letters are another one in lower case: "ı" and "İ" pass for an i, and are none of ours.
    mark = _NUMBERS.get(mark.lower(), mark.lower())
    position = int(mark) - 1 if mark.isdigit() else LETTERS.find(mark)
    return question.choices[position] if 0 <= position < len(question.choices) else None


def _in_these_words(text: str, question: HasChoices) -> Answered | None:
    """Read what the knowledge has word for word, before "half" or "both" in it can be taken for two answers."""
    choice = _worded(text, question)
    return Answered({question.id: (choice.id,)}) if choice else None


def _worded(text: str, question: HasChoices) -> Option | None:
    normalised = utils.default_process(text)
    for choice in question.choices:
        if normalised and normalised in map(utils.default_process, (choice.label, *choice.says)):
            return choice
    return None


def _picked(text: str, question: HasChoices) -> Answered | None:
    """Read a choice that is picked by its letter or number."""
    picked = _PICKED.fullmatch(text)
    choice = _at(picked.group(1), question) if picked else None
    return Answered({question.id: (choice.id,)}) if choice else None


def _picked_cell(text: str, review: ReviewQuestion, aside: str | None) -> Answered | Unclear | None:
    """Read the letter of a cell, of which one can be picked; a letter that is small talk by itself ("k") stays that."""
    if len(_bare_letters(text)) > 1:
        return Unclear()
    return None if aside else _picked(text, review)


def _which_two(text: str, question: AnyQuestion) -> Answered | WhichTwo | None:
    """Read half and half without saying of what; where a tie-break has a choice for that, it is this choice."""
    if not _HALF.search(text):
        return None
    neither = [side.id for side in question.choices if side.role is None] if isinstance(question, TieBreak) else []
    return Answered({question.id: (neither[0],)}) if len(neither) == 1 and _is_of_both(text) else WhichTwo()


def _is_of_both(text: str) -> bool:
    """Say whether a text is "both" or "half and half", and nothing that says of what."""
    rest = utils.default_process(_FILLER.sub(" ", _HALF.sub(" ", text))).split()
    return bool(_HALF.search(text)) and _OF_BOTH.issuperset(rest)


def _by_two(text: str, question: AnyQuestion) -> Answered | Perhaps | None:
    """Read an answer that takes two choices, or may mean either."""
    return _two(text, question) or _more_or_less(text, question) or _hedged(text, question)


def _two(text: str, question: AnyQuestion) -> Answered | None:
    """Read an answer that takes two choices: "half a, half c", "about half papers and half shipping", "a and b"."""
    halves = bool(_HALF.search(text))
    parts = _without_fillers(_AND.split(_HALF.sub(",", text)))
    if halves:  # "50/50 a c"
        parts = [piece for part in parts for piece in (part.split() if _BARE_LETTERS.fullmatch(part) else [part])]
    if len(parts) > MOST_PARTS:
        return None
    if not halves and not all(_PICKED.fullmatch(part) for part in parts):
        return None
    choices = [choice for part in parts if (choice := read_choice(part, question) or _likely(part, question))]
    chosen = tuple(dict.fromkeys(choice.id for choice in choices))
    return Answered({question.id: chosen}) if len(chosen) == 2 and len(choices) == len(parts) else None


def _more_or_less(text: str, question: AnyQuestion) -> Answered | None:
    """Read an answer that takes more of one choice and less of another, by halves; or one choice that takes the most.

    A half is as near as an answer comes to that. Who says so in words has to name either choice as surely as alone.
    """
    if not _MORE_OR_LESS.search(text) or ASKING.search(text) or _NOT.search(text):
        return None
    rest = _BESIDE.split(_MORE_OR_LESS.sub(",", text))
    parts = _without_fillers(rest)
    if len(parts) == 1:
        return _picked(parts[0], question)
    chosen = tuple(dict.fromkeys(choice.id for part in parts if (choice := read_choice(part, question))))
    return Answered({question.id: chosen}) if len(parts) == len(chosen) == 2 else None


def _hedged(text: str, question: AnyQuestion) -> Perhaps | None:
    """Read that one choice is named, and with a hedge something of another: which of them is meant has to be asked."""
    if not _HEDGING.search(text) or ASKING.search(text) or _NOT.search(text):
        return None
    parts = _without_fillers(_OF_A_HEDGE.split(text))
    if len(parts) > MOST_PARTS:
        return None
    named = {choice.id for part in parts if (choice := read_choice(part, question))}
    beside = {choice.id for part in parts if not read_choice(part, question) and (choice := hinted(part, question))}
    choices = tuple(choice.id for choice in question.choices if choice.id in named | beside)
    return Perhaps(question.id, choices) if named and len(choices) == MOST_GUESSES else None


def _to_guess(text: str, run: Run, words: TypedWords) -> Answered | Command | None:
    """Read yes or no, where the live prompt asks whether something was meant."""
    if run.asking is None or not run.asking.guesses:
        return None
    normalised, guesses = utils.default_process(text), run.asking.guesses
    if normalised in map(utils.default_process, words.yes):
        return Answered({run.asking.question: guesses[:1]})
    question = run.quiz.question(run.asking.question)
    if len(guesses) == MOST_GUESSES and isinstance(question, Question) and _is_of_both(text):
        return Answered({question.id: guesses})
    return Command("reask") if normalised in map(utils.default_process, words.no) else None


def _one(text: str, question: HasChoices) -> Answered | None:
    choice = read_choice(text, question)
    return Answered({question.id: (choice.id,)}) if choice else None


def _exact_command(text: str, words: TypedWords) -> Command | None:
    """Read a command, with nothing around it but "please" and the like."""
    commands = _commands(words)
    name = commands.get(utils.default_process(text)) or commands.get(smalltalk.bare(text))
    return Command(name) if name else None


def _begins_unsure(text: str, words: TypedWords) -> Command | None:
    """Read that somebody does not know, and why: "no idea, I am not close to that"."""
    first = _FIRST_PART.split(text.strip(), maxsplit=1)[0]
    return command if (command := _exact_command(first, words)) == Command("unsure") else None


def _leaves(text: str, words: TypedWords) -> Command | None:
    """Read that somebody has to go, in whatever else they say."""
    padded = f" {smalltalk.plain(text)} "
    return Command("pause") if any(f" {smalltalk.plain(phrase)} " in padded for phrase in words.leaves) else None


def _not_for_me(text: str, words: TypedWords) -> Command | None:
    """Read that the quiz is not for them, or how to leave it, in a clause of what they say."""
    meant = Command("not_for_me")
    clauses = (_AT_ALL.sub("", clause).strip() for clause in _CLAUSES.split(text))
    return meant if any(clause and _exact_command(clause, words) == meant for clause in clauses) else None


def _yes_or_no(text: str, words: TypedWords) -> Unclear | None:
    """Read a bare yes or no as unclear, where no question was asked that it answers.

    Otherwise it would count as a word of a choice that happens to hold it.
    """
    normalised = utils.default_process(text)
    return Unclear() if normalised in map(utils.default_process, (*words.yes, *words.no)) else None


@lru_cache(maxsize=2)
def _commands(words: TypedWords) -> dict[str, str]:
    return {
        plain: name
        for name in type(words).model_fields
        if name not in ("leaves", "yes", "no", "explain", "sure")
        for phrase in getattr(words, name)
        for plain in (utils.default_process(phrase), smalltalk.plain(phrase))
    }


def _command(text: str, words: TypedWords) -> Command | None:
    """Read a command with a letter wrong."""
    normalised, phrases = utils.default_process(text), _commands(words)
    if len(normalised) < SHORT:
        return None
    nearest = process.extractOne(normalised, phrases.keys(), scorer=OSA.distance, score_cutoff=1)
    return Command(phrases[nearest[0]]) if nearest else None


def _term(text: str, glossary: Iterable[Term]) -> Defined | None:
    match = _TERM.fullmatch(text)
    name = utils.default_process(match.group(1)) if match else ""
    if not name:
        return None
    named = {utils.default_process(name): term for term in glossary for name in (term.term, *term.also)}
    nearest = process.extractOne(name, named.keys(), scorer=fuzz.ratio, score_cutoff=SAME)
    return Defined(named[nearest[0]]) if nearest else None


def _about_wording(text: str, question: AnyQuestion, *, answerable: bool) -> Command | None:
    """Read that somebody wants to know what a word of the live question means, which is why it is asked."""
    meant = _MEANT_BY.fullmatch(text) or (None if answerable else _MEANS.fullmatch(text))
    asked_words = utils.default_process(meant.group(1)).split() if meant else []
    wordings = (question.text, *(getattr(question, name, None) for name in ("text_role", "text_other")))
    texts = (*filter(None, wordings), *(choice.label for choice in question.choices))
    question_words = {word for wording in texts for word in utils.default_process(wording).split()}
    if not asked_words or not all(
        process.extractOne(word, question_words, scorer=fuzz.ratio, score_cutoff=SAME) for word in asked_words
    ):
        return None
    return Command("why")


def _guesses(text: str, question: HasChoices) -> Perhaps | None:
    likely = guesses(text, question)
    return Perhaps(question.id, likely) if likely else None


def _likely(text: str, question: HasChoices) -> Option | None:
    """Find the choice that half a sentence names: less of it is there to go by, so less is asked of it."""
    (best, choice), (next_best, _) = scored(utils.default_process(text), question)[:2]
    return choice if best >= MAYBE and best - next_best >= LEAD else None
