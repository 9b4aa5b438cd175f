"""SQL of endpoints, what is delivered to them, and what came of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.kit import database
from greenbridge.notices.tables import WebhookAttemptRow, WebhookDeliveryRow, WebhookEndpointRow
from greenbridge.notices.values import Attempt, Delivery, DeliveryState, Endpoint, EndpointState, Health


def _endpoint(row: WebhookEndpointRow) -> Endpoint:
    return Endpoint(
        row.id,
        row.organisation_id,
        row.url,
        tuple(row.topics),
        row.secret,
        row.former_secret,
        row.former_until,
        EndpointState(row.state),
        row.revision,
        row.created_at,
    )


async def add_endpoint(session: AsyncSession, row: WebhookEndpointRow) -> Endpoint:
    session.add(row)
    await session.flush()
    return _endpoint(row)


async def endpoints(session: AsyncSession, organisation_id: UUID, *, lock: bool = False) -> list[Endpoint]:
    """Return a bank's endpoints, oldest first; removed ones are left out. Locked: none is removed until the transaction ends."""
    query = (
        select(WebhookEndpointRow)
        .where(col(WebhookEndpointRow.organisation_id) == organisation_id, col(WebhookEndpointRow.state) != EndpointState.REMOVED.value)
        .order_by(col(WebhookEndpointRow.created_at), col(WebhookEndpointRow.id))
    )
    if lock:
        query = query.with_for_update(read=True)
    return [_endpoint(row) for row in await session.scalars(query)]


async def find_endpoint(session: AsyncSession, endpoint_id: UUID) -> Endpoint | None:
    row = await session.get(WebhookEndpointRow, endpoint_id, with_for_update=True, populate_existing=True)
    return _endpoint(row) if row else None


async def set_endpoint(session: AsyncSession, endpoint_id: UUID, **values: Any) -> Endpoint:
    """Change an endpoint that the caller has locked."""
    row = await session.get_one(WebhookEndpointRow, endpoint_id)
    for name, value in values.items():
        setattr(row, name, value)
    row.revision += 1
    await session.flush()
    return _endpoint(row)


_DELIVERY = """
    insert into webhook_delivery
        (endpoint_id, organisation_id, message_id, topic, body, ordered_by, state, attempts, next_at, created_at, replay_of)
    values (%(endpoint)s, %(organisation)s, %(message)s, %(topic)s, %(body)s, %(ordered_by)s, 'pending', 0, %(now)s, %(now)s, %(replay_of)s)
    on conflict do nothing returning id
"""


async def add_delivery(
    session: AsyncSession,
    endpoint: Endpoint,
    message: Mapping[str, str],
    ordered_by: str,
    now: datetime,
    replay_of: int | None = None,
) -> int | None:
    """Put a message (message, topic, body) into an endpoint's queue; None when it is there already."""
    values = {**message, "endpoint": endpoint.id, "organisation": endpoint.organisation_id, "ordered_by": ordered_by, "now": now}
    found = await database.rows(session, _DELIVERY, {**values, "replay_of": replay_of})
    return int(found[0][0]) if found else None


# In order within a need: nothing is sent while an earlier message of it waits, also when another worker has that in hand.
_TAKE = """
    update webhook_delivery set next_at = %(until)s where id = (
        select d.id from webhook_delivery d join webhook_endpoint e on e.id = d.endpoint_id
        where d.state = 'pending' and d.next_at <= %(now)s and e.state = 'active' and (e.rests_until is null or e.rests_until <= %(now)s)
            and d.endpoint_id <> all(%(busy)s)
            and not exists (
                select 1 from webhook_delivery b
                where b.endpoint_id = d.endpoint_id and b.ordered_by = d.ordered_by and b.state = 'pending' and b.id < d.id)
        order by d.next_at, d.id limit 1 for update of d skip locked)
    and state = 'pending' and next_at <= %(now)s
    returning id, endpoint_id
"""


async def take_delivery(session: AsyncSession, now: datetime, lease: timedelta, busy: Sequence[UUID]) -> tuple[Delivery, Endpoint] | None:
    """Take a delivery that is to be tried, for as long as the lease, and return it with its endpoint; none of endpoints that are `busy`."""
    found = await database.rows(session, _TAKE, {"now": now, "until": now + lease, "busy": list(busy)})
    if not found:
        return None
    row = await session.get_one(WebhookDeliveryRow, found[0][0], populate_existing=True)
    endpoint = await session.get_one(WebhookEndpointRow, found[0][1], populate_existing=True)
    return _delivery(row), _endpoint(endpoint)


async def is_still(session: AsyncSession, delivery: Delivery) -> bool:
    """Return whether a delivery waits as it was taken, locked: nobody else has tried it since."""
    row = await session.get(WebhookDeliveryRow, delivery.id, with_for_update=True, populate_existing=True)
    return row is not None and row.state == DeliveryState.PENDING.value and row.attempts == delivery.attempts


