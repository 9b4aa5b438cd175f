"""Facts with two times: the final state does not depend on the order of deliveries, and no read sees later knowledge."""

import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbridge.facts import service
from greenbridge.facts.gateway import catalogue
from greenbridge.facts.rules import records
from greenbridge.facts.values import Fact, Shape
from tests.builders import USCC, deliver

START = datetime(2025, 1, 1, tzinfo=UTC)
SHAPES = {code: item.shape for code, item in catalogue().items.items()}
DAYS = [date(2024, 1, 1) + timedelta(days=40 * n) for n in range(12)]


@st.composite
def versions(draw):
    """Versions of a few records and states, each stated and recorded at some time."""
    made = []
    for number in range(draw(st.integers(1, 12))):
        item = draw(st.sampled_from(["penalties.administrative", "environment.credit"]))
        since = draw(st.sampled_from(DAYS))
        until = draw(st.sampled_from([None, since + timedelta(days=30), since + timedelta(days=400)]))
        made.append(
            Fact(
                item, USCC, draw(st.sampled_from("ab")), since, until, START, UUID(int=number), False, {"n": number},
                START + timedelta(days=draw(st.integers(0, 5))), digest=f"{number:03d}", withdrawn=draw(st.integers(0, 5)) == 0,
            )
        )  # fmt: skip
    return made


def received(made, order, start=START):
    from dataclasses import replace

    return [replace(made[place], recorded_at=start + timedelta(hours=hour)) for hour, place in enumerate(order)]


@given(versions(), st.randoms(use_true_random=False), st.sampled_from(DAYS))
def test_the_final_state_does_not_depend_on_the_order_of_receipt(made, order_of, day):
    end = START + timedelta(days=9)
    first, second = list(range(len(made))), list(range(len(made)))
    order_of.shuffle(second)
    one = records.as_of(received(made, first), SHAPES, day, end)
    other = records.as_of(received(made, second), SHAPES, day, end)
    assert [(f.item, f.key, f.digest) for f in one] == [(f.item, f.key, f.digest) for f in other]


@given(versions(), st.sampled_from(DAYS), st.integers(0, 12))
def test_an_as_of_read_never_sees_later_knowledge(made, day, hours):
    known_at = START + timedelta(hours=hours)
    all_of_them = received(made, range(len(made)))
    earlier = [fact for fact in all_of_them if fact.recorded_at <= known_at]
    assert records.as_of(all_of_them, SHAPES, day, known_at) == records.as_of(earlier, SHAPES, day, known_at)


@given(versions(), st.sampled_from(DAYS))
def test_hearing_a_statement_twice_changes_nothing(made, day):
    end = START + timedelta(days=9)
    once = records.as_of(received(made, range(len(made))), SHAPES, day, end)
    twice = records.as_of(
        [*received(made, range(len(made))), *received(made, range(len(made)), START + timedelta(days=2))], SHAPES, day, end
    )
    assert [f.digest for f in once] == [f.digest for f in twice]


def statements(seed):
    """Deliveries of penalties and colours, some late, some corrections, some withdrawn, some exact repeats."""
    rng = random.Random(seed)
    made = []
    for _ in range(rng.randint(4, 9)):
        stated = START + timedelta(days=rng.randint(0, 6), hours=12)
        if rng.random() < 0.5:
            row = {"document_no": rng.choice("XY"), "authority": "局", "amount": str(rng.randint(1, 3) * 100),
                   "decided_on": rng.choice(DAYS[:4]).isoformat()}  # fmt: skip
            item = "penalties.administrative"
        else:
            row = {"year": 2024, "colour": rng.choice(["绿", "蓝", "黄"]), "decided_on": rng.choice(DAYS[:4]).isoformat()}
            item = "environment.credit"
        state = {"record_state": "withdrawn"} if rng.random() < 0.15 else {}
        made.append((item, {"uscc": USCC, **row, "updated_at": stated.isoformat(), **state}))
    return made + rng.sample(made, min(2, len(made)))


