"""Every message that the bot can show with a knowledge folder, and the Home tab, each under a name.

Messages that differ in an id, a date or a count only are here once, and of finished rounds those that `representative`
chooses. `tests/test_blocks.py` judges all of them by the local workspace's rules, and `rolefit check --slack` by
Slack's own.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from itertools import chain, combinations, product
from types import MappingProxyType
from typing import Any

from bot.domain import quiz
from bot.domain.compare import Comparison, Side, State, compare
from bot.domain.content import Entry
from bot.domain.fit import Answers
from bot.domain.gaps import Question, QuestionKind
from bot.domain.language import Language
from bot.domain.manners import Mode
from bot.domain.quiz import LETTERS, PARTS, Graded, Prompt, Run, Status
from bot.domain.quiz_content import AnyQuestion, TieBreak
from bot.domain.report import Report, report_on
from bot.domain.share import Delivery, Part, Place, Refusal
from bot.domain.why import Certainty, Explanation
from bot.knowledge import Library, drafts
from bot.slack import (
    blocks,
    change_notes,
    compare_blocks,
    feedback_blocks,
    first_contact_blocks,
    gaps_blocks,
    history,
    home_blocks,
    home_gallery,
    manners_blocks,
    result,
    result_explained,
    result_gallery,
    run_messages,
    share_blocks,
    shared_result,
)
from bot.slack import privacy as privacy_listeners
from bot.slack.controls import AboutAnswer, Reason, private_place
from bot.slack.feedback_work import NOT_HELPFUL
from bot.slack.pieces import Message, joined
from bot.slack.reconcile import rewritten
from bot.slack.run_messages import Before
from bot.slack.run_notes import noted
from bot.slack.share_blocks import Filled
from bot.slack.text import escape, fill, mention
from bot.storage import PROMPT, RESULT, ChannelSettings, Revealed, Share, ShareState, StoredComparison, StoredRun

# As long as Slack's own may be.
RUN, SHARE, USER, LINK = "r" * 20, "s" * 20, "U" * 12, "https://example.slack.com/archives/D1/p1"
ASKED = "1764327463.123456"  # when a question was asked
BEGUN = datetime(2026, 11, 20, tzinfo=UTC)
TODAY = date(2026, 11, 28)

View = dict[str, Any]


@dataclass(frozen=True)
class Rendering:
    """Something that the bot can show: its name, such as "answer mts", and what renders it.

    A view is a Home tab or a modal. `render` raises slackblocks' errors for what is beyond a limit of Slack's.
    """

    name: str
    render: Callable[[], Message | View]


# The FAQ


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


def _in_a_row(entries: Sequence[Entry], count: int) -> Iterator[list[Entry]]:
    return (list(entries[at : at + count]) for at in range(len(entries) - count + 1))


def replies(library: Library) -> Iterator[Rendering]:
    """Give replies that are no answer: to small talk, to what is known not to be answered, and to anything else."""
    yield Rendering("unknown question", partial(blocks.unknown, library))
    yield Rendering("unknown question within a round", partial(blocks.unknown, library, in_round=True))
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
    for language in Language:
        yield Rendering(f"only English, in {language}", partial(blocks.only_english, language, library))
    entries = list(library.entries.values())
    for decoy in library.not_answered:
        for near in (entries[:count] for count in (0, 1, 3) if decoy.reply):
            name = f"not answered {decoy.id}, {len(near)} suggested"
            yield Rendering(name, partial(blocks.not_answered, decoy.reply or "", near, library))


# What an answer carries


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
            yield Rendering(f"suggestion of {names}, posted again", partial(suggested, again=True))


def no_answers(library: Library) -> Iterator[Rendering]:
    """Give what says that there is no answer, where there is a person to ask."""
    yield Rendering("unknown question, or a person", lambda: _or_person(blocks.unknown(library), library))


def _ways_to_person(name: str, said: Message, library: Library) -> Iterator[Rendering]:
    """Give a reply with each way in which a person can be reached."""
    for can_ask, support in product((True, False), (None, "help@example.com")):
        ways = partial(feedback_blocks.how_to_reach_person, said, ASKED, library, can_ask=can_ask, support=support)
        yield Rendering(f"{name}, {'a' if can_ask else 'no'} person to ask, support {support}", ways)


def _or_person(said: Message, library: Library) -> Message:
    return feedback_blocks.or_ask_person(said, ASKED, library)


def feedback(library: Library) -> Iterator[Rendering]:
    """Give what comes of the buttons below an answer."""
    entry, other = list(library.entries.values())[:2]
    about, words = AboutAnswer(ASKED, ASKED, entry.id), library.words.feedback
    for person in (True, False):
        offers = ", with a person to ask" if person else ""
        for render in (feedback_blocks.none_taken, feedback_blocks.what_was_wrong, feedback_blocks.reason_taken):
            yield Rendering(f"{render.__name__}{offers}", partial(render, about, library, person=person))
    for chosen in ([entry], [entry, other]):
        name = " and ".join(each.id for each in chosen)
        yield Rendering(f"why {name} was chosen", partial(feedback_blocks.why_chosen, chosen, library))
    yield Rendering("link to an answer above", partial(feedback_blocks.answered_above, LINK, library))
    yield Rendering("window for a comment", partial(feedback_blocks.comment_view, "C" * 11, ASKED, library))
    reasons = (None, NOT_HELPFUL, *Reason)
    for known, reason, link in product((entry, None), reasons, (LINK, None)):
        ask = partial(feedback_blocks.help_request, USER, link, known, reason, library)
        name = f"help with {known.id if known else 'nothing'}, {reason}, {'a link' if link else 'no link'}"
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


# Manners


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


# The quiz


def questions(library: Library) -> Iterator[Rendering]:
    """Give every question in every state, with the card, the reminder and all that stands in the thread beside it."""
    begun = quiz.begin(library.quiz)
    for asked in (library.quiz.purpose, *library.quiz.all_questions):
        yield Rendering(f"unclear answer to {asked.id}", partial(run_messages.unclear, asked, library))
        yield Rendering(f"why {asked.id} is asked", partial(run_messages.why, asked, begun, library))
        yield Rendering(f"unsure about {asked.id}", partial(run_messages.unsure, asked, begun, RUN, library))
        yield from _in_every_status(asked.id, replace(begun, prompts=(Prompt(asked.id),)), library)
        for choice in asked.choices:
            run = replace(begun, answers=MappingProxyType({asked.id: (choice.id,)}))
            answered = f"{asked.id} answered by {choice.id}"
            late = partial(run_messages.already_answered, run, asked.id, library)
            yield Rendering(f"late click on {answered}", late)
            same = partial(run_messages.same_answer, [asked.id], run, library)
            yield Rendering(f"the same answer once more to {answered}", same)
            for state, prompt in _prompts(asked, choice.id).items():
                yield from _in_every_status(f"{answered}, {state}", replace(run, prompts=(prompt,)), library)
            over = replace(run, prompts=(Prompt(asked.id),), live=False)
            yield from _thread(f"{answered}, over", over, library, _prompt_slots(over))
        for state, over in _over(asked, begun).items():
            yield from _thread(f"{asked.id} {state}", over, library, _prompt_slots(over))
    first, _, third, *_ = library.quiz.questions
    ahead = {third.id: (third.choices[0].id,)}
    early = replace(begun, answers=MappingProxyType(ahead), prompts=(Prompt(first.id),), live=True)
    if said := noted([third.id], early, library):
        yield Rendering("answer to a later question", lambda: said)
    yield from _thread("a question that is open again", begun, library, [RESULT, *PARTS])
    several = [question.id for question in library.quiz.questions]
    yield Rendering("the same answers once more", partial(run_messages.same_answer, several, begun, library))
    moved = partial(run_messages.already_answered, begun, None, library)
    yield Rendering("late click on a question that is gone", moved)
    for term in library.quiz.glossary:
        yield Rendering(f"term {term.term}", partial(run_messages.term, term, library))


def _prompts(asked: AnyQuestion, choice: str) -> dict[str, Prompt]:
    """Give the ways to ask a question that has an answer, by name."""
    return {
        "changing": Prompt(asked.id, changing=True),
        "two guesses": Prompt(asked.id, guesses=(choice, asked.choices[0].id)),
        "one guess": Prompt(asked.id, guesses=(choice,)),
    }


def _in_every_status(name: str, run: Run, library: Library) -> Iterator[Rendering]:
    for status in Status:
        shown = replace(run, live=True, status=status, reminders=1, reminding=status is Status.OPEN)
        yield from _thread(f"{name}, {status}", shown, library, [*_prompt_slots(shown), f"{run_messages.REMINDER}:1"])


def _over(asked: AnyQuestion, begun: Run) -> dict[str, Run]:
    """Give runs in which a question was asked and got no answer, by what became of it."""
    once, twice = (Prompt(asked.id),), (Prompt(asked.id), Prompt(asked.id))
    first = begun.quiz.questions[0]
    return {
        "skipped": replace(begun, prompts=once, live=False, skipped=frozenset({asked.id})),
        "asked again": replace(begun, prompts=twice, live=True),
        "left open": replace(begun, prompts=once, live=False),
        "passed over": replace(
            begun, prompts=once, live=False, answers=MappingProxyType({first.id: (first.choices[0].id,)})
        ),
    }


def _prompt_slots(run: Run) -> list[str]:
    return [f"{PROMPT}:{number}" for number in range(1, len(run.prompts) + 1)]


def _thread(
    name: str, run: Run, library: Library, shown: Collection[str], before: Before | None = None
) -> Iterator[Rendering]:
    for slot in run_messages.slots(run, shown):
        render = partial(run_messages.render, slot, run, RUN, library, before, user=USER)
        yield Rendering(f"{slot} of the round with {name}", render)


def finished_runs(library: Library) -> list[Run]:
    """Give a finished run for every set of answers there is, with the tie-break answered, or left out, where asked."""
    questions = library.quiz.questions
    finished = []
    for positions in product(*(range(len(question.choices)) for question in questions)):
        chosen = {q.id: (q.choices[at].id,) for q, at in zip(questions, positions, strict=True)}
        run = Run(library.quiz, MappingProxyType(chosen))
        if last := run.upcoming:
            finished.append(replace(run, skipped=frozenset({last.id})))
            run = replace(run, answers=MappingProxyType({**chosen, last.id: (last.choices[0].id,)}))
        finished.append(run)
    return finished


def representative(runs: Iterable[Run]) -> list[Run]:
    """Choose so many of these runs that any two answers occur together in one, and every kind of result."""
    known: set[object] = set()
    chosen = []
    for run in runs:
        recommended = run.recommendation
        if recommended is None:
            raise ValueError("a run is not finished")
        roles = (recommended.role.id, recommended.runner_up.id)
        kind = (roles, recommended.clearness, run.tie_break, run.shareable, bool(run.skipped))
        new = {kind, *combinations(sorted(run.answers.items()), 2)} - known
        if new:
            chosen.append(run)
            known |= new
    return chosen


def in_every_purpose(runs: Sequence[Run]) -> Iterator[Run]:
    """Give runs as if they were about one's own work, a role, or one's people, in turn."""
    for number, run in enumerate(runs):
        purposes = run.quiz.purpose.choices
        purpose = purposes[number % len(purposes)].id
        yield replace(run, answers=MappingProxyType({**run.answers, run.quiz.purpose.id: (purpose,)}))


def rounds(library: Library) -> Iterator[Rendering]:
    """Give the results of finished rounds of every kind, with all that stands in their threads."""
    finished = representative(finished_runs(library))
    yield from chain.from_iterable(results(run, library, before=finished[0]) for run in in_every_purpose(finished))


def shortened(library: Library) -> Iterator[Rendering]:
    """Give rounds that ended early, that left one question out or all, and one for each way to say how clear it is."""
    asked = library.quiz.questions
    every = frozenset(question.id for question in asked)
    runs = [Run(library.quiz, skipped=every)]
    for positions in product(*(range(len(question.choices)) for question in asked[:-1])):
        chosen = {q.id: (q.choices[at].id,) for q, at in zip(asked, positions, strict=False)}
        early = Run(library.quiz, MappingProxyType(chosen))
        if early.finished:
            runs.append(early)
            break
    complete = finished_runs(library)[0]
    for question in asked:
        left = {name: choices for name, choices in complete.answers.items() if name != question.id}
        runs.append(replace(complete, answers=MappingProxyType(left), skipped=frozenset({question.id})))
    for run in [*runs, *result_gallery.worded(library.quiz)]:
        yield from results(run, library, before=complete if run.ended_early else None)
        if run.finished:
            yield Rendering(f"how sure {described(run)} is", partial(result_explained.sureness, run, None, library))


def halves(library: Library) -> Iterator[Rendering]:
    """Give the rounds with one answer by halves, of every two choices that a question has."""
    first = finished_runs(library)[0]
    for question in library.quiz.questions:
        for one, other in combinations(question.choices, 2):
            run = replace(first, answers=MappingProxyType({**first.answers, question.id: (one.id, other.id)}))
            last = run.tie_break
            yield from results(replace(run, skipped=frozenset({last.id} if last else ())), library)
            others = frozenset(asked.id for asked in library.quiz.questions if asked != question)
            alone = replace(run, answers=MappingProxyType({question.id: (one.id, other.id)}), skipped=others)
            yield Rendering(
                f"explanation of {described(alone)}", partial(result_explained.explanation, alone, None, library)
            )
            yield Rendering(f"how sure {described(alone)} is", partial(result_explained.sureness, alone, None, library))


def results(run: Run, library: Library, before: Run | None = None) -> Iterator[Rendering]:
    """Give the result of a finished run, compared with the one before if there is one, all its parts, and a share."""
    name = described(run)
    earlier = Before(before, BEGUN) if before else None
    yield from _thread(name, replace(run, opened=PARTS), library, [], earlier)
    if run.shareable:
        yield from shared(name, run, library)


def described(run: Run) -> str:
    """Say what a run has answered in short, each question by its number: "own 1a 2c 3– 4a 5ab"."""
    parts = list(run.answers.get(run.quiz.purpose.id, ()))
    for question in run.quiz.all_questions:
        letters = [
            letter
            for letter, choice in zip(LETTERS, question.choices, strict=False)
            if choice.id in run.answers.get(question.id, ())
        ]
        if letters or question.id in run.skipped:
            number = question.id if isinstance(question, TieBreak) else str(run.number(question))
            parts.append(f"{number}{':' if isinstance(question, TieBreak) else ''}{''.join(letters) or '–'}")
    return " ".join(parts)


def pictures(library: Library) -> Iterator[Rendering]:
    """Give the result of any two answers or fewer, and the picture so far that they make."""
    questions = library.quiz.questions
    for first, second in combinations(questions, 2):
        for one, other in product(first.choices, [None, *second.choices]):
            chosen = {first.id: (one.id,)} | ({second.id: (other.id,)} if other else {})
            skipped = frozenset(question.id for question in questions if question.id not in chosen)
            run = Run(library.quiz, MappingProxyType(chosen), skipped=skipped)
            render = partial(run_messages.render, RESULT, run, RUN, library)
            yield Rendering(f"result of the round with {described(run)}", render)
            open_ = replace(run, skipped=frozenset())
            yield Rendering(f"picture so far of {described(open_)}", partial(result.so_far, open_, library))


def reviews(library: Library) -> Iterator[Rendering]:
    """Give what is said of a review that looked at each cell, for work of each role, and of one that is not told."""
    if library.quiz.review is None:
        return
    columns = [column.id for column in library.tables[library.quiz.tables.roles].columns]
    cells: list[Graded | None] = [Graded(*cell) for cell in product(library.quiz.review.dimensions, columns)]
    for run, graded in product(in_every_purpose(_run_of_each_role(library)), [*cells, None]):
        reviewed = replace(run, graded=graded, not_graded=graded is None, opened=("review",))
        cell = f"{graded.dimension}/{graded.column}" if graded else "none"
        render = partial(run_messages.render, run_messages.REVIEW, reviewed, RUN, library)
        yield Rendering(f"review of the round with {described(run)} that looked at {cell}", render)


def _run_of_each_role(library: Library) -> list[Run]:
    """Give a run for each role that can be recommended, and for each two that can be too close to call."""
    of_roles: dict[object, Run] = {}
    for run in finished_runs(library):
        recommended = run.recommendation
        if recommended:
            level = tuple(role.id for role in recommended.level)
            of_roles.setdefault((recommended.role.id, recommended.clearness, level), run)
    return list(of_roles.values())


def lists(library: Library) -> Iterator[Rendering]:
    """Give what the command says of rounds: the open one, the list, with more of them than it shows, and without."""
    begun, finished = quiz.begin(library.quiz), _run_of_each_role(library)
    first = library.quiz.questions[0]
    skipped = frozenset(question.id for question in library.quiz.questions[1:])
    picture = Run(library.quiz, MappingProxyType({first.id: (first.choices[0].id,)}), skipped=skipped)
    rounds = [
        StoredRun(RUN, "U1", "D1", f"{at}.0", 0, 0, None, BEGUN, "", run, {})
        for at, run in enumerate([begun, picture, *in_every_purpose(finished[:3]), *finished][: history.MOST])
    ]
    yield Rendering("offer to go on with a round", partial(history.offer, rounds[0], library))
    people = {RUN: [USER] * 2}
    yield Rendering("list of rounds", partial(history.listed, rounds, 25, library))
    yield Rendering("list of rounds that were shared", partial(history.listed, rounds, 25, library, people))
    yield Rendering("list of no rounds", partial(history.listed, [], 0, library))
    yield Rendering("link to the round", partial(blocks.note, LINK, library))
    yield Rendering("link into the thread", partial(blocks.in_thread, LINK, library))
    yield Rendering("link to an opened part of the result", partial(run_messages.already_there, LINK, library))
    yield Rendering("note that the questions were rewritten", partial(rewritten, (3, 5), library))
    for run, role in product(finished, (None, *(role.id for role in library.quiz.roles))):
        name = f"explanation of {described(run)} against {role or 'the next'}"
        yield Rendering(name, partial(result_explained.explanation, run, role, library))
        yield Rendering(f"how sure the {name} is", partial(result_explained.sureness, run, role, library))
    for before, after in zip([finished[-1], *finished], finished, strict=False):
        name = f"note that {described(before)} was changed to {described(after)}"
        yield Rendering(name, partial(change_notes.change_note, before.answers, after, library))
        copies: change_notes.Copies = {USER: LINK, "U2": None}
        old_copies = partial(change_notes.change_note, before.answers, after, library, LINK, copies)
        yield Rendering(f"{name}, with copies of the result before", old_copies)
        all_new = partial(change_notes.change_note, {}, after, library)
        yield Rendering(f"note that {described(after)} was answered", all_new)
        over = partial(change_notes.overwritten_note, before.answers, after, library, LINK)
        if note := over():
            yield Rendering(f"{name} while there is no result", partial(joined, note))
        if note := change_notes.shortened(change_notes.marks("v", before.answers, after), "v", after, library):
            yield Rendering(f"{name}, in short", partial(joined, note))
        yield Rendering(f"{name} far above", partial(change_notes.change_note, before.answers, after, library, LINK))
        if note := change_notes.completed_note(after, library, LINK):
            yield Rendering(f"note that {described(after)} is complete", partial(joined, note))
    for asked in library.quiz.tie_breaks:
        after = replace(picture, answers=MappingProxyType({**picture.answers, asked.id: (asked.choices[0].id,)}))
        last = partial(change_notes.change_note, picture.answers, after, library)
        yield Rendering(f"note that {asked.id} was answered", last)
        other = {**picture.answers, asked.id: (asked.choices[1].id,)}
        changed = partial(change_notes.change_note, other, after, library)
        yield Rendering(f"note that the answer to {asked.id} was changed", changed)
    for choice in library.quiz.purpose.choices:
        after = replace(picture, answers=MappingProxyType({**picture.answers, library.quiz.purpose.id: (choice.id,)}))
        yield Rendering(
            f"note that it is about {choice.id}", partial(change_notes.change_note, picture.answers, after, library)
        )


# After an installation, sharing, and plain sentences


def first_steps(library: Library) -> Iterator[Rendering]:
    """Give what is said to whoever has installed the app."""
    yield Rendering("first steps after an installation", partial(blocks.first_steps, library))


def first_contact(library: Library) -> Iterator[Rendering]:
    """Give what somebody gets who opens the bot's messages for the first time."""
    yield Rendering("three things to try", partial(first_contact_blocks.greeting, library))
    yield Rendering("example asked again", partial(first_contact_blocks.answered_already, LINK, library))
    for entry in library.entries:
        yield Rendering(f"example question {entry}", partial(manners_blocks.asked_directly, [entry], library))


