"""A bank's administrator manages where its systems are called, sees what was delivered, and has it sent again."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.kit import outward
from greenbridge.kit.errors import Conflict, Forbidden, Invalid, NotFound
from greenbridge.kit.sealed import Sealed
from greenbridge.kit.web import Outdated
from greenbridge.notices import rules
from greenbridge.notices.gateway import load_catalogue, load_retries, new_secret
from greenbridge.notices.service import relay
from greenbridge.notices.store import hooks
from greenbridge.notices.tables import WebhookEndpointRow
from greenbridge.notices.values import Attempt, Delivery, DeliveryState, Endpoint, EndpointState, Health

MAX_ENDPOINTS = 10
# Whoever changes, tests or replays has seen to what was wrong: the endpoint is called at once.
_MENDED: Mapping[str, Any] = {"failures": 0, "rests_until": None}


def _must_administer(actor: Actor) -> None:
    if actor.role is not Role.BANK_ADMINISTRATOR:
        raise Forbidden("not-an-administrator", "只有银行管理员可以管理回调。", "Only a bank's administrator manages its webhooks.")


def _must_be_good(url: str, topics: Sequence[str], *, demonstration: bool) -> None:
    if problem := rules.topics_problem(topics, load_catalogue().topics):
        raise Invalid.at("wrong-topics", "topics", problem.zh, problem.en)
    outward.must_be_callable(url, "url", allow_loopback=demonstration)


async def endpoints(session: AsyncSession, actor: Actor) -> list[Endpoint]:
    """Return the endpoints of the actor's bank."""
    _must_administer(actor)
    return await hooks.endpoints(session, actor.organisation.id)


async def endpoint(session: AsyncSession, actor: Actor, endpoint_id: UUID) -> Endpoint:
    """Return one endpoint of the actor's bank; raises NotFound."""
    _must_administer(actor)
    found = await hooks.find_endpoint(session, endpoint_id)
    if found is None or found.organisation_id != actor.organisation.id or found.state is EndpointState.REMOVED:
        raise NotFound("no-endpoint", "没有这个回调地址。", "There is no such endpoint.")
    return found


async def create(
    session: AsyncSession, actor: Actor, url: str, topics: Sequence[str], sealed: Sealed, now: datetime, *, demonstration: bool
) -> tuple[Endpoint, str]:
    """Add an endpoint; return it with its secret, told this once. Raises Invalid by field."""
    _must_administer(actor)
    _must_be_good(url, topics, demonstration=demonstration)
    if len(await hooks.endpoints(session, actor.organisation.id)) >= MAX_ENDPOINTS:
        raise Conflict("too-many-endpoints", f"最多 {MAX_ENDPOINTS} 个回调地址。", f"At most {MAX_ENDPOINTS} endpoints.")
    secret = new_secret()
    made = await hooks.add_endpoint(
        session,
        WebhookEndpointRow(
            organisation_id=actor.organisation.id,
            url=url,
            topics=sorted(set(topics)),
            secret=sealed.seal(secret),
            former_secret=None,
            former_until=None,
            state=EndpointState.ACTIVE.value,
            revision=1,
            created_at=now,
            created_by=actor.account_id,
        ),
    )
    await audit.record(session, "webhook.created", f"webhook:{made.id}", now, account_id=actor.account_id, url=url)
    return made, secret


async def change(
    session: AsyncSession,
    actor: Actor,
    endpoint_id: UUID,
    url: str,
    topics: Sequence[str],
    revision: int | None,
    now: datetime,
    *,
    active: bool,
    demonstration: bool,
) -> Endpoint:
    """Change an endpoint; paused, its messages wait. Raises Outdated when it was changed since `revision`."""
    found = await endpoint(session, actor, endpoint_id)
    _must_be_good(url, topics, demonstration=demonstration)
    if revision is not None and revision != found.revision:
        raise Outdated
    state = EndpointState.ACTIVE if active else EndpointState.PAUSED
    changed = await hooks.set_endpoint(session, found.id, url=url, topics=sorted(set(topics)), state=state.value, **_MENDED)
    await audit.record(session, "webhook.changed", f"webhook:{found.id}", now, account_id=actor.account_id, url=url, state=state.value)
    return changed


