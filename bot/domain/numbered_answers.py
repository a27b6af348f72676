"""Answers that name their questions: "change 3 to b", "1b, 2a", "actually make number 2 the first one"."""

import re

from rapidfuzz.distance import OSA

from bot.domain.clauses import numbered_in_words
from bot.domain.fit import Given
from bot.domain.one_choice import CARDINALS, ORDINALS, PLACES, asks_or_denies, choice_at, read_choice_of_degree
from bot.domain.own_words import guesses
from bot.domain.quiz_content import AnyQuestion, Opening
from bot.domain.quiz_run import Run
from bot.domain.readings import Answered, Command, NotAsked, SeveralUnclear
from bot.domain.two_choices import bare_letters, read_halves, says_half

LONGEST = 200  # characters in which a question is called by more than its number
_PLACES = {word: number for words in (CARDINALS, ORDINALS) for number, word in enumerate(words, 1)}

# "oh wait, can you", "actually,", "sorry I'd like to"
_LEAD = (
    r"(?:(?:actually|oh|wait|hang on|hold on|oops|argh|sorry|no|hm+|um+|ok|okay|well|and|but|then|so|please|just"
    r"|let['’]?s|let me"
    r"|(?:can|could|would|will|may)\s+(?:you|i|we)|i(?:['’]d|\s+would)\s+(?:like|prefer|rather)(?:\s+to)?"
    r"|i\s+(?:want|need|have|meant|mean)\s+to|(?:scratch|strike|forget)\s+that|my\s+(?:mistake|bad)"
    r"|on\s+second\s+thoughts?|i(?:['’]ve|\s+have)?\s+changed\s+my\s+mind(?:\s+(?:about|on))?)\b[\s,;:.!…–—-]*){0,8}"
)
_NOUN = r"(?:questions?|answers?|number|no\.?|q|#)"
# A question by a number that is called one: "number 2", "my answer to question two", "the second question". By itself
# a number may belong to an answer, as in "make 2 datasets a month".
_CALLED = (
    r"(?:(?:my|the|your)\s+)?"
    rf"(?:(?:answers?\s+(?:to|for|of|on|in)\s+(?:{_NOUN}\s*)?|{_NOUN}\s*)(\d{{1,2}}|{'|'.join(CARDINALS)})"
    rf"|(?:answers?\s+(?:to|for|of|on|in)\s+)?(?:the\s+)?({'|'.join(ORDINALS)})\s+(?:questions?|answers?))\b"
)
_VERB = r"(?:change|set|make|correct|switch|turn|update|fix|put)"
_CALLED_AS = r"(?:(?:be|become|say|read)\b|(?:back\s+)?(?:to|into|as|is)\b|[=:,])?\s*"
# What stands before several: "change 1 to b and 3 to d".
_SEVERAL = re.compile(r"(?:\b(?:questions?|answers?|number|no\.?|q)\s*|#\s*)?(?<!\d)(\d{1,2})(?!\d)", re.IGNORECASE)
_BEFORE_SEVERAL = re.compile(rf"\s*{_LEAD}(?:(?:change|set|make|correct|switch)\s+(?:my\s+)?)?", re.IGNORECASE)
_FIFTY = re.compile(r"\b50\s*[/:-]\s*50\b")
_CHANGE = re.compile(
    rf"{_LEAD}(?:change|set|make|correct|switch)\s+(?:my\s+)?(?:question|answer|number|no\.?|#)?\s*(?:to\s+)?"
    r"(\d{1,2})(?:\s*(?:to|into|as|is|=|:)?\s+(.+)|\s*[=:]\s*(.+))?",
    re.IGNORECASE,
)
# A verb of six letters, with one too few or too many, before the number of a question
_MISTYPED = re.compile(
    rf"(\s*{_LEAD})([a-z]{{5,7}})(?=\s+(?:(?:my|question|answer|number)\s+)*#?\d{{1,2}}\s*(?:(?:to|into)\b|[=:]|[.!]*$))",
    re.IGNORECASE,
)
_MEANS = (
    r"(?:i(?:['’]d| would)? (?:mean|meant|want|wanted|say|pick|choose|take|go (?:for|with))|(?:it|that)(?:['’]?s| is)"
    r"|(?:it|that) (?:should|ought to|must) (?:be|have been)|make (?:it|that)|take|put|pick|choose)"
)
_SHOULD_BE = (
    r"(?:(?:should|ought to|must|was (?:meant|supposed) to)\s+(?:be|have been|say)|should['’]?ve\s+been"
    r"|is|was|were|had been|goes to)"
)
_MIND = (
    r"(?:i(?:['’]?ve|\s+have)?\s+|i(?:['’]d| would) like to\s+|i (?:want|need|have) to\s+|let me\s+)?"
    r"(?:just\s+)?chang(?:e|ed|ing)\s+my\s+(?:mind|answer)\s+(?:about|on|for|to|regarding)\s+"
)
# The same with the question called one, which may be put in many ways; the answer is the last group, or the first.
_CALLED_FIRST = tuple(
    re.compile(_LEAD + pattern, re.IGNORECASE)
    for pattern in (
        rf"{_VERB}\s+{_CALLED}\s*{_CALLED_AS}(.+)",  # "make number 2 the first one"
        # "change the second one to b"
        rf"{_VERB}\s+()(?:my|the)\s+({'|'.join(ORDINALS)})(?:\s+one)?\s+(?:to|into)\s+(.+)",
        rf"{_CALLED}\s+{_SHOULD_BE}\s+(.+)",
        rf"{_MIND}{_CALLED}[\s,:–—-]+(?:{_MEANS}\s+)?(.+)",
        # "for question 2 I meant a"
        rf"(?:(?:for|on|in|at|as for|about|to)\s+)?{_CALLED}[\s,:–—-]+(?:{_MEANS}\s+)?(.+)",
    )
)
# The same by its number alone, where "for" or what follows tells that it is one: "for 2 it's features", "2 should be b"
_BARE = tuple(
    re.compile(_LEAD + pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:for|on|as for|about|at|in|to)\s+(\d{{1,2}})[\s,:–—-]+(?:{_MEANS}|only|just)\s+(.+)",
        r"(?:for|as for)\s+(\d{1,2})\s*[,:–—-]\s*(.+)",
        rf"(\d{{1,2}})\s+(?:{_SHOULD_BE})\s+(.+)",
    )
)
# The same by its place alone, where what is said before or behind it tells that a question is meant: "I changed my mind
# about the first: papers", "the second should be features"
_PLACE = rf"(?:the\s+|my\s+)?({PLACES})(?:\s+(?:one|question|answer))?"
_PLACED = tuple(
    re.compile(_LEAD + pattern, re.IGNORECASE)
    for pattern in (
        # What follows without a mark may still be of the place: "the first one", "the first two".
        rf"{_MIND}{_PLACE}(?:\s*[,:.!–—-][\s,:.!–—-]*|\s+(?!\s*(?:{'|'.join(CARDINALS)}|questions?|answers?)\b))"
        rf"(?:{_MEANS}\s+)?(.+)",
        rf"(?:(?:for|as for|about|on)\s+)?{_PLACE}\s*[:–—]\s*(.+)",
        rf"(?:for|as for|about)\s+{_PLACE}\s*,\s*(?:{_MEANS}\s+)?(.+)",
        rf"{_PLACE}\s+(?:(?:should|ought to|must|was (?:meant|supposed) to)\s+(?:be|have been|say)"
        r"|should['’]?ve\s+been)\s+(.+)",
        rf"(?:for|as for|on|at)\s+{_PLACE}\s+{_MEANS}\s+(.+)",
        # "the last one was b"; in words that may be said of a choice: "the last one is too far off"
        r"(?:my|the)\s+(last|previous)\s+(?:one|question|answer)\s+(?:is|was)\s+([a-h])[\s.!]*",
    )
)
_ONLY_MIND = re.compile(rf"{_LEAD}{_MIND}(?:{_CALLED}|{_PLACE}|(\d{{1,2}}))[\s.!]*", re.IGNORECASE)
# "can I redo question 2", "let me answer the last one again", "let me change the third answer", "go back to question 1"
_REDO = re.compile(
    rf"{_LEAD}(?:(?:redo|retake|repeat|re-?answer|change|correct|edit|fix|revise|update|revisit|reconsider|rethink)\s+"
    rf"(?:my\s+)?(?:{_CALLED}|{_PLACE})"
    rf"|(?:do|take|answer)\s+(?:my\s+)?(?:{_CALLED}|{_PLACE})\s+(?:again|over|anew)"
    rf"|(?:(?:(?:see|show|read|have|get|look\s+at|ask)\s+(?:me\s+)?(?:{_CALLED}|{_PLACE}\s+(?:question|one))(?:\s+(?:again|once\s+more|one\s+more\s+time))))"
    rf"|(?:(?:(?:go|take\s+me|jump|step|get)\s+)?back|return)\s+to\s+(?:(?:my|the)\s+)?(?:{_CALLED}|{_PLACE}|(\d{{1,2}})))"
    r"[\s.?!]*",
    re.IGNORECASE,
)
# "my last answer was wrong", "I answered question 2 wrong", "I lied on 2"
_NOT_RIGHT = (
    r"(?:(?:not|so|all|totally|completely|clearly)\s+)*(?:wrong|right|correct|true|incorrect|a\s+mistake|a\s+lie|off)"
)
_WRONG = re.compile(
    rf"{_LEAD}(?:(?:{_CALLED}|(?:my|the|that)\s+(last|previous)\s+(?:one|answer|choice)"
    rf"|(previous|last)\s+(?:one|answer)|my\s+answer\s+to\s+(\d{{1,2}}))\s+(?:(?:is|was|were)(?:n['’]?t)?|seems)\s+{_NOT_RIGHT}"
    rf"|i\s+(?:answered|got|did|had|picked|clicked|put)\s+(?:{_CALLED}|(\d{{1,2}}))\s+(?:wrong(?:ly)?|incorrectly)"
    r"|i\s+(?:lied|was\s+wrong|made\s+a\s+mistake|misclicked|misread|clicked\s+(?:the\s+)?wrong)\s+"
    rf"(?:(?:on|in|at|with|about|for)\s+)?(?:{_CALLED}|(\d{{1,2}})))[\s.!]*",
    re.IGNORECASE,
)
_RIGHT = re.compile(r"\b(?:right|correct|true)\W*$", re.IGNORECASE)
_DENIED = re.compile(r"\bnot\b|n['’]?t\b", re.IGNORECASE)
# "change my answer", "I changed my mind": of the last answer, while another is asked for
_ANOTHER = re.compile(
    r"\W*(?:(?:actually|oh|wait|sorry|no|hm+|ok|okay|and|but|please|let\s+me|i(?:['’]d|\s+would)\s+like\s+to"
    r"|i\s+(?:want|need|have)\s+to)\b[\s,;:.!…–—-]*){0,5}"
    r"(?:(?:change|edit|correct|fix|redo)\s+(?:it|that|(?:my|the|that)(?:\s+last|\s+previous)?\s+(?:answer|choice|one))"
    r"|edit|change|(?:i(?:['’]?ve|\s+have)?\s+)?(?:just\s+)?changed\s+my\s+mind)(?:\s+(?:please|again|now))*[\s.!]*",
    re.IGNORECASE,
)
# "undo question 3", "take my answer to 2 back", "reset the first answer"
_TAKE_BACK = re.compile(
    rf"{_LEAD}(?:(?:undo|revert|reset|take\s+back|roll\s+back|restore|clear)\s+(?:(?:my|the)\s+)?"
    rf"(?:change\s+(?:to|of|in|on|at|for)\s+)?(?:{_CALLED}|{_PLACE}|(\d{{1,2}}))"
    rf"|(?:take|put|set|roll)\s+(?:{_CALLED}|{_PLACE})\s+back)[\s.?!]*",
    re.IGNORECASE,
)
# "two questions back", "go back 2", "undo the last two answers"
_COUNT = rf"(\d|{'|'.join(CARDINALS)})"
_OF_QUESTIONS = r"(?:\s+(?:questions?|answers?|steps?|ones?|times?|pages?))?"
_BACK_BY = re.compile(
    rf"{_LEAD}(?:(?:(?:go|take\s+me|jump|step|move)\s+)?(?:back\s+(?:by\s+)?{_COUNT}{_OF_QUESTIONS}"
    rf"|{_COUNT}{_OF_QUESTIONS}\s+back)"
    rf"|(?:undo|revert|take\s+back)\s+(?:(?:my|the)\s+)?last\s+(?!one\b){_COUNT}{_OF_QUESTIONS})[\s.?!]*",
    re.IGNORECASE,
)
_CALLED_LAST = re.compile(rf"{_LEAD}(?:{_MEANS}\s+)?(.+?)\s+(?:for|on|in|at|as|to)\s+{_CALLED}[\s.!]*", re.IGNORECASE)
_INSTEAD = re.compile(r"[\s,]+(?:instead|please|pls|then|now|after all|rather|thanks|thank you)[\s.!]*$", re.IGNORECASE)


