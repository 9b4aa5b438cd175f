"""Column kinds that the tables of all domains share."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, DateTime, MetaData
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Text as SqlText
from sqlmodel import Field, SQLModel

JsonObject = dict[str, Any]

# Set before any table is declared: constraints get names that Alembic can drop.
SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention


def key() -> Any:
    """Return a random UUID primary key: it tells nothing and cannot be guessed."""
    return Field(default_factory=uuid4, primary_key=True)


def reference(column: str, *, index: bool = True, nullable: bool = False) -> Any:
    """Return a foreign key to `table.id`."""
    return Field(foreign_key=column, index=index, nullable=nullable)


def instant(*, nullable: bool = False, index: bool = False) -> Any:
    """Return an aware UTC instant."""
    return Field(sa_type=DateTime(timezone=True), nullable=nullable, index=index)


def fen(*, nullable: bool = False) -> Any:
    """Return an amount in fen, 64 bits."""
    return Field(sa_type=BigInteger, nullable=nullable)


def json(*, nullable: bool = False) -> Any:
    """Return a jsonb document."""
    return Field(sa_type=JSONB, nullable=nullable)


def texts() -> Any:
    """Return a list of short texts."""
    return Field(sa_type=ARRAY(SqlText))


def one_of(column: str, choices: Iterable[StrEnum]) -> CheckConstraint:
    """Return the CHECK that keeps a text column to an enum's values."""
    listed = ", ".join(f"'{choice.value}'" for choice in choices)
    return CheckConstraint(f"{column} in ({listed})", name=column)


__all__ = ["UUID", "JsonObject", "datetime", "fen", "instant", "json", "key", "one_of", "reference", "texts"]
