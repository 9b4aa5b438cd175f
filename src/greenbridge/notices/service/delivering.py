"""One delivery, one message: taken under a lock, sent, recorded. A process that is killed in between leaves it waiting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.fernet import InvalidToken
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit import outbox, outward
from greenbridge.kit.clock import Clock
from greenbridge.notices import rules, store
from greenbridge.notices.gateway import Mailer, NotSent, Sealed, SmsGateway, load_retries, signed_headers
from greenbridge.notices.values import Attempt, Channel, Delivery, DeliveryState, Endpoint, EndpointState

MAX_IN_HAND = 2


@dataclass(frozen=True, slots=True)
class Outside:
    """What deliveries need of the outside. `wall`: the machine's clock, also where business stays on one day."""

    reach: outward.Reach
    sealed: Sealed
    mailer: Mailer
    sms: SmsGateway
    wall: Clock
    public_url: str


async def deliver_one(session: AsyncSession, outside: Outside, in_hand: dict[UUID, int]) -> bool:
    """Try one due webhook; False when none is due. The caller's transaction holds its lock until the attempt is recorded.

    `in_hand`: how many this process has under way for each endpoint; a slow endpoint does not take all hands.
    """
    busy = [endpoint for endpoint, count in in_hand.items() if count >= MAX_IN_HAND]
    found = await store.due_delivery(session, outside.wall.now(), busy)
    if found is None:
        return False
    delivery, endpoint = found
    in_hand[endpoint.id] = in_hand.get(endpoint.id, 0) + 1
    try:
        attempt, retry_after = await _attempt(outside, delivery, endpoint)
    finally:
        in_hand[endpoint.id] -= 1
    await _record(session, delivery, endpoint, attempt, retry_after)
    return True


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
    if rules.arrived(attempt.status):
        await store.attempted(session, delivery, attempt, DeliveryState.DELIVERED, attempt.at)
        return
    again = None if rules.is_gone(attempt.status) else rules.next_try(load_retries(), attempt.number, attempt.at, retry_after)
    state = DeliveryState.DEAD if again is None else DeliveryState.PENDING
    await store.attempted(session, delivery, attempt, state, again or attempt.at)
    if rules.is_gone(attempt.status):
        await store.set_endpoint(session, endpoint.id, state=EndpointState.GONE.value)
    if again is None:
        payload = {"topic": delivery.topic, "message_id": delivery.message_id, "delivery_id": delivery.id}
        await outbox.publish(session, endpoint.organisation_id, "webhook.dead", payload, attempt.at)


async def send_one(session: AsyncSession, outside: Outside) -> bool:
    """Send one due e-mail or text message; False when none is due."""
    now = outside.wall.now()
    message = await store.due_message(session, now)
    if message is None:
        return False
    key = f"notice-{message.id}"
    try:
        if message.channel is Channel.EMAIL:
            await outside.mailer.send(message.address, message.subject, message.text, key)
        else:
            await outside.sms.send(message.address, message.text, key)
    except NotSent as error:
        again = None if error.final else rules.next_try(load_retries(), message.attempts + 1, now)
        await store.end_message(session, message.id, "pending" if again else "dead", again or now + timedelta(), str(error))
        return True
    await store.end_message(session, message.id, "sent", now, "")
    return True
