"""Blind comparisons of two people's answers, and which rounds were taken for one.

Expands only: an old replica takes such a round for one about something of one's own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create the table and add the column."""
    op.create_table(
        "comparisons",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("sender", sa.String(32), nullable=False),
        sa.Column("manager", sa.String(32), nullable=False),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("manager_run", sa.String(64)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("open", sa.Boolean),
        sa.Column("sender_version", sa.Integer),
        sa.Column("manager_version", sa.Integer),
        sa.Column("sender_agreed", sa.Boolean, nullable=False),
        sa.Column("manager_agreed", sa.Boolean, nullable=False),
        sa.Column("ended_by", sa.String(16)),
        sa.Column("moved_by", sa.String(255), nullable=False),
        sa.Column("messages", sa.JSON, nullable=False),
        sa.Column("shown", sa.JSON),
        sa.Column("begun_at", sa.Float(53), nullable=False),
        sa.Column("moved_at", sa.Float(53), nullable=False),
        sa.Column("due_at", sa.Float(53)),
        sa.PrimaryKeyConstraint("team", "id", name="pk_comparisons"),
        sa.UniqueConstraint("team", "run", "manager", "open", name="uq_comparisons_open"),
    )
    op.create_index("ix_comparisons_manager_run", "comparisons", ["team", "manager_run"])
    op.create_index("ix_comparisons_due_at", "comparisons", ["due_at"])
    op.add_column("runs", sa.Column("comparison", sa.String(64)))
