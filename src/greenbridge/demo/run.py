"""Running a demonstration: stages with progress bars, a summary, then the server."""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import create_engine, text

from greenbridge.answers import service as answers
from greenbridge.demo import green, lives, mortgages, stages
from greenbridge.demo.departments import departments
from greenbridge.demo.real import RealTown
from greenbridge.demo.town import Town
from greenbridge.demo.values import Advance, Stage
from greenbridge.facts import service as facts
from greenbridge.facts.service import RegistrationFacts
from greenbridge.facts.values import Batch, Delivery
from greenbridge.kit import database, migrate
from greenbridge.kit.calendar import add_working_days, business_date
from greenbridge.kit.clock import SystemClock, make_clock
from greenbridge.kit.errors import Invalid, Problem
from greenbridge.matching import service as matching
from greenbridge.needs import service as needs
from greenbridge.reports.gateway import press
from greenbridge.scoring import service as scoring
from greenbridge.settings import Settings

REAL_TODAY = date(2020, 3, 1)
LAST_KNOWN_DAY = date(2026, 11, 20)
Serve = tuple[Callable[[Settings, str, str, int], None], int]
T = TypeVar("T")
err = Console(stderr=True)
_STAGES = {
    "deliveries": "部门交付",
    "banks": "银行与产品",
    "firms": "企业注册核验",
    "reports": "信用报告与评分",
    "needs": "发布需求",
    "matches": "匹配产品",
    "answers": "银行应答",
    "green": "绿色评价",
    "look_back": "回看与监测",
}
_COUNTS = {
    "firms": "企业",
    "facts": "事实",
    "reports": "信用报告",
    "scores": "评分",
    "needs": "需求",
    "products": "产品",
    "matches": "可行匹配",
    "offers": "报价",
    "accepted": "已接受",
}


def run(settings: Settings, *, data: Path | None, seed: int, firms: int, as_json: bool, serve: Serve | None) -> None:
    """Run the demonstration once per data folder, print its summary, and serve when asked to."""
    if settings.today is None:
        settings = replace(settings, today=REAL_TODAY if data is not None else _known_today())
    real = RealTown(data) if data else None  # a missing file is said before anything is started
    url = database.database_url(settings)
    plan = {
        "database": settings.database_url and hashlib.sha256(settings.database_url.encode()).hexdigest(),
        "data": str(data.resolve()) if data else None,
        "seed": seed,
        "firms": firms,
        "today": settings.today.isoformat() if settings.today else None,
    }
    summary = _finished(settings, plan)
    if summary is None:
        _prepare(settings, url)
        _keep(settings, {"state": "running", "plan": plan})
        summary = asyncio.run(_stages(settings, url, real=real, seed=seed, firms=firms, quiet=as_json))
        _keep(settings, {"state": "finished", "plan": plan, "summary": summary})
    if as_json:
        print(json.dumps(summary, ensure_ascii=False, indent=1))
    else:
        _print(summary)
    if serve:
        _serve(settings, url, *serve)


def _known_today() -> date | None:
    """Return None (the machine's date) while the calendar knows the working days ahead, else the last day that it knows well."""
    try:
        add_working_days(business_date(SystemClock().now()), 10)
    except Problem:
        return LAST_KNOWN_DAY
    return None


def _kept(settings: Settings) -> Path:
    return settings.data_dir / "demonstration.json"


def _keep(settings: Settings, state: dict[str, Any]) -> None:
    _kept(settings).write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")


def _finished(settings: Settings, plan: dict[str, Any]) -> dict[str, Any] | None:
    """Return the summary of the same demonstration if this folder holds it; raises Invalid when it holds another one."""
    if not _kept(settings).is_file():
        return None
    state = json.loads(_kept(settings).read_text(encoding="utf-8"))
    if state["state"] != "finished":
        return None
    if state["plan"] != plan:
        raise Invalid.at(
            "other-demonstration",
            "data_dir",
            f"数据目录 {settings.data_dir} 已有另一次演示；请用 --data-dir 换一个目录，或删除它。",
            f"{settings.data_dir} holds another demonstration; choose another --data-dir or delete it.",
        )
    summary: dict[str, Any] = state["summary"]
    return summary


