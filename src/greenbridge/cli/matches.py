"""Commands on matches: a need's products, one explained, what to change, who gets what."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.catalog.values import Unit
from greenbridge.cli.frame import DataDir, Json, Today, out, run, say, settings_of
from greenbridge.consents import service as consents
from greenbridge.consents.values import ReadKind
from greenbridge.enterprises import service as enterprises
from greenbridge.facts import service as facts
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Invalid, Problem
from greenbridge.matching import service as matching
from greenbridge.matching.schemas import MatchOut, MatchRunOut, PlansOut
from greenbridge.needs import service as needs
from greenbridge.needs.values import Need
from greenbridge.scoring import service as scoring

app = typer.Typer()
matches = typer.Typer(no_args_is_help=True, help="All matches.")
app.add_typer(matches, name="matches")
ANSWERS = {"eligible": "符合", "conditional": "待补充数据", "not_eligible": "不符合"}
SIGNS = {"pass": "[green]✓ 符合[/]", "fail": "[red]✕ 不符合[/]", "unknown": "[yellow]? 未知[/]"}


@app.command()
def match(
    of: Annotated[str, typer.Argument(help="Id of a need, or id or social credit code of a firm: its newest need.")],
    explain: Annotated[str | None, typer.Option("--explain", help="Explain one product, by its code: place, fits, every rule.")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Show what the firm can change so that products open.")] = False,
    as_json: Json = False,
    top: Annotated[int, typer.Option(min=1, help="Products to print.")] = 10,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Match a need with the listed products: ranked, explained, with what to change first."""
    if explain is not None and plan:
        raise typer.BadParameter("--explain and --plan are two questions; ask one.")
    settings = settings_of(data_dir, today)

    async def work(session: AsyncSession, now: datetime) -> tuple[MatchRunOut | MatchOut | PlansOut, str]:
        need = await _need(session, of)
        # Rules may ask for any of what departments delivered.
        await consents.record_operators(session, [need.enterprise_id], sorted(facts.levels()), ReadKind.FACTS, now)
        found = await matching.of_need(session, need, await scoring.champion(session, settings.artifacts_dir, now), now)
        if plan:
            return PlansOut.of(*await matching.plans_of(session, found, now), "zh"), need.number
        engine = await matching.compiled(session, business_date(now))
        if explain is None:
            return MatchRunOut.of(found, engine.policy, "zh"), need.number
        one = await matching.explained(session, found, explain, now)
        if one is None:
            listed = ", ".join(sorted(p.code for p in engine.edition.products))
            raise Invalid.at(
                "no-product", "explain", f"没有产品 {explain}；在售：{listed}。", f"There is no product {explain}; listed: {listed}."
            )
        return MatchOut.of(one, found.facts, engine.policy, "zh"), need.number

    found, number = run(settings, work)
    if as_json:
        say(found.model_dump(mode="json"))
    elif isinstance(found, MatchRunOut):
        _print_run(found, top)
    elif isinstance(found, MatchOut):
        _print_one(found)
    else:
        _print_plans(found, number)


async def _need(session: AsyncSession, of: str) -> Need:
    try:
        wanted = UUID(of)
    except ValueError:
        wanted = None
    if wanted is not None and (found := await needs.find(session, wanted)):
        return found
    firm = await enterprises.find(session, of)
    published = await needs.of_enterprise(session, firm.id)
    if not published:
        raise Problem("no-need", f"{firm.name} 还没有发布需求。", f"{firm.name} has published no need.")
    return published[0]


def _print_run(found: MatchRunOut, top: int) -> None:
    table = Table("#", "产品", "代码", "银行", "结论", "总分", "区域/规则/风险", "年利率", "未通过 / 未知")
    for m in found.matches[:top]:
        open_ = [v.text for v in m.verdicts if v.outcome.value != "pass" and not v.soft]
        rate = f"{m.min_annual_rate_bp / 100:.2f}–{m.max_annual_rate_bp / 100:.2f} %"
        three = f"{m.region_fit:.0%} {m.rule_fit:.0%} {m.risk_fit:.0%}"
        named = m.rank, m.product, m.product_code, m.bank, ANSWERS[m.eligibility.value], f"{m.total_fit:.0%}", three, rate
        table.add_row(*map(str, named), "\n".join(open_[:3]))
    out.print(table)


def _print_one(m: MatchOut) -> None:
    out.print(f"第 {m.rank} 位（按契合第 {m.merit_rank} 位） {m.product} {m.bank}：{ANSWERS[m.eligibility.value]}")
    fits = Table("项目", "契合", "得分")
    for name, part in m.fit.parts.items():
        fits.add_row(name, f"{part:.3f}", f"{m.fit.points[name]:.4f}")
    fits.add_row("总分", "", f"{m.fit.total:.4f}")
    out.print(fits)
    rules = Table("结果", "规则", "差距")
    for v in m.verdicts:
        margin = "" if v.margin is None else matching.margin_text(v.margin, Unit(v.unit)).zh
        rules.add_row(SIGNS[v.outcome.value], v.text + ("（加分项）" if v.soft else ""), margin)
    out.print(rules)


def _print_plans(found: PlansOut, number: str) -> None:
    if not found.plans:
        out.print(f"{number}：没有能由企业自己改变而开放产品的办法。")
    for place, p in enumerate(found.plans, start=1):
        waits = all(step.kind == "delivery" for step in p.steps)
        when = "等待部门数据" if waits else f"需 {p.months} 个月" if p.months else "现在就可以"
        out.print(f"{place}. {p.text}（{when}）")
        out.print(f"   {'、'.join([*p.opened, *p.conditional])}", style="dim")
    for fact, codes in found.missing.items():
        out.print(f"? 缺 {matching.rule_label(fact).zh}：{len(codes)} 个产品等待")


@matches.command()
def summary(as_json: Json = False, data_dir: DataDir = None, today: Today = None) -> None:
    """Say who gets what and why not, over every firm's newest matched need."""
    found: dict[str, Any] = run(settings_of(data_dir, today), matching.summary)
    if as_json:
        say(found)
        return
    best = found["firms_by_best"]
    out.print(f"{found['firms']} 家企业 × {found['products']} 个产品 = {found['pairs']:,} 对")
    out.print("；".join(f"最好结论{ANSWERS[kind]} {n} 家" for kind, n in best.items()))
    out.print(f"有办法开放更多产品的企业 {found['firms_with_a_plan']} 家，首个方案平均 {found['steps_of_the_first_plan']} 步")
    table = Table("产品", "银行", "符合", "待补充", "不符合", "主要原因")
    for p in found["per_product"]:
        why = "，".join(f"{name} {n}" for name, n in list(p["reasons"].items())[:3])
        table.add_row(p["name"], p["bank"], str(p["eligible"]), str(p["conditional"]), str(p["not_eligible"]), why)
    out.print(table)


@matches.command()
def rematch(as_json: Json = False, data_dir: DataDir = None, today: Today = None) -> None:
    """Match again the open needs whose firm, products or policy changed: what the scheduler does every five minutes."""
    settings = settings_of(data_dir, today)

    async def work(session: AsyncSession, now: datetime) -> int:
        return await matching.rematch(session, await scoring.champion(session, settings.artifacts_dir, now), now)

    done = run(settings, work)
    if as_json:
        say({"changed": done})
        return
    out.print(f"{done} 条需求的匹配有变化")
