"""Where the app is installed, and installations that are under way."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "installations",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("bot_user", sa.String(32), nullable=False),
        sa.Column("bot", sa.String(32), nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("refresh", sa.Text),
        sa.Column("expires_at", sa.Float(53)),
        sa.Column("installed_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("team", name="pk_installations"),
    )
    op.create_table(
        "oauth_states",
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("state", name="pk_oauth_states"),
    )
