"""What somebody types is read in time that grows with its length, and no faster: the event loop waits for it."""

import time
from collections.abc import Callable, Sequence
from itertools import pairwise, product

import pytest

from bot.domain import faq, quiz, smalltalk, typed
from bot.domain.actions import Answer, Change
from bot.domain.addressed import calls_person
from bot.domain.asked_back import asks_for_role, asks_what_is_meant
from bot.domain.asked_choices import asked_choices, read_unsure_pick
from bot.domain.faq import Surface
from bot.domain.gaps import readable
from bot.domain.matching_text import MAX_CHARACTERS
from bot.domain.matching_text import read as sentences
from bot.domain.one_choice import read_choice, read_choice_of_degree
from bot.domain.own_words import asks, asks_about_roles, asks_for_other_answers, guesses
from bot.domain.quiz_run import Run
from bot.domain.reply import read, read_again
from bot.domain.result_question import about_result
from bot.domain.review import review_question
from bot.domain.two_choices import bare_letters, is_both, read_halves, read_hedged, read_more_or_less
from bot.knowledge import Library
from bot.slack.text import begins_with_mention, quoted_in_portions, without_mention
from tests.conftest import THOROUGH

# What is repeated: signs, Slack's markup, letters, and words that the readers look for.
UNITS = (
    *"?!.-–…,()#&/*_~`\"“'’<;:@1aé\u200b\n",
    *("&lt;", "<@U1>", "<@", "<!", "<https:", "<https://a.b|", "> ", ":a:", "a.", "a'", "x-", "`a", '"a ', "- ", ". a"),
    *("a ", "b ", "1 ", "1b, ", "50/50 ", "half ", "half a ", "both ", "also b ", "some a, ", "maybe ", "mostly "),
    *("and ", "or ", "not ", "no ", "to ", "the ", "is ", "i ", "i can ", "me ", "my ", "so ", "so far ", "for me "),
    *("what ", "who ", "how ", "why ", "what does ", "mean ", "really ", "about ", "i think ", "question ", "number "),
    *("and what is it ", "what is it and who is it and "),
    *(" ", ", ", "... ", "is it ", "not sure, "),
    *("delete ", "forget ", "change 1 to ", "who can see ", "did ana ", "answers ", "please ", "thanks ", "you are "),
    *("am i a researcher ", "wondering ", "thank you ", "difference between ", "because ", "research scientist "),
)
HEADS = ("", "what does ", "i ")
TAILS = ("", "x", " zz?")
LENGTHS = tuple(MAX_CHARACTERS // part for part in (64, 32, 16, 8, 4, 2, 1))
TIMES = 7  # that what looks slow is measured at most: whoever else runs makes any one text look so
LINEAR = 3  # times as long for twice the text: 2 and some noise; what is quadratic takes 4 times as long

Reader = Callable[[str], object]


def readers(library: Library) -> dict[str, Reader]:
    """Give all that reads what people type, ready to be called with it."""
    words, talk = library.words.typed, library.words.talk
    begun = quiz.apply(quiz.begin(library.quiz), Answer(prompt=1, question="purpose", choices=("own",))).run
    done = _finished(library)
    question, first = library.quiz.questions[0], library.quiz.questions[0].id
    asked = quiz.apply(quiz.begin(library.quiz), Change(question=first)).run
    roles = [role.name for role in library.quiz.roles]
    return {
        "reply": lambda text: read(text, begun, words, aside=smalltalk.read(text, talk)),
        "reply below a result": lambda text: read(
            text, done, words, review=review_question(library.quiz, library.tables["roles"])
        ),
        "reply, edited": lambda text: read_again(text, asked, [first]),
        "asked back": lambda text: (asks_what_is_meant(text), asks_for_role(text, roles)),
        "about the result": lambda text: about_result(text, done, words),
        "one choice": lambda text: (read_choice(text, question), read_choice_of_degree(text, question)),
        "asked choices": lambda text: (asked_choices(text, question), read_unsure_pick(text, question)),
        "a doubt": faq.without_doubt,
        "called by name": lambda text: calls_person(text, library.index.names_term),
        "two choices": lambda text: (
            read_halves(text, question), read_more_or_less(text, question), read_hedged(text, question),
            is_both(text), bare_letters(text),
        ),
        "own words": lambda text: (
            asks(text), asks_about_roles(text, library.quiz), asks_for_other_answers(text, answerable=False),
            guesses(text, question),
        ),
        "as typed": typed.plain,
        "small talk": lambda text: (smalltalk.read(text, talk), smalltalk.bare(text)),
        "sentences": sentences,
        "an entry": lambda text: faq.reply_to(text, Surface.MENTION, library.index, library.thresholds),
        "a follow-up": lambda text: library.follows(text, prompted=True),
        "known not to be answered": library.decoys.recognise,
        "language": library.language.identify,
        "gap": readable,
        "mention": lambda text: (without_mention(text, "U1"), begins_with_mention(text, "U1")),
        "quotation": lambda text: quoted_in_portions(text, 2_900),
    }  # fmt: skip


def _finished(library: Library) -> Run:
    """Give a round with its result."""
    run = quiz.apply(quiz.begin(library.quiz), Answer(prompt=1, question="purpose", choices=("own",))).run
    while run.asking is not None:
        question = run.quiz.question(run.asking.question)
        given = Answer(prompt=len(run.prompts), question=question.id, choices=(question.choices[0].id,))
        run = quiz.apply(run, given).run
    assert run.recommendation is not None
    return run


def seconds(reader: Reader, text: str) -> float:
    """Give what it takes to read a text: of this thread's own time, whatever else runs."""
    start = time.thread_time()
    reader(text)
    return time.thread_time() - start


def grows_too_fast(times: Sequence[float]) -> bool:
    """Say whether a text twice as long takes much more than twice as long, and one twice as long as that, too.

    Once may be a step, such as from a text that is small talk to one that is too long for it.
    """
    growth = [longer / shorter for shorter, longer in pairwise(times)]
    return any(min(two) >= LINEAR for two in pairwise(growth))


def is_slow(reader: Reader, head: str, unit: str, tail: str) -> bool:
    """Say whether texts of something repeated take ever longer; stops at the first that shows it, before minutes go by.

    Each counts with the shortest time that it has taken, for nothing makes one take less than it does.
    """
    texts, times = list[str](), list[float]()
    for length in LENGTHS:
        texts.append(head + unit * ((length - len(head) - len(tail)) // len(unit)) + tail)
        times.append(seconds(reader, texts[-1]))
        for _ in range(TIMES):
            if not grows_too_fast(times):
                break
            times = [min(before, seconds(reader, text)) for before, text in zip(times, texts, strict=True)]
        else:
            return True
    return False


NAMES = (
    "reply", "reply, edited", "asked back", "about the result", "one choice", "asked choices", "two choices",
    "own words", "as typed", "small talk", "sentences", "an entry", "a doubt", "called by name", "a follow-up",
    "known not to be answered", "language", "gap", "mention", "quotation",
    *(["reply below a result"] if THOROUGH else []),
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_what_is_twice_as_long_takes_about_twice_as_long_to_read(library: Library, name: str):
    reader = readers(library)[name]
    reader("what is a member of technical staff?")  # what is prepared once

    repeated = product(HEADS if THOROUGH else HEADS[:1], UNITS, TAILS if THOROUGH else TAILS[:2])
    assert not [parts for parts in repeated if is_slow(reader, *parts)]
