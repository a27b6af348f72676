"""Candidates and surface -> Answer, Suggestions, NoAnswer or Silence."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from bot.domain.addressed import calls_person, says_you
from bot.domain.contrast import contrast_of
from bot.domain.embeddings import Nearness, SemanticScorer, SemanticScores
from bot.domain.follow_up import says_whom
from bot.domain.matching import QUESTIONS, Candidate, Index, log_odds
from bot.domain.matching_text import Form
from bot.domain.thresholds import (
    ASKING_US,
    QUESTION_TO_US,
    LookWeights,
    QuestionWeights,
    ReplyThresholds,
    SecondThresholds,
)
from bot.domain.two_questions import both_answered, has_two_sides, questions_of

MAX_SUGGESTIONS = 3
MAX_ANSWERS = 2
FOLLOWED_FOR = 1800.0  # seconds after an answer in a direct message in which what is said next may lean on it
AMONG = 40  # candidates among which the entry about a second name is looked for
CONSIDERED = 4  # candidates, so that a second question has some too

# Unprompted, where utterances had a part and only words were looked at. Cautious round values, stricter than our own
# utterances ask for: by authors that were left out, none of 2,610 technical messages is answered and 1.2 % of the hard
# negatives are; of the questions without a name that pass 99 % are right, without LIKE_A_PHRASING as many.
LIKE_A_PHRASING = 0.1  # confidence from the phrasings alone; twice what is suggested where the bot was asked
UNNAMED = 0.95  # confidence from which a question may name no role, company or person
# Confidences, in all and from the phrasings alone, from which a statement is a question. Source: the same authors; of
# statements of which the network was sure by .5 to .8, little more than half were questions (40 of 75), of those by .9
# and more 103 of 110. (By the phrasings alone: as low as is ever suggested.)
TOLD, REMOTELY = 0.9, 0.02
WORDED_ALIKE = 0.95  # confidence from the phrasings alone of what repeats one, but for courtesy and slips

# "and a research engineer?", "what about Meta": what is asked of them was said before.
_ELLIPTIC = re.compile(
    r"\W*(?:(?:and|or)\s+(?!what|why|how|who|which|where|when|is|are|do|does|did|can|should|would|will)\w+"
    r"|(?:what|how)\ about\W+\w+)(?:\W+\w+){0,3}\W*",
    re.IGNORECASE,
)

# "somebody told me you need a PhD, not sure": behind all that is said, it says how to take it. Without a mark or a "but
# I'm" before it, it belongs to what is asked: "what if I'm not sure", "have to be curious".
_TRUE = r"(?: if (?:it|that)(?:['’]s| is) (?:true|right))?"
_NOT_SURE = rf"not (?:really |quite |so |too |entirely )?sure(?: about (?:it|that|this)| though)?{_TRUE}"
_I_AM = r"i(?:['’]m| am)\s+"
_ADVERBS = r"(?:(?:just|really|still|honestly)\s+)*"
_DOUBT = re.compile(
    r"(?:(?:(?:\s*(?:[,.;:…(–—\n]|\s-)|(?<=[?!])\s)[\s,.;:…(–—-]*"
    rf"(?:(?:but|and|so|though)\s+)?(?:{_I_AM})?|\s+(?:but|and|so|though)\s+{_I_AM}|\s+but\s+(?={_ADVERBS}{_NOT_SURE}))"
    rf"{_ADVERBS}(?:{_NOT_SURE}|no idea{_TRUE}"
    r"|wondering|curious|(?:(?:i(?:['’]d| would)|would)\s+)?love to (?:know|hear|see)"
    r"|(?:does )?any(?:one|body) knows?\s*\?*))+"
    r"[\s.…!)]*$",
    re.IGNORECASE,
)
_LONGEST_DOUBT = 120  # characters at the end of a message in which such a doubt is looked for
_BLANKS = re.compile(r"\s{2,}")
_NAMES_BOT = re.compile(r"\brole\s?fit\b|\b(?:the|this|our|slack|hey|hi|hello|dear) (?:slack )?bot\b", re.IGNORECASE)
_OF_PERSON = re.compile(r"\b(?:he|she|him|her|his|hers)\b", re.IGNORECASE)
_COMING_AND_GOING = re.compile(
    r"\b(?:leav(?:e|es|ing)|left|quit(?:s|ting)?|resign(?:s|ed|ing)?|join(?:s|ed|ing)?)\b", re.IGNORECASE
)


class Surface(StrEnum):
    """Where we were spoken to, or where somebody spoke."""

    CHANNEL = "channel"
    THREAD = "thread"
    MENTION = "mention"
    DM = "dm"
    COMMAND = "command"


UNPROMPTED = (Surface.CHANNEL, Surface.THREAD)  # no set: the hash of an enumeration takes longer than two looks


@dataclass(frozen=True)
class Answer:
    """Answer with these entries: one, or two where a message asks two questions, in the order they are asked."""

    entries: tuple[Candidate, ...]


@dataclass(frozen=True)
class Suggestions:
    """Ask whether one of these was meant: one to three candidates, best first."""

    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class NoAnswer:
    """Reply that the bot has no answer to this."""


@dataclass(frozen=True)
class Silence:
    """Do not reply."""


Reply = Answer | Suggestions | NoAnswer | Silence


def reply_to(
    utterance: str,
    surface: Surface,
    index: Index,
    thresholds: ReplyThresholds,
    *,
    after: str | None = None,
    scorer: SemanticScorer | None = None,
) -> Reply:
    """Choose between answering, suggesting, saying that we don't know, and silence.

    utterance: Slack's text of a message, without the bot's own mention. `after` is the entry that the thread was
    answered with before, if it was. Where nobody asked the bot, it answers when it is sure or is silent. `scorer` asks
    the second stage, which takes long: it is called for what is worth it, and may have nothing to say.
    """
    utterance = as_asked(utterance, surface)
    reply_to_text = partial(
        _reply_to_one, surface=surface, index=index, thresholds=thresholds, after=after, scorer=scorer
    )
    whole = reply_to_text(utterance)
    if contrast := contrast_of(utterance):
        whole = of_contrast(whole, reply_to_text(contrast.asked), reply_to_text(contrast.set_aside), surface)
    replies: list[Reply] = []
    for question in questions_apart(utterance, whole, surface):
        reply = _reply_to_one(
            question, surface, index, thresholds, after=answered_before(replies, after), scorer=scorer
        )
        replies.append(reply)
    return of_questions(whole, replies, utterance)


def _reply_to_one(
    utterance: str,
    surface: Surface,
    index: Index,
    thresholds: ReplyThresholds,
    *,
    after: str | None,
    scorer: SemanticScorer | None,
) -> Reply:
    """Choose as `reply_to` does, for a message as a whole."""
    replies: list[Reply] = []
    for text, leant_on in readings_of(utterance, surface, index, after):
        reply, worth = first_reply(text, surface, index, thresholds, after=leant_on)
        scores = scorer(text) if scorer and worth else None
        if scores is not None:
            reply = second_reply(text, surface, index, thresholds, scores, after=leant_on)
        replies.append(reply)
        if isinstance(reply, Answer):
            break
    return likeliest_of(replies)


def readings_of(
    utterance: str, surface: Surface, index: Index, after: str | None
) -> tuple[tuple[str, str | None], ...]:
    """Give the texts that a message is read as, each with the entry that it leans on, the likeliest first.

    "Do they need a PhD?", put to the bot below the answer about AI engineers, asks whether AI engineers do; as it
    stands it is read, too. Not so "could I move into that?", which would be a question about research, and "is he still
    at Meta?", which would be one about Meta.
    """
    in_full = index.in_full(utterance, after) if after is not None and surface not in UNPROMPTED else None
    if in_full is None:
        return ((utterance, after),)
    return ((in_full, None),) if says_whom(utterance) else ((in_full, None), (utterance, after))


def likeliest_of(replies: Sequence[Reply]) -> Reply:
    """Choose among the replies to the readings of a message, likeliest first: one that answers, or else suggests."""
    if len(replies) == 1:  # as of nearly every message
        return replies[0]
    for kind in (Answer, Suggestions):
        if (reply := next((reply for reply in replies if isinstance(reply, kind)), None)) is not None:
            return reply
    return replies[-1]


def questions_apart(utterance: str, whole: Reply, surface: Surface) -> tuple[str, ...]:
    """Give the questions of a message that are looked at one by one, too: where the bot was asked.

    Unprompted, one answer that is not wanted is worse than one that is missing. whole: the reply to all of it. One that
    answers two is left as it is, and so is one whose own wording asks as much.
    """
    if surface in UNPROMPTED:
        return ()
    questions = questions_of(utterance)
    if questions and isinstance(whole, Answer):
        best = whole.entries[0]
        asks_as_much = best.phrased >= WORDED_ALIKE and len(questions_of(best.phrasing)) >= len(questions)
        if asks_as_much or len(whole.entries) >= MAX_ANSWERS:
            return ()
    return questions


def answered_before(replies: Sequence[Reply], after: str | None) -> str | None:
    """Give the entry that the next question of a message leans on: the last answer to one before it, or else `after`.

    replies: to those before it.
    """
    answers = [reply.entries[-1].entry for reply in replies if isinstance(reply, Answer)]
    return answers[-1] if answers else after


def of_questions(whole: Reply, replies: Sequence[Reply], utterance: str) -> Reply:
    """Answer the questions of a message, two at most, where the reply to the whole leaves some out.

    replies: to each by itself, in order; none if they were not looked at. The sides of "SaaS against frontier labs" are
    so short that the only suggestion for one is taken for its answer.
    """
    if not replies:
        return whole
    sides = has_two_sides(utterance)
    answers = [
        offered if isinstance(reply, Answer) or (sides and len(offered) == 1) else ()
        for reply, offered in zip(replies, map(offered_by, replies), strict=True)
    ]
    both = both_answered(whole.entries if isinstance(whole, Answer) else (), answers, MAX_ANSWERS)
    return Answer(both) if both else whole


def is_for_others(reply: Reply, utterance: str, surface: Surface, about_bot: Collection[str]) -> bool:
    """Return whether nobody spoke to the bot, and the answer would be about the bot itself.

    "Where do your answers come from?" in a channel asks a colleague, unless it names the bot. about_bot: the entries
    about it.
    """
    if surface not in UNPROMPTED or not isinstance(reply, Answer):
        return False
    about_it = any(candidate.entry in about_bot for candidate in reply.entries)
    return about_it and _NAMES_BOT.search(utterance) is None


def _is_for_person(reply: Reply, utterance: str, surface: Surface, index: Index) -> bool:
    """Return whether nobody spoke to the bot, and somebody else is asked by name: "Ana, how do you decide that?"."""
    if surface not in UNPROMPTED or not isinstance(reply, Answer):
        return False
    return says_you(utterance) and calls_person(utterance, index.names_term)


def _is_of_something_unsaid(reply: Reply, utterance: str, surface: Surface, index: Index) -> bool:
    """Return whether nobody spoke to the bot, and a company is asked about "it", which others know: "does Meta do it?".

    Below an answer, in the light of which it was read, it is that which was answered.
    """
    if surface not in UNPROMPTED or not isinstance(reply, Answer):
        return False
    return not any(candidate.leans for candidate in reply.entries) and index.asks_name_of_unsaid(utterance)


def as_asked(utterance: str, surface: Surface) -> str:
    """Give what is looked at of a message: to the bot, all but how sure its author is; between others, all of it."""
    return utterance if surface in UNPROMPTED else without_doubt(utterance)


def without_doubt(utterance: str) -> str:
    """Leave out what somebody who speaks to the bot says last of how sure they are: it is about what stands before.

    Read with it, all before would count as the lead to a question that does not come.
    """
    text = _BLANKS.sub(lambda blanks: "\n" if "\n" in blanks[0] else " ", utterance)
    doubt = _DOUBT.search(text, max(0, len(text) - _LONGEST_DOUBT))
    return (text[: doubt.start()] if doubt else "") or utterance


def is_elliptic(utterance: str) -> bool:
    """Return whether a message says no more than whom or what else it asks about: "and a research engineer?"."""
    return _ELLIPTIC.fullmatch(utterance) is not None


def _is_about_person(utterance: str, index: Index) -> bool:
    """Return whether people who talk with each other talk about one of them: "are you at Meta?", "is he still at xAI?".

    The "you" of "what do you need at Meta?" is anybody.
    """
    return index.read(utterance).about_you or _OF_PERSON.search(utterance) is not None


def of_contrast(whole: Reply, asked: Reply, set_aside: Reply, surface: Surface) -> Reply:
    """Choose the reply to a message that sets something aside before it asks, by the replies to it and to its halves.

    What answers that which is set aside, and more surely so than the message, is no answer to it: who has asked the bot
    may still mean it. What answers the other half by itself counts if it is likelier than the answer to all of it,
    whose words it may need.
    """
    if not isinstance(whole, Answer):
        return asked if isinstance(asked, Answer) else whole
    best = whole.entries[0]
    is_set_aside = any(
        candidate.entry == best.entry and candidate.confidence >= best.confidence
        for candidate in (set_aside.entries if isinstance(set_aside, Answer) else ())
    )
    if isinstance(asked, Answer) and (is_set_aside or asked.entries[0].confidence > best.confidence):
        return asked
    if not is_set_aside:
        return whole
    if surface in UNPROMPTED:
        return Silence()
    likely = {candidate.entry: candidate for candidate in (*whole.entries, *offered_by(asked))}
    return Suggestions(tuple(likely.values())[:MAX_SUGGESTIONS])


def offered_by(reply: Reply) -> tuple[Candidate, ...]:
    """Give the entries that a reply answers with or suggests."""
    match reply:
        case Answer(candidates) | Suggestions(candidates):
            return candidates
        case _:
            return ()


def rank(
    utterance: str,
    surface: Surface,
    index: Index,
    thresholds: ReplyThresholds,
    *,
    after: str | None = None,
    scorer: SemanticScorer | None = None,
) -> tuple[Candidate, ...]:
    """Give the candidates that `reply_to` decides by, best first, with those it leaves out because of the thread.

    Behind them comes the one about a second name, if the message asks the same of two. Those of its questions one by
    one, if these are looked at, are ranked among them.
    """
    utterance = as_asked(utterance, surface)
    rank_text = partial(_rank_one, surface=surface, index=index, thresholds=thresholds, after=after, scorer=scorer)
    whole = rank_text(utterance)
    if contrast := contrast_of(utterance):
        whole = _of_halves(whole, rank_text(contrast.asked), rank_text(contrast.set_aside), surface, thresholds)
    questions = questions_apart(utterance, decide_by_bars(whole, surface, thresholds), surface)
    ranked: list[tuple[Candidate, ...]] = []
    replies: list[Reply] = []
    for question in questions:
        candidates = _rank_one(question, surface, index, thresholds, answered_before(replies, after), scorer)
        ranked.append(candidates)
        replies.append(decide_by_bars(candidates, surface, thresholds))
    return _with_questions(whole, ranked)


def _of_halves(
    whole: tuple[Candidate, ...],
    asked: tuple[Candidate, ...],
    set_aside: tuple[Candidate, ...],
    surface: Surface,
    thresholds: ReplyThresholds,
) -> tuple[Candidate, ...]:
    """Give the candidates that `of_contrast` decides by, of a message and of its halves."""
    reply, of_asked, of_set_aside = (
        decide_by_bars(candidates, surface, thresholds) for candidates in (whole, asked, set_aside)
    )
    return asked if of_contrast(reply, of_asked, of_set_aside, surface) is of_asked else whole


def bars_of(ranked: Sequence[Candidate], thresholds: ReplyThresholds) -> ReplyThresholds:
    """Give the thresholds that these candidates, best first, meet: those of the second stage if it had a part."""
    return thresholds.for_second_stage() if ranked and ranked[0].nearness is not None else thresholds


def decide_by_bars(ranked: tuple[Candidate, ...], surface: Surface, thresholds: ReplyThresholds) -> Reply:
    """Decide by the thresholds that these candidates, best first, meet."""
    return decide(ranked, surface, bars_of(ranked, thresholds))


def _rank_one(
    utterance: str,
    surface: Surface,
    index: Index,
    thresholds: ReplyThresholds,
    after: str | None,
    scorer: SemanticScorer | None,
) -> tuple[Candidate, ...]:
    """Rank as `rank` does, for a message as a whole: as it is read where that is answered."""
    readings = readings_of(utterance, surface, index, after)
    ranked = [_rank_reading(text, surface, index, thresholds, leant_on, scorer) for text, leant_on in readings]
    replies = [decide_by_bars(candidates, surface, thresholds) for candidates in ranked]
    return ranked[replies.index(likeliest_of(replies))]


def _rank_reading(
    utterance: str,
    surface: Surface,
    index: Index,
    thresholds: ReplyThresholds,
    after: str | None,
    scorer: SemanticScorer | None,
) -> tuple[Candidate, ...]:
    """Rank as `rank` does, for one reading of a message."""
    ranked = index.rank(utterance, limit=CONSIDERED, after=after, least=_least(surface, thresholds, after))
    scores = scorer(utterance) if scorer and worth_asking(ranked, surface, thresholds) else None
    if scores is not None:
        ranked = index.rank(utterance, limit=CONSIDERED, after=after, semantic=scores)
    both = _both_named(utterance, ranked[0].entry, index, scores) if ranked and index.names_several(utterance) else ()
    ranked_entries = {candidate.entry for candidate in ranked}
    return (*ranked, *(candidate for candidate in both if candidate.entry not in ranked_entries))


def _with_questions(whole: tuple[Candidate, ...], ranked: Sequence[tuple[Candidate, ...]]) -> tuple[Candidate, ...]:
    """Give the candidates for a message and for its questions by themselves, best first, each where it is likelier.

    ranked: for each question, best first. They are numbered on, as questions beside those that the message was read as.
    Without questions the candidates for the message stay as they are.
    """
    likeliest = {candidate.entry: candidate for candidate in whole}
    for number, candidates in enumerate(ranked, QUESTIONS):
        for candidate in candidates:
            if (known := likeliest.get(candidate.entry)) is None or known.confidence < candidate.confidence:
                likeliest[candidate.entry] = replace(candidate, question=number)
    return tuple(sorted(likeliest.values(), key=lambda candidate: -candidate.confidence)) if ranked else whole


def first_reply(
    utterance: str, surface: Surface, index: Index, thresholds: ReplyThresholds, *, after: str | None = None
) -> tuple[Reply, bool]:
    """Choose by the first stage alone, and say whether it is worth asking the second."""
    ranked = _ranked(utterance, surface, index, thresholds, after)
    return _reply(ranked, utterance, surface, index, thresholds), worth_asking(ranked, surface, thresholds)


def second_reply(
    utterance: str,
    surface: Surface,
    index: Index,
    thresholds: ReplyThresholds,
    scores: SemanticScores,
    *,
    after: str | None = None,
) -> Reply:
    """Choose with what the second stage makes of the message."""
    thresholds = thresholds.for_second_stage()
    ranked = _ranked(utterance, surface, index, thresholds, after, scores)
    return _reply(ranked, utterance, surface, index, thresholds, scores)


def _reply(
    ranked: tuple[Candidate, ...],
    utterance: str,
    surface: Surface,
    index: Index,
    thresholds: ReplyThresholds,
    scores: SemanticScores | None = None,
) -> Reply:
    """Choose by the candidates for a message, best first."""
    reply = decide(ranked, surface, thresholds)
    if isinstance(reply, NoAnswer):
        return _of_bare_name(utterance, index) or reply
    if not isinstance(reply, Answer):
        return reply
    reply = _of_all_named(reply, utterance, ranked, surface, index, thresholds, scores)
    is_left_out = (
        is_for_others(reply, utterance, surface, index.about_bot)
        or _is_for_person(reply, utterance, surface, index)
        or _is_of_something_unsaid(reply, utterance, surface, index)
    )
    return Silence() if is_left_out else reply


def _of_bare_name(utterance: str, index: Index) -> Suggestions | None:
    """Suggest the entry about a name, of which "and at Amazon?" asks what nobody has said; None if it says more."""
    about = index.about_bare_name(utterance)
    if about is None:
        return None
    candidates = tuple(candidate for candidate in index.rank(utterance, limit=AMONG) if candidate.entry == about)
    return Suggestions(candidates) if candidates else None


def _of_all_named(
    reply: Answer,
    utterance: str,
    ranked: tuple[Candidate, ...],
    surface: Surface,
    index: Index,
    thresholds: ReplyThresholds,
    scores: SemanticScores | None = None,
) -> Reply:
    """Answer for all that a message names, where the answer alone would leave some out without a word.

    "How do DeepMind and Meta define research engineers?" is answered for DeepMind and for Meta, in the message's order;
    of three or more names the answer stays what it is, as no two can stand for all. "What does an applied scientist do
    that a research scientist does not?" is answered by the entry that compares them, if that may be said as well; of
    two roles that none compares, by the entries about each, in place of one that compares either with a third; of three
    of which an entry compares two, by that and the one about the third.
    """
    if len(reply.entries) > 1 or not index.names_several(utterance):
        return reply
    comparing = index.comparing(utterance, reply.entries[0].entry)
    compared = next((candidate for candidate in ranked if candidate.entry in comparing), None)
    if compared and isinstance(answer := decide((compared,), surface, thresholds), Answer):
        return answer
    both = _both_named(utterance, reply.entries[0].entry, index, scores)
    return Answer(both) if both else reply


def _both_named(utterance: str, entry: str, index: Index, scores: SemanticScores | None) -> tuple[Candidate, ...]:
    """Give the candidates for the two names or roles that a message asks the same of, in its order; else none.

    entry: about one of them, or one that the message sets aside, so that the one it names instead is given alone.
    """
    both = index.same_of_names(utterance, entry) or index.apart(utterance, entry)
    compares_more = not both and bool(both := index.with_left_out(utterance, entry))
    if both in ([], [entry]) or len(both) > MAX_ANSWERS:
        return ()
    candidates = {candidate.entry: candidate for candidate in index.rank(utterance, limit=AMONG, semantic=scores)}
    for left_out in set(both) - candidates.keys() if compares_more else ():  # beside a comparison it is hardly likely
        candidates |= {candidate.entry: candidate for candidate in index.rank(index.question(left_out), limit=1)}
    return tuple(candidates[entry] for entry in both) if candidates.keys() >= set(both) else ()


def worth_asking(ranked: tuple[Candidate, ...], surface: Surface, thresholds: ReplyThresholds) -> bool:
    """Return whether the second stage is to be asked about a message with these candidates.

    Where the bot was asked, always; unprompted only where the first stage sees a chance, so that most chatter
    costs no more than that.
    """
    if always_worth_asking(surface, thresholds):
        return True
    second = thresholds.second
    return second is not None and bool(ranked) and worth_a_second_look(ranked[0], second)


def always_worth_asking(surface: Surface, thresholds: ReplyThresholds) -> bool:
    """Return whether the second stage is to be asked about every message to this surface."""
    return thresholds.second is not None and surface not in UNPROMPTED


def worth_a_second_look(best: Candidate, second: SecondThresholds) -> bool:
    """Return whether the best candidate of the first stage reaches the bar of SecondThresholds."""
    return odds_of_look(best, second.look) >= log_odds(second.worth_named if best.names else second.worth)


def odds_of_look(best: Candidate, weights: LookWeights) -> float:
    """Give the log-odds that the second stage is worth asking, by the first stage's best candidate."""
    odds = weights.bias + log_odds(best.confidence) + (weights.question if best.form is Form.QUESTION else 0.0)
    return odds + _odds_of_extent(best, weights)


