"""A borrower with a loan of the officer's bank, whose largest customer is enforced."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor, OrganisationKind, Role, StaffFunction
from greenbridge.answers import store as answer_store
from greenbridge.answers.values import AnswerStatus, Offer
from greenbridge.consents import service as consents
from greenbridge.consents.values import Narrowing, WorkStep
from greenbridge.enterprises.values import Enterprise
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.kit.codes import generated_uscc
from greenbridge.needs import service as needs
from tests.builders import PASSWORD, a_draft, a_registration, a_verified_firm, an_actor, deliver, steady_invoices, the_products

CUSTOMER, BEHIND = generated_uscc(71, "330502"), generated_uscc(72, "330502")
CUSTOMER_NAME, BEHIND_NAME = "湖州乙客户有限公司", "湖州丙客户有限公司"


@dataclass(frozen=True)
class Place:
    firm: Actor
    borrower: Enterprise
    watcher: Actor
    manager: Actor
    now: datetime

    async def agree(self, session, *steps, narrowing: Narrowing | None = None):
        to = (self.borrower.id, self.watcher.organisation.id, steps or (WorkStep.POST_LOAN,), facts.described(), self.now)
        return await consents.grant(session, *to, told_by=None, narrowing=narrowing, basis="")


async def an_officer(session, now, function, code="GB01") -> Actor:
    bank = await accounts.organisation(session, OrganisationKind.BANK, code, f"机构{code}")
    login = f"{function.value}-{code}".lower().replace("_", "-")
    return await accounts.open_account(session, None, login, PASSWORD, Role.OFFICER, bank, now, function)


def invoices(uscc):
    """Of ten equal customers six are one firm, known by its code, and one a firm known by its name."""
    rows = steady_invoices(uscc)
    for row in rows:
        place = row["counterparty_id"].removeprefix("output")
        if row["direction"] == "output" and place.isdecimal():
            row["counterparty_id"] = CUSTOMER if int(place) < 6 else BEHIND_NAME if int(place) == 6 else f"K{place}"
    return rows


@pytest.fixture
async def place(session, now) -> Place:
    await the_products(session, now)
    firm, borrower = await a_verified_firm(session, now, 1)
    for uscc, name in ((CUSTOMER, CUSTOMER_NAME), (BEHIND, BEHIND_NAME)):
        await deliver(session, now, items.REGISTRATION, a_registration(uscc=uscc, name=name))
    await deliver(session, now, items.VAT_INVOICES, *invoices(borrower.uscc))
    enforced = {"uscc": CUSTOMER, "case_no": "（2026）执1号", "court": "法院", "amount": "1000000", "filed_on": "2026-01-20"}
    await deliver(session, now, items.ENFORCEMENT, enforced)
    watcher = await an_officer(session, now, StaffFunction.POST_LOAN_MANAGER)
    manager = await an_officer(session, now, StaffFunction.RELATIONSHIP_MANAGER)
    need = await needs.publish(session, firm, borrower.id, a_draft(), now)
    answer = await answer_store.add(session, need.id, watcher.organisation, watcher.account_id, 1, now, now.date())
    await answer_store.set_offer(session, answer.id, Offer("GB01-INV", 50_000_000, 450, 12, now.date() + timedelta(days=9)), "")
    await answer_store.change(session, answer.id, AnswerStatus.CHOSEN)
    return Place(firm, borrower, watcher, manager, now)


@pytest.fixture
def reads(session):
    async def count() -> int:
        return (await session.execute(text("select count(*) from data_read where kind = 'facts'"))).scalar_one()

    return count


__all__ = ["an_actor"]
