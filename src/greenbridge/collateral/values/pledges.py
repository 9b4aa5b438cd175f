"""An asset as stated and as compared, and its pledge."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from greenbridge.collateral.values.registrations import Order
from greenbridge.collateral.values.states import AssetKind, Evidence, PledgeEvent, PledgeState, RegistrationState, Sharing
from greenbridge.kit.calendar import business_date
from greenbridge.kit.text import Text
from greenbridge.needs.values import Collateral, GuaranteeMode


@dataclass(frozen=True, slots=True)
class Part:
    """A field by which an asset of a kind is told from others, as people type it."""

    name: str
    label: Text
    hint: Text
    required: bool = True


@dataclass(frozen=True, slots=True)
class Stated:
    """An asset as somebody states it: the fields of its kind, and its whole amount or value in fen."""

    kind: AssetKind
    fields: Mapping[str, str]
    whole_fen: int


@dataclass(frozen=True, slots=True)
class Canonical:
    """The one form of an asset, however it was typed.

    `key` says which asset it is, and no more: what could be altered to make one asset look like two (date, amount) is not in it.
    `full` is all that was stated: whoever asks about an asset must know all of it. `fields` state the same asset again.
    """

    kind: AssetKind
    key: tuple[str, ...]
    full: tuple[str, ...]
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KindPolicy:
    """How assets of a kind are pledged. `most`: pledges at one time; `ceiling`: of the whole, in [0, 1]; `advance_rate`: lent on one
    yuan of value, as information.
    """

    sharing: Sharing
    most: int
    ceiling: float
    max_days: int
    advance_rate: float
    collateral: Collateral
    mode: GuaranteeMode
    source: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How often one may ask in a day, and how long an offer waits."""

    checks_of_a_bank: int
    checks_of_an_officer: int
    checks_of_a_firm_by_a_bank: int
    offers_of_a_firm: int
    refusals_of_a_firm: int
    offer_days: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules on pledges, in force from a day on."""

    version: str
    in_force_from: date
    source: Text
    limits: Limits
    kinds: Mapping[AssetKind, KindPolicy]


@dataclass(frozen=True, slots=True)
class Held:
    """What a standing pledge takes of an asset: its amount, the whole that was stated with it, its rank."""

    amount_fen: int
    whole_fen: int
    rank: int


@dataclass(frozen=True, slots=True)
class Draft:
    """What a firm offers: an asset, to a bank, for an amount, until a day."""

    bank_id: UUID
    stated: Stated
    amount_fen: int
    expires_on: date


@dataclass(frozen=True, slots=True)
class Pledge:
    """A pledge of an asset of a firm to a bank. `sealed`: what was stated, readable for the two only; `statement`: its commitment.

    `rank` counts from 1 by the time of acceptance. `succeeds`: the pledge of another bank that this one takes over.
    """

    id: UUID
    kind: AssetKind
    enterprise_id: UUID
    bank_id: UUID
    pledgor_uscc: str
    pledgor_name: str
    amount_fen: int
    whole_fen: int
    state: PledgeState
    evidence: Evidence
    offered_at: datetime
    offered_by: UUID
    offer_until: date
    expires_on: date
    sealed: bytes = field(repr=False)
    statement: str = field(repr=False)
    asset_id: UUID | None = None
    rank: int | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    note: str = ""
    succeeds: UUID | None = None

    @property
    def number(self) -> str:
        """Return what people say on the telephone: P260310-3FA2C1."""
        return f"P{business_date(self.offered_at):%y%m%d}-{self.id.hex[:6].upper()}"

    @property
    def share(self) -> float:
        """Return the amount over the whole, in [0, 1]."""
        return self.amount_fen / self.whole_fen


@dataclass(frozen=True, slots=True)
class Happened:
    """One event in a pledge's life, with the signed receipt that was given for it, if any."""

    at: datetime
    event: PledgeEvent
    state: PledgeState
    receipt: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class PledgeView:
    """A pledge with what its two sides may read of it. `stated` holds the fields as they were typed, in canonical form."""

    pledge: Pledge
    bank_name: str
    stated: Stated
    history: tuple[Happened, ...] = ()

    @property
    def title(self) -> str:
        """Return the asset in a few words: its number, whatever the kind calls it."""
        fields = self.stated.fields
        return next((fields[name] for name in ("number", "certificate_no", "vin", "serial") if fields.get(name)), "")

    def receipt(self, event: PledgeEvent) -> Mapping[str, Any] | None:
        """Return the receipt of an event."""
        return next((one.receipt for one in self.history if one.event is event and one.receipt), None)


@dataclass(frozen=True, slots=True)
class Lending:
    """What an asset carries, as information. Rates in [0, 1]; `products`: (code, name, most in fen) of the bank that take it."""

    whole_fen: int
    amount_fen: int
    loan_to_value: float
    advance_rate: float
    mode_rate: float | None
    carries_fen: int
    products: tuple[tuple[str, Text, int], ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """What the operator sees: counts, and nothing that is pledged."""

    states: Mapping[PledgeState, int]
    registrations: Mapping[RegistrationState, int]
    waiting: tuple[Order, ...]
    checks: tuple[tuple[str, int, int], ...]
    refusals: tuple[tuple[str, int], ...]
    key_serial: int | None
    key_made_at: datetime | None
