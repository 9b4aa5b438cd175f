"""The command on portfolios: amounts and rates for many firms under one budget, with table and plot."""

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.cli.frame import DataDir, Json, Today, err, out, run, say, settings_of
from greenbridge.kit.errors import Invalid
from greenbridge.kit.money import in_wan
from greenbridge.kit.text import Text

if TYPE_CHECKING:
    from greenbridge.underwriting.rules.churn import Churn
    from greenbridge.underwriting.rules.portfolio import Firms
    from greenbridge.underwriting.service.portfolio import Study

app = typer.Typer()
UNITS = {"亿元": 10**8, "亿": 10**8, "万元": 10**4, "万": 10**4, "元": 1, "yuan": 1, "m": 10**6, "k": 10**3}
FEN = 100
RATINGS = "ABCD"
MOST_YUAN = 10**13
RATE_COLUMN = "annual_rate"


def yuan(text: str) -> int:
    """Return fen for an amount in words: 1亿, 100000000yuan and 100m are 10,000,000,000. Raises BadParameter."""
    said = text.strip().replace(",", "").replace("_", "")
    unit = next((unit for unit in UNITS if said.endswith(unit)), "")
    try:
        value = float(said.removesuffix(unit)) * UNITS.get(unit, 1)
    except ValueError:
        value = -1.0
    if not 0 < value <= MOST_YUAN:
        raise typer.BadParameter(f"{text!r} is no amount; type 100000000, 10000万, 1亿 or 100m.")
    return round(value * FEN)


def per_cent(text: str) -> int:
    """Return basis points: `per_cent("4.35") == 435`. Raises BadParameter."""
    try:
        value = float(text.strip().rstrip("%"))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise typer.BadParameter(f"{text!r} is no rate in per cent, such as 4.35.")
    return round(value * 100)