async def take(session, order):
    states = []
    for hour, (item, row) in enumerate(order):
        at = START + timedelta(days=30, hours=hour)
        # The file's name is not part of what makes a delivery: one that came before is recognised and adds nothing.
        await deliver(session, at, item, row)
        for earlier, (known_at, day, expected) in enumerate(states):
            assert await read(session, day, known_at) == expected, f"what was known after delivery {earlier} changed"
        day = DAYS[hour % len(DAYS)]
        states.append((at, day, await read(session, day, at)))
    return [await read(session, day, START + timedelta(days=60)) for day in DAYS]


async def read(session, day, known_at):
    found = await service.facts_of(session, [USCC], day, known_at, auditing=True)
    return [(f.item, f.key, f.digest) for f in found[USCC]]


@pytest.mark.parametrize("seed", range(12))
async def test_the_store_gives_the_same_state_whatever_the_order_and_as_the_rules_say(session, seed):
    made = statements(seed)
    shuffled = random.Random(seed + 1000).sample(made, len(made))
    outcomes = []
    for order in (made, shuffled):
        async with session.begin_nested() as savepoint:
            outcomes.append(await take(session, order))
            history = await service.history(session, USCC)
            for day, found in zip(DAYS, outcomes[-1], strict=True):
                expected = records.as_of(history, SHAPES, day, START + timedelta(days=60))
                assert found == [(f.item, f.key, f.digest) for f in expected]
            await savepoint.rollback()
    assert outcomes[0] == outcomes[1]


async def test_a_state_keeps_its_past_and_a_record_is_replaced(session, now):
    await deliver(session, now, "environment.credit", {"uscc": USCC, "year": 2023, "colour": "黄", "decided_on": "2024-03-01"})
    await deliver(session, now, "environment.credit", {"uscc": USCC, "year": 2024, "colour": "绿", "decided_on": "2025-03-01"})
    assert SHAPES["environment.credit"] is Shape.STATE
    colours = {}
    for day in (date(2024, 1, 1), date(2024, 6, 1), date(2025, 6, 1)):
        found = (await service.facts_of(session, [USCC], day, now))[USCC]
        colours[day.year, day.month] = [f.values["colour"] for f in found]
    assert colours == {(2024, 1): [], (2024, 6): ["yellow"], (2025, 6): ["green"]}


async def test_a_withdrawn_record_is_gone_for_later_reads_only(session, now):
    case = {"uscc": USCC, "case_no": "1", "role": "被告", "decided_on": "2025-01-02"}
    await deliver(session, now, "courts.judgments", case)
    later = now + timedelta(days=1)
    batch = await deliver(session, later, "courts.judgments", {**case, "record_state": "withdrawn"})
    assert batch.accepted == 1
    assert (await service.facts_of(session, [USCC], date(2026, 3, 1), later))[USCC] == []
    assert len((await service.facts_of(session, [USCC], date(2026, 3, 1), now))[USCC]) == 1
    assert len(await service.history(session, USCC, "courts.judgments")) == 2


async def test_a_late_older_statement_does_not_overwrite_a_newer_one(session, now):
    row = {"uscc": USCC, "document_no": "1", "authority": "局", "decided_on": "2025-01-02"}
    await deliver(session, now, "penalties.administrative", {**row, "amount": "200", "updated_at": "2025-02-02 10:00:00"})
    late = await deliver(session, now + timedelta(days=1), "penalties.administrative", {**row, "amount": "100", "updated_at": "2025-01-20"})
    assert late.accepted == 1
    found = (await service.facts_of(session, [USCC], date(2026, 3, 1), now + timedelta(days=2)))[USCC]
    assert [f.values["amount_fen"] for f in found] == [20_000]


async def test_repeats_and_conflicts_within_and_across_deliveries(session, now):
    row = {"uscc": USCC, "document_no": "1", "authority": "局", "decided_on": "2025-01-02", "amount": "100"}
    first = await deliver(session, now, "penalties.administrative", row, row, {**row, "amount": "300"})
    assert first.reasons == {"conflicting_row": 1, "duplicate_row": 1}
    again = await deliver(session, now + timedelta(days=1), "penalties.administrative", row, {**row, "document_no": "2"})
    assert (again.accepted, again.reasons) == (1, {"duplicate_row": 1})


