"""Commands on pledges: what stands, a new key, whether a receipt is ours, what waits for the land registry."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.cli.frame import DataDir, Json, Today, out, run, say, settings_of
from greenbridge.collateral import service
from greenbridge.collateral.rules import receipts
from greenbridge.collateral.values import KIND_NAMES, STATE_NAMES, AssetKind, PledgeState
from greenbridge.enterprises import service as enterprises
from greenbridge.kit import signing
from greenbridge.kit.errors import Invalid
from greenbridge.kit.money import in_wan

app = typer.Typer()
pledges = typer.Typer(no_args_is_help=True, help="Pledges: list them, renew their secret key, verify a receipt.")
app.add_typer(pledges, name="pledges")


@pledges.command(name="list")
def listed(
    enterprise: Annotated[str | None, typer.Argument(help="Id or social credit code; without it, all firms.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """List the newest pledges with their state, without what is pledged: that only firm and bank may read."""

    async def work(session: AsyncSession, now: datetime) -> Sequence[Mapping[str, Any]]:
        del now
        firm = await enterprises.find(session, enterprise) if enterprise else None
        return await service.summary(session, firm.id if firm else None)

    found = run(settings_of(data_dir, today), work)
    if as_json:
        say(list(found))
        return
    if not found:
        out.print("没有质押。")
        return
    table = Table(title="质押", title_justify="left")
    for head in ("编号", "状态", "万元", "顺位", "到期"):
        table.add_column(head, no_wrap=True)
    for head in ("资产", "企业", "银行"):
        table.add_column(head, overflow="fold")
    for one in found:
        kind, state = KIND_NAMES[AssetKind(one["kind"])].zh, STATE_NAMES[PledgeState(one["state"])].zh
        rank = str(one["rank"] or "—")
        table.add_row(one["number"], state, in_wan(one["amount_fen"]), rank, one["expires_on"], kind, one["firm"], one["bank"])
    out.print(table)


@pledges.command(name="rotate-key")
def rotate_key(as_json: Json = False, data_dir: DataDir = None, today: Today = None) -> None:
    """Put all commitments under a new secret key, and destroy the former one once that is committed."""
    settings = settings_of(data_dir, today)
    box = service.safe(settings)
    serial, count, former = run(settings, lambda session, now: service.rotate(session, box, now))
    if former:
        box.vault.destroy(former)
    if as_json:
        say({"serial": serial, "pledges": count})
    else:
        out.print(f"第 {serial} 代密钥已启用，{count} 笔质押已重新登记；旧密钥已销毁。")


@pledges.command()
def verify(
    receipt: Annotated[Path, typer.Argument(help="The receipt (JSON), with or without its opening.")],
    keys: Annotated[Path | None, typer.Option(help="Published keys (JSON); otherwise those of this installation.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Verify a receipt's signature, and that its opening is of the asset it names. Exit code 1 where it does not hold."""
    try:
        document = json.loads(receipt.read_bytes())
        published = json.loads(keys.read_bytes()) if keys else service.safe(settings_of(data_dir)).ring.published()
    except ValueError:
        raise Invalid.at("no-receipt", "receipt", "文件不是 JSON。", "The file is no JSON.") from None
    try:
        body = receipts.verified(document, published)
    except signing.Unverified as wrong:
        if as_json:
            say({"valid": False, "reason": wrong.reason})
        else:
            out.print(f"[red]回执无效：{wrong.text.zh}[/]")
        raise typer.Exit(1) from None
    if as_json:
        say({"valid": True, "opened": "opening" in document, "payload": dict(body)})
        return
    out.print(f"[green]回执有效[/] {body['number']} {body['event']} {body['pledgee']} {in_wan(body['amount_fen'])} 万元 {body['at']}")
