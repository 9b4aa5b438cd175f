"""Receiving deliveries, and reading facts as of a day."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pandas as pd
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.enterprises.values import RegistryRecord
from greenbridge.facts import store
from greenbridge.facts.gateway import read_frame
from greenbridge.facts.rules import cleaning, items
from greenbridge.facts.rules.series import lay_out
from greenbridge.facts.values import Batch, Counterparty, Delivery, Fact, Item, Series
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date, last_complete_month, month_end
from greenbridge.kit.codes import is_uscc, region_of
from greenbridge.kit.errors import Invalid, NotFound
from greenbridge.kit.text import Text


def item_named(code: str) -> Item:
    """Return the item; raises Invalid that lists the known ones."""
    if code not in items.ITEMS:
        known = ", ".join(sorted(items.ITEMS))
        raise Invalid.at("unknown-item", "item", f"没有数据项 {code}；可用：{known}。", f"There is no item {code}; known: {known}.")
    return items.ITEMS[code]


async def receive(session: AsyncSession, delivery: Delivery, now: datetime) -> Batch:
    """Take one delivery in: keep the file, clean its rows, load the good ones, set the bad ones aside with a reason.

    The same delivery again returns its first batch, marked `repeated`. Raises Invalid for a file that cannot be read at all.
    """
    item = item_named(delivery.item)
    content = delivery.content if isinstance(delivery.content, bytes) else delivery.content.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    read_with = {
        "constants": dict(delivery.constants),
        "renames": dict(delivery.renames),
        "subjects": _digest(delivery.subjects),
    }
    fingerprint = _digest({"item": item.code, "sha256": sha256, **read_with})
    await database.lock(session, f"facts:{item.code}")
    if repeat := await store.find_repeat(session, fingerprint):
        return repeat
    # Whoever waited for the lock may carry an earlier instant than what was recorded meanwhile: knowledge only grows.
    now = max(now, await store.newest_receipt(session, item.code) or now)
    raw = read_frame(delivery.file_name, content)
    typed, reasons = _cleaned(raw, item, delivery, business_date(now))
    batch = _counted(
        Batch(uuid4(), item.code, delivery.file_name, sha256, now, len(raw), 0, 0, None, delivery.generated, {}),
        item,
        typed,
        reasons,
    )
    await store.add_batch(session, batch, fingerprint, content, read_with)
    good = np.flatnonzero(reasons == None)  # noqa: E711  elementwise
    if item.code == items.VAT_INVOICES:
        repeated = await store.add_invoices(session, batch.id, _invoices(typed.iloc[good], good))
        reasons[repeated] = "duplicate_row"
        await store.add_invoice_facts(session, batch.id, now, len(good))
        batch = _counted(batch, item, typed, reasons)
        await store.set_counts(session, batch)
    elif len(good):
        await store.add_facts(session, batch.id, now, item.code, _facts(typed.iloc[good], good, item, business_date(now)))
    aside = np.flatnonzero(reasons != None)  # noqa: E711  elementwise
    records = raw.iloc[aside].astype(object).where(raw.iloc[aside].notna(), None).to_dict("records")
    await store.quarantine(session, batch.id, [(int(n), str(reasons[n]), _named(r)) for n, r in zip(aside, records, strict=True)])
    return batch


def _named(record: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in record.items()}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False, default=dict).encode()).hexdigest()


def _cleaned(raw: pd.DataFrame, item: Item, delivery: Delivery, today: date) -> tuple[pd.DataFrame, cleaning.Reasons]:
    try:
        frame = cleaning.conform(raw, item, delivery.constants, delivery.renames)
    except cleaning.MissingColumns as missing:
        raise Invalid.at("missing-columns", "file", f"文件缺少列：{missing}。", f"The file lacks columns: {missing}.") from None
    except cleaning.RepeatedColumns as repeated:
        raise Invalid.at("repeated-columns", "file", f"文件中列重复：{repeated}。", f"Columns come twice: {repeated}.") from None
    if delivery.subjects:
        frame["uscc"] = frame["uscc"].map(delivery.subjects)
    typed, reasons = cleaning.clean(frame, item, is_uscc, today)
    if item.code == items.VAT_INVOICES:
        cleaning.refuse_wrong_gross(typed, reasons)
    cleaning.refuse_repeats(typed, item, reasons)
    return typed, reasons


def _counted(batch: Batch, item: Item, typed: pd.DataFrame, reasons: cleaning.Reasons) -> Batch:
    """Return the batch with its counts; it covers the newest day that an accepted row speaks of, else its receipt."""
    good = reasons == None  # noqa: E711  elementwise
    names, counts = np.unique(reasons[~good].astype(str), return_counts=True)
    day_field = "issue_date" if item.code == items.VAT_INVOICES else item.valid_from
    newest = typed.loc[good, day_field].max() if day_field and day_field != "established" else None
    covers_to = newest.date() if newest is not None and not pd.isna(newest) else business_date(batch.received_at)
    if day_field == "month":
        covers_to = month_end(covers_to)
    return replace(
        batch,
        accepted=int(good.sum()),
        quarantined=int((~good).sum()),
        covers_to=covers_to if good.any() else None,
        reasons=dict(zip(names.tolist(), counts.tolist(), strict=True)),
    )


def _invoices(typed: pd.DataFrame, row_numbers: Sequence[int] | np.ndarray[Any, Any]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "uscc": typed["uscc"],
            "direction": typed["direction"],
            "issued_on": typed["issue_date"].dt.date,
            "invoice_no": typed["invoice_no"],
            "counterparty": typed["counterparty_id"],
            "net_fen": typed["amount_net"].astype("int64"),
            "tax_fen": typed["tax"].astype("int64"),
            "status": typed["status"],
            "row_no": row_numbers,
        }
    )


def _facts(typed: pd.DataFrame, row_numbers: np.ndarray[Any, Any], item: Item, today: date) -> pd.DataFrame:
    """Return fact rows: values as JSON, amounts as whole fen under `<name>_fen`, dates as ISO text."""
    columns: dict[str, pd.Series] = {}
    for field in item.fields:
        column = typed[field.name]
        if field.kind == "yuan":
            columns[f"{field.name}_fen"] = column.astype("Int64").astype(object)
        elif field.kind == "date":
            columns[field.name] = column.dt.strftime("%Y-%m-%d").astype(object)
        else:
            columns[field.name] = column.astype(object)
    values = pd.DataFrame(columns).drop(columns="uscc")
    records = values.astype(object).where(values.notna(), None).to_dict("records")
    valid_from = typed[item.valid_from] if item.valid_from else pd.Series(pd.NaT, index=typed.index, dtype="datetime64[s]")
    valid_to = typed[item.valid_to] if item.valid_to else pd.Series(pd.NaT, index=typed.index, dtype="datetime64[s]")
    return pd.DataFrame(
        {
            "uscc": typed["uscc"].to_numpy(),
            "key": ["|".join(str(r[k]) for k in item.key) for r in records],
            "valid_from": valid_from.fillna(pd.Timestamp(today)).dt.date.to_numpy(),
            "valid_to": valid_to.dt.date.to_numpy(),
            "row_no": row_numbers,
            "values": [json.dumps(r, ensure_ascii=False) for r in records],
        }
    )


async def horizon(session: AsyncSession, as_of: date, known_at: datetime) -> tuple[date | None, date | None]:
    """Return (last complete VAT month, its last day): what monthly facts may be read as of a day."""
    covered = (await store.coverage(session, known_at)).get(items.VAT_INVOICES, (None,))[0]
    month = last_complete_month(as_of, covered)
    return month, month_end(month) if month else None


async def series(session: AsyncSession, usccs: Sequence[str], as_of: date, known_at: datetime) -> Series:
    """Return the monthly and yearly VAT series of firms (36 months, 2 years) as of a day, as known at an instant."""
    month, last_day = await horizon(session, as_of, known_at)
    if month is None or last_day is None:
        return lay_out(usccs, None, (), (), 0)
    months = await store.invoice_months(session, usccs, last_day, known_at)
    years = await store.counterparty_shares(session, usccs, last_day, known_at)
    last_year = last_day.year if (last_day.month, last_day.day) == (12, 31) else last_day.year - 1
    return lay_out(usccs, month, months, years, last_year)


async def counterparties(session: AsyncSession, uscc: str, as_of: date, known_at: datetime, top: int = 5) -> list[Counterparty]:
    """Return the largest customers and suppliers per year that was over by the last complete month."""
    _, last_day = await horizon(session, as_of, known_at)
    return [] if last_day is None else await store.counterparties(session, uscc, last_day, known_at, top)


async def facts_of(
    session: AsyncSession, usccs: Sequence[str], as_of: date, known_at: datetime, wanted: Sequence[str] = ()
) -> dict[str, list[Fact]]:
    """Return uscc -> its facts that were true on a day as known at an instant; firms without facts have an empty list."""
    wanted = wanted or [code for code in items.ITEMS if code != items.VAT_INVOICES]
    found: dict[str, list[Fact]] = {uscc: [] for uscc in usccs}
    for fact in await store.facts(session, usccs, wanted, as_of, known_at):
        found[fact.uscc].append(fact)
    return found


async def coverage(session: AsyncSession, known_at: datetime) -> dict[str, tuple[date | None, datetime, bool]]:
    """Return item -> (newest day delivered, newest receipt, whether all of it is generated)."""
    return await store.coverage(session, known_at)


async def batches(session: AsyncSession, limit: int = 100) -> list[Batch]:
    """Return the newest deliveries."""
    return await store.batches(session, limit)


async def quarantined(session: AsyncSession, batch_id: UUID, limit: int = 200) -> list[tuple[int, str, dict[str, Any]]]:
    """Return (row number, reason, the row as it came) of a batch."""
    return await store.quarantined(session, batch_id, limit)


async def raw_row(session: AsyncSession, batch_id: UUID, row_no: int) -> Mapping[str, Any]:
    """Return one row of a batch as it came, from the kept file. Raises NotFound."""
    kept = await store.batch_file(session, batch_id)
    frame = read_frame(*kept) if kept else pd.DataFrame()
    if not 0 <= row_no < len(frame):
        raise NotFound("no-row", "没有这一行。", "There is no such row.")
    return _named(frame.iloc[row_no].astype(object).where(frame.iloc[row_no].notna(), None).to_dict())


async def count(session: AsyncSession) -> int:
    """Return how many facts are stored, all versions."""
    return await store.count_facts(session)


def reason_text(reason: str) -> Text:
    """Return a quarantine reason in words."""
    return items.REASONS.get(reason, Text(reason, reason))


class RegistrationFacts:
    """The market regulator's delivered registrations as `enterprises.gateway.Registry`."""

    async def find(self, session: AsyncSession, uscc: str, today: date) -> RegistryRecord | None:
        """Return the newest registration known; what was delivered until now counts, so the instant is not asked."""
        found = await store.facts(session, [uscc], [items.REGISTRATION], today, database.END_OF_TIME)
        if not found:
            return None
        fact, values = found[0], dict(found[0].values)
        established = values.get("established")
        return RegistryRecord(
            uscc,
            values["name"],
            values.get("reg_region_code") or region_of(uscc),
            values.get("state"),
            date.fromisoformat(established) if established else None,
            fact.batch_id,
        )