def _prepare(settings: Settings, url: str) -> None:
    """Make an empty, newest schema. What an interrupted demonstration left in its own embedded database is dropped; a database
    that DATABASE_URL names is never emptied.
    """
    engine = create_engine(url)
    with engine.begin() as connection:
        if settings.database_url is None and _kept(settings).is_file():
            connection.execute(text("drop schema public cascade"))
            connection.execute(text("create schema public"))
    migrate.upgrade(settings.migrations_dir, url)
    with engine.begin() as connection:
        taken = connection.execute(text("select exists (select 1 from account) or exists (select 1 from batch)")).scalar_one()
    engine.dispose()
    if taken:
        raise Invalid.at(
            "database-in-use",
            "data_dir",
            "数据库已有数据，演示只在空库上运行；请换一个 --data-dir。",
            "The database is in use; choose another --data-dir.",
        )


async def _stages(settings: Settings, url: str, *, real: RealTown | None, seed: int, firms: int, quiet: bool) -> dict[str, Any]:
    engine = database.make_engine(url)
    sessions, clock = database.make_sessions(engine), make_clock(settings.today)
    async with sessions.begin() as session:
        model = await scoring.champion(session, settings.artifacts_dir, clock.now())
    stage = Stage(sessions, clock, model, press(settings, model), settings, seed)
    deliveries, applicants = _real(real) if real else _town(seed, firms, business_date(clock.now()))
    seconds: dict[str, float] = {}
    with _progress(quiet) as progress:

        async def timed(name: str, total: int, work: Callable[[Advance], Awaitable[T]]) -> T:
            task = progress.add_task(_STAGES[name], total=total)
            started = time.perf_counter()
            done = await work(lambda n: progress.advance(task, n))
            seconds[name] = round(time.perf_counter() - started, 2)
            progress.update(task, completed=total)
            return done

        n = len(applicants)
        with departments(settings, deliveries, clock.now()) as feeds:
            batches = await timed("deliveries", len(feeds), lambda a: stages.deliver(stage, feeds, a))
        officers = await timed("banks", 8, lambda a: stages.open_banks(stage, a))
        joined = await timed("firms", n, lambda a: stages.join(stage, applicants, RegistrationFacts(), a))
        if real is None:  # nothing is made up about real firms
            await stages.dispute(stage, joined)
        made = await timed("reports", n, lambda a: stages.make_reports(stage, [e for _, e in joined], a))
        published = await timed("needs", n, lambda a: stages.publish(stage, joined, made, a))
        runs = await timed("matches", n, lambda a: stages.match(stage, published, a))
        await timed("answers", n, lambda a: lives.live(stage, published, runs, officers, a))
        rated: dict[str, int] = {}
        if real is None:  # nobody's evidence is made up about real firms
            rated = await timed("green", green.CERTIFIED + len(green.LATELY), lambda a: green.rate_green(stage, joined, a))
            await mortgages.pledge(stage, joined, officers, mortgages.parcels_of(seed, firms, business_date(clock.now())))
        await timed("look_back", len(stages.BEFORE) + 1, lambda a: stages.look_back(stage, a))
    async with sessions() as session:
        offers, accepted, accepted_fen = await answers.totals(session)
        _, needs_fen = await needs.totals(session)
        summary = {
            "generated": real is None,
            "today": business_date(clock.now()).isoformat(),
            "firms": n,
            "deliveries": [_batch(batch) for batch in batches],
            "facts": await facts.count(session),
            "reports": len(made),
            "scores": sum(report.content["score"] is not None for report in made),
            "needs": len(published),
            "needs_yuan": needs_fen / 100,
            "products": len(next(iter(runs.values())).matches),
            "pairs": sum(len(run.matches) for run in runs.values()),
            "matches": await matching.count(session),
            "needs_with_match": sum(any(m.eligibility != "not_eligible" for m in run.matches) for run in runs.values()),
            "offers": offers,
            "accepted": accepted,
            "accepted_yuan": accepted_fen / 100,
            "green_cases": rated,
            "seconds": {**seconds, "total": round(sum(seconds.values()), 2)},
        }
    await engine.dispose()
    return summary


