"""The file `words.yaml` as models: all that the bot says besides answers and questions of the quiz.

A text is declared with the placeholders that it may have. To say something new, declare it here, write it in
knowledge/words.yaml, and say it in a module of bot.slack.
"""

from collections.abc import Mapping
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, Field

from bot.domain.authored import Authored, Line
from bot.domain.language import Language
from bot.domain.quiz_content import Phrases, TypedWords
from bot.knowledge.slack_limits import MAX_BUTTON_TEXT, MAX_HEADER_TEXT, MAX_VIEW_TITLE


class Placeholders:
    """The placeholders that a text may use, all of them optional, and as they are: `{count}`, not `{count:>3}`."""

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)

    def __call__(self, text: str) -> str:
        """Refuse a text with a placeholder that nobody will fill, or that is to be formatted."""
        try:
            parts = [part for part in Formatter().parse(text) if part[1] is not None]
        except ValueError as error:
            raise ValueError(f"{error}: write {{{{ and }}}} for braces") from None
        # Its text is filled in: a format, or a conversion such as !r, could only spoil it or fail while we speak.
        if formatted := [name for _, name, spec, conversion in parts if spec or conversion]:
            raise ValueError(f"the placeholder {{{formatted[0]}}} has a format; write {{{formatted[0]}}} alone")
        if unknown := {name or "" for _, name, _, _ in parts} - self.names:
            allowed = ", ".join(f"{{{name}}}" for name in sorted(self.names)) or "none"
            raise ValueError(f"unknown placeholder {{{', '.join(sorted(unknown))}}}; there are: {allowed}")
        return text


def _text(*names: str) -> AfterValidator:
    """Allow these placeholders in a text."""
    return AfterValidator(Placeholders(*names))


Plain = Annotated[Line, _text()]
Button = Annotated[Line, Field(max_length=MAX_BUTTON_TEXT), _text()]


class FaqWords(Authored):
    """What surrounds an answer from the FAQ."""

    source: Annotated[Line, _text("sources")]
    table: Annotated[Line, _text("title", "sources")]
    suggest: Plain
    suggest_one: Plain
    suggest_again: Plain
    suggest_again_one: Plain
    suggest_moved: Plain
    near: Plain
    near_one: Plain
    know: Plain
    suggest_shown: Annotated[Line, _text("question")]
    on_its_way: Plain
    unknown: Annotated[Line, _text("examples")]
    for_sender: Annotated[Line, _text("sender", "link")]
    for_sender_link: Plain
    hello: Annotated[Line, _text("examples")]


class FeedbackWords(Authored):
    """What an answer carries, and what is said about it: to who asks why, who votes, who wants a person."""

    about: Annotated[Line, _text("question", "sources", "checked", "owner")]
    about_one_of_two: Annotated[Line, _text("sources", "checked", "owner")]
    owner: Plain
    helpful: Button
    not_helpful: Button
    why: Button
    not_now: Button
    none_of_these: Button
    answered_above: Annotated[Line, _text("link")]
    answered_above_link: Plain
    none_taken: Plain
    entry_gone: Plain
    changed_since: Plain
    withdrawn: Plain
    thanks: Plain
    what_was_wrong: Plain
    wrong_question: Button
    wrong_answer: Button
    other: Button
    reason_taken: Plain
    comment_title: Annotated[Line, Field(max_length=MAX_VIEW_TITLE), _text()]
    comment_label: Plain
    comment_hint: Plain
    comment_send: Annotated[Line, Field(max_length=MAX_VIEW_TITLE), _text()]
    comment_cancel: Annotated[Line, Field(max_length=MAX_VIEW_TITLE), _text()]
    ask_person: Button
    person_asked: Annotated[Line, _text("whom")]
    person_asked_before: Plain
    person_not_reached: Plain
    no_person: Plain
    nobody_to_ask: Plain
    question_gone: Plain
    help_request: Annotated[Line, _text("asker", "link")]
    help_request_dm: Annotated[Line, _text("asker")]
    help_link: Plain
    help_answered: Annotated[Line, _text("question")]
    help_not_answered: Plain
    help_wrong_question: Plain
    help_wrong_answer: Plain
    help_other: Plain
    help_not_helpful: Plain
    help_how: Annotated[Line, _text("asker")]
    help_how_dm: Annotated[Line, _text("asker")]
    help_resolved: Annotated[Line, _text("by")]
    help_news: Annotated[Line, _text("by", "reply", "question")]
    help_news_dm: Annotated[Line, _text("by", "question")]
    help_news_reply: Plain
    help_news_question: Plain
    why_question: Annotated[Line, _text("question")]
    why_chosen: Annotated[Line, _text("question")]
    why_words: Annotated[Line, _text("words")]
    why_word: Annotated[Line, _text("word", "meaning")]
    why_no_words: Plain
    why_certain: Plain
    why_fairly_certain: Plain
    why_uncertain: Plain
    why_runner_up: Annotated[Line, _text("question")]
    why_nothing_else: Plain
    why_sources: Annotated[Line, _text("sources")]
    why_edited: Plain
    why_button: Plain
    why_gone: Plain
    why_forgotten: Plain
    why_not_now: Annotated[Line, _text("question")]


