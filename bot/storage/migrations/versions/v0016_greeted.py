"""When somebody first opened the bot's messages, and which message says in a channel that the bot is there.

Expands only: an old replica goes on with the columns it knows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("people", sa.Column("greeted_at", sa.Float(53)))
    op.add_column("channel_settings", sa.Column("greeting_ts", sa.String(32)))
