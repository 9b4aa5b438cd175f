"""Commands on the green rating: rate a firm, rate all that carry a green label, the forecast, the nightly run, the export."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.cli.frame import DataDir, EnterpriseArgument, Json, Today, out, run, say, settings_of
from greenbridge.enterprises import service as enterprises
from greenbridge.green import service
from greenbridge.green.service import seal_of, subsidies
from greenbridge.green.values import STATE_NAMES, Subject
from greenbridge.kit.calendar import business_date
from greenbridge.kit.codes import is_uscc
from greenbridge.kit.errors import NotFound
from greenbridge.kit.money import in_yuan
from greenbridge.schemes import service as schemes
from greenbridge.settings import Settings

app = typer.Typer()
rate = typer.Typer(no_args_is_help=True, help="Rate a firm.")
green = typer.Typer(no_args_is_help=True, help="The green rating's subsidy, certificates and nightly run.")
app.add_typer(rate, name="rate")
app.add_typer(green, name="green")
YUAN = 100


@rate.command(name="green")
def rate_green(
    enterprise: EnterpriseArgument,
    project: Annotated[bool, typer.Option("--project", help="The firm's newest green project instead of the firm.")] = False,
    business_class: Annotated[str | None, typer.Option("--class", help="Weight set; without it, that of the firm's case.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Rate a firm, or its newest project, from departments' facts and what it stated with evidence; unknown stays unknown."""
    settings = settings_of(data_dir, today)
    subject = Subject.PROJECT if project else Subject.ENTERPRISE
    found = run(settings, lambda session, now: _rated(session, settings, enterprise, subject, business_class, now))
    if as_json:
        say(found)
        return
    _print(found)


async def _rated(
    session: AsyncSession, settings: Settings, id_or_uscc: str, subject: Subject, business_class: str | None, now: datetime
) -> dict[str, Any]:
    book = schemes.book(settings.schemes_dir)
    try:
        firm = await enterprises.find(session, id_or_uscc)
    except NotFound:
        if not is_uscc(id_or_uscc) or subject is Subject.PROJECT:
            raise
        document = await service.rate_unreported(session, book, subject, id_or_uscc, None, business_class, now)
        return {"enterprise": id_or_uscc, "name": None, "case": None, "certificate": None, **document}
    document, case = await service.rate_now(session, book, subject, firm, business_class, now)
    standing = await service.standing(session, firm.id, business_date(now), now)
    about = {"case": case.number if case else None, "state": case.state.value if case else None, "title": case.title if case else firm.name}
    certificate = service.standing_json(standing) if standing else None
    return {"enterprise": str(firm.id), "uscc": firm.uscc, "name": firm.name, **about, "certificate": certificate, **document}


def _print(found: dict[str, Any]) -> None:
    out.print(f"[bold]{found['name'] or found['enterprise']}[/] {found['version']}，{found['as_of']}\n{found['status_words']['zh']}")
    if found.get("state"):
        out.print(f"评价 {found['case']}：{STATE_NAMES[found['state']].zh}")
    table = Table(
        "项", "指标", "得分", "满分", "依据", title=f"{found['grade_name']['zh']}，{found['points']:g} 分，已知 {found['coverage']:.0%}"
    )
    for line in found["indicators"]:
        if line["applies"]:
            points = "未知" if line["points"] is None else f"{line['points']:g}"
            told = "；".join(f"{e['source']['zh']} {e['date'] or ''}".strip() for e in line["evidence"][:2])
            table.add_row(line["code"], line["name"]["zh"], points, f"{line['max']:g}", told)
    out.print(table)
    for bar in found["capped_by"]:
        out.print(f"限制：{bar['zh']}")
    if nxt := found["next_grade"]:
        out.print(f"到“{nxt['name']['zh']}”还差 {nxt['points']:g} 分")


@rate.command(name="green-labelled")
def rate_labelled(
    region: Annotated[str, typer.Option(help="Beginning of the region code in the social credit code, such as 3305.")] = "",
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Rate all firms of a region that stand on a list of green labels, from what departments delivered."""
    settings = settings_of(data_dir, today)
    book = schemes.book(settings.schemes_dir)
    found = run(settings, lambda session, now: service.rate_labelled(session, book, region, now))
    if as_json:
        say({"firms": found, "rated": len(found)})
        return
    table = Table("统一社会信用代码", "企业", "称号", "等级", "得分", "已知", "未知指标", title=f"{len(found)} 家")
    for firm in found:
        labels = "、".join(firm["labels"])
        unknown = str(sum(line["points"] is None for line in firm["indicators"]))
        shown = (firm["grade_name"]["zh"], f"{firm['points']:g}", f"{firm['coverage']:.0%}", unknown)
        table.add_row(firm["uscc"], firm["name"], labels, *shown)
    out.print(table)


@green.command()
def forecast(
    principal: Annotated[float, typer.Option(help="Principal in yuan.")],
    grade: Annotated[str, typer.Option(help="deep, mid, light, ordinary.")] = "deep",
    days: Annotated[int, typer.Option(min=0, help="Days.")] = 365,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Show what subsidy a loan would bring under a grade, by the policy of the day."""
    fen = round(principal * YUAN)
    found = run(settings_of(data_dir, today), lambda session, now: service.forecast(session, grade, fen, days, business_date(now)))
    if as_json:
        say(service.forecast_json(found))
        return
    share = "" if found.verified else "（该档比例未经核实）"
    rates = f"{found.base_rate_bp / 100:.2f} % × {found.share_bp / 100:g} %"
    out.print(f"{in_yuan(fen)} 元 × {rates} × {found.days} / 365 = {in_yuan(found.amount_fen)} 元{share}")


@green.command()
def nightly(as_json: Json = False, data_dir: DataDir = None, today: Today = None) -> None:
    """Do what the clock does each night: certify after publicity, downgrade or remove by events, let certificates run out."""
    settings = settings_of(data_dir, today)
    book, seal = schemes.book(settings.schemes_dir), seal_of(settings)
    done = run(settings, lambda session, now: service.nightly(session, book, seal, now))
    counts = asdict(done)
    if as_json:
        say(counts)
    else:
        out.print("，".join(f"{label} {counts[key]}" for key, label in _NIGHT.items()))


_NIGHT = {"certified": "颁发证书", "downgraded": "降级", "removed": "移出", "expired": "到期", "failed": "失败待重试"}


@green.command()
def certificate(
    number: Annotated[str, typer.Argument(help="Number of a certificate, such as Z260310000001.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Write a certificate's whole signed file: `greenbridge verify FILE` checks it without network."""
    found = run(settings_of(data_dir), lambda session, _: service.certificate_file(session, None, number))
    if output is None:
        say(found)
    else:
        output.write_bytes(service.canonical(found))


@green.command()
def export(
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write: .csv or .xlsx.")],
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Write the finance bureau's table of subsidies."""
    claims = run(settings_of(data_dir, today), lambda session, _: subsidies.every(session))
    output.write_bytes(subsidies.export(claims, xlsx=output.suffix == ".xlsx"))
    out.print(f"{len(claims)} 笔，{output}")