class MannersWords(Authored):
    """What the bot says of how it behaves: in a channel, in a thread, to a person."""

    only_you: Plain
    post_in_thread: Button
    posted_in_thread: Plain
    post_here: Button
    posted_here: Annotated[Line, _text("person", "question")]
    posted_here_now: Plain
    posted_already: Plain
    changed_since: Plain
    entry_gone: Plain
    not_a_member: Plain
    cannot_post: Plain
    perhaps_posted: Plain
    answered_lately: Annotated[Line, _text("link")]
    answered_lately_about: Annotated[Line, _text("question", "link")]
    answered_link: Plain
    withdrawn: Plain
    switched_off: Plain
    hushed: Plain
    quiet_on: Plain
    quiet_off: Plain
    nothing_to_read: Plain
    own_message: Plain
    silent_nothing_near: Plain
    silent_unsure: Plain
    silent_between: Plain
    silent_not_asked: Plain
    silent_likeliest: Plain
    silent_no_answer: Plain
    welcome: Plain
    welcome_shared: Plain
    channel: Plain
    channel_none: Plain
    channel_dm: Plain
    channel_by: Annotated[Line, _text("mode", "person", "date")]
    mode_answer: Button
    mode_whisper: Button
    mode_mention: Button
    mode_off: Button
    means_answer: Plain
    means_whisper: Plain
    means_mention: Plain
    means_off: Plain
    editors_here: Plain
    editors_elsewhere: Annotated[Line, _text("channel")]
    editors_nowhere: Plain
    editors_replaced: Plain
    editors_not_member: Plain
    bring_here: Button
    bring_nowhere: Button


class Talk(Authored):
    """Something people say besides questions: how they put it, and what to say to it; None is silence.

    `in_quiz` is said instead in the thread of a run. `begins` puts the button that begins the quiz below the reply, and
    `person` how a person can be reached.
    """

    phrases: Phrases
    reply: Plain | None = None
    in_quiz: Plain | None = None
    begins: bool = False
    person: bool = False


class TalkWords(Authored):
    """What people say to a bot besides questions, by what they want; and words that mean the same in that."""

    alike: tuple[Annotated[Phrases, Field(min_length=2)], ...] = ()
    acknowledgement: Talk
    greeting: Talk
    thanks: Talk
    help: Talk
    identity: Talk
    maker: Talk
    funding: Talk
    certainty: Talk
    which_better: Talk
    privacy: Talk
    kept: Talk
    listening: Talk
    deletion: Talk
    sharing: Talk
    about_quiz: Talk
    begin: Talk
    stop: Talk
    hush: Talk
    quiet: Talk
    complaint: Talk
    confused: Talk
    person: Talk
    bye: Talk
    choosing: Talk
    declining: Talk

    def of(self, intent: str) -> Talk:
        """Give the phrases of an intent and the reply to it, by its name here."""
        talk: Talk = getattr(self, intent)
        return talk

    @property
    def phrases(self) -> Mapping[str, tuple[str, ...]]:
        """Give the phrases by the intent they mean."""
        return {intent: self.of(intent).phrases for intent in type(self).model_fields if intent != "alike"}


