"""Receiving deliveries: keep the file, clean its rows, load the good ones, set the bad ones aside with a reason."""

import asyncio
import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pandas as pd
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.facts.gateway import frames, pieces
from greenbridge.facts.rules import cells, cleaning, items, records
from greenbridge.facts.service import identity, invoices
from greenbridge.facts.service.intake import Tally, conformed, item_named, own_day, raw_record
from greenbridge.facts.store import batches
from greenbridge.facts.store import identity as identity_store
from greenbridge.facts.store import records as record_store
from greenbridge.facts.tables import IdentityQuestion
from greenbridge.facts.values import Batch, Delivery, Item, Shape
from greenbridge.kit import database
from greenbridge.kit.calendar import SHANGHAI, business_date, working_day_before
from greenbridge.kit.errors import Forbidden, Invalid, NotFound

_CHUNK_ROWS = 50_000
_HASH_BYTES = 1 << 20


async def receive(session: AsyncSession, delivery: Delivery, now: datetime) -> Batch:
    """Take one delivery in; accepted + quarantined = delivered.

    The same delivery again, by content or by the sender's number, returns its first batch, marked `repeated`. Raises Invalid for
    a file that cannot be read at all, and for a sender's number that came with another content.
    """
    item = item_named(delivery.item)
    if delivery.stated_at is not None and delivery.stated_at.tzinfo is None:
        delivery = replace(delivery, stated_at=delivery.stated_at.replace(tzinfo=SHANGHAI))
    sha256 = await asyncio.to_thread(_sha256, delivery)
    read_with = _read_with(delivery)
    fingerprint = _digest({"item": item.code, "sha256": sha256, "batch_key": delivery.batch_key, **read_with})
    await database.lock(session, f"facts:{item.code}")
    if repeat := await batches.find_repeat(session, item.code, fingerprint, delivery.batch_key):
        found, same = repeat
        if not same:
            raise Invalid.at(
                "other-content",
                "batch_id",
                f"批次号 {delivery.batch_key} 已用于另一份内容。",
                f"Batch {delivery.batch_key} came before with another content.",
            )
        return found
    previous = await batches.newest_receipt(session, item.code)
    # Whoever waited for the lock may carry an earlier instant than what was recorded meanwhile: knowledge only grows.
    now = max(now, previous or now)
    batch = Batch(uuid4(), item.code, delivery.file_name, sha256, now, 0, 0, 0, None, delivery.generated, {}, stated_at=delivery.stated_at)
    # A savepoint: a file that turns out unreadable leaves nothing, also where the caller goes on with the next.
    async with session.begin_nested():
        content = pieces(delivery.content, batches.PART_BYTES)
        await batches.add(session, batch, fingerprint=fingerprint, batch_key=delivery.batch_key, content=content, read_with=read_with)
        load = invoices.load if item.code == items.VAT_INVOICES else _load
        tally = await load(session, delivery, item, batch, _due(item, previous, now))
        batch = _counted(batch, item, tally)
        await batches.set_counts(session, batch)
    return batch


async def hand_in(session: AsyncSession, actor: Actor, delivery: Delivery, now: datetime, batch_id: str | None = None) -> Batch:
    """Take in what somebody hands in: a department of its own items, the operator of any; who did is recorded.

    `batch_id` is the sender's number of it. Raises Forbidden for another department's item.
    """
    item = item_named(delivery.item)
    own = actor.role is Role.DEPARTMENT and item.department_code == actor.organisation.code
    if not own and actor.role is not Role.OPERATOR:
        raise Forbidden(
            "not-your-item",
            f"{item.code} 由{item.department.zh}提供。",
            f"{item.code} is delivered by another department: {item.department.en}.",
        )
    if batch_id is not None:
        delivery = replace(delivery, batch_key=f"{actor.organisation.code}:{batch_id}")
    async with database.as_platform(session):  # a delivery speaks of any firm
        batch = await receive(session, delivery, now)
    if not batch.repeated:
        await audit.record(session, "delivery.handed_in", f"batch:{batch.id}", now, account_id=actor.account_id, item=item.code)
    return batch


