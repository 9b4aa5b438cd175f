"""Green cases with their events, statements, files, ratings and certificates; claims of subsidy with their ledger.

All but a case's plain particulars is appended and never changed: triggers refuse it, for the platform too.
"""

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from greenbridge.green.values import Account, Author, ClaimEvent, ClaimState, Event, Place, State, Subject
from greenbridge.kit.columns import UUID, JsonObject, datetime, fen, instant, json, key, one_of, reference


class GreenCaseRow(SQLModel, table=True):
    __tablename__ = "green_case"
    __table_args__ = (
        one_of("subject", Subject),
        CheckConstraint("(subject = 'project') = (project ? 'title')", name="projects_have_a_title"),
    )
    id: UUID = key()
    number: str = Field(unique=True)
    enterprise_id: UUID = reference("enterprise.id")
    uscc: str
    name: str
    subject: str
    business_class: str
    project: JsonObject = json()
    catalogue_code: str | None
    catalogue_name: str | None
    catalogue_version: str | None
    reviewer_id: UUID | None = reference("organisation.id", nullable=True)
    renews: UUID | None = reference("green_case.id", index=False, nullable=True)
    generated: bool
    opened_at: datetime = instant()


class GreenRatingRow(SQLModel, table=True):
    """A rating with the inputs, the scheme's version and the points that made it."""

    __tablename__ = "green_rating"
    __table_args__ = (CheckConstraint("coverage between 0 and 1", name="coverage"),)
    id: UUID = key()
    case_id: UUID = reference("green_case.id")
    scheme: str
    scheme_version: str
    scheme_status: str
    as_of: date
    rated_at: datetime = instant()
    grade: str
    points: float
    coverage: float
    content: JsonObject = json()
    inputs: JsonObject = json()
    digest: str


class GreenEventRow(SQLModel, table=True):
    """What happened to a case; the last one says where it stands."""

    __tablename__ = "green_event"
    __table_args__ = (UniqueConstraint("case_id", "seq"), one_of("event", Event), one_of("state", State))
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(always=True),))
    case_id: UUID = reference("green_case.id", index=False)
    seq: int
    event: str
    state: str
    at: datetime = instant()
    account_id: UUID | None = reference("account.id", index=False, nullable=True)
    login: str
    detail: JsonObject = json()
    rating_id: UUID | None = reference("green_rating.id", index=False, nullable=True)


class GreenFileRow(SQLModel, table=True):
    """An upload. `content` is empty where the bytes lie in an object store."""

    __tablename__ = "green_file"
    __table_args__ = (
        one_of("place", Place),
        CheckConstraint("(place = 'database') = (content is not null)", name="kept_in_one_place"),
        CheckConstraint("length(sha256) = 64 and size > 0", name="hashed"),
    )
    id: UUID = key()
    case_id: UUID = reference("green_case.id")
    name: str
    media_type: str
    size: int
    sha256: str
    place: str
    key: str
    content: bytes | None = Field(default=None, sa_type=LargeBinary)


class GreenStatementRow(SQLModel, table=True):
    """A value that the firm pledged or the reviewer found."""

    __tablename__ = "green_statement"
    __table_args__ = (
        one_of("author", Author),
        CheckConstraint("author <> 'reviewer' or length(reason) >= 10", name="a_reviewer_says_why"),
        CheckConstraint("author <> 'firm' or value = 'null'::jsonb or pledge <> ''", name="a_firm_pledges"),
    )
    id: UUID = key()
    case_id: UUID = reference("green_case.id")
    name: str
    value: Any = json()
    author: str
    reason: str
    at: datetime = instant()
    account_id: UUID = reference("account.id", index=False)
    login: str
    pledge: str
    file_id: UUID | None = reference("green_file.id", index=False, nullable=True)
    generated: bool


class GreenCertificateRow(SQLModel, table=True):
    __tablename__ = "green_certificate"
    __table_args__ = (one_of("subject", Subject), CheckConstraint("valid_from <= valid_to", name="validity"))
    number: str = Field(primary_key=True)
    case_id: UUID = reference("green_case.id")
    enterprise_id: UUID = reference("enterprise.id")
    subject: str
    rating_id: UUID = reference("green_rating.id", index=False)
    grade: str
    points: float
    coverage: float
    scheme: str
    scheme_version: str
    scheme_status: str
    catalogue_version: str | None
    valid_from: date
    valid_to: date
    content: JsonObject = json()
    head: JsonObject = json()
    seed: str
    signature: JsonObject = json()
    recorded_at: datetime = instant()


class GreenCertificateEndRow(SQLModel, table=True):
    """That a certificate was ended before its time: `ended_on` is its last day. It may be ended again, earlier; the earliest counts."""

    __tablename__ = "green_certificate_end"
    number: str = Field(primary_key=True, foreign_key="green_certificate.number")
    ended_on: date = Field(primary_key=True)
    reason: str
    recorded_at: datetime = instant()


class GreenPeerRow(SQLModel, table=True):
    """What the firms of an industry section have of a value: hundred steps, of ten firms or more, of none in particular."""

    __tablename__ = "green_peer"
    __table_args__ = (CheckConstraint("n >= 10", name="large_enough"),)
    as_of: date = Field(primary_key=True)
    made_at: datetime = Field(primary_key=True, sa_type=instant().sa_type)
    section: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    n: int
    steps: list[float] = json()


class SubsidyClaimRow(SQLModel, table=True):
    """A claim for the interest on one loan. `live`: neither rejected nor withdrawn; one live claim a loan, over all firms.

    `bank_id` is null in claims from before banks were named. `project_id`: the case of the project whose certificates bear it, null where
    the firm's own do.
    """

    __tablename__ = "subsidy_claim"
    __table_args__ = (
        CheckConstraint("principal_fen > 0 and amount_fen >= 0", name="amounts"),
        Index(
            "uq_subsidy_claim_loan",
            "bank_id",
            "loan_reference",
            unique=True,
            postgresql_where=text("live"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    id: UUID = key()
    number: str = Field(unique=True)
    enterprise_id: UUID = reference("enterprise.id")
    uscc: str
    name: str
    loan_reference: str
    principal_fen: int = fen()
    drawn_on: date
    repaid_on: date | None
    until: date
    policy: str
    base_rate_bp: int
    amount_fen: int = fen()
    segments: JsonObject = json()
    generated: bool
    live: bool
    claimed_at: datetime = instant()
    bank_id: UUID | None = reference("organisation.id", index=False, nullable=True)
    project_id: UUID | None = reference("green_case.id", index=False, nullable=True)


class SubsidyEventRow(SQLModel, table=True):
    __tablename__ = "subsidy_event"
    __table_args__ = (UniqueConstraint("claim_id", "seq"), one_of("event", ClaimEvent), one_of("state", ClaimState))
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(always=True),))
    claim_id: UUID = reference("subsidy_claim.id", index=False)
    seq: int
    event: str
    state: str
    at: datetime = instant()
    account_id: UUID | None = reference("account.id", index=False, nullable=True)
    login: str
    note: str


class SubsidyPostingRow(SQLModel, table=True):
    """Money from one account to another: both entries in one row, so that the ledger balances whatever is posted."""

    __tablename__ = "subsidy_posting"
    __table_args__ = (
        UniqueConstraint("claim_id", "seq"),
        one_of("credit", Account),
        one_of("debit", Account),
        CheckConstraint("amount_fen > 0 and credit <> debit", name="moves_money"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(always=True),))
    claim_id: UUID = reference("subsidy_claim.id", index=False)
    seq: int
    credit: str
    debit: str
    amount_fen: int = fen()
    at: datetime = instant()
