"""Inbox, preferences, outgoing messages; endpoints, deliveries and their attempts."""

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index
from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import UUID, JsonObject, datetime, instant, json, key, one_of, reference, texts
from greenbridge.notices.values import Channel, DeliveryState, EndpointState, MessageState

_PENDING = "state = 'pending'"


def _number() -> int | None:
    found: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(always=True),))
    return found


class NoticeRow(SQLModel, table=True):
    """A line of a person's inbox; one for each event."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("uq_notice_account_id_event_id", "account_id", "event_id", unique=True),
        Index("ix_notice_unread", "account_id", postgresql_where="read_at is null"),
    )
    id: UUID = key()
    account_id: UUID = reference("account.id", index=False)
    event_id: int = Field(sa_type=BigInteger)
    topic: str
    payload: JsonObject = json()
    at: datetime = instant()
    read_at: datetime | None = instant(nullable=True)


class NoticePreferenceRow(SQLModel, table=True):
    """Whether a person wants a subject by a channel; where there is no row the topic's own choice stands."""

    __tablename__ = "notice_preference"
    __table_args__ = (one_of("channel", Channel),)
    account_id: UUID = Field(primary_key=True, foreign_key="account.id")
    subject: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    wanted: bool


class NoticeContactRow(SQLModel, table=True):
    """Where a person wants to be reached."""

    __tablename__ = "notice_contact"
    __table_args__ = (CheckConstraint("language in ('zh', 'en')", name="language"),)
    account_id: UUID = Field(primary_key=True, foreign_key="account.id")
    email: str
    phone: str
    language: str


class NoticeMessageRow(SQLModel, table=True):
    """An e-mail or text message on its way."""

    __tablename__ = "notice_message"
    __table_args__ = (
        one_of("channel", Channel),
        one_of("state", MessageState),
        Index("ix_notice_message_due", "next_at", "id", postgresql_where=_PENDING),
    )
    id: int | None = _number()
    notice_id: UUID = reference("notice.id", index=False)
    channel: str
    address: str
    subject: str
    text: str
    state: str
    attempts: int
    next_at: datetime = instant()
    problem: str


class WebhookEndpointRow(SQLModel, table=True):
    """Where a bank wants to be called; its secrets are sealed with a key of the installation."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (one_of("state", EndpointState),)
    id: UUID = key()
    organisation_id: UUID = reference("organisation.id")
    url: str
    topics: list[str] = texts()
    secret: str
    former_secret: str | None
    former_until: datetime | None = instant(nullable=True)
    state: str
    revision: int
    # How many attempts in a row failed, and until when it is therefore not called.
    failures: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    rests_until: datetime | None = instant(nullable=True)
    created_at: datetime = instant()
    created_by: UUID = reference("account.id", index=False)


class WebhookDeliveryRow(SQLModel, table=True):
    """A message to an endpoint; each message once, and each replay of it a row of its own."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        one_of("state", DeliveryState),
        CheckConstraint("(state = 'pending') = (ended_at is null)", name="ended"),
        Index("ix_webhook_delivery_endpoint_id_id", "endpoint_id", "id"),
        Index("ix_webhook_delivery_due", "next_at", "id", postgresql_where=_PENDING),
        Index("ix_webhook_delivery_order", "endpoint_id", "ordered_by", "id", postgresql_where=_PENDING),
        Index("uq_webhook_delivery_once", "endpoint_id", "message_id", unique=True, postgresql_where="replay_of is null"),
    )
    id: int | None = _number()
    endpoint_id: UUID = reference("webhook_endpoint.id", index=False)
    organisation_id: UUID = reference("organisation.id", index=False)
    message_id: str
    topic: str
    body: str
    ordered_by: str
    state: str
    attempts: int
    next_at: datetime = instant()
    created_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)
    replay_of: int | None = Field(default=None, foreign_key="webhook_delivery.id", sa_type=BigInteger)


class WebhookAttemptRow(SQLModel, table=True):
    """One try of a delivery."""

    __tablename__ = "webhook_attempt"
    delivery_id: int = Field(primary_key=True, foreign_key="webhook_delivery.id", sa_type=BigInteger)
    number: int = Field(primary_key=True)
    organisation_id: UUID = reference("organisation.id", index=False)
    at: datetime = instant()
    status: int | None
    problem: str
    took_ms: int