def read_numbered(text: str, run: Run) -> Answered | Command | NotAsked | SeveralUnclear | None:
    """Read what names its questions: "change 3 to b", "1b, 2a", "for question 2 I meant the first one"; None if none.

    A change of a question that is named, of which no answer can be read, asks that question again.
    """
    text = _well_typed(text)
    in_words = numbered_in_words(text, run)
    several = read_several(text, run) or (Answered(in_words, named=True) if in_words else None)
    if several:
        [first, *more] = several.answers
        return NotAsked(first) if not more and _CHANGE.fullmatch(text) and not run.has_asked(first) else several
    if changed := _CHANGE.fullmatch(text):
        question = _numbered(changed.group(1), run)
        if question is None:
            return None
        answer = changed.group(2) or changed.group(3)
        return _changed(question, answer, run) or Command("change", question.id)
    if changed_to := _called(text, run) or _taken_back(text, run):
        return changed_to
    return None if in_words is None else SeveralUnclear()


def _well_typed(text: str) -> str:
    """Give a text with "change" for what is that but for one letter, as in "chnage 2 to c"."""
    verb = _MISTYPED.match(text) if len(text) <= LONGEST else None
    if verb is None or OSA.distance(verb[2].lower(), "change") != 1:
        return text
    return f"{verb[1]}change{text[verb.end() :]}"