class TerminalWords(Authored):
    """What `rolefit chat` says in place of what speaks of buttons, threads and what is kept."""

    greeting: Plain
    help: Plain
    help_in_quiz: Plain
    identity: Plain
    funding: Plain
    certainty: Plain
    which_better: Plain
    privacy: Plain
    privacy_in_quiz: Plain
    maker: Plain
    kept: Plain
    listening: Plain
    deletion: Plain
    sharing: Plain
    sharing_in_quiz: Plain
    quiet: Plain
    about_quiz: Plain
    about_quiz_in_quiz: Plain
    begin: Plain
    begin_in_quiz: Plain
    hush: Plain
    stop: Plain
    complaint: Plain
    complaint_in_quiz: Plain
    confused: Plain
    person: Plain
    bye: Plain
    bye_in_quiz: Plain
    choosing: Plain
    choosing_in_quiz: Plain
    paused: Plain
    stopped: Plain
    unsure: Annotated[Line, _text("options")]
    finished: Plain
    nothing_to_weigh: Plain
    of_slack: Annotated[Line, _text("argument")]
    near: Annotated[Line, _text("near", "asked")]

    def talk(self, intent: str, talk: Talk, *, in_quiz: bool) -> str | None:
        """Give the reply to small talk of this name: that of the terminal, if there is one; None is silence."""
        own: str | None = getattr(self, intent, None)
        if not in_quiz:
            return own or talk.reply
        own_in_quiz: str | None = getattr(self, f"{intent}_in_quiz", None)
        return own_in_quiz or talk.in_quiz or own or talk.reply


class LanguagesWords(Authored):
    """That the bot speaks English alone so far, and what to ask, in each of the languages that it recognises."""

    german: Annotated[Line, _text("example")]
    french: Annotated[Line, _text("example")]
    spanish: Annotated[Line, _text("example")]
    portuguese: Annotated[Line, _text("example")]
    hindi: Annotated[Line, _text("example")]

    def of(self, language: Language) -> str:
        """Say it in a language."""
        sentence: str = getattr(self, language.value)
        return sentence


class QuizWords(Authored):
    """What the quiz says beside its questions."""

    title: Plain
    root: Annotated[Line, _text("count")]
    card_about: Annotated[Line, _text("choice")]
    card_progress: Annotated[Line, _text("done", "count")]
    card_enough: Annotated[Line, _text("done", "count")]
    card_open: Annotated[Line, _text("number", "question")]
    card_answer: Annotated[Line, _text("choice")]
    card_skipped: Plain
    quote: Annotated[Line, _text("choice")]
    half: Annotated[Line, _text("first", "second")]
    half_alone: Annotated[Line, _text("choice")]
    both: Annotated[Line, _text("first", "second")]
    option: Annotated[Line, _text("letter", "choice")]
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
    deleted: Plain
    unknown: Annotated[Line, _text("examples")]
    know: Plain
    not_opened: Plain
    purpose: Plain
    purpose_how: Plain
    purpose_taken: Plain
    manages: Plain
    progress: Annotated[Line, _text("number", "count")]
    how_to_answer: Plain
    chosen: Annotated[Line, _text("choice")]
    changing: Annotated[Line, _text("choice")]
    skipped: Plain
    asked_again: Plain
    asked_later: Plain
    left_open: Plain
    tie_break: Plain
    guess: Annotated[Line, _text("choice")]
    guess_either: Plain
    guess_yes: Button
    guess_none: Button
    why: Annotated[Line, _text("why")]
    term: Annotated[Line, _text("term", "text")]
    source: Annotated[Line, _text("sources")]
    which_two: Plain
    unsure: Annotated[Line, _text("options")]
    skip: Button
    unclear: Annotated[Line, _text("options")]
    kept: Plain
    edited_late: Plain
    already_answered: Annotated[Line, _text("choice")]
    same_answer: Annotated[Line, _text("choice")]
    same_answers: Plain
    moved_on: Plain
    finished: Plain
    waiting: Plain
    first: Plain
    nothing_so_far: Plain
    reminder: Annotated[Line, _text("done", "count")]
    reminder_over: Plain
    later: Button
    stop: Button
    expired_note: Plain
    edited_since: Annotated[Line, _text("kept", "given")]
    noted: Annotated[Line, _text("number", "choice")]
    noted_open: Annotated[Line, _text("number")]
    changed: Annotated[Line, _text("number", "choice")]
    answered: Annotated[Line, _text("number", "choice")]
    answered_tie_break: Annotated[Line, _text("choice")]
    changed_tie_break: Annotated[Line, _text("choice")]
    changed_purpose: Annotated[Line, _text("choice")]
    completed: Annotated[Line, _text("now")]
    changed_same: Annotated[Line, _text("now")]
    changed_role: Annotated[Line, _text("now", "before")]
    changed_weaker: Annotated[Line, _text("role", "now", "before")]
    changed_clearer: Annotated[Line, _text("role", "now", "before")]
    changed_link: Plain
    changed_copy: Annotated[Line, _text("to", "where")]
    changed_copy_link: Plain
    changed_copy_where: Plain
    changed_question_link: Plain
    in_thread: Annotated[Line, _text("link")]
    in_thread_link: Plain
    named: Annotated[Line, _text("role", "clearness")]
    either: Annotated[Line, _text("first", "second")]
    clear: Plain
    leaning: Plain
    close: Plain
    picture: Plain
    not_yours: Plain
    gone: Plain
    note: Annotated[Line, _text("link")]
    note_link: Plain
    offer: Annotated[Line, _text("done", "count")]
    offer_open: Button
    offer_new: Button
    usage: Plain
    unknown_argument: Annotated[Line, _text("argument")]
    history: Plain
    history_none: Plain
    history_line: Annotated[Line, _text("date", "result")]
    result_about: Annotated[Line, _text("result", "about")]
    about_role: Plain
    about_people: Plain
    history_open: Annotated[Line, _text("done", "count")]
    history_more: Annotated[Line, _text("count")]
    history_shared: Annotated[Line, _text("people")]
    open: Button
    delete: Button
    delete_title: Plain
    delete_text: Plain
    delete_yes: Plain
    delete_no: Plain


