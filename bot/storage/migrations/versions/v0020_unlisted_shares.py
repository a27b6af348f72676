"""Who has deleted rounds of which copies still stood with others.

Expands only: an old replica deletes rounds without saying so here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add the table, with everybody of whose results somebody has seen one that is not kept any more.

    Of these it is not known whether it still stands.
    """
    op.create_table(
        "unlisted_shares",
        sa.Column("team", sa.String(32), primary_key=True),
        sa.Column("sender", sa.String(32), primary_key=True),
    )
    op.execute(
        "INSERT INTO unlisted_shares (team, sender)"
        " SELECT DISTINCT team, sender FROM seen_results WHERE revealed_at IS NULL"
    )
