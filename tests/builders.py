"""Valid things by default; change one."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import ORGANISATION_OF_ROLE, Actor, Role
from greenbridge.catalog import service as catalog
from greenbridge.catalog.values import Bank, LoanProduct, Operator, Repayment, Rule
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise
from greenbridge.facts import service as facts
from greenbridge.facts.gateway import FakeGateway
from greenbridge.facts.rules import items
from greenbridge.facts.service import RegistrationFacts
from greenbridge.facts.values import MONTHLY, YEARLY, Batch, Series
from greenbridge.green import service as green
from greenbridge.green.store import cases as green_cases
from greenbridge.green.values import Event, State, Subject
from greenbridge.kit.calendar import add_months
from greenbridge.kit.codes import generated_uscc
from greenbridge.needs.values import GuaranteeMode, NeedDraft, Purpose
from greenbridge.schemes import service as schemes
from greenbridge.settings import home

PASSWORD = "a long enough password"
USCC = generated_uscc(1, "330502")
NAME = "湖州绿源竹制品有限公司"


def a_registration(**changes: Any) -> dict[str, Any]:
    return {"uscc": USCC, "name": NAME, "established": "2018-05-03", "reg_region_code": "330502", "state": "存续", **changes}


def an_invoice(**changes: Any) -> dict[str, Any]:
    return {
        "uscc": USCC,
        "direction": "output",
        "invoice_no": "00000001",
        "issue_date": "2026-01-15",
        "counterparty_id": "K1",
        "amount_net": "100.00",
        "tax": "13.00",
        "amount_gross": "113.00",
        "status": "valid",
        **changes,
    }


def steady_invoices(uscc: str = USCC, months: int = 30, net: int = 400_000, last: date = date(2026, 2, 1)) -> list[dict[str, Any]]:
    """Ten sales and five purchases a month up to `last`, ten customers, five suppliers."""
    amounts = {"amount_net": f"{net / 10:.2f}", "tax": f"{net / 10 * 0.13:.2f}", "amount_gross": f"{net / 10 * 1.13:.2f}"}
    return [
        an_invoice(
            uscc=uscc,
            direction=direction,
            invoice_no=f"{back + 1:04d}{i:04d}",
            issue_date=add_months(last, -back).replace(day=10).isoformat(),
            counterparty_id=f"{direction}{i}",
            **amounts,
        )
        for back in range(months)
        for direction, count in (("output", 10), ("input", 5))
        for i in range(count)
    ]


def a_draft(**changes: Any) -> NeedDraft:
    return replace(NeedDraft(100_000_000, 500, 12, Purpose.WORKING_CAPITAL, (GuaranteeMode.CREDIT,)), **changes)


def a_need_body(**changes: Any) -> dict[str, Any]:
    body = {
        "amount_fen": 100_000_000,
        "max_annual_rate_bp": 500,
        "term_months": 12,
        "purpose": "working_capital",
        "guarantee_modes": ["credit"],
    }
    return {**body, **changes}


def a_product(**changes: Any) -> LoanProduct:
    product = LoanProduct(
        code="TEST-1",
        version=1,
        name="试产品",
        name_en="Test product",
        bank=Bank("GB01", "试银行"),
        summary="",
        effective_from=date(2019, 1, 1),
        min_amount_fen=5_000_000,
        max_amount_fen=300_000_000,
        min_annual_rate_bp=400,
        max_annual_rate_bp=700,
        min_term_months=3,
        max_term_months=24,
        repayment=(Repayment.REVOLVING,),
        guarantee_modes=(GuaranteeMode.CREDIT,),
        collateral=(),
        purposes=(Purpose.WORKING_CAPITAL,),
        regions=("330500",),
        max_default_probability=0.2,
        decision_working_days=1,
        documents=(),
        entry_rules=(Rule("firm_age_months", Operator.AT_LEAST, 24),),
        cases=(),
    )
    return replace(product, **changes)


def a_series(n_firms: int = 1, seed: int = 1) -> Series:
    rng = np.random.default_rng(seed)
    monthly = {name: rng.uniform(0, 1e7, (n_firms, 36)) for name in MONTHLY}
    for array in monthly.values():
        array[:, :5] = np.nan
        array[rng.random(array.shape) < 0.1] = 0
    yearly = {name: rng.uniform(0, 1, (n_firms, 2)) for name in YEARLY}
    yearly["months_known"] = np.tile([5.0, 12.0, 12.0], (n_firms, 1))
    return Series(tuple(f"firm{i}" for i in range(n_firms)), date(2026, 2, 1), monthly, yearly)


async def deliver(session: AsyncSession, now: datetime, item: str, *rows: dict[str, Any]) -> Batch:
    gateway = FakeGateway(item, *rows)
    return await facts.receive(session, next(gateway.deliveries()), now)


async def an_actor(session: AsyncSession, now: datetime, role: Role, code: str = "GB01", login: str | None = None) -> Actor:
    if role is Role.ENTERPRISE:
        return await accounts.sign_up(session, login or f"u{uuid4().hex[:12]}", PASSWORD, now)
    organisation = await accounts.organisation(session, ORGANISATION_OF_ROLE[role], code, f"机构{code}")
    return await accounts.open_account(session, None, login or f"u{uuid4().hex[:12]}", PASSWORD, role, organisation, now)


async def a_verified_firm(session: AsyncSession, now: datetime, number: int = 1) -> tuple[Actor, Enterprise]:
    uscc, name = generated_uscc(number, "330502"), f"{NAME}{number}"
    await deliver(session, now, items.REGISTRATION, a_registration(uscc=uscc, name=name))
    actor = await an_actor(session, now, Role.ENTERPRISE)
    enterprise = await enterprises.register(session, actor, uscc, name, now)
    return actor, await enterprises.verify(session, actor, enterprise.id, RegistrationFacts(), now)


async def the_products(session: AsyncSession, now: datetime) -> None:
    await catalog.import_folder(session, home() / "products", now)


async def token(client: httpx.AsyncClient, login: str) -> dict[str, str]:
    answer = await client.post("/api/v1/tokens", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return {"authorization": f"Bearer {answer.json()['token']}"}


async def certified(session: AsyncSession, actor: Actor, firm: Enterprise, now: datetime, number: str, grade: str = "light") -> str:
    """Certify a firm for the year of `now`: rows as the flow writes them, for a grade would need evidence; return the case's number."""
    case = await green.open_case(session, actor, Subject.ENTERPRISE, now)
    rated = await green.submit(session, actor, schemes.book(), case.id, now, pledged=True)
    by = (now, actor.account_id, "", {})
    await green_cases.happen(session, case.id, 3, Event.REQUEST_REVIEW, State.IN_REVIEW, *by, None)
    await green_cases.happen(session, case.id, 4, Event.CONFIRM, State.PUBLISHED, *by, rated.id)
    about = {"case": case.id, "firm": firm.id, "rating": rated.id, "number": number, "grade": grade, "seed": "00" * 32, "now": now}
    await session.execute(
        text("""
        insert into green_certificate values (cast(:number as text), :case, :firm, 'enterprise', :rating, :grade, 55, 0.8, 's', 'v', 'reconstruction', null,
            '2026-01-01', '2026-12-31', '{"sections": []}', jsonb_build_object('hash', 'sha-256', 'number', cast(:number as text)), :seed, '{}', :now)
        """),
        about,
    )
    return case.number