class ResultWords(Authored):
    """What a recommendation says. Roles come with their article."""

    work_own: Plain
    work_role: Plain
    work_people: Plain
    work_own_shared: Annotated[Line, _text("sender")]
    work_role_shared: Annotated[Line, _text("sender")]
    work_people_shared: Annotated[Line, _text("sender")]
    clear: Annotated[Line, _text("work", "role", "runner_up")]
    clear_next: Annotated[Line, _text("work", "role", "runner_up")]
    leaning: Annotated[Line, _text("work", "role", "runner_up")]
    leaning_next: Annotated[Line, _text("work", "role", "runner_up")]
    leaning_open: Annotated[Line, _text("work", "role", "questions")]
    leaning_tie_break: Annotated[Line, _text("work", "role", "runner_up")]
    close: Annotated[Line, _text("work", "role", "runner_up")]
    picture: Annotated[Line, _text("done", "count", "work", "role")]
    picture_close: Annotated[Line, _text("done", "count", "work", "role", "runner_up")]
    picture_more: Plain
    level: Annotated[Line, _text("role")]
    so_far: Annotated[Line, _text("done", "count")]
    rests: Annotated[Line, _text("done", "count")]
    early: Annotated[Line, _text("done", "count", "questions")]
    question: Annotated[Line, _text("number")]
    questions: Annotated[Line, _text("numbers")]
    question_shared: Annotated[Line, _text("row")]
    shares: Plain
    decided: Plain
    against: Annotated[Line, _text("role")]
    against_none: Annotated[Line, _text("other")]
    flip: Annotated[Line, _text("changes", "role")]
    flip_example: Annotated[Line, _text("changes", "role")]
    flip_alone: Annotated[Line, _text("choice", "question")]
    flip_change: Annotated[Line, _text("choice", "question")]
    flip_tie_break: Annotated[Line, _text("choice")]
    flip_none: Plain
    sure_clear: Annotated[Line, _text("role", "percent", "other", "other_percent")]
    sure_leaning: Annotated[Line, _text("role", "percent", "other", "other_percent")]
    sure_open: Annotated[Line, _text("role", "percent", "other", "other_percent", "questions")]
    sure_tie_break: Annotated[Line, _text("role", "percent", "other", "other_percent")]
    sure_close: Annotated[Line, _text("role", "percent", "other", "other_percent")]
    sure_picture: Annotated[Line, _text("done", "count")]
    tip_close: Plain
    speaks_for: Annotated[Line, _text("role", "answers")]
    speaks_for_none: Annotated[Line, _text("role", "other")]
    speaks_for_neither: Annotated[Line, _text("role", "other")]
    half_in: Annotated[Line, _text("choices", "question")]
    divided: Annotated[Line, _text("shares")]
    share_of: Annotated[Line, _text("role", "percent")]
    go_on: Button
    previous: Annotated[Line, _text("date", "before", "now")]
    previous_same: Annotated[Line, _text("date", "now")]
    previous_moved: Annotated[Line, _text("questions")]
    previous_none: Plain
    previous_not_asked: Annotated[Line, _text("questions")]
    table: Annotated[Line, _text("title", "sources")]
    picked: Annotated[Line, _text("cell")]
    picked_key: Plain
    waiting: Plain
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
    part_there: Annotated[Line, _text("link")]
    part_link: Plain
    titles: Annotated[Line, _text("role", "called", "titles")]
    skills: Annotated[Line, _text("role")]
    skills_key: Annotated[Line, _text("key")]
    skill: Annotated[Line, _text("skill", "titles")]
    tracks: Annotated[Line, _text("work")]
    track: Annotated[Line, _text("regime", "text")]
    track_risk: Annotated[Line, _text("option", "risk")]
    row: Annotated[Line, _text("label")]
    cell: Annotated[Line, _text("column", "cell")]


