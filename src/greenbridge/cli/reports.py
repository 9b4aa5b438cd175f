"""Commands on reports: make one or all, compare two."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.cli.frame import DataDir, Json, Today, connected, err, out, run, say, settings_of
from greenbridge.cli.proofs import Output, read_signed
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise, EnterpriseStatus
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.clock import make_clock
from greenbridge.reports import service as reports
from greenbridge.reports.gateway import press
from greenbridge.reports.rules.difference import difference
from greenbridge.reports.values import CreditReport
from greenbridge.scoring import service as scoring
from greenbridge.settings import Settings

app = typer.Typer()
BATCH = 20
EARLIEST = 2000


class Form(StrEnum):
    """In which form a report is written."""

    TEXT = "text"
    JSON = "json"
    PDF = "pdf"
    HTML = "html"


class Tongue(StrEnum):
    """The language of a report in words."""

    ZH = "zh"
    EN = "en"


AsOf = Annotated[str | None, typer.Option("--as-of", help="Earlier day to report on, such as 2020-03-01.")]
KnownAt = Annotated[str | None, typer.Option("--known-at", help="Replay what was known at an instant, such as 2020-03-01T12:00:00+08:00.")]
Lang = Annotated[Tongue, typer.Option("--lang", help="Language of text, HTML and PDF.")]


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"--as-of must be a date like 2020-03-01, not {text!r}.") from None


def _instant(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        found = None
    if text and (found is None or found.tzinfo is None or found.year < EARLIEST):
        raise typer.BadParameter(f"--known-at must be an instant with its zone like 2020-03-01T12:00:00+08:00, not {text!r}.")
    return found


@app.command()
def report(
    what: Annotated[
        list[str], typer.Argument(metavar="ID | diff A B", help="Id or social credit code; or diff and two signed files or numbers.")
    ],
    form: Annotated[Form, typer.Option("--format", help="Form of the report.")] = Form.TEXT,
    output: Output = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    lang: Lang = Tongue.ZH,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Make a firm's credit report, or tell in words what changed between two."""
    settings = settings_of(data_dir, today)
    if what[0] == "diff":
        if len(what) != 3:
            raise typer.BadParameter("diff compares two reports: greenbridge report diff A B.")
        _diff(settings, what[1], what[2], lang, as_json=as_json)
        return
    if len(what) != 1:
        raise typer.BadParameter("One firm at a time; greenbridge reports makes them all.")
    day, instant = _day(as_of), _instant(known_at)

    async def work(session: AsyncSession, now: datetime) -> CreditReport:
        used = press(settings, await scoring.champion(session, settings.artifacts_dir, now))
        firm = await enterprises.find(session, what[0])
        until = day or business_date(instant or now)
        return (await reports.for_operator(session, [firm], used, until, now, known_at=instant))[0]

    made = run(settings, work)
    form = Form.JSON if as_json else form
    if output is None and form is Form.PDF:
        output = Path(f"{made.number}.pdf")
    written = _written(made, form, lang)
    if output is None:
        out.print(written.decode(), markup=False, highlight=False, soft_wrap=True) if form is Form.TEXT else print(written.decode())
        return
    output.write_bytes(written)
    err.print(f"{made.number}  {output}", highlight=False)


def _written(made: CreditReport, form: Form, lang: Tongue) -> bytes:
    if form is Form.JSON:
        return reports.file(made)
    if form is Form.PDF:
        return reports.pdf(made, lang.value)
    if form is Form.HTML:
        return reports.html(made, lang.value)
    return reports.plain(made, lang.value).encode()


@app.command(name="reports")
def every(
    folder: Annotated[Path, typer.Option("--out", help="Folder to write into.")],
    forms: Annotated[list[Form] | None, typer.Option("--format", help="Forms to write; without: json and pdf.")] = None,
    as_of: AsOf = None,
    lang: Lang = Tongue.ZH,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Make the reports of all verified firms, with a progress bar."""
    settings, day = settings_of(data_dir, today), _day(as_of)
    if folder.exists() and not folder.is_dir():
        raise typer.BadParameter(f"--out must be a folder, and {folder} is none.")
    folder.mkdir(parents=True, exist_ok=True)
    made = asyncio.run(_all(settings, folder, forms or [Form.JSON, Form.PDF], day, lang))
    err.print(f"{made} reports in {folder}", highlight=False)


async def _all(settings: Settings, folder: Path, forms: Sequence[Form], day: date | None, lang: Tongue) -> int:
    """Write every verified firm's report, a transaction for each batch of firms; PDFs are set in threads meanwhile."""
    engine = database.make_engine(connected(settings))
    sessions, clock, done = database.make_sessions(engine), make_clock(settings.today), 0
    try:
        async with sessions.begin() as session:
            used = press(settings, await scoring.champion(session, settings.artifacts_dir, clock.now()))
            firms = [firm for firm in await enterprises.every(session) if firm.status is EnterpriseStatus.VERIFIED]
        with Progress(console=err) as progress:
            bar = progress.add_task("信用报告", total=len(firms))
            for start in range(0, len(firms), BATCH):
                chunk = firms[start : start + BATCH]
                async with sessions.begin() as session:
                    now = clock.now()
                    made = await reports.for_operator(session, chunk, used, day or business_date(now), now)
                await asyncio.gather(*(_write(firm, one, folder, forms, lang) for firm, one in zip(chunk, made, strict=True)))
                done += len(made)
                progress.advance(bar, len(made))
    finally:
        await engine.dispose()
    return done


async def _write(firm: Enterprise, made: CreditReport, folder: Path, forms: Sequence[Form], lang: Tongue) -> None:
    for form in forms:
        written = await asyncio.to_thread(_written, made, form, lang)
        suffix = "txt" if form is Form.TEXT else form.value
        (folder / f"{firm.uscc}-{made.number}.{suffix}").write_bytes(written)


def _diff(settings: Settings, a: str, b: str, lang: Tongue, *, as_json: bool) -> None:
    contents = [_content(settings, one) for one in (a, b)]
    try:
        found = difference(contents[0], contents[1])
    except (KeyError, TypeError, AttributeError):
        raise typer.BadParameter("one of the two is no report of this schema.") from None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if as_json:
        say([{"zh": text.zh, "en": text.en} for text in found])
        return
    for text in found:
        out.print(text.in_(lang.value), markup=False, highlight=False)
    if not found:
        out.print("没有变化。" if lang is Tongue.ZH else "Nothing changed.")


def _content(settings: Settings, name: str) -> Any:
    """Return the content of a signed file, or of a kept report by its number."""
    path = Path(name)
    if path.is_file():
        return read_signed(path)["content"]

    async def work(session: AsyncSession, _: datetime) -> Any:
        return (await reports.of_number(session, name)).content

    return run(settings, work)
