"""SQL of ratings, of the operator's answers, and of all that the league counts."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.answers.rules import life
from greenbridge.answers.rules.league import KNOWN_BEFORE
from greenbridge.answers.tables import BankRatingRow, OperatorAnswerRow
from greenbridge.answers.values import Answer, Dealing, Rating, RatingReason
from greenbridge.kit import database


def _rating(row: BankRatingRow) -> Rating:
    return Rating(row.answer_id, row.bank_id, row.stars, tuple(RatingReason(reason) for reason in row.reasons), row.rated_at)


async def add_rating(session: AsyncSession, answer: Answer, stars: int, reasons: list[RatingReason], now: datetime) -> Rating:
    row = BankRatingRow(
        answer_id=answer.id,
        need_id=answer.need_id,
        bank_id=answer.bank_id,
        stars=stars,
        reasons=[reason.value for reason in reasons],
        rated_at=now,
    )
    session.add(row)
    await session.flush()
    return _rating(row)


async def ratings_of(session: AsyncSession, need_id: UUID) -> dict[UUID, Rating]:
    """Return answer -> the firm's rating."""
    query = select(BankRatingRow).where(col(BankRatingRow.need_id) == need_id)
    return {row.answer_id: _rating(row) for row in await session.scalars(query)}


async def add_operator_answer(session: AsyncSession, need_id: UUID, account_id: UUID, words: str, now: datetime) -> None:
    session.add(OperatorAnswerRow(need_id=need_id, account_id=account_id, at=now, text=words))
    await session.flush()


async def operator_answers(session: AsyncSession, need_id: UUID) -> list[tuple[datetime, str]]:
    query = select(OperatorAnswerRow).where(col(OperatorAnswerRow.need_id) == need_id).order_by(col(OperatorAnswerRow.at))
    return [(row.at, row.text) for row in await session.scalars(query)]


# One row for each bank that was asked, or took a slot, or both. What it was not asked and did not take tells nothing of it, nor does
# what the clock ended because its firm handed nothing in. A bank that says so itself, before the firm's day was over, gave a slot back.
_DEALINGS = """
select o.code, o.name, r.id is not null, a.id is not null, a.product_code is not null,
    coalesce(a.status in ('declined', 'returned'), false) or coalesce(r.state = 'refused', false),
    r.id is null and a.product_code is null
        and (a.status in ('declined', 'returned') and a.reasons <@ %(known)s::text[]
            or a.status = 'returned' and a.reasons <@ (%(known)s::text[] || 'documents_missing'::text)),
    extract(epoch from first.at - coalesce(r.asked_at, a.claimed_at)) / 3600,
    coalesce(a.status = any(%(before)s), r.state = 'waiting'),
    a.status in ('chosen', 'approved', 'signed')
        and not exists (select 1 from deadline l where l.answer_id = a.id and l.step = 'lend' and l.state = 'missed'),
    a.status = any(%(loans)s) or coalesce(a.status in ('declined', 'returned', 'expired') and chosen.at is not null, false),
    a.approved_fen is not null, coalesce(a.status = 'expired' and a.product_code is null, false) or coalesce(r.state = 'lapsed', false),
    coalesce(a.approved_fen, 0), coalesce(a.disbursed_fen, 0), a.annual_rate_bp, a.approved_rate_bp, g.stars,
    coalesce(a.product_code, r.product_code),
    coalesce('no_capacity' = any(a.reasons || r.reasons), false), (coalesce(r.asked_at, a.claimed_at) at time zone 'Asia/Shanghai')::date,
    coalesce(a.status = 'expired' and chosen.at is not null, false)
from (select need_id, bank_id from answer union select need_id, bank_id from bank_request where state <> 'void') as d
join organisation o on o.id = d.bank_id
left join answer a on a.need_id = d.need_id and a.bank_id = d.bank_id
left join bank_request r on r.need_id = d.need_id and r.bank_id = d.bank_id and r.state <> 'void'
left join bank_rating g on g.answer_id = a.id
left join lateral (
    select min(at) as at from (
        select e.at from answer_event e where e.answer_id = a.id and e.event in ('offer', 'decline', 'return')
        union all select r.closed_at where r.state = 'refused') as said) as first on true
left join lateral (select min(e.at) as at from answer_event e where e.answer_id = a.id and e.event = 'choose') as chosen on true
where coalesce(r.asked_at, a.claimed_at) >= %(since)s and (coalesce(a.status, '') <> 'not_chosen' or a.product_code is not null)
    and not exists (select from answer_event e where e.answer_id = a.id and e.event = 'return' and e.account_id is null)
order by 21, 1
"""


async def dealings(session: AsyncSession, since: date) -> list[Dealing]:
    """Return each bank's dealing with each need that it was asked or took, since a day, oldest first."""
    parameters = {
        "since": since,
        "known": [reason.value for reason in KNOWN_BEFORE],
        "before": [status.value for status in life.BEFORE if status.value != "offered"],
        "loans": [status.value for status in life.LOANS],
    }
    found = await database.rows(session, _DEALINGS, parameters)
    return [_dealing(row) for row in found]


def _dealing(row: tuple[Any, ...]) -> Dealing:
    code, name, asked, claimed, offered, declined, avoidable, waited, still_open, lending, chosen, approved, lapsed, *rest = row
    approved_fen, disbursed_fen, offered_bp, approved_bp, stars, product, no_capacity, on, released = rest
    return Dealing(
        code,
        name,
        asked=asked,
        claimed=claimed,
        offered=offered,
        declined=declined,
        avoidable=bool(avoidable),
        waited_hours=None if waited is None else float(waited),
        open=bool(still_open),
        lending=bool(lending),
        chosen=bool(chosen),
        approved=bool(approved),
        lapsed=lapsed,
        approved_fen=int(approved_fen),
        disbursed_fen=int(disbursed_fen),
        offered_rate_bp=offered_bp,
        approved_rate_bp=approved_bp,
        stars=stars,
        product_code=product,
        no_capacity=no_capacity,
        on=on,
        released=released,
    )


async def conduct(session: AsyncSession, since: datetime) -> dict[str, tuple[int, int]]:
    """Return bank code -> (answers and refusals since that led to an offer or to reasons, those and what ran out without a word)."""
    query = """
        select o.code, count(*) filter (where said.well), count(*)
        from (
            select bank_id, product_code is not null or cardinality(reasons) > 0 as well from answer
            where claimed_at >= :since and (product_code is not null or cardinality(reasons) > 0 or status = 'expired')
            union all
            select bank_id, state = 'refused' from bank_request where asked_at >= :since and state in ('refused', 'lapsed')
        ) as said join organisation o on o.id = said.bank_id
        group by o.code
    """
    return {row[0]: (int(row[1]), int(row[2])) for row in await session.execute(text(query), {"since": since})}
