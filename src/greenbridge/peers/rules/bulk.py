"""Many firms at once: rows laid out as series, profiles gathered as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from greenbridge.peers.rules.groups import SIZES, Numbers, Singles
from greenbridge.peers.rules.metrics import TWO_YEARS, month_number
from greenbridge.peers.values import METRICS, Floats, Profile
from greenbridge.scoring.rules import features

MONTHS = TWO_YEARS  # no metric looks further back
YEARS = 2
# What a row of months holds after (firm's place, 1 for sales, month number).
AMOUNTS = ("net", "tax", "absolute", "void", "count")
SIDES = ("purchase", "sales")


def unknown(n: int) -> dict[str, Floats]:
    """Return the series of firms of which no invoice is known."""
    arrays = {f"{side}_{name}": np.full((n, MONTHS), np.nan) for side in SIDES for name in AMOUNTS}
    return {**arrays, "customer_top1_share": np.full((n, YEARS), np.nan)}


def first_year(last_month: date) -> date:
    """Return the first day of the earlier of the two whole years before the end of a month: 2026-01 gives 2024-01-01."""
    return date(features.whole_years(last_month)[1], 1, 1)


def lay_out(n: int, last_month: date, months: Floats, first_months: Floats, top_customers: Floats) -> dict[str, Floats]:
    """Return the series of firms that metrics read, as `facts.rules.series.lay_out` would: NaN before a firm's first month, 0 where silent.

    Rows: `months` (place, 1 for sales, month number, AMOUNTS), `first_months` (place, month number), `top_customers` (place, year, share).
    """
    arrays = unknown(n)
    earliest = month_number(last_month) - MONTHS + 1
    first = np.full(n, np.inf)
    first[first_months[:, 0].astype(int)] = first_months[:, 1]
    speaks = np.arange(earliest, earliest + MONTHS) >= first[:, None]
    columns = months[:, 2].astype(int) - earliest
    inside = (columns >= 0) & (columns < MONTHS)
    for number, side in enumerate(SIDES):
        mine = inside & (months[:, 1] == number)
        for place, name in enumerate(AMOUNTS, 3):
            array = arrays[f"{side}_{name}"]
            array[speaks] = 0.0
            array[months[mine, 0].astype(int), columns[mine]] = months[mine, place]
    years = top_customers[:, 1].astype(int) - features.whole_years(last_month)[1]
    kept = (years >= 0) & (years < YEARS)
    arrays["customer_top1_share"][top_customers[kept, 0].astype(int), years[kept]] = top_customers[kept, 2]
    return arrays


@dataclass(slots=True)
class Compared:
    """Firms gathered batch by batch: 42 bytes each, 126 MB for three million."""

    divisions: list[Numbers] = field(default_factory=list)
    sizes: list[Numbers] = field(default_factory=list)
    values: list[Singles] = field(default_factory=list)
    firms: int = 0

    def add(self, profiles: Sequence[Profile]) -> None:
        """Take in those that still trade and have at least one known value."""
        counted = [p for p in profiles if p.trading and any(v is not None for v in p.values.values())]
        self.firms += len(counted)
        self.divisions.append(np.array([int(p.industry.division) if p.industry else 0 for p in counted], dtype=np.int8))
        self.sizes.append(np.array([SIZES.index(p.sizing.size) + 1 if p.sizing.size else 0 for p in counted], dtype=np.int8))
        rows = [[np.nan if (v := p.values[metric.key]) is None else v for metric in METRICS] for p in counted]
        self.values.append(np.array(rows, dtype=np.float32).reshape(-1, len(METRICS)))

    def whole(self) -> tuple[Numbers, Numbers, Singles]:
        """Return divisions (0: unknown), sizes (0: unknown, 1 to 4 in Size's order) and values float32[n_firms, n_metrics]."""
        none = np.empty(0, dtype=np.int8)
        values = np.concatenate([np.empty((0, len(METRICS)), dtype=np.float32), *self.values])
        return np.concatenate([none, *self.divisions]), np.concatenate([none, *self.sizes]), values
