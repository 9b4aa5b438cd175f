"""Commands on schemes: list, show, check, rate; and screening of lists."""

import csv
import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.cli.frame import DataDir, EnterpriseArgument, Json, Today, err, out, run, say, settings_of
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.calendar import business_date
from greenbridge.kit.clock import make_clock
from greenbridge.kit.errors import FieldProblem, Problem
from greenbridge.schemes import gateway, service
from greenbridge.schemes.rules import screening, words
from greenbridge.schemes.rules.screening import Screening
from greenbridge.schemes.values import STATUS_NAMES, Rating, Scheme
from greenbridge.settings import schemes_dir

app = typer.Typer()
schemes = typer.Typer(no_args_is_help=True, help="Schemes: white-box scorecards as data.")
app.add_typer(schemes, name="schemes")
AsOf = Annotated[str | None, typer.Option("--as-of", help="The day, such as 2026-03-01; without it, today.")]
CodeArgument = Annotated[str, typer.Argument(help="Code of a scheme, such as green-enterprise.")]


def _table(*heads: str, title: str | None = None) -> Table:
    """Return an empty table that breaks long cells and cuts nothing off."""
    table = Table(title=title, title_justify="left")
    for head in heads:
        table.add_column(head, overflow="fold")
    return table


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(text) if text else business_date(make_clock(None).now())
    except ValueError:
        raise typer.BadParameter(f"--as-of must be a date like 2026-03-01, not {text!r}.") from None


@schemes.command("list")
def list_(as_of: AsOf = None, as_json: Json = False) -> None:
    """List the schemes in force, shipped ones and those of GREENBRIDGE_SCHEMES_DIR."""
    found = service.book(schemes_dir()).listed(_day(as_of))
    if as_json:
        say([service.scheme_head(scheme) for scheme in found])
        return
    table = _table("代码", "版本", "名称", "指标", "总分", "来源性质")
    for s in found:
        table.add_row(s.code, s.version, s.name.zh, str(len(s.indicators)), f"{s.total:g}", STATUS_NAMES[s.status].zh)
    out.print(table)


@schemes.command()
def show(code: CodeArgument, as_of: AsOf = None, as_json: Json = False) -> None:
    """Show a scheme line by line."""
    scheme, vocabulary = service.book(schemes_dir()).find(code, _day(as_of)), service.vocabulary()
    if as_json:
        say(service.scheme_json(scheme, vocabulary))
        return
    out.print(f"[bold]{scheme.name.zh}[/] {scheme.version}\n{scheme.status_words.zh}\n{scheme.issuer.zh} · {scheme.source}")
    table = _table("项", "指标", "满分", "取值", "计分")
    for dimension in scheme.dimensions:
        table.add_section()
        table.add_row(dimension.code, f"[bold]{dimension.name.zh}[/]", f"{dimension.max:g}", "", "")
        _lines(table, scheme, dimension.code)
    if scheme.bonus:
        table.add_section()
        table.add_row("", "[bold]加分[/]", "", "", "")
        _lines(table, scheme, "")
    out.print(table)
    for label, conditions in (("一票否决", scheme.vetoes), ("封顶", scheme.caps)):
        for c in conditions:
            out.print(f"{label}：{c.name.zh}（{words.expression(c.when, vocabulary, 'zh')}）→ {c.grade}，{c.period.zh}")
    for gate in scheme.gates:
        out.print(f"门槛：{gate.grade} 及以上须 {gate.dimension} ≥ {gate.at_least:g}")
    cuts = [f"{g.name.zh} {'仅由否决得到' if g.at_least is None else f'≥ {g.at_least:g}'}" for g in scheme.grades]
    out.print("分档：" + "，".join(cuts))


