"""What makes a run old beside records that come: a decision that hides one, a showing period that ends, a new champion."""

from datetime import timedelta

from greenbridge.catalog import store as catalog_store
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.kit.calendar import business_date
from greenbridge.matching import service
from greenbridge.matching.store import runs as store
from greenbridge.matching.values import Reason
from greenbridge.needs import service as needs
from tests.builders import a_draft, a_verified_firm, deliver, steady_invoices, the_products


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
