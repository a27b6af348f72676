"""What may be asked of the store, and its one implementation."""

from bot.storage.store import Installation, Latest, Share, ShareState, Store, StoredRun

__all__ = ["Installation", "Latest", "Share", "ShareState", "Store", "StoredRun"]