class GradedWords(Authored):
    """The question what a review looked at, and what comes of it."""

    advice: Annotated[Line, _text("role")]
    pick: Plain
    skip: Button
    skipped: Plain
    said_own: Annotated[Line, _text("cell")]
    said_role: Annotated[Line, _text("cell")]
    said_shared: Annotated[Line, _text("sender", "cell")]
    match: Annotated[Line, _text("column")]
    mismatch: Annotated[Line, _text("role", "cell", "column")]
    mismatch_shared: Annotated[Line, _text("role", "cell", "column")]
    if_role: Annotated[Line, _text("role")]
    hurts: Annotated[Line, _text("text")]
    ask_own: Annotated[Line, _text("text")]
    ask_role: Annotated[Line, _text("text")]


Title = Annotated[Line, Field(max_length=MAX_VIEW_TITLE), _text()]
To = Annotated[Line, _text("to")]
Sender = Annotated[Line, _text("sender")]
OnDate = Annotated[Line, _text("date")]


class ShareWords(Authored):
    """What sharing says to the person who shares and to the one who receives."""

    # The window
    window_not_opened: Plain
    title: Title
    to: Plain
    manager_fields: tuple[Plain, ...]
    to_placeholder: Annotated[Line, Field(max_length=150), _text()]
    to_again: To
    parts: Plain
    part_recommendation: Button
    part_table: Button
    part_answers: Button
    part_graded: Button
    shown_recommendation: Plain
    shown_table: Plain
    shown_answers: Plain
    shown_graded: Plain
    shown_note: Plain
    no_parts: Plain
    not_graded: Plain
    note: Plain
    note_hint: Plain
    place: Plain
    place_direct: Button
    place_group: Button
    look: Title
    cancel: Title
    preview_title: Title
    preview: To
    preview_update: To
    preview_thread: Plain
    preview_table: Plain
    preview_buttons: To
    send: Title
    back: Title

    # What the recipient gets
    reply_hint: Annotated[Line, _text("to")]
    intro: Annotated[Line, _text("sender", "date", "parts")]
    intro_group: Annotated[Line, _text("sender", "to", "date", "parts")]
    noted: Sender
    answers: Sender
    answer: Annotated[Line, _text("row", "choice")]
    answer_open: Annotated[Line, _text("row")]
    guide: Plain
    guide_mismatch: Annotated[Line, _text("cell", "role")]
    guide_graded: Annotated[Line, _text("cell")]
    guide_close: Annotated[Line, _text("role", "runner_up")]
    guide_role: Annotated[Line, _text("role")]
    guide_table: Plain
    guide_any: Annotated[tuple[Plain, ...], Field(min_length=3, max_length=3)]
    seen: Button
    talk: Button
    whole_table: Button
    mute: Button
    unmute: Button
    seen_on: Annotated[Line, _text("sender", "date")]
    talk_told: Sender
    muted: Sender
    unmuted: Sender
    withdrawn_copy: Annotated[Line, _text("sender", "date")]
    updated_on: Annotated[Line, _text("date")]
    update_note: Annotated[Line, _text("sender")]
    updated_since: To
    answer_last: Annotated[Line, _text("question", "choice")]
    failed_copy: Annotated[Line, _text("sender", "date")]
    copy_gone: Plain
    not_for_you: Plain
    forgot_you: Plain
    talk_not_told: Sender
    table_refused: Line
    offer_refused: Sender
    pass_on: Sender
    pass_on_without_files: Sender
    files_stay: Sender
    pass_on_yes: Button
    pass_on_no: Button
    passed_on: Sender
    not_passed_on: Plain
    pass_on_gone: Plain
    reply_ended: Plain
    reply_deleted: Plain
    pass_on_refused: Sender
    reply: To

    # What the sender is told
    receipt: Annotated[Line, _text("to", "date", "place", "parts")]
    receipt_part: Annotated[Line, _text("to", "date", "place", "parts")]
    receipt_gone: To
    in_direct: Plain
    in_group: Plain
    seen_by: Annotated[Line, _text("to", "date")]
    not_seen: Plain
    wants_to_talk: To
    talks: To
    arrived: To
    outdated_copy: OnDate
    updated: Annotated[Line, _text("to", "date")]
    update: Button
    withdraw: Button
    withdraw_title: Annotated[Line, Field(max_length=100), _text()]
    withdraw_text: Annotated[Line, Field(max_length=300), _text()]
    withdraw_yes: Annotated[Line, Field(max_length=30), _text()]
    withdraw_no: Annotated[Line, Field(max_length=30), _text()]
    withdrawn: Annotated[Line, _text("to", "date")]
    withdrawn_blanked: To
    withdrawn_unseen: To
    withdrawn_kept: To
    withdrawn_found: To
    withdrawn_not_found: To
    part_withdrawn: Plain
    not_withdrawn: To
    withdraw_not_looked: To
    not_taken_back: To
    part_left: Plain
    update_under_way: To
    came_after_withdrawal: To
    perhaps_of_deleted: Annotated[Line, _text("to")]
    left_of_deleted: Annotated[Line, _text("to")]
    deleted_meanwhile: Annotated[Line, _text("to")]
    deleted_while_withdrawn: Annotated[Line, _text("to")]
    deleted_not_looked: Annotated[Line, _text("to")]
    withdraw_gone: Plain
    withdraw_unknown: Plain
    listed: Plain
    listed_line: Annotated[Line, _text("to", "date", "parts")]
    listed_uncertain: Annotated[Line, _text("to", "date", "parts")]
    listed_reveal: Annotated[Line, _text("to", "date")]
    listed_left: Annotated[Line, _text("to", "date")]
    listed_deleted: Plain
    listed_former: Annotated[Line, _text("to", "date")]
    listed_muted: Sender
    listed_none: Plain
    listed_more: Annotated[Line, _text("count")]
    result: Annotated[Line, _text("result")]
    somebody: Plain

    # Why nothing was sent
    not_sent: Annotated[Line, _text("to", "why")]
    not_changed: Annotated[Line, _text("to", "why")]
    outdated: Plain
    outdated_update: Plain
    forgotten: Plain
    gone: Plain
    copy_ended: Plain
    preview_gone: Plain
    not_yours: Plain
    not_shareable: Plain
    click_again: Plain
    no_group: To
    copy_lost: To
    change_uncertain: To
    partly_changed: To
    partly_added: To
    taken_back: To
    taken_back_blanked: To
    part_stands: To
    failed: To
    restricted: To
    refused: To
    uncertain: To
    unknown_person: Plain
    unknown_person_update: Plain
    not_yourself: Plain
    not_a_bot: Plain
    not_active: Plain
    not_active_update: Plain
    not_a_guest: Plain
    not_a_guest_update: Plain
    not_wanted: Plain
    too_many: Plain
    comparing: Plain


