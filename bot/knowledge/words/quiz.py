"""What the quiz says, its result, and how the work in it is graded."""

from typing import Annotated

from bot.domain.authored import Authored, Line
from bot.knowledge.words.texts import Button, ConfirmButton, ConfirmText, ConfirmTitle, MenuPlaceholder, Plain, text


class QuizWords(Authored):
    """What the quiz says beside its questions."""

    title: Plain
    root: Annotated[Line, text("count")]
    card_about: Annotated[Line, text("choice")]
    card_progress: Annotated[Line, text("done", "count")]
    card_enough: Annotated[Line, text("done", "count")]
    card_open: Annotated[Line, text("number", "question")]
    card_answer: Annotated[Line, text("choice")]
    card_skipped: Plain
    quote: Annotated[Line, text("choice")]
    half: Annotated[Line, text("first", "second")]
    half_alone: Annotated[Line, text("choice")]
    both: Annotated[Line, text("first", "second")]
    option: Annotated[Line, text("letter", "choice")]
    option_means: Annotated[Line, text("letter", "choice", "means")]
    change: Button
    pause: Button
    resume: Button
    so_far: Button
    start_over: Button
    paused: Plain
    stopped: Plain
    expired: Plain
    done: Plain
    nothing_to_weigh: Plain
    all_skipped: Plain
    deleted: Plain
    unknown: Annotated[Line, text("examples")]
    know: Plain
    not_opened: Plain
    purpose: Plain
    purpose_how: Plain
    purpose_taken: Plain
    purpose_skipped: Plain
    manages: Plain
    progress: Annotated[Line, text("number", "count")]
    how_to_answer: Plain
    chosen: Annotated[Line, text("choice")]
    changing: Annotated[Line, text("choice")]
    skipped: Plain
    asked_again: Plain
    asked_later: Plain
    left_open: Plain
    tie_break: Plain
    guess: Annotated[Line, text("choice")]
    guess_either: Plain
    guess_both: Annotated[Line, text("first", "second")]
    guess_yes: Button
    guess_none: Button
    why: Annotated[Line, text("why")]
    term: Annotated[Line, text("term", "text")]
    source: Annotated[Line, text("sources")]
    which_two: Plain
    which_offered: Annotated[Line, text("first", "second")]
    several_unclear: Plain
    unsure: Annotated[Line, text("last")]
    skip: Button
    leave: Plain
    for_whom: Plain
    unclear: Annotated[Line, text("last")]
    unclear_again: Annotated[Line, text("last")]
    unclear_guess: Annotated[Line, text("last")]
    unclear_purpose: Plain
    maybe_meant: Annotated[Line, text("options", "last")]
    maybe_meant_below: Annotated[Line, text("options")]
    no_such_mark: Annotated[Line, text("mark", "last")]
    not_asked: Annotated[Line, text("number")]
    one_or_two: Plain
    only_one: Plain
    may_start_over: Plain
    for_somebody: Annotated[Line, text("name")]
    for_somebody_else: Plain
    nothing_undone: Plain
    nothing_undone_result: Plain
    still_open: Annotated[Line, text("question")]
    kept: Plain
    edited_late: Plain
    already_answered: Annotated[Line, text("choice")]
    same_answer: Annotated[Line, text("choice")]
    same_answers: Plain
    moved_on: Plain
    finished: Plain
    finished_rest: Annotated[Line, text("questions")]
    ended: Plain
    change_dropped: Plain
    change_dropped_other: Plain
    stopped_note: Plain
    paused_note: Plain
    waiting: Plain
    newer: Annotated[Line, text("link")]
    newer_result: Annotated[Line, text("link")]
    newer_link: Plain
    first: Plain
    nothing_so_far: Plain
    reminder: Annotated[Line, text("done", "count")]
    reminder_over: Plain
    later: Button
    stop: Button
    expired_note: Plain
    expired_result: Plain
    edited_since: Annotated[Line, text("kept", "given")]
    noted: Annotated[Line, text("number", "choice")]
    noted_open: Annotated[Line, text("number")]
    changed: Annotated[Line, text("number", "choice")]
    answered: Annotated[Line, text("number", "choice")]
    answered_tie_break: Annotated[Line, text("choice")]
    changed_tie_break: Annotated[Line, text("choice")]
    changed_purpose: Annotated[Line, text("choice")]
    undone: Annotated[Line, text("number", "choice")]
    undone_other: Annotated[Line, text("choice")]
    undone_open: Annotated[Line, text("number")]
    undone_open_other: Plain
    completed: Annotated[Line, text("now")]
    changed_same: Annotated[Line, text("now")]
    changed_role: Annotated[Line, text("now", "before")]
    changed_weaker: Annotated[Line, text("role", "now", "before")]
    changed_clearer: Annotated[Line, text("role", "now", "before")]
    changed_link: Plain
    changed_copy: Annotated[Line, text("to", "where")]
    changed_copy_link: Plain
    changed_copy_where: Plain
    changed_question_link: Plain
    in_thread: Annotated[Line, text("link")]
    in_thread_link: Plain
    named: Annotated[Line, text("role", "clearness")]
    either: Annotated[Line, text("first", "second")]
    clear: Plain
    leaning: Plain
    close: Plain
    picture: Plain
    not_yours: Plain
    gone: Plain
    note: Annotated[Line, text("link")]
    note_link: Plain
    offer: Annotated[Line, text("done", "count")]
    offer_open: Button
    offer_new: Button
    usage: Plain
    unknown_argument: Annotated[Line, text("argument")]
    history: Plain
    history_none: Plain
    history_line: Annotated[Line, text("date", "result")]
    result_about: Annotated[Line, text("result", "about")]
    about_role: Plain
    about_people: Plain
    history_open: Annotated[Line, text("done", "count")]
    history_more: Annotated[Line, text("count")]
    history_shared: Annotated[Line, text("people")]
    open: Button
    delete: Button
    delete_title: ConfirmTitle
    delete_text: ConfirmText
    delete_yes: ConfirmButton
    delete_no: ConfirmButton


