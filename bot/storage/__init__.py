"""What may be asked of the store, and its one implementation."""

from bot.storage.runs import NOT_YOURS, Acted, Posted, StoredRun
from bot.storage.store import Installation, Share, ShareState, Store

__all__ = ["NOT_YOURS", "Acted", "Installation", "Posted", "Share", "ShareState", "Store", "StoredRun"]
