"""Pages lose no line and repeat none, also of lines of one instant."""

import pytest
from sqlalchemy import text

from greenbridge.accounts.values import Role
from greenbridge.kit import outbox
from greenbridge.notices import service as notices
from tests.builders import an_actor, the_products, token
from tests.clients.programs import a_program


@pytest.fixture
async def bank(client, session, now):
    actor = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB01", "it-gb01")
    await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB02", "it-gb02")
    await the_products(session, now)
    for number in range(7):  # all of one instant
        await outbox.publish(session, actor.organisation.id, "answer.rated", {"stars": number}, now)
    await notices.relay(session, "", now)
    await session.commit()
    for _ in range(5):
        await a_program(client, "it-gb01")
    await session.execute(text("update api_client set created_at = :now"), {"now": now})
    await session.commit()
    return await token(client, "it-gb01")


async def turned(client, path, headers, limit):
    """Return the items of all pages, and how many pages there were."""
    items, cursor, pages = [], None, 0
    while pages < 50:
        query = f"?limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        answer = await client.get(path + query, headers=headers)
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        cursor, pages = answer.json()["next_cursor"], pages + 1
        if cursor is None:
            break
    return items, pages


@pytest.mark.parametrize(
    ("path", "key", "count"), [("/api/v1/notices", "id", 7), ("/api/v1/clients", "client_id", 5), ("/api/v1/products", "code", None)]
)
async def test_pages_hold_every_line_once(client, bank, path, key, count):
    whole, _ = await turned(client, path, bank, 200)
    assert len(whole) == (count or len(whole)) > 1
    for limit in (1, 3, len(whole)):
        found, pages = await turned(client, path, bank, limit)
        assert [one[key] for one in found] == [one[key] for one in whole]
        assert pages == -(-len(whole) // limit)


async def test_a_cursor_of_another_list_is_refused(client, bank):
    (first, *_), _ = await turned(client, "/api/v1/clients", bank, 200)
    for path in ("/api/v1/notices", "/api/v1/clients"):
        answer = await client.get(f"{path}?cursor={first['client_id']}", headers=await token(client, "it-gb02"))
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:greenbridge:problem:wrong-cursor")


async def test_the_inbox_page_goes_on_where_it_ended(client, bank, session, now):
    from tests.notices.test_inbox import signed_in

    await session.execute(
        text(
            "insert into notice (id, account_id, event_id, topic, payload, at)"
            " select gen_random_uuid(), account_id, 1000 + n, topic, payload, at from notice, generate_series(1, 30) n where event_id ="
            " (select min(event_id) from notice)"
        )
    )
    await session.commit()
    await signed_in(client, "it-gb01")
    first = (await client.get("/notices")).text
    more = first.split('href="/notices?after=')[1].split('"')[0]
    second = (await client.get(f"/notices?after={more}")).text
    count = 'action="/notices/'
    assert first.count(count) + second.count(count) - 2 * first.count('action="/notices/read') >= 36
