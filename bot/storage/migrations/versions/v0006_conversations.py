"""What a run's conversation has come to, the messages it has, what was done to it, and when to come back to it.

Expands only: an old replica goes on with the columns it knows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns and create the tables."""
    for column in (
        sa.Column("state", sa.JSON),
        sa.Column("turns", sa.Integer, nullable=False, server_default="0"),
        sa.Column("holder", sa.String(255)),
        sa.Column("held_at", sa.Float(53)),
        sa.Column("zone", sa.String(64)),
        sa.Column("due", sa.String(16)),
        sa.Column("due_at", sa.Float(53)),
        sa.Column("finished_at", sa.Float(53)),
    ):
        op.add_column("runs", column)
    op.create_index("ix_runs_due_at", "runs", ["due_at"])
    op.create_index("ix_runs_team_user", "runs", ["team", "user"])
    op.add_column("answers", sa.Column("other", sa.String(64)))
    op.create_table(
        "messages",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("slot", sa.String(32), nullable=False),
        sa.Column("ts", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("team", "run", "slot", name="pk_messages"),
        sa.ForeignKeyConstraint(["team", "run"], ["runs.team", "runs.id"], name="fk_messages_run", ondelete="CASCADE"),
    )
    op.create_table(
        "actions",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("by", sa.String(255), nullable=False),
        sa.Column("outcome", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("team", "run", "by", name="pk_actions"),
        sa.ForeignKeyConstraint(["team", "run"], ["runs.team", "runs.id"], name="fk_actions_run", ondelete="CASCADE"),
    )
