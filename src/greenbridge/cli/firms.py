"""Commands on firms: list, score."""

from dataclasses import asdict
from datetime import datetime

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.cli.frame import DataDir, EnterpriseArgument, Json, Today, out, run, say, settings_of
from greenbridge.consents import service as consents
from greenbridge.consents.values import ReadKind
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.calendar import business_date
from greenbridge.reports.rules.wire import in_words, score_json
from greenbridge.scoring import service as scoring
from greenbridge.scoring.values import Score

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
    """Score a firm: probability of default in words, band, points, reasons both ways."""
    settings = settings_of(data_dir, today)

    async def work(session: AsyncSession, now: datetime) -> tuple[str, Score | None]:
        firm = await enterprises.find(session, enterprise)
        model = await scoring.champion(session, settings.artifacts_dir, now)
        found = (await scoring.score(session, [firm], model, business_date(now), now)).get(firm.id)
        await consents.record_operators(session, [firm.id], scoring.fields_read(model), ReadKind.FACTS, now)
        return firm.name, found

    name, found = run(settings, work)
    if as_json:
        groups = [{**asdict(group), "label": asdict(group.label)} for group in found.groups] if found else []
        say({"enterprise": enterprise, "name": name, "score": {**score_json(found), "groups": groups} if found else None})
        return
    if found is None:
        out.print(f"{name}: 违约概率未知（发票历史不足）")
        return
    for line in _told(name, found):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _told(name: str, found: Score) -> list[str]:
    """Return a score as lines of text."""
    held = "，已到评分边界" if found.points_held else ""
    lines = [
        f"{name}：违约概率 {found.default_probability:.1%}，{in_words(found.default_probability).zh}",
        f"等级 {found.band.code}（{found.band.label.zh}）：{found.band.meaning.zh}",
        f"评分 {found.points}（300–900，越高越好{held}）；模型 {found.model_version}，截至 {found.as_of}，已知特征 {found.known_share:.0%}",
    ]
    for title, sign, reasons in (("推高风险", "▲", found.raising), ("降低风险", "▼", found.lowering)):
        lines += [f"{title}：", *(f"  {sign} {reason.sentence.zh}" for reason in reasons)] if reasons else [f"{title}：没有明显的因素"]
    shares = "；".join(f"{g.label.zh} {g.contribution:+.2f}（已知 {g.known}/{g.of}）" for g in found.groups)
    return [*lines, f"各组合计（对数几率，正为推高）：{shares}"]
