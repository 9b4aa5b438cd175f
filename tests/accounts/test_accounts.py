from datetime import timedelta

import pytest

from greenbridge.accounts import rules, service
from greenbridge.accounts.values import Role
from greenbridge.kit.errors import Forbidden, Invalid, NotSignedIn
from tests.builders import PASSWORD, an_actor, token


def test_sign_up_problems_name_their_fields():
    assert rules.sign_up_problems("firm-1", "long enough pw") == ()
    assert {p.field for p in rules.sign_up_problems("a b", "short")} == {"login", "password"}


async def test_password_is_kept_as_argon2id_and_never_as_text(session, now):
    await service.sign_up(session, "firm-1", PASSWORD, now)
    kept = (await service.store.find_account(session, "firm-1"))[1]
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


async def test_a_taken_login_is_a_clear_problem_and_keeps_the_first(session, now):
    first = await service.sign_up(session, "firm-1", PASSWORD, now)
    with pytest.raises(Invalid) as caught:
        await service.sign_up(session, "firm-1", "another password", now)
    assert caught.value.fields[0].field == "login"
    assert (await service.sign_in(session, "firm-1", PASSWORD, "token", now))[1] == first


@pytest.mark.parametrize(("login", "password"), [("firm-1", "wrong password"), ("nobody", PASSWORD)])
async def test_wrong_credentials_get_one_and_the_same_answer(session, now, login, password):
    await service.sign_up(session, "firm-1", PASSWORD, now)
    with pytest.raises(NotSignedIn, match="log-in or the password is wrong"):
        await service.sign_in(session, login, password, "token", now)


async def test_a_token_ends(session, now):
    await service.sign_up(session, "firm-1", PASSWORD, now)
    secret, actor = await service.sign_in(session, "firm-1", PASSWORD, "token", now)
    assert await service.who(session, secret, "token", now) == actor
    assert await service.who(session, secret, "session", now) is None
    assert await service.who(session, secret, "token", now + timedelta(hours=9)) is None
    assert await service.forget_expired(session, now + timedelta(hours=9)) == 1


async def test_a_bank_administrator_opens_officers_of_its_own_bank_only(session, now):
    administrator = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB01")
    officer = await service.open_account(session, administrator, "officer-1", PASSWORD, Role.OFFICER, administrator.organisation, now)
    assert officer.organisation == administrator.organisation
    other = (await an_actor(session, now, Role.OFFICER, "GB02")).organisation
    with pytest.raises(Forbidden):
        await service.open_account(session, administrator, "officer-2", PASSWORD, Role.OFFICER, other, now)
    with pytest.raises(Forbidden):
        await service.open_account(session, administrator, "boss", PASSWORD, Role.OPERATOR, administrator.organisation, now)


async def test_a_bank_administrator_is_not_told_which_organisations_there_are(client, session, now):
    await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB01", "administrator")
    await an_actor(session, now, Role.OFFICER, "GB02")
    await session.commit()
    mine = await token(client, "administrator")
    body = {"login": "officer-2", "password": PASSWORD, "role": "officer"}
    answers = [
        await client.post("/api/v1/accounts", json={**body, "organisation_code": code}, headers=mine) for code in ("GB02", "GB99", "GB01")
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 201]
    assert answers[0].text == answers[1].text


async def test_api_sign_up_token_me_and_sign_out(client):
    answer = await client.post("/api/v1/accounts/sign-up", json={"login": "firm-1", "password": PASSWORD})
    assert (answer.status_code, answer.json()["role"]) == (201, "enterprise")
    mine = await token(client, "firm-1")
    assert (await client.get("/api/v1/accounts/me", headers=mine)).json()["login"] == "firm-1"
    assert (await client.delete("/api/v1/tokens/current", headers=mine)).status_code == 204
    answer = await client.get("/api/v1/accounts/me", headers=mine)
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_unknown_fields_are_refused_with_their_name(client):
    answer = await client.post("/api/v1/accounts/sign-up", json={"login": "firm-1", "password": PASSWORD, "role": "operator"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "role"


async def test_a_page_cookie_does_not_open_the_api(client, session, now):
    await service.sign_up(session, "firm-1", PASSWORD, now)
    secret, _ = await service.sign_in(session, "firm-1", PASSWORD, "session", now)
    await session.commit()
    assert (await client.get("/api/v1/accounts/me", headers={"cookie": f"gb_session={secret}"})).status_code == 401
