"""Questions, results and whatever else stands in the thread of a round, and the lists of rounds."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations, pairwise, product
from types import MappingProxyType

from bot.domain import quiz
from bot.domain.actions import GoOn, Pause, Skip, Stop
from bot.domain.meant_in_round import OF_RESULT, WHILE_OPEN
from bot.domain.quiz import Outcome
from bot.domain.quiz_content import AnyQuestion
from bot.domain.quiz_run import PARTS, Graded, Prompt, Run, Status
from bot.domain.readings import WhatIf
from bot.domain.review import REVIEW
from bot.domain.round_topics import Topic
from bot.knowledge import Library
from bot.slack import (
    blocks,
    change_notes,
    feedback_blocks,
    history,
    result,
    result_explained,
    result_gallery,
    review_messages,
    run_asides,
    run_messages,
)
from bot.slack.gallery.rendering import BEGUN, LINK, RUN, USER, Rendering
from bot.slack.gallery.runs import described, finished_runs, in_every_purpose, representative, run_of_each_role
from bot.slack.gallery.shares import shared
from bot.slack.pieces import joined
from bot.slack.reconcile import rewritten
from bot.slack.run_messages import Before
from bot.slack.run_notes import noted
from bot.slack.text import fill
from bot.storage import PROMPT, RESULT, Posted, StoredRun


def questions(library: Library) -> Iterator[Rendering]:
    """Give every question in every state, with the card, the reminder and all that stands in the thread beside it."""
    begun = quiz.begin(library.quiz)
    for asked in (library.quiz.purpose, *library.quiz.all_questions):
        yield Rendering(f"unclear answer to {asked.id}", partial(run_messages.unclear, asked, begun, RUN, library))
        once_more = partial(run_messages.unclear, asked, begun, RUN, library, again=True)
        yield Rendering(f"unclear answer to {asked.id} once more", once_more)
        first_two = tuple(choice.id for choice in asked.choices[:2])
        guessed = replace(begun, prompts=(Prompt(asked.id, first_two),), live=True)
        again = partial(run_messages.unclear, asked, guessed, RUN, library, again=True)
        yield Rendering(f"unclear answer to {asked.id} below a guess", again)
        yield Rendering(
            f"yes to two choices of {asked.id}", partial(run_messages.which_offered, asked, guessed, library)
        )
        yield Rendering(f"no such letter at {asked.id}", partial(run_messages.no_such_mark, "z", asked, library))
        opened = replace(begun, prompts=(Prompt(asked.id),), live=True)
        yield from _maybe_meant(f"at {asked.id}", list(WHILE_OPEN)[:2], opened, library)
        yield Rendering(f"why {asked.id} is asked", partial(run_messages.why, asked, begun, library))
        explained = partial(run_messages.about_choices, asked, asked.choices, library)
        yield Rendering(f"choices of {asked.id} explained", explained)
        yield Rendering(f"unsure about {asked.id}", partial(run_messages.unsure, asked, begun, RUN, library))
        leaving = partial(run_messages.not_for_me, begun, RUN, library)
        yield Rendering(f"way out of {asked.id}", leaving)
        yield from in_every_status(asked.id, replace(begun, prompts=(Prompt(asked.id),)), library)
        for choice in asked.choices:
            run = replace(begun, answers=MappingProxyType({asked.id: (choice.id,)}))
            answered = f"{asked.id} answered by {choice.id}"
            late = partial(run_messages.already_answered, run, asked.id, library)
            yield Rendering(f"late click on {answered}", late)
            same = partial(run_messages.same_answer, [asked.id], run, library)
            yield Rendering(f"the same answer once more to {answered}", same)
            for state, prompt in _prompts(asked, choice.id).items():
                yield from in_every_status(f"{answered}, {state}", replace(run, prompts=(prompt,)), library)
            over = replace(run, prompts=(Prompt(asked.id),), live=False)
            yield from thread(f"{answered}, over", over, library, _prompt_slots(over))
        for state, over in _over(asked, begun).items():
            yield from thread(f"{asked.id} {state}", over, library, _prompt_slots(over))
    first, _, third, *_ = library.quiz.questions
    ahead = {third.id: (third.choices[0].id,)}
    early = replace(begun, answers=MappingProxyType(ahead), prompts=(Prompt(first.id),), live=True)
    if note := noted([third.id], early, library):
        yield Rendering("answer to a later question", lambda: note)
    if refused := run_messages.not_asked(begun, third.id, library):
        yield Rendering("change of a question that was not asked", lambda: refused)
    yield Rendering("all questions skipped", partial(blocks.say, library.words.quiz.all_skipped))
    yield from thread("a question that is open again", begun, library, [RESULT, *PARTS])
    several = [question.id for question in library.quiz.questions]
    yield Rendering("the same answers once more", partial(run_messages.same_answer, several, begun, library))
    moved = partial(run_messages.already_answered, begun, None, library)
    yield Rendering("late click on a question that is gone", moved)
    yield from _asked_in_between(begun, library)
    yield from _maybe_meant("while a question is open", list(WHILE_OPEN), opened, library)
    yield from _maybe_meant("below a result", list(OF_RESULT), finished_runs(library)[0], library)
    for term in library.quiz.glossary:
        yield Rendering(f"term {term.term}", partial(run_messages.term, term, library))
    for term, asked in zip(library.quiz.glossary, library.quiz.questions, strict=False):
        is_open = replace(begun, prompts=(Prompt(asked.id),), live=True)
        below = partial(run_asides.with_open_question, run_messages.term(term, library), is_open, library)
        yield Rendering(f"term {term.term} while {asked.id} is open", below)


def _maybe_meant(where: str, names: Sequence[str], run: Run, library: Library) -> Iterator[Rendering]:
    """Give what is said to what was not understood and may mean two of these."""
    for first, second in pairwise(names):
        about = f"{first} {second}"
        if said := run_asides.render_aside(RUN, run_asides.RunAside.MAYBE_MEANT, about, run, library):
            yield Rendering(f"maybe {first} or {second} {where}", partial(joined, said))


def _asked_in_between(run: Run, library: Library) -> Iterator[Rendering]:
    """Give what is said to who asks about the round itself, or speaks to somebody else."""
    yield from _topics(run, library)
    yield Rendering("whether it can be taken again", partial(run_messages.may_start_over, RUN, library))
    named = fill(library.words.quiz.for_somebody, name="Mei")
    yield Rendering("what is said to somebody else", partial(blocks.filled, named))
    for name in type(library.words.typed.result_terms).model_fields:
        if meant := result_explained.term(name, run, library):
            yield Rendering(f"what {name} means", partial(joined, meant))
    to_person = blocks.say(library.words.talk.person.in_quiz or "")
    for can_ask, support in product((True, False), (None, "U0SUPPORT")):
        whom = partial(feedback_blocks.whom_to_ask_in_round, to_person, library, can_ask=can_ask, support=support)
        yield Rendering(f"whom to ask in a round, editors: {can_ask}, support: {support}", whom)


def _topics(run: Run, library: Library) -> Iterator[Rendering]:
    """Give what is said to who asks about the quiz, at each of its questions where that differs, or its result."""
    first, *_, last = library.quiz.questions
    for topic in Topic:
        opens = (library.quiz.purpose, first, last) if topic is Topic.LEFT else (first,)
        for asked in opens:
            is_open = replace(run, prompts=(Prompt(asked.id),), live=True)
            told = partial(run_messages.about_round, topic, is_open, library)
            yield Rendering(f"what is said of {topic} at {asked.id}", told)


def _prompts(asked: AnyQuestion, choice: str) -> dict[str, Prompt]:
    """Give the ways to ask a question that has an answer, by name."""
    return {
        "changing": Prompt(asked.id, changing=True),
        "two guesses": Prompt(asked.id, guesses=(choice, asked.choices[0].id)),
        "one guess": Prompt(asked.id, guesses=(choice,)),
    }


def in_every_status(name: str, run: Run, library: Library) -> Iterator[Rendering]:
    """Give the thread of a round whose last question is open, by what may become of a round."""
    for status in Status:
        shown = replace(run, live=True, status=status, reminders=1, reminding=status is Status.OPEN)
        yield from thread(f"{name}, {status}", shown, library, [*_prompt_slots(shown), f"{run_messages.REMINDER}:1"])


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


def thread(
    name: str, run: Run, library: Library, shown: Collection[str], before: Before | None = None
) -> Iterator[Rendering]:
    """Give the messages of a round; shown: slots of those that are there, before: the round before it."""
    for slot in run_messages.slots(run, shown):
        render = partial(run_messages.render, slot, run, RUN, library, before, user=USER)
        yield Rendering(f"{slot} of the round with {name}", render)


def rounds(library: Library) -> Iterator[Rendering]:
    """Give the results of finished rounds of every kind, with all that stands in their threads."""
    finished = representative(finished_runs(library))
    for run in in_every_purpose(finished):
        purpose = run.quiz.purpose.id  # only rounds of the same are compared
        answers = {**finished[0].answers, purpose: run.answers[purpose]}
        before = replace(finished[0], answers=MappingProxyType(answers))
        yield from results(run, library, before=before)


def shortened(library: Library) -> Iterator[Rendering]:
    """Give rounds that ended early, with one question left out or all, and one for each degree of clearness."""
    asked = library.quiz.questions
    every = frozenset(question.id for question in asked)
    runs = [Run(library.quiz, skipped=every)]
    for positions in product(*(range(len(question.choices)) for question in asked[:-1])):
        chosen = {q.id: (q.choices[at].id,) for q, at in zip(asked, positions, strict=False)}
        early = Run(library.quiz, MappingProxyType(chosen))
        if early.finished:
            runs.append(early)
            goes_on = quiz.apply(early, GoOn()).run
            yield from thread("a result while the rest is asked", goes_on, library, [RESULT, *PARTS])
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
    yield from thread(name, replace(run, opened=PARTS), library, [], earlier)
    if run.shareable:
        yield from shared(name, run, library)


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
    for run, graded in product(in_every_purpose(run_of_each_role(library)), [*cells, None]):
        reviewed = replace(run, graded=graded, not_graded=graded is None, opened=("review",))
        cell = f"{graded.dimension}/{graded.column}" if graded else "none"
        render = partial(run_messages.render, REVIEW, reviewed, RUN, library)
        yield Rendering(f"review of the round with {described(run)} that looked at {cell}", render)
    yield from _typed_reviews(library)


def _typed_reviews(library: Library) -> Iterator[Rendering]:
    """Give what is said to who types what their last review looked at: what was taken, and what is asked back."""
    run = replace(finished_runs(library)[0], opened=PARTS)
    asked = review_messages.open_review(run, library)
    if asked is None:
        return
    yield Rendering("review that was not understood", partial(review_messages.unclear, RUN, library))
    for cells in (asked.cells[:1], asked.cells[:2]):
        guess = partial(review_messages.guess, cells, asked, RUN, library)
        yield Rendering(f"review that may be one of {len(cells)}", guess)
    for graded in (asked.cells[0], None):
        typed = replace(run, graded=graded, not_graded=graded is None)
        if note := review_messages.noted(typed, library):
            yield Rendering(f"review that was typed, {graded}", partial(joined, note))


def confirmations(library: Library) -> Iterator[Rendering]:
    """Give what is said to who types stop, pause or skip, and to who types anything else below a result."""
    begun, done = quiz.begin(library.quiz), finished_runs(library)[0]
    open_ = replace(begun, prompts=(Prompt(library.quiz.questions[0].id),), live=True)
    last = library.quiz.questions[-1]
    early = replace(
        done,
        answers=MappingProxyType({name: choices for name, choices in done.answers.items() if name != last.id}),
        skipped=frozenset({last.id}),
    )
    for name, run, typed, outcome in (
        ("a stop", replace(open_, status=Status.STOPPED), Stop(), Outcome.TAKEN),
        ("a pause", replace(open_, status=Status.PAUSED), Pause(), Outcome.TAKEN),
        ("a second stop", replace(open_, status=Status.STOPPED), Stop(), Outcome.NOTHING),
        ("a stop while an answer is changed", done, Stop(), Outcome.TAKEN),
        ("a skip below a result", done, Skip(), Outcome.NOTHING),
    ):
        shown = {RESULT: Posted("1.0", "")}
        stored = StoredRun(RUN, "U1", "D1", "1.0", 0, 0, None, BEGUN, "", run, shown)
        if note := run_asides.confirmation(stored, typed, outcome, "2.0", library):
            yield Rendering(f"note of {name}", partial(joined, note))
    for run in (done, early):
        yield Rendering(f"reply below {described(run)}", partial(run_asides.finished, run, library))


def _explanations(finished: Collection[Run], library: Library) -> Iterator[Rendering]:
    """Give what is said to who asks about a result, or objects to it."""
    for run, role in product(finished, (None, *(role.id for role in library.quiz.roles))):
        name = f"explanation of {described(run)} against {role or 'the next'}"
        yield Rendering(name, partial(result_explained.explanation, run, role, library))
        yield Rendering(f"how sure the {name} is", partial(result_explained.sureness, run, role, library))
        yield Rendering(f"whether it is the {name}", partial(result_explained.whether, run, role, library))
        changing = partial(result_explained.what_would_change, run, role, library)
        yield Rendering(f"what would change it, with the {name}", changing)
        yield Rendering(f"objection to the {name}", partial(result_explained.objection, run, role, library))


def lists(library: Library) -> Iterator[Rendering]:
    """Give what the command says of rounds: the open one, the list, with more of them than it shows, and without."""
    begun, finished = quiz.begin(library.quiz), run_of_each_role(library)
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
    for finished_before in (True, False):
        newer = partial(run_messages.newer_round, LINK, library, finished=finished_before)
        yield Rendering(f"link to a newer round, older one finished: {finished_before}", newer)
    yield Rendering("link to an opened part of the result", partial(run_messages.already_there, LINK, library))
    yield Rendering("note that the questions were rewritten", partial(rewritten, (3, 5), library))
    yield from _explanations(finished, library)
    for run, asked in product(finished, library.quiz.all_questions):
        for option in asked.choices:
            supposed = WhatIf(asked.id, option.id)
            name = f"what {option.id} at {asked.id} would change in {described(run)}"
            yield Rendering(name, partial(result_explained.what_if, run, supposed, library))
    yield from _changes(finished, library)
    for asked in library.quiz.tie_breaks:
        after = replace(picture, answers=MappingProxyType({**picture.answers, asked.id: (asked.choices[0].id,)}))
        last = partial(change_notes.change_note, picture.answers, after, library)
        yield Rendering(f"note that {asked.id} was answered", last)
        open_again = partial(change_notes.change_note, after.answers, picture, library, undone=True)
        yield Rendering(f"note that the answer to {asked.id} was taken back", open_again)
        other = {**picture.answers, asked.id: (asked.choices[1].id,)}
        changed = partial(change_notes.change_note, other, after, library)
        yield Rendering(f"note that the answer to {asked.id} was changed", changed)
    for choice in library.quiz.purpose.choices:
        after = replace(picture, answers=MappingProxyType({**picture.answers, library.quiz.purpose.id: (choice.id,)}))
        yield Rendering(
            f"note that it is about {choice.id}", partial(change_notes.change_note, picture.answers, after, library)
        )


def _changes(finished: Sequence[Run], library: Library) -> Iterator[Rendering]:
    """Give what is said of changed answers."""
    for before, after in zip([finished[-1], *finished], finished, strict=False):
        name = f"note that {described(before)} was changed to {described(after)}"
        yield Rendering(name, partial(change_notes.change_note, before.answers, after, library))
        copies: change_notes.Copies = {USER: LINK, "U2": None}
        old_copies = partial(change_notes.change_note, before.answers, after, library, LINK, copies)
        yield Rendering(f"{name}, with copies of the result before", old_copies)
        all_new = partial(change_notes.change_note, {}, after, library)
        yield Rendering(f"note that {described(after)} was answered", all_new)
        back = partial(change_notes.change_note, before.answers, after, library, undone=True)
        yield Rendering(f"{name} back", back)
        *rest, _ = after.weighed.items()
        fewer = replace(after, answers=MappingProxyType(dict(rest)))
        open_again = partial(change_notes.change_note, after.answers, fewer, library, undone=True)
        yield Rendering(f"note that the last answer in {described(after)} was taken back", open_again)
        over = partial(change_notes.overwritten_note, before.answers, after, library, LINK)
        if note := over():
            yield Rendering(f"{name} while there is no result", partial(joined, note))
        if note := change_notes.shortened(change_notes.marks("v", before.answers, after), "v", after, library):
            yield Rendering(f"{name}, in short", partial(joined, note))
        yield Rendering(f"{name} far above", partial(change_notes.change_note, before.answers, after, library, LINK))
        if note := change_notes.completed_note(after, library, LINK):
            yield Rendering(f"note that {described(after)} is complete", partial(joined, note))
