"""People: inbox, choices, e-mail through a real server on loopback, text messages."""

import asyncio
import re
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import text

from greenbridge.accounts.values import Role
from greenbridge.kit import outbox
from greenbridge.notices import service
from greenbridge.notices.gateway import FakeMailer, FakeSms, NotSent, SmtpMailer
from greenbridge.notices.service import Outside
from greenbridge.notices.values import Channel
from tests.builders import PASSWORD, an_actor, token
from tests.clients.installations import free_port
from tests.clients.programs import a_program
from tests.notices.receivers import Wall, an_outside


@pytest.fixture
async def officer(session, now):
    actor = await an_actor(session, now, Role.OFFICER, "GB01", "officer")
    await an_actor(session, now, Role.OFFICER, "GB02", "stranger")
    await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB01", "administrator")
    await session.commit()
    return actor


async def tell(session, actor, topic, now, **payload):
    await outbox.publish(session, actor.organisation.id, topic, payload, now)
    await service.relay(session, "http://127.0.0.1:8000", now)
    await session.commit()


async def sent(sessions, outside):
    return await service.send_one(sessions, outside)


async def test_an_event_is_told_to_the_people_concerned_once(client, session, now, officer):
    await a_program(client, "administrator")  # a program is an account, and no person
    await tell(session, officer, "answer.chosen", now, need_id="6f", number="N1")
    await service.relay(session, "http://127.0.0.1:8000", now)
    own = await token(client, "officer")
    (notice,) = (await client.get("/api/v1/notices", headers={**own, "accept-language": "en"})).json()["items"]
    assert notice["sentence"] == "A firm accepted your offer for need N1; arrange approval and contract."
    assert (notice["link"], notice["read"]) == ("/officer/needs/6f", False)
    for login in ("stranger", "administrator"):
        assert (await client.get("/api/v1/notices", headers=await token(client, login))).json()["items"] == []
    assert (await session.execute(text("select count(*) from notice"))).scalar_one() == 1
    assert (await client.get("/api/v1/notices/unread", headers=own)).json() == {"unread": 1}
    await client.post("/api/v1/notices/read", headers=own)
    assert (await client.get("/api/v1/notices/unread", headers=own)).json() == {"unread": 0}


async def test_what_is_not_filled_is_said_without_it(client, session, now, officer):
    await tell(session, officer, "answer.reminded", now)
    await tell(session, officer, "a.topic_of_tomorrow", now)  # nobody is told, nothing breaks
    own = await token(client, "officer")
    (notice,) = (await client.get("/api/v1/notices", headers={**own, "accept-language": "zh"})).json()["items"]
    assert notice["sentence"] == "一条需求的办理期限过半，请及时处理。"


class Mailbox:
    def __init__(self):
        self.mails, self.refuse = [], ""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(envelope.content.decode())
        return "250 taken"


async def test_e_mail_goes_by_smtp_in_the_persons_language_to_those_who_want_it(client, session, sessions, now, officer):
    wishes = await service.wishes(session, officer)
    assert wishes.wanted["answers", Channel.EMAIL]
    contact = type(wishes.contact)("officer@bank.example", "13800000000", "en")
    await service.choose(session, officer, contact, {("answers", Channel.SMS): False, ("deadlines", Channel.EMAIL): False})
    await session.commit()
    await tell(session, officer, "answer.chosen", now, need_id="6f", number="N1")
    await tell(session, officer, "answer.reminded", now)  # deadlines: not by e-mail
    mailbox = Mailbox()
    server = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        port = server.server.sockets[0].getsockname()[1]
        sms = FakeSms()
        mailer = SmtpMailer(f"smtp://127.0.0.1:{port}", "platform@greenbridge.example", seconds=5)
        base = an_outside("x")
        outside = Outside(base.reach, base.sealed, mailer, sms, Wall(), "http://127.0.0.1:8000")
        assert await sent(sessions, outside)
        assert not await sent(sessions, outside)
    finally:
        await asyncio.to_thread(server.stop)
    (mail,) = mailbox.mails
    assert re.search(r"^To: officer@bank.example", mail, re.MULTILINE)
    assert re.search(r"^Subject: A firm accepted your offer", mail, re.MULTILINE)
    assert "http://127.0.0.1:8000/officer/needs/6f" in mail.replace("=\r\n", "")
    assert re.search(r"^Message-ID: <notice-\d+@greenbridge.example>", mail, re.MULTILINE)
    assert not sms.sent


