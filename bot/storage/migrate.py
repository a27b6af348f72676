"""Runs the migrations on an open connection."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"


def config(connection: Connection | None = None) -> Config:
    """Point Alembic at our migrations and, for `upgrade`, at a connection that is already open."""
    alembic_config = Config()
    alembic_config.set_main_option("script_location", str(MIGRATIONS))
    alembic_config.attributes["connection"] = connection
    return alembic_config


def upgrade(connection: Connection) -> None:
    """Bring the database to the newest version; a database that has it is left alone."""
    command.upgrade(config(connection), "head")