class CompareWords(Authored):
    """What is said around a blind comparison: to who begins it, to who is invited, and to both."""

    nothing_to_compare: Plain
    not_opened: Plain
    title: Annotated[Line, Field(max_length=MAX_VIEW_TITLE), _text()]
    send: Annotated[Line, Field(max_length=MAX_VIEW_TITLE), _text()]
    cancel: Annotated[Line, Field(max_length=MAX_VIEW_TITLE), _text()]
    pick: Plain
    placeholder: Annotated[Line, Field(max_length=150), _text()]
    how: Plain
    gets: Plain
    reveals: Plain
    not_blind: Annotated[Line, _text("manager")]
    not_yourself: Plain
    not_a_bot: Plain
    not_active: Annotated[Line, _text("to")]
    not_a_guest: Annotated[Line, _text("to")]
    unknown_person: Annotated[Line, _text("to")]
    not_wanted: Annotated[Line, _text("to")]
    open_already: Annotated[Line, _text("to")]
    declined_lately: Annotated[Line, _text("to")]
    invited_often: Annotated[Line, _text("to")]
    slack_unavailable: Annotated[Line, _text("to")]
    not_delivered: Annotated[Line, _text("to")]
    perhaps_delivered: Annotated[Line, _text("to")]
    outdated: Plain
    invite_other: Button
    invitation: Annotated[Line, _text("sender", "count", "blind")]
    invitation_blind: Plain
    invitation_not_blind: Annotated[Line, _text("sender")]
    accept: Button
    decline: Button
    decline_and_mute: Button
    mute: Button
    unmute: Button
    muted: Annotated[Line, _text("other")]
    not_begun: Plain
    withdraw: Button
    reveal: Button
    receipt_invited: Annotated[Line, _text("other")]
    receipt_invited_not_blind: Annotated[Line, _text("other")]
    receipt_answering: Annotated[Line, _text("other")]
    receipt_finished: Annotated[Line, _text("other")]
    receipt_revealed: Annotated[Line, _text("other")]
    invitation_answering: Annotated[Line, _text("other")]
    invitation_answering_not_blind: Annotated[Line, _text("other")]
    how_not_blind: Plain
    about_result: Annotated[Line, _text("date", "result")]
    pointer: Annotated[Line, _text("link")]
    pointer_invited: Annotated[Line, _text("to", "link")]
    pointer_link: Plain
    invitation_finished: Annotated[Line, _text("other")]
    ask: Annotated[Line, _text("person", "other")]
    ask_agreed: Annotated[Line, _text("other")]
    ask_changed: Annotated[Line, _text("other")]
    agreed: Annotated[Line, _text("other", "so_far")]
    not_yet_shown: Plain
    shown_in_part: Annotated[Line, _text("people")]
    you: Plain
    over_revealed: Annotated[Line, _text("other")]
    over_unconfirmed: Annotated[Line, _text("other")]
    over_declined: Annotated[Line, _text("other")]
    over_declined_own: Annotated[Line, _text("other")]
    over_withdrawn: Annotated[Line, _text("other")]
    over_withdrawn_own: Annotated[Line, _text("other")]
    over_lapsed: Annotated[Line, _text("other")]
    over_unreachable: Annotated[Line, _text("other")]
    over_unreachable_own: Annotated[Line, _text("other")]
    over_undelivered: Annotated[Line, _text("other")]
    nothing_shown: Plain
    taken_back_since: Annotated[Line, _text("people")]
    still_there: Annotated[Line, _text("people")]
    may_have_arrived: Annotated[Line, _text("people")]
    not_yours: Plain
    early: Plain
    changed: Plain
    too_late: Plain
    too_late_unconfirmed: Plain
    over: Plain
    gone: Plain
    somebody: Plain
    card_title: Annotated[Line, _text("sender")]
    card_root: Annotated[Line, _text("count", "sender")]
    card_over: Annotated[Line, _text("sender", "count")]
    answered: Annotated[Line, _text("sender")]
    answered_over: Annotated[Line, _text("sender")]
    answer_line: Annotated[Line, _text("number", "choice")]
    finished: Plain
    explained_later: Plain
    other_answers: Plain
    card_done: Plain
    own_only: Plain
    history_line: Annotated[Line, _text("date", "sender", "done", "count")]
    revealed: Annotated[Line, _text("sender", "manager")]
    apart: Plain
    taken_back: Plain
    agree: Plain
    agree_none: Plain
    agree_line: Annotated[Line, _text("row", "choice")]
    differ: Plain
    differ_none: Plain
    differ_line: Annotated[Line, _text("row", "sender", "one", "manager", "other", "question")]
    discuss: Plain
    one_sided: Annotated[Line, _text("rows")]
    follows: Plain
    follows_line: Annotated[Line, _text("person", "result")]
    grading: Annotated[Line, _text("text", "why")]
    follow_up: Annotated[Line, _text("manager")]
    something_changed: Button
    not_yet: Button
    thanks_changed: Plain
    thanks_not_yet: Plain