def shared(name: str, run: Run, library: Library) -> Iterator[Rendering]:
    """Give what the recipient of all parts of a result gets."""
    share = example_share(run, library)
    yield Rendering(f"copy of the round with {name}", partial(share_blocks.copy, share, USER, library, muted=False))
    for number, kept in enumerate(share.message["replies"]):
        reply = partial(Message, kept["text"], tuple(kept["blocks"]))
        yield Rendering(f"part {number} of the copy of the round with {name}", reply)


def example_share(run: Run, library: Library, note: str = "<!channel> & " * 38) -> Share:
    """Give a share of a finished run with all parts and as long a note as there may be."""
    parts = shared_result.parts_to_show(run, list(Part), note, library)
    root, replies = shared_result.content(
        run, parts, sender=USER, recipient=USER, place=Place.DIRECT, note=note, at=BEGUN, library=library
    )
    return Share(
        SHARE,
        RUN,
        1,
        USER,
        shared_result.as_record(root, replies),
        ShareState.SENT,
        parts=parts,
        note=note,
        sent_at=BEGUN.timestamp(),
    )


def sharing(library: Library) -> Iterator[Rendering]:
    """Give what surrounds a share: the window, the states of a copy and of its receipt, the list, and what is told."""
    words = library.words.share
    run = replace(_run_of_each_role(library)[0], graded=_mismatch(library))
    share, stored = example_share(run, library), StoredRun(RUN, USER, "D1", "1.0", 0, 0, None, BEGUN, "", run, {})
    for name, filled in {"empty": Filled(), "full": Filled(USER, list(Part), share.note or "", Place.GROUP)}.items():
        yield Rendering(f"window of sharing, {name}", partial(share_blocks.choose_view, RUN, filled, library))
    again = partial(share_blocks.choose_view, RUN, Filled(USER), library, updates=SHARE)
    yield Rendering("window of sharing, to update", again)
    for place, updates in product(Place, (None, SHARE)):
        previewed = replace(share, place=place, updates=updates)
        name = f"preview in {place}, {'an update' if updates else 'new'}"
        yield Rendering(name, partial(share_blocks.preview_view, previewed, "d" * 20, library))
    for other in _run_of_each_role(library):
        preview = partial(share_blocks.preview_view, example_share(other, library), "d" * 20, library)
        yield Rendering(f"preview of the round with {described(other)}", preview)
    of_update = ("copy_ended", "outdated_update", "forgotten", "forgot_you")
    for name in (
        "gone",
        "preview_gone",
        "not_yours",
        "not_shareable",
        "outdated",
        "no_parts",
        "not_graded",
        "window_not_opened",
        *of_update,
    ):
        yield Rendering(f"window that says {name}", partial(share_blocks.notice_view, getattr(words, name), library))
    states = {
        "sent": share,
        "seen": replace(share, seen_at=1.0),
        "to talk about": replace(share, seen_at=1.0, talk_at=1.0),
        "withdrawn": replace(share, state=ShareState.WITHDRAWN, ended_at=1.0),
        "to nobody": replace(share, recipient=""),
        "in a group": replace(share, place=Place.GROUP),
        "of which a part is left": replace(share, part_left=True),
        "updated": replace(share, updated_at=1.0, seen_at=1.0),
    }
    guide = shared_result.guide(run, list(Part), library)
    for (name, state), flag in product(states.items(), (True, False)):
        muted = partial(share_blocks.copy, state, USER, library, muted=flag)
        yield Rendering(f"copy {name}{', muted' if flag else ''}", muted)
        told = partial(
            share_blocks.receipt, state, library, newer=flag, guide=None if flag else guide, comparable=not flag
        )
        yield Rendering(f"receipt of a share {name}{', outdated' if flag else ''}", told)
    for part in Part:
        yield Rendering(f"guide to {part} alone", partial(shared_result.guide, run, [part], library))
    for name, state in {"replaced": share, "withdrawn meanwhile": states["withdrawn"]}.items():
        yield Rendering(f"receipt that was {name}", partial(share_blocks.updated_receipt, state, stored, library))
    told = partial(share_blocks.receipt, share, library, newer=False, guide=None, whole=False)
    yield Rendering("receipt of a part", told)
    failed_share = replace(share, state=ShareState.FAILED)
    yield Rendering(
        "copy that did not arrive whole", partial(share_blocks.copy, failed_share, USER, library, muted=False)
    )
    receipt_gone = partial(share_blocks.receipt, failed_share, library, newer=False, guide=None)
    yield Rendering("receipt of a copy that is gone", receipt_gone)
    for unwanted in (True, False):
        note = partial(share_blocks.muted_note, SHARE, USER, unwanted, library)
        yield Rendering(f"note that shares are {'not ' if unwanted else ''}wanted", note)
    yield Rendering("note that shares are wanted again", partial(share_blocks.allowed_note, USER, library))
    yield Rendering("share talks", partial(share_blocks.talks, share, stored, library))
    yield Rendering("offer to pass a reply on", partial(share_blocks.ask_to_pass_on, SHARE, ASKED, USER, library))
    without = partial(share_blocks.ask_to_pass_on, SHARE, ASKED, USER, library, files=True)
    yield Rendering("offer to pass a reply on without its files", without)
    yield Rendering("files below a share", partial(share_blocks.files_stay, USER, library))
    yield Rendering("reply to a share", partial(share_blocks.reply, USER, USER, "<!channel> &amp; " * 400, library))
    yield Rendering("note of an update", partial(share_blocks.update_note, share, stored, library))
    yield Rendering("whole table below a copy", partial(share_blocks.whole_table, stored, library))
    for count in (0, 1, share_blocks.MOST + 1):
        yield Rendering(
            f"list of {count} shares", partial(share_blocks.listed, share_blocks.Listing([share] * count), library)
        )
    revealed = [Revealed(USER, Side.SENDER, 1.0), Revealed(USER, Side.SENDER, 1.0, to_both=False)]
    revealed += [Revealed(USER, Side.SENDER, 1.0, to_both=False, is_kept=False)]
    yield Rendering("list of a reveal", partial(share_blocks.listed, share_blocks.Listing(reveals=revealed), library))
    for what in ({"deleted": True}, {"muted": [(SHARE, USER)]}):
        listing = share_blocks.Listing(**what)
        yield Rendering(f"list of {next(iter(what))}", partial(share_blocks.listed, listing, library))
    uncertain = replace(share, state=ShareState.UNCERTAIN, sent_at=None)
    yield Rendering(
        "list of a share that is uncertain", partial(share_blocks.listed, share_blocks.Listing([uncertain]), library)
    )


