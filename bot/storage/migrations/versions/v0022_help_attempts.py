"""Who is passing on which question to a person just now.

Expands only: an old replica passes on without saying so here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add the table, empty: what is being passed on by a version before this one goes on as it was."""
    op.create_table(
        "help_attempts",
        sa.Column("team", sa.String(32), primary_key=True),
        sa.Column("asker", sa.String(32), primary_key=True),
        sa.Column("asked_in", sa.String(32), primary_key=True),
        sa.Column("question_ts", sa.String(32), primary_key=True),
        sa.Column("holder", sa.String(255), nullable=False),
        sa.Column("claimed_at", sa.Float(53), nullable=False),
    )
