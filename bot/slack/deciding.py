"""What to say to a message, as the message itself tells; needs the knowledge and nothing else."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bot.domain import faq, smalltalk
from bot.domain.below_answer import asks_of_above, asks_only_why, reply_below
from bot.domain.faq import UNPROMPTED, WORDED_ALIKE, Answer, NoAnswer, Silence, Suggestions, Surface
from bot.domain.follow_up import asks_of_person, says_whom, with_names_of_roles
from bot.domain.matching import Candidate
from bot.domain.matching_text import Form
from bot.domain.meanings import Place
from bot.domain.named_groups import asks_for_others, names_nobody, with_name_of_group
from bot.domain.reply_kinds import ANSWER, HELLO, NOT_ANSWERED, ONLY_ENGLISH, SUGGEST, TALK, UNKNOWN
from bot.knowledge import Library
from bot.second_stage import SecondStage

ABOVE = "above"  # the name in words.yaml of what is said where an answer that stands above is all that there is
OFFERED = "offered"  # the same of why questions were suggested, to “why?” below them
WHICH_ONE = "which_one"  # the same, where one of those is asked about that the answer above is about
OF_WHOM = "of_whom"  # the same, to who asks about “him” where nobody was spoken of
TO_QUESTIONS = frozenset(
    {ABOVE, WHICH_ONE, OF_WHOM, OFFERED}
)  # names of talk that reply to questions about the subject
OPEN = (UNKNOWN, SUGGEST)  # replies to what no entry answers for certain
CERTAINLY_TALK = 0.9  # confidence from which something is talk although there is another reply to it
_preparing = ThreadPoolExecutor(1, thread_name_prefix="preparing")  # one, so that nobody prepares the same twice


@dataclass(frozen=True)
class PlannedReply:
    """A decision to reply, as plain data: what kind of reply, and the ids of its entries."""

    kind: str
    entries: tuple[str, ...] = ()


async def decide(
    text: str, surface: Surface, library: Library, second: SecondStage | None, after: str | None = None
) -> PlannedReply | None:
    """Ask the domain what to say to a message; None is silence. `after` is what its thread was answered with.

    Who speaks to the bot gets a reply to small talk as well, and is told what is known not to be answered. What is in
    another language that the bot recognises has no answer, whatever its words resemble.
    """
    prompted, talk = surface not in UNPROMPTED, library.words.talk
    if prompted:
        await prepare_talk(library)
    if prompted and (reply_by_form := _by_form(text, after, library)):
        return reply_by_form
    of_above = prompted and after is not None and asks_of_above(text)
    if prompted and not of_above and (intent := smalltalk.read(text, talk)):
        return _to_talk(intent, library)
    planned = await _decide_question(text, surface, library, second, after, of_above=of_above)
    return await _or_talk(planned, text, library, second) if prompted else planned


def _to_talk(intent: str, library: Library) -> PlannedReply | None:
    return PlannedReply(TALK, (intent,)) if library.words.talk.of(intent).reply else None


async def _or_talk(
    planned: PlannedReply | None, text: str, library: Library, second: SecondStage | None
) -> PlannedReply | None:
    """Reply to small talk that is like no phrase, by its meaning, where no entry answers it, or hardly.

    planned: the reply to it as a question. What is said of an answer above, and of what is known not to be answered,
    stands unless it is all but certain that it is talk.
    """
    if planned is None or second is None or planned.kind == ONLY_ENGLISH:
        return planned
    intent = await second.meant(text, Place.TALK, library)
    # Who asks something and hears nothing is worse off than with "I don't know that one".
    open_to_talk = planned.kind in OPEN and intent is not None and library.words.talk.of(intent).reply is not None
    if not open_to_talk:
        intent = await second.meant(text, Place.TALK, library, CERTAINLY_TALK)
    if intent is None and planned.kind == UNKNOWN:
        return PlannedReply(UNKNOWN, await second.maybe_meant(text, Place.TALK, library))
    return _to_talk(intent, library) if intent else planned


async def _decide_question(
    text: str, surface: Surface, library: Library, second: SecondStage | None, after: str | None, *, of_above: bool
) -> PlannedReply | None:
    """Decide as `decide` does about what is no small talk. of_above: it asks for more of the answer `after`."""
    prompted = surface not in UNPROMPTED
    text = _as_asked(text, surface, after)
    after = after if of_above else await _leaning(text, library, after)
    if after is not None and (asked := library.of_named_role(text, after)):
        return await _of_named_role(asked, after, library, prompted=prompted)
    if prompted and after is not None and (asked := library.index.difference_in_full(text, after)):
        reply = await _reply_to(asked, surface, library, second, None)
    else:
        reply = await _reply_to(text, surface, library, second, after)
    # Looked for last: nearly all that is said in channels gets silence in any language.
    if not isinstance(reply, Silence) and (language := library.language.identify(text)):
        return PlannedReply(ONLY_ENGLISH, (language.value,)) if prompted else None
    if prompted:
        await prepare_decoys(library)
    if prompted and after is not None:
        return _planned_below(reply, text, after, library)
    if isinstance(reply, Answer):
        await prepare_talk(library)
    of_whom = _of_whom(reply, text, library) if prompted else None
    return of_whom or _planned(reply, text, library, prompted=prompted)


def _as_asked(text: str, surface: Surface, after: str | None) -> str:
    """Give what a message asks, and of "and the science folks?" below an answer the role that these have."""
    text = faq.as_asked(text, surface)
    if after is None or surface in UNPROMPTED:
        return text
    text = with_name_of_group(text)
    return with_names_of_roles(text) if faq.is_elliptic(text) else text


async def _reply_to(
    text: str, surface: Surface, library: Library, second: SecondStage | None, after: str | None
) -> faq.Reply:
    """Ask the second stage what to say to a message, or the first alone where there is none."""
    if second is None:
        return faq.reply_to(text, surface, library.index, library.thresholds, after=after)
    return await second.reply_to(text, surface, library, after)


def _by_form(text: str, after: str | None, library: Library) -> PlannedReply | None:
    """Reply to what says nothing, and to "and the others?"; None for all else.

    The others are in the overview of those of whom the entry `after` is about one, if there is one.
    """
    if not text.strip("?! \n"):  # a mention alone, or "?"
        return PlannedReply(HELLO)
    if not (names_nobody(text) or (after is not None and asks_for_others(text))):
        return None
    entry = library.entry(after) if after is not None else None
    if entry is None:
        return PlannedReply(TALK, (OF_WHOM,))
    overview = library.overview_of(entry.id)
    return PlannedReply(ANSWER, (overview,)) if overview else PlannedReply(TALK, (ABOVE,))


def _of_whom(reply: faq.Reply, text: str, library: Library) -> PlannedReply | None:
    """Ask whom "is he wrong?" is about, where nobody was spoken of; None for what names somebody, or has an answer."""
    if isinstance(reply, Answer) or not asks_of_person(text) or library.index.names_any(text):
        return None
    return PlannedReply(TALK, (OF_WHOM,))


async def _of_named_role(asked: str, after: str, library: Library, *, prompted: bool) -> PlannedReply | None:
    """Reply to "and AI engineers?" below an answer on another role, or on them all; asked: that question about these.

    Where no other entry says it, what there is stands in the answer above. Looking at all wordings, which takes 20 ms
    the first time, holds up nobody.
    """
    if entry := await asyncio.to_thread(library.saying_of_role, asked, after):
        return PlannedReply(ANSWER, (entry,))
    return PlannedReply(TALK, (ABOVE,)) if prompted else None


async def prepare_decoys(library: Library) -> None:
    """Have ready what recognises questions that are known not to be answered, and hold up nobody for it.

    It takes half a second, once, and only who speaks to the bot needs it.
    """
    await _prepare(library, "decoys")


async def prepare_talk(library: Library) -> None:
    """Have ready what reads small talk, and hold up nobody for it: it takes half a second, once."""
    await _prepare(library, "talk_is_ready")


async def prepare_received(library: Library) -> None:
    """Have ready what reads questions about a shared result or a comparison, and hold up nobody for it."""
    await _prepare(library, "received_is_ready")


async def _prepare(library: Library, name: str) -> None:
    """Have a cached property of a library ready, made in a thread if it is not there yet."""
    if name not in vars(library):
        await asyncio.get_running_loop().run_in_executor(_preparing, getattr, library, name)


async def _leaning(text: str, library: Library, after: str | None) -> str | None:
    """Give the entry that a message leans on, as `Library.leaning` does, and hold up nobody for what that needs."""
    if after is None:
        return None
    await prepare_decoys(library)
    return library.leaning(text, after)


async def rank(
    text: str, surface: Surface, library: Library, second: SecondStage | None, after: str | None = None
) -> tuple[Candidate, ...]:
    """Give the candidates that `decide` decides by, best first, as the domain's `rank` does."""
    text = _as_asked(text, surface, after)
    after = await _leaning(text, library, after)
    asked = library.of_named_role(text, after)
    if asked is None and after is not None:
        asked = library.index.difference_in_full(text, after)
    if asked:
        text, after = asked, None
    if second is None:
        return faq.rank(text, surface, library.index, library.thresholds, after=after)
    return await second.rank(text, surface, library, after)


