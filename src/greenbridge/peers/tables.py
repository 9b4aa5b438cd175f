"""Groups of firms as measured, appended, never updated."""

from datetime import date

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import JsonObject, datetime, instant, json, one_of
from greenbridge.peers.values import GroupKind, K


class PeerGroupRow(SQLModel, table=True):
    """One group of one measurement. `code` and `size` are empty where the kind has none.

    `metrics` is {key: {"n": firms with a value, "quantiles": [101 numbers]}}, only of metrics that K firms have.
    """

    __tablename__ = "peer_group"
    __table_args__ = (one_of("kind", GroupKind), CheckConstraint(f"n >= {K}", name="large_enough"))
    as_of: date = Field(primary_key=True)
    made_at: datetime = Field(primary_key=True, sa_type=instant().sa_type)
    kind: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    size: str = Field(primary_key=True)
    n: int
    metrics: JsonObject = json()