def _sha256(delivery: Delivery) -> str:
    found = hashlib.sha256()
    for piece in pieces(delivery.content, _HASH_BYTES):
        found.update(piece)
    return found.hexdigest()


def _read_with(delivery: Delivery) -> dict[str, Any]:
    return {
        "constants": dict(delivery.constants),
        "renames": dict(delivery.renames),
        "subjects": _digest(delivery.subjects),
        "scales": dict(delivery.scales),
        "masked": delivery.masked,
        "stated_at": delivery.stated_at.isoformat() if delivery.stated_at else None,
    }


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False, default=dict).encode()).hexdigest()


def _due(item: Item, previous: datetime | None, now: datetime) -> date | None:
    """Return the last day of which a record that arrives now is late; None where nothing was due.

    The first delivery is a stock-taking: nothing in it is late.
    """
    if item.due_working_days is None or previous is None:
        return None
    return working_day_before(business_date(now), item.due_working_days)


def _counted(batch: Batch, item: Item, tally: Tally) -> Batch:
    """Return the batch with its counts; it covers the newest day that an accepted row speaks of, else its receipt."""
    aside = sum(tally.reasons.values())
    accepted = tally.delivered - aside
    covers_to = None
    if accepted:
        covers_to = own_day(item, tally.newest_day) if tally.newest_day else business_date(batch.received_at)
    return replace(
        batch,
        delivered=tally.delivered,
        accepted=accepted,
        quarantined=aside,
        covers_to=covers_to,
        reasons=dict(sorted(tally.reasons.items())),
        filled_cells=tally.filled_cells,
        cells=tally.cells,
        late_rows=tally.late_rows,
    )


async def _load(session: AsyncSession, delivery: Delivery, item: Item, batch: Batch, due: date | None) -> Tally:
    tally = Tally(late_rows=0 if due else None)
    for raw in frames(delivery.file_name, delivery.content, _CHUNK_ROWS):
        start = tally.delivered
        frame = conformed(raw, item, delivery)
        aside = await take_frame(session, delivery, item, batch, frame, np.arange(start, start + len(frame)), tally, due)
        await batches.quarantine(session, batch.id, [(n, reason, raw_record(raw, n - start)) for n, reason in aside])
    return tally


async def take_frame(
    session: AsyncSession,
    delivery: Delivery,
    item: Item,
    batch: Batch,
    frame: pd.DataFrame,
    row_numbers: np.ndarray[Any, Any],
    tally: Tally,
    due: date | None,
) -> list[tuple[int, str]]:
    """Clean and append a conformed table's rows; return (row number, reason) of those set aside, and count them."""
    today = business_date(batch.received_at)
    typed, reasons = await asyncio.to_thread(cleaning.clean, frame, item, today, delivery.scales)
    found = await identity.identify(session, delivery, frame)
    reasons = np.where(reasons == None, found.reasons, reasons)  # noqa: E711  elementwise
    doubts = [doubt for doubt in found.doubts if reasons[doubt.position] == "doubtful_identity"]
    stated_at, timed = _stated(frame, delivery, batch.received_at)
    reasons[((reasons == None) & (stated_at > pd.Timestamp(batch.received_at) + pd.Timedelta(days=1)).to_numpy())] = "later_than_today"  # noqa: E711
    good = np.flatnonzero(reasons == None)  # noqa: E711  elementwise
    days = stated_at.iloc[good].dt.tz_convert(SHANGHAI).dt.tz_localize(None).dt.normalize()
    rows = await asyncio.to_thread(records.versions, typed.iloc[good], item, days)
    rows.insert(0, "uscc", found.uscc.iloc[good].astype(object).to_numpy())
    rows["stated_at"] = stated_at.iloc[good].map(lambda instant: instant.isoformat()).to_numpy()
    rows["timed"] = timed.iloc[good].to_numpy()
    rows["undated"] = item.shape is Shape.STATE and typed.iloc[good][list(item.valid_from)].isna().all(axis=1).to_numpy()
    rows["withdrawn"] = cleaning.withdrawn(frame).iloc[good].to_numpy(dtype=bool)
    rows["row_no"] = row_numbers[good]
    repeated = _repeats(rows)
    kept = rows[~rows["row_no"].isin([number for number, _ in repeated])]
    known, restated = await record_store.add(session, batch.id, batch.received_at, item.code, kept)
    repeated += known
    _count(tally, frame, item, kept[~kept["row_no"].isin([number for number, _ in known])], restated, due)
    if item.code == items.REGISTRATION and delivery.masked is None:
        await _remember(session, typed.iloc[good], rows)
    aside = [(int(row_numbers[p]), str(reasons[p])) for p in np.flatnonzero(reasons != None)]  # noqa: E711  elementwise
    aside = sorted(aside + repeated)
    tally.set_aside(aside)
    await _ask(session, batch, doubts, row_numbers)
    return aside


