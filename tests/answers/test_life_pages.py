"""The pages of a need's life, as a firm and an operator see them."""

from greenbridge.answers import service
from greenbridge.answers.values import Demand
from tests.builders import PASSWORD


async def page_of(client, login, path):
    form = await client.get("/sign-in")
    token = client.cookies.get("csrftoken")
    assert form.status_code == 200
    await client.post("/sign-in", data={"login": login, "password": PASSWORD, "_csrf_token": token})
    return await client.get(path)


async def test_the_timeline_tells_both_lives(client, session, now, model, town, officer_of):
    firm, _, publish = town
    need = await publish()
    officer = await officer_of()
    claimed = await service.claim(session, officer, need.id, model, now)
    await service.demand(session, officer, claimed.id, [Demand.SITE_VISIT], "", now)
    await session.commit()
    seen = await page_of(client, firm.login, f"/enterprise/needs/{need.id}/life")
    assert seen.status_code == 200, seen.text
    for words in ("发布需求", "受理需求", "约定上门走访", "企业补充材料", "苕溪商业银行"):
        assert words in seen.text
