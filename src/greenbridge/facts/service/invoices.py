"""Loading VAT invoices: plain rows through the columnar engine, dirty ones through cleaning; then the months and years they change."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.facts.gateway import tables
from greenbridge.facts.rules import cleaning
from greenbridge.facts.service import identity
from greenbridge.facts.service.intake import Tally, conformed, raw_record
from greenbridge.facts.store import batches, copying
from greenbridge.facts.store import invoices as store
from greenbridge.facts.store.staging import FIELDS, Staging
from greenbridge.facts.values import Batch, Delivery, Item
from greenbridge.kit.calendar import business_date

# From so many rows on, the planner is told of them before anything is read.
_ANALYZE_FROM = 10_000


async def load(session: AsyncSession, delivery: Delivery, item: Item, batch: Batch, due: date | None, folder: Path) -> Tally:
    """Load a delivery of invoices; return what its rows came to."""
    tally = Tally(late_rows=None)
    with Staging(folder) as staged:
        await _stage(session, delivery, item, batch, staged, tally)
        known = folder / "existing.csv"
        some = await store.existing(session, staged.touched(), known)
        repeats = staged.tell_apart(known if some else None)
        tally.set_aside(repeats)
        await _set_repeats_aside(session, delivery, batch, repeats)
        tally.saw(staged.newest_day())
        tally.late_rows = None if due is None else staged.late(due)
        await _append(session, batch, staged)
    return tally


async def _stage(session: AsyncSession, delivery: Delivery, item: Item, batch: Batch, staged: Staging, tally: Tally) -> None:
    today = business_date(batch.received_at)
    for raw in tables(delivery.file_name, delivery.content):
        start = tally.delivered
        rest = np.arange(len(raw))
        if isinstance(raw, pa.Table) and cleaning.RECORD_STATE not in raw.column_names:
            chunk = _columns(raw, item, delivery)
            if chunk is not None:
                codes = await identity.codes_of(session, delivery, staged.new_codes(chunk))
                rest = staged.take_plain(chunk, start, today, codes).to_numpy()
        frame = raw.take(pa.array(rest)).to_pandas() if isinstance(raw, pa.Table) else raw
        aside = await _clean(session, delivery, item, frame, start + rest, today, staged)
        tally.set_aside(aside)
        places = {int(number): place for place, number in enumerate(start + rest)}
        await batches.quarantine(session, batch.id, [(n, reason, raw_record(frame, places[n])) for n, reason in aside])
        tally.delivered += len(raw)
        tally.cells += len(raw) * len(item.fields)
        # A plain row has all its cells; of the others they are counted.
        tally.filled_cells += (len(raw) - len(frame)) * len(item.fields)
        if len(frame):
            tally.filled_cells += cleaning.filled(conformed(frame, item, delivery), item)


def _columns(raw: pa.Table, item: Item, delivery: Delivery) -> pa.Table | None:
    """Return the item's columns of an Arrow table by their own names; None where cleaning must say what is wrong with it."""
    named = cleaning.spellings(item, delivery.renames)
    renamed = [named.get(name, name) for name in raw.column_names]
    if len(set(renamed)) < len(renamed):
        return None
    table = raw.rename_columns(renamed)
    for name, value in delivery.constants.items():
        column = pa.array([value] * table.num_rows, pa.string())
        table = table.set_column(renamed.index(name), name, column) if name in renamed else table.append_column(name, column)
    return table.select(FIELDS) if set(FIELDS) <= set(table.column_names) else None


async def _clean(
    session: AsyncSession, delivery: Delivery, item: Item, raw: pd.DataFrame, numbers: np.ndarray, today: date, staged: Staging
) -> list[tuple[int, str]]:
    """Clean rows that are not plain, stage the good ones; return (row number, reason) of the others."""
    frame = conformed(raw, item, delivery)
    if frame.empty:
        return []
    typed, reasons = cleaning.clean(frame, item, today, delivery.scales)
    found = await identity.identify(session, delivery, frame)
    reasons = np.where(reasons == None, found.reasons, reasons)  # noqa: E711  elementwise
    reasons[reasons == "doubtful_identity"] = "unknown_firm"  # an invoice is never taken by its name
    good = np.flatnonzero(reasons == None)  # noqa: E711  elementwise
    kept = typed.iloc[good]
    status = kept["status"].where(~cleaning.withdrawn(frame).iloc[good].to_numpy(dtype=bool), "withdrawn")
    staged.take(
        pa.table(
            {
                "row_no": pa.array(numbers[good], pa.int32()),
                "uscc": pa.array(found.uscc.iloc[good].astype(object), pa.string()),
                "direction": pa.array(kept["direction"].astype(object), pa.string()),
                "issued_on": pa.array(kept["issue_date"].dt.date, pa.date32()),
                "invoice_no": pa.array(kept["invoice_no"].astype(object), pa.string()),
                "counterparty": pa.array(kept["counterparty_id"].astype(object), pa.string()),
                "net_fen": pa.array(kept["amount_net"].astype("int64")),
                "tax_fen": pa.array(kept["tax"].astype("int64")),
                "status": pa.array(status.astype(object), pa.string()),
            }
        )
    )
    return [(int(numbers[p]), str(reasons[p])) for p in np.flatnonzero(reasons != None)]  # noqa: E711  elementwise


async def _set_repeats_aside(session: AsyncSession, delivery: Delivery, batch: Batch, repeats: list[tuple[int, str]]) -> None:
    """Quarantine repeated rows as they came: the file is read once more, for these rows only."""
    if not repeats:
        return
    wanted = np.array([number for number, _ in repeats])
    start = place = 0
    for raw in tables(delivery.file_name, delivery.content):
        stop = int(np.searchsorted(wanted, start + len(raw)))
        if stop > place:
            positions = wanted[place:stop] - start
            part = raw.take(pa.array(positions)).to_pandas() if isinstance(raw, pa.Table) else raw.iloc[positions]
            rows = [(*repeats[place + i], raw_record(part, i)) for i in range(len(part))]
            await batches.quarantine(session, batch.id, rows)
        start, place = start + len(raw), stop


async def _append(session: AsyncSession, batch: Batch, staged: Staging) -> None:
    """Append new invoices, changes of state, and new versions of the months and years that they touch."""
    new, changed = staged.count()
    columns = [*store.IDENTITY, "status", "batch_id", "row_no"]
    if new:
        await store.make_partitions(session, staged.months())
        await copying.batches(session, "vat_invoice", columns, staged.rows("arriving", str(batch.id)))
    if changed:
        await copying.batches(session, "vat_invoice_change", columns, staged.rows("change", str(batch.id)))
    if not new + changed:
        return
    staged.settle()
    await store.add_versions(session, "invoice_month", staged.month_facts(), batch.id, batch.received_at)
    await store.add_versions(session, "counterparty_year", staged.year_facts(), batch.id, batch.received_at)
    if new + changed >= _ANALYZE_FROM:
        await store.analyze(session, "invoice_month", "counterparty_year")