def sharing_told(library: Library) -> Iterator[Rendering]:
    """Give what is told about a share, to its sender and to its recipient."""
    words, to = library.words.share, mention(USER)
    kept = ("withdrawn_blanked", "withdrawn_unseen", "withdrawn_kept", "withdrawn_found", "withdrawn_not_found")
    failed = ("not_withdrawn", "not_taken_back", "taken_back", "taken_back_blanked", "part_stands", "no_group")
    changed = ("copy_lost", "change_uncertain", "partly_changed", "arrived", "withdraw_not_looked", "partly_added")
    left = ("update_under_way", "came_after_withdrawal", "left_of_deleted", "perhaps_of_deleted")
    taken = ("deleted_meanwhile", "deleted_while_withdrawn", "deleted_not_looked")
    for told_name in (*(set(Delivery) - {Delivery.DELIVERED}), *kept, *failed, *changed, *left, *taken):
        yield Rendering(f"share {told_name}", partial(blocks.filled, fill(getattr(words, told_name), to=to)))
    yield Rendering("part of a copy that was withdrawn", partial(blocks.say, words.part_withdrawn))
    yield Rendering("table below a copy that Slack refuses", partial(blocks.say, words.table_refused))
    for refusal, changes in product(Refusal, (False, True)):
        reason = share_blocks.reason(refusal, library, updates=changes)
        why = fill(words.not_changed if changes else words.not_sent, to=to, why=reason)
        name = f"share not {'changed' if changes else 'sent'}, {refusal}"
        yield Rendering(name, partial(blocks.filled, why))
    for told_name in ("passed_on", "pass_on_gone", "pass_on_refused", "talk_not_told", "offer_refused"):
        yield Rendering(f"share {told_name}", partial(blocks.filled, fill(getattr(words, told_name), sender=to)))


