"""What two people see who compare their answers blind."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from types import MappingProxyType

from bot.domain import quiz
from bot.domain.compare import Comparison, Side, State, compare
from bot.domain.fit import Answers
from bot.domain.quiz_run import Prompt, Run
from bot.domain.share import Refusal
from bot.knowledge import Library
from bot.slack import change_notes, compare_blocks, history, result_explained, run_messages
from bot.slack.gallery.quiz import in_every_status, thread
from bot.slack.gallery.rendering import BEGUN, RUN, SHARE, USER, Rendering
from bot.slack.gallery.runs import described, finished_runs, representative, run_of_each_role
from bot.slack.text import fill, mention
from bot.storage import StoredComparison, StoredRun


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
            invited = partial(compare_blocks.invitation, stored, count, library, has_seen_result=flag, muted=flag)
            yield Rendering(f"invitation to compare, {name}, known and muted {flag}", invited)
            receipt = partial(compare_blocks.receipt, stored, library, has_seen_result=flag, in_doubt=flag)
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
    invited = replace(quiz.begin(library.quiz), subject=USER)
    rounds = {"open": invited, "answered": replace(run_of_each_role(library)[0], subject=USER)}
    for name, (state, asked_in) in product(library.words.compare.asked.names, rounds.items()):
        told = partial(run_messages.of_comparison, name, asked_in, library)
        yield Rendering(f"answer to {name} in a round for a comparison that is {state}", told)
    yield Rendering("why somebody was asked to compare", partial(run_messages.why_me, invited, library))
    for subject, closed in product((USER, ""), (False, True)):
        begun = replace(quiz.begin(library.quiz, subject), closed=closed)
        whose = f"the work of {subject or 'somebody'}, {'over' if closed else 'open'},"
        for asked in library.quiz.all_questions:
            prompted = replace(begun, prompts=(Prompt(asked.id),))
            yield from in_every_status(f"{asked.id} about {whose}", prompted, library)
            yield Rendering(f"why {asked.id} about {whose} is asked", partial(run_messages.why, asked, begun, library))
        for run in run_of_each_role(library):
            compared = replace(run, subject=subject, closed=closed)
            yield from thread(f"{described(run)} about {whose}", compared, library, [])
            first = library.quiz.questions[0]
            before = {**run.answers, first.id: (first.choices[-1].id,)}
            changed = partial(change_notes.change_note, before, compared, library)
            yield Rendering(f"note that {described(run)} about {whose} was changed", changed)
            explained = partial(result_explained.explanation, compared, None, library)
            yield Rendering(f"explanation of {described(run)} about {whose}", explained)
            stored = StoredRun(RUN, USER, "D1", "1.0", 0, 0, None, BEGUN, "", compared, {})
            yield Rendering(f"list with {whose}", partial(history.listed, [stored], 1, library))
