"""The tables; `migrations/` brings a database to this shape, and a test holds the two together.

Each says what its rows belong to and which columns name a person (`bot.storage.ownership`): deletion and export follow.
"""

from sqlalchemy import (
    JSON,
    Boolean,
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

from bot.storage.ownership import Owner, owned_by

metadata = MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"})

quizzes = Table(
    "quizzes",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("content", JSON, nullable=False),
    info=owned_by(Owner.NOBODY),
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
    Column("comparison", String(64)),  # that it was taken for; none for a round about something of one's own
    ForeignKeyConstraint(["quiz"], ["quizzes.digest"], name="fk_runs_quiz"),
    UniqueConstraint("team", "user", "root_ts", name="uq_runs_thread"),
    Index("ix_runs_team_user", "team", "user"),
    info=owned_by(Owner.PERSON, "user"),
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
    info=owned_by(Owner.RUN),
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
    info=owned_by(Owner.RUN),
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
    info=owned_by(Owner.RUN),
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
    info=owned_by(Owner.CHANNEL),
)

# When a channel may be posted to next: Slack takes one message a second, whichever replica sends it.
channels = Table(
    "channels",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("free_at", Float(53), nullable=False),  # seconds since 1970
    info=owned_by(Owner.CHANNEL),
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
    info=owned_by(Owner.WORK),
)

# The processes that work on this database, and when each last said so.
replicas = Table(
    "replicas",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("seen_at", Float(53), nullable=False),  # seconds since 1970; 0 for one that has deregistered
    info=owned_by(Owner.NOBODY),
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
    Column("first_steps", String(32)),  # the person who was told them last
    info=owned_by(Owner.WORKSPACE, "first_steps"),
)

# What an installation that is under way has to bring back; only an old replica reads and writes it.
oauth_states = Table(
    "oauth_states",
    metadata,
    Column("state", String(64), primary_key=True),
    Column("expires_at", Float(53), nullable=False),
    info=owned_by(Owner.NOBODY),
)

# Results that were previewed for somebody, and what became of them.
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
    Column("parts", JSON),  # that the sender chose; none, like all below, in rows of before these could be chosen
    Column("place", String(16)),
    Column("note", Text),  # of the sender
    Column("updates", String(64)),  # the share whose copy this one is to replace
    Column("graded", String(160)),  # how the work is graded, as it stood in the preview
    Column("claimed_run", String(64)),  # of which result it counts as a share; none for what updates another
    Column("claimed_at", Float(53)),  # when its sending began; seconds since 1970, as all times below
    Column("sent_at", Float(53)),  # when all of it had arrived
    Column("seen_at", Float(53)),  # when the recipient said so
    Column("talk_at", Float(53)),  # when the recipient said that they would like to talk
    Column("ended_at", Float(53)),  # when it was withdrawn, or failed
    Column("told_outdated", Boolean),  # whether the sender was told that the copy is of an older answer
    Column("part_left", Boolean),  # whether a part of what an update has replaced is left below the copy
    Column("updated_at", Float(53)),  # when its copy was last put in place of what it showed before
    Column("receipt_ts", String(32)),  # of the message in the round's thread that tells the sender about it
    ForeignKeyConstraint(["team", "run"], ["runs.team", "runs.id"], name="fk_shares_run", ondelete="CASCADE"),
    Index("ix_shares_run", "team", "run"),
    Index("ix_shares_recipient", "team", "recipient"),
    info=owned_by(Owner.RUN, "recipient"),
)

# Who has seen whose result by shares or comparisons that are not kept any more.
seen_results = Table(
    "seen_results",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("sender", String(32), primary_key=True),
    Column("manager", String(32), primary_key=True),
    Column("revealed_at", Float(53)),  # since when the manager can read a comparison; none if they cannot
    info=owned_by(Owner.PEOPLE, "sender", "manager"),
)

# Who has deleted rounds of which copies stood with others, or may have: there is no list of these.
unlisted_shares = Table(
    "unlisted_shares",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("sender", String(32), primary_key=True),
    info=owned_by(Owner.PERSON, "sender"),
)

# Where the first messages of copies stand whose round was deleted.
former_copies = Table(
    "former_copies",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("ts", String(32), primary_key=True),
    Column("recipient", String(32), nullable=False),
    info=owned_by(Owner.PERSON, "recipient"),
)

# Copies whose round was deleted and of which Slack never said whether they arrived: they may stand where nobody knows.
# When they were previewed and when they were given up, in seconds since 1970.
unconfirmed_copies = Table(
    "unconfirmed_copies",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("share", String(64), primary_key=True),
    Column("run", String(64), nullable=False),
    Column("recipient", String(32), nullable=False),
    Column("made_at", Float(53), nullable=False),
    Column("given_up_at", Float(53), nullable=False),
    Index("ix_unconfirmed_copies_recipient", "team", "recipient"),
    info=owned_by(Owner.PERSON, "recipient"),
)

