"""What the work of sharing records, and what it tells people."""

import json
from typing import Any

import pytest

from bot.domain.share import Delivery, Interruption, Place, Refusal, ShareState
from bot.knowledge import Library
from bot.slack.records import Recorded
from bot.slack.share_copies import TakenBack
from bot.slack.share_records import (
    AllowedAgain,
    ClaimedShare,
    Clicked,
    CopyThread,
    EndedBefore,
    FormerCopy,
    KnownCopy,
    LostCopy,
    MessageAt,
    NothingToDo,
    NotTakenOver,
    Standing,
    Subject,
    UnknownPlace,
    read_click,
    read_taken_over,
    read_withdrawal,
)
from bot.slack.share_sentences import (
    NOTHING_THERE,
    OF_DELETED,
    UNDELIVERED,
    NotSent,
    Sentence,
    ToRecipient,
    became,
    is_nothing_there,
    read_news,
)
from bot.slack.share_update import ThreadChange, of_change, of_deleted

ROUND = {"sender": "U_ANA", "channel": "D_ANA", "root_ts": "1.0", "run": "r1"}
TO_MEI = ROUND | {"recipient": "U_MEI"}
CLAIMED = TO_MEI | {"guests": False, "place": "group", "updates": None, "made_at": 2.5, "replies": 2}


def recorded(value: Recorded) -> dict[str, Any]:
    """Give a record as the database gives it back."""
    record: dict[str, Any] = json.loads(json.dumps(value.record()))
    return record


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (CLAIMED | {"why": "too_many"}, Refusal.TOO_MANY),
        (CLAIMED | {"why": "copy_lost", "updates": "s0"}, Interruption.COPY_LOST),
        (CLAIMED | {"why": None}, None),
    ],
)
def test_a_claimed_share_comes_out_of_its_record_as_it_was(record: dict[str, Any], expected: object):
    claimed = ClaimedShare.read(record)

    assert (claimed.why, claimed.place, claimed.updates) == (expected, Place.GROUP, record["updates"])
    assert recorded(claimed) == record


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"key": "k", "place": "direct", "since": 2.5, "was": "uncertain", "unknown": False}, LostCopy),
        ({"messages": {"root": ["D_MEI", "7.0"]}, "unknown": False}, KnownCopy),
        ({"unknown": True}, UnknownPlace),
        ({"unknown": False}, EndedBefore),
    ],
)
def test_what_is_withdrawn_is_told_by_its_record(record: dict[str, Any], kind: type[Any]):
    withdrawal = read_withdrawal(TO_MEI | record)

    assert type(withdrawal) is kind
    assert recorded(withdrawal) == TO_MEI | record | {"updates": None}


@pytest.mark.parametrize(
    ("record", "value"),
    [
        ({"told": "forgot_you"}, NothingToDo(told=ToRecipient.FORGOT_YOU)),
        ({"allowed": "U_ANA"}, AllowedAgain(allowed="U_ANA")),
        (
            ROUND | {"new": True, "arrived": False, "place": "direct"},
            Clicked(
                sender="U_ANA",
                channel="D_ANA",
                root_ts="1.0",
                run="r1",
                new=True,
                arrived=False,
                place=Place.DIRECT,
            ),
        ),
    ],
)
def test_what_the_recipient_clicked_is_told_by_its_record(record: dict[str, Any], value: Recorded):
    assert read_click(record) == value
    assert recorded(value) == record


@pytest.mark.parametrize(
    ("record", "value"),
    [
        ({"why": "update_under_way"}, NotTakenOver(why=Sentence.UPDATE_UNDER_WAY)),
        (
            {"messages": {"root": ["D", "7.0"]}, "receipt": ["D_ANA", "3.0"], "stays": True},
            FormerCopy(messages={"root": MessageAt("D", "7.0")}, receipt=MessageAt("D_ANA", "3.0"), stays=True),
        ),
        (
            {"messages": {}, "receipt": None, "stays": False},
            FormerCopy(messages={}, receipt=None, stays=False),
        ),
    ],
)
def test_what_a_share_has_taken_over_is_told_by_its_record(record: dict[str, Any], value: Recorded):
    assert read_taken_over(record) == value
    assert recorded(value) == record