def _mismatch(library: Library) -> Graded | None:
    """Give a cell of the roles table that a review may look at."""
    review, columns = library.quiz.review, library.tables[library.quiz.tables.roles].columns
    return Graded(review.dimensions[0], columns[-1].id) if review else None


# Comparing


def comparing(library: Library) -> Iterator[Rendering]:
    """Give what surrounds a blind comparison: before it begins, how it stands for either, the reveal and afterwards."""
    words, count = library.words.compare, len(library.quiz.questions)
    compared = StoredRun(RUN, USER, "D1", "1.0", 0, 0, None, BEGUN, "", next(iter(finished_runs(library))), {})
    request = partial(compare_blocks.request_view, compared, library)
    for who in (None, USER):
        pointer = partial(compare_blocks.pointer, "https://example.org/1", library, invited=who)
        yield Rendering(f"where it was asked for, invited: {who}", pointer)
    yield Rendering("window of a comparison", request)
    yield Rendering("window of a comparison that is not blind", partial(request, picked=USER, known_to=USER))
    yield Rendering("window of a result that cannot be compared", partial(compare_blocks.refusal_view, library))
    refusals = (Refusal.BOT, Refusal.INACTIVE, Refusal.GUEST, Refusal.UNKNOWN, Refusal.MUTED)
    more = ("open_already", "declined_lately", "invited_often", "slack_unavailable", "not_delivered")
    for why in (*refusals, *more):
        text = fill(getattr(words, why), to=mention(USER))
        yield Rendering(f"nobody invited: {why}", partial(compare_blocks.not_invited, text, RUN, library))
    standing = [Comparison(state, (3, 4)) for state in State if state not in (State.DECLINED, State.WITHDRAWN)]
    standing += [Comparison(State.FINISHED, (3, 4), frozenset({side})) for side in Side]
    standing += [Comparison(state, ended_by=side) for state in (State.WITHDRAWN, State.UNREACHABLE) for side in Side]
    standing += [Comparison(State.DECLINED, ended_by=Side.MANAGER)]
    standing += [Comparison(State.REVEALED, (3, 4), is_confirmed=False)]
    shown_to = [frozenset({side}) for side in Side] + [frozenset(Side)]
    for state in (State.AGREED, State.WITHDRAWN):
        standing += [Comparison(state, (3, 4), ended_by=Side.SENDER, exposed=sides) for sides in shown_to]
        standing += [Comparison(state, (3, 4), ended_by=Side.SENDER, maybe_exposed=sides) for sides in shown_to]
        everybody, one = frozenset(Side), frozenset({Side.MANAGER})
        standing += [Comparison(state, (3, 4), ended_by=Side.SENDER, exposed=everybody, still_exposed=one)]
    for comparison in standing:
        stored = StoredComparison(SHARE, USER, USER, RUN, RUN, comparison, {})
        name = f"{comparison.state}, ended by {comparison.ended_by}, agreed by {sorted(comparison.agreed)}"
        name += f", exposed to {sorted(comparison.exposed)}, maybe to {sorted(comparison.maybe_exposed)}"
        name += f", still to {sorted(comparison.still_exposed)}, confirmed {comparison.is_confirmed}"
        for flag in (True, False):
            invited = partial(compare_blocks.invitation, stored, count, library, known=flag, muted=flag)
            yield Rendering(f"invitation to compare, {name}, known and muted {flag}", invited)
            receipt = partial(compare_blocks.receipt, stored, library, known=flag, in_doubt=flag)
            yield Rendering(f"receipt of an invitation, {name}, known and in doubt {flag}", receipt)
        for side, versions in product(Side, ((3, 4), (2, 4))):
            asked = partial(compare_blocks.ask, stored, side, versions, library)
            yield Rendering(f"question to the {side} whether to reveal {versions}, {name}", asked)
    yield from reveals(library)
    yield Rendering("reveal that was taken back", partial(compare_blocks.taken_back, library))
    yield Rendering("question what has changed", partial(compare_blocks.follow_up, SHARE, USER, library))
    for changed in (True, False):
        thanks = partial(compare_blocks.thanks, library, changed=changed)
        yield Rendering(f"thanks for saying that it has changed: {changed}", thanks)
    yield from compared_rounds(library)