# Two people's answers about the same work, which both see once both agree. Neither's answers stand here until then.
comparisons = Table(
    "comparisons",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("sender", String(32), nullable=False),
    Column("manager", String(32), nullable=False),
    Column("run", String(64), nullable=False),  # the sender's
    Column("manager_run", String(64)),
    Column("state", String(16), nullable=False),
    Column("open", Boolean),  # true while it is, and none afterwards, so that a next one can be begun
    Column("sender_version", Integer),  # of the answers that both are asked to reveal
    Column("manager_version", Integer),
    Column("sender_agreed", Boolean, nullable=False),
    Column("manager_agreed", Boolean, nullable=False),
    Column("ended_by", String(16)),
    Column("exposed", String(32)),  # who could read the answers for a while, though not both could: sides, with ","
    Column("unconfirmed", Boolean),  # whether Slack has never said that it has posted the reveal
    Column("maybe_exposed", String(32)),  # whom the answers may have reached, though not both have them: sides
    Column("still_exposed", String(32)),  # from whom they could not be taken back: sides
    Column("tried", String(32)),  # copies of the reveal that may have been posted; none: nobody knows which
    Column("agreed_at", Float(53)),
    Column("moved_by", String(255), nullable=False),  # the piece of work that moved it last
    Column("messages", JSON, nullable=False),  # by slot: channel and ts
    Column("shown", JSON),  # the answers that both agreed to show, until both have them or it has ended
    Column("begun_at", Float(53), nullable=False),
    Column("moved_at", Float(53), nullable=False),
    Column("due_at", Float(53), index=True),  # when it lapses, or whoever began it is asked what has changed
    UniqueConstraint("team", "run", "manager", "open", name="uq_comparisons_open"),
    Index("ix_comparisons_manager_run", "team", "manager_run"),
    info=owned_by(Owner.PEOPLE, "sender", "manager"),
)

