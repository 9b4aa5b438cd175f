import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.facts.values import Series
from greenbridge.kit import database
from greenbridge.kit.calendar import add_months
from greenbridge.kit.codes import generated_uscc
from greenbridge.kit.errors import Invalid
from greenbridge.peers import gateway, service
from greenbridge.peers.rules import bulk, groups, metrics, placing
from greenbridge.peers.values import METRICS, GroupKind, Industry, K, Known, Profile, Quantiles, Size, Sizing
from greenbridge.reference import service as reference
from greenbridge.scoring.rules import features
from tests.builders import a_registration, a_series, a_verified_firm, deliver, steady_invoices
from tests.demonstration import greenbridge

KEYS = [metric.key for metric in METRICS]
AS_OF = date(2026, 3, 10)
NOTHING = metrics.NO_READINGS
numbers = st.lists(st.floats(-1e9, 1e9, width=32) | st.sampled_from([0.0, 0.5, 1.0, 2.0]), min_size=K, max_size=300)


def known(series: Series, insured=NOTHING, electricity=NOTHING) -> Known:
    nothing = [None] * len(series.usccs)
    return Known(series.last_month, {**series.monthly, **series.yearly}, insured, electricity, nothing, nothing)


def a_quantile(values) -> Quantiles:
    found = groups.quantiles(np.array(values, dtype=np.float32))
    assert found
    return found


# Metrics


@given(st.integers(1, 12), st.integers(0, 1000))
def test_one_firm_and_bulk_give_equal_metrics(n_firms: int, seed: int):
    series = a_series(n_firms, seed)
    rng = np.random.default_rng(seed)
    rows = np.array(
        [(i, metrics.month_number(AS_OF) - back, rng.integers(1, 99)) for i in range(n_firms) for back in range(13)], dtype=float
    )
    together = metrics.table(known(series, rows, rows), AS_OF)
    assert together.shape == (n_firms, len(METRICS))
    for i in range(n_firms):
        mine = rows[rows[:, 0] == i] * [0, 1, 1]
        np.testing.assert_array_equal(metrics.table(known(series.of(i), mine, mine), AS_OF)[0], together[i])


def test_formulas_of_scoring_are_scorings():
    series = a_series(5)
    table = metrics.table(known(series), AS_OF)
    for name in ("void_share", "tax_burden", "purchase_to_sales", "customer_top1_share", "sales_active_share", "sales_variation"):
        expected = features.compute({**series.monthly, **series.yearly}, (name,))[:, 0]
        np.testing.assert_array_equal(table[:, KEYS.index(name)], expected)


def test_metrics_by_example():
    assert metrics.month_number(date(2026, 1, 1)) == 24312
    grid = metrics.by_month(1, np.array([[0, 24312, 7], [0, 24312, 9], [0, 24300, 1]], dtype=float), date(2026, 1, 31))
    assert np.isnan(grid[0, :-1]).all()
    assert grid[0, -1] == 9
    assert metrics.newest(np.array([[1, 2, np.nan], [np.nan] * 3])).tolist()[0] == 2
    assert np.isnan(metrics.newest(np.full((1, 3), np.nan)))[0]
    assert metrics.growth(np.array([[100.0] * 12 + [200.0] * 12])).tolist() == pytest.approx([1.0])
    assert np.isnan(metrics.growth(np.array([[np.nan] * 7 + [100.0] * 17])))[0]  # five months are no year
    series = a_series(1)
    sales = series.monthly["sales_net"]
    sales[:] = 2_000_000_00 / 12
    year = np.array([(0, metrics.month_number(add_months(date(2026, 2, 1), -back)), 1000) for back in range(12)], dtype=float)
    place = KEYS.index("electricity_per_10k")
    assert metrics.table(known(series, electricity=year), AS_OF)[0, place] == pytest.approx(60)
    assert np.isnan(metrics.table(known(series, electricity=year[1:]), AS_OF)[0, place])


