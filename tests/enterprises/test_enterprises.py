from uuid import uuid4

import pytest

from greenbridge.accounts.values import Role
from greenbridge.audit import service as audit
from greenbridge.enterprises import rules, service
from greenbridge.enterprises.gateway import FakeRegistry
from greenbridge.enterprises.values import EnterpriseStatus, RegistryRecord
from greenbridge.kit.codes import generated_uscc
from greenbridge.kit.errors import Conflict, Invalid, NotFound
from tests.builders import NAME, PASSWORD, USCC, a_registration, an_actor, deliver, token


def a_record(**changes):
    values = {"uscc": USCC, "name": NAME, "region_code": "330502", "state": "存续", "established_on": None, "batch_id": uuid4(), **changes}
    return RegistryRecord(**values)


def test_names_agree_across_full_width_forms():
    assert rules.mismatches(USCC, "绿桥（湖州）公司", a_record(name="绿桥(湖州) 公司")) == ()


def test_mismatch_names_its_field_and_does_not_tell_the_registered_name():
    (problem,) = rules.mismatches(USCC, "别的公司", a_record())
    assert problem.field == "name"
    assert NAME not in problem.message.zh


def test_a_deregistered_firm_is_not_verified():
    assert rules.mismatches(USCC, NAME, a_record(state="注销"))[0].field == "uscc"


async def test_register_then_verify(session, now):
    actor = await an_actor(session, now, Role.ENTERPRISE)
    enterprise = await service.register(session, actor, USCC.lower(), NAME, now)
    assert enterprise.status is EnterpriseStatus.REGISTERED
    await deliver(session, now, "registration.basic", a_registration())
    from greenbridge.facts.service import RegistrationFacts

    verified = await service.verify(session, actor, enterprise.id, RegistrationFacts(), now)
    assert verified.status is EnterpriseStatus.VERIFIED
    assert verified.region_code == "330502"
    assert [event.action for event, _ in await audit.store.events(session)][-2:] == ["enterprise.registered", "enterprise.verified"]


async def test_an_unknown_code_is_not_verified_and_the_registration_stays(session, now):
    actor = await an_actor(session, now, Role.ENTERPRISE)
    enterprise = await service.register(session, actor, USCC, NAME, now)
    with pytest.raises(Invalid) as caught:
        await service.verify(session, actor, enterprise.id, FakeRegistry(), now)
    assert caught.value.code == "not-verified"
    again = await service.register(session, actor, USCC, "改正后的名称", now)
    assert (again.id, again.name) == (enterprise.id, "改正后的名称")


async def test_a_verified_code_belongs_to_one_account_and_an_unverified_one_gives_way(session, now):
    squatter, owner, late = [await an_actor(session, now, Role.ENTERPRISE) for _ in range(3)]
    await service.register(session, squatter, USCC, NAME, now)
    enterprise = await service.register(session, owner, USCC, NAME, now)
    assert await service.mine(session, squatter) is None
    await service.verify(
        session,
        owner,
        enterprise.id,
        FakeRegistry(a_record(batch_id=(await deliver(session, now, "registration.basic", a_registration())).id)),
        now,
    )
    with pytest.raises(Conflict, match="registered on the platform"):
        await service.register(session, late, USCC, NAME, now)
    with pytest.raises(Conflict, match="registered a firm already"):
        await service.register(session, owner, generated_uscc(2, "330502"), NAME, now)


async def test_a_mistyped_code_can_be_put_right_before_the_check(session, now):
    actor = await an_actor(session, now, Role.ENTERPRISE)
    await service.register(session, actor, generated_uscc(2, "330502"), NAME, now)
    await service.register(session, actor, USCC, NAME, now)
    assert (await service.mine(session, actor)).uscc == USCC
    assert await service.count(session) == 1


async def test_another_firm_is_not_found(session, now):
    enterprise = await service.register(session, await an_actor(session, now, Role.ENTERPRISE), USCC, NAME, now)
    with pytest.raises(NotFound):
        await service.own(session, await an_actor(session, now, Role.ENTERPRISE), enterprise.id)


async def test_api_wrong_code_is_a_problem_beside_its_field_and_nothing_is_kept(client, session, now):
    await an_actor(session, now, Role.ENTERPRISE, login="firm-1")
    await session.commit()
    mine = await token(client, "firm-1")
    answer = await client.post("/api/v1/enterprises", json={"uscc": "91350100M000100Y44", "name": NAME}, headers=mine)
    assert answer.status_code == 422
    body = answer.json()
    assert body["type"] == "urn:greenbridge:problem:wrong-uscc"
    assert body["errors"][0]["field"] == "uscc"
    assert await service.count(session) == 0
    assert PASSWORD not in answer.text


@pytest.mark.parametrize("role", [Role.OFFICER, Role.BANK_ADMINISTRATOR, Role.OPERATOR])
async def test_api_other_roles_may_not_register(client, session, now, role):
    await an_actor(session, now, role, login="somebody")
    await session.commit()
    answer = await client.post("/api/v1/enterprises", json={"uscc": USCC, "name": NAME}, headers=await token(client, "somebody"))
    assert answer.status_code == 403