def _lines(table: Table, scheme: Scheme, dimension: str) -> None:
    vocabulary = service.vocabulary()
    for line in [i for i in scheme.indicators if i.dimension == dimension] if dimension else scheme.bonus:
        for n, part in enumerate(line.parts):
            head = (line.code, line.name.zh, f"{line.max:g}") if n == 0 else ("", "", "")
            table.add_row(*head, words.expression(part.input, vocabulary, "zh"), words.curve(part, vocabulary, "zh"))


@schemes.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Scheme files; without any, all of the installation.")] = None,
    as_json: Json = False,
) -> None:
    """Run the cases of schemes; exit code 1 when one fails or a file is wrong."""
    wrong: list[tuple[str, str]] = []
    loaded = []
    for path in files or ():
        try:
            loaded.append(gateway.load_text(path.name, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            wrong.append((path.name, "it is not UTF-8 text"))
        except Problem as problem:
            wrong += [(path.name, _said(field, path.name)) for field in problem.fields]
    try:
        checked = service.check(loaded if files else service.book(schemes_dir()).loaded)
    except Problem as problem:
        wrong, checked = [*wrong, ("schemes", problem.detail.en)], []
    failed = [one for one in checked if one.problems]
    if as_json:
        cases = [{"file": c.source, "scheme": c.scheme.code, "case": c.case.name, "problems": c.problems} for c in checked]
        say({"cases": cases, "failed": len(failed), "wrong_files": [{"file": name, "problem": said} for name, said in wrong]})
    else:
        _print_checks(checked, wrong)
    if failed or wrong:
        raise typer.Exit(1)


def _said(problem: FieldProblem, file: str) -> str:
    """Return a problem with its place; one of the whole file has no other place than the file."""
    return problem.message.en if problem.field == file else f"{problem.field}: {problem.message.en}"


def _print_checks(checked: list[service.CheckedCase], wrong: list[tuple[str, str]]) -> None:
    table = _table("文件", "方案", "版本", "用例", "失败")
    for key in dict.fromkeys((c.source, c.scheme.code, c.scheme.version) for c in checked):
        own = [c for c in checked if (c.source, c.scheme.code, c.scheme.version) == key]
        bad = sum(bool(c.problems) for c in own)
        table.add_row(*key, str(len(own)), f"[red]{bad}[/]" if bad else "0")
    if checked:
        out.print(table)
    for one in (one for one in checked if one.problems):
        err.print(f"[red]{one.scheme.code}[/] {one.case.name}: {'; '.join(one.problems)}", highlight=False)
    for name, said in wrong:
        err.print(f"[red]{name}[/]: {said}", highlight=False)


@schemes.command()
def rate(
    code: CodeArgument,
    enterprise: EnterpriseArgument,
    as_of: AsOf = None,
    business_class: Annotated[str | None, typer.Option("--class", help="Business class; without it, the scheme's first.")] = None,
    given: Annotated[list[str] | None, typer.Option("--input", help="A pledged value, such as green_revenue_share=0.6.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Rate a registered firm by a scheme, from departments' facts and pledged values."""
    settings = settings_of(data_dir, today)
    book = service.book(settings.schemes_dir)

    async def work(session: AsyncSession, now: datetime) -> tuple[str, Rating]:
        day = _day(as_of) if as_of else business_date(now)
        extra = {name.strip(): service.pledged(name.strip(), text, day) for name, _, text in (g.partition("=") for g in given or ())}
        firm = await enterprises.find(session, enterprise)
        rating = await service.rate_enterprise(
            session, book, book.find(code, day), firm, day, now, business_class=business_class, extra=extra
        )
        return firm.name, rating

    name, rating = run(settings, work)
    if as_json:
        say({"enterprise": enterprise, "name": name, **service.rating_json(rating, service.vocabulary())})
        return
    _print(name, rating)


def _print(name: str, r: Rating) -> None:
    scheme, vocabulary = r.scheme, service.vocabulary()
    out.print(f"[bold]{name}[/] {scheme.name.zh} {scheme.version}，{r.business_class.name.zh}，{r.as_of}\n{scheme.status_words.zh}")
    title = f"{r.grade_name.zh}，{r.points:g} 分 / {scheme.total:g}，已知 {r.coverage:.0%}，全部补齐最多 {r.possible:g} 分"
    table = _table("项", "指标", "得分", "满分", "值", "满分条件", "依据", title=title)
    for line in (*r.indicators, *r.bonus):
        if not line.applies:
            continue
        points = "未知" if line.points is None else f"{line.points:g}"
        values = " / ".join(words.part_value(p.part, p.value, vocabulary, "zh") for p in line.parts)
        full = " / ".join(words.full(p.part, vocabulary).zh for p in line.parts)
        evidence = "；".join(f"{e.source.zh} {e.on or ''} {e.reference}".strip() for e in line.evidence[:2])
        evidence = evidence or ("无记录" if line.points is not None else "")
        table.add_row(line.indicator.code, line.indicator.name.zh, points, f"{line.max:g}", values, full, evidence)
    out.print(table)
    for bar in r.capped_by:
        out.print(f"限制：{bar.words.zh}")
    if nxt := r.next_grade:
        bars = "；".join(bar.words.zh for bar in nxt.bars)
        out.print(f"到“{nxt.grade.name.zh}”还差 {nxt.points:g} 分" + (f"；另有：{bars}" if bars else ""))


@app.command()
def screen(
    file: Annotated[Path, typer.Argument(help="List of firms: xlsx, csv, jsonl or parquet, with a column of codes or names.")],
    scheme: Annotated[str | None, typer.Option(help="Grade the firms by this scheme too.")] = None,
    below: Annotated[str | None, typer.Option(help="A firm is found when its grade lies below this one.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the whole list to this CSV file.")] = None,
    as_of: AsOf = None,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Screen a list of firms against severe lists, and against a scheme's grades: who is found, and why."""
    settings = settings_of(data_dir, today)
    rows, book = service.lists.read(file.name, _readable(file)), service.book(settings.schemes_dir)

    async def work(session: AsyncSession, now: datetime) -> Screening:
        day = _day(as_of) if as_of else None
        return await service.screen(session, None, book, rows, now, scheme=scheme, below=below, as_of=day)

    found = run(settings, work)
    if output:
        _write(output, found)
    if as_json:
        say(service.screening_json(found, service.reason_text))
        return
    counts = f"{found.rows:,} 行 = {len(found.screened):,} 家已筛查 + {len(found.set_aside):,} 行隔离"
    out.print(counts, f"{found.as_of}，命中 {len(found.found):,} 家", sep="；")
    if found.unchecked:
        out.print(f"[yellow]没有收到数据、因此未核对的名单：{'、'.join(name.zh for name in found.unchecked)}[/]")
    if found.scheme:
        out.print(f"{found.scheme.name.zh} {found.scheme.version}：{found.scheme.status_words.zh}")
    _tables(found)


def _readable(file: Path) -> Path:
    if not file.is_file():
        raise FileNotFoundError(2, "no such file", str(file))
    return file


def _tables(found: Screening) -> None:
    hits = _table("行", "统一社会信用代码", "企业", "理由")
    for s in found.found:
        hits.add_row(str(s.candidate.row_no), s.uscc, s.name, "；".join(f"{h.words.zh} {h.on or ''}".strip() for h in s.hits))
    if found.found:
        out.print(hits)
    aside = _table("行", "统一社会信用代码", "企业", "为何未筛查")
    for a in found.set_aside:
        aside.add_row(str(a.candidate.row_no), a.candidate.uscc, a.candidate.name, screening.words(a.reason).zh)
    if found.set_aside:
        out.print(aside)


def _write(path: Path, found: Screening) -> None:
    """Write the list beside its place and move it there: a file that is there is whole."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8-sig", newline="", dir=path.parent, suffix=".part", delete=False) as part:
        csv.writer(part).writerows([[header.zh for header in screening.HEADERS], *screening.table(found)])
    Path(part.name).chmod(0o644)
    Path(part.name).replace(path)
