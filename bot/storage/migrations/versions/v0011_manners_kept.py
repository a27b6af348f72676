"""Whether a mode was chosen for outsiders too, the latest edit of a question, and the knowledge followed last.

Expands only: an old replica goes on with the columns it knows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("channel_settings", sa.Column("chosen_for_shared", sa.Boolean))
    op.add_column("questions", sa.Column("revision", sa.String(32)))
    op.add_column("workspaces", sa.Column("knowledge", sa.String(64)))
