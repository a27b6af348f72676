"""When a Home tab is to be published anew, and when the bot first answered in a channel of a workspace.

Expands only: an old replica goes on with the columns it knows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add the columns, and fill in what the replies that are kept say of the first answer."""
    op.add_column("homes", sa.Column("publish_at", sa.Float(53)))
    op.create_index("ix_homes_publish_at", "homes", ["publish_at"])
    op.add_column("workspaces", sa.Column("answered_at", sa.Float(53)))
    op.execute(
        sa.text(
            "INSERT INTO workspaces (team, answered_at) SELECT team, min(replied_at) FROM replies"
            " WHERE kind = 'answer' AND state = 'posted' AND channel NOT LIKE 'D%' GROUP BY team"
            " ON CONFLICT (team) DO UPDATE SET answered_at = excluded.answered_at"
        )
    )
