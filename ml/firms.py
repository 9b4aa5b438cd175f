"""The labelled firms, read through the service's own delivery, series and feature code, so that training and serving cannot differ."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from greenbridge.demo.real import RealTown
from greenbridge.facts import service as facts
from greenbridge.facts.rules.series import N_MONTHS
from greenbridge.kit import database, migrate
from greenbridge.kit.errors import Invalid
from greenbridge.scoring.rules import features
from greenbridge.scoring.values import Arrays, Feature
from greenbridge.settings import home
from ml.dataset_card import CardError, DatasetCard

# Words of a masked name that still tell what a firm does, the first that fits counts.
TRADES = {
    "贸易与批发零售": ("商贸", "贸易", "销售", "经营部", "商行", "超市", "药", "电器", "建材"),
    "建筑与工程": ("建筑", "工程", "装饰", "安装", "劳务", "园林"),
    "科技与信息": ("科技", "信息", "软件", "网络", "电子", "通信"),
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """Series arrays of the labelled firms at the cut and at earlier ones; `defaulted` int[n]; `raw` what segments are made of."""

    cut: date
    months: int
    arrays: Arrays
    earlier: Mapping[date, Arrays]
    defaulted: NDArray[np.int64]
    raw: pd.DataFrame
    invoices: int


@cache
def load(folder: Path, cut: date, other_cuts: tuple[date, ...] = ()) -> Labelled:
    """Deliver the labelled firms' invoices to a throw-away PostgreSQL and read their series as of the cuts. Raises CardError."""
    try:
        town = RealTown(folder)
    except Invalid as problem:
        raise CardError(f"{folder}: {problem}") from problem
    with database.throw_away() as url:
        migrate.upgrade(home() / "migrations", url)
        return asyncio.run(_load(town, url, cut, other_cuts))


async def _load(town: RealTown, url: str, cut: date, other_cuts: tuple[date, ...]) -> Labelled:
    # The label says whether a firm defaulted, not when. Invoices end in the month of the cut; nothing of that month is read.
    received_at = datetime(cut.year, cut.month, 28, tzinfo=UTC)
    labels = pd.read_parquet(town.invoices / "with_history_enterprises.parquet", columns=["enterprise_id", "enterprise_name", "defaulted"])
    engine = database.make_engine(url)
    async with database.make_sessions(engine).begin() as session:
        batches = [await facts.receive(session, delivery, received_at) for delivery in town.invoice_deliveries("with_history")]
        usccs = [town.subjects[key] for key in labels["enterprise_id"]]
        series = {day: await facts.series(session, usccs, day, received_at) for day in (cut, *other_cuts)}
    await engine.dispose()
    arrays = {day: {**found.monthly, **found.yearly} for day, found in series.items()}
    raw = pd.DataFrame({"trade": labels["enterprise_name"].map(trade), "form": labels["enterprise_name"].map(form)})
    raw = pd.concat([raw, table(arrays[cut], tuple(f.name for f in features.INVOICE_FEATURES))], axis=1)
    return Labelled(
        cut, N_MONTHS, arrays[cut], {day: arrays[day] for day in other_cuts}, labels["defaulted"].to_numpy(dtype=np.int64), raw,
        sum(batch.accepted for batch in batches),
    )  # fmt: skip


def trade(name: str) -> str:
    """Return what a masked name tells of a firm's business: `***电器销售有限公司` is 贸易与批发零售."""
    return next((told for told, words in TRADES.items() if any(word in name for word in words)), "其他")


def form(name: str) -> str:
    """Return the legal form that a masked name tells: company, branch, or 个体经营."""
    if "分公司" in name:
        return "分公司"
    return "有限公司" if "公司" in name else "个体经营及其他"


def chosen(card: DatasetCard) -> tuple[Feature, ...]:
    """Return the features of a card of the service's own: those it names, or all of invoices but the excepted. Raises CardError."""
    use, never = card.get("features", "use"), [*card.get("features", "except", []), *(name for leak in card.leaks for name in leak.columns)]
    for key, names in (("use", use or []), ("except", card.get("features", "except", []))):
        for name in names:
            if name not in features.BY_NAME:
                raise card.error(f"features.{key}", f"names {name!r}, which is no feature of the service")
    found = [features.BY_NAME[name] for name in use] if use else list(features.INVOICE_FEATURES)
    quiet = card.get("features", "except_activity", False)
    kept = tuple(f for f in found if f.name not in never and not (quiet and f.activity))
    if not kept:
        raise card.error("features", "leaves no column to learn from")
    return kept


def table(arrays: Arrays, names: tuple[str, ...]) -> pd.DataFrame:
    """Return the features as training sees them: what `scoring.rules.features.compute` gives, a column each."""
    return pd.DataFrame(features.compute(arrays, names), columns=list(names))