def _odds_of_extent(candidate: Candidate, weights: LookWeights | QuestionWeights) -> float:
    """Give what the length of a message, and how much of it is known, add to the log-odds."""
    known_words, field, length = candidate.extent
    return weights.known_words * known_words + weights.field * field + weights.length * length


def _ranked(
    utterance: str,
    surface: Surface,
    index: Index,
    thresholds: ReplyThresholds,
    after: str | None,
    scores: SemanticScores | None = None,
) -> tuple[Candidate, ...]:
    """Rank the entries for a message. after: the entry that was the last answer, which a follow-up refers to.

    Empty where nobody asked the bot and the message says too little without a last answer, is about somebody who talks,
    or would get the same answer again. "And a research engineer?" that would get the same answer again is read as a
    question about that role alone.
    """
    prompted = surface not in UNPROMPTED
    if not prompted and after is None and is_elliptic(utterance):
        return ()
    leant_on = after
    if not prompted and after is not None and index.follows(utterance):
        if _is_about_person(utterance, index):
            return ()
        leant_on = None if _COMING_AND_GOING.search(utterance) else after
    least = _least(surface, thresholds, after) if scores is None else None
    ranked = index.rank(utterance, limit=CONSIDERED, after=leant_on, semantic=scores, least=least)
    if prompted and ranked and ranked[0].entry == after and ranked[0].leans and not is_elliptic(utterance):
        # Only the words of the last question make it the same one: "should I let go my researchers?".
        ranked = index.rank(utterance, limit=CONSIDERED, semantic=scores)
    if after is None or not ranked or ranked[0].entry != after:
        return ranked
    own = index.about_role(utterance) if is_elliptic(utterance) else None
    if own is None or own == after:
        return ranked if prompted else ()
    # As a question about that role alone: read so in the light of the answer before it, or, where asked, by itself.
    readings = [candidate for candidate in ranked if candidate.leans or prompted]
    if prompted:
        readings += index.rank(utterance, limit=CONSIDERED, semantic=scores)
    about_role = next((candidate for candidate in readings if candidate.entry == own), None)
    if about_role and about_role.confidence >= thresholds.maybe:
        return (about_role,)
    return ranked if prompted else ()