async def test_a_statement_of_the_future_is_refused(session, now):
    ahead = (now + timedelta(days=3)).isoformat()
    row = {"uscc": USCC, "document_no": "1", "authority": "局", "decided_on": "2025-01-02", "updated_at": ahead}
    assert (await deliver(session, now, "penalties.administrative", row)).reasons == {"later_than_today": 1}


async def test_a_correction_back_to_an_old_value_is_not_taken_for_the_old_delivery(session, now):
    import dataclasses

    from greenbridge.facts.gateway import FakeGateway

    row = {"uscc": USCC, "tax_kind": "增值税", "announced_on": "2026-01-01"}
    states = []
    for days, amount in ((9, "0"), (5, "100"), (1, "0")):
        delivery = next(FakeGateway("tax.arrears", {**row, "amount": amount}).deliveries())
        stated = dataclasses.replace(delivery, stated_at=now - timedelta(days=days), batch_key=str(days))
        assert not (await service.receive(session, stated, now)).repeated
        found = (await service.facts_of(session, [USCC], now.date(), now))[USCC]
        states.append(found[0].values["amount_fen"])
    assert states == [0, 10_000, 0]


async def test_undated_states_keep_their_past_and_unchanged_ones_are_repeats(session, now):
    one, two = {"uscc": USCC, "investor": "甲公司"}, {"uscc": USCC, "investor": "乙公司"}
    await deliver(session, now - timedelta(days=60), "registration.shareholders", one)
    second = await deliver(session, now - timedelta(days=10), "registration.shareholders", one, two)
    assert (second.accepted, second.reasons) == (1, {"duplicate_row": 1})

    async def investors(days):
        day = (now - timedelta(days=days)).date()
        return [f.values["investor"] for f in (await service.facts_of(session, [USCC], day, now))[USCC]]

    assert await investors(30) == ["甲公司"]
    assert set(await investors(5)) == {"甲公司", "乙公司"}


@pytest.mark.parametrize(
    "odd",
    [
        {"updated_at": "0001-01-01T00:00:00"},
        {"updated_at": "0001-01-01"},
        {"document_no": 10**30},
        {"firm_name": "a\x00b", "uscc": None},
        {"registration_no": "1\x00", "uscc": None},
        {"uscc": "1\x00"},
        {"decided_on": "0900-01-01"},
    ],
)
async def test_an_odd_row_never_stops_the_good_one(session, now, odd):
    row = {"uscc": USCC, "document_no": "1", "authority": "局", "decided_on": "2025-01-02"}
    batch = await deliver(session, now, "penalties.administrative", row, {**row, "document_no": "2", **odd})
    assert batch.delivered == 2
    assert batch.accepted >= 1


async def test_whole_numbers_stay_whole_beside_a_missing_one(session, now):
    rows = [{"uscc": USCC, "document_no": n, "authority": "局", "decided_on": "2025-01-02"} for n in (9007199254740993, None)]
    await deliver(session, now, "penalties.administrative", *rows)
    found = (await service.facts_of(session, [USCC], date(2026, 3, 1), now))[USCC]
    assert [f.key for f in found] == ["9007199254740993"]


async def test_a_month_is_one_month_however_its_day_is_written(session, now):
    row = {"uscc": USCC, "tax_kind": "增值税", "declared": "1", "paid": "1"}
    await deliver(session, now, "tax.paid", {**row, "month": "2025-01"})
    await deliver(session, now + timedelta(days=1), "tax.paid", {**row, "month": "2025-01-31", "paid": "2"})
    found = (await service.facts_of(session, [USCC], date(2026, 3, 1), now + timedelta(days=1)))[USCC]
    assert [(f.key, f.values["paid_fen"]) for f in found] == [("2025-01-01|vat", 200)]