class HomeWords(Authored):
    """The bot's Home tab."""

    title: Annotated[Line, Field(max_length=MAX_HEADER_TEXT), _text()]
    about: Plain
    quiz: Plain
    quiz_button: Button
    begun: Annotated[Line, _text("link")]
    beginning: Plain
    asked_again: Annotated[Line, _text("link")]
    waiting: Annotated[Line, _text("date", "link")]
    messages: Plain
    go_on: Button
    begin_anew: Button
    again: Button
    open_latest: Button
    rounds: Button
    rounds_fold: Button
    round_link: Annotated[Line, _text("link")]
    round_no_link: Plain
    round_gone: Plain
    topics: Plain
    topic_button: Annotated[Line, Field(max_length=MAX_BUTTON_TEXT), _text("topic", "count")]
    other_topic: Button
    topic: Annotated[Line, _text("topic")]
    page: Annotated[Line, _text("topic", "page", "pages")]
    open: Button
    close: Button
    before: Button
    next: Button
    fold: Button
    entry_gone: Plain
    privacy: Plain
    privacy_button: Button
    export_button: Button
    forgetting: Plain
    window_title: Annotated[Line, Field(max_length=MAX_VIEW_TITLE), _text()]
    window_close: Annotated[Line, Field(max_length=MAX_VIEW_TITLE), _text()]
    support: Annotated[Line, _text("contact")]
    set_up: Plain
    set_up_editor: Plain
    set_up_done: Plain
    set_up_invite: Plain
    set_up_ask: Plain
    set_up_mode: Plain
    set_up_contact: Plain


