"""When somebody first opened the bot's messages.

Expands only: an old replica goes on with the columns it knows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0013"


def upgrade() -> None:
    """Add the column."""
    op.add_column("people", sa.Column("greeted_at", sa.Float(53)))
