"""What could be read though it was not to be: of a comparison by one of the two, of a copy after an update.

Expands only: an old replica goes on with the columns it knows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the columns, and an index to look for what somebody was sent."""
    op.add_column("comparisons", sa.Column("exposed", sa.String(32)))
    op.add_column("comparisons", sa.Column("unconfirmed", sa.Boolean))
    op.add_column("shares", sa.Column("part_left", sa.Boolean))
    op.create_index("ix_shares_recipient", "shares", ["team", "recipient"])
