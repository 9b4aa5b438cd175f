"""SQL of notices: what is waiting, for whom, and what came of it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.accounts.values import Role
from greenbridge.kit import database
from greenbridge.notices.tables import WebhookAttemptRow, WebhookDeliveryRow, WebhookEndpointRow
from greenbridge.notices.values import (
    Attempt,
    Channel,
    Contact,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointState,
    Event,
    Health,
    Message,
    Notice,
)

# One event at a time, oldest first; two relays share the work without seeing each other's.
_TAKE = """
    select id, at, organisation_id, topic, payload from outbox_event where taken_at is null
    order by id limit %(limit)s for update skip locked
"""


async def take_events(session: AsyncSession, limit: int) -> list[Event]:
    """Return waiting events, locked for this transaction."""
    return [Event(*row) for row in await database.rows(session, _TAKE, {"limit": limit})]


async def set_taken(session: AsyncSession, event_ids: Sequence[int], now: datetime) -> None:
    await database.rows(session, "update outbox_event set taken_at = %(now)s where id = any(%(ids)s)", {"now": now, "ids": list(event_ids)})


_PEOPLE = """
    select a.id, a.role, coalesce(c.email, ''), coalesce(c.phone, ''), coalesce(c.language, 'zh')
    from account a left join notice_contact c on c.account_id = a.id
    where a.organisation_id = %(organisation)s and a.role = any(%(roles)s)
        and not exists (select 1 from api_client p where p.account_id = a.id)
    order by a.id
"""


async def people(session: AsyncSession, organisation_id: UUID, roles: Sequence[str]) -> list[tuple[UUID, Role, Contact]]:
    """Return the people of an organisation in these roles, and where each is reached; programs are no people."""
    found = await database.rows(session, _PEOPLE, {"organisation": organisation_id, "roles": list(roles)})
    return [(account, Role(role), Contact(email, phone, language)) for account, role, email, phone, language in found]


async def operators(session: AsyncSession) -> list[tuple[UUID, Role, Contact]]:
    """Return the platform's own people."""
    query = "select id from organisation where kind = 'platform'"
    return [p for (organisation,) in await database.rows(session, query) for p in await people(session, organisation, ["operator"])]


_NOTICE = """
    insert into notice (id, account_id, event_id, topic, payload, at)
    values (gen_random_uuid(), %(account)s, %(event)s, %(topic)s, %(payload)s::jsonb, %(at)s)
    on conflict (account_id, event_id) do nothing returning id
"""


async def add_notice(session: AsyncSession, account_id: UUID, event: Event) -> UUID | None:
    """Put an event into a person's inbox; None when it is there already."""
    values = {"account": account_id, "event": event.id, "topic": event.topic, "payload": json.dumps(dict(event.payload)), "at": event.at}
    found = await database.rows(session, _NOTICE, values)
    return found[0][0] if found else None


async def preferences(session: AsyncSession, account_ids: Sequence[UUID]) -> dict[tuple[UUID, str, Channel], bool]:
    """Return (account, subject, channel) -> wanted, where somebody chose."""
    query = "select account_id, subject, channel, wanted from notice_preference where account_id = any(%(ids)s)"
    found = await database.rows(session, query, {"ids": list(account_ids)})
    return {(account, subject, Channel(channel)): wanted for account, subject, channel, wanted in found}


_PREFER = """
    insert into notice_preference (account_id, subject, channel, wanted) values (%(account)s, %(subject)s, %(channel)s, %(wanted)s)
    on conflict (account_id, subject, channel) do update set wanted = excluded.wanted
"""
_REACH = """
    insert into notice_contact (account_id, email, phone, language) values (%(account)s, %(email)s, %(phone)s, %(language)s)
    on conflict (account_id) do update set email = excluded.email, phone = excluded.phone, language = excluded.language
"""


async def prefer(session: AsyncSession, account_id: UUID, subject: str, channel: Channel, *, wanted: bool) -> None:
    values = {"account": account_id, "subject": subject, "channel": channel.value, "wanted": wanted}
    await database.rows(session, _PREFER, values)


async def reach(session: AsyncSession, account_id: UUID, contact: Contact) -> None:
    values = {"account": account_id, "email": contact.email, "phone": contact.phone, "language": contact.language}
    await database.rows(session, _REACH, values)


async def contact(session: AsyncSession, account_id: UUID) -> Contact:
    query = "select email, phone, language from notice_contact where account_id = %(id)s"
    found = await database.rows(session, query, {"id": account_id})
    return Contact(*found[0]) if found else Contact()


_MESSAGE = """
    insert into notice_message (notice_id, channel, address, subject, text, state, attempts, next_at, problem)
    values (%(notice)s, %(channel)s, %(address)s, %(subject)s, %(text)s, 'pending', 0, %(now)s, '')
"""


