"""Lists that are pushed: only firms that agreed are named, only banks that subscribed are told, once."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from greenbridge.accounts.values import Role
from greenbridge.kit import database
from greenbridge.kit.errors import Forbidden, NotFound
from greenbridge.schemes import gateway, service, store
from greenbridge.schemes.service import pushing
from greenbridge.schemes.service.book import Book
from tests.builders import a_verified_firm, an_actor
from tests.schemes.test_files import HARBOUR

# Old enough is good enough: a list of the place's own, that a firm from 2018 stands on.
LIST = """
format = "1.0"
code = "old-firms"
version = "T-1"
zh = "老企业名单"
en = "Old firms"
status = "adapted"
status_words = { zh = "试验", en = "test" }
issuer = { zh = "试验", en = "test" }
source = "test"
effective_from = 2020-01-01
total = 100
subject = { zh = "企业", en = "enterprise" }
unknown = { not_rated_under = 0.5, caps = [] }
dimension = [{ code = "D", zh = "年限", en = "Age", max = 100, source = "test" }]
indicator = [{ code = "A", zh = "年限", en = "Age", dimension = "D", max = 100, input = "firm_age_months", linear = [[0, 0], [60, 100]] }]
business_class = [{ code = "all", zh = "全部", en = "All" }]
grade = [
  { code = "listed", zh = "入选", en = "Listed", at_least = 70, words = { zh = "入选", en = "listed" }, tone = "good" },
  { code = "none", zh = "未入选", en = "Not listed", at_least = 0, words = { zh = "未入选", en = "not listed" }, tone = "look" },
]
cases = [{ name = "old", inputs = { firm_age_months = 60 }, grade = "listed", total = 100 }]
"""


@pytest.fixture
def book() -> Book:
    assert HARBOUR  # the same form of file
    return Book((gateway.load_text("list.toml", LIST),))


async def sent(session):
    rows = await session.execute(text("select organisation_id, payload from outbox_event where topic = 'list.sme_pushed' order by id"))
    return [(organisation, firm["event"], firm["name"]) for organisation, payload in rows for firm in payload["firms"]]


async def test_a_firm_that_agreed_is_pushed_once_to_the_banks_that_subscribed(session, now, book):
    actor, firm = await a_verified_firm(session, now, 41)
    await a_verified_firm(session, now, 42)  # did not agree
    bank = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB01")
    other = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB02")
    await pushing.subscribe(session, bank, book, "old-firms", now, wanted=True)
    assert (await pushing.push(session, book, now)).rated == 0
    await pushing.choose(session, actor, book, "old-firms", now, wanted=True)
    done = await pushing.push(session, book, now)
    assert (done.rated, done.entered, done.sent) == (1, 1, 1)
    assert await sent(session) == [(bank.organisation.id, "entered", firm.name)]
    again = await pushing.push(session, book, now)
    assert (again.entered, again.left, again.sent) == (0, 0, 0)
    (seen,) = await pushing.for_bank(session, bank, book, now)
    assert [e.uscc for e in seen.entries] == [firm.uscc]
    assert pushing.list_json(seen)["firms"][0]["points"] == seen.entries[0].points >= 70
    (unseen,) = await pushing.for_bank(session, other, book, now)
    assert (unseen.subscribed, unseen.entries) == (False, [])
    (own,) = await pushing.for_firm(session, actor, book, now)
    assert (own.member, own.entry.pushed) == (True, 1)
    await pushing.choose(session, actor, book, "old-firms", now, wanted=False)
    assert (await sent(session))[-1] == (bank.organisation.id, "left", firm.name)
    assert (await pushing.for_bank(session, bank, book, now))[0].entries == []


async def test_standing_points_are_those_of_tonight_and_a_new_subscriber_is_sent_the_list_once(session, now, book):
    actor, firm = await a_verified_firm(session, now, 46)
    await pushing.choose(session, actor, book, "old-firms", now, wanted=True)
    softer = LIST.replace("[60, 100]", "[120, 100]").replace('"T-1"', '"T-2"')
    softer = softer.replace('grade = "listed", total = 100 }]', 'grade = "none", total = 50 }]')
    await pushing.push(session, book, now)
    (first,) = await store.entries(session, "old-firms")
    await pushing.push(session, Book((gateway.load_text("list.toml", softer),)), now + timedelta(days=1))
    (second,) = await store.entries(session, "old-firms")
    assert (first.points, first.scheme_version, second.scheme_version) == (100, "T-1", "T-2")
    assert 70 <= second.points < 100
    assert second.entered_at == first.entered_at
    assert await sent(session) == []
    bank = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB01")
    await pushing.subscribe(session, bank, book, "old-firms", now, wanted=True)
    assert await sent(session) == [(bank.organisation.id, "entered", firm.name)]
    await pushing.push(session, book, now)
    await pushing.subscribe(session, bank, book, "old-firms", now, wanted=True)
    assert len(await sent(session)) == 1


async def test_who_may_not(session, sessions, now, book):
    actor, _ = await a_verified_firm(session, now, 43)
    officer = await an_actor(session, now, Role.OFFICER, "GB01")
    with pytest.raises(Forbidden):
        await pushing.subscribe(session, officer, book, "old-firms", now, wanted=True)
    with pytest.raises(NotFound):
        await pushing.choose(session, actor, book, "green-enterprise", now, wanted=True)


async def test_rows_of_a_list_are_closed_to_a_bank_that_did_not_subscribe(session, sessions, now, book):
    actor, _ = await a_verified_firm(session, now, 44)
    bank = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB01")
    other = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB02")
    await pushing.subscribe(session, bank, book, "old-firms", now, wanted=True)
    await pushing.choose(session, actor, book, "old-firms", now, wanted=True)
    await pushing.push(session, book, now)
    await session.commit()
    for caller, count in ((bank, 1), (other, 0), (actor, 1), (None, 0)):
        async with sessions.begin() as confined:
            database.confine(confined, caller, now)
            assert (await confined.execute(text("select count(*) from list_entry"))).scalar_one() == count


def test_the_shipped_list_is_the_cixi_one(now):
    assert [s.code for s in pushing.lists(service.book(), now)] == ["sme-cixi"]
