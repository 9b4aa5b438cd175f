import pytest

from greenbridge.accounts.values import Role
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.errors import Conflict, Invalid, NotFound
from greenbridge.needs import rules, service
from greenbridge.needs.values import Collateral, GuaranteeMode, NeedStatus
from tests.builders import NAME, USCC, a_draft, a_need_body, a_verified_firm, an_actor, token


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount_fen": -1}, "amount_fen"),
        ({"amount_fen": 0}, "amount_fen"),
        ({"amount_fen": 10**12}, "amount_fen"),
        ({"max_annual_rate_bp": 0}, "max_annual_rate_bp"),
        ({"max_annual_rate_bp": 2401}, "max_annual_rate_bp"),
        ({"term_months": 0}, "term_months"),
        ({"guarantee_modes": ()}, "guarantee_modes"),
        ({"guarantee_modes": (GuaranteeMode.MORTGAGE,)}, "collateral"),
    ],
)
def test_each_wrong_field_is_named(change, field):
    assert [p.field for p in rules.problems(a_draft(**change))] == [field]


def test_a_good_need_has_no_problems():
    assert rules.problems(a_draft()) == ()
    assert rules.problems(a_draft(guarantee_modes=(GuaranteeMode.MORTGAGE,), collateral=(Collateral.REAL_ESTATE,))) == ()


async def test_an_unverified_firm_may_not_publish(session, now):
    actor = await an_actor(session, now, Role.ENTERPRISE)
    enterprise = await enterprises.register(session, actor, USCC, NAME, now)
    with pytest.raises(Conflict, match="not verified"):
        await service.publish(session, actor, enterprise.id, a_draft(), now)
    assert await service.totals(session) == (0, 0)


async def test_publish_withdraw_and_never_again(session, now):
    actor, enterprise = await a_verified_firm(session, now)
    need = await service.publish(session, actor, enterprise.id, a_draft(), now)
    assert need.number.startswith("N260310")
    assert (await service.withdraw(session, actor, need.id, now)).status is NeedStatus.WITHDRAWN
    with pytest.raises(Conflict):
        await service.withdraw(session, actor, need.id, now)


async def test_another_firms_need_is_not_found(session, now):
    actor, enterprise = await a_verified_firm(session, now, 1)
    other, _ = await a_verified_firm(session, now, 2)
    need = await service.publish(session, actor, enterprise.id, a_draft(), now)
    with pytest.raises(NotFound):
        await service.own(session, other, need.id)
    with pytest.raises(NotFound):
        await service.publish(session, other, enterprise.id, a_draft(), now)


@pytest.fixture
async def firm(client, session, now):
    actor, enterprise = await a_verified_firm(session, now)
    await session.commit()
    return f"/api/v1/enterprises/{enterprise.id}/needs", await token(client, actor.login), session


async def test_api_a_negative_amount_is_a_problem_beside_its_field_and_nothing_is_kept(client, firm):
    path, mine, session = firm
    answer = await client.post(path, json=a_need_body(amount_fen=-5), headers=mine)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert [e["field"] for e in answer.json()["errors"]] == ["amount_fen"]
    assert await service.totals(session) == (0, 0)


async def test_api_the_same_key_publishes_once_and_another_body_is_refused(client, firm):
    path, mine, session = firm
    headers = {**mine, "Idempotency-Key": "abc"}
    first = await client.post(path, json=a_need_body(), headers=headers)
    again = await client.post(path, json=a_need_body(), headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = await client.post(path, json=a_need_body(term_months=24), headers=headers)
    assert other.status_code == 422
    assert other.json()["type"].endswith("idempotency-key-reused")
    assert (await service.totals(session))[0] == 1


async def test_api_a_refused_need_leaves_its_key_free(client, firm):
    path, mine, _ = firm
    headers = {**mine, "Idempotency-Key": "abc"}
    assert (await client.post(path, json=a_need_body(amount_fen=-5), headers=headers)).status_code == 422
    assert (await client.post(path, json=a_need_body(), headers=headers)).status_code == 201


@pytest.mark.parametrize("change", [{"amount_fen": "many"}, {"purpose": "gambling"}, {"colour": "green"}, {"amount_fen": None}])
async def test_api_what_does_not_fit_the_schema_is_refused(client, firm, change):
    path, mine, _ = firm
    answer = await client.post(path, json=a_need_body(**change), headers=mine)
    assert answer.status_code == 400
    assert next(iter(change)) in str(answer.json()["errors"])


@pytest.mark.parametrize("role", [Role.OFFICER, Role.BANK_ADMINISTRATOR, Role.OPERATOR])
async def test_api_other_roles_may_not_publish(client, session, now, firm, role):
    await an_actor(session, now, role, login="somebody")
    await session.commit()
    assert (await client.post(firm[0], json=a_need_body(), headers=await token(client, "somebody"))).status_code == 403


async def test_an_invalid_draft_raises_before_anything_is_written(session, now):
    actor, enterprise = await a_verified_firm(session, now)
    with pytest.raises(Invalid):
        await service.publish(session, actor, enterprise.id, a_draft(amount_fen=-1), now)