async def add_message(
    session: AsyncSession, notice_id: UUID, channel: Channel, address: str, subject: str, text: str, now: datetime
) -> None:
    values = {"notice": notice_id, "channel": channel.value, "address": address, "subject": subject, "text": text, "now": now}
    await database.rows(session, _MESSAGE, values)


_DUE_MESSAGE = """
    select id, channel, address, subject, text, attempts from notice_message where state = 'pending' and next_at <= %(now)s
    order by next_at, id limit 1 for update skip locked
"""


async def due_message(session: AsyncSession, now: datetime) -> Message | None:
    """Return a message that is to be sent, locked."""
    found = await database.rows(session, _DUE_MESSAGE, {"now": now})
    return Message(found[0][0], Channel(found[0][1]), *found[0][2:]) if found else None


async def end_message(session: AsyncSession, message_id: int, state: str, next_at: datetime, problem: str) -> None:
    statement = """
        update notice_message set state = %(state)s, attempts = attempts + 1, next_at = %(next)s, problem = %(problem)s where id = %(id)s
    """
    await database.rows(session, statement, {"id": message_id, "state": state, "next": next_at, "problem": problem[:300]})


async def inbox(session: AsyncSession, account_id: UUID, limit: int, before: datetime | None) -> list[Notice]:
    """Return a person's notices, newest first."""
    query = """
        select id, topic, payload, at, read_at from notice
        where account_id = %(id)s and (%(before)s::timestamptz is null or at < %(before)s) order by at desc, event_id desc limit %(limit)s
    """
    found = await database.rows(session, query, {"id": account_id, "before": before, "limit": limit})
    return [Notice(*row) for row in found]


async def unread(session: AsyncSession, account_id: UUID) -> int:
    query = "select count(*) from notice where account_id = %(id)s and read_at is null"
    ((count,),) = await database.rows(session, query, {"id": account_id})
    return int(count)


async def set_read(session: AsyncSession, account_id: UUID, notice_id: UUID | None, now: datetime) -> int:
    """Mark one notice, or all, as read; return how many were not."""
    statement = """
        update notice set read_at = %(now)s where account_id = %(account)s and read_at is null
            and (%(id)s::uuid is null or id = %(id)s) returning id
    """
    return len(await database.rows(session, statement, {"now": now, "account": account_id, "id": notice_id}))


async def find_notice(session: AsyncSession, account_id: UUID, notice_id: UUID) -> Notice | None:
    query = "select id, topic, payload, at, read_at from notice where account_id = %(account)s and id = %(id)s"
    found = await database.rows(session, query, {"account": account_id, "id": notice_id})
    return Notice(*found[0]) if found else None


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


async def endpoints(session: AsyncSession, organisation_id: UUID) -> list[Endpoint]:
    """Return a bank's endpoints, oldest first; removed ones are left out."""
    query = (
        select(WebhookEndpointRow)
        .where(col(WebhookEndpointRow.organisation_id) == organisation_id, col(WebhookEndpointRow.state) != EndpointState.REMOVED.value)
        .order_by(col(WebhookEndpointRow.created_at), col(WebhookEndpointRow.id))
    )
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
_DUE = """
    select d.id, d.endpoint_id from webhook_delivery d join webhook_endpoint e on e.id = d.endpoint_id
    where d.state = 'pending' and d.next_at <= %(now)s and e.state = 'active' and d.endpoint_id <> all(%(busy)s)
        and not exists (
            select 1 from webhook_delivery b
            where b.endpoint_id = d.endpoint_id and b.ordered_by = d.ordered_by and b.state = 'pending' and b.id < d.id)
    order by d.next_at, d.id limit 1 for update of d skip locked
"""


async def due_delivery(session: AsyncSession, now: datetime, busy: Sequence[UUID]) -> tuple[Delivery, Endpoint] | None:
    """Return a delivery that is to be tried with its endpoint, locked; none of the endpoints that are `busy`."""
    found = await database.rows(session, _DUE, {"now": now, "busy": list(busy)})
    if not found:
        return None
    row = await session.get_one(WebhookDeliveryRow, found[0][0], populate_existing=True)
    # Between choosing and locking another worker may have ended an attempt of it.
    if row.state != DeliveryState.PENDING.value or row.next_at > now:
        return None
    endpoint = await session.get_one(WebhookEndpointRow, found[0][1], populate_existing=True)
    return _delivery(row), _endpoint(endpoint)


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
    """Record an attempt and what became of its delivery."""
    row = await session.get_one(WebhookDeliveryRow, delivery.id)
    row.attempts, row.state, row.next_at = attempt.number, state.value, next_at
    row.ended_at = None if state is DeliveryState.PENDING else attempt.at
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
