from datetime import timedelta

import pytest

from greenbridge.accounts.values import Role
from greenbridge.monitoring import service
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import current_version
from tests.builders import PASSWORD, an_actor
from tests.monitoring.conftest import CUSTOMER_NAME
from tests.monitoring.test_monitoring_service import CARDS, measured


async def signed_in(client, login):
    form = await client.get("/sign-in")
    token = form.text.split('name="_csrf_token" value="')[1].split('"')[0]
    answer = await client.post("/sign-in", data={"login": login, "password": PASSWORD, "_csrf_token": token})
    assert answer.status_code == 303, answer.text
    return client


@pytest.fixture
async def known(session, place, now, model):
    await place.agree(session)
    await measured(session, now)
    await scoring.score(session, [place.borrower], model, now.date() - timedelta(days=100), now)
    await scoring.score(session, [place.borrower], model, now.date(), now)
    await session.commit()
    return place


async def test_the_watch_list_names_the_borrower_and_the_public_record(client, known):
    page = await (await signed_in(client, known.watcher.login)).get("/officer/watch-list")
    assert page.status_code == 200
    for words in (known.borrower.name, CUSTOMER_NAME, "自 2026-01 起被强制执行", "变差", "<svg"):
        assert words in page.text
    english = await client.get("/officer/watch-list?lang=en")
    assert "Which borrowers got worse, and why" in english.text
    assert "enforced since 2026-01" in english.text


async def test_a_wrong_day_is_said_beside_its_field_and_reads_nobody(client, known, reads):
    page = await (await signed_in(client, known.watcher.login)).get("/officer/watch-list?since=yesterday")
    assert page.status_code == 422
    assert 'id="since-wrong"' in page.text
    assert 'value="yesterday"' in page.text
    assert known.borrower.name not in page.text
    assert await reads() == 0


async def test_a_relationship_manager_is_told_why_contagion_is_not_shown(client, known):
    page = await (await signed_in(client, known.manager.login)).get("/officer/watch-list")
    assert CUSTOMER_NAME not in page.text
    assert "本环节不可查阅" in page.text


async def test_the_reads_of_a_day_end_and_the_page_says_so(client, known):
    client = await signed_in(client, known.watcher.login)
    for _ in range(10):
        assert known.borrower.uscc in (await client.get("/officer/watch-list")).text
    page = await client.get("/officer/watch-list")
    assert page.status_code == 200
    assert known.borrower.uscc not in page.text
    assert "今日 10 次查阅已用完" in page.text


async def test_a_bank_without_loans_is_told_what_to_do(client, session, now):
    officer = await an_actor(session, now, Role.OFFICER, "GB05")
    await session.commit()
    page = await (await signed_in(client, officer.login)).get("/officer/watch-list")
    assert "贵行还没有已接受报价的企业" in page.text


async def test_the_model_page_shows_the_check_in_both_languages(client, session, known, now):
    operator = await an_actor(session, now, Role.OPERATOR, "platform")
    await session.commit()
    client = await signed_in(client, operator.login)
    assert "还没有检查" in (await client.get("/operator/model")).text
    await service.score_all(session, CARDS, None, now)
    await service.check(session, CARDS, None, now)
    await session.commit()
    page = await client.get("/operator/model")
    assert page.status_code == 200
    for words in (current_version(CARDS), "训练样本", "不算好", "不做拒绝推断", "样本不足"):
        assert words in page.text
    english = (await client.get("/operator/model?lang=en")).text
    assert "Reject inference is not done" in english or "no reject inference" in english


@pytest.mark.parametrize("path", ["/officer/watch-list", "/operator/model"])
async def test_a_firm_sees_neither_page(client, session, place, path):
    await session.commit()
    page = await (await signed_in(client, place.firm.login)).get(path)
    assert page.status_code == 403
