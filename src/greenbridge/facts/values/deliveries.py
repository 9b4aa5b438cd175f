"""What came: deliveries, batches, and how good they were."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file as it came: its bytes, or the path of a file that is read piece by piece.

    `constants` fill columns that the file lacks; `renames` maps its columns to the item's. `subjects` maps the source's own
    firm keys to social credit codes, for masked sources. `batch_key` is the sender's own number of the delivery: the same
    number again is the same delivery. `stated_at` is when the department stated its content; without it, the receipt counts.
    `scales` says what bare numbers of a field count in (10,000 for 万元). `masked` names a source that hides its firms behind keys
    of its own: each key is given a generated, marked code, of the region `masked_region`.
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
    scales: Mapping[str, float] = field(default_factory=dict)
    masked: str | None = None
    masked_region: str = "000000"


@dataclass(frozen=True, slots=True)
class Batch:
    """A delivery's record: accepted + quarantined = delivered, always. `covers_to` is the newest day it speaks of.

    `filled_cells` of `cells` hold something that is no placeholder. `late_rows` came after their item's due day; None where the
    item has none.
    """

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
    filled_cells: int = 0
    cells: int = 0
    stated_at: datetime | None = None
    late_rows: int | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Quality:
    """An item's quality on a day, as shares in [0, 1]; None where nothing was to be measured."""

    item: str
    day: date
    delivered: int
    completeness: float | None
    validity: float | None
    timeliness: float | None
    uniqueness: float | None
    consistency: float | None
    compliance: float | None


@dataclass(frozen=True, slots=True)
class Alert:
    """An item that fell under the threshold of a measure, until it is back."""

    id: UUID
    item: str
    measure: str
    threshold: float
    value: float
    opened_at: datetime
    closed_at: datetime | None
