"""Manners in channels, feedback, and the list of questions without an answer.

Adds only: an old replica replies without remembering it, and says nothing about channels.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "channel_settings",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("mode", sa.String(16)),
        sa.Column("changed_by", sa.String(32)),
        sa.Column("changed_at", sa.Float(53)),
        sa.Column("welcomed_at", sa.Float(53)),
        sa.PrimaryKeyConstraint("team", "channel", name="pk_channel_settings"),
    )
    op.create_table(
        "replies",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("question_ts", sa.String(32), nullable=False),
        sa.Column("thread_ts", sa.String(32), nullable=False),
        sa.Column("asker", sa.String(32)),
        sa.Column("surface", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("entries", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("answer_ts", sa.String(32)),
        sa.Column("digest", sa.String(64)),
        sa.Column("revision", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(255)),
        sa.Column("held_at", sa.Float(53)),
        sa.Column("replied_at", sa.Float(53), nullable=False),
        sa.Column("corrected_at", sa.Float(53)),
        sa.PrimaryKeyConstraint("team", "channel", "question_ts", name="pk_replies"),
    )
    op.create_index("ix_replies_answer", "replies", ["team", "channel", "answer_ts"])
    op.create_index("ix_replies_thread", "replies", ["team", "channel", "thread_ts"])
    op.create_index("ix_replies_asker", "replies", ["team", "asker"])
    op.create_table(
        "recent_entries",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("entry", sa.String(64), nullable=False),
        sa.Column("question_ts", sa.String(32), nullable=False),
        sa.Column("posted_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("team", "channel", "entry", name="pk_recent_entries"),
    )
    op.create_table(
        "hushed_threads",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("thread_ts", sa.String(32), nullable=False),
        sa.Column("hushed_by", sa.String(32)),
        sa.Column("hushed_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("team", "channel", "thread_ts", name="pk_hushed_threads"),
    )
    op.create_table(
        "people",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("user", sa.String(32), nullable=False),
        sa.Column("answers_unasked", sa.Boolean, nullable=False),
        sa.Column("news", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("team", "user", name="pk_people"),
    )
    op.create_table(
        "votes",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("answer_ts", sa.String(32), nullable=False),
        sa.Column("user", sa.String(32), nullable=False),
        sa.Column("entry", sa.String(64), nullable=False),
        sa.Column("helpful", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String(16)),
        sa.Column("comment", sa.Text),
        sa.Column("voted_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("team", "channel", "answer_ts", "user", name="pk_votes"),
    )
    op.create_index("ix_votes_user", "votes", ["team", "user"])
    op.create_table(
        "questions",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("user", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32)),
        sa.Column("ts", sa.String(32)),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("entry", sa.String(64)),
        sa.Column("asked_at", sa.Float(53), nullable=False),
        sa.Column("answered_by", sa.String(64)),
        sa.Column("told_at", sa.Float(53)),
        sa.PrimaryKeyConstraint("team", "id", name="pk_questions"),
    )
    op.create_index("ix_questions_asked_at", "questions", ["asked_at"])
    op.create_index("ix_questions_user", "questions", ["team", "user"])
    op.create_table(
        "help_requests",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("ts", sa.String(32), nullable=False),
        sa.Column("asker", sa.String(32), nullable=False),
        sa.Column("asked_in", sa.String(32), nullable=False),
        sa.Column("question_ts", sa.String(32), nullable=False),
        sa.Column("entry", sa.String(64)),
        sa.Column("asked_at", sa.Float(53), nullable=False),
        sa.Column("resolved_by", sa.String(32)),
        sa.Column("resolved_at", sa.Float(53)),
        sa.PrimaryKeyConstraint("team", "channel", "ts", name="pk_help_requests"),
    )
    op.create_index("ix_help_requests_asker", "help_requests", ["team", "asker"])
    op.create_table(
        "workspaces",
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("editors_channel", sa.String(32)),
        sa.Column("chosen_by", sa.String(32)),
        sa.Column("digest_of", sa.String(16)),
        sa.PrimaryKeyConstraint("team", name="pk_workspaces"),
    )
