"""Which copies of the reveal of a comparison may have been posted, whom they may have reached, and who has seen what.

Expands only: an old replica goes on with the columns it knows, and what it has agreed to has none in `tried`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add the columns, and the tables of what stays known of shares and comparisons that are deleted."""
    op.add_column("comparisons", sa.Column("maybe_exposed", sa.String(32)))
    op.add_column("comparisons", sa.Column("still_exposed", sa.String(32)))
    op.add_column("comparisons", sa.Column("tried", sa.String(32)))
    op.add_column("comparisons", sa.Column("agreed_at", sa.Float(53)))
    op.add_column("shares", sa.Column("updated_at", sa.Float(53)))
    op.create_table(
        "seen_results",
        sa.Column("team", sa.String(32), primary_key=True),
        sa.Column("sender", sa.String(32), primary_key=True),
        sa.Column("manager", sa.String(32), primary_key=True),
        sa.Column("revealed_at", sa.Float(53)),
    )
    op.create_table(
        "former_copies",
        sa.Column("team", sa.String(32), primary_key=True),
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("ts", sa.String(32), primary_key=True),
        sa.Column("recipient", sa.String(32), nullable=False),
    )