def test_where_the_messages_of_a_copy_are_comes_out_of_its_record():
    thread = CopyThread(count=2, messages={"0": MessageAt("D", "7.1")})

    assert CopyThread.read(recorded(thread)) == thread
    assert CopyThread.read(recorded(thread)).messages["0"].ts == "7.1"


@pytest.mark.parametrize("updates", ["s0", None, False, True])
def test_what_is_told_later_is_read_as_earlier_versions_have_recorded_it(updates: str | bool | None):
    record = TO_MEI | {"updates": updates}

    assert Subject.read(record).updates is updates
    assert recorded(Subject.read(record)) == record


def test_how_a_share_stands_comes_out_of_its_record():
    assert Standing.read(Standing(ShareState.FAILED, 2.5).record()) == Standing(ShareState.FAILED, 2.5)
    assert Standing(ShareState.FAILED, 2.5).record() == ["failed", 2.5]


@pytest.mark.parametrize(
    ("news", "record"),
    [
        (NotSent(Refusal.MUTED), ("not_sent", "not_wanted")),
        (NotSent(Interruption.COPY_LOST), ("not_sent", "copy_lost")),
        (became(Sentence.COPY_LOST), ("copy_lost", None)),
        (
            became(Sentence.DELETED_WHILE_WITHDRAWN, Sentence.FIRST_UNSEEN),
            ("deleted_while_withdrawn withdrawn_unseen", None),
        ),
    ],
)
def test_what_is_to_be_told_comes_out_of_its_record(news: Any, record: tuple[str, str | None]):
    assert news.record() == record
    assert read_news(*record) == news


@pytest.mark.parametrize("name", [*Sentence, *ToRecipient, *Interruption, *Refusal])
def test_each_thing_that_is_told_has_its_words(library: Library, name: str):
    assert isinstance(getattr(library.words.share, name), str)


def test_each_way_in_which_a_copy_does_not_arrive_is_told():
    assert set(UNDELIVERED) == set(Delivery) - {Delivery.DELIVERED}


def test_a_newer_share_makes_untrue_only_that_somebody_has_nothing():
    assert is_nothing_there(NotSent(Refusal.MUTED))
    assert is_nothing_there(became(Sentence.RESTRICTED))
    assert not is_nothing_there(became(Sentence.PART_STANDS))
    assert not is_nothing_there(became(Sentence.DELETED_MEANWHILE, Sentence.FIRST_KEPT))
    assert not NOTHING_THERE & OF_DELETED


@pytest.mark.parametrize(
    ("outcome", "sentences"),
    [
        (TakenBack.DELETED, (Sentence.DELETED_WHILE_SENT,)),
        (TakenBack.BLANKED, (Sentence.DELETED_WHILE_SENT, Sentence.FIRST_BLANKED)),
        (TakenBack.KEPT, (Sentence.DELETED_WHILE_SENT, Sentence.FIRST_KEPT)),
        (TakenBack.UNSEEN, (Sentence.DELETED_WHILE_SENT, Sentence.FIRST_UNSEEN)),
        (TakenBack.REFUSED, (Sentence.LEFT_OF_DELETED,)),
    ],
)
def test_what_became_of_a_copy_whose_round_was_deleted(outcome: TakenBack, sentences: tuple[Sentence, ...]):
    news = of_deleted(outcome, Sentence.DELETED_WHILE_SENT)

    assert news == became(*sentences)
    assert news.of_deleted


@pytest.mark.parametrize(
    ("change", "state", "sentence"),
    [
        (ThreadChange.COMPLETE, ShareState.SENT, None),
        (ThreadChange.PART_LEFT, ShareState.SENT, Sentence.PARTLY_CHANGED),
        (ThreadChange.PART_LEFT, ShareState.WITHDRAWN, None),
        (ThreadChange.PART_MISSING, ShareState.SENT, Sentence.PARTLY_ADDED),
        (ThreadChange.PART_MISSING, ShareState.WITHDRAWN, None),
        (ThreadChange.CAME_LATE, ShareState.WITHDRAWN, Sentence.CAME_AFTER_WITHDRAWAL),
        (ThreadChange.CAME_LATE, ShareState.SENT, None),
    ],
)
def test_how_a_thread_was_changed_is_told_while_it_is_so(
    change: ThreadChange, state: ShareState, sentence: Sentence | None
):
    assert of_change(change, state) is sentence