def _town(seed: int, firms: int, today: date) -> tuple[list[Delivery], list[tuple[str, str]]]:
    town = Town(seed=seed, count=firms, today=today)
    return list(town.deliveries()), [(firm.uscc, firm.name) for firm in town.firms if firm is not town.deregistered]


def _real(town: RealTown) -> tuple[list[Delivery], list[tuple[str, str]]]:
    deliveries = [*town.registration_deliveries(), *town.invoice_deliveries()]
    return deliveries, [(uscc, name) for _, uscc, name in town.applicants()]


def _batch(batch: Batch) -> dict[str, Any]:
    return {
        "item": batch.item,
        "file": batch.file_name,
        "delivered": batch.delivered,
        "accepted": batch.accepted,
        "quarantined": batch.quarantined,
        "reasons": dict(batch.reasons),
        "generated": batch.generated,
    }


@contextmanager
def _progress(quiet: bool) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=quiet) as progress:
        yield progress


def _print(summary: dict[str, Any]) -> None:
    out = Console()
    deliveries = Table("数据项", "文件", "交付", "接受", "隔离", title="部门交付", title_justify="left")
    for d in summary["deliveries"]:
        deliveries.add_row(d["item"], d["file"], f"{d['delivered']:,}", f"{d['accepted']:,}", f"{d['quarantined']:,}")
    out.print(deliveries)
    made = Table(
        "",
        "数量",
        title=f"业务日期 {summary['today']}" + ("（生成的演示数据）" if summary["generated"] else ""),
        title_justify="left",
    )
    for key, label in _COUNTS.items():
        made.add_row(label, f"{summary[key]:,}")
    made.add_row("需求金额（万元）", f"{summary['needs_yuan'] / 10_000:,.0f}")
    made.add_row("接受金额（万元）", f"{summary['accepted_yuan'] / 10_000:,.0f}")
    out.print(made)
    spent = Table("阶段", "秒", title="各阶段用时", title_justify="left")
    for name, seconds in summary["seconds"].items():
        spent.add_row(_STAGES.get(name, "合计"), f"{seconds:.1f}")
    out.print(spent)


def _serve(settings: Settings, url: str, serve: Callable[[Settings, str, str, int], None], port: int) -> None:
    """Serve, with the scheduler and the deliverer as children that end with the server."""
    # Programs and endpoints of the demonstration stand on this machine.
    settings = replace(settings, demonstration=True, public_url=os.environ.get("GREENBRIDGE_PUBLIC_URL") or f"http://127.0.0.1:{port}")
    out = Console()
    out.print(f"\n绿桥 http://127.0.0.1:{port}  密码均为 [bold]{stages.PASSWORD}[/]（仅供演示）")
    for login, role in (
        ("enterprise", "企业"),
        ("officer", "信贷员"),
        ("reviewer", "审批人员"),
        ("watcher", "贷后管理"),
        ("bank", "银行管理员"),
        ("green-reviewer", "绿色评审"),
        ("operator", "平台运营"),
    ):
        out.print(f"  {role:　<6}{login}")
    out.print(f"接口文档 http://127.0.0.1:{port}/schema   Ctrl+C 退出")
    today = ["--today", settings.today.isoformat()] if settings.today else []
    own = [sys.executable, "-m", "greenbridge"]
    data = ["--data-dir", str(settings.data_dir)]
    told = {**os.environ, "DATABASE_URL": url, "GREENBRIDGE_DEMONSTRATION": "1", "GREENBRIDGE_PUBLIC_URL": settings.public_url}
    commands = ([*own, "schedule", *data, *today], [*own, "deliver", *data])
    children = [subprocess.Popen(command, env=told, stderr=subprocess.DEVNULL) for command in commands]  # noqa: S603  our own program
    try:
        serve(settings, url, "127.0.0.1", port)
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(timeout=10)