@app.command()
def portfolio(
    churn: Annotated[Path, typer.Option("--churn", help="CSV: annual_rate, churn_rate_a, churn_rate_b, churn_rate_c, as shares of 1.")],
    firms: Annotated[Path | None, typer.Option("--firms", help="CSV: id, default_probability; also rating, industry, max_yuan.")] = None,
    from_database: Annotated[bool, typer.Option("--from-database", help="The verified firms, scored as of the business date.")] = False,
    budget: Annotated[str, typer.Option(metavar="YUAN", help="For all firms: 100000000, 10000万, 1亿, 100m.")] = "100000000",
    least: Annotated[str, typer.Option("--min", metavar="YUAN", help="For one firm at least, or nothing.")] = "100000",
    most: Annotated[str, typer.Option("--max", metavar="YUAN", help="For one firm at most.")] = "1000000",
    rate_min: Annotated[str, typer.Option(metavar="%", help="Lowest rate a year.")] = "4",
    rate_max: Annotated[str, typer.Option(metavar="%", help="Highest rate a year.")] = "15",
    lgd: Annotated[float, typer.Option(help="Share lost of a loan in default.")] = 0.6,
    cost_of_funds: Annotated[str, typer.Option(metavar="%", help="What the money costs a year.")] = "2.5",
    operating_cost: Annotated[str, typer.Option(metavar="%", help="What keeping a loan costs a year.")] = "0",
    budget_on: Annotated[str, typer.Option(help="offered: all offers count; taken_up: what customers are expected to take.")] = "offered",
    as_json: Json = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Folder for firms.csv, strategies.csv, charts, index.html.")] = None,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Choose amounts and rates under a budget so that the expected profit is highest; compare with simple strategies."""
    from greenbridge.underwriting.rules.portfolio import BudgetOn, Terms, checked  # noqa: PLC0415  SciPy loads with this command only
    from greenbridge.underwriting.service.portfolio import study  # noqa: PLC0415

    if (firms is None) is not from_database:
        raise typer.BadParameter("Name one source: --firms FILE.csv or --from-database.")
    if budget_on not in set(BudgetOn):
        raise typer.BadParameter("--budget-on is offered or taken_up.")
    terms = Terms(yuan(budget), yuan(least), yuan(most), lgd, per_cent(cost_of_funds), per_cent(operating_cost), BudgetOn(budget_on))
    checked(terms)
    table = _churn(churn).within(per_cent(rate_min), per_cent(rate_max))
    found, notes = _from_database(data_dir, today) if firms is None else _from_file(firms)
    made = study(found, table, terms, notes)
    document = _document(made)
    if output:
        _write(output, made, table, document)
        err.print(f"{output}/index.html", highlight=False)
    if as_json:
        say(document)
    else:
        _print(document)


def _rows(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := [name for name in needed if name not in (reader.fieldnames or ())]:
            raise Invalid.at(
                "missing-columns", "file", f"{path} 缺少列：{'、'.join(missing)}。", f"{path} lacks the columns {', '.join(missing)}."
            )
        return list(reader)


def _number(row: Mapping[str, str], name: str, line: int, path: Path, low: float, high: float) -> float:
    try:
        value = float(row[name])
    except (TypeError, ValueError):
        value = float("nan")
    if not low <= value <= high:
        zh, en = (
            f"{path} 第 {line} 行的 {name} 应为 {low:g} 至 {high:g} 的数。",
            f"{path}, line {line}: {name} must be from {low:g} to {high:g}.",
        )
        raise Invalid.at("wrong-row", name, zh, en)
    return value


def _churn(path: Path) -> "Churn":
    from greenbridge.underwriting.rules import churn as rules  # noqa: PLC0415

    names = {rating: f"churn_rate_{rating.lower()}" for rating in rules.RATINGS}
    rows = _rows(path, [RATE_COLUMN, *names.values()])
    lines = list(enumerate(rows, 2))
    rates = [_number(row, RATE_COLUMN, line, path, 0, 1) for line, row in lines]
    lost = {rating: [_number(row, name, line, path, 0, 1) for line, row in lines] for rating, name in names.items()}
    return rules.churn(rates, lost)


def _from_file(path: Path) -> "tuple[Firms, tuple[Text, ...]]":
    from greenbridge.underwriting.service.portfolio import firms_of  # noqa: PLC0415

    lines = list(enumerate(_rows(path, ["id", "default_probability"]), 2))
    if not lines:
        raise Invalid.at("no-firms", "firms", f"{path} 没有企业。", f"{path} holds no firm.")
    given = []
    for line, row in lines:
        letter = (row.get("rating") or "").strip().upper()
        if letter and letter not in RATINGS:
            raise Invalid.at(
                "wrong-row",
                "rating",
                f"{path} 第 {line} 行的 rating 应为 A、B、C、D 或空。",
                f"{path}, line {line}: rating is A to D or empty.",
            )
        given.append(RATINGS.index(letter) if letter else None)
    most = [round(_number(row, "max_yuan", line, path, 0, MOST_YUAN) * FEN) if row.get("max_yuan") else None for line, row in lines]
    probability = [_number(row, "default_probability", line, path, 0, 1) for line, row in lines]
    return firms_of([row["id"] for _, row in lines], probability, given, [row.get("industry") or "" for _, row in lines], most, None)


def _from_database(data_dir: Path | None, today: str | None) -> "tuple[Firms, tuple[Text, ...]]":
    from greenbridge.scoring import service as scoring  # noqa: PLC0415
    from greenbridge.underwriting.service.portfolio import firms_of_the_place  # noqa: PLC0415

    settings = settings_of(data_dir, today)

    async def work(session: AsyncSession, now: datetime) -> "tuple[Firms, tuple[Text, ...]]":
        return await firms_of_the_place(session, await scoring.champion(session, settings.artifacts_dir, now), now)

    return run(settings, work)


def _document(made: "Study") -> dict[str, Any]:
    from greenbridge.underwriting.rules.strategies import NAMES  # noqa: PLC0415

    t, firms = made.terms, made.firms
    counts = [int((firms.rating == rating).sum()) for rating in range(len(RATINGS))]
    return {
        "parameters": {
            "budget_fen": t.budget_fen,
            "budget_on": t.budget_on.value,
            "least_fen": t.least_fen,
            "most_fen": t.most_fen,
            "loss_given_default": t.loss_given_default,
            "cost_of_funds_bp": t.funds_bp,
            "operating_cost_bp": t.operating_bp,
        },
        "firms": len(firms.ids),
        "by_rating": dict(zip(RATINGS, counts, strict=True)),
        "mean_default_probability": round(float(firms.probability.mean()), 6),
        "strategies": [
            {
                "strategy": one.name,
                "name": _text(NAMES[one.name]),
                "firms": one.firms,
                "offered_fen": one.offered_fen,
                "expected_taken_up_fen": round(one.taken_up_fen),
                "mean_rate_bp": round(one.mean_rate_bp, 1),
                "expected_profit_fen": round(one.profit_fen),
                "expected_loss_fen": round(one.loss_fen),
                "profit_spread_fen": round(one.spread_fen),
                "gap": round(one.gap, 9),
            }
            for one in made.results
        ],
        "scenarios": [
            {"name": _text(one.name), "plan_unchanged_fen": round(one.unchanged_fen), "replanned_fen": round(one.replanned_fen)}
            for one in made.scenarios
        ],
        "notes": [_text(note) for note in made.notes],
    }


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


HEADS = ("策略（金额：万元）", "企业", "授信", "预计支用", "平均利率", "期望利润", "预期损失", "利润标准差")
WORLDS = ("情景", "方案不变（万元）", "重新优化（万元）")


def _strategy_rows(document: Mapping[str, Any]) -> list[list[str]]:
    return [
        [
            one["name"]["zh"],
            f"{one['firms']:,}",
            in_wan(one["offered_fen"]),
            in_wan(one["expected_taken_up_fen"]),
            f"{one['mean_rate_bp'] / 100:.2f} %",
            in_wan(one["expected_profit_fen"]),
            in_wan(one["expected_loss_fen"]),
            in_wan(one["profit_spread_fen"]),
        ]
        for one in document["strategies"]
    ]


def _world_rows(document: Mapping[str, Any]) -> list[list[str]]:
    return [[one["name"]["zh"], in_wan(one["plan_unchanged_fen"]), in_wan(one["replanned_fen"])] for one in document["scenarios"]]


def _print(document: Mapping[str, Any]) -> None:
    ratings = "，".join(f"{letter} {n:,}" for letter, n in document["by_rating"].items())
    out.print(f"{document['firms']:,} 家企业（{ratings}），平均违约概率 {document['mean_default_probability']:.1%}", highlight=False)
    for heads, rows in ((HEADS, _strategy_rows(document)), (WORLDS, _world_rows(document))):
        table = Table(*heads)
        table.columns[0].no_wrap = True  # the name goes whole, also on a narrow terminal
        for column in table.columns[1:]:
            column.justify = "right"
        for row in rows:
            table.add_row(*row)
        out.print(table)
    for note in document["notes"]:
        out.print(f"· {note['zh']}", highlight=False, markup=False)


def _write(folder: Path, made: "Study", table: "Churn", document: Mapping[str, Any]) -> None:
    """Write firms.csv, strategies.csv, the charts and index.html."""
    from greenbridge.kit import charts  # noqa: PLC0415
    from greenbridge.underwriting.rules import plots  # noqa: PLC0415
    from greenbridge.underwriting.rules.portfolio import kept, profits  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    firms, plan = made.firms, made.plan
    shares, earned = kept(firms, table, plan.rate_bp), profits(firms, table, plan, made.terms)
    with (folder / "firms.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "default_probability", "rating", "amount_yuan", "annual_rate", "kept_share", "expected_profit_yuan"])
        for i, name in enumerate(firms.ids):
            lent = plan.amount_fen[i] > 0
            rate = f"{plan.rate_bp[i] / 10_000:.4f}" if lent else ""
            tail = [f"{shares[i]:.4f}" if lent else "", f"{earned[i] / FEN:.2f}"]
            writer.writerow([name, f"{firms.probability[i]:.6f}", RATINGS[firms.rating[i]], int(plan.amount_fen[i]) // FEN, rate, *tail])
    with (folder / "strategies.csv").open("w", encoding="utf-8", newline="") as file:
        names = [name for name in document["strategies"][0] if name != "name"]
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([one[name] for name in names] for one in document["strategies"])
    amount, rate_chart = (charts.svg(chart) for chart in plots.scatters(firms, plan))
    bars, bands = charts.svg(plots.profit_bars(made.results)), charts.svg(plots.band_bars(firms, plan))
    for name, drawing in (("amounts", amount), ("rates", rate_chart), ("profits", bars), ("bands", bands)):
        (folder / f"{name}.svg").write_text(drawing, encoding="utf-8")
    (folder / "summary.svg").write_text(plots.stacked([bars, bands]), encoding="utf-8")
    style = "\n".join((files("greenbridge") / "static" / name).read_text(encoding="utf-8") for name in ("greenbridge.css", "charts.css"))
    tables = (("策略比较", HEADS, _strategy_rows(document)), ("情景", WORLDS, _world_rows(document)))
    notes = [note["zh"] for note in document["notes"]]
    made_page = plots.page("信贷组合方案", [bars, bands, amount, rate_chart], tables, notes, style=style, language="zh")
    (folder / "index.html").write_text(made_page, encoding="utf-8")
