"""Loading VAT invoices: plain rows through the columnar engine, dirty ones through cleaning; then the months and years they change."""

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.facts.gateway import tables
from greenbridge.facts.gateway.files import frame_of
from greenbridge.facts.rules import cleaning
from greenbridge.facts.service import identity
from greenbridge.facts.service.intake import Tally, conformed, raw_record
from greenbridge.facts.store import batches
from greenbridge.facts.store import invoices as store
from greenbridge.facts.store.staging import FIELDS, Staging
from greenbridge.facts.values import Batch, Delivery, Item
from greenbridge.kit.calendar import business_date


async def load(session: AsyncSession, delivery: Delivery, item: Item, batch: Batch, due: date | None) -> Tally:
    """Load a delivery of invoices; return what its rows came to."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="greenbridge-") as made, Staging(folder := Path(made)) as staged:
        await _stage(session, delivery, item, batch, staged, tally, folder)
        known = folder / "existing.csv"
        some = await store.existing(session, staged.touched(), known)
        repeats = await asyncio.to_thread(staged.tell_apart, known if some else None)
        tally.set_aside(repeats)
        await _set_repeats_aside(session, delivery, batch, repeats)
        tally.saw(staged.newest_day())
        tally.late_rows = None if due is None else staged.late(due)
        await _append(session, batch, staged)
    return tally


async def _stage(session: AsyncSession, delivery: Delivery, item: Item, batch: Batch, staged: Staging, tally: Tally, folder: Path) -> None:
    """Stage all good rows and set the bad ones aside: the engine takes the plain ones, cleaning sees the rest."""
    today = business_date(batch.received_at)
    path = _on_disk(delivery, folder)
    left = await _take_file(session, delivery, item, staged, path, today) if path else None
    if path and left is not None and not len(left):
        rows = pq.ParquetFile(path).metadata.num_rows
        tally.delivered, tally.cells, tally.filled_cells = rows, rows * len(item.fields), rows * len(item.fields)
        return
    for raw in tables(delivery.file_name, delivery.content):
        start = tally.delivered
        if left is not None:
            rest = left[np.searchsorted(left, start) : np.searchsorted(left, start + len(raw))] - start
        else:
            rest = await _take_table(session, delivery, item, staged, raw, start, today)
        frame = _rows_at(raw, rest)
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


def _on_disk(delivery: Delivery, folder: Path) -> Path | None:
    """Return the path of a Parquet delivery, which the engine reads by itself; None for other files and for what is none.

    Under a name of ours: the engine reads a file's own name as a pattern, and folders named a=b as columns.
    """
    if not delivery.file_name.lower().endswith(".parquet"):
        return None
    path = folder / "delivered.parquet"
    if isinstance(delivery.content, bytes):
        path.write_bytes(delivery.content)
    else:
        path.symlink_to(delivery.content.resolve())
    try:
        pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        return None  # the reader of tables says what is wrong with it
    return path


async def _take_file(session: AsyncSession, delivery: Delivery, item: Item, staged: Staging, path: Path, today: date) -> np.ndarray | None:
    """Take a Parquet file's plain rows; return the numbers of the others, or None where cleaning must look at all of them."""
    schema = pq.read_schema(path)
    fields = _fields(schema.names, item, delivery)
    if fields is None:
        return None
    staged.look_at_parquet(path, fields, delivery.constants, {f: str(schema.field(name).type) for f, name in fields.items()})
    codes = await identity.codes_of(session, delivery, staged.new_codes())
    return np.asarray(await asyncio.to_thread(staged.take_plain, 0, today, codes))


async def _take_table(
    session: AsyncSession, delivery: Delivery, item: Item, staged: Staging, raw: pa.Table | pd.DataFrame, start: int, today: date
) -> np.ndarray:
    """Take the plain rows of a table in memory; return the positions of the others."""
    everything = np.arange(len(raw))
    fields = _fields([str(name) for name in (raw.column_names if isinstance(raw, pa.Table) else raw.columns)], item, delivery)
    if fields is None or not len(raw):
        return everything
    try:
        columns = {f: raw[name] if isinstance(raw, pa.Table) else pa.array(raw[name], from_pandas=True) for f, name in fields.items()}
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return everything  # a column of mixed kinds, or of numbers that are none of ours
    constant = {name: pa.array([value] * len(raw), pa.string()) for name, value in delivery.constants.items()}
    staged.look_at_table(pa.table({**columns, **constant}))
    codes = await identity.codes_of(session, delivery, staged.new_codes())
    return np.asarray(await asyncio.to_thread(staged.take_plain, start, today, codes))


def _fields(names: Sequence[str], item: Item, delivery: Delivery) -> dict[str, str] | None:
    """Return field -> delivered column; None where a column is missing or repeated, or rows may be withdrawn."""
    named = cleaning.spellings(item, delivery.renames)
    renamed = [named.get(name, name) for name in names]
    known = {*renamed, *delivery.constants}
    lowered = {name.lower() for name in (*names, *renamed)}  # the engine's names ignore case
    clashing = (
        len({n.lower() for n in names}) < len(names)
        or "file_row_number" in lowered
        or any(name.lower() in FIELDS and name not in FIELDS for name in renamed)
    )
    if delivery.scales or clashing or len(set(renamed)) < len(renamed) or cleaning.RECORD_STATE in known or not set(FIELDS) <= known:
        return None
    return {field: name for field, name in zip(renamed, names, strict=True) if field in FIELDS and field not in delivery.constants}


def _rows_at(raw: pa.Table | pd.DataFrame, positions: np.ndarray) -> pd.DataFrame:
    """Return rows as delivered."""
    return frame_of(raw.take(pa.array(positions))) if isinstance(raw, pa.Table) else raw.iloc[positions].reset_index(drop=True)


async def _clean(
    session: AsyncSession, delivery: Delivery, item: Item, raw: pd.DataFrame, numbers: np.ndarray, today: date, staged: Staging
) -> list[tuple[int, str]]:
    """Clean rows that are not plain, stage the good ones; return (row number, reason) of the others."""
    frame = conformed(raw, item, delivery)
    if frame.empty:
        return []
    typed, reasons = await asyncio.to_thread(cleaning.clean, frame, item, today, delivery.scales)
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
            part = _rows_at(raw, positions)
            rows = [(*repeats[place + i], raw_record(part, i)) for i in range(len(part))]
            await batches.quarantine(session, batch.id, rows)
        start, place = start + len(raw), stop


async def _append(session: AsyncSession, batch: Batch, staged: Staging) -> None:
    """Append new invoices, changes of state, and new versions of the months and years that they touch."""
    new, changed = staged.count()
    if not new + changed:
        return
    staged.settle()
    summed = asyncio.ensure_future(asyncio.to_thread(staged.facts))
    try:
        await store.append(session, staged.months(), lambda first: staged.new_in(first, batch.id))
        if changed:
            await store.append_changes(session, staged.changes(batch.id))
    finally:
        await asyncio.wait([summed])  # nothing may read what is closed
    months, years = summed.result()
    await store.add_versions(session, "invoice_month", months, batch.id, batch.received_at)
    await store.add_versions(session, "counterparty_year", years, batch.id, batch.received_at)
