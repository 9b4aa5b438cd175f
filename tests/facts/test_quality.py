"""Quality of deliveries: measures, alerts that open and close, consistency across departments."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from greenbridge.facts import service
from greenbridge.facts.gateway import catalogue
from greenbridge.facts.rules import items, quality
from greenbridge.facts.values import Batch
from greenbridge.kit.calendar import same_day_after, working_day_before, working_days_between
from tests.builders import USCC, a_registration, an_invoice, deliver, steady_invoices


def a_batch(**changes):
    from datetime import UTC, datetime
    from uuid import uuid4

    given = {
        "id": uuid4(), "item": "licences.licences", "file_name": "x", "sha256": "", "received_at": datetime(2026, 3, 1, tzinfo=UTC), "delivered": 10,
        "accepted": 8, "quarantined": 2, "covers_to": date(2026, 3, 1), "generated": False, "reasons": {"bad_date": 1, "duplicate_row": 1},
        "filled_cells": 45, "cells": 60,
    }  # fmt: skip
    return Batch(**{**given, **changes})


def test_measures_are_shares_of_what_came():
    found = quality.measured(catalogue().items["licences.licences"], date(2026, 3, 10), [a_batch()], (3, 4), (20, 1))
    assert (found.completeness, found.validity, found.uniqueness, found.compliance) == (0.75, 0.9, 0.9, 0.8)
    assert (found.timeliness, found.consistency) == (0.75, 0.95)


def test_nothing_delivered_is_unknown_not_perfect():
    found = quality.measured(catalogue().items["licences.licences"], date(2026, 3, 10), [], None, None)
    assert (found.compliance, found.validity, found.timeliness, found.consistency) == (None, None, None, None)


def test_timeliness_counts_late_rows_late_deliveries_and_one_overdue():
    assert quality.timely([a_batch(late_rows=2)], [0, 3], waiting_late=True) == (6 + 1, 8 + 3)
    assert quality.timely([a_batch()], [], waiting_late=False) is None


def test_only_measures_with_a_threshold_can_fall():
    item = catalogue().items["licences.licences"]
    found = quality.measured(item, date(2026, 3, 10), [a_batch()], None, None)
    assert quality.fallen(item, found) == {"compliance": (0.99, 0.8)}


def test_working_days():
    assert working_days_between(date(2026, 2, 13), date(2026, 2, 24)) == 2  # the shifted Saturday and the 24th: Spring Festival between
    assert working_day_before(date(2026, 3, 10), 1) == date(2026, 3, 8)  # the Monday was a working day, the Sunday was not
    assert same_day_after(date(2020, 2, 29), 60) == date(2025, 2, 28)


async def test_an_item_under_its_threshold_opens_an_alert_and_recovers(session, now):
    bad = an_invoice(amount_net="x")
    await deliver(session, now, items.VAT_INVOICES, an_invoice(), bad)
    assert await service.measure(session, now) == 1
    alerts = {alert.measure: alert for alert in await service.alerts(session)}
    assert set(alerts) == {"compliance", "validity"}
    assert alerts["compliance"].value == 0.5
    await service.measure(session, now)  # again the same day: no second alert
    assert len(await service.alerts(session)) == 2
    later = now + timedelta(days=5)
    await deliver(session, later, items.VAT_INVOICES, *[an_invoice(invoice_no=str(n)) for n in range(10, 300)])
    await service.measure(session, later)
    assert await service.alerts(session) == []
    trend = (await service.trends(session, later))[items.VAT_INVOICES]
    assert [round(q.compliance, 3) for q in trend] == [0.5, round(291 / 292, 3)]
    events = (await session.execute(text("select action from audit_event where action like 'quality.%' order by number"))).scalars().all()
    assert events == ["quality.fell", "quality.fell", "quality.recovered", "quality.recovered"]


async def test_a_late_record_and_an_overdue_delivery_lower_timeliness(session, now):
    licence = {"uscc": USCC, "title": "许可", "licence_no": "1", "granted_on": "2025-06-01"}
    first = await deliver(session, now, "licences.licences", licence)
    assert first.late_rows is None  # the first delivery is a stock-taking
    second = await deliver(
        session,
        now + timedelta(days=5),
        "licences.licences",
        {**licence, "licence_no": "2"},
        {**licence, "licence_no": "3", "granted_on": "2026-03-10"},
        {**licence, "title": "更正"},
    )
    assert second.late_rows == 1  # a correction of a known record is not late
    at = now + timedelta(days=6)
    await service.measure(session, at)
    assert (await service.trends(session, at))["licences.licences"][-1].timeliness == pytest.approx(3 / 4)
    overdue = now + timedelta(days=40)
    await service.measure(session, overdue)
    assert (await service.trends(session, overdue))["licences.licences"][-1].timeliness == pytest.approx(3 / 5)


async def test_a_deregistered_firm_that_invoices_is_inconsistent(session, now):
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices())
    await deliver(session, now, items.REGISTRATION, a_registration(state="注销", deregistered_on="2025-06-30"))
    await service.measure(session, now)
    assert (await service.trends(session, now))[items.VAT_INVOICES][-1].consistency == 0.0


async def test_what_nobody_delivers_any_more_stays_in_sight(session, now):
    await deliver(session, now, "courts.enforcement", {"uscc": USCC, "case_no": "1", "filed_on": "2026-01-02"})
    much_later = now + timedelta(days=200)
    await service.measure(session, much_later)
    (found,) = (await service.trends(session, much_later))["courts.enforcement"]
    assert found.timeliness == 0.0
    assert "timeliness" in {alert.measure for alert in await service.alerts(session)}


async def test_a_corrected_record_is_compared_as_it_stands_now(session, now):
    await deliver(session, now, items.REGISTRATION, a_registration(reg_region_code="110101"))
    await deliver(session, now + timedelta(days=1), items.REGISTRATION, a_registration(reg_region_code="330502"))
    await service.measure(session, now + timedelta(days=1))
    assert (await service.trends(session, now + timedelta(days=1)))[items.REGISTRATION][-1].consistency == 1.0
