"""A person's inbox, and by which channels the person wants to be told."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.kit.errors import Invalid, NotFound
from greenbridge.kit.text import Language
from greenbridge.notices import rules
from greenbridge.notices.gateway import load_catalogue
from greenbridge.notices.store import people
from greenbridge.notices.values import Channel, Contact, Line, Notice, Topic, Wishes


def _line(actor: Actor, notice: Notice, language: Language) -> Line:
    topic = load_catalogue().topics.get(notice.topic)
    if topic is None:  # a topic of an earlier catalogue
        return Line(notice.id, notice.topic, notice.topic, "", "/notices", notice.at, notice.read_at is not None)
    said, link = rules.sentence(topic, notice.payload, language), rules.link(topic, notice.payload, actor.role)
    return Line(notice.id, notice.topic, topic.title.in_(language), said, link, notice.at, notice.read_at is not None)


async def inbox(session: AsyncSession, actor: Actor, language: Language, *, limit: int = 50, after: UUID | None = None) -> list[Line]:
    """Return the actor's notices, newest first; `after`: those behind that one."""
    return [_line(actor, notice, language) for notice in await people.inbox(session, actor.account_id, limit, after)]


async def unread(session: AsyncSession, actor: Actor) -> int:
    """Return how many of the actor's notices are new."""
    return await people.unread(session, actor.account_id)


async def open_notice(session: AsyncSession, actor: Actor, notice_id: UUID, now: datetime) -> Line:
    """Mark a notice of the actor as read and return it; raises NotFound."""
    found = await people.find_notice(session, actor.account_id, notice_id)
    if found is None:
        raise NotFound("no-notice", "没有这条消息。", "There is no such notice.")
    await people.set_read(session, actor.account_id, notice_id, now)
    return _line(actor, Notice(found.id, found.topic, found.payload, found.at, found.read_at or now), "zh")


async def read_all(session: AsyncSession, actor: Actor, now: datetime) -> int:
    """Mark all notices of the actor as read; return how many were new."""
    return await people.set_read(session, actor.account_id, None, now)


def _of_role(actor: Actor) -> list[Topic]:
    return [topic for topic in load_catalogue().topics.values() if actor.role in topic.roles]


async def wishes(session: AsyncSession, actor: Actor) -> Wishes:
    """Return the actor's choices; where none was made, what the topics themselves say."""
    chosen = await people.preferences(session, [actor.account_id])
    topics = _of_role(actor)
    subjects = {name: words for name, words in load_catalogue().subjects.items() if any(t.subject == name for t in topics)}
    wanted = {
        (name, channel): chosen.get((actor.account_id, name, channel), any(t.subject == name and channel in t.channels for t in topics))
        for name in subjects
        for channel in Channel
    }
    return Wishes(await people.contact(session, actor.account_id), subjects, wanted)


async def choose(session: AsyncSession, actor: Actor, contact: Contact, wanted: Mapping[tuple[str, Channel], bool]) -> None:
    """Keep where the actor is reached, and what by which channel. Raises Invalid by field."""
    if found := rules.contact_problems(contact):
        raise Invalid("wrong-contact", "请检查联系方式。", "Check where you are to be reached.", fields=found)
    known = (await wishes(session, actor)).wanted
    await people.reach(session, actor.account_id, contact)
    for (subject, channel), on in wanted.items():
        if (subject, channel) in known:
            await people.prefer(session, actor.account_id, subject, channel, wanted=on)
