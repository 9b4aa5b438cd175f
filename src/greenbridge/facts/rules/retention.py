"""How long a record is shown. What is no longer shown stays stored, for an auditor's replay."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from greenbridge.facts.values import Clock
from greenbridge.kit.calendar import same_day_after

NEVER = date.min


def shown_until(clocks: Sequence[Clock], values: Mapping[str, Any], on: date) -> date | None:
    """Return the last day on which a record is shown; None: without end; NEVER: not at all.

    `clocks` are the versions of one rule, newest first; the one in force `on` the day counts. 5 years from 2020-02-29 end on
    2025-02-28. A record without the day that starts the clock is shown.
    """
    clock = next((c for c in clocks if c.in_force_from <= on and (c.in_force_to is None or on <= c.in_force_to)), None)
    if clock is None or clock.months is None:
        return None
    if any(values.get(name) == value for name, value in clock.never.items()):
        return NEVER
    if own := values.get(clock.until_field):
        return date.fromisoformat(own)
    start = next((values[name] for name in clock.start if values.get(name)), None)
    if start is None:
        return None
    months = next((m for name, value, m in clock.cases if values.get(name) == value), clock.months)
    # Removed from a list: not shown from that day on. Otherwise the last day of the period still shows.
    return same_day_after(date.fromisoformat(start), months) - timedelta(days=months == 0)
