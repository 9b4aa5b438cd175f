"""Commands on firms: list, score."""

from datetime import datetime
from typing import Any

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.cli.frame import DataDir, EnterpriseArgument, Json, Today, out, run, say, settings_of
from greenbridge.consents import service as consents
from greenbridge.consents.values import ReadKind
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.calendar import business_date
from greenbridge.reports.rules.wire import score_json
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import load_current
from greenbridge.scoring.rules.features import MODEL_FIELDS

app = typer.Typer()


@app.command(name="enterprises")
def list_enterprises(as_json: Json = False, data_dir: DataDir = None) -> None:
    """List the registered firms."""
    found = run(settings_of(data_dir), lambda session, _: enterprises.every(session))
    if as_json:
        say(
            [
                {
                    "id": e.id,
                    "uscc": e.uscc,
                    "name": e.name,
                    "region_code": e.region_code,
                    "status": e.status,
                    "origin": e.origin,
                }
                for e in found
            ]
        )
        return
    table = Table("id", "code", "name", "status", "origin")
    for e in found:
        table.add_row(str(e.id), e.uscc, e.name, e.status.value, e.origin.value)
    out.print(table if found else "No firm is registered yet.")


@app.command()
def score(
    enterprise: EnterpriseArgument,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Score a firm: probability of default, band, reasons."""
    settings = settings_of(data_dir, today)

    async def work(session: AsyncSession, now: datetime) -> tuple[str, Any]:
        firm = await enterprises.find(session, enterprise)
        found = await scoring.score(session, [firm], load_current(settings.artifacts_dir), business_date(now), now)
        await consents.record_operators(session, [firm.id], MODEL_FIELDS, ReadKind.FACTS, now)
        return firm.name, found.get(firm.id)

    name, found = run(settings, work)
    if as_json:
        say({"enterprise": enterprise, "name": name, "score": score_json(found) if found else None})
        return
    if found is None:
        out.print(f"{name}: 违约概率未知（发票历史不足）")
        return
    out.print(f"{name}: 违约概率 {found.default_probability:.1%}，等级 {found.band}（{found.model_version}）")
    for reason in found.reasons:
        value = "未知" if reason.value is None else f"{reason.value:.3g}"
        out.print(f"  {reason.label.zh} {value}，训练企业中位数 {reason.usual:.3g}")
