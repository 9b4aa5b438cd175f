"""Bringing a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def config(migrations: Path, url: str) -> Config:
    """Return Alembic's configuration for a database."""
    made = Config()
    made.set_main_option("script_location", str(migrations))
    made.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return made


def upgrade(migrations: Path, url: str, revision: str = "head") -> None:
    """Run what is missing; nothing when the schema is the newest."""
    command.upgrade(config(migrations, url), revision)


def check(migrations: Path, url: str) -> None:
    """Raise when the tables in code and the migrations differ."""
    command.check(config(migrations, url))
