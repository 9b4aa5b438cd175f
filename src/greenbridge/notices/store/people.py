"""SQL of people: whom an event is told, their inboxes, choices and messages."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Role
from greenbridge.kit import database
from greenbridge.kit.paging import wrong_cursor
from greenbridge.notices.values import Channel, Contact, Event, Message, MessageState, Notice

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


_TAKE_MESSAGE = """
    update notice_message set next_at = %(until)s where id = (
        select id from notice_message where state = 'pending' and next_at <= %(now)s order by next_at, id limit 1 for update skip locked)
    returning id, channel, address, subject, text, attempts
"""


async def take_message(session: AsyncSession, now: datetime, lease: timedelta) -> Message | None:
    """Take a message that is to be sent, for as long as the lease: others leave it alone until then."""
    found = await database.rows(session, _TAKE_MESSAGE, {"now": now, "until": now + lease})
    return Message(found[0][0], Channel(found[0][1]), *found[0][2:]) if found else None


async def end_message(session: AsyncSession, message_id: int, state: MessageState, next_at: datetime, problem: str) -> None:
    """Record what became of an attempt, unless another worker sent the message meanwhile: the lease was over."""
    statement = """
        update notice_message set state = %(state)s, attempts = attempts + 1, next_at = %(next)s, problem = %(problem)s
        where id = %(id)s and state = 'pending'
    """
    await database.rows(session, statement, {"id": message_id, "state": state.value, "next": next_at, "problem": problem[:300]})


_INBOX = """
    select id, topic, payload, at, read_at from notice
    where account_id = %(account)s and (%(after)s::uuid is null
        or (at, event_id) < (select m.at, m.event_id from notice m where m.id = %(after)s and m.account_id = %(account)s))
    order by at desc, event_id desc limit %(limit)s
"""


async def inbox(session: AsyncSession, account_id: UUID, limit: int, after: UUID | None) -> list[Notice]:
    """Return a person's notices, newest first, those behind one. Raises Invalid for one that is not this person's."""
    if after is not None and await find_notice(session, account_id, after) is None:
        raise wrong_cursor()
    found = await database.rows(session, _INBOX, {"account": account_id, "after": after, "limit": limit})
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
