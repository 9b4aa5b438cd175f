"""Pledges with their keys, assets, events and checks; mortgage registrations and what the land registry was asked."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from greenbridge.collateral.values import (
    AssetKind,
    Evidence,
    OrderKind,
    OrderState,
    PledgeEvent,
    PledgeState,
    RegistrationState,
)
from greenbridge.kit.columns import UUID, JsonObject, datetime, fen, instant, json, key, one_of, reference, texts


class PledgeKeyRow(SQLModel, table=True):
    """Generations of the secret key; the key itself is a file. One is current: all commitments are under it."""

    __tablename__ = "pledge_key"
    __table_args__ = (CheckConstraint("current is distinct from false", name="current"),)
    serial: int = Field(primary_key=True)
    key_id: str = Field(unique=True)
    made_at: datetime = instant()
    current: bool | None = Field(unique=True, nullable=True)


class PledgedAssetRow(SQLModel, table=True):
    """An asset that was pledged at some time: a commitment, and nothing that tells which. Its row is the lock on it."""

    __tablename__ = "pledged_asset"
    __table_args__ = (one_of("kind", AssetKind),)
    id: UUID = key()
    kind: str
    commitment: str = Field(unique=True)


class PledgeRow(SQLModel, table=True):
    """A pledge. What was offered never changes, and nothing leaves a final state: a trigger refuses it."""

    __tablename__ = "pledge"
    __table_args__ = (
        one_of("kind", AssetKind),
        one_of("state", PledgeState),
        one_of("evidence", Evidence),
        CheckConstraint("amount_fen > 0 and amount_fen <= whole_fen", name="amount"),
        CheckConstraint("(state in ('offered', 'active')) = (ended_at is null)", name="ended_when_final"),
        CheckConstraint(
            "(state in ('active', 'released', 'expired', 'transferred')) = (accepted_at is not null and asset_id is not null)",
            name="accepted",
        ),
        CheckConstraint("(rank is null) = (accepted_at is null) and rank > 0", name="rank"),
        CheckConstraint("length(note) <= 500", name="bounded"),
        # One bank alone, or one bank a rank: the indexes, not the code before them, decide of two that come at once.
        Index("uq_pledge_exclusive", "asset_id", unique=True, postgresql_where=text("state = 'active' and exclusive")),
        Index("uq_pledge_rank", "asset_id", "rank", unique=True, postgresql_where=text("state = 'active'")),
        Index("uq_pledge_successor", "succeeds", unique=True, postgresql_where=text("state in ('offered', 'active')")),
        Index("ix_pledge_statement", "statement", postgresql_where=text("state = 'active'")),
        Index("ix_pledge_open", "state", "expires_on", postgresql_where=text("state in ('offered', 'active')")),
    )
    id: UUID = key()
    kind: str
    asset_id: UUID | None = reference("pledged_asset.id", nullable=True)
    enterprise_id: UUID = reference("enterprise.id")
    bank_id: UUID = reference("organisation.id")
    # As it was called when it offered: it named itself to this bank.
    pledgor_uscc: str
    pledgor_name: str
    amount_fen: int = fen()
    whole_fen: int = fen()
    exclusive: bool
    rank: int | None
    state: str
    evidence: str
    offered_at: datetime = instant()
    offered_by: UUID = reference("account.id", index=False)
    offer_until: date
    expires_on: date
    accepted_at: datetime | None = instant(nullable=True)
    ended_at: datetime | None = instant(nullable=True)
    # When its bank and the operator were told that it is over and stays, as its mortgage is on the register.
    overdue_told_at: datetime | None = instant(nullable=True)
    note: str = ""
    succeeds: UUID | None = reference("pledge.id", index=False, nullable=True)
    # What was stated, encrypted; and a commitment to all of it, for checks.
    sealed: bytes = Field(sa_type=LargeBinary)
    statement: str


class PledgeEventRow(SQLModel, table=True):
    """What happened to a pledge, appended only; with the receipt that was signed for it."""

    __tablename__ = "pledge_event"
    __table_args__ = (one_of("event", PledgeEvent), one_of("state", PledgeState))
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(always=True),))
    pledge_id: UUID = reference("pledge.id")
    at: datetime = instant()
    event: str
    state: str
    account_id: UUID | None = reference("account.id", index=False, nullable=True)
    receipt: JsonObject | None = json(nullable=True)


class PledgeCheckRow(SQLModel, table=True):
    """Who asked whether a firm has pledged an asset, appended only. What was asked about is not kept, that it was is."""

    __tablename__ = "pledge_check"
    __table_args__ = (one_of("kind", AssetKind), Index("ix_pledge_check_bank_id_at", "bank_id", "at"))
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(always=True),))
    at: datetime = instant()
    bank_id: UUID = reference("organisation.id", index=False)
    account_id: UUID = reference("account.id", index=False)
    enterprise_id: UUID = reference("enterprise.id")
    kind: str
    pledged: bool


class RegistrationRow(SQLModel, table=True):
    """A mortgage on its way through the land registry. Nothing leaves a final state: a trigger refuses it."""

    __tablename__ = "mortgage_registration"
    __table_args__ = (
        one_of("state", RegistrationState),
        CheckConstraint("secured_fen > 0", name="secured"),
        CheckConstraint("(state in ('discarded', 'rejected', 'cancelled')) = (ended_at is not null)", name="ended_when_final"),
        CheckConstraint("state <> 'rejected' or cardinality(reasons) > 0", name="rejected_with_reasons"),
        CheckConstraint(
            "(registry_number is not null) = (state in ('registered', 'cancellation_requested', 'cancelled'))", name="numbered"
        ),
        Index(
            "uq_mortgage_registration_open",
            "pledge_id",
            unique=True,
            postgresql_where=text("state not in ('discarded', 'rejected', 'cancelled')"),
        ),
    )
    id: UUID = key()
    pledge_id: UUID = reference("pledge.id")
    enterprise_id: UUID = reference("enterprise.id")
    bank_id: UUID = reference("organisation.id")
    certificate_no: str
    unit_no: str
    secured_fen: int = fen()
    state: str
    drafted_at: datetime = instant()
    drafted_by: UUID = reference("account.id", index=False)
    submitted_at: datetime | None = instant(nullable=True)
    accepted_at: datetime | None = instant(nullable=True)
    reference: str | None
    registry_number: str | None
    registry_rank: int | None
    registered_at: datetime | None = instant(nullable=True)
    reasons: list[str] = texts()
    ended_at: datetime | None = instant(nullable=True)
    receipts: list[JsonObject] = json()


class OrderRow(SQLModel, table=True):
    """An order to the land registry: the outbox of what is to be sent, and the file of what came back."""

    __tablename__ = "registry_order"
    __table_args__ = (
        one_of("kind", OrderKind),
        one_of("state", OrderState),
        CheckConstraint(
            "case state when 'queued' then reference is null when 'rejected' then true else reference is not null end", name="referenced"
        ),
        CheckConstraint("(state in ('answered', 'rejected')) = (answered_at is not null and answer is not null)", name="answered"),
        CheckConstraint("(kind = 'query') = (registration_id is null)", name="of_a_registration"),
        Index("ix_registry_order_due", "due_at", postgresql_where=text("state in ('queued', 'acknowledged')")),
    )
    id: UUID = key()
    kind: str
    state: str
    enterprise_id: UUID = reference("enterprise.id")
    bank_id: UUID = reference("organisation.id")
    registration_id: UUID | None = reference("mortgage_registration.id", nullable=True)
    body: JsonObject = json()
    made_at: datetime = instant()
    made_by: UUID = reference("account.id", index=False)
    attempts: int = 0
    due_at: datetime = instant()
    reference: str | None
    answer: JsonObject | None = json(nullable=True)
    answered_at: datetime | None = instant(nullable=True)
    last_problem: str = ""
