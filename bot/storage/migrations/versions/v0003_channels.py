"""When each channel may be posted to next."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table of channels."""
    op.create_table(
        "channels",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("free_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("team", "channel", name="pk_channels"),
    )