def test_every_metric_says_what_it_is_made_of():
    for key in KEYS:
        for field in metrics.fields(key):
            item, _, name = field.rpartition(".")
            assert facts.item_named(item).field_named(name)


# Industry and size


@pytest.mark.parametrize(("policy", "code", "given_", "size"), gateway.cases())
def test_cases_of_the_size_policies(policy, code, given_, size):
    assert placing.size(policy, Industry("", code, derived=False), given_).size == (Size(size) if size else None)


def test_the_size_policy_names_existing_divisions_once():
    for policy in gateway.size_policies():
        codes = [code for c in policy.classes for code in c.codes]
        assert len(codes) == len(set(codes))
        assert all(service.division_name(code[:2]) for code in codes)
        assert all(large > medium > small > 0 for c in policy.classes for large, medium, small in c.limits.values())
    assert gateway.size_policy(date(2000, 1, 1)) == gateway.size_policy(AS_OF)


@given(
    st.sampled_from(["17", "47", "51", "72", "77"]),
    st.floats(0, 1e12),
    st.floats(0, 1e12),
    st.sampled_from(["staff", "revenue_fen", "assets_fen"]),
)
def test_more_of_an_indicator_never_makes_a_firm_smaller(code, low, more, name):
    policy, order = gateway.size_policy(AS_OF), list(reversed(Size))
    base = {"staff": 150.0, "revenue_fen": 1e9, "assets_fen": 1e9}
    sizes = [placing.size(policy, Industry("", code, derived=False), {**base, name: value}).size for value in (low, low + more)]
    assert order.index(sizes[0]) <= order.index(sizes[1])


def test_unknown_indicators_are_named_and_none_known_is_no_size():
    policy, textiles = gateway.size_policy(AS_OF), Industry("C", "17", derived=False)
    assert placing.size(policy, textiles, {"staff": 120.0}) == Sizing(Size.SMALL, ("revenue_fen",))
    assert placing.size(policy, textiles, {}) == Sizing(None, ("staff", "revenue_fen"))
    assert placing.size(policy, None, {"staff": 120.0}) == Sizing(None)
    report, registration = {"staff_count": 9, "revenue_fen": 5, "assets_fen": 7}, {"staff_count": 3}
    assert placing.indicators(None, None, registration, None)["staff"] == 3
    assert placing.indicators(1.0, 2.0, registration, report) == {"staff": 2.0, "revenue_fen": 1.0, "assets_fen": 7.0}
    assert placing.indicators(None, None, registration, report) == {"staff": 9.0, "revenue_fen": 5.0, "assets_fen": 7.0}


@pytest.mark.parametrize(
    ("delivered", "name", "industry"),
    [
        ("1742", "某某有限公司", Industry("C", "1742", derived=False)),
        ("C17", "某某有限公司", Industry("C", "17", derived=False)),
        ("9901", "湖州某纺织有限公司", Industry("C", "17", derived=True)),
        ("纺织业", "湖州某纺织有限公司", Industry("C", "17", derived=True)),
        (None, "某某", None),
    ],
)
def test_the_delivered_industry_counts_before_the_words(delivered, name, industry):
    registration = {"industry": delivered, "name": name}
    assert placing.industry(registration, {"17": "C"}, reference.classify) == industry
    assert placing.industry(None, {"17": "C"}, reference.classify) is None


# Groups and percentiles


@given(numbers, st.floats(-2e9, 2e9), st.floats(0, 1e9))
def test_a_percentile_never_falls_as_the_value_rises(values, value, more):
    of = a_quantile(values)
    assert 0 <= groups.percentile(of, value) <= groups.percentile(of, value + more) <= 100


@given(numbers)
def test_a_percentile_is_the_share_below_and_half_of_the_equal(values):
    of = a_quantile(values)
    alike = groups.rounded(np.array(values, dtype=np.float32))
    for v in {*alike.tolist()}:
        true = 100 * ((alike < v).sum() + (alike == v).sum() / 2) / len(alike)
        assert abs(groups.percentile(of, v) - true) <= 2