class ResultWords(Authored):
    """What a recommendation says. Roles come with their article."""

    work_own: Plain
    work_role: Plain
    work_people: Plain
    work_own_shared: Annotated[Line, text("sender")]
    work_role_shared: Annotated[Line, text("sender")]
    work_people_shared: Annotated[Line, text("sender")]
    clear: Annotated[Line, text("work", "role", "runner_up")]
    clear_next: Annotated[Line, text("work", "role", "runner_up")]
    leaning: Annotated[Line, text("work", "role", "runner_up")]
    leaning_next: Annotated[Line, text("work", "role", "runner_up")]
    leaning_open: Annotated[Line, text("work", "role", "questions")]
    leaning_tie_break: Annotated[Line, text("work", "role", "runner_up")]
    close: Annotated[Line, text("work", "role", "runner_up")]
    picture: Annotated[Line, text("done", "count", "work", "role")]
    picture_close: Annotated[Line, text("done", "count", "work", "role", "runner_up")]
    picture_more: Plain
    level: Annotated[Line, text("role")]
    so_far: Annotated[Line, text("done", "count")]
    rests: Annotated[Line, text("done", "count")]
    early: Annotated[Line, text("done", "count", "questions")]
    question: Annotated[Line, text("number")]
    questions: Annotated[Line, text("numbers")]
    question_shared: Annotated[Line, text("question")]
    shares: Plain
    shares_how: Plain
    decided: Plain
    against: Annotated[Line, text("role")]
    against_none: Annotated[Line, text("other")]
    flip: Annotated[Line, text("changes", "role")]
    flip_example: Annotated[Line, text("changes", "role")]
    flip_shared: Annotated[Line, text("changes", "role", "sender")]
    flip_example_shared: Annotated[Line, text("changes", "role", "sender")]
    flip_change: Annotated[Line, text("choices", "question")]
    flip_alone: Annotated[Line, text("choices", "question")]
    flip_tie_break: Annotated[Line, text("choices")]
    flip_choice: Annotated[Line, text("letter", "choice")]
    flip_none: Plain
    sure_clear: Annotated[Line, text("role", "percent", "other", "other_percent")]
    sure_leaning: Annotated[Line, text("role", "percent", "other", "other_percent")]
    sure_open: Annotated[Line, text("role", "percent", "other", "other_percent", "questions")]
    sure_tie_break: Annotated[Line, text("role", "percent", "other", "other_percent")]
    sure_close: Annotated[Line, text("role", "percent", "other", "other_percent")]
    sure_picture: Annotated[Line, text("done", "count")]
    what_if: Annotated[Line, text("choice", "now")]
    what_if_same: Annotated[Line, text("choice", "now")]
    what_if_stays: Annotated[Line, text("number", "letter")]
    tip_close: Plain
    as_it_stands: Annotated[Line, text("now")]
    agrees: Annotated[Line, text("now")]
    is_role: Annotated[Line, text("now")]
    is_partly_role: Annotated[Line, text("now")]
    is_not_role: Annotated[Line, text("now")]
    objected: Annotated[Line, text("answers", "now")]
    change_how: Plain
    means_clear: Annotated[Line, text("clear", "leaning")]
    means_leaning: Annotated[Line, text("clear", "leaning")]
    means_close: Annotated[Line, text("clear", "leaning")]
    means_picture: Annotated[Line, text("clear", "leaning")]
    means_shares: Annotated[Line, text("clear", "leaning")]
    why_not: Annotated[Line, text("role", "other", "answers", "against", "percent", "other_percent")]
    why_not_for: Annotated[Line, text("role", "other", "answers", "percent", "other_percent")]
    why_not_against: Annotated[Line, text("role", "other", "against", "percent", "other_percent")]
    speaks_for: Annotated[Line, text("role", "answers")]
    speaks_for_none: Annotated[Line, text("role", "other")]
    speaks_for_neither: Annotated[Line, text("role", "other")]
    last_in: Annotated[Line, text("choice")]
    half_in: Annotated[Line, text("choices", "question")]
    go_on: Button
    previous: Annotated[Line, text("date", "before", "now")]
    previous_same: Annotated[Line, text("date", "now")]
    previous_role: Annotated[Line, text("date", "before", "now")]
    previous_role_same: Annotated[Line, text("date", "now")]
    previous_moved: Annotated[Line, text("questions")]
    previous_none: Plain
    previous_not_asked: Annotated[Line, text("questions")]
    table: Annotated[Line, text("title", "sources")]
    picked: Annotated[Line, text("cell")]
    picked_key: Plain
    picked_between: Annotated[Line, text("answers")]
    picked_between_several: Annotated[Line, text("answers")]
    waiting: Plain
    stands: Plain
    caution_own: Plain
    caution_role: Plain
    again: Button
    share: Button
    part_titles: Button
    part_tracks: Button
    part_skills: Button
    part_table: Button
    part_review_own: Button
    part_review_role: Button
    part_there: Annotated[Line, text("link")]
    part_link: Plain
    titles: Annotated[Line, text("role", "called", "titles")]
    skills: Annotated[Line, text("role")]
    skills_key: Annotated[Line, text("key")]
    skill: Annotated[Line, text("skill", "titles")]
    tracks: Annotated[Line, text("work")]
    track: Annotated[Line, text("regime", "text")]
    track_risk: Annotated[Line, text("option", "risk")]
    row: Annotated[Line, text("label")]
    cell: Annotated[Line, text("column", "cell")]


