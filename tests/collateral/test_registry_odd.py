"""A mortgage stands for a bank that holds its pledge, and whatever the registry answers blocks no other order."""

import json
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from greenbridge.accounts.values import Role
from greenbridge.collateral import service
from greenbridge.collateral.gateway import FakeRegistry, HttpRegistry
from greenbridge.collateral.values import AssetKind, Outcome, PledgeState, RegistrationState
from greenbridge.kit import database
from greenbridge.kit.canonical import canonical
from greenbridge.kit.errors import Conflict
from greenbridge.kit.exchange import Key
from greenbridge.kit.keyring import KeyRing
from tests.builders import an_actor
from tests.collateral.assets import CERTIFICATE, YUAN, pledged
from tests.collateral.test_registrations import FAST, drafted, exchanged, found

R, S = RegistrationState, PledgeState


async def test_a_pledge_that_was_released_or_handed_over_is_not_registered(session, now, box, officers, mortgage):
    one, two, _ = officers
    registration = await drafted(session, officers, box, mortgage, now)
    moved = await service.hand_over(session, one, box, mortgage.id, two.organisation.id, now)
    taken = await service.accept(session, two, box, moved.id, now)
    assert taken.state is S.ACTIVE
    with pytest.raises(Conflict, match="does not stand"):
        await service.submit(session, one, registration.id, now)
    other = await service.draft(session, two, box, taken.id, now)
    await service.release(session, two, box, taken.id, now)
    with pytest.raises(Conflict, match="does not stand"):
        await service.submit(session, two, other.id, now)


async def test_a_bank_may_not_submit_what_it_released_under_its_own_role(session, sessions, now, box, officers, mortgage):
    """As a request does it: a row that is closed is not there for the lock of the bank's role."""
    registration = await drafted(session, officers, box, mortgage, now)
    await service.release(session, officers[0], box, mortgage.id, now)
    await session.commit()
    async with sessions.begin() as confined:
        database.confine(confined, officers[0], now)
        with pytest.raises(Conflict, match="does not stand"):
            await service.submit(confined, officers[0], registration.id, now)


async def test_a_transfer_is_not_accepted_once_the_mortgage_is_on_its_way(session, now, box, officers, mortgage):
    one, two, _ = officers
    registration = await drafted(session, officers, box, mortgage, now)
    moved = await service.hand_over(session, one, box, mortgage.id, two.organisation.id, now)
    await service.submit(session, one, registration.id, now)
    with pytest.raises(Conflict, match="on the register"):
        async with session.begin_nested():
            await service.accept(session, two, box, moved.id, now)
    assert (await service.one(session, one, box, mortgage.id, now)).pledge.state is S.ACTIVE


async def test_a_pledge_stays_while_its_mortgage_is_registered_and_that_is_told_once(
    session, sessions, now, clock, box, firm, officers, mortgage
):
    one, two, _ = officers
    registration = await drafted(session, officers, box, mortgage, now)
    await service.submit(session, one, registration.id, now)
    await session.commit()
    fake = FakeRegistry(now)
    await exchanged(sessions, fake, clock)
    late = now + timedelta(days=901)
    # Another bank's acceptance, and the nightly job: neither ends it.
    terms = {"kind": AssetKind.REAL_ESTATE, "amount_fen": 600 * YUAN, "expires_on": late.date() + timedelta(days=100)}
    assert (await pledged(session, firm, two, box, late, **terms)).state is S.REFUSED
    for day in (0, 1):
        assert await service.end_overdue(session, late + timedelta(days=day)) == 0
    assert (await service.one(session, one, box, mortgage.id, late)).pledge.state is S.ACTIVE
    told = await session.scalars(text("select payload->>'number' from outbox_event where topic = 'pledge.overdue'"))
    assert list(told) == [mortgage.number]
    await session.execute(text("update registry_order set made_at = made_at"))
    clock.instant = late
    await service.request_cancellation(session, one, registration.id, late)
    await session.commit()
    await exchanged(sessions, fake, clock)
    assert await service.end_overdue(session, clock.now()) == 1
    session.expire_all()
    assert (await service.one(session, one, box, mortgage.id, late)).pledge.state is S.EXPIRED


