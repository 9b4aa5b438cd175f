"""Wire types of notices and webhooks."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from greenbridge.kit.wire import Closed
from greenbridge.notices.values import Attempt, Delivery, DeliveryState, Endpoint, EndpointState, Health, Line


class NoticeOut(Closed):
    """A notice in the caller's language."""

    id: UUID
    topic: str
    title: str
    sentence: str
    link: str
    at: datetime
    read: bool

    @classmethod
    def of(cls, line: Line) -> "NoticeOut":
        """Return the wire form."""
        return cls(id=line.id, topic=line.topic, title=line.title, sentence=line.sentence, link=line.link, at=line.at, read=line.read)


class NoticePage(Closed):
    """A page of notices, newest first; `next_cursor` is null where there are no older ones."""

    items: list[NoticeOut]
    next_cursor: str | None


class UnreadOut(Closed):
    """How many notices are new."""

    unread: int


class EndpointIn(Closed):
    """Where to call. `topics`: whole names, `answer.*`, or `*`; `active` false: messages wait."""

    url: str = Field(max_length=500)
    topics: list[str] = Field(min_length=1, max_length=40)
    active: bool = True


class HealthOut(Closed):
    """How the last 24 hours went. `median_ms`: from the event to its arrival."""

    delivered: int
    waiting: int
    dead: int
    retried: int
    median_ms: int | None
    last_delivered_at: datetime | None
    last_problem: str


class EndpointOut(Closed):
    """An endpoint. `secret` is told once: when it is made or rotated."""

    id: UUID
    url: str
    topics: list[str]
    state: EndpointState
    created_at: datetime
    former_secret_until: datetime | None
    health: HealthOut | None = None
    secret: str | None = None

    @classmethod
    def of(cls, found: Endpoint, health: Health | None = None, secret: str | None = None) -> "EndpointOut":
        """Return the wire form."""
        told = health and HealthOut(
            delivered=health.delivered,
            waiting=health.waiting,
            dead=health.dead,
            retried=health.retried,
            median_ms=health.median_ms,
            last_delivered_at=health.last_delivered_at,
            last_problem=health.last_problem,
        )
        return cls(
            id=found.id,
            url=found.url,
            topics=list(found.topics),
            state=found.state,
            created_at=found.created_at,
            former_secret_until=found.former_until,
            health=told,
            secret=secret,
        )


class AttemptOut(Closed):
    """One try; `status` null: nothing was answered, `problem` says why."""

    number: int
    at: datetime
    status: int | None
    problem: str
    took_ms: int


class DeliveryOut(Closed):
    """A message to an endpoint; `attempts_made` are listed where one delivery is asked for."""

    id: int
    endpoint_id: UUID
    message_id: str
    topic: str
    state: DeliveryState
    attempts: int
    next_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    replay_of: int | None
    body: str | None = None
    attempts_made: list[AttemptOut] | None = None

    @classmethod
    def of(cls, found: Delivery, attempts: list[Attempt] | None = None) -> "DeliveryOut":
        """Return the wire form."""
        told = [AttemptOut(number=a.number, at=a.at, status=a.status, problem=a.problem, took_ms=a.took_ms) for a in attempts or ()]
        return cls(
            id=found.id,
            endpoint_id=found.endpoint_id,
            message_id=found.message_id,
            topic=found.topic,
            state=found.state,
            attempts=found.attempts,
            next_at=found.next_at if found.state is DeliveryState.PENDING else None,
            created_at=found.created_at,
            ended_at=found.ended_at,
            replay_of=found.replay_of,
            body=found.body if attempts is not None else None,
            attempts_made=told if attempts is not None else None,
        )


class DeliveryPage(Closed):
    """A page of deliveries, newest first; `next_cursor` is null where there are no older ones."""

    items: list[DeliveryOut]
    next_cursor: str | None
