"""Commands that set up and run the service."""

import asyncio
import os
import signal
import socket
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import ORGANISATION_OF_ROLE, Role, StaffFunction
from greenbridge.catalog import service as catalog
from greenbridge.cli.frame import DataDir, Json, Today, connected, ended, err, out, run, settings_of
from greenbridge.kit import logs
from greenbridge.kit.errors import Invalid
from greenbridge.settings import Settings

app = typer.Typer()


@app.command(name="migrate")
def migrate_database(data_dir: DataDir = None) -> None:
    """Bring the database to the newest schema and list the products of products/."""
    settings = settings_of(data_dir)
    added = run(settings, lambda session, now: catalog.import_folder(session, settings.products_dir, now))
    out.print(f"Schema is the newest; {added} products were new.")


@app.command()
def serve(
    data_dir: DataDir = None,
    today: Today = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on.")] = None,
) -> None:
    """Serve pages and API."""
    settings = settings_of(data_dir, today)
    must_be_free(host or settings.host, port or settings.port)
    serve_until_stopped(settings, connected(settings), host or settings.host, port or settings.port)


def must_be_free(host: str, port: int) -> None:
    """Raise Invalid when something listens there already: the server itself would only try again and again."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror
            raise Invalid.at(
                "port-taken", "port", f"无法监听 {host}:{port}：{reason}。", f"Cannot listen on {host}:{port}: {reason}."
            ) from None


def serve_until_stopped(settings: Settings, url: str, host: str, port: int) -> None:
    """Run granian; its workers read the same settings from the environment."""
    from granian import Granian  # noqa: PLC0415  only servers need it
    from granian.constants import Interfaces  # noqa: PLC0415

    os.environ |= {
        "DATABASE_URL": url,
        "GREENBRIDGE_SECRET": settings.secret,
        "GREENBRIDGE_DATA_DIR": str(settings.data_dir),
        "GREENBRIDGE_LOG_FORMAT": settings.log_format,
        "GREENBRIDGE_PUBLIC_URL": settings.public_url,
        "GREENBRIDGE_DEMONSTRATION": "1" if settings.demonstration else "",
        **({"GREENBRIDGE_TODAY": settings.today.isoformat()} if settings.today else {}),
    }
    Granian(
        "greenbridge.app:from_environment",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        factory=True,
        log_enabled=False,
    ).serve()


@app.command()
def schedule(data_dir: DataDir = None, today: Today = None) -> None:
    """Run timed work until stopped."""
    from greenbridge import scheduler  # noqa: PLC0415  APScheduler is loaded in this process only

    settings = settings_of(data_dir, today)
    logs.configure(settings.log_format)
    signal.signal(signal.SIGTERM, ended)
    with suppress(KeyboardInterrupt):
        asyncio.run(scheduler.serve(settings, connected(settings)))


@app.command()
def deliver(data_dir: DataDir = None) -> None:
    """Deliver notices and webhooks until stopped."""
    from greenbridge.notices import jobs as notices  # noqa: PLC0415  only this process sends

    settings = settings_of(data_dir)
    logs.configure(settings.log_format)
    signal.signal(signal.SIGTERM, ended)
    with suppress(KeyboardInterrupt):
        asyncio.run(notices.serve(settings, connected(settings)))


@app.command()
def demo(
    data_dir: DataDir = None,
    data: Annotated[Path | None, typer.Option("--data", help="Run on real input in this folder instead of a generated town.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Exit after the summary.")] = False,
    as_json: Json = False,
    today: Today = None,
    firms: Annotated[int, typer.Option(min=10, max=2000, help="Firms of the generated town.")] = 60,
    seed: Annotated[int, typer.Option(help="Seed of the generated town.")] = 7,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Run the whole service once on a generated town, or on real input, then serve it."""
    from greenbridge.demo import run as demonstration  # noqa: PLC0415  pandas and the model load only here

    if as_json and not once:
        raise typer.BadParameter("--json needs --once: the summary is the only answer then.")
    signal.signal(signal.SIGTERM, ended)
    settings = settings_of(data_dir, today)
    if settings.database_url and not once:
        err.print("[yellow]DATABASE_URL is set: the demonstration writes into that database.[/]")
    if not once:
        must_be_free("127.0.0.1", port)
    demonstration.run(
        settings,
        data=data,
        seed=seed,
        firms=firms,
        as_json=as_json,
        serve=None if once else (serve_until_stopped, port),
    )


@app.command()
def account(
    login: Annotated[str, typer.Argument()],
    role: Annotated[Role, typer.Option()],
    organisation: Annotated[str, typer.Option(help="Organisation code: a bank's, or `platform`.")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, envvar="GREENBRIDGE_PASSWORD")],
    name: Annotated[str | None, typer.Option(help="The organisation's name, if it is new.")] = None,
    function: Annotated[StaffFunction | None, typer.Option(help="What an officer does; relationship_manager where not said.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Open an account on the machine itself: how the first operator comes about."""

    async def work(session: AsyncSession, now: datetime) -> None:
        belongs = await accounts.organisation(session, ORGANISATION_OF_ROLE[role], organisation, name or organisation)
        await accounts.open_account(session, None, login, password, role, belongs, now, function)

    run(settings_of(data_dir), work)
    out.print(f"{role.value} account {login} is open.")
