"""What is said of results that are shared."""

from typing import Annotated

from pydantic import Field

from bot.domain.authored import Authored, Line
from bot.knowledge.words.texts import (
    Button,
    ConfirmButton,
    ConfirmText,
    ConfirmTitle,
    InputLabel,
    MenuPlaceholder,
    OptionText,
    Plain,
    WindowButton,
    WindowTitle,
    text,
)

To = Annotated[Line, text("to")]
Sender = Annotated[Line, text("sender")]
OnDate = Annotated[Line, text("date")]


class ShareWords(Authored):
    """What sharing says to the person who shares and to the one who receives."""

    # The window
    window_not_opened: Plain
    title: WindowTitle
    to: InputLabel
    manager_fields: tuple[Plain, ...]
    to_placeholder: MenuPlaceholder
    to_again: To
    parts: InputLabel
    parts_hint: InputLabel
    part_recommendation: OptionText
    part_table: OptionText
    part_answers: OptionText
    part_graded: OptionText
    shown_recommendation: Plain
    shown_table: Plain
    shown_answers: Plain
    shown_graded: Plain
    shown_note: Plain
    no_parts: Plain
    not_graded: Plain
    note: InputLabel
    note_hint: InputLabel
    place: InputLabel
    place_direct: OptionText
    place_group: OptionText
    look: WindowButton
    cancel: WindowButton
    preview_title: WindowTitle
    preview: To
    preview_update: To
    preview_thread: Plain
    preview_table: Plain
    preview_buttons: To
    send: WindowButton
    back: WindowButton
    sent_title: WindowTitle
    sent: Annotated[Line, text("to")]
    sent_close: WindowButton
    there_title: WindowTitle
    there: To
    not_there_title: WindowTitle
    not_there: To
    taken_back_title: WindowTitle
    taken_back_window: To
    not_known_title: WindowTitle
    not_known: To

    # What the recipient gets
    reply_hint: Annotated[Line, text("to")]
    intro: Annotated[Line, text("sender", "date", "parts")]
    intro_group: Annotated[Line, text("sender", "to", "date", "parts")]
    noted: Sender
    answers: Sender
    answer: Annotated[Line, text("question", "choice")]
    answer_open: Annotated[Line, text("question")]
    guide: Plain
    guide_mismatch: Annotated[Line, text("cell", "role")]
    guide_graded: Annotated[Line, text("cell")]
    guide_close: Annotated[Line, text("role", "runner_up")]
    guide_role: Annotated[Line, text("role")]
    guide_table: Plain
    guide_any: Annotated[tuple[Plain, ...], Field(min_length=3, max_length=3)]
    seen: Button
    talk: Button
    whole_table: Button
    mute: Button
    unmute: Button
    seen_on: Annotated[Line, text("sender", "date")]
    talk_told: Sender
    muted: Sender
    unmuted: Sender
    withdrawn_copy: Annotated[Line, text("sender", "date")]
    updated_on: Annotated[Line, text("date")]
    update_note: Annotated[Line, text("sender")]
    updated_since: To
    answer_last: Annotated[Line, text("question", "choice")]
    failed_copy: Annotated[Line, text("sender", "date")]
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
    receipt: Annotated[Line, text("to", "date", "place", "parts")]
    receipt_part: Annotated[Line, text("to", "date", "place", "parts")]
    receipt_gone: To
    in_direct: Plain
    in_group: Plain
    seen_by: Annotated[Line, text("to", "date")]
    not_seen: Plain
    wants_to_talk: To
    talks: To
    arrived: To
    outdated_copy: OnDate
    updated: Annotated[Line, text("to", "date")]
    update: Button
    withdraw: Button
    withdraw_title: ConfirmTitle
    withdraw_text: ConfirmText
    withdraw_yes: ConfirmButton
    withdraw_no: ConfirmButton
    withdrawn: Annotated[Line, text("to", "date")]
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
    perhaps_of_deleted: Annotated[Line, text("to")]
    left_of_deleted: Annotated[Line, text("to")]
    deleted_meanwhile: To
    deleted_while_withdrawn: To
    deleted_not_found: To
    deleted_not_looked: To
    deleted_while_sent: To
    withdraw_gone: Plain
    withdraw_unknown: Plain
    listed: Plain
    listed_line: Annotated[Line, text("to", "date", "parts")]
    listed_uncertain: Annotated[Line, text("to", "date", "parts")]
    listed_reveal: Annotated[Line, text("to", "date")]
    listed_left: Annotated[Line, text("to", "date")]
    listed_deleted: Plain
    listed_former: Annotated[Line, text("to", "date")]
    listed_muted: Sender
    listed_none: Plain
    listed_more: Annotated[Line, text("count")]
    result: Annotated[Line, text("result")]
    somebody: Plain

    # Why nothing was sent
    not_sent: Annotated[Line, text("to", "why")]
    not_changed: Annotated[Line, text("to", "why")]
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