async def test_a_server_that_is_down_is_tried_again_and_a_refused_address_is_not(session, sessions, now, officer):
    contact = type((await service.wishes(session, officer)).contact)("officer@bank.example", "", "zh")
    await service.choose(session, officer, contact, {})
    await session.commit()
    await tell(session, officer, "answer.chosen", now)

    class Failing(FakeMailer):
        final = False

        async def send(self, *_):
            raise NotSent("no", final=self.final)

    wall, mailer, base = Wall(), Failing(), an_outside("x")
    outside = Outside(base.reach, base.sealed, mailer, FakeSms(), wall, "")
    assert await sent(sessions, outside)
    assert not await sent(sessions, outside)
    wall.ahead = timedelta(seconds=10)
    mailer.final = True
    assert await sent(sessions, outside)
    assert list((await session.execute(text("select state, attempts from notice_message"))).one()) == ["dead", 2]


async def test_text_messages_are_one_sentence(session, sessions, now, officer):
    contact = type((await service.wishes(session, officer)).contact)("", "13800000000", "zh")
    await service.choose(session, officer, contact, {})
    await session.commit()
    await tell(session, officer, "answer.chosen", now, number="N1")
    outside = an_outside("x")
    assert await sent(sessions, outside)
    ((address, said, _),) = outside.sms.sent
    assert (address, said) == ("13800000000", "【绿桥】企业接受了贵行对需求 N1 的报价，请安排审批与签约。")


async def signed_in(client, login):
    form = await client.get("/sign-in")
    csrf = re.search(r'name="_csrf_token" value="([^"]+)"', form.text)[1]
    await client.post("/sign-in", data={"login": login, "password": PASSWORD, "_csrf_token": csrf})
    return csrf


async def test_the_inbox_page_opens_a_notice_where_it_leads(client, session, now, officer):
    await tell(session, officer, "answer.chosen", now, need_id="6f", number="N1")
    csrf = await signed_in(client, "officer")
    shown = await client.get("/notices?lang=zh")
    assert "1 条未读" in shown.text
    assert (await client.get("/notices/unread")).json() == {"unread": 1}
    link = re.search(r'action="(/notices/[0-9a-f-]{36})"', shown.text)[1]
    opened = await client.post(link, data={"_csrf_token": csrf})
    assert (opened.status_code, opened.headers["location"]) == (303, "/officer/needs/6f")
    assert "没有未读消息" in (await client.get("/notices?lang=zh")).text


async def test_a_wrong_address_is_said_beside_its_field_and_choices_are_kept(client, session, officer):
    csrf = await signed_in(client, "officer")
    form = {"email": "not an address", "answers.email": "on", "_csrf_token": csrf}
    wrong = await client.post("/notices/preferences", data=form)
    assert (wrong.status_code, "请填写完整的邮箱地址" in wrong.text, "not an address" in wrong.text) == (422, True, True)
    right = await client.post("/notices/preferences", data={**form, "email": "a@b.example"})
    assert right.status_code == 303
    shown = (await client.get("/notices/preferences?saved=true")).text
    assert "已保存" in shown
    assert re.search(r'name="answers.email" checked', shown)
    assert not re.search(r'name="deadlines.email" checked', shown)


async def test_the_administrators_page_registers_rotates_and_shows_a_problem_beside_its_field(client, session, officer):
    import json

    from tests.clients.programs import a_key, public

    csrf = await signed_in(client, "administrator")
    wrong = await client.post("/bank/api/clients", data={"name": "核心系统", "scopes": "needs:read", "jwks": "{", "_csrf_token": csrf})
    assert (wrong.status_code, "公钥集应为 JSON 对象" in wrong.text) == (422, True)
    keys = json.dumps({"keys": [public(a_key())]})
    form = {"name": "核心系统", "scopes": ["needs:read", "answers:write"], "jwks": keys, "_csrf_token": csrf}
    made = await client.post("/bank/api/clients", data=form)
    assert "程序已登记" in made.text
    hook = await client.post("/bank/api/webhooks", data={"url": "http://127.0.0.1:9/x", "topics": "*", "_csrf_token": csrf})
    assert "whsec_" in hook.text
    shown = await client.get("/bank/api")
    assert "whsec_" not in shown.text
    endpoint = re.search(r'action="(/bank/api/webhooks/[0-9a-f-]{36})/test"', shown.text)[1]
    assert "whsec_" in (await client.post(f"{endpoint}/rotation", data={"_csrf_token": csrf})).text
    for act in ("pause", "resumption", "test", "removal"):
        assert (await client.post(f"{endpoint}/{act}", data={"_csrf_token": csrf})).status_code == 303
    assert "http://127.0.0.1:9/x" not in (await client.get("/bank/api")).text.split("投递记录")[0]
    inside = await client.post("/bank/api/webhooks", data={"url": "https://10.0.0.1/", "topics": "*", "_csrf_token": csrf})
    assert (inside.status_code, "不能使用内网" in inside.text) == (422, True)
