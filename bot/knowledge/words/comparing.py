"""What is said of two people who compare their answers blind."""

from typing import Annotated

from bot.domain.authored import Authored, Line
from bot.knowledge.words.phrased import Phrased, PhrasedQuestions
from bot.knowledge.words.texts import Button, InputLabel, MenuPlaceholder, Plain, WindowButton, WindowTitle, text

OfComparison = Annotated[Line, text("sender", "reveal", "withdraw")]


class AskedOfComparison(Phrased):
    """Something that is asked in a round about somebody else's work: how it is put, and what to say to it.

    `answered` is said instead of the reply once all is.
    """

    reply: OfComparison
    answered: OfComparison | None = None


class ComparisonQuestions(PhrasedQuestions):
    """What is asked in a round about somebody else's work, by what they want to know."""

    about_whom: AskedOfComparison
    who_sees: AskedOfComparison
    not_sure: AskedOfComparison
    next: AskedOfComparison
    end: AskedOfComparison

    def of(self, name: str) -> AskedOfComparison:
        """Give the phrases of a question and the replies to it, by its name here."""
        asked: AskedOfComparison = getattr(self, name)
        return asked


class CompareWords(Authored):
    """What is said around a blind comparison: to who begins it, to who is invited, and to both."""

    nothing_to_compare: Plain
    not_opened: Plain
    title: WindowTitle
    send: WindowButton
    cancel: WindowButton
    pick: InputLabel
    placeholder: MenuPlaceholder
    how: Plain
    gets: Plain
    reveals: Plain
    not_blind: Annotated[Line, text("manager")]
    not_yourself: Plain
    not_a_bot: Plain
    not_active: Annotated[Line, text("to")]
    not_a_guest: Annotated[Line, text("to")]
    unknown_person: Annotated[Line, text("to")]
    not_wanted: Annotated[Line, text("to")]
    open_already: Annotated[Line, text("to")]
    declined_lately: Annotated[Line, text("to")]
    invited_often: Annotated[Line, text("to")]
    slack_unavailable: Annotated[Line, text("to")]
    not_delivered: Annotated[Line, text("to")]
    perhaps_delivered: Annotated[Line, text("to")]
    outdated: Plain
    invite_other: Button
    invitation: Annotated[Line, text("sender", "count", "blind")]
    invitation_blind: Plain
    invitation_not_blind: Annotated[Line, text("sender")]
    accept: Button
    decline: Button
    decline_and_mute: Button
    mute: Button
    unmute: Button
    muted: Annotated[Line, text("other")]
    not_begun: Plain
    withdraw: Button
    reveal: Button
    receipt_invited: Annotated[Line, text("other")]
    receipt_invited_not_blind: Annotated[Line, text("other")]
    receipt_answering: Annotated[Line, text("other")]
    receipt_finished: Annotated[Line, text("other")]
    receipt_revealed: Annotated[Line, text("other")]
    invitation_answering: Annotated[Line, text("other")]
    invitation_answering_not_blind: Annotated[Line, text("other")]
    how_not_blind: Plain
    about_result: Annotated[Line, text("date", "result")]
    pointer: Annotated[Line, text("link")]
    pointer_invited: Annotated[Line, text("to", "link")]
    pointer_link: Plain
    invitation_finished: Annotated[Line, text("other")]
    ask: Annotated[Line, text("person", "other")]
    ask_agreed: Annotated[Line, text("other")]
    ask_changed: Annotated[Line, text("other")]
    agreed: Annotated[Line, text("other", "so_far")]
    not_yet_shown: Plain
    shown_in_part: Annotated[Line, text("people")]
    you: Plain
    over_revealed: Annotated[Line, text("other")]
    over_unconfirmed: Annotated[Line, text("other")]
    over_declined: Annotated[Line, text("other")]
    over_declined_own: Annotated[Line, text("other")]
    over_withdrawn: Annotated[Line, text("other")]
    over_withdrawn_own: Annotated[Line, text("other")]
    over_lapsed: Annotated[Line, text("other")]
    over_unreachable: Annotated[Line, text("other")]
    over_unreachable_own: Annotated[Line, text("other")]
    over_undelivered: Annotated[Line, text("other")]
    nothing_shown: Plain
    taken_back_since: Annotated[Line, text("people")]
    still_there: Annotated[Line, text("people")]
    may_have_arrived: Annotated[Line, text("people")]
    not_yours: Plain
    early: Plain
    changed: Plain
    too_late: Plain
    too_late_unconfirmed: Plain
    over: Plain
    gone: Plain
    somebody: Plain
    card_title: Annotated[Line, text("sender")]
    card_root: Annotated[Line, text("count", "sender")]
    card_over: Annotated[Line, text("sender", "count")]
    answered: Annotated[Line, text("sender")]
    answered_over: Annotated[Line, text("sender")]
    answer_line: Annotated[Line, text("number", "choice")]
    finished: Plain
    explained_later: Plain
    why_me: Annotated[Line, text("sender")]
    other_answers: Plain
    card_done: Plain
    own_only: Plain
    history_line: Annotated[Line, text("date", "sender", "done", "count")]
    revealed: Annotated[Line, text("sender", "manager")]
    apart: Plain
    taken_back: Plain
    agree: Plain
    agree_none: Plain
    agree_line: Annotated[Line, text("row", "choice")]
    differ: Plain
    differ_none: Plain
    differ_line: Annotated[Line, text("row", "sender", "one", "manager", "other", "question")]
    discuss: Plain
    one_sided: Annotated[Line, text("rows")]
    follows: Plain
    follows_line: Annotated[Line, text("person", "result")]
    grading: Annotated[Line, text("text", "why")]
    follow_up: Annotated[Line, text("manager")]
    something_changed: Button
    not_yet: Button
    thanks_changed: Plain
    thanks_not_yet: Plain
    asked: ComparisonQuestions
