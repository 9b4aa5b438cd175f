"""A published need of a firm that fits, and officers of banks."""

import pytest

from greenbridge.accounts.values import Role
from greenbridge.facts.rules import items
from greenbridge.needs import service as needs
from tests.builders import a_draft, a_verified_firm, an_actor, deliver, steady_invoices, the_products


@pytest.fixture
async def town(session, now):
    """The firm's actor, the firm, and how it publishes."""
    await the_products(session, now)
    actor, enterprise = await a_verified_firm(session, now)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
    await deliver(session, now, items.TAX_GRADE, {"uscc": enterprise.uscc, "year": 2024, "grade": "A", "published_on": "2025-04-25"})

    async def publish(**changes):
        profile = changes.pop("profile", "default")
        draft = a_draft(amount_fen=40_000_000, max_annual_rate_bp=900, **changes)
        return await needs.publish(session, actor, enterprise.id, draft, now, profile=profile)

    return actor, enterprise, publish


@pytest.fixture
async def officer_of(session, now):
    async def officer(bank="GB02", login=None):
        return await an_actor(session, now, Role.OFFICER, bank, login)

    return officer
