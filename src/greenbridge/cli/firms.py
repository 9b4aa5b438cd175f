"""Commands on firms: list, report, score, match."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.catalog import service as catalog
from greenbridge.cli.frame import DataDir, EnterpriseArgument, Json, Today, out, run, say, settings_of
from greenbridge.consents import service as consents
from greenbridge.consents.values import ReadKind
from greenbridge.enterprises import service as enterprises
from greenbridge.facts import service as facts
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Problem
from greenbridge.matching import service as matching
from greenbridge.matching.schemas import MatchRunOut
from greenbridge.needs import service as needs
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


@app.command()
def match(
    enterprise: Annotated[str, typer.Argument(help="Id or social credit code of the firm; its newest need is matched.")],
    as_json: Json = False,
    top: Annotated[int, typer.Option(min=1, help="Products to print.")] = 10,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Match a firm's newest need with the listed products."""
    settings = settings_of(data_dir, today)

    async def work(session: AsyncSession, now: datetime) -> MatchRunOut:
        firm = await enterprises.find(session, enterprise)
        published = await needs.of_enterprise(session, firm.id)
        # Rules may ask for any of what departments delivered.
        await consents.record_operators(session, [firm.id], sorted(facts.levels()), ReadKind.FACTS, now)
        if not published:
            raise Problem("no-need", f"{firm.name} 还没有发布需求。", f"{firm.name} has published no need.")
        run_ = (await matching.make(session, published[:1], await catalog.listed(session), load_current(settings.artifacts_dir), now))[0]
        return MatchRunOut.of(run_, "zh")

    found = run(settings, work)
    if as_json:
        say(found.model_dump(mode="json"))
        return
    table = Table("#", "产品", "银行", "结论", "契合", "年利率", "未通过 / 未知")
    names = {"eligible": "符合", "conditional": "待补充数据", "not_eligible": "不符合"}
    for m in found.matches[:top]:
        open_ = [v.text for v in m.verdicts if v.outcome.value != "pass"]
        rate = f"{m.min_annual_rate_bp / 100:.2f}–{m.max_annual_rate_bp / 100:.2f} %"
        table.add_row(str(m.rank), m.product, m.bank, names[m.eligibility.value], f"{m.total_fit:.0%}", rate, "\n".join(open_[:3]))
    out.print(table)
