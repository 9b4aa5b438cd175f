"""Wire types of collateral."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from greenbridge.collateral.values import (
    AssetKind,
    Evidence,
    Order,
    OrderState,
    PledgeEvent,
    PledgeState,
    PledgeView,
    Registration,
    RegistrationState,
    Stated,
)
from greenbridge.consents.values import WorkStep
from greenbridge.kit.wire import Closed

MOST_FEN = 10**15


class AssetIn(Closed):
    """An asset as it is typed: the fields of its kind (docs/collateral.md), and its whole amount or value."""

    kind: AssetKind
    fields: Annotated[dict[str, Annotated[str, Field(max_length=200)]], Field(max_length=6)]
    whole_fen: int = Field(ge=1, le=MOST_FEN)

    def value(self) -> Stated:
        """Return the value."""
        return Stated(self.kind, self.fields, self.whole_fen)


class PledgeIn(Closed):
    """A pledge that the caller's firm offers to a bank, for an amount of the asset's whole."""

    bank: str = Field(max_length=20, description="The bank's code, such as GB02.")
    asset: AssetIn
    amount_fen: int = Field(ge=1, le=MOST_FEN)
    expires_on: date


class NoteIn(Closed):
    """Why an offer is declined."""

    note: str = Field(max_length=500, pattern=r"^[^\x00]*$")


class BankIn(Closed):
    """The bank that a pledge is handed over to."""

    bank: str = Field(max_length=20)


class CheckIn(Closed):
    """An asset, and the firm that agreed to be asked about."""

    enterprise_id: UUID
    asset: AssetIn
    step: WorkStep = WorkStep.SURVEY


class CheckOut(Closed):
    """Whether a pledge of that firm stands that was stated exactly so. By whom, since when, how much: nobody is told."""

    pledged: bool


class EventOut(Closed):
    """What happened to a pledge."""

    at: datetime
    event: PledgeEvent
    state: PledgeState


class PledgeOut(Closed):
    """A pledge as its firm and its bank see it. `rank` counts from 1; null until it stands."""

    id: UUID
    number: str
    state: PledgeState
    bank: str
    pledgor_uscc: str
    pledgor_name: str
    kind: AssetKind
    fields: dict[str, str]
    whole_fen: int
    amount_fen: int
    rank: int | None
    evidence: Evidence
    offered_at: datetime
    offer_until: date
    expires_on: date
    accepted_at: datetime | None
    ended_at: datetime | None
    note: str
    succeeds: UUID | None
    history: list[EventOut]

    @classmethod
    def of(cls, v: PledgeView) -> "PledgeOut":
        """Return the wire form. `succeeds` is told to nobody but by id: whose it was, the pledge itself says to whom it may."""
        p = v.pledge
        return cls(
            id=p.id,
            number=p.number,
            state=p.state,
            bank=v.bank_name,
            pledgor_uscc=p.pledgor_uscc,
            pledgor_name=p.pledgor_name,
            kind=p.kind,
            fields=dict(v.stated.fields),
            whole_fen=p.whole_fen,
            amount_fen=p.amount_fen,
            rank=p.rank,
            evidence=p.evidence,
            offered_at=p.offered_at,
            offer_until=p.offer_until,
            expires_on=p.expires_on,
            accepted_at=p.accepted_at,
            ended_at=p.ended_at,
            note=p.note,
            succeeds=p.succeeds,
            history=[EventOut(at=one.at, event=one.event, state=one.state) for one in v.history],
        )


class RegistrationIn(Closed):
    """The standing pledge whose mortgage is to be registered."""

    pledge_id: UUID


class RegistrationOut(Closed):
    """A mortgage on its way through the land registry; `receipts` are the registry's signed documents."""

    id: UUID
    number: str
    pledge_id: UUID
    state: RegistrationState
    certificate_no: str
    unit_no: str
    secured_fen: int
    drafted_at: datetime
    submitted_at: datetime | None
    accepted_at: datetime | None
    reference: str | None
    registry_number: str | None
    registry_rank: int | None
    registered_at: datetime | None
    reasons: list[str]
    ended_at: datetime | None
    receipts: list[dict[str, Any]]

    @classmethod
    def of(cls, r: Registration) -> "RegistrationOut":
        """Return the wire form."""
        return cls(
            id=r.id,
            number=r.number,
            pledge_id=r.pledge_id,
            state=r.state,
            certificate_no=r.certificate_no,
            unit_no=r.unit_no,
            secured_fen=r.secured_fen,
            drafted_at=r.drafted_at,
            submitted_at=r.submitted_at,
            accepted_at=r.accepted_at,
            reference=r.reference,
            registry_number=r.registry_number,
            registry_rank=r.registry_rank,
            registered_at=r.registered_at,
            reasons=list(r.reasons),
            ended_at=r.ended_at,
            receipts=[dict(one) for one in r.receipts],
        )


class QueryIn(Closed):
    """A question to the land register about a piece of a firm that agreed."""

    enterprise_id: UUID
    certificate_no: str = Field(max_length=200)
    step: WorkStep = WorkStep.SURVEY


class QueryOut(Closed):
    """A question to the register; `answer` is there once it is answered, with what its reader may see."""

    id: UUID
    number: str
    enterprise_id: UUID
    certificate_no: str
    state: OrderState
    made_at: datetime
    answered_at: datetime | None
    answer: dict[str, Any] | None

    @classmethod
    def of(cls, o: Order) -> "QueryOut":
        """Return the wire form."""
        answer: Mapping[str, Any] | None = o.answer
        return cls(
            id=o.id,
            number=o.number,
            enterprise_id=o.enterprise_id,
            certificate_no=str(o.body["certificate_no"]),
            state=o.state,
            made_at=o.made_at,
            answered_at=o.answered_at,
            answer=dict(answer) if answer is not None else None,
        )


class PledgePage(Closed):
    """A page of pledges, open ones first; `next_cursor` is null where there are no more."""

    items: list[PledgeOut]
    next_cursor: str | None


class RegistrationPage(Closed):
    """A page of registrations, newest first; `next_cursor` is null where there are no more."""

    items: list[RegistrationOut]
    next_cursor: str | None


class QueryPage(Closed):
    """A page of questions to the register, newest first; `next_cursor` is null where there are no more."""

    items: list[QueryOut]
    next_cursor: str | None