def reveals(library: Library) -> Iterator[Rendering]:
    """Give what both see: for every choice of the longest label beside each other one, by halves, and one-sided."""
    runs = representative(finished_runs(library))
    for one, other in zip(runs, reversed(runs), strict=True):
        yield _reveal(one.answers, other.answers, library)
    first = runs[0].answers
    long = {
        question.id: tuple(choice.id for choice in sorted(question.choices, key=lambda choice: -len(choice.label))[:2])
        for question in library.quiz.questions
    }
    yield _reveal(first, long, library)
    yield _reveal(long, first, library)
    yield _reveal(first, first, library)
    for question in library.quiz.questions:
        yield _reveal(first, {question.id: first[question.id]}, library)
    undiscussed = [question.model_copy(update={"discuss": None}) for question in library.quiz.questions]
    older = library.quiz.model_copy(update={"questions": tuple(undiscussed)})
    findings = compare(older, first, long)
    render = partial(compare_blocks.reveal, USER, USER, older, findings, library, apart=False)
    yield Rendering("reveal of an older version of the quiz", render)


def _reveal(sender: Answers, manager: Answers, library: Library) -> Rendering:
    findings = compare(library.quiz, sender, manager)
    runs = [Run(library.quiz, MappingProxyType(dict(answers))) for answers in (sender, manager)]
    name = f"reveal of {' beside '.join(map(described, runs))}"
    return Rendering(
        name, partial(compare_blocks.reveal, USER, USER, library.quiz, findings, library, apart=sender == manager)
    )


