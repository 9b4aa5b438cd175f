"""Alembic's environment: the URL comes from the caller, SQLModel's types are written as plain SQLAlchemy ones."""

import re
from typing import Any, Literal

from alembic import context
from sqlalchemy import create_engine, pool
from sqlmodel.sql.sqltypes import AutoString

from greenbridge.schema import METADATA


def render_item(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """Write AutoString as sa.String, so that migrations never import SQLModel."""
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


def include_name(name: str | None, kind: str, parents: Any) -> bool:
    """Leave out the months of a partitioned table: they are made when their first row comes."""
    return not (kind == "table" and re.fullmatch(r"vat_invoice_\d{4}_\d{2}", name or ""))


def run() -> None:
    """Run the migrations in one transaction; a lock that is not had in 5 s ends the run instead of stopping the service."""
    options: dict[str, Any] = {"target_metadata": METADATA, "render_item": render_item, "compare_type": True, "include_name": include_name}
    given = context.config.attributes.get("connection")
    if given is not None:
        context.configure(connection=given, **options)
        with context.begin_transaction():
            context.run_migrations()
        return
    engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("set lock_timeout = '5s'")
        connection.commit()
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
