"""Commands on the register of models: list, register, challenge, promote, roll back, retire; score the city."""

import getpass
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Column, Table
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.cli.frame import DataDir, Json, Today, out, run, say, settings_of
from greenbridge.kit.calendar import SHANGHAI
from greenbridge.scoring import service
from greenbridge.scoring.values import MODEL_STATE_NAMES, ModelVersion
from greenbridge.settings import Settings

app = typer.Typer()
models = typer.Typer(help="Models: which version scores, who decided it and why.")
app.add_typer(models, name="models")
Version = Annotated[str, typer.Argument(help="A folder of ml/artifacts, such as vat-default-3.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for the audit trail.")]
Who = Annotated[str | None, typer.Option("--who", help="Who decides; without: the user of this machine.")]
Act = Callable[[AsyncSession, Settings, str, datetime], Awaitable[object]]


@models.callback(invoke_without_command=True)
def every(context: typer.Context, as_json: Json = False, data_dir: DataDir = None, today: Today = None) -> None:
    """List the registered versions with state and history."""
    if context.invoked_subcommand is None:
        settings = settings_of(data_dir, today)
        _show(run(settings, lambda session, now: _standing(session, settings, now)), as_json=as_json)


async def _standing(session: AsyncSession, settings: Settings, now: datetime) -> list[ModelVersion]:
    await service.establish(session, settings.artifacts_dir, now)
    return list(await service.models(session))


def _show(found: list[ModelVersion], *, as_json: bool) -> None:
    if as_json:
        say([_document(model) for model in found])
        return
    table = Table(Column("版本", no_wrap=True), "状态", "自", "谁", "理由", "sha256")
    for model in found:
        last = model.history[-1]
        since = last.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        table.add_row(model.version, MODEL_STATE_NAMES[model.state].zh, since, last.who, last.why, model.sha256[:12])
    out.print(table)


def _document(model: ModelVersion) -> dict[str, object]:
    history = [
        {"number": e.number, "act": e.act, "before": e.before, "after": e.after, "at": e.at.isoformat(), "who": e.who, "why": e.why}
        for e in model.history
    ]
    return {"version": model.version, "state": model.state, "since": model.since.isoformat(), "sha256": model.sha256, "history": history}


def _do(act: Act, who: str | None, *, as_json: bool, settings: Settings) -> None:
    """Do one act and show how things stand after it."""

    async def work(session: AsyncSession, now: datetime) -> list[ModelVersion]:
        await _standing(session, settings, now)
        await act(session, settings, who or getpass.getuser(), now)
        return await _standing(session, settings, now)

    _show(run(settings, work), as_json=as_json)


@models.command()
def register(version: Version, why: Why, who: Who = None, as_json: Json = False, data_dir: DataDir = None, today: Today = None) -> None:
    """Register a version as a draft: its files may not change any more."""
    _do(
        lambda s, of, by, now: service.register(s, of.artifacts_dir, version, by, why, now),
        who,
        as_json=as_json,
        settings=settings_of(data_dir, today),
    )


@models.command()
def challenge(version: Version, why: Why, who: Who = None, as_json: Json = False, data_dir: DataDir = None, today: Today = None) -> None:
    """Let a draft, or a version that was retired, score in the shadow of the champion."""
    _do(
        lambda s, of, by, now: service.challenge(s, of.artifacts_dir, version, by, why, now),
        who,
        as_json=as_json,
        settings=settings_of(data_dir, today),
    )


@models.command()
def promote(version: Version, why: Why, who: Who = None, as_json: Json = False, data_dir: DataDir = None, today: Today = None) -> None:
    """Make a challenger the champion; the one before retires."""
    _do(
        lambda s, of, by, now: service.promote(s, of.artifacts_dir, version, by, why, now),
        who,
        as_json=as_json,
        settings=settings_of(data_dir, today),
    )


@models.command()
def rollback(why: Why, who: Who = None, as_json: Json = False, data_dir: DataDir = None, today: Today = None) -> None:
    """Put the champion before back."""
    _do(
        lambda s, of, by, now: service.rollback(s, of.artifacts_dir, by, why, now),
        who,
        as_json=as_json,
        settings=settings_of(data_dir, today),
    )


@models.command()
def retire(version: Version, why: Why, who: Who = None, as_json: Json = False, data_dir: DataDir = None, today: Today = None) -> None:
    """Retire a draft or a challenger."""
    _do(lambda s, _, by, now: service.retire(s, version, by, why, now), who, as_json=as_json, settings=settings_of(data_dir, today))


@models.command(name="score-city")
def score_city(as_json: Json = False, data_dir: DataDir = None, today: Today = None) -> None:
    """Score all verified firms with the champion and its challengers, as the nightly job does."""
    settings = settings_of(data_dir, today)
    kept = run(settings, lambda session, now: service.score_city(session, settings.artifacts_dir, now))
    say({"kept": kept}) if as_json else out.print(f"{kept:,} 个评分")
