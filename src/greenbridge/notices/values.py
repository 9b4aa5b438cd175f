"""What is told to whom: topics, notices of people, endpoints and deliveries of banks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from greenbridge.accounts.values import Role
from greenbridge.kit.text import Language, Text


class Channel(StrEnum):
    """How a person is told beside the inbox, which always is."""

    EMAIL = "email"
    SMS = "sms"


class EndpointState(StrEnum):
    """Whether an endpoint is called. `gone`: it said so itself (410)."""

    ACTIVE = "active"
    PAUSED = "paused"
    GONE = "gone"
    REMOVED = "removed"


class DeliveryState(StrEnum):
    """A delivery waits, arrived, was given up, or its endpoint was removed before it arrived."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    REMOVED = "removed"


class MessageState(StrEnum):
    """An e-mail or text message waits, was taken by the gateway, was never sent for want of one, or was given up."""

    PENDING = "pending"
    SENT = "sent"
    NO_GATEWAY = "no_gateway"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of event: which people of the organisation are told, in which words, and which channels are on where nobody chose.

    `sentences`: the first one whose places the payload fills is said. `link`: where it leads, in the same way.
    """

    name: str
    subject: str
    roles: frozenset[Role]
    title: Text
    sentences: tuple[Text, ...]
    links: Mapping[Role, tuple[str, ...]]
    channels: frozenset[Channel]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All topics, and the subjects that people choose channels for."""

    version: str
    subjects: Mapping[str, Text]
    topics: Mapping[str, Topic]


@dataclass(frozen=True, slots=True)
class Event:
    """An event from the outbox, for one organisation. `attempts`: how often it could not be handed on."""

    id: int
    at: datetime
    organisation_id: UUID
    topic: str
    payload: Mapping[str, Any]
    attempts: int = 0

    @property
    def ordered_by(self) -> str:
        """What deliveries are kept in order by: the need, where there is one, else the event alone."""
        need = self.payload.get("need_id")
        return f"need:{need}" if need else f"event:{self.id}"


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of a person's inbox."""

    id: UUID
    topic: str
    payload: Mapping[str, Any]
    at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a person wants to be reached; empty: nowhere."""

    email: str = ""
    phone: str = ""
    language: Language = "zh"


@dataclass(frozen=True, slots=True)
class Message:
    """An e-mail or a text message, written when the event was taken."""

    id: int
    channel: Channel
    address: str
    subject: str
    text: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a bank wants to be called. `topics`: patterns, `answer.*` or whole names; secrets are sealed."""

    id: UUID
    organisation_id: UUID
    url: str
    topics: tuple[str, ...]
    secret: str
    former_secret: str | None
    former_until: datetime | None
    state: EndpointState
    revision: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one endpoint. `message_id` is the receiver's key against doubles: it stays the same in each attempt and replay."""

    id: int
    endpoint_id: UUID
    message_id: str
    topic: str
    body: str
    state: DeliveryState
    attempts: int
    next_at: datetime
    created_at: datetime
    ended_at: datetime | None
    replay_of: int | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `status`: what the endpoint answered, None: nothing; `problem` says why then. `took_ms` milliseconds."""

    number: int
    at: datetime
    status: int | None
    problem: str
    took_ms: int


@dataclass(frozen=True, slots=True)
class Retries:
    """After which waits a delivery is tried again; after the last it is given up. `most`: what a Retry-After may ask for.

    `rest`: the longest that an endpoint rests, with all that waits for it, after attempts that failed.
    """

    version: str
    waits: tuple[timedelta, ...]
    most: timedelta
    overlap: timedelta
    rest: timedelta


@dataclass(frozen=True, slots=True)
class Health:
    """How the last 24 hours of an endpoint went. `median_ms`: from the event to its arrival, None where none arrived."""

    delivered: int
    waiting: int
    dead: int
    retried: int
    median_ms: int | None
    last_delivered_at: datetime | None
    last_problem: str


@dataclass(frozen=True, slots=True)
class Line:
    """A notice in words."""

    id: UUID
    topic: str
    title: str
    sentence: str
    link: str
    at: datetime
    read: bool


@dataclass(frozen=True, slots=True)
class Wishes:
    """Where a person is reached, and (subject, channel) -> whether it is wanted, for the subjects of the person's role."""

    contact: Contact
    subjects: Mapping[str, Text]
    wanted: Mapping[tuple[str, Channel], bool]
