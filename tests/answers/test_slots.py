"""Fifty at once for three slots, each on a connection of its own."""

import asyncio
import json
import tomllib

from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import OrganisationKind, Role
from greenbridge.answers import service, store
from greenbridge.catalog import service as catalog
from greenbridge.catalog.schemas import ProductFile
from greenbridge.facts.rules import items
from greenbridge.kit import database
from greenbridge.kit.errors import Conflict, Problem
from greenbridge.matching import service as matching
from greenbridge.needs import service as needs
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
