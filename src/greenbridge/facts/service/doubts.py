"""Rows of which the firm is in doubt: the operator says which it is, and the row goes its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.facts.rules import cleaning, items
from greenbridge.facts.service import identity
from greenbridge.facts.service.intake import Tally, conformed, item_named
from greenbridge.facts.service.reading import facts_of, note_operators
from greenbridge.facts.service.receiving import raw_row, take_frame
from greenbridge.facts.store import batches
from greenbridge.facts.store import identity as store
from greenbridge.facts.values import Batch, Delivery
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.codes import valid_uscc
from greenbridge.kit.errors import Forbidden, NotFound

_REASON = "doubtful_identity"


@dataclass(frozen=True, slots=True)
class Question:
    """A row that waits: what it calls its firm, and which firms that may mean, the likeliest first."""

    batch_id: UUID
    row_no: int
    name: str
    region_code: str | None
    candidates: tuple[str, ...]
    confidence: float
    asked_at: datetime


async def questions(session: AsyncSession, limit: int = 100) -> list[Question]:
    """Return the rows that wait for the operator, oldest first."""
    return [
        Question(
            q.batch_id, q.row_no, q.given_name, q.region_code, tuple(q.candidates["candidates"]), q.candidates["confidence"], q.asked_at
        )
        for q in await store.open_questions(session, limit)
    ]


async def questions_count(session: AsyncSession) -> int:
    """Return how many rows wait for the operator."""
    return await store.count_open_questions(session)


async def rows_in_doubt(
    session: AsyncSession, actor: Actor, asked: Sequence[Question], now: datetime
) -> tuple[dict[tuple[UUID, int], Mapping[str, Any]], dict[str, Mapping[str, Any]]]:
    """Return ((batch, row number) -> the row as it came, code -> registration of the firms that it may mean) of questions.

    The candidates see in their ledgers that the operator looked them up.
    """
    rows = dict(await batches.set_aside(session, [(question.batch_id, question.row_no) for question in asked]))
    codes = sorted({code for question in asked for code in question.candidates})
    known = await facts_of(session, codes, business_date(now), now, [items.REGISTRATION])
    if asked:
        await note_operators(session, actor, items.REGISTRATION, [{"uscc": code} for code in codes], now)
    return rows, {code: dict(fact.values) for code, found in known.items() for fact in found[:1]}


async def read_row(session: AsyncSession, actor: Actor, batch_id: UUID, row_no: int, now: datetime) -> Mapping[str, Any]:
    """Return one row of a delivery as it came to the operator; the firm that it names sees it in its ledger."""
    row = await raw_row(session, batch_id, row_no)
    batch = await batches.get(session, batch_id)
    if batch is not None:
        await note_operators(session, actor, batch.item, [row], now)
    return row


async def decide(session: AsyncSession, actor: Actor, batch_id: UUID, row_no: int, uscc: str | None, now: datetime) -> Batch:
    """Say which firm a row means, or (None) that it is none of them; return the batch with its new counts.

    The row is then taken in as any other, as known from now on; a later row of the same name and region is not asked about again.
    Raises Forbidden, NotFound when nobody asks (any more), Invalid for a wrong code.
    """
    if actor.role is not Role.OPERATOR:
        raise Forbidden("wrong-role", "只有平台运营可以确认企业身份。", "Only the operator decides whose a row is.")
    code = valid_uscc(uscc) if uscc else None
    if (found := await batches.get(session, batch_id)) is not None:
        await database.lock(session, f"facts:{found.item}")
    batch = await batches.get(session, batch_id, anew=True)
    if batch is None or not await identity.take_decision(session, batch_id, row_no, code, actor.account_id, now):
        raise NotFound("no-question", "没有待确认的这一行。", "This row waits for no decision.")
    await audit.record(
        session, "identity.decided", f"batch:{batch_id}", now, account_id=actor.account_id, row_no=row_no, uscc=code or "none of them"
    )
    if code is None:
        return batch
    aside, day = await _take(session, batch, row_no, code, now)
    if day and (batch.covers_to is None or day > batch.covers_to):
        batch = replace(batch, covers_to=day)
    return await _recount(session, batch, row_no, aside, now)


async def _take(session: AsyncSession, batch: Batch, row_no: int, code: str, now: datetime) -> tuple[str | None, date | None]:
    """Append the row under its firm's code; return why it is still set aside (or None), and the day that it speaks of."""
    item = item_named(batch.item)
    read: Mapping[str, Any] = await batches.read_with(session, batch.id)
    delivery = Delivery(
        batch.item,
        batch.file_name,
        b"",
        constants=read["constants"],
        renames=read["renames"],
        scales=read.get("scales", {}),
        stated_at=batch.stated_at or batch.received_at,
        generated=batch.generated,
    )
    frame = conformed(pd.DataFrame([await raw_row(session, batch.id, row_no)]), item, delivery)
    frame["uscc"], frame[cleaning.FIRM_NAME] = code, None
    known_from = replace(batch, received_at=max(now, batch.received_at))
    tally = Tally()
    aside = await take_frame(session, delivery, item, known_from, frame, np.array([row_no]), tally, None)
    return (aside[0][1] if aside else None), tally.newest_day


async def _recount(session: AsyncSession, batch: Batch, row_no: int, aside: str | None, now: datetime) -> Batch:
    reasons = dict(batch.reasons)
    reasons[_REASON] -= 1
    if aside:
        reasons[aside] = reasons.get(aside, 0) + 1
        await batches.rename_reason(session, batch.id, row_no, aside)
    else:
        await batches.release(session, batch.id, row_no, now)
    left = {reason: count for reason, count in reasons.items() if count}
    batch = replace(batch, reasons=left, quarantined=sum(left.values()), accepted=batch.delivered - sum(left.values()))
    await batches.set_counts(session, batch)
    return batch
