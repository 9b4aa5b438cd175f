"""A model that reads more than invoices: the same numbers for one firm, in bulk and in training; a replay; what is withheld."""

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import text

from greenbridge.consents.values import Withheld
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.needs import service as needs
from greenbridge.reports import service as reports
from greenbridge.reports.gateway import press as make_press
from greenbridge.reports.rules import projection
from greenbridge.scoring import service
from greenbridge.scoring.rules import features
from greenbridge.scoring.service.reading import recorded
from tests.builders import a_draft, a_verified_firm, deliver, steady_invoices
from tests.scoring.trees import booster, folder

NAMES = (
    "sales_magnitude", "void_share", "customer_top1_share", "sales_growth", "firm_age_months", "defendant_cases_24m", "open_enforcements",
    "penalties_24m", "electricity_growth", "platform_months", "platform_needs_24m", "platform_withdrawn_share",
)  # fmt: skip
HOUR = timedelta(hours=1)


def a_case(uscc: str, number: int) -> dict[str, object]:
    return {"uscc": uscc, "case_no": f"（2026）执{number}号", "court": "法院", "amount": "1000000", "filed_on": "2026-01-20"}


@pytest.fixture
def shelf(tmp_path):
    made = [{"name": name, "median": 0.0} for name in NAMES]
    folder(tmp_path, "records-1", booster(40, 8, len(NAMES), 3, n=600), features=made, features_edition=features.EDITION)
    (tmp_path / "current").write_text("records-1\n")
    return tmp_path


@pytest.fixture
async def firms(session, now):
    """Two firms with invoices: one enforced, with two needs of which it withdrew one; the other without a record of any kind."""
    found = []
    for number in (1, 2):
        actor, firm = await a_verified_firm(session, now - timedelta(days=200), number)
        await deliver(session, now, items.VAT_INVOICES, *steady_invoices(firm.uscc, net=200_000 * number))
        found.append((actor, firm))
    (actor, firm), _ = found
    await deliver(session, now, items.ENFORCEMENT, a_case(firm.uscc, 1))
    for _ in range(2):
        need = await needs.publish(session, actor, firm.id, a_draft(), now - 3 * HOUR)
    await needs.withdraw(session, actor, need.id, now - HOUR)
    return found


async def kept(session, firm):
    query = text("select features from default_score where enterprise_id = :id order by scored_at desc limit 1")
    return (await session.execute(query, {"id": firm.id})).scalar_one()


async def test_one_firm_the_city_and_training_give_the_same(session, now, shelf, firms):
    model = await service.champion(session, shelf, now)
    both = [firm for _, firm in firms]
    one_by_one = {firm.id: (await service.score(session, [firm], model, now.date(), now))[firm.id] for firm in both}
    assert await service.score_city(session, shelf, now) == 2
    bulk = {one.enterprise_id: one.default_probability for one in await service.run_scores(session, "records-1", now.date())}
    assert bulk == {firm: score.default_probability for firm, score in one_by_one.items()}

    from ml.firms import table

    series = await facts.series(session, [firm.uscc for firm in both], now.date(), now)
    arrays = {**series.monthly, **series.yearly, **await recorded(session, both, model, now.date(), now)}
    learnt = table(arrays, NAMES).to_numpy()
    np.testing.assert_array_equal(model.probabilities(learnt), [bulk[firm.id] for firm in both])
    assert service.score_many(series, model, arrays).probabilities.tolist() == [bulk[firm.id] for firm in both]


async def test_what_was_recorded_is_read_and_what_nobody_delivered_is_unknown(session, now, shelf, firms):
    model = await service.champion(session, shelf, now)
    (_, first), (_, second) = firms
    await service.score(session, [first, second], model, now.date(), now)
    of_first, of_second = await kept(session, first), await kept(session, second)
    assert (of_first["open_enforcements"], of_second["open_enforcements"]) == (1, 0)
    assert (of_first["platform_needs_24m"], of_first["platform_withdrawn_share"]) == (2, 0.5)
    assert (of_second["platform_needs_24m"], of_second["platform_withdrawn_share"]) == (0, None)
    assert of_first["platform_months"] == 6
    for unread in ("defendant_cases_24m", "penalties_24m", "electricity_growth"):  # no court, no office, no utility has delivered
        assert of_first[unread] is of_second[unread] is None


async def test_a_report_replays_with_what_was_known_of_records_and_needs(session, now, shelf, firms, settings):
    model = await service.champion(session, shelf, now)
    (actor, firm), _ = firms
    press = make_press(settings, model)
    (before,) = await reports.for_operator(session, [firm], press, now.date(), now)
    was = await kept(session, firm)
    await deliver(session, now + HOUR, items.ENFORCEMENT, a_case(firm.uscc, 2))
    for need in await needs.of_enterprise(session, firm.id):
        if need.status.value == "published":
            await needs.withdraw(session, actor, need.id, now + HOUR)
    (after,) = await reports.for_operator(session, [firm], press, now.date(), now + 2 * HOUR)
    changed = await kept(session, firm)
    assert (was["open_enforcements"], changed["open_enforcements"]) == (1, 2)
    assert (was["platform_withdrawn_share"], changed["platform_withdrawn_share"]) == (0.5, 1.0)
    (again,) = await reports.for_operator(session, [firm], press, now.date(), now + 3 * HOUR, known_at=now)
    assert (again.number, again.sha256) == (before.number, before.sha256) != (after.number, after.sha256)


async def test_who_may_not_see_a_record_may_not_see_the_score_that_it_is_in(session, now, shelf, firms):
    model = await service.champion(session, shelf, now)
    (_, firm), _ = firms
    score = (await service.score(session, [firm], model, now.date(), now))[firm.id]
    reads = service.fields_read(model)
    assert set(features.MODEL_FIELDS) < set(reads)
    assert f"{items.ENFORCEMENT}.filed_on" in reads

    def ask(fields, _):
        return Withheld.BY_FIRM if any(field.startswith(items.ENFORCEMENT) for field in fields) else None

    assert projection.score(score, reads, now.date().replace(day=1), ask, now.date()) == (None, Withheld.BY_FIRM)
    assert projection.score(score, features.MODEL_FIELDS, now.date().replace(day=1), ask, now.date())[1] is None


def test_a_model_keeps_the_formulas_that_it_learnt_from():
    """Sales of five months of the last year: for the first models a year's sum, for those of now unknown."""
    sales = np.concatenate([np.full(31, np.nan), np.full(5, 99_900.0)])[None]
    names = ("sales_magnitude", "sales_growth")
    former, present = features.compute({"sales_net": sales}, names, 1)[0], features.compute({"sales_net": sales}, names)[0]
    assert former[0] == pytest.approx(np.log10(4_996))
    assert np.isnan(present).all()
    short = np.concatenate([np.full(19, np.nan), np.full(17, 1e8)])[None]
    assert features.compute({"sales_net": short}, ("sales_growth",), 1)[0, 0] == pytest.approx(np.log(12 / 5))
    assert np.isnan(features.compute({"sales_net": short}, ("sales_growth",))[0, 0])