async def remove(session: AsyncSession, actor: Actor, endpoint_id: UUID, now: datetime) -> None:
    """Take an endpoint out: what waits for it ends as removed; that and what was delivered stays to be seen."""
    found = await endpoint(session, actor, endpoint_id)
    await hooks.set_endpoint(session, found.id, state=EndpointState.REMOVED.value)
    ended = await hooks.end_pending(session, found.id, now)
    await audit.record(session, "webhook.removed", f"webhook:{found.id}", now, account_id=actor.account_id, ended=ended)


async def rotate(session: AsyncSession, actor: Actor, endpoint_id: UUID, sealed: Sealed, now: datetime) -> tuple[Endpoint, str]:
    """Give an endpoint a new secret, told this once; the former one signs beside it for a day."""
    found = await endpoint(session, actor, endpoint_id)
    secret = new_secret()
    values = {"secret": sealed.seal(secret), "former_secret": found.secret, "former_until": now + load_retries().overlap}
    changed = await hooks.set_endpoint(session, found.id, **values)
    await audit.record(session, "webhook.rotated", f"webhook:{found.id}", now, account_id=actor.account_id)
    return changed, secret


async def test(session: AsyncSession, actor: Actor, endpoint_id: UUID, now: datetime) -> Delivery:
    """Put a test message into an endpoint's queue, whatever its topics."""
    found = await endpoint(session, actor, endpoint_id)
    message = f"msg_{uuid4().hex}"
    told = {"message": message, "topic": "webhook.test", "body": relay.body("webhook.test", now, {"endpoint_id": str(found.id)})}
    await hooks.rest(session, found.id, 0, None)
    number = await hooks.add_delivery(session, found, told, f"test:{message}", now)
    assert number is not None
    made = await hooks.find_delivery(session, number)
    assert made is not None
    return made[0]


async def deliveries(
    session: AsyncSession,
    actor: Actor,
    *,
    state: DeliveryState | None = None,
    endpoint_id: UUID | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """Return what was or is to be delivered to the actor's bank, newest first."""
    _must_administer(actor)
    return await hooks.deliveries(session, actor.organisation.id, state, endpoint_id, before, limit)


async def delivery(session: AsyncSession, actor: Actor, delivery_id: int) -> tuple[Delivery, list[Attempt]]:
    """Return one delivery of the actor's bank with its attempts; raises NotFound."""
    found, _ = await _own(session, actor, delivery_id)
    return found, await hooks.attempts(session, delivery_id)


async def attempts(session: AsyncSession, delivery_id: int) -> list[Attempt]:
    """Return the attempts of a delivery that the caller may see."""
    return await hooks.attempts(session, delivery_id)


async def _own(session: AsyncSession, actor: Actor, delivery_id: int) -> tuple[Delivery, str]:
    _must_administer(actor)
    found = await hooks.find_delivery(session, delivery_id)
    if found is None or found[1] != actor.organisation.id:
        raise NotFound("no-delivery", "没有这条投递记录。", "There is no such delivery.")
    return found[0], found[2]


async def replay(session: AsyncSession, actor: Actor, delivery_id: int, now: datetime) -> Delivery:
    """Send a message again, under its own id: a receiver that has it already drops it. Raises Conflict while it waits anyway."""
    found, ordered_by = await _own(session, actor, delivery_id)
    target = await endpoint(session, actor, found.endpoint_id)
    if found.state is DeliveryState.PENDING:
        raise Conflict("still-waiting", "该消息仍在投递中。", "This message is still being delivered.")
    told = {"message": found.message_id, "topic": found.topic, "body": found.body}
    await hooks.rest(session, target.id, 0, None)
    number = await hooks.add_delivery(session, target, told, ordered_by, now, replay_of=found.id)
    assert number is not None
    await audit.record(session, "webhook.replayed", f"webhook:{target.id}", now, account_id=actor.account_id, message=found.message_id)
    made = await hooks.find_delivery(session, number)
    assert made is not None
    return made[0]


async def health(session: AsyncSession, found: Endpoint, now: datetime) -> Health:
    """Return how an endpoint did in the last 24 hours."""
    return await hooks.health(session, found.id, now - timedelta(hours=24))
