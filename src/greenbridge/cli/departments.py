"""Commands on the departments that are asked over HTTP."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from greenbridge.cli.frame import DataDir, Json, Today, connected, err, out, say, settings_of
from greenbridge.facts import jobs
from greenbridge.facts.gateway import HttpGateway
from greenbridge.facts.gateway.sources import load_feeds
from greenbridge.facts.values import Batch
from greenbridge.kit import database
from greenbridge.kit.clock import make_clock
from greenbridge.kit.errors import Problem
from greenbridge.kit.exchange import Key
from greenbridge.kit.keys import kept_key, public_pem

app = typer.Typer()
departments = typer.Typer(no_args_is_help=True, help="Departments that are asked over HTTP.")
app.add_typer(departments, name="departments")


@departments.callback()
def group() -> None:
    """Departments that are asked over HTTP."""


@departments.command()
def key(data_dir: DataDir = None) -> None:
    """Print the platform's public key (PEM): what a department is given to check our requests. It is made at first use."""
    print(public_pem(kept_key(settings_of(data_dir).data_dir)), end="")


@departments.command()
def pull(
    feeds: Annotated[Path, typer.Argument(help="TOML file of [[feed]] entries: item, url, format, ...")],
    item: Annotated[str | None, typer.Option(help="Pull this item alone.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Ask departments for what is new, now; exit code 1 when one failed. The scheduler does the same at each item's refresh rate."""
    settings = settings_of(data_dir, today)
    wanted = [feed for feed in load_feeds(feeds) if item in (None, feed.item)]
    url = connected(settings)

    async def work() -> list[dict[str, Any]]:
        engine = database.make_engine(url)
        lines = []
        try:
            async with HttpGateway(wanted, Key(kept_key(settings.data_dir))) as gateway:
                for feed in wanted:
                    line: dict[str, Any] = {"item": feed.item, "source": feed.url}
                    try:
                        batch = await jobs.pull(database.make_sessions(engine), gateway, feed, make_clock(settings.today))
                        lines.append({**line, "problem": None, **_counts(batch)})
                    except Problem as problem:
                        lines.append({**line, "problem": problem.detail.en, **_counts(None)})
        finally:
            await engine.dispose()
        return lines

    lines = asyncio.run(work())
    if as_json:
        say(lines)
    for line in () if as_json else lines:
        if line["problem"]:
            err.print(f"[red]{line['item']}[/] {line['problem']}")
        else:
            out.print(
                f"{line['item']}: {line['delivered']:,} delivered = {line['accepted']:,} accepted + {line['quarantined']:,} quarantined"
            )
    if any(line["problem"] for line in lines):
        raise typer.Exit(1)


def _counts(batch: Batch | None) -> dict[str, Any]:
    """Return a batch's counts; zeros where nothing was new."""
    if batch is None:
        return {"delivered": 0, "accepted": 0, "quarantined": 0, "reasons": {}}
    return {"delivered": batch.delivered, "accepted": batch.accepted, "quarantined": batch.quarantined, "reasons": dict(batch.reasons)}


def _said(line: dict[str, Any]) -> str:
    return f"{line['delivered']:,} delivered = {line['accepted']:,} accepted + {line['quarantined']:,} quarantined"


@departments.command()
def take(
    folder: Annotated[Path, typer.Argument(help="Folder with one sub-folder an item.", exists=True, file_okay=False)],
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Take in files dropped as FOLDER/ITEM/FILE, now; each then lies under taken/ or, with a note why, refused/."""
    settings = settings_of(data_dir, today)
    url = connected(settings)

    async def work() -> list[Batch]:
        engine = database.make_engine(url)
        try:
            return await jobs.take_folder(database.make_sessions(engine), folder, make_clock(settings.today))
        finally:
            await engine.dispose()

    lines = [{"item": batch.item, "file": batch.file_name, **_counts(batch)} for batch in asyncio.run(work())]
    if as_json:
        say(lines)
    for line in () if as_json else lines:
        out.print(f"{line['file']}: {_said(line)}")
