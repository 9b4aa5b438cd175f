"""Deliveries, quarantine, facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from greenbridge.kit.text import Text

Floats = NDArray[np.float64]


class Kind(StrEnum):
    """How a delivered column is read."""

    TEXT = "text"
    DATE = "date"
    YUAN = "yuan"  # stored as fen
    NUMBER = "number"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Field:
    """One column of an item. `names` are further spellings that departments use for it."""

    name: str
    kind: Kind
    label: Text
    required: bool = False
    names: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    minimum: float | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One kind of record that a department delivers.

    `key` names the fields that make a record unique beside the firm's code; `valid_from`/`valid_to` name the date fields
    that say when it is true. `refresh_days` is the longest expected time between two deliveries: older facts are stale.
    """

    code: str
    department: Text
    label: Text
    refresh_days: int
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    valid_from: str | None = None
    valid_to: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file as it came: its bytes, or the path of a file that is read piece by piece.

    `constants` fill columns that the file lacks; `renames` maps its columns to the item's. `subjects` maps the source's own
    firm keys to social credit codes, for masked sources. `batch_key` is the sender's own number of the delivery: the same
    number again is the same delivery. `stated_at` is when the department stated its content; without it, the receipt counts.
    """

    item: str
    file_name: str
    content: bytes | Path
    constants: Mapping[str, str] = field(default_factory=dict)
    renames: Mapping[str, str] = field(default_factory=dict)
    subjects: Mapping[str, str] = field(default_factory=dict)
    generated: bool = False
    batch_key: str | None = None
    stated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A delivery's record: accepted + quarantined = delivered, always. `covers_to` is the newest day it speaks of."""

    id: UUID
    item: str
    file_name: str
    sha256: str
    received_at: datetime
    delivered: int
    accepted: int
    quarantined: int
    covers_to: date | None
    generated: bool
    reasons: Mapping[str, int]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One record of a department about one firm: when it was true, when we knew, where it came from."""

    item: str
    uscc: str
    key: str
    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    batch_id: UUID
    generated: bool
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Series:
    """Monthly VAT series of firms, oldest month first, up to and with `last_month`.

    Each array of `monthly` is float[n_firms, n_months] in fen or counts; NaN before the firm's first invoice (unknown), 0
    where it was silent after. Each array of `yearly` is float[n_firms, n_years] over whole calendar years, the last one
    the last year that was over at the cut; NaN where nothing is known.
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
