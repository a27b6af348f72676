"""Who has opened their Home tab, and what they look at there.

Expands only: an old replica knows nothing of it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "homes",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("user", sa.String(32), nullable=False),
        sa.Column("opened_at", sa.Float(53), nullable=False),
        sa.Column("shows", sa.JSON, nullable=False),
        sa.Column("hash", sa.String(255)),
        sa.PrimaryKeyConstraint("team", "user", name="pk_homes"),
    )
