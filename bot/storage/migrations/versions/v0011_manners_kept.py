"""What replies link to and are decided for; a mode chosen for outsiders; edits of questions; the knowledge followed.

Expands only: an old replica goes on with the columns it knows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("channel_settings", sa.Column("chosen_for_shared", sa.Boolean))
    op.add_column("replies", sa.Column("decided_for", sa.String(32)))
    op.add_column("replies", sa.Column("linked", sa.JSON))
    op.add_column("replies", sa.Column("offered", sa.JSON))
    op.add_column("questions", sa.Column("revision", sa.String(32)))
    op.add_column("workspaces", sa.Column("knowledge", sa.String(64)))