def read_several(text: str, run: Run) -> Answered | None:
    """Read letters behind the numbers of questions: one, or two that take half each."""
    before, *rest = _SEVERAL.split(_FIFTY.sub("half", text))
    if not rest or not _BEFORE_SEVERAL.fullmatch(before):
        return None
    answers: dict[str, Given] = {}
    for number, answer in zip(rest[::2], rest[1::2], strict=True):
        question = _numbered(number, run)
        letters = bare_letters(answer)
        if question is None or not letters:
            return None
        choices = [choice for letter in letters if (choice := choice_at(letter, question))]
        chosen = tuple(dict.fromkeys(choice.id for choice in choices))
        most = 1 if isinstance(question, Opening) else 2
        if len(choices) != len(letters) or len(chosen) > most or (says_half(answer) and len(chosen) < most):
            return None
        answers[question.id] = chosen
    return Answered(answers, named=True)


def _called(text: str, run: Run) -> Answered | NotAsked | Command | None:
    """Read a change of an answer whose question is called so, with what it is changed to; None if either is unclear.

    Where it may be one of the choices, that question is asked again.
    """
    if len(text) > LONGEST:
        return None
    for pattern in _CALLED_FIRST:
        if (match := pattern.fullmatch(text)) and (changed := _changed_called(match[1] or match[2], match[3], run)):
            return changed
    bare = _INSTEAD.sub("", text)
    if match := _ONLY_MIND.fullmatch(bare) or _REDO.fullmatch(bare):
        question = placed(next(filter(None, match.groups())), run)
        return Command("change", question.id) if question and run.has_asked(question.id) else None
    for pattern in (*_BARE, *_PLACED):
        if (match := pattern.fullmatch(text)) and (changed := _changed_called(match[1], match[2], run)):
            return changed
    if match := _CALLED_LAST.fullmatch(text):
        return _changed_called(match[2] or match[3], match[1], run)
    return None