def a_gateway(tmp_path, handler, now):
    ring = KeyRing(tmp_path / "register")
    client = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    document = ring.public_document(now)
    return ring, HttpRegistry("http://register.test", document, Key(Ed25519PrivateKey.generate()), client=client, retries=FAST)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (400, R.REJECTED),
        (409, R.REJECTED),
        (422, R.REJECTED),
        (401, R.SUBMITTED),
        (403, R.SUBMITTED),
        (429, R.SUBMITTED),
        (503, R.SUBMITTED),
    ],
)
async def test_an_application_that_is_not_taken_in_is_rejected_and_the_pledge_is_free(
    session, sessions, now, clock, box, officers, mortgage, tmp_path, status, state
):
    _, gateway = a_gateway(tmp_path, lambda _: httpx.Response(status, text="单元号不符"), now)
    one = await drafted(session, officers, box, mortgage, now)
    await service.submit(session, officers[0], one.id, now)
    await session.commit()
    await exchanged(sessions, gateway, clock, 1)
    ended = await found(session, officers, one)
    assert ended.state is state
    if state is R.REJECTED:
        assert "单元号不符" in ended.reasons[0]
        assert ended.receipts == ()
        assert (await service.draft(session, officers[0], box, mortgage.id, now)).state is R.DRAFT
        topics = await session.execute(text("select topic, count(*) from outbox_event where topic like 'mortgage.%' group by topic"))
        assert dict(topics.all()) == {"mortgage.reject": 2}
        operator = await an_actor(session, now, Role.OPERATOR, "platform")
        assert (await service.overview(session, operator, now)).waiting == ()


@pytest.mark.parametrize(
    "wrong",
    [{"number": 17}, {"number": ["x"]}, {"number": "x" * 10_000}, {"number": None}, {"facts": {"rank": "1"}}, {"facts": {"rank": 2**40}},
     {"facts": {"rank": True}}, {"facts": [1]}, {"reasons": [1]}, {"reasons": 5}, {"number": "a\x00b"}, {"at": 5}, {"at": "2026-03-10T00:00:00"}],
)  # fmt: skip
async def test_a_signed_answer_that_is_not_as_agreed_is_a_problem_and_the_next_order_goes_on(
    session, sessions, now, clock, box, officers, mortgage, tmp_path, wrong
):
    orders = {}

    def handler(request):
        if request.method == "POST":
            order = json.loads(request.content)
            orders[order["request_id"]] = order
            return httpx.Response(202, json={"reference": f"R{len(orders)}", "received_at": now.isoformat()})
        request_id = request.url.path.rsplit("/", 1)[1]
        payload = {
            "request_id": request_id,
            "reference": "R1",
            "granted": True,
            "at": now.isoformat(),
            "number": "N1",
            "reasons": [],
            "facts": {"rank": 1},
            **wrong,
        }
        kid, alg, value = ring.sign(canonical(payload), now)
        return httpx.Response(
            200, json={"state": "done", "receipt": {"payload": payload, "signature": {"kid": kid, "alg": alg, "value": value}}}
        )

    ring, gateway = a_gateway(tmp_path, handler, now)
    one = await drafted(session, officers, box, mortgage, now)
    await service.submit(session, officers[0], one.id, now)
    await session.commit()
    await exchanged(sessions, gateway, clock, 2)
    assert (await found(session, officers, one)).state is R.ACCEPTED
    ((attempts, problem),) = await session.execute(text("select attempts, last_problem from registry_order"))
    assert (attempts, "不符合约定" in problem) == (1, True)


async def test_an_answer_that_the_books_cannot_hold_is_postponed_and_the_next_order_goes_on(
    session, sessions, now, clock, box, firm, officers, mortgage
):
    """The last line: whatever a gateway lets through."""

    class Odd(FakeRegistry):
        async def outcome(self, order):
            if order.body["certificate_no"] == CERTIFICATE:
                return Outcome(True, now, "N", (), {"rank": "no number"}, {"payload": "\x00"})
            raise RuntimeError("nobody foresaw this")

    one = await drafted(session, officers, box, mortgage, now)
    await service.submit(session, officers[0], one.id, now)
    await session.execute(
        text(
            "insert into registry_order select cast(:id as uuid), 'query', 'queued', enterprise_id, bank_id, null,"
            " '{\"certificate_no\": \"other\"}', made_at, made_by, 0, due_at, null, null, null, '' from registry_order"
        ),
        {"id": str(uuid4())},
    )
    await session.commit()
    await exchanged(sessions, Odd(now), clock, 2)
    rows = list(await session.execute(text("select state, attempts, last_problem from registry_order order by last_problem")))
    assert [(r.state, r.attempts) for r in rows] == [("acknowledged", 1)] * 2
    assert all("无法处理" in r.last_problem for r in rows)
