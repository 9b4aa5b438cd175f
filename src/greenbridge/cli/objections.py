"""The command on objections: what waits for an answer, and until when."""

from datetime import datetime

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.cli.frame import DataDir, Json, Today, out, run, say, settings_of
from greenbridge.disputes import service
from greenbridge.disputes.schemas import ObjectionOut
from greenbridge.disputes.values import ESCALATION_NAMES, GROUND_NAMES, Waiting
from greenbridge.facts import service as facts

app = typer.Typer()


@app.command()
def objections(as_json: Json = False, data_dir: DataDir = None, today: Today = None) -> None:
    """List the objections that wait for an answer, the most urgent first."""

    async def work(session: AsyncSession, now: datetime) -> list[Waiting]:
        return await service.waiting(session, now)

    waiting = run(settings_of(data_dir, today), work)
    if as_json:
        say([{**ObjectionOut.of(w.objection).model_dump(mode="json"), "uscc": w.uscc, "working_days_left": w.left} for w in waiting])
        return
    if not waiting:
        out.print("没有等待答复的异议。")
        return
    known = facts.catalogue().items
    table = Table(title="异议", title_justify="left")
    for head in ("编号", "应答复", "最迟", "还剩工作日"):
        table.add_column(head, no_wrap=True)
    for head in ("企业", "记录", "理由"):
        table.add_column(head, overflow="fold")
    for w in waiting:
        o = w.objection
        left = "—" if w.left is None else f"{w.left}" + (f" {ESCALATION_NAMES[w.late].zh}" if w.late else "")
        days = (str(o.deadlines.due_on or "—"), str(o.deadlines.last_on or "—"))
        table.add_row(o.number, *days, left, w.name, f"{known[o.item].label.zh} {o.key}", GROUND_NAMES[o.ground].zh)
    out.print(table)
