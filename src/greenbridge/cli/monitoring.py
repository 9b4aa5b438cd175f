"""Commands on monitoring: measure contagion and show a firm's, check the model."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.cli.frame import DataDir, EnterpriseArgument, Json, Today, out, run, say, settings_of
from greenbridge.consents import service as consents
from greenbridge.consents.values import ReadKind
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.errors import Problem
from greenbridge.monitoring import gateway, service
from greenbridge.monitoring.rules import contagion as rules
from greenbridge.monitoring.rules.watching import MODEL_FIELDS, READS
from greenbridge.monitoring.values import DRIFT_NAMES, LEVEL_NAMES, ContagionRun, FirmContagion, ModelCheck, Ripeness, Vintage

app = typer.Typer()
contagion = typer.Typer(no_args_is_help=True, help="Contagion: risk that reaches firms from those they are tied to.")
monitor = typer.Typer(no_args_is_help=True, help="Watching models.")
app.add_typer(contagion, name="contagion")
app.add_typer(monitor, name="monitor")
AsOf = Annotated[str | None, typer.Option("--as-of", help="An earlier day, such as 2026-06-30; without it the business date.")]


def _day(given: str | None) -> date | None:
    try:
        return date.fromisoformat(given) if given else None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


@contagion.command()
def measure(as_json: Json = False, as_of: AsOf = None, data_dir: DataDir = None, today: Today = None) -> None:
    """Measure the network of all firms and keep what reaches those of the platform."""
    day = _day(as_of)
    done = run(settings_of(data_dir, today), lambda session, now: service.measure(session, day, now))
    if as_json:
        say(asdict(done))
        return
    known = "无关联" if done.known_share is None else f"已知风险的关联占 {done.known_share:.0%}"
    out.print(f"{done.as_of}：{done.firms:,} 家企业，{done.edges:,} 条关联（{_period(done)}），{known}")
    out.print(f"迭代 {done.rounds} 轮收敛，行和上界 {done.bound:.3f}，误差 ≤ {done.error:.1e}；保存 {done.kept:,} 家")


def _period(done: ContagionRun) -> str:
    return f"{done.period} 年发票" if done.period else "尚无发票"


@contagion.command()
def show(enterprise: EnterpriseArgument, as_json: Json = False, data_dir: DataDir = None, today: Today = None) -> None:
    """Show what reaches a firm and along which paths; the firm sees in its ledger that it was read."""

    async def work(session: AsyncSession, now: datetime) -> tuple[str, ContagionRun, FirmContagion | None, list[Any]]:
        firm = await enterprises.find(session, enterprise)
        found = await service.of_firm(session, firm.uscc, now)
        if found is None:
            raise Problem(
                "not-measured", "尚未测量关联风险，请先运行 contagion measure。", "Nothing was measured yet: run contagion measure first."
            )
        fields = sorted({*MODEL_FIELDS, *(name for names in READS.values() for name in names)})
        await consents.record_operators(session, [firm.id], fields, ReadKind.FACTS, now)
        said = await service.sentences(session, found[1], tuple(READS), now) if found[1] else []
        return firm.name, *found, said

    name, done, found, said = run(settings_of(data_dir, today), work)
    level = rules.level(found.reached, gateway.contagion_policy(done.as_of)) if found else None
    if as_json:
        say(
            {
                "enterprise": enterprise,
                "name": name,
                "as_of": done.as_of,
                "policy": done.policy_version,
                "period": done.period,
                "own_risk": found.own_risk if found else None,
                "reached": found.reached if found else None,
                "level": level,
                "exposures": found.exposures if found else None,
                "known_share": found.known_share if found else None,
                "paths": [asdict(sentence) for sentence in said],
            }
        )
        return
    told = f"“{LEVEL_NAMES[level].zh}”" if level else "未知"
    out.print(f"{name}，{done.as_of}（政策 {done.policy_version}，{_period(done)}）：传导{told}")
    if found is None:
        out.print("  没有已识别的关联企业，不等于没有风险")
        return
    own = "未知" if found.own_risk is None else f"{found.own_risk:.1%}"
    known = "未知" if found.known_share is None else f"{found.known_share:.0%}"
    out.print(f"  自身风险 {own}，传入 {found.reached:.1%}；{found.exposures} 条关联，其中已知风险的占 {known}")
    for sentence in said:
        out.print(f"  · {sentence.zh}")


@monitor.command()
def model(
    score: Annotated[bool, typer.Option("--score", help="Score every firm first, as the nightly job does.")] = False,
    as_json: Json = False,
    as_of: AsOf = None,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Check the model that scored last: drift, back-tests, what banks did; open and close its alerts."""
    settings, day = settings_of(data_dir, today), _day(as_of)

    async def work(session: AsyncSession, now: datetime) -> ModelCheck | None:
        if score:
            await service.score_all(session, settings.artifacts_dir, day, now)
        return await service.check(session, settings.artifacts_dir, day, now)

    found = run(settings, work)
    if as_json:
        say(asdict(found) if found else None)
        return
    if found is None:
        out.print("还没有评分，无从检查。")
        return
    measured_by = f"首次评分 {found.reference_from}" if found.reference_from else "模型的训练样本"
    title = f"{found.model_version}，{found.as_of}：参照{measured_by}，近期评分 {found.recent_from or '没有'}"
    table = Table("分布", "PSI", "随机波动上限", "近期家数", "参照家数", "结论", title=title, title_justify="left")
    for one in (*([found.score] if found.score else []), *found.features):
        value, noise = ("—" if v is None else f"{v:.3f}" for v in (one.value, one.noise))
        table.add_row(one.label.zh, value, noise, f"{one.n:,}", f"{one.n_reference:,}", DRIFT_NAMES[one.drift].zh)
    out.print(table)
    table = Table("批次", "家数", "违约", "AUC", "KS", "Brier", "预测", "实际", "结论", title="延迟标签回测", title_justify="left")
    for vintage in found.vintages:
        table.add_row(f"{vintage.month:%Y-%m}", f"{vintage.n:,}", f"{vintage.events:,}", *_judged(vintage))
    out.print(table)
    out.print("未做拒绝推断：被银行谢绝的企业没有还款结果，只按公开记录计入。", highlight=False)


def _judged(vintage: Vintage) -> tuple[str, ...]:
    if vintage.ripeness is Ripeness.YOUNG:
        return ("", "", "", "", "", f"未到期（{vintage.ripe_on}），不计为良好")
    if vintage.auc is None or vintage.observed is None or vintage.predicted is None:
        return ("", "", "", "", "", "违约数太少，不判断")
    auc, seen = vintage.auc, vintage.observed
    fits = "相符" if vintage.calibrated else "不符"
    return (
        f"{auc.value:.3f}（{auc.low:.3f}–{auc.high:.3f}）",
        f"{vintage.ks:.3f}",
        f"{vintage.brier:.4f}",
        f"{vintage.predicted:.1%}",
        f"{seen.value:.1%}（{seen.low:.1%}–{seen.high:.1%}）",
        fits,
    )
