"""What is said of answers: around them, about them, and where and when the bot speaks."""

from typing import Annotated

from bot.domain.authored import Authored, Line
from bot.knowledge.words.texts import Button, InputLabel, Plain, WindowButton, WindowTitle, text


class FaqWords(Authored):
    """What surrounds an answer from the FAQ."""

    source: Annotated[Line, text("sources")]
    table: Annotated[Line, text("title", "sources")]
    suggest: Plain
    suggest_one: Plain
    suggest_again: Plain
    suggest_again_one: Plain
    suggest_moved: Plain
    near: Plain
    near_one: Plain
    know: Plain
    suggest_shown: Annotated[Line, text("question")]
    on_its_way: Plain
    unknown: Annotated[Line, text("examples")]
    unknown_in_thread: Plain
    unknown_again: Plain
    unknown_maybe: Annotated[Line, text("options")]
    for_sender: Annotated[Line, text("sender", "link")]
    for_sender_link: Plain
    hello: Annotated[Line, text("examples")]


class FeedbackWords(Authored):
    """What an answer carries, and what is said about it: to who asks why, who votes, who wants a person."""

    about: Annotated[Line, text("question", "sources", "checked", "owner")]
    about_one_of_two: Annotated[Line, text("sources", "checked", "owner")]
    owner: Plain
    helpful: Button
    not_helpful: Button
    why: Button
    not_now: Button
    none_of_these: Button
    answered_above: Annotated[Line, text("link")]
    answered_above_link: Plain
    none_taken: Plain
    not_yours_to_decline: Plain
    entry_gone: Plain
    changed_since: Plain
    withdrawn: Plain
    thanks: Plain
    what_was_wrong: Plain
    wrong_question: Button
    wrong_answer: Button
    other: Button
    reason_taken: Plain
    comment_title: WindowTitle
    comment_label: InputLabel
    comment_hint: InputLabel
    comment_send: WindowButton
    comment_cancel: WindowButton
    ask_person: Button
    person_asked: Annotated[Line, text("whom")]
    person_asked_before: Plain
    person_not_reached: Plain
    no_person: Plain
    or_ask_admin: Plain
    ask_outside: Plain
    nobody_to_ask: Plain
    question_gone: Plain
    help_request: Annotated[Line, text("asker", "link")]
    help_request_dm: Annotated[Line, text("asker")]
    help_link: Plain
    help_answered: Annotated[Line, text("question")]
    help_not_answered: Plain
    help_wrong_question: Plain
    help_wrong_answer: Plain
    help_other: Plain
    help_not_helpful: Plain
    help_how: Annotated[Line, text("asker")]
    help_how_dm: Annotated[Line, text("asker")]
    help_resolved: Annotated[Line, text("by")]
    help_news: Annotated[Line, text("by", "reply", "question")]
    help_news_dm: Annotated[Line, text("by", "question")]
    help_news_reply: Plain
    help_news_question: Plain
    why_question: Annotated[Line, text("question")]
    why_chosen: Annotated[Line, text("question")]
    why_words: Annotated[Line, text("words")]
    why_word: Annotated[Line, text("word", "meaning")]
    why_no_words: Plain
    why_certain: Plain
    why_fairly_certain: Plain
    why_uncertain: Plain
    why_runner_up: Annotated[Line, text("question")]
    why_nothing_else: Plain
    why_sources: Annotated[Line, text("sources")]
    why_edited: Plain
    why_button: Plain
    why_gone: Plain
    why_forgotten: Plain
    why_not_now: Annotated[Line, text("question")]


class MannersWords(Authored):
    """What the bot says of how it behaves: in a channel, in a thread, to a person."""

    only_you: Plain
    post_in_thread: Button
    posted_in_thread: Plain
    post_here: Button
    posted_here: Annotated[Line, text("person", "question")]
    posted_here_now: Plain
    posted_already: Plain
    changed_since: Plain
    entry_gone: Plain
    not_a_member: Plain
    cannot_post: Plain
    perhaps_posted: Plain
    answered_lately: Annotated[Line, text("link")]
    answered_lately_about: Annotated[Line, text("question", "link")]
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
    channel_by: Annotated[Line, text("mode", "person", "date")]
    mode_answer: Button
    mode_whisper: Button
    mode_mention: Button
    mode_off: Button
    means_answer: Plain
    means_whisper: Plain
    means_mention: Plain
    means_off: Plain
    editors_here: Plain
    editors_elsewhere: Annotated[Line, text("channel")]
    editors_nowhere: Plain
    editors_replaced: Plain
    editors_not_member: Plain
    bring_here: Button
    bring_nowhere: Button