def _taken_back(text: str, run: Run) -> Command | None:
    """Read that an answer that is called, or the last few, are to be taken back, or gone back to; None if none is.

    Where they are not what was answered last, the question is asked again: what its answer was before is not known.
    """
    if len(text) > LONGEST:
        return None
    if run.asking and not run.asking.changing and run.passed and _ANOTHER.fullmatch(text):
        return Command("back")
    bare = _INSTEAD.sub("", text)
    if match := _BACK_BY.fullmatch(bare):
        return _back_by(next(filter(None, match.groups())), run, undoes=match[3] is not None)
    says_right = (_RIGHT.search(text) is None) == (_DENIED.search(text) is not None)  # "was right", "was not wrong"
    wrong = None if says_right else _WRONG.fullmatch(text)
    match = wrong or _TAKE_BACK.fullmatch(bare)
    question = placed(next(filter(None, match.groups())), run) if match else None
    if question is None or not run.has_asked(question.id):
        return None
    is_last_change = not wrong and list(run.changed_last) == [question.id]
    return Command("undo") if is_last_change else Command("change", question.id)


def _back_by(called: str, run: Run, *, undoes: bool) -> Command:
    """Go back by so many questions; undoes: if that many were answered at once last, that is taken back."""
    count = int(called) if called.isdigit() else _PLACES[called.lower()]
    if undoes and count == len(run.changed_last) > 1:
        return Command("undo")
    if not run.passed or not count:
        return Command("back")
    return Command("change", run.passed[max(0, len(run.passed) - count)])


