"""What somebody typed in a run's thread -> what they mean: answers, something to do, or a question of their own."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from rapidfuzz import fuzz, process, utils
from rapidfuzz.distance import OSA

from bot.domain import smalltalk, typed
from bot.domain.asked_back import (
    asks_for_role,
    asks_for_title,
    asks_for_two,
    asks_what_is_meant,
    asks_whom_to_hire,
    asks_why_me,
    role_asked_for,
    wants_result,
)
from bot.domain.asked_choices import asked_choices, read_unsure_pick
from bot.domain.clauses import read_by_clause, read_either
from bot.domain.fit import Given
from bot.domain.kept_question import asks_to_delete, asks_who_sees
from bot.domain.meant import read_corrected, read_meant, read_meant_again
from bot.domain.numbered_answers import read_numbered
from bot.domain.one_choice import (
    asks_or_denies,
    picked_mark,
    position_of,
    read_choice,
    read_choice_of_degree,
    read_pick,
    read_wording,
)
from bot.domain.own_answers import read_own_answers
from bot.domain.own_words import (
    MOST_GUESSES,
    SHORT,
    asks,
    asks_about_roles,
    asks_for_other_answers,
    guesses,
    is_at_a_company,
    is_only,
    says_what_they_are,
)
from bot.domain.quiz_content import (
    OWN,
    ROLE,
    AnyQuestion,
    HasChoices,
    Opening,
    Question,
    Quiz,
    Term,
    TieBreak,
    TypedWords,
)
from bot.domain.quiz_run import Run
from bot.domain.readings import (
    AboutChoices,
    Answered,
    Aside,
    Asks,
    AsksForOther,
    AsksForTitle,
    AsksForTwo,
    AsksToStartOver,
    AsksWhetherRole,
    AsksWhyMe,
    Command,
    Defined,
    Perhaps,
    PerhapsReviewed,
    Reading,
    Reviewed,
    Unclear,
    WhichOffered,
    WhichTwo,
)
from bot.domain.result_question import AboutResult, AboutTerm, about_result, about_term, disagrees, is_early
from bot.domain.review import ReviewQuestion
from bot.domain.round_topics import about_round, asks_for_advice, leaves_now, shows_part
from bot.domain.two_choices import (
    MOST_TAKEN,
    bare_letters,
    is_both,
    read_hedged,
    read_little,
    read_or,
    read_two,
    says_half,
)
from bot.domain.uneven_answers import fits_none, letters_of_more, read_uneven
from bot.domain.what_if import read_what_if

MOST_READ = 1_500  # characters of a reply, which is read in many ways: nobody answers a question in more
MOST_CLAUSES = 30  # of a message in which a pause, or that it is not for them, is looked for
# Intents of small talk: of who wants to take the quiz, which within a round is to take it again; of who asks about it
OF_BEGINNING, OF_THE_QUIZ = "begin", "about_quiz"
WHICH_BETTER = "which_better"  # the intent of small talk of who asks which role is better, or which answer
NEXT_STEPS = "next_steps"  # the intent of small talk of who asks what to do with a result
TAKING_BACK = "taking_back"  # the intent of small talk of who wants to take back what they have shared
STARTS_OVER = Command("start_over")
SAME = 88  # fuzz.ratio of a term with a typo
MOST_OF_OPENING = 6  # words in which whom a round is about may be said loosely; what has more describes work

_MEANT_BY = re.compile(r"(?:and\s+)?what(?:\s+do you mean|['’]s meant|\s+is meant)\s+(?:by|with)\s+(.+)", re.IGNORECASE)
_MEANS = re.compile(
    r"(?:and\s+)?what does\s+(.+?)\s+mean(?:\s+(?:here|in (?:this|the) question))?\s*[?.!]*", re.IGNORECASE
)
# Words that say whom a round is about, within a sentence that is otherwise about work.
_OF_OTHERS = re.compile(
    r"\b(?:manag\w+|lead\w*|hir\w+|recruit\w*|vacanc\w+|opening|fill\w*|(?:direct|my) reports?|team)\b", re.IGNORECASE
)
# "I run payroll, nothing with AI"; "I am a nurse so this is not for me at all"
_CLAUSES = re.compile(r"[.,;:!?…()]+|\s[-–—]\s|\b(?:and|but|because|since|so|as)\b", re.IGNORECASE)
# "hold on, how many more?"
_WAIT = re.compile(
    r"^(?:(?:wait|hold on|hang on|hm+|(?:just )?(?:one|a) (?:sec|second|moment|minute)"
    r"|(?:hold on|hang on|wait)(?: for)? (?:a|one) (?:sec|second|moment|minute|bit))\b[\s,;:.!…–—-]+){1,3}(?=\w)",
    re.IGNORECASE,
)
# "wait no, undo that", "actually stop": what somebody says who thinks better of it, before what is to be done
_THINKS_AGAIN = re.compile(
    r"^\W*(?:(?:wait|no+|oh|oops|hm+|actually|sorry|argh|ugh|never ?mind|hang on|hold on|ok|okay|well)\b"
    r"[\s,;:.!…–—-]+){1,4}(?=\w)",
    re.IGNORECASE,
)
# "sorry in a meeting, later"
_PAUSES = re.compile(r"[.,;:!…()]+|\s[-–—]\s|\b(?:and|but|because|so|let['’]?s)\b", re.IGNORECASE)
_UNIT_ONCE = re.compile(
    r"\b((?:between|from)\s+[\w.]+\s+(days?|weeks?|months?|quarters?|years?)\s+(?:and|to|or)\s+(?!an?\b)[\w.]+)"
    r"(?=[\s.,!]*$)",
    re.IGNORECASE,
)
# "can I do this over", in the spelling of small talk
_REQUEST = re.compile(
    r"^(?:(?:ok|okay|so|and|but|oh|wait|hm+|sorry|actually|well)\s)*"
    r"(?:(?P<wish>i (?:want|wish|would like|would rather|would prefer|need|have)|let me|let us|lets)"
    r"|(?:can|may|shall|should|am) (?:i|we|you)|is it possible|is there a way)"
    r"(?: (?:please|just|maybe|also|allowed))*(?: to)? (?=\w)"
)
# "a couple of months, rarely more", "two years at most": how exact it is, which no choice says.
_BOUND = re.compile(
    r"[\s,;–-]{1,6}(?:(?:(?:and|but|or)\s+)?"
    r"(?:(?:only |very )?(?:rarely|seldom)|hardly ever|(?:almost )?never|not often|sometimes|occasionally)\s+"
    r"(?:any |much |a bit |a little )?(?:more|less|longer|shorter|further|later|sooner)(?: than that)?"
    r"|at (?:the )?(?:very )?(?:most|least)|(?:at )?max(?:imum)?|tops|or so|if that)[\s.!]*$",
    re.IGNORECASE,
)
# "it depends on the month", "that varies from project to project"
_DEPENDS = re.compile(
    r"(?:(?:it|that|this|well|hm+|honestly|really|always|all|very much|just|totally|usually|often|a lot)\b[\s,]*){0,4}"
    r"(?:depends|varies|differs|changes)\b",
    re.IGNORECASE,
)
# "no, d", "nope, it's d": what was meant instead of what was guessed
_NO_BUT = re.compile(
    r"^(?:no+|nope|nah|neither|not (?:that|this|those|these)(?: one)?|wrong)\b[\s,;.:!–-]+"
    r"(?:(?:i (?:meant?|say|said)|it(?:['’]?s| is| was)|rather|but|more(?: like)?|take|make (?:it|that))\s+)*",
    re.IGNORECASE,
)
# "can I take it back?" may be said of what was shared, and of an answer
_SPEAKS_OF_SHARE = re.compile(
    r"\b(?:un)?shar(?:e|es|ed|ing)\b|\b(?:sen[dt]|sending|results?|cop(?:y|ies)|person)\b", re.IGNORECASE
)
_TAKES_IT_BACK = re.compile(r"\b(?:take|get|have)\b.*\bback\b|\bwithdraw\s+(?:it|this|that)\b", re.IGNORECASE)
# "wait, no": of what was guessed it denies that; elsewhere it takes back what was done last
_NO_WAIT = re.compile(r"\W*(?:(?:no+|nope|wait|oh|hm+)\b[\s,.!…–-]*){2,4}", re.IGNORECASE)
_REQUEST_END = re.compile(r"(?:\s(?:please|now|here|then|again|instead|maybe|thanks))+$")
IT_DEPENDS = "it depends"  # as the knowledge has it, which is short for all that may follow
_PARTS_OF_OPENING = re.compile(r"[.,;:!…()]+|\s[-–—]+\s|\b(?:because|since|so|where)\b", re.IGNORECASE)
_ABOUT = re.compile(
    r"^(?:(?:ok|well|so|hi|hey|or|and|but|maybe)\s+)*"
    r"(?:(?:(?:it|this|that)(?:['’]?s| is| would be)|i(?:['’]d| would) say|i mean)\s+)?"
    r"(?:(?:all|just|only|mainly|really)\s+)*(?:(?:about|for|on)\s+)?",
    re.IGNORECASE,
)
_AT_ALL = re.compile(r"\s+(?:at all|whatsoever|anyway|though)\b", re.IGNORECASE)
# "none of these describe my week"
_NONE_FITS = re.compile(
    r"\W*(?:(?:but|well|hm+|sorry|honestly|actually|really|i think)\b[\s,]*)*"
    r"(?:none|neither|nothing|not one|no one)\s+of\s+"
    r"(?:these|those|them|this|that|it|the(?:se)?\s+(?:answers?|options?|choices?))"
    r"(?:\s+(?:really|quite|fully|exactly|actually|answers?|options?|choices?))*\s+"
    r"(?:describes?|fits?|match(?:es)?|appl(?:y|ies)|covers?|suits?|captures?|reflects?"
    r"|(?:is|are|sounds?|looks?|feels?)\s+(?:(?:really|quite|exactly|at all|like|about|for)\s+)*"
    r"(?:right|true|correct|close|like|me|mine|my\s+\w+|us|our\s+\w+|what\s+(?:i|we)\s+do)"
    r"|(?:speaks?\s+to|has\s+to\s+do\s+with)\s+(?:me|my\s+\w+|what\s+i\s+do))\b[^?]*",
    re.IGNORECASE,
)
# Below a result people also make an appointment: "ok, Thursday works for me", "next week then"
_OF_APPOINTMENT = re.compile(
    r"\b(?:(?:that|this|it|\w+day|tomorrow|today|\d+(?:am|pm)?)\s+works(?=\s+(?:for|with)\b|\W*$)"
    r"|(?:next|this|in a|later this|in two|in the next)\s+(?:weeks?|months?|quarters?|years?))\b",
    re.IGNORECASE,
)
_FIRST_PART = re.compile(r"[.,;!…]|\s[-–—]\s|\s+(?:but|because|since|really|honestly)\b")
_TERM = re.compile(
    r"(?:and\s+)?(?:what(?:\s+is)?\s+means?(?:\s+by)?"
    r"|what(?:['’]s| is| are)?(?: do(?:es)?)?(?: you mean)?(?: by| with)?|define|explain|meaning of"
    r"|what does)\s+(?:an?\s+|the\s+|your\s+)?(.+?)(?:\s+mean(?:s|t)?)?(?:\s+(?:here|in (?:this|the) question))?\s*\??",
    re.IGNORECASE,
)


def read(
    text: str,
    run: Run,
    words: TypedWords,
    *,
    answerable: bool = False,
    aside: str | None = None,
    review: ReviewQuestion | None = None,
    not_understood: bool = False,
) -> Reading:
    """Give what a text means that somebody typed in the thread of a round; of a long one its first 1,500 characters.

    run: the round, whose open question it may answer. words: what people type for what can be done to a round, and for
    yes and no. answerable: whether the FAQ has an answer to the text. aside: the intent of small talk that it is; that
    is no answer, unless it is word for word what the knowledge has for one, and who says stop means the round. review:
    what is asked below the result, which the text may answer while no question of the quiz is open. not_understood:
    something else was typed for the open question before, and not understood.
    """
    if review is None or run.asking is not None:
        return _read(text, run, words, None, answerable=answerable, aside=aside, not_understood=not_understood)
    match _read(text, run, words, review, answerable=answerable, aside=aside, not_understood=not_understood):
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
    not_understood: bool,
) -> Reading:
    as_sent, text = _bounded(text), _without_wait(_typed(text))
    of_quiz = run.open_question
    question, weighed = of_quiz or review, None if isinstance(of_quiz, Opening) else of_quiz
    about_roles = asks_about_roles(text, run.quiz)
    return (
        _to_guess(text, run, words)
        or (None if aside == WHICH_BETTER else about_round(text, run, answerable=answerable))
        or (None if review else shows_part(text, run))
        or read_what_if(text, run)
        or read_own_answers(text, run)
        or read_numbered(text, run)
        or read_meant(text, run, not_understood=not_understood)
        or (AsksForTwo() if of_quiz and _wants_two(text, of_quiz) else None)
        or (question and (_in_these_words(text, question) or (of_quiz and _picked(text, of_quiz))))
        or (of_quiz and _about_choices(text, of_quiz, run, words, answerable=answerable or aside is not None))
        or (review and _picked_cell(text, review, aside))
        or (AsksWhyMe() if run.subject is not None and asks_why_me(text) else None)
        or (AsksForOther() if run.subject and asks_for_other_answers(text, answerable=answerable) else None)
        or (_about_term(text, words, aside) if run.weighed else None)
        or about_result(text, run, words, answerable=answerable)
        or (None if question else disagrees(text, run))
        or (Command("so_far") if is_early(text, run, words) else None)
        or _asked_back(text, run, of_quiz)
        or _as_asked(_exact_command(text, words) or _on_second_thoughts(text, words), text)
        or _asked_command(text, words, aside)
        or (Command("pause") if run.asking and leaves_now(text) else None)
        or (Aside(NEXT_STEPS) if run.finished and not run.asking and asks_for_advice(text) else None)
        or (None if aside == OF_THE_QUIZ and asks(text) else _leaves(text, words))
        or _not_for_me(text, words)
        or (Command("unsure") if weighed and not _is_offered(run) and fits_none(text) else None)
        or _yes_or_no(as_sent, words)
        or (Command("undo") if run.asking and aside == TAKING_BACK and takes_back_unnamed(text) else None)
        or ((Command("stop") if aside == "stop" else Aside(aside)) if aside else None)
        or (None if answerable else _on_what_is_kept(text))
        or (weighed and (_by_two(text, weighed) or _uneven(text, weighed)))
        or (Perhaps(of_quiz.id, (OWN,)) if isinstance(of_quiz, Opening) and says_what_they_are(text) else None)
        or (question and not (answerable and (isinstance(question, Opening) or about_roles)) and _one(text, question))
        or (_whose(text, of_quiz) if isinstance(of_quiz, Opening) else None)
        or (weighed and _by_clauses(text, weighed))
        or (None if of_quiz or answerable or asks(text) else _left_out(text, run))
        or _as_asked(_command(text, words), text)
        or (weighed and _which_two(text, weighed))
        or _term(text, run.quiz.glossary)
        or (of_quiz and _about_wording(text, of_quiz, answerable=answerable))
        or (None if "?" in text else _depends(text, question, run.passed_over) or _begins_unsure(text, words))
        or (Asks() if asks(text) or (answerable and about_roles) else None)
        or (disagrees(text, run) if review else None)
        or (question and _guesses(text, question, run.passed_over))
        or (
            Asks() if answerable and (not question or is_at_a_company(text)) else Unclear(_mark_of_none(text, question))
        )
    )


def takes_back_unnamed(text: str) -> bool:
    """Return whether who wants to take something back does not say that it is what they have shared."""
    return _TAKES_IT_BACK.search(text) is not None and not _SPEAKS_OF_SHARE.search(text)


def read_again(text: str, run: Run, questions: Sequence[str]) -> Mapping[str, Given] | None:
    """Read the edited text of a message that answered these questions; None if it does not answer them any more."""
    text = _typed(text)
    explicit = read_numbered(text, run)
    if isinstance(explicit, Answered):
        return explicit.answers if set(questions) <= set(explicit.answers) else None
    if len(questions) != 1:
        return None
    question = run.quiz.question(questions[0])
    meant = read_meant_again(text, question)
    two = () if isinstance(question, Opening) else read_two(text, question)
    answered = (
        _answer(question, meant) or _in_these_words(text, question) or _answer(question, two) or _one(text, question)
    )
    return answered.answers if answered else None


def _bounded(text: str) -> str:
    """Cut a text off, for speed: a message may have 40,000 characters, and an answer has few."""
    return " ".join(text[:MOST_READ].split())


def _typed(text: str) -> str:
    """Give the text that a person reads in the first MOST_READ characters of a message, without Slack's markup.

    A unit that is said once of two amounts is put behind the second as well: "between one month and three". How exact
    an amount is, "rarely more", is left out.
    """
    plain = " ".join(typed.plain(_bounded(text)).split())
    return _UNIT_ONCE.sub(r"\1 \2", plain if plain.endswith("?") else _BOUND.sub("", plain) or plain)


def _without_wait(text: str) -> str:
    """Give a question without "wait," or "hold on," before it, which alone would be a pause."""
    question = _WAIT.sub("", text)
    return question if asks(question) or question.endswith("?") else text


def _asked_back(
    text: str, run: Run, question: AnyQuestion | None
) -> Command | AboutResult | AsksForTitle | AsksWhetherRole | None:
    """Read a question about the one that is open, or about the role that comes out of the round."""
    if question and asks_what_is_meant(text):
        return Command("why")
    if question and run.recommendation is None and wants_result(text):
        return Command("so_far")
    if run.subject is None and run.recommendation and asks_for_title(text):
        return AsksForTitle()
    if run.subject is None and run.purpose == ROLE and asks_whom_to_hire(text):
        return AboutResult() if run.recommendation else Command("so_far")
    if run.subject is None and asks_for_role(text, _names(run.quiz)):
        role = role_asked_for(text, _names(run.quiz))
        asked = AsksWhetherRole(role) if role else AboutResult(how_sure=True)
        return asked if run.recommendation else Command("so_far")
    return None


def _names(quiz: Quiz) -> dict[str, str]:
    """Give the roles by their names in small letters, as somebody types them: "ai researcher", and "researcher"."""
    return {smalltalk.plain(name): role.id for role in quiz.roles for name in (role.name, role.id)}


def _on_what_is_kept(text: str) -> Aside | None:
    """Read that something that is kept is to go, or who can see it, however it is put: that is never an answer."""
    if asks_to_delete(text):
        return Aside("deletion")
    return Aside("privacy") if asks_who_sees(text) else None


def _mark_of_none(text: str, question: HasChoices | None) -> str | None:
    """Give the letter or number of a text that picks a choice which the question does not have."""
    mark = picked_mark(text)
    return mark.lower() if question and mark and len(mark) == 1 else None


def _in_these_words(text: str, question: HasChoices) -> Answered | None:
    """Read what the knowledge has word for word, before "half" or "both" in it can be taken for two answers."""
    choice = read_wording(text, question)
    return Answered({question.id: (choice.id,)}) if choice else None


def _picked(text: str, question: HasChoices) -> Answered | None:
    """Read a choice that is picked by its letter or number, also where the text corrects itself."""
    choice = read_pick(text, question) or read_corrected(text, question)
    return Answered({question.id: (choice.id,)}) if choice else None


def _about_choices(
    text: str, question: AnyQuestion, run: Run, words: TypedWords, *, answerable: bool
) -> AboutChoices | Defined | Perhaps | Unclear | None:
    """Read a question what choices mean, or which of them was meant: "what does c mean?", "c?".

    A word that the glossary has is explained by that, unless the choice is named by its letter. answerable: whether
    there is another answer to the text.
    """
    if unsure := read_unsure_pick(text, question):
        return Perhaps(question.id, unsure)
    offered = run.asking.guesses if run.asking else ()
    asked = asked_choices(text, question, offered, answerable=answerable)
    if asked is None or (asked.in_words and _exact_command(text, words)):
        return None
    if asked.mark:
        return Unclear(asked.mark)
    term = _term(text, run.quiz.glossary) if asked.in_words or "/" in text else None  # "what's A/B?"
    return term or AboutChoices(question.id, asked.choices)


def _picked_cell(text: str, review: ReviewQuestion, aside: str | None) -> Answered | Unclear | None:
    """Read the letter of a cell, of which one can be picked; a letter that is small talk by itself ("k") stays that."""
    if len(bare_letters(text)) > 1:
        return Unclear()
    return None if aside else _picked(text, review)


def _wants_two(text: str, question: AnyQuestion) -> bool:
    """Say whether a text asks for more than one choice, or takes more where only one can be taken."""
    takes_two = isinstance(question, Opening) and (is_both(text) or len(bare_letters(text)) > 1)
    return takes_two or asks_for_two(text)


def _is_offered(run: Run) -> bool:
    return run.asking is not None and bool(run.asking.guesses)


def _uneven(text: str, question: AnyQuestion) -> Perhaps | WhichTwo | None:
    """Read more than one choice where they are no halves, before a letter of them counts alone."""
    if letters_of_more(text):
        return WhichTwo()
    likely = read_uneven(text, question)
    return Perhaps(question.id, likely) if likely else None


def _which_two(text: str, question: AnyQuestion) -> Answered | Perhaps | WhichTwo | None:
    """Read "half and half" without two choices named; a tie-break may have one choice that says just this.

    "Somewhere between a month and a year" says between what, though no choice has these words.
    """
    if not says_half(text):
        return None
    if len(bare_letters(text)) > MOST_TAKEN:
        return WhichTwo()
    if not is_both(text) and (likely := guesses(text, question)):
        return Perhaps(question.id, likely)
    neither = [side.id for side in question.choices if side.role is None] if isinstance(question, TieBreak) else []
    return Answered({question.id: (neither[0],)}) if len(neither) == 1 and is_both(text) else WhichTwo()


def _by_two(text: str, question: AnyQuestion) -> Answered | Perhaps | None:
    """Read an answer that takes two choices, or may mean either, or takes only something of one."""
    if answered := _answer(question, read_two(text, question)):
        return answered
    either = read_hedged(text, question) or read_little(text, question) or read_either(text, question)
    either = either or read_or(text, question)
    return Perhaps(question.id, either) if either else None


def _left_out(text: str, run: Run) -> Answered | None:
    """Read below a result an answer to a question that has none, or by a letter if only one was skipped.

    What merely has a choice's words in it may be a remark: "nice, I have a PhD".
    """
    if picked_mark(text.strip()):
        only = run.unanswered if len(run.unanswered) == 1 else ()
        answered = [found for question in only if question.id in run.skipped and (found := _picked(text, question))]
        return replace(answered[0], named=True) if answered else None
    answered = [
        found
        for question in run.unanswered
        if (
            found := _in_these_words(text, question)
            or _answer(question, read_two(text, question))
            or _only(text, question)
        )
    ]
    return replace(answered[0], named=True) if len(answered) == 1 else None


def _only(text: str, question: AnyQuestion) -> Answered | None:
    choice = read_choice(text, question)
    is_all = choice is not None and is_only(utils.default_process(text), choice)
    return Answered({question.id: (choice.id,)}) if choice and is_all else None


def _whose(text: str, opening: Opening) -> Answered | None:
    """Read whom a round is about from a clause, where the rest tells of the work: "it's about me. I do forecasting"."""
    named = _named_in_clauses(text, opening)
    return Answered({opening.id: tuple(named)}) if len(named) == 1 and not asks_or_denies(text) else None


def _named_in_clauses(text: str, opening: Opening) -> set[str]:
    """Give the choices that clauses of a text have word for word: both of "my team, or me"."""
    clauses = [_ABOUT.sub("", clause.strip()) for clause in _PARTS_OF_OPENING.split(text)[:MOST_CLAUSES]]
    return {choice.id for clause in clauses if (choice := read_wording(clause, opening))}


def _by_clauses(text: str, question: AnyQuestion) -> Answered | None:
    choice = read_by_clause(text, question)
    return Answered({question.id: (choice.id,)}) if choice else None


def _answer(question: AnyQuestion, chosen: Given) -> Answered | None:
    return Answered({question.id: chosen}) if chosen else None


def _to_guess(text: str, run: Run, words: TypedWords) -> Answered | Command | WhichOffered | None:
    """Read yes or no, where the live prompt asks whether something was meant."""
    if run.asking is None or not run.asking.guesses:
        return None
    normalised, guesses = utils.default_process(text), run.asking.guesses
    if normalised in map(utils.default_process, words.yes):
        return Answered({run.asking.question: guesses}) if len(guesses) == 1 else WhichOffered()
    question = run.quiz.question(run.asking.question)
    offered = [choice.id for choice in question.choices if choice.id in guesses]
    if len(offered) > 1 and (position := position_of(text)) is not None and position < len(offered):
        return Answered({question.id: (offered[position],)})
    if len(guesses) == MOST_GUESSES and isinstance(question, Question) and is_both(text):
        return Answered({question.id: guesses})
    if normalised in map(utils.default_process, words.no) or _NO_WAIT.fullmatch(text):
        return Command("reask")
    instead = _NO_BUT.sub("", text)
    return _picked(instead, question) or _one(instead, question) if instead != text else None


def _one(text: str, question: HasChoices) -> Answered | None:
    if isinstance(question, Opening) and len(_named_in_clauses(text, question)) > 1:
        return None
    choice = read_choice_of_degree(text, question)
    return Answered({question.id: (choice.id,)}) if choice else None


def _exact_command(text: str, words: TypedWords) -> Command | None:
    """Read a command, with nothing around it but "please" and the like."""
    commands = _commands(words)
    name = commands.get(utils.default_process(text)) or commands.get(smalltalk.bare(text))
    return Command(name) if name else None


def _on_second_thoughts(text: str, words: TypedWords) -> Command | None:
    """Read a command behind what somebody says who thinks better of it, as in "wait no, undo that"."""
    bare = _THINKS_AGAIN.sub("", text)
    return _exact_command(bare, words) if bare != text else None


def _about_term(text: str, words: TypedWords, aside: str | None) -> AboutTerm | None:
    return about_term(text, words, alone=aside is None and _exact_command(text, words) is None)


def _as_asked(command: Command | None, text: str) -> Command | AsksToStartOver | None:
    """Give a command as it was read, but for "start over?", which is a question."""
    return AsksToStartOver() if command == STARTS_OVER and "?" in text else command


def _asked_command(text: str, words: TypedWords, aside: str | None) -> Command | AsksToStartOver | None:
    """Read a command that is asked or wished for: "can I go back?", "I'd like to start over".

    What asks whether the round can be taken once more does not do so.

    aside: the intent of small talk that it is; "can I stop?" asks about the quiz, "I want to stop" does not.
    """
    request = _REQUEST.match(smalltalk.plain(text)) if len(text) <= smalltalk.MAX_CHARACTERS else None
    if request is None or aside not in (None, OF_BEGINNING, *([OF_THE_QUIZ] if request["wish"] else [])):
        return None
    wished = request.string[request.end() :]
    command = _exact_command(wished, words) or _exact_command(_REQUEST_END.sub("", wished), words)
    return AsksToStartOver() if command == STARTS_OVER and not request["wish"] else command


def _begins_unsure(text: str, words: TypedWords) -> Command | None:
    """Read that somebody does not know, and why, "no idea, I am not close to that", or that no answer fits."""
    if _NONE_FITS.fullmatch(text):
        return Command("unsure")
    first = _FIRST_PART.split(text.strip(), maxsplit=1)[0]
    return command if (command := _exact_command(first, words)) == Command("unsure") else None


def _depends(
    text: str, question: AnyQuestion | ReviewQuestion | None, passed_over: frozenset[str]
) -> Answered | Perhaps | Command | None:
    """Read that it depends on something: a question may have a choice that says so, and else nothing fits for sure."""
    if not _DEPENDS.match(text):
        return None
    if question is None:
        return Command("unsure")
    return _in_these_words(IT_DEPENDS, question) or _guesses(text, question, passed_over) or Command("unsure")


def _leaves(text: str, words: TypedWords) -> Command | None:
    """Read that somebody has to go, in whatever else they say."""
    padded, pause = f" {smalltalk.plain(text)} ", Command("pause")
    if "?" not in text and any(_exact_command(clause, words) == pause for clause in _PAUSES.split(text)[:MOST_CLAUSES]):
        return pause
    return pause if any(f" {smalltalk.plain(phrase)} " in padded for phrase in words.leaves) else None


def _not_for_me(text: str, words: TypedWords) -> Command | None:
    """Read that the quiz is not for them, or how to leave it, in a clause of what they say."""
    meant = Command("not_for_me")
    clauses = (_AT_ALL.sub("", clause).strip() for clause in _CLAUSES.split(text)[:MOST_CLAUSES])
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
        if name not in ("leaves", "yes", "no", "explain", "sure", "change", "result_terms")
        for phrase in getattr(words, name)
        for plain in spellings(phrase)
    }


def spellings(phrase: str) -> tuple[str, str]:
    """Give the two spellings by which a phrase of TypedWords is known again: as it is, and with words written out."""
    return utils.default_process(phrase), smalltalk.plain(phrase)


def _command(text: str, words: TypedWords) -> Command | None:
    """Read a command with a letter wrong."""
    normalised, phrases = utils.default_process(text), _commands(words)
    if len(normalised) < SHORT:
        return None
    nearest = process.extractOne(normalised, phrases.keys(), scorer=OSA.distance, score_cutoff=1)
    if nearest is None:
        return None
    # Another letter in a short word makes another word, and so does another first letter: "edit" is not "exit".
    has_other_letter = len(normalised) == len(nearest[0]) and sorted(normalised) != sorted(nearest[0])
    is_other_word = has_other_letter and (len(normalised) == SHORT or normalised[0] != nearest[0][0])
    return None if is_other_word else Command(phrases[nearest[0]])


def _term(text: str, glossary: Iterable[Term]) -> Defined | None:
    match = _TERM.fullmatch(text)
    name = utils.default_process(match.group(1)) if match else ""
    if not name:
        return None
    named = {utils.default_process(name): term for term in glossary for name in (term.term, *term.also)}
    nearest = process.extractOne(name, named.keys(), scorer=fuzz.ratio, score_cutoff=SAME)
    return Defined(named[nearest[0]]) if nearest else None


def _about_wording(text: str, question: AnyQuestion, *, answerable: bool) -> Command | None:
    """Read a question about a word of the live question, which is answered as "why" is: by the reason for asking it."""
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


def _guesses(text: str, question: HasChoices, passed_over: frozenset[str]) -> Perhaps | None:
    """Read what may be an answer. A description of work is none to the opening question, whatever words it shares.

    passed_over: choices that were offered before, and not meant.
    """
    described = isinstance(question, Opening) and len(text.split()) > MOST_OF_OPENING and not _OF_OTHERS.search(text)
    if described:
        return None
    if isinstance(question, ReviewQuestion):
        text = _OF_APPOINTMENT.sub(" ", text)
    likely = tuple(choice for choice in guesses(text, question) if choice not in passed_over)
    return Perhaps(question.id, likely) if likely else None
