"""Which copies of the reveal of a comparison may have been posted, and whom they may have reached.

Expands only: an old replica goes on with the columns it knows, and what it has agreed to has none in `tried`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("comparisons", sa.Column("maybe_exposed", sa.String(32)))
    op.add_column("comparisons", sa.Column("still_exposed", sa.String(32)))
    op.add_column("comparisons", sa.Column("tried", sa.String(32)))
    op.add_column("comparisons", sa.Column("agreed_at", sa.Float(53)))