def _changed_called(called: str, answer: str, run: Run) -> Answered | NotAsked | Command | None:
    """Read a change of the question that is called by this number or word; if it is unclear to what, that is asked."""
    question = placed(called, run)
    if question is None:
        return None
    if changed := _changed(question, answer, run):
        return changed
    may_be = run.has_asked(question.id) and not asks_or_denies(answer) and guesses(answer, question)
    return Command("change", question.id) if may_be else None


def placed(called: str, run: Run) -> AnyQuestion | None:
    """Find the question with this number, which may be a word; "last" and "previous" are the one answered last."""
    if called.lower() in ("last", "previous"):
        passed = [question for question in run.numbered if question.id in run.answers or question.id in run.skipped]
        return passed[-1] if passed else None
    return _numbered(str(_PLACES.get(called.lower(), called)), run)


def _changed(question: AnyQuestion, answer: str | None, run: Run) -> Answered | NotAsked | None:
    """Read what the answer to a question is changed to; None if that is unclear."""
    answer = _INSTEAD.sub("", answer) if answer else None
    choice = read_choice_of_degree(answer, question) if answer else None
    halves = read_halves(answer, question) if answer and not choice else ()
    if not (choice or halves):
        return None
    if not run.has_asked(question.id):
        return NotAsked(question.id)  # "change 4 to years"
    return Answered({question.id: (choice.id,) if choice else halves}, named=True)


def _numbered(number: str, run: Run) -> AnyQuestion | None:
    return run.numbered[int(number) - 1] if number.isdigit() and 0 < int(number) <= len(run.numbered) else None
