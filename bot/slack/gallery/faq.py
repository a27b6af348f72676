"""Answers, suggestions and other replies, what is below them and what comes of that, and manners in a channel."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product

from bot.domain.content import Entry
from bot.domain.language import Language
from bot.domain.manners import Mode
from bot.domain.why import Certainty, Explanation
from bot.knowledge import Library
from bot.slack import blocks, feedback_blocks, manners_blocks, maybe_meant
from bot.slack.answer_controls import AboutAnswer, Reason, private_place
from bot.slack.feedback_work import NOT_HELPFUL
from bot.slack.gallery.rendering import ASKED, LINK, USER, Rendering
from bot.slack.pieces import Message, joined
from bot.slack.text import fill, mention
from bot.storage import ChannelSettings


def answers(library: Library) -> Iterator[Rendering]:
    """Give the answer of every entry, posted and in place of the buttons that one person saw."""
    for entry in library.entries.values():
        yield Rendering(f"answer {entry.id}", partial(blocks.answers, [entry], library))
        yield Rendering(f"answer {entry.id} to a suggestion", partial(blocks.taken, entry, library))


def pairs(library: Library) -> Iterator[Rendering]:
    """Give answers of two entries at once: each entry first and second, those with tables together, the two longest."""
    entries = list(library.entries.values())
    quoting = [entry for entry in entries if entry.excerpt]
    longest = sorted(entries, key=lambda entry: len(entry.answer))[-2:]
    both = dict.fromkeys(
        (first.id, second.id)
        for group in (entries, quoting, longest)
        for first, second in zip(group, [*group[1:], *group[:1]], strict=True)
        if first != second
    )
    for names in both:
        pair = [library.entries[name] for name in names]
        yield Rendering(f"answers {' and '.join(names)}", partial(blocks.answers, pair, library))


def suggestions(library: Library) -> Iterator[Rendering]:
    """Give suggestions of each entry alone, and of every three in a row."""
    entries = list(library.entries.values())
    for offered in [*([entry] for entry in entries), *_in_a_row(entries, 3)]:
        names = ", ".join(entry.id for entry in offered)
        yield Rendering(f"suggestion of {names}", partial(blocks.suggestions, offered, library))


def _in_pairs(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    return zip(names, [*names[1:], *names[:1]], strict=True)


def _unknown_or_talk(names: Sequence[str], library: Library) -> Message:
    return maybe_meant.unknown(names, library) or blocks.unknown(library)


def _in_a_row(entries: Sequence[Entry], count: int) -> Iterator[list[Entry]]:
    return (list(entries[at : at + count]) for at in range(len(entries) - count + 1))


def replies(library: Library) -> Iterator[Rendering]:
    """Give replies that are no answer: to small talk, to what is known not to be answered, and to anything else."""
    yield Rendering("unknown question", partial(blocks.unknown, library))
    yield Rendering("unknown question within a round", partial(blocks.unknown, library, in_round=True))
    yield Rendering("unknown question in a thread", partial(blocks.unknown, library, below=True))
    examples = [name for name in library.words.talk.names if library.words.talk.of(name).example]
    for pair in _in_pairs(examples):
        name = f"unknown question that may be about {' or '.join(pair)}"
        yield Rendering(name, partial(_unknown_or_talk, pair, library))
    yield Rendering("another unknown question", partial(blocks.unknown, library, repeated=True))
    for link in (LINK, None):
        name = "message for who has shared a result" + ("" if link else ", without a link")
        yield Rendering(name, partial(blocks.for_sender, USER, link, library))
    yield Rendering("greeting", partial(blocks.hello, library))
    yield Rendering("usage", partial(blocks.usage, library))
    argument = "<!channel> & " * 100
    yield Rendering("usage after an unknown word", partial(blocks.usage, library, argument))
    for intent in library.words.talk.phrases:
        talk = library.words.talk.of(intent)
        if talk.reply:
            begins = talk.begins
            yield Rendering(f"small talk {intent}", partial(blocks.talk, talk.reply, library, begins=begins))
        if talk.reply and talk.person:
            yield from _ways_to_person(f"small talk {intent}", blocks.talk(talk.reply, library), library)
        if talk.in_quiz:
            yield Rendering(f"small talk {intent} in the quiz", partial(blocks.say, talk.in_quiz))
        if talk.below_result:
            yield Rendering(f"small talk {intent} below a result", partial(blocks.say, talk.below_result))
    for language in Language:
        yield Rendering(f"only English, in {language}", partial(blocks.only_english, language, library))
    entries = list(library.entries.values())
    for decoy in library.not_answered:
        for near in (entries[:count] for count in (0, 1, 3) if decoy.reply):
            name = f"not answered {decoy.id}, {len(near)} suggested"
            yield Rendering(name, partial(blocks.not_answered, decoy.reply or "", near, library))


def posted(library: Library) -> Iterator[Rendering]:
    """Give answers and suggestions as they are posted, with the buttons below them."""
    entries = list(library.entries.values())
    for shown in [*([entry] for entry in entries), *_in_a_row(entries, 2)]:
        names, unasked = " and ".join(entry.id for entry in shown), len(shown) == 1
        render = partial(feedback_blocks.answer, shown, ASKED, library, unasked=unasked)
        yield Rendering(f"answer{'' if unasked else 's'} {names}, posted", render)
        yield Rendering(f"answers {names}, posted where somebody asked for it", partial(render, unasked=False))
    unnamed = entries[0].model_copy(update={"owner": "U0123456789"})
    render = partial(feedback_blocks.answer, [unnamed], ASKED, library, unasked=True)
    yield Rendering("answer of an owner without a name, posted", render)
    groups = [*([entry] for entry in entries), *_in_a_row(entries, 3)]
    for offered, reply in product(groups, ("", "Not <that>, & so on")):
        names = ", ".join(entry.id for entry in offered)
        suggested = partial(feedback_blocks.suggestions, offered, ASKED, library, revision=ASKED, reply=reply)
        yield Rendering(f"suggestion of {names}, posted{' instead of an answer' if reply else ''}", suggested)
        if not reply:
            yield Rendering(f"suggestion of {names}, posted again", partial(suggested, repeated=True))


def no_answers(library: Library) -> Iterator[Rendering]:
    """Give what says that there is no answer, where there is a person to ask."""
    yield Rendering("unknown question, or a person", lambda: _or_person(blocks.unknown(library), library))


def _ways_to_person(name: str, reply: Message, library: Library) -> Iterator[Rendering]:
    """Give a reply with each way in which a person can be reached."""
    for can_ask, support in product((True, False), (None, "help@example.com")):
        ways = partial(feedback_blocks.how_to_reach_person, reply, ASKED, library, can_ask=can_ask, support=support)
        yield Rendering(f"{name}, {'a' if can_ask else 'no'} person to ask, support {support}", ways)


def _or_person(reply: Message, library: Library) -> Message:
    return feedback_blocks.or_ask_person(reply, ASKED, library)


def feedback(library: Library) -> Iterator[Rendering]:
    """Give what comes of the buttons below an answer."""
    entry, other = list(library.entries.values())[:2]
    about, words = AboutAnswer(ASKED, ASKED, entry.id), library.words.feedback
    for person in (True, False):
        offers = ", with a person to ask" if person else ""
        for render in (feedback_blocks.none_taken, feedback_blocks.what_was_wrong, feedback_blocks.reason_taken):
            yield Rendering(f"{render.__name__}{offers}", partial(render, about, library, person=person))
    for chosen in ([entry], [entry, other]):
        name = " and ".join(answered.id for answered in chosen)
        yield Rendering(f"why {name} was chosen", partial(feedback_blocks.why_chosen, chosen, library))
    yield Rendering("link to an answer above", partial(feedback_blocks.answered_above, LINK, library))
    yield Rendering("window for a comment", partial(feedback_blocks.comment_view, "C" * 11, ASKED, library))
    reasons = (None, NOT_HELPFUL, *Reason)
    for about_entry, reason, link in product((entry, None), reasons, (LINK, None)):
        ask = partial(feedback_blocks.help_request, USER, link, about_entry, reason, library)
        name = f"help with {about_entry.id if about_entry else 'nothing'}, {reason}, {'a link' if link else 'no link'}"
        for in_dm in (True, False):
            yield Rendering(f"{name}{' to one person' if in_dm else ''}", partial(ask, in_dm=in_dm))
        yield Rendering(f"{name}, answered", partial(ask, in_dm=False, resolved_by=USER))
    for reply, question in product((LINK, None), (LINK, None)):
        name = f"news of {'a reply' if reply else 'help'}, {'with' if question else 'without'} the question"
        yield Rendering(name, partial(feedback_blocks.help_news, USER, reply, question, library))
    asked_whom = fill(words.person_asked, whom=mention(USER))
    yield Rendering("note that a person was asked", partial(blocks.filled, asked_whom))
    matched = (("<mts>", "member & staff"), ("titles", ""))
    for certainty, told, runner_up in product(Certainty, (matched, ()), (other.id, None)):
        why: Explanation | None = Explanation(told, certainty, runner_up)
        name = f"why {certainty}, {len(told)} words, {runner_up} next"
        yield Rendering(name, partial(feedback_blocks.explanation, [(entry, why)], library, edited=False))
        both = [(entry, why), (other, None)]
        yield Rendering(f"{name}, edited", partial(feedback_blocks.explanation, both, library, edited=True))


def manners(library: Library) -> Iterator[Rendering]:
    """Give what is said of the bot's behaviour in a channel, and answers that one person sees and can have posted."""
    words = library.words.manners
    for entries in [*([entry] for entry in library.entries.values()), list(library.entries.values())[:2]]:
        names, answer = " and ".join(entry.id for entry in entries), partial(blocks.answers, entries, library)
        place = private_place("1.0", "1.0", [entry.id for entry in entries])
        for label in (words.post_in_thread, words.post_here):
            render = partial(_private, answer, label, place, library)
            yield Rendering(f"answer {names} for one person, “{label}”", render)
        yield Rendering(f"answer {names} posted by its asker", partial(_posted, entries, library))
    for mode, shared in product((None, *Mode), (False, True)):
        settings = ChannelSettings(mode, USER, 0.0) if mode else ChannelSettings()
        name = f"welcome to a channel, {'shared, ' if shared else ''}mode {mode}"
        yield Rendering(name, partial(manners_blocks.welcome, settings, library, shared=shared))
        for editors in (None, "C1", "C2"):
            panel = partial(manners_blocks.channel_panel, settings, "C1", editors, library)
            yield Rendering(f"panel of a channel, mode {mode}, editors in {editors}", panel)
    for entry in (*library.entries, "gone"):
        link = partial(manners_blocks.answered_lately, LINK, entry, library)
        yield Rendering(f"link to an answer of a moment ago, {entry}", link)


def _private(answer: Callable[[], Message], label: str, place: str, library: Library) -> Message:
    return manners_blocks.private(answer(), label, place, library)


def _posted(entries: Sequence[Entry], library: Library) -> Message:
    answer = feedback_blocks.answer(entries, "1.0", library, unasked=False)
    return joined(*manners_blocks.posted_for(USER, [entry.id for entry in entries], library), answer)