def compared_rounds(library: Library) -> Iterator[Rendering]:
    """Give the round of whoever answers about somebody else's work, whom they may have forgotten."""
    for subject, closed in product((USER, ""), (False, True)):
        begun = replace(quiz.begin(library.quiz, subject), closed=closed)
        whose = f"the work of {subject or 'somebody'}, {'over' if closed else 'open'},"
        for asked in library.quiz.all_questions:
            prompted = replace(begun, prompts=(Prompt(asked.id),))
            yield from _in_every_status(f"{asked.id} about {whose}", prompted, library)
            yield Rendering(f"why {asked.id} about {whose} is asked", partial(run_messages.why, asked, begun, library))
        for run in _run_of_each_role(library):
            compared = replace(run, subject=subject, closed=closed)
            yield from _thread(f"{described(run)} about {whose}", compared, library, [])
            first = library.quiz.questions[0]
            before = {**run.answers, first.id: (first.choices[-1].id,)}
            changed = partial(change_notes.change_note, before, compared, library)
            yield Rendering(f"note that {described(run)} about {whose} was changed", changed)
            explained = partial(result_explained.explanation, compared, None, library)
            yield Rendering(f"explanation of {described(run)} about {whose}", explained)
            stored = StoredRun(RUN, USER, "D1", "1.0", 0, 0, None, BEGUN, "", compared, {})
            yield Rendering(f"list with {whose}", partial(history.listed, [stored], 1, library))


