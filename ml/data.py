"""The labelled firms, read through the service's own delivery and series code, so that training and serving cannot differ."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from greenbridge.demo.real import RealTown
from greenbridge.facts import service as facts
from greenbridge.facts.values import Series
from greenbridge.kit import database, migrate
from greenbridge.settings import home

# The label says whether a firm defaulted, not when. Invoices end in February 2020; nothing of that month is read.
CUT = date(2020, 2, 1)


@dataclass(frozen=True, slots=True)
class Labelled:
    """Series of the labelled firms and `defaulted` bool[n_firms]."""

    series: Series
    defaulted: np.ndarray[tuple[int], np.dtype[np.int64]]
    invoices: int


def load(folder: Path) -> Labelled:
    """Deliver the labelled firms' invoices to a throw-away PostgreSQL and read their series as of the cut."""
    with database.throw_away() as url:
        migrate.upgrade(home() / "migrations", url)
        return asyncio.run(_load(folder, url))


async def _load(folder: Path, url: str) -> Labelled:
    town = RealTown(folder)
    labels = pd.read_parquet(town.invoices / "with_history_enterprises.parquet", columns=["enterprise_id", "defaulted"])
    received_at = datetime(CUT.year, CUT.month, 28, tzinfo=UTC)
    engine = database.make_engine(url)
    async with database.make_sessions(engine).begin() as session:
        batches = [await facts.receive(session, delivery, received_at) for delivery in town.invoice_deliveries("with_history")]
        usccs = [town.subjects[key] for key in labels["enterprise_id"]]
        series = await facts.series(session, usccs, CUT, received_at)
    await engine.dispose()
    return Labelled(series, labels["defaulted"].to_numpy(dtype=np.int64), sum(batch.accepted for batch in batches))