def _least(surface: Surface, thresholds: ReplyThresholds, after: str | None) -> float | None:
    """Give what the words of a message must score for its phrasings to be looked at; None if they always are."""
    return thresholds.in_scope if after is None and surface in UNPROMPTED else None


def decide(ranked: tuple[Candidate, ...], surface: Surface, thresholds: ReplyThresholds) -> Reply:
    """Turn candidates, best first, into a reply.

    Unprompted, a statement gets no answer; neither does a fragment of one word ("frameworks" may mean anything), nor
    a question for a person, a place, a time or a number that the entry does not deal with. A message with two
    questions gets two answers.
    Source: a threshold and a gap to the runner-up, as in Rasa's FallbackClassifier.
    """
    prompted = surface not in UNPROMPTED
    sure: dict[int, Candidate] = {}
    for question in sorted({candidate.question for candidate in ranked}):
        best, *others = [candidate for candidate in ranked if candidate.question == question]
        ahead = best.confidence - (others[0].confidence if others else 0.0) >= thresholds.gap
        enough = thresholds.follow_up if best.leans else thresholds.sure
        unprompted = best.confidence >= enough and answerable(best, thresholds.second)
        # What it says unprompted it says when asked, too.
        if ahead and (unprompted or (prompted and best.confidence >= thresholds.asked)):
            sure[question] = best
    if sure:
        return Answer(tuple(sure.values())[:MAX_ANSWERS])
    if not prompted:
        return Silence()
    likely = tuple(candidate for candidate in ranked if candidate.confidence >= thresholds.maybe)
    return Suggestions(likely[:MAX_SUGGESTIONS]) if likely else NoAnswer()