class RoundExamples(Authored):
    """What to type for each thing that somebody may mean in a round, by the names of `bot.domain.meant_in_round`."""

    back: Plain
    undo: Plain
    skip: Plain
    unsure: Plain
    why: Plain
    pause: Plain
    resume: Plain
    not_for_me: Plain
    so_far: Plain
    left: Plain
    voluntary: Plain
    no_right_answer: Plain
    colleague: Plain
    start_over: Plain
    stop: Plain
    two: Plain
    own_answers: Plain
    valid: Plain
    table: Plain
    marks: Plain
    pay: Plain
    graded: Plain
    unfair: Plain
    contract: Plain
    changing: Plain
    seen: Plain
    explain: Plain
    sure: Plain
    change: Plain
    titles: Plain
    disagree: Plain


class RoundTopicsWords(Authored):
    """What is said to who asks about the quiz or its result, by the topics of `bot.domain.round_topics`.

    The first are said while a question is open, those from `valid` on below a result, and `colleague` in both.
    """

    no_right_answer: Plain
    voluntary: Plain
    left: Annotated[Line, text("number", "count")]
    left_last: Annotated[Line, text("number", "count")]
    left_all: Annotated[Line, text("count")]
    yes_or_no: Plain
    colleague: Plain
    valid: Plain
    table: Plain
    marks: Plain
    one_case: Plain
    pay: Plain
    graded: Plain
    unfair: Plain
    contract: Plain
    changing: Plain
    seen: Plain


class GradedWords(Authored):
    """The question what a review looked at, and what comes of it."""

    advice: Annotated[Line, text("role")]
    advice_next: Annotated[Line, text("role", "advice")]
    pick: MenuPlaceholder
    how_to_answer: Plain
    skip: Button
    unclear: Plain
    noted: Annotated[Line, text("cell")]
    skipped: Plain
    said_own: Annotated[Line, text("cell")]
    said_role: Annotated[Line, text("cell")]
    said_shared: Annotated[Line, text("sender", "cell")]
    match: Annotated[Line, text("column")]
    mismatch: Annotated[Line, text("role", "cell", "column")]
    mismatch_shared: Annotated[Line, text("role", "cell", "column")]
    fits_next: Annotated[Line, text("role")]
    if_role: Annotated[Line, text("role")]
    hurts: Annotated[Line, text("text")]
    ask_own: Annotated[Line, text("text")]
    ask_role: Annotated[Line, text("text")]
