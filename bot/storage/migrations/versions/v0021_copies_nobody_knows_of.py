"""Copies of deleted rounds that may have arrived, and with what a mute was taken back.

Expands only: an old replica deletes rounds, and takes mutes back, without saying so here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Add both tables, empty: of rounds deleted before nothing is left to tell it from."""
    op.create_table(
        "unconfirmed_copies",
        sa.Column("team", sa.String(32), primary_key=True),
        sa.Column("share", sa.String(64), primary_key=True),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("recipient", sa.String(32), nullable=False),
        sa.Column("made_at", sa.Float(53), nullable=False),
        sa.Column("given_up_at", sa.Float(53), nullable=False),
    )
    op.create_index("ix_unconfirmed_copies_recipient", "unconfirmed_copies", ["team", "recipient"])
    op.create_table(
        "former_mutes",
        sa.Column("team", sa.String(32), primary_key=True),
        sa.Column("share", sa.String(64), primary_key=True),
        sa.Column("user", sa.String(32), nullable=False),
        sa.Column("muted", sa.String(32), nullable=False),
    )
    op.create_index("ix_former_mutes_user", "former_mutes", ["team", "user"])