async def lock_rest(session: AsyncSession, endpoint_id: UUID) -> tuple[int, datetime | None]:
    """Return (how many attempts in a row an endpoint has not taken, until when it rests therefore); it is locked."""
    query = "select failures, rests_until from webhook_endpoint where id = %(id)s for update"
    ((failures, until),) = await database.rows(session, query, {"id": endpoint_id})
    return failures, until


async def rest(session: AsyncSession, endpoint_id: UUID, failures: int, until: datetime | None) -> None:
    """Let an endpoint rest with all that waits for it, or go on. That is no change of what its bank said of it: no new revision."""
    statement = "update webhook_endpoint set failures = %(failures)s, rests_until = %(until)s where id = %(id)s"
    await database.rows(session, statement, {"id": endpoint_id, "failures": failures, "until": until})


async def end_pending(session: AsyncSession, endpoint_id: UUID, now: datetime) -> int:
    """End what waits for an endpoint that was removed; return how many."""
    statement = """
        update webhook_delivery set state = 'removed', ended_at = %(now)s where endpoint_id = %(id)s and state = 'pending' returning id
    """
    return len(await database.rows(session, statement, {"id": endpoint_id, "now": now}))


def _delivery(row: WebhookDeliveryRow) -> Delivery:
    assert row.id is not None
    return Delivery(
        row.id,
        row.endpoint_id,
        row.message_id,
        row.topic,
        row.body,
        DeliveryState(row.state),
        row.attempts,
        row.next_at,
        row.created_at,
        row.ended_at,
        row.replay_of,
    )


async def attempted(session: AsyncSession, delivery: Delivery, attempt: Attempt, state: DeliveryState, next_at: datetime) -> None:
    """Record an attempt and what became of its delivery. `next_at`: when it is tried again, or when it ended."""
    row = await session.get_one(WebhookDeliveryRow, delivery.id)
    row.attempts, row.state, row.next_at = attempt.number, state.value, next_at
    row.ended_at = None if state is DeliveryState.PENDING else next_at
    session.add(
        WebhookAttemptRow(
            delivery_id=delivery.id,
            number=attempt.number,
            organisation_id=row.organisation_id,
            at=attempt.at,
            status=attempt.status,
            problem=attempt.problem,
            took_ms=attempt.took_ms,
        )
    )
    await session.flush()


async def deliveries(
    session: AsyncSession, organisation_id: UUID, state: DeliveryState | None, endpoint_id: UUID | None, before: int | None, limit: int
) -> list[Delivery]:
    """Return a bank's deliveries, newest first."""
    query = select(WebhookDeliveryRow).where(col(WebhookDeliveryRow.organisation_id) == organisation_id)
    if state is not None:
        query = query.where(col(WebhookDeliveryRow.state) == state.value)
    if endpoint_id is not None:
        query = query.where(col(WebhookDeliveryRow.endpoint_id) == endpoint_id)
    if before is not None:
        query = query.where(col(WebhookDeliveryRow.id) < before)
    query = query.order_by(col(WebhookDeliveryRow.id).desc()).limit(limit)
    return [_delivery(row) for row in await session.scalars(query)]


async def find_delivery(session: AsyncSession, delivery_id: int) -> tuple[Delivery, UUID, str] | None:
    """Return (delivery, whose it is, what it is ordered by)."""
    row = await session.get(WebhookDeliveryRow, delivery_id)
    return (_delivery(row), row.organisation_id, row.ordered_by) if row else None


async def attempts(session: AsyncSession, delivery_id: int) -> list[Attempt]:
    query = select(WebhookAttemptRow).where(col(WebhookAttemptRow.delivery_id) == delivery_id).order_by(col(WebhookAttemptRow.number))
    return [Attempt(row.number, row.at, row.status, row.problem, row.took_ms) for row in await session.scalars(query)]


_HEALTH = """
    select count(*) filter (where state = 'delivered' and ended_at > %(since)s), count(*) filter (where state = 'pending'),
        count(*) filter (where state = 'dead'), count(*) filter (where state = 'delivered' and attempts > 1 and ended_at > %(since)s),
        percentile_cont(0.5) within group (order by extract(epoch from ended_at - created_at) * 1000)
            filter (where state = 'delivered' and ended_at > %(since)s),
        max(ended_at) filter (where state = 'delivered')
    from webhook_delivery where endpoint_id = %(id)s
"""
_LAST_PROBLEM = """
    select case when a.status is null then a.problem else a.status::text end from webhook_attempt a
    join webhook_delivery d on d.id = a.delivery_id
    where d.endpoint_id = %(id)s and (a.status is null or a.status not between 200 and 299) order by a.at desc limit 1
"""


async def health(session: AsyncSession, endpoint_id: UUID, since: datetime) -> Health:
    """Return how an endpoint has done since an instant."""
    ((delivered, waiting, dead, retried, median, last),) = await database.rows(session, _HEALTH, {"id": endpoint_id, "since": since})
    problem = await database.rows(session, _LAST_PROBLEM, {"id": endpoint_id})
    return Health(delivered, waiting, dead, retried, None if median is None else round(median), last, problem[0][0] if problem else "")