def sentences(library: Library) -> Iterator[Rendering]:
    """Give the sentences of words.yaml that are messages by themselves."""
    words = library.words
    names = {
        "faq": ("on_its_way", "suggest_moved"),
        "feedback": (
            "changed_since", "entry_gone", "nobody_to_ask", "person_asked_before", "person_not_reached",
            "question_gone", "thanks", "why_button", "why_forgotten", "why_gone", "withdrawn",
        ),
        "manners": (
            "cannot_post", "changed_since", "channel_dm", "editors_not_member", "entry_gone", "hushed", "not_a_member",
            "nothing_to_read", "own_message", "perhaps_posted", "posted_already", "posted_here_now",
            "posted_in_thread", "quiet_off", "quiet_on", "silent_between", "silent_likeliest", "silent_no_answer",
            "silent_not_asked", "silent_nothing_near", "silent_unsure", "switched_off", "withdrawn",
        ),
        "quiz": (
            "edited_late", "expired_note", "finished", "first", "gone", "kept", "manages", "not_opened", "not_yours",
            "know", "nothing_so_far", "waiting", "which_two",
        ),
        "privacy": ("exporting", "export_file", "export_text", "forgetting", "forgotten"),
        "share": (
            "click_again", "copy_gone", "forgotten", "not_for_you", "not_passed_on", "outdated", "reply_deleted",
            "reply_ended", "withdraw_unknown", "withdraw_gone",
        ),
        "compare": (
            "changed", "early", "finished", "gone", "not_begun", "not_opened", "not_yours", "not_yourself",
            "nothing_to_compare", "other_answers", "outdated", "over", "own_only", "too_late", "too_late_unconfirmed",
        ),
    }  # fmt: skip
    for group, texts in names.items():
        for name in texts:
            yield Rendering(f"{group}.{name}", partial(blocks.say, getattr(getattr(words, group), name)))


