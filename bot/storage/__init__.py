"""What may be asked of the store, and its one implementation."""

from bot.storage.store import Latest, Share, ShareState, Store, StoredRun

__all__ = ["Latest", "Share", "ShareState", "Store", "StoredRun"]