def answerable(candidate: Candidate, second: SecondThresholds | None = None) -> bool:
    """Return whether it was put so that it may be answered though nobody asked the bot.

    second: has the weights and the bar for what the second stage was asked about.

    "what about Meta?" names a company and asks nothing of it, unless its thread says what. Where utterances had a part
    in the confidence, the question must name a role, a company or a person, or sound like a phrasing and be all but
    certain: what is learnt from words alone may mistake everyday chatter for a question. So must what is told rather
    than asked. Where the second stage was asked, what the embedding says counts, which tells chatter and statements
    apart far better than words do.
    """
    if candidate.nearness is not None and not candidate.leans:
        weights, least = (second.to_us, second.question) if second else (ASKING_US, QUESTION_TO_US)
        return odds_of_question(candidate, candidate.nearness, weights) >= least
    if candidate.learnt and not candidate.leans:
        if candidate.form is Form.STATEMENT:
            return candidate.names and candidate.confidence >= TOLD and candidate.phrased >= REMOTELY
        if candidate.names:
            return asks_of_names(candidate)
        return candidate.phrased >= LIKE_A_PHRASING and candidate.confidence >= UNNAMED
    if candidate.particular or candidate.form is Form.STATEMENT:
        return False
    why = candidate.why()
    enough = why.telling > 1 or candidate.form is Form.QUESTION
    return enough and (why.telling > why.names or candidate.leans)


def odds_of_question(candidate: Candidate, nearness: Nearness, weights: QuestionWeights) -> float:
    """Give the log-odds that it is a question to us rather than everyday talk."""
    odds = weights.bias + weights.confidence * log_odds(candidate.confidence)
    odds += weights.near * nearness.known + weights.declined * nearness.declined
    odds += weights.answerable * nearness.answerable
    odds += weights.question if candidate.form is Form.QUESTION else 0.0
    odds += weights.statement if candidate.form is Form.STATEMENT else 0.0
    odds += _odds_of_extent(candidate, weights)
    return odds + (weights.names if asks_of_names(candidate) else 0.0)


def asks_of_names(candidate: Candidate) -> bool:
    """Return whether it names a role, a company or a person and says more than names: "what about Meta?" does not."""
    if not candidate.names:
        return False
    why = candidate.why()
    return why.telling > why.names or len(why.matched) > 1
