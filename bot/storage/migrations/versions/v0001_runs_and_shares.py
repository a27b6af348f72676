"""Runs, their answers, the quizzes they are pinned to, and shares."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "quizzes",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_quizzes"),
    )
    op.create_table(
        "runs",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("user", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("root_ts", sa.String(32), nullable=False),
        sa.Column("asked_ts", sa.String(32)),
        sa.Column("quiz", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["quiz"], ["quizzes.digest"], name="fk_runs_quiz"),
        sa.PrimaryKeyConstraint("team", "id", name="pk_runs"),
        sa.UniqueConstraint("team", "user", "root_ts", name="uq_runs_thread"),
    )
    op.create_table(
        "answers",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("question", sa.String(64), nullable=False),
        sa.Column("choice", sa.String(64), nullable=False),
        sa.Column("taken_by", sa.String(255), nullable=False),
        sa.ForeignKeyConstraint(["team", "run"], ["runs.team", "runs.id"], name="fk_answers_run", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team", "run", "question", name="pk_answers"),
    )
    op.create_table(
        "shares",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("run_version", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(32), nullable=False),
        sa.Column("message", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team", "run"], ["runs.team", "runs.id"], name="fk_shares_run", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team", "id", name="pk_shares"),
    )
