"""Fifty at once for three slots, each on a connection of its own."""

import asyncio
import json
import tomllib
from datetime import date, timedelta

import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import OrganisationKind, Role
from greenbridge.answers import service, store
from greenbridge.answers.values import DeclineReason, Offer
from greenbridge.catalog import service as catalog
from greenbridge.catalog.schemas import ProductFile
from greenbridge.facts.rules import items
from greenbridge.kit import database
from greenbridge.kit.errors import Conflict, NotFound, Problem
from greenbridge.matching import service as matching
from greenbridge.needs import service as needs
from greenbridge.needs.values import Mode, NeedStatus
from greenbridge.settings import home
from tests.builders import a_draft, a_verified_firm, an_actor, deliver, steady_invoices

BANKS, TWICE = 44, 6  # six banks come with two officers each: fifty claims


async def a_bank_with_a_product(session, now, number):
    """A bank that lists a copy of a shipped product under its own code."""
    code = f"ZB{number:02d}"
    document = tomllib.loads((home() / "products" / "gb02-inv.toml").read_text(encoding="utf-8"))
    document = json.loads(json.dumps({**document, "code": f"{code}-INV", "bank": code}, default=str))
    await accounts.organisation(session, OrganisationKind.BANK, code, f"第{number}银行")
    administrator = await an_actor(session, now, Role.BANK_ADMINISTRATOR, code)
    await catalog.list_product(session, administrator, ProductFile.model_validate(document), now)
    return [await an_actor(session, now, Role.OFFICER, code) for _ in range(2 if number < TWICE else 1)]


async def test_fifty_claims_at_once_for_three_slots(own_database, now, model):
    engine = create_async_engine(own_database, poolclass=NullPool)
    sessions = database.make_sessions(engine)
    async with sessions.begin() as session:
        officers = [officer for number in range(BANKS) for officer in await a_bank_with_a_product(session, now, number)]
        firm, enterprise = await a_verified_firm(session, now)
        await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
        need = await needs.publish(session, firm, enterprise.id, a_draft(amount_fen=40_000_000, max_annual_rate_bp=900), now)
        await matching.of_need(session, need, model, now)
    assert len(officers) == 50
    gate = asyncio.Event()

    async def one(officer):
        await gate.wait()
        try:
            async with sessions.begin() as session:
                database.confine(session, officer, now)  # as a request of its bank
                return await service.claim(session, officer, need.id, model, now)
        except Problem as problem:
            return problem

    racing = [asyncio.create_task(one(officer)) for officer in officers]
    gate.set()
    found = await asyncio.gather(*racing)
    async with sessions() as session:
        kept = await store.of_need(session, need.id)
    await engine.dispose()
    won = [answer for answer in found if not isinstance(answer, Problem)]
    lost = [problem for problem in found if isinstance(problem, Problem)]
    assert sorted(answer.slot for answer in won) == [1, 2, 3]
    assert {answer.id for answer in won} == {answer.id for answer in kept}
    assert len({answer.bank_id for answer in kept}) == 3
    assert len(lost) == 47
    assert all(isinstance(problem, Conflict) and problem.status == 409 for problem in lost)
    assert {problem.code for problem in lost} <= {"no-slot", "claimed-before"}
    assert "no-slot" in {problem.code for problem in lost}


async def test_a_bank_that_is_asked_finds_its_slot(session, now, model, town, officer_of):
    """Two claims and a request fill three slots: a fourth bank is told so, the asked one comes in."""
    firm, _, publish = town
    need = await publish()
    for bank in ("GB02", "GB03"):
        await service.claim(session, await officer_of(bank), need.id, model, now)
    await service.request(session, firm, need.id, "GB06-TAX", model, now)
    other = await officer_of("GB08")
    assert (await service.open_need(session, other, need.id, model, now)).slots_left == 0
    with pytest.raises(Conflict) as raised:
        await service.claim(session, other, need.id, model, now)
    assert raised.value.code == "no-slot"
    asked = await officer_of("GB06")
    assert (await service.open_need(session, asked, need.id, model, now)).slots_left == 1
    assert (await service.claim(session, asked, need.id, model, now)).slot == 3


async def test_who_refused_a_direct_need_does_not_come_in_later(session, now, model, town, officer_of):
    firm, _, publish = town
    need = await publish(mode=Mode.DIRECT)
    request = await service.request(session, firm, need.id, "GB02-INV", model, now)
    officer = await officer_of("GB02")
    await service.refuse(session, officer, request.id, [DeclineReason.NO_CAPACITY], now)
    with pytest.raises(NotFound):
        await service.open_need(session, officer, need.id, model, now)
    with pytest.raises(NotFound):
        await service.claim(session, officer, need.id, model, now)
    for day in range(25):
        await service.tick(session, need.id, model, now + timedelta(days=day))
    late = now + timedelta(days=25)
    assert (await needs.get(session, need.id)).status is NeedStatus.ESCALATED
    assert (await service.claim(session, officer, need.id, model, late)).slot == 1  # nobody took it: now it is welcome
    with pytest.raises(NotFound):
        await service.claim(session, await officer_of("GB99"), need.id, model, late)


async def test_a_need_that_is_opened_again_has_all_its_slots(session, now, model, town, officer_of):
    firm, _, publish = town
    need = await publish()
    officers = {bank: await officer_of(bank) for bank in ("GB02", "GB03", "GB04", "GB06", "GB08")}
    first = [await service.claim(session, officers[bank], need.id, model, now) for bank in ("GB02", "GB03", "GB04")]
    terms = Offer("GB02-INV", 40_000_000, 520, 12, date(2026, 3, 20))
    await service.offer(session, officers["GB02"], first[0].id, terms, "", now)
    await service.accept(session, firm, first[0].id, now)
    await service.decline(session, officers["GB02"], first[0].id, [DeclineReason.NO_CAPACITY], "", now)
    assert [(await store.find(session, a.id)).status.value for a in first] == ["declined", "not_chosen", "not_chosen"]
    seen = await service.open_need(session, officers["GB06"], need.id, model, now)
    assert seen.slots_left == 3
    assert [(await service.claim(session, officers[bank], need.id, model, now)).slot for bank in ("GB06", "GB08")] == [1, 2]
