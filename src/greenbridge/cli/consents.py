"""Commands on consents: what a firm has agreed to, and who read what."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import STAFF_FUNCTION_NAMES
from greenbridge.cli.frame import DataDir, EnterpriseArgument, Json, Today, out, run, say, settings_of
from greenbridge.consents import rules, service
from greenbridge.consents.schemas import ConsentOut, ReadOut
from greenbridge.consents.values import PURPOSE_NAMES, READ_KIND_NAMES, WORK_STEP_NAMES, ConsentView, Read
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.calendar import SHANGHAI, business_date

app = typer.Typer()


@app.command()
def consents(
    enterprise: EnterpriseArgument,
    reads: Annotated[int, typer.Option(min=0, max=1000, help="Newest reads to print.")] = 20,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """List a firm's consents and who read what under them."""

    async def work(session: AsyncSession, now: datetime) -> tuple[str, list[ConsentView], list[Read], datetime]:
        firm = await enterprises.find(session, enterprise)
        found = await service.reads_of(session, firm.id, limit=reads) if reads else []
        return firm.name, await service.of_firm(session, firm.id), list(found), now

    name, views, ledger, now = run(settings_of(data_dir, today), work)
    if as_json:
        consents_out = [ConsentOut.of(view).model_dump(mode="json") for view in views]
        reads_out = [ReadOut.of(read).model_dump(mode="json") for read in ledger]
        say({"enterprise": enterprise, "name": name, "consents": consents_out, "reads": reads_out})
        return
    out.print(f"[bold]{name}[/]")
    given = Table("编号", "银行", "用途", "环节", "月数", "敏感度", "有效期至", "查阅", "状态", title="授权", title_justify="left")
    for view in views:
        c = view.consent
        steps = "、".join(WORK_STEP_NAMES[step].zh for step in c.steps)
        scope = (str(c.scope.months), f"≤{c.scope.max_level}")
        used = f"{view.reads}/{c.max_reads}"
        given.add_row(c.number, view.bank_name, PURPOSE_NAMES[c.purpose].zh, steps, *scope, str(c.expires_on), used, _state(view, now))
    out.print(given if views else "还没有授权。")
    if not ledger:
        return
    done = Table("时间", "机构", "账户", "岗位", "环节", "内容", "字段数", title="谁查阅了什么", title_justify="left")
    for read in ledger:
        cells: tuple[Any, ...] = (
            read.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
            read.organisation_name,
            read.login,
            STAFF_FUNCTION_NAMES[read.function].zh if read.function else "—",
            WORK_STEP_NAMES[read.step].zh if read.step else "平台运维",
            f"{READ_KIND_NAMES[read.kind].zh} {read.report_number or ''}",
            str(len(read.fields)),
        )
        done.add_row(*cells)
    out.print(done)


def _state(view: ConsentView, now: datetime) -> str:
    consent, today = view.consent, business_date(now)
    if consent.replaced_by:
        return "已由新授权替代"
    if consent.ended_at:
        receipt = "已回执" if consent.receipt_at else "回执逾期" if rules.is_overdue(consent, today) else "待回执"
        return f"已撤回，{receipt}"
    return "已到期" if consent.expires_on < today else "有效"
