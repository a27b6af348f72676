"""What may be asked of the store, and its one implementation."""

from bot.storage.inbox import Item
from bot.storage.runs import CARD, LOST, NOT_YOURS, PROMPT, SAID, Acted, Posted, StoredRun
from bot.storage.store import Installation, Share, ShareState, Store

__all__ = [
    "CARD", "LOST", "NOT_YOURS", "PROMPT", "SAID", "Acted", "Installation", "Item", "Posted", "Share",
    "ShareState", "Store", "StoredRun",
]  # fmt: skip
