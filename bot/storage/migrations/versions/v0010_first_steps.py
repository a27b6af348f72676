"""Who was told the first steps after installing the app.

Expands only: an old replica goes on with the columns it knows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column."""
    op.add_column("installations", sa.Column("first_steps", sa.String(32)))
