"""Commands on peers: measure the groups, show a division's."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.cli.frame import DataDir, Json, Today, out, run, say, settings_of
from greenbridge.kit.calendar import business_date
from greenbridge.peers import service
from greenbridge.peers.values import METRICS, SIZE_NAMES, MadeGroup, Quantiles

app = typer.Typer()
peers = typer.Typer(no_args_is_help=True, help="Peers: how firms of an industry and size compare.")
app.add_typer(peers, name="peers")
FEN_PER_10K_YUAN = 1_000_000


@peers.command()
def measure(as_json: Json = False, data_dir: DataDir = None, today: Today = None) -> None:
    """Measure the groups of all firms as of the business date and keep them beside the earlier ones."""
    done = run(settings_of(data_dir, today), lambda session, now: service.measure(session, None, now))
    if as_json:
        say(asdict(done))
        return
    out.print(f"{done.as_of}：{done.firms:,} 家企业，{done.groups:,} 个同业组（每项指标至少 10 家）")


@peers.command()
def show(
    division: Annotated[str, typer.Argument(help="Two digits of GB/T 4754, such as 17.")],
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Show a division's groups, whole and by size: how many firms, quarter points of each metric."""

    async def work(session: AsyncSession, now: datetime) -> list[MadeGroup]:
        return await service.groups_of(session, division, business_date(now), now)

    found = run(settings_of(data_dir, today), work)
    if as_json:
        say([asdict(made) for made in found])
        return
    name = service.division_name(division)
    if not found:
        out.print(f"{division} {name}：没有同业组（未统计，或不足 10 家）")
        return
    for made in found:
        size = SIZE_NAMES[made.group.size].zh if made.group.size else "全部规模"
        title = f"{division} {name}，{size}，{made.group.n:,} 家，{made.as_of}"
        table = Table("指标", "家数", "四分之一位", "中位", "四分之三位", title=title, title_justify="left")
        for metric in METRICS:
            if of := made.group.metrics.get(metric.key):
                table.add_row(metric.label.zh, f"{of.n:,}", *(_said(of, level, metric.unit) for level in (25, 50, 75)))
        out.print(table)


def _said(of: Quantiles, level: int, unit: str) -> str:
    value = of.grid[level]
    if unit == "fen":
        return f"{value / FEN_PER_10K_YUAN:,.1f} 万元"
    return f"{value:.1%}" if unit == "share" else f"{value:,.2f}" if unit != "count" else f"{value:,.0f}"