def _stated(frame: pd.DataFrame, delivery: Delivery, received_at: datetime) -> tuple[pd.Series, pd.Series]:
    """Return (when each row was stated, whether it or its delivery says so itself)."""
    own = cells.clean_instants(frame[cleaning.UPDATED_AT])
    timed = own.notna() | (delivery.stated_at is not None)
    return own.fillna(pd.Timestamp(delivery.stated_at or received_at)), timed


def _repeats(rows: pd.DataFrame) -> list[tuple[int, str]]:
    """Return (row number, reason) of rows that the same table stated before: equally, or in conflict."""
    identity_columns = ["uscc", "key", "state_from", "stated_at"]
    again = rows.duplicated(identity_columns).to_numpy()
    same = rows.duplicated([*identity_columns, "digest", "withdrawn"]).to_numpy()
    numbers = rows["row_no"].to_numpy()
    return [(int(numbers[p]), "duplicate_row" if same[p] else "conflicting_row") for p in np.flatnonzero(again)]


def _count(tally: Tally, frame: pd.DataFrame, item: Item, kept: pd.DataFrame, restated: set[int], due: date | None) -> None:
    tally.delivered += len(frame)
    tally.cells += len(frame) * len(item.fields)
    tally.filled_cells += cleaning.filled(frame, item)
    if len(kept) and item.valid_from and item.shape is Shape.RECORD:
        tally.saw(date.fromisoformat(kept["valid_from"].max()))
        if due is not None and tally.late_rows is not None:
            first = kept[~kept["row_no"].isin(restated)]["valid_from"]
            tally.late_rows += sum(own_day(item, date.fromisoformat(day)) <= due for day in first)


async def _remember(session: AsyncSession, typed: pd.DataFrame, rows: pd.DataFrame) -> None:
    columns = typed[["name", "registration_no", "reg_region_code"]].astype(object)
    await identity.remember(session, columns.where(columns.notna(), None).assign(uscc=rows["uscc"].to_numpy()))


async def _ask(session: AsyncSession, batch: Batch, doubts: list[identity.Doubt], row_numbers: np.ndarray[Any, Any]) -> None:
    await identity_store.ask(
        session,
        [
            IdentityQuestion(
                batch_id=batch.id,
                row_no=int(row_numbers[doubt.position]),
                given_name=doubt.name,
                region_code=doubt.region_code,
                candidates=dict(identity.question_values(doubt)),
                asked_at=batch.received_at,
            )
            for doubt in doubts
        ],
    )


async def raw_row(session: AsyncSession, batch_id: UUID, row_no: int) -> Mapping[str, Any]:
    """Return one row of a batch as it came, from the kept file. Raises NotFound."""
    with tempfile.TemporaryDirectory(prefix="greenbridge-") as folder:
        path = await batches.spool(session, batch_id, Path(folder))
        start = 0
        for raw in frames(path.name, path) if path else ():
            if start <= row_no < start + len(raw):
                return raw_record(raw, row_no - start)
            start += len(raw)
    raise NotFound("no-row", "没有这一行。", "There is no such row.")
