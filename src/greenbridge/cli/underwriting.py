"""The command on underwriting: limit, price, term and conditions for a firm's need."""

from datetime import datetime
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.catalog import service as catalog
from greenbridge.cli.frame import DataDir, EnterpriseArgument, Json, Today, out, run, say, settings_of
from greenbridge.cli.reports import Lang, Tongue
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import NotFound, Problem
from greenbridge.needs import service as needs
from greenbridge.reports import service as reports
from greenbridge.reports.gateway import press
from greenbridge.scoring import service as scoring
from greenbridge.underwriting import service
from greenbridge.underwriting.values import Made

app = typer.Typer()
SHOWN = 3


@app.command()
def underwrite(
    enterprise: EnterpriseArgument,
    need: Annotated[str | None, typer.Option(help="Number or id of a need; without: the newest.")] = None,
    product: Annotated[str | None, typer.Option(help="Code of one product; without: those of all banks that suit, best first.")] = None,
    debt_service: Annotated[float | None, typer.Option(min=0, max=1e9, help="What the firm pays on other loans a month, in yuan.")] = None,
    top: Annotated[int, typer.Option(min=1, help="Proposals to print.")] = SHOWN,
    lang: Lang = Tongue.ZH,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Work out limit, price, term and conditions for a need, with every cap and every part of the price."""
    settings = settings_of(data_dir, today)

    async def work(session: AsyncSession, now: datetime) -> list[Made]:
        firm = await enterprises.find(session, enterprise)
        published = await needs.of_enterprise(session, firm.id)
        chosen = [one for one in published if need is None or need in {one.number, str(one.id)}]
        if not chosen:
            raise NotFound("no-need", f"{firm.name} 没有这条需求。", f"{firm.name} has no such need.")
        used = press(settings, await scoring.champion(session, settings.artifacts_dir, now))
        (report,) = await reports.for_operator(session, [firm], used, business_date(now), now)
        products = [one for one in await catalog.listed(session) if product in {None, one.code}]
        owed = None if debt_service is None else round(debt_service * 100)
        return await service.of_report(session, chosen[0], report, products, used.model, owed)

    found = run(settings, work)
    if not found:
        raise Problem("no-product", "没有适合该需求的在售产品。", "No listed product suits the need.")
    if as_json:
        documents: list[Any] = [service.document(made) for made in found]
        say(documents)
        return
    for made in found[:top]:
        for line in service.lines(made, lang.value):
            out.print(line, markup=False, highlight=False, soft_wrap=True)
