"""From the outbox to everybody concerned: people's inboxes and messages, banks' webhooks."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Role
from greenbridge.kit import logs, outbox
from greenbridge.kit.text import Language, Text
from greenbridge.notices import rules
from greenbridge.notices.gateway import load_catalogue, load_retries
from greenbridge.notices.store import events, hooks, people
from greenbridge.notices.values import Catalogue, Channel, Contact, EndpointState, Event, Topic

DEAD = "event.dead"
# What is told of webhooks is told to people: an endpoint that cannot be reached is not told so. The operator's own is nobody else's.
_NOT_OUTWARD = frozenset({"webhook.dead", DEAD})
_REGARDS = Text("—— 绿桥银企融资服务平台", "-- Greenbridge")
_CHANGE = Text("在以下页面更改通知设置：", "Change what you are told here: ")


async def relay(session: AsyncSession, public_url: str, now: datetime, *, limit: int = 50) -> int:
    """Take waiting events and hand each to everybody concerned; return how many came further. One relay works at a time, in the order
    of events. Each is handed on whole or not at all: one that cannot be waits, with those of its need behind it, and the others go on.
    """
    if not await events.alone(session):
        return 0
    taken: list[int] = []
    stuck: set[tuple[UUID, str]] = set()
    for event in await events.take(session, limit, now):
        if (event.organisation_id, event.ordered_by) in stuck:
            continue
        try:
            async with session.begin_nested():
                await _hand_on(session, event, public_url, now)
        except Exception as error:  # noqa: BLE001  one event that nobody foresaw must not stop all others
            logs.get().exception("event not handed on", event_id=event.id, topic=event.topic)
            await _failed(session, event, error, now)
            stuck.add((event.organisation_id, event.ordered_by))
        else:
            taken.append(event.id)
    if taken:
        await events.set_taken(session, taken, now)
    return len(taken)


async def _hand_on(session: AsyncSession, event: Event, public_url: str, now: datetime) -> None:
    await _to_people(session, load_catalogue(), event, public_url, now)
    await _to_endpoints(session, event, now)


async def _failed(session: AsyncSession, event: Event, error: Exception, now: datetime) -> None:
    """Let an event wait; after the last wait it is dead, and the operator is told."""
    again = rules.next_try(load_retries(), event.attempts + 1, now)
    await events.failed(session, event, again, f"{type(error).__name__}: {error}", now)
    if again is None and event.topic != DEAD:
        await outbox.publish(session, event.organisation_id, DEAD, {"event_id": event.id, "topic": event.topic}, now)


async def _to_people(session: AsyncSession, catalogue: Catalogue, event: Event, public_url: str, now: datetime) -> None:
    topic = catalogue.topics.get(event.topic)
    if topic is None:
        return  # a topic for programs alone
    persons = await people.people(session, event.organisation_id, [role.value for role in topic.roles])
    if Role.OPERATOR in topic.roles:
        persons += [person for person in await people.operators(session) if person not in persons]
    chosen = await people.preferences(session, [account for account, _, _ in persons])
    for account, role, contact in persons:
        notice = await people.add_notice(session, account, event)
        if notice is None:
            continue
        for channel, address in ((Channel.EMAIL, contact.email), (Channel.SMS, contact.phone)):
            if address and chosen.get((account, topic.subject, channel), channel in topic.channels):
                text = _text(topic, event, role, contact, channel, public_url)
                await people.add_message(session, notice, channel, address, topic.title.in_(contact.language), text, now)


def _text(topic: Topic, event: Event, role: Role, contact: Contact, channel: Channel, public_url: str) -> str:
    """Return what is sent: a text message is one sentence; nothing of the firm but what its own notice says."""
    language: Language = contact.language
    said = rules.sentence(topic, event.payload, language)
    if channel is Channel.SMS:
        return f"【绿桥】{said}" if language == "zh" else f"[Greenbridge] {said}"
    link = public_url + rules.link(topic, event.payload, role)
    return "\n\n".join([said, link, f"{_REGARDS.in_(language)}\n{_CHANGE.in_(language)}{public_url}/notices/preferences"])


async def _to_endpoints(session: AsyncSession, event: Event, now: datetime) -> None:
    if event.topic in _NOT_OUTWARD:
        return
    for endpoint in await hooks.endpoints(session, event.organisation_id, lock=True):
        if endpoint.state in {EndpointState.ACTIVE, EndpointState.PAUSED} and rules.wants(endpoint.topics, event.topic):
            await hooks.add_delivery(session, endpoint, message(event), event.ordered_by, now)


def message(event: Event) -> dict[str, str]:
    """Return (message, topic, body) as it is sent, each time alike: {"type", "timestamp", "data"} (Standard Webhooks 1.0)."""
    return {
        "message": message_id(event.organisation_id, event.id),
        "topic": event.topic,
        "body": body(event.topic, event.at, event.payload),
    }


def message_id(organisation_id: UUID, event_id: int) -> str:
    """Return the receiver's key against doubles; how many events there were in all is nobody's business."""
    return f"msg_{uuid5(organisation_id, str(event_id)).hex}"


def body(topic: str, at: datetime, data: object) -> str:
    """Return a message's body."""
    told = {"type": topic, "timestamp": at.astimezone(UTC).isoformat().replace("+00:00", "Z"), "data": data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def known_topics() -> Sequence[str]:
    """Return the names of all topics."""
    return sorted(load_catalogue().topics)