# The Home tab


def home(library: Library) -> Iterator[Rendering]:
    """Give the Home tab with every page, every answer and whatever else stands there."""
    finished = next(run for run in finished_runs(library) if run.shareable)
    full = full_report(library)
    drafts: dict[str, str | None] = {gap.id: LINK if number else None for number, gap in enumerate(full.gaps)}
    of_editors = [(full, None), (full, drafts), (empty_report(library), None)]
    gaps = [gaps_blocks.editors_section(report, library, {}, sent or {}) for report, sent in of_editors]
    for name, shown in home_gallery.examples(library, finished, example_share(finished, library), gaps, USER, LINK):
        yield Rendering(name, partial(home_blocks.view, shown, library))
    kept = privacy_listeners.kept(library, privacy_listeners.QUESTION_DAYS).text
    for name, text in {"kept": kept, "forgetting": escape(library.words.home.forgetting)}.items():
        yield Rendering(f"window of privacy: {name}", partial(home_blocks.window, text, library))


def full_report(library: Library) -> Report:
    """Give a report with more of everything than a list shows, in long words and with Slack's own characters."""

    def question(number: int, kind: QuestionKind, text: str, entry: str | None = None) -> Question:
        return Question(f"C1:{number}.0", f"U{number}", kind, text, entry=entry, asked_at=float(number))

    long, entry = "<!channel> & <https://x|why> " + "so long " * 600, next(iter(library.entries))
    asked = [question(at, QuestionKind.UNANSWERED, f"{at} {long} {at}") for at in range(1, 9)]
    asked += [question(at, QuestionKind.NOT_HELPFUL, "", entry) for at in range(20, 40)]
    asked += [question(at, QuestionKind.NOT_HELPFUL, f"7 {long} 7", entry) for at in range(50, 52)]
    asked += [question(at, QuestionKind.CHOSEN, f"{at} {long}", entry) for at in range(40, 49)]
    old = {name: known.model_copy(update={"checked": date(2020, 1, 1)}) for name, known in library.entries.items()}
    return report_on(asked, [], old, library.index, TODAY)


def empty_report(library: Library) -> Report:
    """Give a report on a workspace where nobody has asked in vain."""
    return report_on([], [], library.entries, library.index, TODAY)


def gaps(library: Library) -> Iterator[Rendering]:
    """Give what editors see of the gap list, and what people hear of it; some of it only with much to say."""
    full = full_report(library)
    if digest := gaps_blocks.digest(full, library, {}):
        yield Rendering("weekly digest", lambda: digest)
    draft = drafts.draft(replace(full.gaps[1], questions=full.gaps[0].questions[:8], example="x"), library)
    for name, text in {"draft of an entry": draft * 3, "draft that ends its own code block": "```\n<@U1>"}.items():
        yield Rendering(name, partial(gaps_blocks.draft, text, library))
    yield Rendering("draft of a gap that is gone", partial(gaps_blocks.draft_gone, library))
    for wanted in (True, False):
        yield Rendering(f"news {'on' if wanted else 'off'}", partial(gaps_blocks.news_chosen, library, wanted=wanted))
    for entry in library.entries.values():
        yield Rendering(f"news of {entry.id}", partial(gaps_blocks.news, "why? " * 900, [entry], library))
        answer = partial(blocks.answers, [entry], library)
        yield Rendering(f"corrected answer {entry.id}", partial(_corrected, answer, library))


def _corrected(answer: Callable[[], Message], library: Library) -> Message:
    return gaps_blocks.corrected(answer(), 1_795_852_800.0, library)


def privacy(library: Library) -> Iterator[Rendering]:
    """Give what is said of what is kept about somebody; the sentences are in `sentences`."""
    yield Rendering("what is kept", partial(privacy_listeners.kept, library, privacy_listeners.QUESTION_DAYS))
    yield Rendering("whether to forget somebody", partial(privacy_listeners.ask_to_forget, library))
    yield Rendering("part of an export", partial(privacy_listeners.exported_part, "<" * 500, 1, 2, library))


def everything(library: Library) -> Iterator[Rendering]:
    """Give all there is. Two with the same name show the same."""
    groups = (
        answers, pairs, suggestions, replies, posted, no_answers, feedback, manners, questions, rounds, shortened,
        halves, pictures, reviews, lists, sharing, sharing_told, comparing, first_contact, first_steps, gaps, privacy,
        sentences, home,
    )  # fmt: skip
    return chain.from_iterable(group(library) for group in groups)
