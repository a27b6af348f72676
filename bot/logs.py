"""The log, on standard error."""

import contextlib
import logging
import sys
from typing import TextIO, cast

import structlog


class _Stderr:
    """Standard error for the log. A line that cannot be written, as on a full disk or a closed pipe, is dropped."""

    def write(self, text: str) -> int:
        """Write, if possible."""
        with contextlib.suppress(OSError):
            return sys.stderr.write(text)
        return 0

    def flush(self) -> None:
        """Flush, if possible."""
        with contextlib.suppress(OSError):
            sys.stderr.flush()


def log_to_stderr(level: str) -> None:
    """Log in one line each. The SDK's own loggers stay at warnings: below, they print what people wrote."""
    logging.basicConfig(level=level, format="%(levelname)s %(name)s %(message)s")
    for name in ("slack_bolt", "slack_sdk", "aiohttp", "uvicorn", "asyncio", "alembic", "dbos", "watchfiles"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Stderr())),
    )
