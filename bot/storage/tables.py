"""The tables; `migrations/` brings a database to this shape, and a test holds the two together."""

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"})

quizzes = Table(
    "quizzes",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("content", JSON, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("user", String(32), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("root_ts", String(32), nullable=False),
    Column("asked_ts", String(32)),
    Column("quiz", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("begun_at", DateTime(timezone=True), nullable=False),
    Column("state", JSON),  # of the conversation; none in rows of before it was kept
    Column("turns", Integer, nullable=False, server_default="0"),
    Column("holder", String(255)),  # the piece of work that writes the thread's messages now, and since when
    Column("held_at", Float(53)),
    Column("zone", String(64)),
    Column("due", String(16)),  # what is to be done if nobody does anything, and when, in seconds since 1970
    Column("due_at", Float(53), index=True),
    Column("finished_at", Float(53)),
    ForeignKeyConstraint(["quiz"], ["quizzes.digest"], name="fk_runs_quiz"),
    UniqueConstraint("team", "user", "root_ts", name="uq_runs_thread"),
    Index("ix_runs_team_user", "team", "user"),
)

answers = Table(
    "answers",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("run", String(64), primary_key=True),
    Column("question", String(64), primary_key=True),
    Column("choice", String(64), nullable=False),
    Column("other", String(64)),  # the second choice of an answer by halves
    Column("taken_by", String(255), nullable=False),  # only an old replica reads it
    ForeignKeyConstraint(["team", "run"], ["runs.team", "runs.id"], name="fk_answers_run", ondelete="CASCADE"),
)

# The messages of a run's thread, by what they are for, and what they show.
messages = Table(
    "messages",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("run", String(64), primary_key=True),
    Column("slot", String(32), primary_key=True),
    Column("ts", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    ForeignKeyConstraint(["team", "run"], ["runs.team", "runs.id"], name="fk_messages_run", ondelete="CASCADE"),
)

# What was done to a run, by the piece of work that did it: doing it again gives the same outcome.
actions = Table(
    "actions",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("run", String(64), primary_key=True),
    Column("by", String(255), primary_key=True),
    Column("outcome", JSON, nullable=False),
    ForeignKeyConstraint(["team", "run"], ["runs.team", "runs.id"], name="fk_actions_run", ondelete="CASCADE"),
)

# Which entry a thread was answered with last: "and at Anthropic?" leans on it. What people wrote is not kept.
threads = Table(
    "threads",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("thread_ts", String(32), primary_key=True),
    Column("entry", String(64), nullable=False),
    Column("answered_at", Float(53)),  # seconds since 1970; none in rows of before it was kept
)

# When a channel may be posted to next: Slack takes one message a second, whichever replica sends it.
channels = Table(
    "channels",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("free_at", Float(53), nullable=False),  # seconds since 1970
)

# Work that was received and has not begun, and who is to begin it. Rows are deleted as soon as it has.
inbox = Table(
    "inbox",
    metadata,
    Column("key", Text, primary_key=True),  # the work's; its second part is the workspace
    Column("work", String(128), nullable=False),  # the worker and its method, such as "faq.post_reply"
    Column("arguments", Text, nullable=False),  # by their names, as JSON
    Column("received_at", Float(53), nullable=False),  # seconds since 1970
    Column("replica", String(128), nullable=False),
)

# The processes that work on this database, and when each last said so.
replicas = Table(
    "replicas",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("seen_at", Float(53), nullable=False),  # seconds since 1970; 0 for one that has deregistered
)

# Where the app is installed. Tokens are encrypted by whoever stores them; see `bot.slack.access.Cipher`.
installations = Table(
    "installations",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("bot_user", String(32), nullable=False),
    Column("bot", String(32), nullable=False),
    Column("token", Text, nullable=False),
    Column("refresh", Text),
    Column("expires_at", Float(53)),  # seconds since 1970; none for a token that does not expire
    Column("installed_at", Float(53), nullable=False),
)

# What an installation that is under way has to bring back; only an old replica reads and writes it.
oauth_states = Table(
    "oauth_states",
    metadata,
    Column("state", String(64), primary_key=True),
    Column("expires_at", Float(53), nullable=False),
)

shares = Table(
    "shares",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("run", String(64), nullable=False),
    Column("run_version", Integer, nullable=False),
    Column("recipient", String(32), nullable=False),
    Column("message", JSON, nullable=False),  # as previewed, so that what is sent is what was seen
    Column("state", String(16), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(["team", "run"], ["runs.team", "runs.id"], name="fk_shares_run", ondelete="CASCADE"),
)
