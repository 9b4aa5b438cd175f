"""What is known of firms: facts, series of months and years, counterparties."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fact:
    """One record of a department about one firm: when it was true, when it was stated, when we knew, where it came from."""

    item: str
    uscc: str
    key: str
    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    batch_id: UUID
    generated: bool
    values: Mapping[str, Any]
    stated_at: datetime
    digest: str = ""
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class ListedFact:
    """A fact as its reader sees it: shown fields with their values (money in fen), the others with why they are withheld.

    `fact=None`: no field of the item may be seen, and it is not told whether there are any records. `valid_from` is None where
    the day comes from a withheld field. `disputed_since`: the firm objects to it since then, and it is being looked into.
    """

    item: str
    fact: Fact | None
    valid_from: date | None
    shown: Mapping[str, Any]
    withheld: Mapping[str, str]
    disputed_since: date | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Monthly VAT series of firms, oldest month first, up to and with `last_month`.

    Each array of `monthly` is float[n_firms, n_months] in fen or counts; NaN before the firm's first invoice (unknown), 0
    where it was silent after. Each array of `yearly` is float[n_firms, n_years] over whole calendar years, the last one
    the last year that was over at the cut; NaN where nothing is known. `yearly["months_known"]` float[n_firms, n_years + 1]:
    of how many months of each such year, and of the year before them, something is known.
    """

    usccs: tuple[str, ...]
    last_month: date | None
    monthly: Mapping[str, Floats]
    yearly: Mapping[str, Floats]

    def of(self, index: int) -> "Series":
        """Return the series of one firm, as arrays of one row."""
        row = slice(index, index + 1)
        monthly = {name: array[row] for name, array in self.monthly.items()}
        return Series((self.usccs[index],), self.last_month, monthly, {name: array[row] for name, array in self.yearly.items()})


# Records that their firms dispute: (uscc, item, key) -> since when.
Disputed = Mapping[tuple[str, str, str], date]


MONTHLY = tuple(
    f"{side}_{name}"
    for side in ("sales", "purchase")
    for name in ("net", "tax", "absolute", "red", "void", "count", "void_count", "red_count", "partners")
)


YEARLY = tuple(f"{side}_{name}" for side in ("customer", "supplier") for name in ("top1_share", "top5_share", "count", "kept_share"))


@dataclass(frozen=True, slots=True)
class Counterparty:
    """A customer or supplier of one firm in one calendar year. `share` is of the year's valid net amount."""

    direction: str
    year: int
    counterparty: str
    net_fen: int
    invoices: int
    share: float


@dataclass(frozen=True, slots=True)
class Trade:
    """All firms' sales and purchases of a calendar year, in columns of one length.

    Row k: `usccs[k]` sold to (bought from, where not `sales[k]`) `partners[k]`, None for somebody who is no known firm, `net_fen[k]`.
    """

    year: int
    usccs: list[str]
    sales: list[bool]
    partners: list[str | None]
    net_fen: list[int]