@given(numbers)
def test_better_than_all_is_100_worse_than_all_is_0(values):
    of = a_quantile(values)
    assert (groups.percentile(of, -1.5e9), groups.percentile(of, 1.5e9)) == (0, 100)


def test_percentiles_by_example():
    of = a_quantile(range(1, 11))
    assert [groups.percentile(of, v) for v in (0, 1, 3, 10, 11)] == [0, 5, 25, 95, 100]
    assert groups.percentile(a_quantile([7] * 50), 7) == 50
    assert groups.rounded(123456789.0) == 123460000.0
    assert groups.percentile(a_quantile([0] * 8 + [1, 1.0001]), 1) == 85
    assert groups.percentile(a_quantile([1 / 3] * 10 + [1] * 10), 1 / 3) == 25  # also after rounding


@given(st.integers(0, 60), st.integers(0, 1000), st.randoms())
def test_groups_do_not_depend_on_the_order_and_hold_ten_or_more(n, seed, random):
    rng = np.random.default_rng(seed)
    divisions, sizes = rng.integers(0, 3, n).astype(np.int8), rng.integers(0, 5, n).astype(np.int8)
    values = np.where(rng.random((n, len(METRICS))) < 0.3, np.nan, rng.random((n, len(METRICS)))).astype(np.float32)
    found = list(groups.groups(divisions, sizes, values))
    order = list(range(n))
    random.shuffle(order)
    assert list(groups.groups(divisions[order], sizes[order], values[order])) == found
    for group in found:
        assert all(K <= q.n <= group.n and len(q.grid) == 101 and list(q.grid) == sorted(q.grid) for q in group.metrics.values())
    everybody = (~np.isnan(values)).sum(axis=0)
    kept = next((set(g.metrics) for g in found if g.kind is GroupKind.ALL), set())
    assert kept == {metric.key for metric, count in zip(METRICS, everybody, strict=True) if count >= K}


def test_nine_firms_are_no_group_and_firms_that_are_gone_do_not_count():
    values = dict.fromkeys(KEYS, None) | {"sales_12m": 1.0}
    firm = Profile(Industry("C", "17", derived=False), Sizing(Size.SMALL), values, trading=True)
    compared = bulk.Compared()
    compared.add([firm] * 9 + [replace(firm, trading=False), replace(firm, values=dict.fromkeys(KEYS, None))])
    assert compared.firms == 9
    assert list(groups.groups(*compared.whole())) == []
    compared.add([replace(firm, sizing=Sizing(None))])
    found = list(groups.groups(*compared.whole()))
    assert [(g.kind, g.code, g.size, g.n, set(g.metrics)) for g in found] == [
        (GroupKind.ALL, None, None, 10, {"sales_12m"}),
        (GroupKind.DIVISION, "17", None, 10, {"sales_12m"}),
    ]


# On PostgreSQL


async def a_town(session, now, firms: int, *, first: int = 1, industry: str | None = "1742") -> list[str]:
    """Firms that differ in sales: the one of number i sells i x 100,000 yuan a month."""
    usccs = [generated_uscc(number, "330502") for number in range(first, first + firms)]
    rows = [
        a_registration(uscc=uscc, name=f"湖州第{i}纺织有限公司", industry=industry, staff_count=25) for i, uscc in enumerate(usccs, first)
    ]
    await deliver(session, now, items.REGISTRATION, *rows)
    invoices = [row for i, uscc in enumerate(usccs, first) for row in steady_invoices(uscc, net=i * 100_000)]
    await deliver(session, now, items.VAT_INVOICES, *invoices)
    months = [add_months(date(2026, 2, 1), -back).isoformat() for back in range(12)]
    power = [{"uscc": u, "month": m, "usage_kwh": 1000 * i} for i, u in enumerate(usccs, 1) for m in months]
    await deliver(session, now, items.ELECTRICITY, *power)
    insured = [
        {"uscc": u, "month": m, "insurance": kind, "staff_count": heads}
        for i, u in enumerate(usccs[::2], 20)
        for m in months[:3]
        for kind, heads in (("养老", i), ("医疗", i + 2))
    ]
    await deliver(session, now, items.SOCIAL_INSURANCE, *insured)
    return usccs