def _planned(reply: faq.Reply, text: str, library: Library, *, prompted: bool) -> PlannedReply | None:
    """Turn the domain's reply to a message in English into a PlannedReply; None for silence."""
    match reply:
        case Answer([best]) if prompted and best.phrased < WORDED_ALIKE and library.decoys.worded(text):
            return _not_answered(text, (best.entry,), library)
        case Answer(entries) if prompted or not smalltalk.read(text, library.words.talk):
            return PlannedReply(ANSWER, tuple(candidate.entry for candidate in entries))
        case Suggestions(candidates):
            suggested = tuple(candidate.entry for candidate in candidates)
            return _not_answered(text, suggested, library) or PlannedReply(SUGGEST, suggested)
        case NoAnswer():
            return _not_answered(text, (), library) or PlannedReply(UNKNOWN)
        case Answer() | Silence():  # to small talk nothing is said unasked
            return None


def _planned_below(reply: faq.Reply, text: str, after: str, library: Library) -> PlannedReply | None:
    """Turn the domain's reply to a message below the answer `after` into a PlannedReply, where the bot was asked."""
    index = library.index
    answered = [candidate.entry for candidate in reply.entries] if isinstance(reply, Answer) else []
    is_said = answered == [after] and index.difference_in_full(text, after) is not None
    # "Why did he do that?", below an answer about him, may be what another entry says.
    only_why = asks_only_why(text) and not (answered and says_whom(text))
    if is_said or only_why or (asks_of_above(text) and not answered):
        return PlannedReply(TALK, (ABOVE,))
    if not isinstance(reply, Answer) and index.asks_of_one(text, after):
        return PlannedReply(TALK, (WHICH_ONE,))
    below = reply_below(reply, text, after, index, library.entries[after].answer)
    in_full = index.in_full(text, after) or text
    if below is not None:
        return _planned(below, in_full, library, prompted=True)
    is_open = isinstance(reply, Suggestions | NoAnswer) and not index.is_bare(text)
    return (_not_answered(in_full, (), library) if is_open else None) or PlannedReply(TALK, (ABOVE,))


def asks(text: str, library: Library) -> bool:
    """Say whether any sentence of a message is put as a question."""
    return any(sentence.form is Form.QUESTION for sentence in library.index.read(text).sentences)


def _not_answered(text: str, suggested: tuple[str, ...], library: Library) -> PlannedReply | None:
    """Say what is known not to be answered, with what may be meant all the same."""
    name = library.decoys.recognise(text)
    decoy = library.decoy(name) if name else None
    return PlannedReply(NOT_ANSWERED, (decoy.id, *(decoy.offers or suggested))) if decoy and decoy.reply else None
