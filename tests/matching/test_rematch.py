"""What makes a run old beside records that come: a decision that hides one, a showing period that ends, a new champion."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from greenbridge.catalog import store as catalog_store
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.kit.calendar import business_date
from greenbridge.matching import jobs, service
from greenbridge.matching.service import renewing
from greenbridge.matching.store import runs as store
from greenbridge.matching.values import Reason
from greenbridge.needs import service as needs
from greenbridge.settings import home
from tests.builders import a_draft, a_registration, a_verified_firm, deliver, steady_invoices, the_products, token
from tests.conftest import FixedClock


class Champion:
    """The model at hand under another name, twice as wary."""

    version = "another-version"

    def __init__(self, model):
        self._model = model

    def __getattr__(self, name):
        return getattr(self._model, name)

    def probabilities(self, x):
        return self._model.probabilities(x) * 2

    def predict(self, x):
        probabilities, contributions = self._model.predict(x)
        return probabilities * 2, contributions


async def a_listed_firm(session, now, model, listed_on):
    """A firm on the abnormal list, its need, the first run."""
    await the_products(session, now)
    actor, enterprise = await a_verified_firm(session, now)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
    entry = {"uscc": enterprise.uscc, "reason": "未年报", "authority": "局", "listed_on": listed_on}
    await deliver(session, now, items.ABNORMAL_LIST, entry)
    need = await needs.publish(session, actor, enterprise.id, a_draft(), now)
    return enterprise, need, await service.of_need(session, need, model, now)


async def newest(session, need, now):
    engine = await service.compiled(session, business_date(now))
    return await store.newest(session, need.id, {(p.code, p.version): p for p in engine.edition.products})


async def test_a_record_that_a_decision_hides_is_a_reason_to_match_again(session, now, model):
    enterprise, need, first = await a_listed_firm(session, now, model, "2025-02-01")
    assert first.facts["abnormal_listed"] is True
    later = now + timedelta(minutes=10)
    listed = (await facts.facts_of(session, [enterprise.uscc], business_date(now), now, (items.ABNORMAL_LIST,)))[enterprise.uscc]
    await facts.stop_showing(session, listed[0], "test", later)
    assert await service.rematch(session, model, later + timedelta(minutes=5)) == 1
    run = await newest(session, need, later)
    assert (run.reason, run.facts["abnormal_listed"]) == (Reason.FACT, False)
    assert await service.rematch(session, model, later + timedelta(minutes=10)) == 0


async def test_a_record_whose_showing_period_is_over_is_a_reason_to_match_again(session, now, model):
    """Five years from 11 March 2021, the eleventh included; the run is of 10 March 2026."""
    _, need, first = await a_listed_firm(session, now, model, "2021-03-11")
    assert first.facts["abnormal_listed"] is True
    assert await service.rematch(session, model, now + timedelta(days=1)) == 0
    assert await service.rematch(session, model, now + timedelta(days=2)) == 1
    run = await newest(session, need, now)
    assert (run.reason, run.facts["abnormal_listed"]) == (Reason.FACT, False)


async def test_a_run_names_the_model_that_made_its_probability(session, now, model):
    _, need, first = await a_listed_firm(session, now, model, "2025-02-01")
    assert first.model_version == model.version
    await catalog_store.set_listed(session, "GB01-TAX", 2, listed=False)
    assert await service.rematch(session, model, now + timedelta(minutes=5)) == 1
    run = await newest(session, need, now)
    assert (run.reason, run.model_version, run.facts) == (Reason.PRODUCT, model.version, first.facts)


async def test_a_new_champion_scores_anew(session, now, model):
    _, need, first = await a_listed_firm(session, now, model, "2025-02-01")
    champion = Champion(model)
    await catalog_store.set_listed(session, "GB01-TAX", 2, listed=False)
    assert await service.rematch(session, champion, now + timedelta(minutes=5)) == 1
    run = await newest(session, need, now)
    assert (run.reason, run.model_version) == (Reason.FACT, champion.version)
    assert run.facts["default_probability"] == 2 * first.facts["default_probability"]
    assert await service.rematch(session, champion, now + timedelta(minutes=10)) == 0
    back = await service.of_need(session, need, model, now + timedelta(minutes=11))
    assert (back.model_version, back.facts["default_probability"]) == (model.version, first.facts["default_probability"])


async def number_of(session, table):
    return (await session.execute(text(f"select count(*) from {table}"))).scalar_one()


async def test_a_record_that_no_rule_asks_for_is_looked_at_once_and_keeps_nothing(session, now, model, monkeypatch):
    enterprise, need, first = await a_listed_firm(session, now, model, "2025-02-01")
    later = now + timedelta(minutes=10)
    power = {"uscc": enterprise.uscc, "month": "2026-01-01", "usage_kwh": 1000, "arrears_fen": 0}
    await deliver(session, later, items.ELECTRICITY, power)
    scored, runs = await number_of(session, "default_score"), await number_of(session, "match_run")
    read = []
    series = facts.series

    async def counting(session, usccs, *rest):
        read.extend(usccs)
        return await series(session, usccs, *rest)

    monkeypatch.setattr(facts, "series", counting)
    for minutes in (20, 25, 30):
        assert await service.rematch(session, model, later + timedelta(minutes=minutes)) == 0
    assert read == [enterprise.uscc]
    assert (await number_of(session, "default_score"), await number_of(session, "match_run")) == (scored, runs)
    assert (await service.of_need(session, need, model, later + timedelta(minutes=31))).made_at == first.made_at
    assert await number_of(session, "default_score") == scored


async def test_terms_that_are_not_saved_keep_no_score(session, now, model):
    await a_listed_firm(session, now, model, "2025-02-01")
    actor, other = await a_verified_firm(session, now, 2)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(other.uscc))
    scored = await number_of(session, "default_score")
    found = await service.of_draft(session, actor, a_draft(), model, now)
    assert found["default_probability"] is not None
    assert await number_of(session, "default_score") == scored


async def test_every_open_need_is_looked_at_in_each_round_a_few_in_a_transaction(session, sessions, now, model, monkeypatch):
    """Seven needs, two at a time, those that were looked at longest ago first; one that fails keeps no other."""
    await the_products(session, now)
    monkeypatch.setattr(renewing, "AT_A_TIME", 2)
    made = []
    for number in range(1, 8):
        actor, enterprise = await a_verified_firm(session, now, number)
        made.append(await needs.publish(session, actor, enterprise.id, a_draft(), now + timedelta(seconds=number)))
    await session.commit()
    clock, order = FixedClock(now + timedelta(minutes=5)), []
    look = service.look

    async def looking(session, some, *rest):
        order.append(list(some))
        if made[0].id in some and len(order) <= 4:
            raise RuntimeError("this need fails")
        return await look(session, some, *rest)

    monkeypatch.setattr(service, "look", looking)
    job = jobs.rematch(home() / "ml" / "artifacts")
    with pytest.raises(ExceptionGroup):
        await job(sessions, clock)
    assert sorted(len(some) for some in order) == [1, 2, 2, 2]
    assert await number_of(session, "match_run") == 5
    order.clear()
    order.extend([[]] * 4)
    clock.instant += timedelta(minutes=5)
    assert await job(sessions, clock) == 2
    assert made[0].id in order[4]
    assert len({need for some in order for need in some}) == 7


async def test_a_new_day_makes_a_firm_old_enough_without_a_record(session, now, model):
    """Founded on 12 March 2024: on 11 March 2026 it is 23 months old, on the twelfth 24."""
    actor, enterprise = await a_verified_firm(session, now)
    await the_products(session, now)
    await deliver(session, now, items.REGISTRATION, a_registration(uscc=enterprise.uscc, name=enterprise.name, established="2024-03-12"))
    need = await needs.publish(session, actor, enterprise.id, a_draft(), now)
    first = await service.of_need(session, need, model, now)
    assert first.facts["firm_age_months"] == 23
    assert await service.rematch(session, model, now + timedelta(days=1)) == 0
    scored = await number_of(session, "default_score")
    assert await service.rematch(session, model, now + timedelta(days=1, minutes=5)) == 0
    assert await service.rematch(session, model, now + timedelta(days=2)) == 1
    run = await newest(session, need, now)
    assert (run.reason, run.facts["firm_age_months"]) == (Reason.FACT, 24)
    assert await number_of(session, "default_score") == scored + (run.facts["default_probability"] is not None)


async def test_a_need_that_is_open_again_stands_in_the_lists_again(session, now, model):
    _, need, _ = await a_listed_firm(session, now, model, "2025-02-01")
    fits = text("select eligible, conditional from need_fit where need_id = :id")
    before = (await session.execute(fits, {"id": need.id})).one()
    await session.execute(text("update need set status = 'expired' where id = :id"), {"id": need.id})
    await service.rematch(session, model, now + timedelta(minutes=5))
    assert (await session.execute(fits, {"id": need.id})).all() == []
    await session.execute(text("update need set status = 'reopened' where id = :id"), {"id": need.id})
    assert await service.rematch(session, model, now + timedelta(minutes=10)) == 0
    after = (await session.execute(fits, {"id": need.id})).one()
    assert [sorted(codes) for codes in after] == [sorted(codes) for codes in before]


async def test_a_kept_run_tells_of_all_products_and_not_of_its_kept_places_alone(client, session, now, model, monkeypatch):
    """Of each kind only one place is kept: what the first answer said of the others the next ones still say."""
    monkeypatch.setattr(store, "KEPT_OPEN", 1)
    monkeypatch.setattr(store, "KEPT_REFUSED", 1)
    await the_products(session, now)
    actor, enterprise = await a_verified_firm(session, now)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
    need = await needs.publish(session, actor, enterprise.id, a_draft(), now)
    first = await service.of_need(session, need, model, now)
    kept = await service.of_need(session, need, model, now + timedelta(minutes=1))
    assert len(kept.matches) == 2 < len(first.matches)
    assert (kept.made_at, kept.counts) == (first.made_at, first.counts)
    opened = first.open_count
    for match in first.matches:
        again = await service.explained(session, kept, match.product.code, now)
        assert again is not None
        assert (again.product, again.eligibility, again.fit) == (match.product, match.eligibility, match.fit)
        assert (again.rank <= opened) == (match.rank <= opened)
        assert match.rank <= opened or again.rank == match.rank
    found = [await service.explained(session, kept, m.product.code, now) for m in first.matches]
    assert sorted(one.rank for one in found) == list(range(1, len(first.matches) + 1))
    assert await service.explained(session, kept, "NO-SUCH", now) is None
    bank = first.matches[-1].product.bank.code
    assert {m.product.code for m in await service.of_bank(session, kept, bank, now)} == {
        m.product.code for m in first.matches if m.product.bank.code == bank
    }
    await session.commit()
    mine = await token(client, actor.login)
    for number in (1, 2):
        answer = (await client.get(f"/api/v1/needs/{need.id}/matches", headers=mine)).json()
        assert answer["counts"] == {kind.value: n for kind, n in first.counts.items()}, number
    last = first.matches[-1].product.code
    assert (await client.get(f"/api/v1/needs/{need.id}/matches/{last}", headers=mine)).json()["rank"] == len(first.matches)
