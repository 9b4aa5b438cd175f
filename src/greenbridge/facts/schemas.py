"""Wire types of facts."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from greenbridge.consents.values import Withheld
from greenbridge.facts.values import Alert, Batch, ListedFact, Quality
from greenbridge.kit.wire import Closed


class BatchOut(Closed):
    """A delivery and what became of its rows."""

    id: UUID
    item: str
    file_name: str
    sha256: str
    received_at: datetime
    delivered: int
    accepted: int
    quarantined: int
    covers_to: date | None
    stated_at: datetime | None
    late_rows: int | None
    generated: bool
    reasons: dict[str, int]

    @classmethod
    def of(cls, b: Batch) -> "BatchOut":
        """Return the wire form."""
        return cls.model_validate(b, from_attributes=True)


class FactOut(Closed):
    """A fact as its reader sees it; `withheld`: field -> why it is not shown (by_firm, by_step, by_bank).

    Of an item that is closed to the reader there is one entry without days, whether the firm has records of it or not. `key` names
    the record in an objection, to whoever sees all of it; `disputed_since`: the firm objects to it, and it is being looked into.
    """

    item: str
    key: str | None
    disputed_since: date | None
    valid_from: date | None
    valid_to: date | None
    recorded_at: datetime | None
    generated: bool | None
    values: dict[str, Any]
    withheld: dict[str, Withheld]

    @classmethod
    def of(cls, listed: ListedFact) -> "FactOut":
        """Return the wire form."""
        f = listed.fact
        return cls(
            item=listed.item,
            key=f.key if f and not listed.withheld else None,
            disputed_since=listed.disputed_since,
            valid_from=listed.valid_from,
            valid_to=f.valid_to if f and listed.valid_from else None,
            recorded_at=f.recorded_at if f else None,
            generated=f.generated if f else None,
            values=dict(listed.shown),
            withheld={name: Withheld(why) for name, why in listed.withheld.items()},
        )


class QuarantinedRowOut(Closed):
    """A row that was set aside, as it came."""

    row_no: int
    reason: str
    raw: dict[str, object]


class DoubtDecisionIn(Closed):
    """Which firm a row means; null: none of the candidates."""

    uscc: str | None


class QuestionOut(Closed):
    """A row that waits for the operator's word."""

    batch_id: UUID
    row_no: int
    name: str
    region_code: str | None
    candidates: list[str]
    confidence: float
    asked_at: datetime

    @classmethod
    def of(cls, question: Any) -> "QuestionOut":
        """Return the wire form."""
        return cls.model_validate(question, from_attributes=True)


class QualityOut(Closed):
    """An item's quality on a day, as shares in [0, 1]; null where nothing was to be measured."""

    day: date
    delivered: int
    completeness: float | None
    validity: float | None
    timeliness: float | None
    uniqueness: float | None
    consistency: float | None
    compliance: float | None

    @classmethod
    def of(cls, quality: Quality) -> "QualityOut":
        """Return the wire form."""
        return cls.model_validate(quality, from_attributes=True)


class AlertOut(Closed):
    """An item that is under the threshold of a measure."""

    item: str
    measure: str
    threshold: float
    value: float
    opened_at: datetime

    @classmethod
    def of(cls, alert: Alert) -> "AlertOut":
        """Return the wire form."""
        return cls.model_validate(alert, from_attributes=True)


class PullOut(Closed):
    """A feed, and how its last pull went."""

    source: str
    item: str
    pulled_at: datetime
    problem: str | None