async def profile_of(session, uscc, as_of, now) -> Profile:
    series = await facts.series(session, [uscc], as_of, now)
    return service.profile(series, (await facts.facts_of(session, [uscc], as_of, now))[uscc], as_of)


async def test_one_firm_read_alone_is_its_row_of_the_bulk(session, now):
    usccs = await a_town(session, now, 12)
    withdrawn = {"uscc": usccs[0], "month": "2025-06-01", "usage_kwh": 1000, "record_state": "withdrawn"}
    await deliver(session, now + timedelta(hours=1), items.ELECTRICITY, withdrawn)
    await deliver(
        session, now + timedelta(hours=2), items.REGISTRATION, a_registration(uscc=usccs[1], industry="5100", approved_on="2026-03-01")
    )
    for day, instant in ((AS_OF, now), (AS_OF, now + timedelta(hours=3)), (date(2025, 11, 20), now), (date(2023, 1, 1), now)):
        last_month, last_day = await facts.horizon(session, day, instant)
        assert await service.store.firms(session, "", 5000) == sorted(usccs)
        together = service._profiles(await service._known(session, sorted(usccs), last_month, last_day, day, instant), day)
        assert together == [await profile_of(session, uscc, day, instant) for uscc in sorted(usccs)]


async def test_batches_give_what_one_gives(session, now, monkeypatch):
    await a_town(session, now, 11)
    await service.measure(session, None, now)
    whole = await service.groups_of(session, "17", AS_OF, now)
    monkeypatch.setattr(service, "BATCH", 4)
    done = await service.measure(session, None, now + timedelta(seconds=1))
    again = await service.groups_of(session, "17", AS_OF, now + timedelta(seconds=1))
    assert done.firms == 11
    assert [made.group for made in again] == [made.group for made in whole]


async def test_a_firm_stands_among_its_division_and_size(session, now):
    usccs = await a_town(session, now, 21)
    done = await service.measure(session, None, now)
    assert (done.as_of, done.firms) == (AS_OF, 21)
    middle = await profile_of(session, usccs[10], AS_OF, now)
    assert (middle.industry, middle.sizing) == (Industry("C", "1742", derived=False), Sizing(Size.SMALL))
    assert middle.values["sales_12m"] == 1_100_000_00 * 12
    assert middle.values["purchase_to_sales"] == pytest.approx(0.5)
    assert middle.values["tax_burden"] == pytest.approx(0.065)
    assert middle.values["staff_count"] == 27
    found = {s.metric.key: s for s in await service.standings(session, "17", middle.sizing.size, middle.values, AS_OF, now)}
    assert list(found) == [key for key in KEYS if middle.values[key] is not None]
    sales = found["sales_12m"]
    assert sales.kind is GroupKind.DIVISION_SIZE
    assert sales.group.zh == "纺织业（17）小型企业"
    assert sales.group.en.startswith("17 ")
    assert sales.group.en.endswith(", small firms")
    # Two of 21 sell less than 3 m yuan a year: micro. Of the other 19, from 0.3 m a month on, this one is the ninth.
    assert (sales.n, sales.percentile) == (19, round(100 * 8.5 / 19))
    assert found["void_share"].percentile == 50  # nobody has any
    assert (found["staff_count"].kind, found["staff_count"].n) == (GroupKind.DIVISION_SIZE, 10)  # every other firm insures staff
    micro = await service.standings(session, "17", Size.MICRO, {"sales_12m": 1.0}, AS_OF, now)
    assert [(s.kind, s.n, s.percentile) for s in micro] == [(GroupKind.DIVISION, 21, 0)]  # two are no group
    unsized = await service.standings(session, "17", None, {"sales_12m": 1e15, "void_share": None}, AS_OF, now)
    assert [(s.metric.key, s.kind, s.percentile) for s in unsized] == [("sales_12m", GroupKind.DIVISION, 100)]
    elsewhere = await service.standings(session, "51", Size.SMALL, {"sales_12m": 1e15}, AS_OF, now)
    assert [(s.kind, s.group.zh) for s in elsewhere] == [(GroupKind.ALL, "全部企业")]
    nowhere = await service.standings(session, None, None, {"sales_12m": 1e15}, AS_OF, now)
    assert [s.kind for s in nowhere] == [GroupKind.ALL]


