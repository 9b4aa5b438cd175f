"""Features by their own cases, and as one definition for one firm, for bulk and for training."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.facts.service import catalogue
from greenbridge.facts.values import Fact, Series
from greenbridge.needs.values import Need, NeedDraft, NeedStatus, Purpose
from greenbridge.scoring.rules import features
from greenbridge.scoring.values import GROUP_NAMES, Case, Feature, Group
from tests.builders import a_series

DAY = date(2026, 1, 31)
NOW = datetime(2026, 1, 31, tzinfo=UTC)


def a_fact(item: str, values: dict[str, Any], uscc: str = "firm") -> Fact:
    began = date.fromisoformat(str(values.get("valid_from", "2025-06-15")))
    told = {name: value for name, value in values.items() if name != "valid_from"}
    return Fact(item, uscc, "k", began, None, NOW, uuid4(), False, told, NOW)


def value_of(feature: Feature, case: Case) -> float:
    facts = [a_fact(item, dict(values)) for item, rows in case.facts.items() for values in rows]
    read = features.arrays_of([facts], set(case.facts), DAY, (feature.name,))
    given_rows = {name: np.array([row], dtype=float) for name, row in case.arrays.items()}
    return float(features.compute({**read, **given_rows}, (feature.name,))[0, 0])


@pytest.mark.parametrize("feature", features.BY_NAME.values(), ids=lambda f: f.name)
def test_a_feature_gives_what_its_cases_say(feature):
    assert feature.cases
    for case in feature.cases:
        assert value_of(feature, case) == pytest.approx(np.nan if case.value is None else case.value, nan_ok=True, abs=1e-9), case


@pytest.mark.parametrize("feature", features.BY_NAME.values(), ids=lambda f: f.name)
def test_a_feature_says_what_it_is_made_of(feature):
    assert feature.direction in {-1, 0, 1}
    for text in (feature.label, feature.missing):
        assert text.zh and text.en
    assert feature.unit in {"share", "count", "months", "log10", "log10_count", "log", "ratio", "points", "flag"}
    assert len(feature.formula) > 5
    known = {f"{item.code}.{field.name}" for item in catalogue().items.values() for field in item.fields}
    assert set(feature.sources) <= known, set(feature.sources) - known
    assert feature.sources or feature.group is Group.PLATFORM_HISTORY


def test_there_are_features_of_all_nine_groups_and_names_are_unique():
    assert {f.group for f in features.FEATURES} == set(Group) == set(GROUP_NAMES)
    assert len(features.BY_NAME) == len(features.FEATURES) + len(features.RETIRED) >= 60


def test_no_department_is_unknown_and_an_empty_one_is_zero():
    names = ("defendant_cases_24m", "open_enforcements", "penalties_24m", "branches_open")
    nobody = features.arrays_of([[], []], (), DAY, names)
    assert np.isnan(features.compute(nobody, names)).all()
    delivered = features.arrays_of([[], []], features.items_of(names), DAY, names)
    assert (features.compute(delivered, names) == 0).all()


def test_what_happens_later_is_not_read():
    later = a_fact("penalties.administrative", {"valid_from": "2026-02-01"})
    before = a_fact("penalties.administrative", {"valid_from": "2026-01-30"})
    found = features.arrays_of([[later, before]], {"penalties.administrative"}, DAY, ("penalties_24m",))
    assert found["penalties_24m"].tolist() == [1.0]


def test_a_model_of_invoices_needs_no_item_and_computes_nothing_else():
    assert features.items_of(f.name for f in features.INVOICE_FEATURES) == ()
    with pytest.raises(KeyError):
        features.compute({"sales_net": np.ones((1, 24))}, ("sales_magnitude", "no_such_feature"))
    with pytest.raises(KeyError):  # a series that is not there is an error, not an unknown
        features.compute({"sales_net": np.ones((1, 24))}, ("void_share",))
    assert features.compute({"sales_net": np.ones((1, 24))}, ("sales_magnitude",)).shape == (1, 1)


def a_need(status: NeedStatus, published_at: datetime) -> Need:
    draft = NeedDraft(100, 500, 12, Purpose.WORKING_CAPITAL, ())
    return Need(uuid4(), "n", uuid4(), draft, "330502", status, published_at, date(2026, 3, 1))


def test_platform_history_counts_needs_of_two_years():
    old, new = datetime(2023, 5, 1, tzinfo=UTC), datetime(2025, 5, 1, tzinfo=UTC)
    needs = [[a_need(NeedStatus.WITHDRAWN, new), a_need(NeedStatus.CLOSED, new), a_need(NeedStatus.CLOSED, old)], []]
    arrays = features.platform(needs, [datetime(2025, 1, 10, tzinfo=UTC), None], DAY)
    x = features.compute(arrays, ("platform_months", "platform_needs_24m", "platform_withdrawn_share"))
    np.testing.assert_array_equal(x, [[12, 2, 0.5], [np.nan, 0, np.nan]])


def some_facts(rng: np.random.Generator, n: int) -> list[list[Fact]]:
    """Facts as the catalogue allows them, some fields empty, some firms without any."""

    def value(field: Any) -> Any:
        if rng.random() < 0.25 and not field.required:
            return None
        match field.kind.value:
            case "date":
                return str(date(int(rng.integers(2019, 2026)), int(rng.integers(1, 13)), int(rng.integers(1, 28))))
            case "yuan" | "number":
                return int(rng.integers(0, 10_000))
            case "choice":
                return str(rng.choice(list(field.choices)))
            case _:
                return "法定代表人变更"

    firms: list[list[Fact]] = []
    for firm in range(n):
        mine = []
        for item in catalogue().items.values():
            for _ in range(int(rng.integers(0, 4)) if item.code != "tax.vat_invoices" else 0):
                values = {(f"{f.name}_fen" if f.kind.value == "yuan" else f.name): value(f) for f in item.fields if f.name != "uscc"}
                began = date(int(rng.integers(2022, 2026)), int(rng.integers(1, 13)), 1)
                mine.append(a_fact(item.code, {**values, "valid_from": str(began)}, f"firm{firm}"))
        firms.append(mine)
    return firms


def training_sees(series: Series, arrays: dict[str, Any], names: tuple[str, ...]) -> Any:
    from ml.firms import table

    return table({**series.monthly, **series.yearly, **arrays}, names).to_numpy()


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 8), st.integers(0, 1000))
def test_one_firm_is_its_row_of_the_bulk_and_of_what_training_sees(n: int, seed: int):
    series, facts = a_series(n, seed), some_facts(np.random.default_rng(seed), n)
    delivered = [code for place, code in enumerate(catalogue().items) if (place + seed) % 5]
    arrays = features.arrays_of(facts, delivered, DAY)
    bulk = features.compute({**series.monthly, **series.yearly, **arrays})
    assert bulk.shape == (n, len(features.FEATURES))
    assert not np.isinf(bulk).any()
    for i in range(n):
        one = series.of(i)
        mine = features.arrays_of([facts[i]], delivered, DAY)
        np.testing.assert_array_equal(features.compute({**one.monthly, **one.yearly, **mine})[0], bulk[i])
    names = tuple(f.name for f in features.FEATURES)
    np.testing.assert_array_equal(training_sees(series, arrays, names), bulk)
    few = names[seed % 5 :: 7]
    np.testing.assert_array_equal(
        features.compute({**series.monthly, **series.yearly, **arrays}, few), bulk[:, [names.index(x) for x in few]]
    )


def test_features_never_read_a_rating_or_the_time_since_the_last_invoice():
    assert not {name for name in features.BY_NAME if "rating" in name or "last_invoice" in name or "recency" in name}
