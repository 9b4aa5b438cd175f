"""Webhooks: taken for a lease and the transaction closed, sent, recorded. A process that is killed leaves its deliveries to the next one
when the lease is over, so that each arrives at least once.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit import logs, outbox, outward
from greenbridge.kit.database import Sessions
from greenbridge.kit.sealed import InvalidToken, Sealed
from greenbridge.notices import rules
from greenbridge.notices.gateway import load_retries, signed_headers
from greenbridge.notices.service.outside import Outside
from greenbridge.notices.store import hooks
from greenbridge.notices.values import Attempt, Delivery, DeliveryState, Endpoint, EndpointState

# How many messages are on their way at once: in all, and to one endpoint. The lease is longer than an attempt may take.
HANDS, MAX_IN_HAND, LEASE = 32, 2, timedelta(seconds=30)
Taken = tuple[Delivery, Endpoint]


async def take(sessions: Sessions, outside: Outside, busy: Collection[UUID] = ()) -> Taken | None:
    """Return a due delivery with its endpoint, this caller's for the lease; None when none is due but for endpoints that are `busy`."""
    async with sessions.begin() as session:
        return await hooks.take_delivery(session, outside.wall.now(), LEASE, list(busy))


async def deliver(sessions: Sessions, outside: Outside, taken: Taken) -> None:
    """Try a delivery once, and record what came of it."""
    delivery, endpoint = taken
    attempt, retry_after = await _attempt(outside, delivery, endpoint)
    async with sessions.begin() as session:
        await _record(session, delivery, endpoint, attempt, retry_after)


async def deliver_one(sessions: Sessions, outside: Outside) -> bool:
    """Try one due webhook; False when none is due."""
    taken = await take(sessions, outside)
    if taken is not None:
        await deliver(sessions, outside, taken)
    return taken is not None


async def deliver_for_ever(sessions: Sessions, outside: Outside, pause: float) -> None:
    """Deliver until cancelled: one looks for what is due, up to HANDS send. A slow endpoint has two of them, and rests after a failure."""
    under_way: dict[asyncio.Task[None], UUID] = {}
    async with asyncio.TaskGroup() as group:
        while True:
            taken = None
            if len(under_way) < HANDS:
                busy = [endpoint for endpoint, count in Counter(under_way.values()).items() if count >= MAX_IN_HAND]
                try:
                    taken = await take(sessions, outside, busy)
                except Exception:  # noqa: BLE001  the database may be back soon; a loop that ends delivers nothing any more
                    logs.get().exception("delivery failed", work="webhooks")
            if taken is not None:
                task = group.create_task(_delivered(sessions, outside, taken))
                under_way[task] = taken[1].id
                task.add_done_callback(lambda done: under_way.pop(done, None))
            elif under_way:
                await asyncio.wait(list(under_way), timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(pause)


async def _delivered(sessions: Sessions, outside: Outside, taken: Taken) -> None:
    try:
        await deliver(sessions, outside, taken)
    except Exception:  # noqa: BLE001  as above; the delivery is tried again when its lease is over
        logs.get().exception("delivery failed", work="webhooks", delivery=taken[0].id)


async def _attempt(outside: Outside, delivery: Delivery, endpoint: Endpoint) -> tuple[Attempt, str | None]:
    now, number = outside.wall.now(), delivery.attempts + 1
    try:
        signers = _signers(outside.sealed, endpoint, now)
        headers = signed_headers(delivery.message_id, delivery.body, signers, now)
        answer = await outside.reach.post(endpoint.url, delivery.body.encode(), headers)
    except outward.Unreachable as error:
        return Attempt(number, now, None, str(error), round((outside.wall.now() - now).total_seconds() * 1000)), None
    except InvalidToken:
        return Attempt(number, now, None, "the installation's secret has changed: rotate this endpoint's", 0), None
    return Attempt(number, now, answer.status, "", answer.took_ms), answer.headers.get("retry-after")


def _signers(sealed: Sealed, endpoint: Endpoint, now: datetime) -> Sequence[str]:
    former = endpoint.former_secret if endpoint.former_until and endpoint.former_until > now else None
    return [sealed.open(kept) for kept in (endpoint.secret, former) if kept]


async def _record(session: AsyncSession, delivery: Delivery, endpoint: Endpoint, attempt: Attempt, retry_after: str | None) -> None:
    # The endpoint first, as who removes it has it: of two that wait for each other none would go on.
    failures, rests_until = await hooks.lock_rest(session, endpoint.id)
    if not await hooks.is_still(session, delivery):
        return  # its lease was over and another worker had it, or its endpoint was removed
    ended, retries = attempt.at + timedelta(milliseconds=attempt.took_ms), load_retries()
    if rules.arrived(attempt.status):
        await hooks.attempted(session, delivery, attempt, DeliveryState.DELIVERED, ended)
        if failures:
            await hooks.rest(session, endpoint.id, 0, None)
        return
    again = None if rules.is_gone(attempt.status) else rules.next_try(retries, attempt.number, ended, retry_after)
    await hooks.attempted(session, delivery, attempt, DeliveryState.DEAD if again is None else DeliveryState.PENDING, again or ended)
    if rules.is_gone(attempt.status):
        await hooks.set_endpoint(session, endpoint.id, state=EndpointState.GONE.value)
    if rests_until is None or rests_until <= attempt.at:  # of two attempts that were under way together one counts
        await hooks.rest(session, endpoint.id, failures + 1, rules.rest_until(retries, failures + 1, ended, retry_after))
    if again is None:
        payload = {"topic": delivery.topic, "message_id": delivery.message_id, "delivery_id": delivery.id}
        await outbox.publish(session, endpoint.organisation_id, "webhook.dead", payload, ended)
