"""What a share holds, where its copy stands, what became of it, and who wants no more from whom.

Expands only: an old replica goes on with the columns it knows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the columns and the tables."""
    for name, kind in (
        ("parts", sa.JSON),
        ("place", sa.String(16)),
        ("note", sa.Text),
        ("updates", sa.String(64)),
        ("sent_at", sa.Float(53)),
        ("seen_at", sa.Float(53)),
        ("talk_at", sa.Float(53)),
        ("ended_at", sa.Float(53)),
        ("told_outdated", sa.Boolean),
        ("receipt_ts", sa.String(32)),
    ):
        op.add_column("shares", sa.Column(name, kind))
    op.create_index("ix_shares_run", "shares", ["team", "run"])
    op.create_table(
        "share_messages",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("share", sa.String(64), nullable=False),
        sa.Column("slot", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("ts", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("team", "share", "slot", name="pk_share_messages"),
        sa.ForeignKeyConstraint(
            ["team", "share"], ["shares.team", "shares.id"], name="fk_share_messages_share", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_share_messages_place", "share_messages", ["team", "channel", "ts"])
    op.create_table(
        "share_mutes",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("share", sa.String(64), nullable=False),
        sa.Column("user", sa.String(32), nullable=False),
        sa.Column("muted", sa.String(32)),
        sa.Column("muted_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("team", "share", name="pk_share_mutes"),
    )
    op.create_index("ix_share_mutes_user", "share_mutes", ["team", "user"])
