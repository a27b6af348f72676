"""When the sending of a share began, by which shares of a day are counted, and how the work was graded then.

Expands only: an old replica goes on with the columns it knows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the columns; what was sent before was begun when it was sent."""
    op.add_column("shares", sa.Column("claimed_at", sa.Float(53)))
    op.add_column("shares", sa.Column("claimed_run", sa.String(64)))
    op.add_column("shares", sa.Column("graded", sa.String(160)))
    op.execute("UPDATE shares SET claimed_at = sent_at, claimed_run = run WHERE sent_at IS NOT NULL")
