"""What every command shares: options, settings, one transaction, JSON."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit import database, logs, migrate
from greenbridge.kit.clock import make_clock
from greenbridge.settings import Settings

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the embedded PostgreSQL and of kept secrets.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Today = Annotated[str | None, typer.Option("--today", help="The business date, such as 2020-03-01.")]
EnterpriseArgument = Annotated[str, typer.Argument(help="Id or social credit code.")]
T = TypeVar("T")
out = Console()
err = Console(stderr=True)


def settings_of(data_dir: Path | None, today: str | None = None) -> Settings:
    """Return the settings; what cannot be read ends the program with code 2."""
    try:
        found = Settings.from_environment(data_dir=data_dir, today=date.fromisoformat(today) if today else None)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    logs.configure(found.log_format, quiet=True)
    return found


def connected(settings: Settings) -> str:
    """Return the URL of the database, its schema brought to the newest."""
    url = database.database_url(settings)
    migrate.upgrade(settings.migrations_dir, url)
    return url


def run(settings: Settings, work: Callable[[AsyncSession, datetime], Awaitable[T]]) -> T:
    """Run work in one transaction on the database."""
    url = connected(settings)

    async def inside() -> T:
        engine = database.make_engine(url)
        try:
            async with database.make_sessions(engine).begin() as session:
                return await work(session, make_clock(settings.today).now())
        finally:
            await engine.dispose()

    return asyncio.run(inside())


def say(document: Any) -> None:
    """Print a JSON document."""
    print(json.dumps(document, ensure_ascii=False, indent=1, default=str))


def ended(signum: int, frame: object) -> None:
    """End as if by exit, so that the embedded server is stopped too."""
    del signum, frame
    sys.exit(0)