# Where the copy of a share stands: its root, and by number what is in the thread below.
share_messages = Table(
    "share_messages",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("share", String(64), primary_key=True),
    Column("slot", String(32), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("ts", String(32), nullable=False),
    ForeignKeyConstraint(
        ["team", "share"], ["shares.team", "shares.id"], name="fk_share_messages_share", ondelete="CASCADE"
    ),
    Index("ix_share_messages_place", "team", "channel", "ts"),
    info=owned_by(Owner.CHANNEL),
)

# Who wants nothing more from whom, by the share or the comparison with which they said so, which may be gone.
share_mutes = Table(
    "share_mutes",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("share", String(64), primary_key=True),
    Column("user", String(32), nullable=False),
    Column("muted", String(32)),
    Column("muted_at", Float(53), nullable=False),
    Index("ix_share_mutes_user", "team", "user"),
    info=owned_by(Owner.PERSON, "user", "muted"),
)

# With which of them that was taken back since, by the same ids: some go on offering to.
former_mutes = Table(
    "former_mutes",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("share", String(64), primary_key=True),
    Column("user", String(32), nullable=False),
    Column("muted", String(32), nullable=False),
    Index("ix_former_mutes_user", "team", "user"),
    info=owned_by(Owner.PERSON, "user", "muted"),
)

# How the bot behaves in a channel, by its id; no row, or no mode, is the default.
channel_settings = Table(
    "channel_settings",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("mode", String(16)),
    Column("changed_by", String(32)),
    Column("changed_at", Float(53)),  # seconds since 1970, as all times below
    Column("welcomed_at", Float(53)),  # when it said, once, that it is there
    Column("greeting_ts", String(32)),  # the message that says so
    Column("chosen_for_shared", Boolean),  # whether the mode was chosen when outsiders read along already
    info=owned_by(Owner.CHANNEL, "changed_by"),
)

# What was replied to each message: to change or withdraw it with the message, and not to say the same thing twice.
replies = Table(
    "replies",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("question_ts", String(32), primary_key=True),
    Column("thread_ts", String(32), nullable=False),
    Column("asker", String(32)),  # none once the person has been forgotten
    Column("surface", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("entries", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("answer_ts", String(32)),
    Column("digest", String(64)),  # of the entries as they were said
    Column("revision", String(32), nullable=False),  # the ts of the message's latest edit or deletion; "" for none
    Column("holder", String(255)),  # the piece of work that is at it now, and since when
    Column("held_at", Float(53)),
    Column("replied_at", Float(53), nullable=False),
    Column("corrected_at", Float(53)),
    Column("decided_for", String(32)),  # the revision for which this was decided; later ones have changed nothing
    Column("linked", JSON(none_as_null=True)),  # entries that stand elsewhere: each with the question they answer there
    Column("offered", JSON(none_as_null=True)),  # what was suggested, where somebody has chosen among it
    Index("ix_replies_answer", "team", "channel", "answer_ts"),
    Index("ix_replies_thread", "team", "channel", "thread_ts"),
    Index("ix_replies_asker", "team", "asker"),
    info=owned_by(Owner.CHANNEL, "asker"),
)

# Which question an entry was last posted for in a channel: within ten minutes another gets a link to it.
recent_entries = Table(
    "recent_entries",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("entry", String(64), primary_key=True),
    Column("question_ts", String(32), nullable=False),
    Column("posted_at", Float(53), nullable=False),
    info=owned_by(Owner.CHANNEL),
)

# Threads in which somebody has asked the bot to be quiet.
hushed_threads = Table(
    "hushed_threads",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("thread_ts", String(32), primary_key=True),
    Column("hushed_by", String(32)),
    Column("hushed_at", Float(53), nullable=False),
    info=owned_by(Owner.CHANNEL, "hushed_by"),
)

# What people have chosen for themselves, and whether they were greeted.
people = Table(
    "people",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("user", String(32), primary_key=True),
    Column("answers_unasked", Boolean, nullable=False),  # whether to answer them though they did not mention the bot
    Column("news", Boolean, nullable=False),  # whether to tell them when a question of theirs has an answer
    Column("greeted_at", Float(53)),  # when they first opened the bot's messages, of which they hear once
    info=owned_by(Owner.PERSON, "user"),
)

# Who has opened their Home tab; what they look at there, by part; Slack's name for the view that it shows; and when it
# is to be published anew, if what it shows has changed.
homes = Table(
    "homes",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("user", String(32), primary_key=True),
    Column("opened_at", Float(53), nullable=False),  # or clicked there, the last time, in seconds since 1970
    Column("shows", JSON, nullable=False),
    Column("hash", String(255)),
    Column("publish_at", Float(53), index=True),
    info=owned_by(Owner.PERSON, "user"),
)

# Whether an answer helped: one vote a person and answer.
votes = Table(
    "votes",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("answer_ts", String(32), primary_key=True),
    Column("user", String(32), primary_key=True),
    Column("entry", String(64), nullable=False),
    Column("helpful", Boolean, nullable=False),
    Column("reason", String(16)),
    Column("comment", Text),
    Column("voted_at", Float(53), nullable=False),
    Index("ix_votes_user", "team", "user"),
    info=owned_by(Owner.PERSON, "user"),
)

# What people asked the bot: what it could not answer, and which suggestion was meant. Deleted after the retention time.
questions = Table(
    "questions",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("id", String(128), primary_key=True),
    Column("user", String(32), nullable=False),
    Column("channel", String(32)),
    Column("ts", String(32)),
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("entry", String(64)),  # that was chosen, declined or voted on
    Column("asked_at", Float(53), nullable=False, index=True),
    Column("answered_by", String(64)),  # the entry that answers it by now, and when the person was told
    Column("told_at", Float(53)),
    Column("revision", String(32)),  # the ts of the message's edit that the text is from, or of a vote's click
    Column("known", JSON),  # entries that are no news to who asked: they were suggested, or answer the text by itself
    Index("ix_questions_user", "team", "user"),
    info=owned_by(Owner.PERSON, "user"),
)

# Questions that were passed on to a person, by the message that did so.
help_requests = Table(
    "help_requests",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("ts", String(32), primary_key=True),
    Column("asker", String(32), nullable=False),
    Column("asked_in", String(32), nullable=False),  # the channel of the question
    Column("question_ts", String(32), nullable=False),
    Column("entry", String(64)),
    Column("asked_at", Float(53), nullable=False),
    Column("resolved_by", String(32)),
    Column("resolved_at", Float(53)),
    Index("ix_help_requests_asker", "team", "asker"),
    info=owned_by(Owner.PERSON, "asker", "resolved_by"),
)

# Which work is passing on a question just now, for whoever wants that; the row goes with its end, well or not.
help_attempts = Table(
    "help_attempts",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("asker", String(32), primary_key=True),
    Column("asked_in", String(32), primary_key=True),  # the channel of the question
    Column("question_ts", String(32), primary_key=True),
    Column("holder", String(255), nullable=False),
    Column("claimed_at", Float(53), nullable=False),
    info=owned_by(Owner.PERSON, "asker"),
)

# What a workspace has chosen: where its editors are, and the last week whose digest they had, as "2026-W48"; and when
# the bot first answered in one of its channels.
workspaces = Table(
    "workspaces",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("editors_channel", String(32)),
    Column("chosen_by", String(32)),
    Column("digest_of", String(16)),
    Column("knowledge", String(64)),  # whose news and corrections are begun: its number, and its digest
    Column("answered_at", Float(53)),
    info=owned_by(Owner.WORKSPACE, "chosen_by"),
)
