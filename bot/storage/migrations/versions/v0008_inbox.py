"""Work that was received and has not begun.

Adds only: an old replica records its work where it always did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the table of the inbox."""
    op.create_table(
        "inbox",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("work", sa.String(128), nullable=False),
        sa.Column("arguments", sa.Text, nullable=False),
        sa.Column("received_at", sa.Float(53), nullable=False),
        sa.Column("replica", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_inbox"),
    )