class FirstStepsWords(Authored):
    """The direct message to whoever has installed the app: a lead, and three steps that are numbered by themselves."""

    lead: Plain
    invite: Plain
    ask: Annotated[Line, _text("question")]
    quiz: Plain


class FirstContactWords(Authored):
    """What somebody gets who opens the bot's messages for the first time: three things to try."""

    lead: Plain
    ask: Annotated[Line, _text("question")]
    ask_button: Button
    quiz: Plain
    kept: Plain
    kept_button: Button
    asked: Annotated[Line, _text("question")]
    asked_already: Annotated[Line, _text("link")]


class PrivacyWords(Authored):
    """What is kept about a person, and how they get it or have it deleted."""

    text: Annotated[Line, _text("days", "question_days")]
    exporting: Plain
    export_file: Plain
    export_text: Plain
    export_part: Annotated[Line, _text("number", "count")]
    forget: Plain
    forget_button: Button
    forget_title: Plain
    forget_text: Plain
    forget_yes: Plain
    forget_no: Plain
    forgetting: Plain
    forgotten: Plain


class GapsWords(Authored):
    """What editors hear of questions without an answer, and people of those that have one by now."""

    news: Annotated[Line, _text("asked")]
    news_off: Button
    news_on: Button
    news_stopped: Plain
    news_again: Plain
    corrected: Annotated[Line, _text("date")]
    digest: Plain
    editors: Annotated[Line, Field(max_length=MAX_HEADER_TEXT), _text()]
    nothing: Plain
    gaps: Plain
    gap: Annotated[Line, _text("asked", "people")]
    gap_of_votes: Annotated[Line, _text("question")]
    gap_disputed: Annotated[Line, _text("question", "people")]
    proposals: Plain
    proposal: Annotated[Line, _text("asked", "question", "people")]
    due: Plain
    due_entry: Annotated[Line, _text("question", "owner", "date")]
    one_person: Plain
    people: Annotated[Line, _text("count")]
    more: Annotated[Line, _text("count")]
    draft: Button
    draft_sent: Annotated[Line, _text("link")]
    drafted: Plain
    gone: Plain


class InstallWords(Authored):
    """The pages a browser shows while a workspace installs the app."""

    done_title: Line
    done: Line
    cancelled_title: Line
    cancelled: Line
    failed_title: Line
    stale: Line
    refused: Line
    organisation: Line
    later: Line


class Words(Authored):
    """The file `words.yaml`: everything the bot says that is neither an answer nor a question of the quiz."""

    faq: FaqWords
    feedback: FeedbackWords
    manners: MannersWords
    talk: TalkWords
    terminal: TerminalWords
    languages: LanguagesWords
    quiz: QuizWords
    typed: TypedWords
    result: ResultWords
    graded: GradedWords
    share: ShareWords
    compare: CompareWords
    home: HomeWords
    privacy: PrivacyWords
    gaps: GapsWords
    install: InstallWords
    first_contact: FirstContactWords
    first_steps: FirstStepsWords
