"""Showing periods: records leave new reports when their time is over, and stay for an auditor's replay."""

from datetime import UTC, date, datetime, timedelta

import pytest

from greenbridge.facts import service
from greenbridge.facts.gateway import catalogue
from greenbridge.facts.rules.retention import NEVER, shown_until
from tests.builders import USCC, deliver

TODAY = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("clock", "values", "last_day"),
    [
        ("neutral", {"decided_on": "2000-01-01"}, None),
        ("adverse_5y", {"decided_on": "2020-02-29"}, date(2025, 2, 28)),
        ("adverse_5y", {"listed_on": "2021-03-10", "removed_on": "2022-01-01"}, date(2026, 3, 10)),
        ("adverse_5y", {"amount_fen": 1}, None),
        ("severe_list", {"listed_on": "2010-01-01"}, None),
        ("severe_list", {"listed_on": "2010-01-01", "removed_on": "2026-03-10"}, date(2026, 3, 9)),
        ("penalty", {"decided_on": "2023-05-31"}, date(2026, 5, 31)),
        ("penalty", {"decided_on": "2023-05-31", "shown_until": "2024-01-01"}, date(2024, 1, 1)),
        ("penalty", {"decided_on": "2025-11-30", "gravity": "minor"}, date(2026, 2, 28)),
        ("penalty", {"decided_on": "2026-01-01", "procedure": "summary"}, NEVER),
    ],
)
def test_last_day_shown(clock, values, last_day):
    assert shown_until(catalogue().clocks[clock], values, TODAY) == last_day


def test_a_clock_counts_only_while_it_is_in_force():
    assert shown_until(catalogue().clocks["penalty"], {"decided_on": "2010-01-01"}, date(2020, 1, 1)) is None


async def test_a_record_leaves_new_reads_and_stays_for_an_auditor(session, now):
    await deliver(session, now, "courts.judgments", {"uscc": USCC, "case_no": "1", "role": "被告", "decided_on": "2021-06-01"})
    last, over = datetime(2026, 6, 1, 2, tzinfo=UTC), datetime(2026, 6, 2, 2, tzinfo=UTC)

    async def seen(day, known_at, **how):
        return len((await service.facts_of(session, [USCC], day, known_at, **how))[USCC])

    assert await seen(date(2026, 6, 1), last) == 1
    assert await seen(date(2026, 6, 2), over) == 0
    # Nor in a read of an earlier day that is made afterwards; a replay of what was known before shows it.
    assert await seen(date(2026, 6, 1), over) == 0
    assert await seen(date(2026, 6, 1), now) == 1
    assert await seen(date(2026, 6, 2), over, auditing=True) == 1
    assert len(await service.history(session, USCC)) == 1


async def test_who_leaves_the_dishonesty_list_leaves_the_report(session, now):
    row = {"uscc": USCC, "case_no": "1", "listed_on": "2025-01-01"}
    await deliver(session, now, "courts.dishonesty", row)
    later = now + timedelta(days=1)
    await deliver(session, later, "courts.dishonesty", {**row, "removed_on": "2026-03-01"})
    assert len((await service.facts_of(session, [USCC], TODAY, now))[USCC]) == 1
    assert (await service.facts_of(session, [USCC], TODAY, later))[USCC] == []
    assert (await service.facts_of(session, [USCC], date(2026, 2, 28), datetime(2027, 1, 1, tzinfo=UTC)))[USCC] == []
    assert len((await service.facts_of(session, [USCC], date(2026, 2, 28), now))[USCC]) == 1