async def test_a_replay_gives_the_earlier_group(session, now):
    await a_town(session, now, 10)
    await service.measure(session, None, now)
    later = now + timedelta(days=1)
    await a_town(session, later, 10, first=11)
    await service.measure(session, None, later)
    tomorrow = AS_OF + timedelta(days=1)

    async def size_on(as_of, known_at):
        found = await service.standings(session, "17", None, {"sales_12m": 1.0}, as_of, known_at)
        return [(s.n, s.as_of, s.made_at) for s in found]

    assert await size_on(tomorrow, later) == [(20, tomorrow, later)]
    assert await size_on(AS_OF, later) == await size_on(tomorrow, now) == [(10, AS_OF, now)]
    assert await size_on(AS_OF - timedelta(days=1), later) == await size_on(tomorrow, now - timedelta(hours=1)) == []
    # Measured anew for the earlier day with what is known since: whoever asks as known then sees what was known then.
    await service.measure(session, AS_OF, later + timedelta(hours=1))
    assert await size_on(AS_OF, later + timedelta(hours=1)) == [(20, AS_OF, later + timedelta(hours=1))]
    assert await size_on(AS_OF, later) == [(10, AS_OF, now)]


async def test_an_industry_told_from_the_name_counts_and_a_day_ahead_is_refused(session, now):
    usccs = await a_town(session, now, 10, industry=None)
    assert (await profile_of(session, usccs[0], AS_OF, now)).industry == Industry("C", "17", derived=True)
    await service.measure(session, None, now)
    assert next(made.group.n for made in await service.groups_of(session, "17", AS_OF, now)) == 10
    with pytest.raises(Invalid):
        await service.measure(session, AS_OF + timedelta(days=1), now)
    for wrong in ("98", "C", "1742", "00"):
        with pytest.raises(Invalid):
            await service.groups_of(session, wrong, AS_OF, now)


async def test_requests_read_groups_and_write_none(session, sessions, now):
    await a_town(session, now, 10)
    actor, _ = await a_verified_firm(session, now, 11)
    await service.measure(session, None, now)
    await session.commit()
    async with sessions() as confined:
        database.confine(confined, actor, now)
        assert await service.standings(confined, "17", None, {"sales_12m": 1.0}, AS_OF, now)
        for change in ("insert into peer_group select * from peer_group", "delete from peer_group", "update peer_group set n = 10"):
            with pytest.raises(DBAPIError, match="permission denied"):
                async with confined.begin_nested():
                    await confined.execute(text(change))


async def test_the_command_line_measures_and_shows(own_database, now):
    engine = database.make_engine(own_database)
    async with database.make_sessions(engine).begin() as session:
        await a_town(session, now, 12)
    await engine.dispose()
    at = {"DATABASE_URL": own_database.replace("+psycopg", ""), "GREENBRIDGE_TODAY": "2026-03-11"}
    done = json.loads(greenbridge("peers", "measure", "--json", **at).stdout)
    assert (done["as_of"], done["firms"], done["groups"]) == ("2026-03-11", 12, 3)
    shown = json.loads(greenbridge("peers", "show", "17", "--json", **at).stdout)
    assert [(made["group"]["size"], made["group"]["n"]) for made in shown] == [(None, 12), ("small", 10)]
    table = greenbridge("peers", "show", "17", **at)
    assert "小型企业" in table.stdout
    assert "万元" in table.stdout
    assert "{" not in table.stdout
    wrong = greenbridge("peers", "show", "99", **at)
    assert (wrong.returncode, "is no division" in wrong.stderr, "Traceback" in wrong.stderr) == (2, True, False)
