import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbridge.catalog.values import Eligibility, Operator, Outcome, Rule
from greenbridge.facts.rules import items
from greenbridge.matching import gateway, service
from greenbridge.matching.rules import ranking
from greenbridge.matching.rules.applicant import applicant
from greenbridge.matching.rules.engine import Compiled
from greenbridge.matching.rules.scorer import Scorer
from greenbridge.matching.rules.words import sentence
from greenbridge.matching.values import PARTS
from greenbridge.needs import service as needs
from tests.builders import a_draft, a_product, a_series, a_verified_firm, an_actor, deliver, steady_invoices, the_products, token

KNOWN = {
    "amount_fen": 100_000_000,
    "term_months": 12,
    "max_annual_rate_bp": 500,
    "purpose": "working_capital",
    "guarantee_modes": ("credit",),
    "collateral": (),
    "region_code": "330502",
    "firm_age_months": 30,
    "default_probability": 0.05,
}
POLICY = gateway.policies()[0]


def ranked(products, facts):
    return ranking.rank(Compiled(products), Scorer(products, POLICY), facts, {})


def verdicts_of(match, facts):
    return service.explain(match.product, facts)


PRODUCTS = [a_product(code=f"P{i}", min_annual_rate_bp=380 + 10 * (i % 3), regions=("330500",) if i % 2 else ("330000",)) for i in range(8)]


@given(st.randoms(use_true_random=False))
def test_the_ranking_does_not_depend_on_the_order_of_products(rng: random.Random):
    shuffled = PRODUCTS.copy()
    rng.shuffle(shuffled)
    assert ranked(shuffled, KNOWN) == ranked(PRODUCTS, KNOWN)


def test_eligible_products_come_before_conditional_ones_before_near_misses():
    conditional = a_product(code="A", entry_rules=(Rule("tax_grade", Operator.IN, ("A",)),))
    refused = a_product(code="B", entry_rules=(Rule("firm_age_months", Operator.AT_LEAST, 36),))
    order = ranked([refused, conditional, a_product(code="C")], KNOWN)
    assert [(m.product.code, m.eligibility) for m in order] == [
        ("C", Eligibility.ELIGIBLE),
        ("A", Eligibility.CONDITIONAL),
        ("B", Eligibility.NOT_ELIGIBLE),
    ]
    assert [m.rank for m in order] == [1, 2, 3]


def test_the_parts_add_up_to_the_total():
    for match in ranked(PRODUCTS, KNOWN):
        parts = {name: getattr(match.fit, name) for name in PARTS}
        assert all(0 <= part <= 1 for part in parts.values())
        assert match.fit.total == pytest.approx(sum(POLICY.weights[name] * part for name, part in parts.items()))
    assert sum(POLICY.weights.values()) == pytest.approx(1)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_lower_probability_of_default_never_fits_worse(one: float, other: float):
    low, high = sorted((one, other))
    fits = [ranked([a_product()], {**KNOWN, "default_probability": p})[0].fit.risk for p in (low, high)]
    assert fits[0] >= fits[1]


def test_a_refusal_names_rule_value_limit_and_distance():
    (failed,) = [v for v in service.explain(a_product(), {**KNOWN, "firm_age_months": 17}) if v.outcome is Outcome.FAIL]
    assert sentence(failed).zh == "成立时间 17 个月，应不低于 24 个月；还差 7 个月"
    (unknown,) = [v for v in service.explain(a_product(), {**KNOWN, "firm_age_months": None}) if v.value is None]
    assert "未知（缺少市场监管登记数据）" in sentence(unknown).zh


def test_what_no_department_delivered_is_unknown_not_zero():
    from datetime import date

    today = date(2026, 3, 10)
    nothing = applicant(a_draft(), "330502", (), a_series(), 0.1, (), today).facts
    assert nothing.get("open_enforcements") is None
    delivered = applicant(
        a_draft(), "330502", (), a_series(), 0.1, (items.JUDGMENTS, items.ENFORCEMENT, items.DISHONESTY, items.PENALTIES), today
    ).facts
    assert (delivered["open_enforcements"], delivered["penalties_24m"], delivered["dishonesty_listed"]) == (0, 0, False)


async def test_a_need_is_matched_with_all_products_and_kept(session, now, model):
    await the_products(session, now)
    actor, enterprise = await a_verified_firm(session, now)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
    need = await needs.publish(session, actor, enterprise.id, a_draft(), now)
    run = await service.for_actor(session, actor, need.id, model, now)
    assert len(run.matches) >= 24
    assert await service.for_actor(session, actor, need.id, model, now) == run
    assert run.matches[0].eligibility is not Eligibility.NOT_ELIGIBLE
    by_code = {m.product.code: m for m in run.matches}
    revenue = next(v for v in verdicts_of(by_code["GB02-INV"], run.facts) if v.rule.fact == "revenue_12m_fen")
    assert (revenue.value, revenue.outcome) == (12 * 40_000_000, Outcome.PASS)
    age = next(v for v in verdicts_of(by_code["GB01-TAX"], run.facts) if v.rule.fact == "firm_age_months")
    assert age.value == 94  # 2018-05-03 to 2026-03-10


async def test_newly_listed_products_are_matched_too(session, now, model):
    await the_products(session, now)
    actor, enterprise = await a_verified_firm(session, now)
    need = await needs.publish(session, actor, enterprise.id, a_draft(), now)
    before = await service.of_need(session, need, model, now)
    from greenbridge.catalog import store as catalog_store

    await catalog_store.set_listed(session, "GB01-TAX", 2, listed=False)
    after = await service.of_need(session, need, model, replace_seconds(now))
    assert len(after.matches) == len(before.matches) - 1


def replace_seconds(now):
    return now.replace(second=30)


async def test_api_gives_each_rule_with_value_limit_margin_and_unit(client, session, now):
    await the_products(session, now)
    actor, enterprise = await a_verified_firm(session, now)
    need = await needs.publish(session, actor, enterprise.id, a_draft(), now)
    other, _ = await a_verified_firm(session, now, 2)
    from greenbridge.accounts.values import Role

    await an_actor(session, now, Role.OFFICER, login="officer")
    await session.commit()
    path = f"/api/v1/needs/{need.id}/matches"
    body = (await client.get(path, headers=await token(client, actor.login))).json()
    verdict = body["matches"][0]["verdicts"][1]
    assert {"fact", "outcome", "value", "limit", "margin", "unit", "text"} <= set(verdict)
    assert (await client.get(path, headers=await token(client, other.login))).status_code == 404
    assert (await client.get(path, headers=await token(client, "officer"))).status_code == 403
    assert (await client.get(path)).status_code == 401
