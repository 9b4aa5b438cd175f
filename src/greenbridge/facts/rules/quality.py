"""How good deliveries are: shares in [0, 1], per item, from what batches counted."""

from collections.abc import Mapping, Sequence
from datetime import date

from greenbridge.facts.values import Batch, Item, Quality

REPEATS = frozenset({"duplicate_row", "conflicting_row", "superseded_row"})


def measured(item: Item, day: date, recent: Sequence[Batch], on_time: tuple[int, int] | None, compared: tuple[int, int] | None) -> Quality:
    """Return an item's quality on a day from its batches of the period before.

    completeness: filled cells / cells. validity: rows that no check refused / rows (repeats are another matter). uniqueness: rows
    that repeat nothing / rows. compliance, as the province defines it: good rows / delivered rows. timeliness: see `timely`.
    consistency: records that agree with another department's / records compared. None: nothing was to be measured.
    """
    delivered = sum(batch.delivered for batch in recent)
    repeats = sum(count for batch in recent for reason, count in batch.reasons.items() if reason in REPEATS)
    refused = sum(batch.quarantined for batch in recent) - repeats
    return Quality(
        item.code,
        day,
        delivered,
        completeness=_share(sum(b.filled_cells for b in recent), sum(b.cells for b in recent)),
        validity=_share(delivered - refused, delivered),
        timeliness=_share(*on_time) if on_time else None,
        uniqueness=_share(delivered - repeats, delivered),
        consistency=_share(compared[0] - compared[1], compared[0]) if compared else None,
        compliance=_share(delivered - refused - repeats, delivered),
    )


def timely(recent: Sequence[Batch], working_days_late: Sequence[int], waiting_late: bool) -> tuple[int, int] | None:
    """Return (what came in time, what was due).

    Where an item's records have a due day, each new record counts; besides, each delivery counts that was due by the item's refresh
    rate: `working_days_late` says by how many working days each came late (0: in time), `waiting_late` whether one is overdue now.
    """
    due = len(working_days_late) + waiting_late
    in_time = sum(days == 0 for days in working_days_late)
    for batch in recent:
        if batch.late_rows is not None:
            due += batch.accepted
            in_time += batch.accepted - batch.late_rows
    return (in_time, due) if due else None


def fallen(item: Item, quality: Quality) -> Mapping[str, tuple[float, float]]:
    """Return measure -> (threshold, value) of those of an item's measures that lie under their threshold."""
    values = {name: getattr(quality, name) for name in item.alert}
    return {name: (item.alert[name], value) for name, value in values.items() if value is not None and value < item.alert[name]}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
