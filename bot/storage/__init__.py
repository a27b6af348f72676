"""What may be asked of the store, and its one implementation."""

from bot.domain.gaps import Question, QuestionKind
from bot.storage.feedback import HelpRequest, Vote
from bot.storage.homes import DueHome, SentDraft, SetUp
from bot.storage.inbox import Item
from bot.storage.people import INVITATION, RECEIPT
from bot.storage.replies import TOP_LEVEL, BusyError, ChannelSettings
from bot.storage.shares import OFFER, ROOT
from bot.storage.store import Installation, Store
from bot.storage.stored_comparison import Moved, Revealed, Shown, StoredComparison
from bot.storage.stored_reply import Reply, ReplyState
from bot.storage.stored_run import (
    CARD,
    LOST,
    NOT_YOURS,
    NOTE,
    PROMPT,
    RESULT,
    ActionResult,
    Applied,
    DueRun,
    Posted,
    StoredRun,
)
from bot.storage.stored_share import Share, graded_as

__all__ = [
    "CARD",
    "INVITATION",
    "LOST",
    "NOTE",
    "NOT_YOURS",
    "OFFER",
    "PROMPT",
    "RECEIPT",
    "RESULT",
    "ROOT",
    "TOP_LEVEL",
    "ActionResult",
    "Applied",
    "BusyError",
    "ChannelSettings",
    "DueHome",
    "DueRun",
    "HelpRequest",
    "Installation",
    "Item",
    "Moved",
    "Posted",
    "Question",
    "QuestionKind",
    "Reply",
    "ReplyState",
    "Revealed",
    "SentDraft",
    "SetUp",
    "Share",
    "Shown",
    "Store",
    "StoredComparison",
    "StoredRun",
    "Vote",
    "graded_as",
]
