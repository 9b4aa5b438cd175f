"""SQL of operation: how far feeds were pulled, quality by day, alerts."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.facts.tables import PullState, QualityAlert, QualityDay
from greenbridge.facts.values import Alert, Quality

MEASURES = ("completeness", "validity", "timeliness", "uniqueness", "consistency", "compliance")


async def cursor(session: AsyncSession, source: str, item: str) -> str | None:
    """Return how far a feed was pulled; None: never."""
    row = await session.get(PullState, (source, item))
    return row.cursor if row else None


async def set_cursor(
    session: AsyncSession, source: str, item: str, since: str | None, reached: str | None, now: datetime, problem: str | None
) -> None:
    """Note how far a pull that began at `since` came; one that another pull has overtaken notes nothing."""
    await session.execute(
        text("""
        insert into pull_state (source, item, cursor, pulled_at, problem) values (:source, :item, :cursor, :now, :problem)
        on conflict (source, item) do update set cursor = excluded.cursor, pulled_at = excluded.pulled_at, problem = excluded.problem
            where pull_state.cursor is not distinct from :since
        """),
        {"source": source, "item": item, "since": since, "cursor": reached, "now": now, "problem": problem},
    )


async def pulls(session: AsyncSession) -> list[tuple[str, str, datetime, str | None]]:
    """Return (source, item, last pulled at, problem), those with a problem first."""
    rows = await session.scalars(select(PullState).order_by(col(PullState.problem).is_(None), col(PullState.item)))
    return [(row.source, row.item, row.pulled_at, row.problem) for row in rows]


async def set_quality(session: AsyncSession, found: Sequence[Quality]) -> None:
    """Write the measures of a day; the same day again is measured anew."""
    columns = ("item", "day", "delivered", *MEASURES)
    newer = ", ".join(f"{name} = excluded.{name}" for name in columns[2:])
    statement = text(
        f"insert into quality_day ({', '.join(columns)}) values ({', '.join(f':{c}' for c in columns)})"
        f" on conflict (item, day) do update set {newer}"
    )
    if found:
        await session.execute(statement, [{name: getattr(quality, name) for name in columns} for quality in found])


async def quality(session: AsyncSession, since: date) -> list[Quality]:
    """Return the measures since a day, by item and day."""
    rows = await session.scalars(select(QualityDay).where(col(QualityDay.day) >= since).order_by(col(QualityDay.item), col(QualityDay.day)))
    return [Quality(**{name: getattr(row, name) for name in ("item", "day", "delivered", *MEASURES)}) for row in rows]


async def alerts(session: AsyncSession) -> list[Alert]:
    """Return the open alerts, newest first."""
    query = select(QualityAlert).where(col(QualityAlert.closed_at).is_(None))
    rows = await session.scalars(query.order_by(col(QualityAlert.opened_at).desc(), col(QualityAlert.item)))
    return [Alert(r.id, r.item, r.measure, r.threshold, r.value, r.opened_at, r.closed_at) for r in rows]


async def open_alert(session: AsyncSession, item: str, measure: str, threshold: float, value: float, now: datetime) -> None:
    session.add(QualityAlert(item=item, measure=measure, threshold=threshold, value=value, opened_at=now, closed_at=None))
    await session.flush()


async def close_alert(session: AsyncSession, alert: Alert, now: datetime) -> None:
    (await session.get_one(QualityAlert, alert.id)).closed_at = now
    await session.flush()


# The newest statement of each record, withdrawn ones left out; of invoices the newest version of each month.
_PRESENT = """
    with present as materialized (
        select * from (
            select distinct on (uscc, item, key, state_from) * from fact
            where item in ('registration.basic', 'courts.dishonesty', 'courts.enforcement', 'housing_fund.payments',
                'social_insurance.payments', 'real_estate.mortgages', 'real_estate.ownership')
            order by uscc, item, key, state_from, stated_at desc, withdrawn desc, digest desc
        ) newest where not withdrawn
    ), register as (
        select distinct on (uscc) * from present where item = 'registration.basic' order by uscc, valid_from desc
    ), month as (
        select distinct on (uscc, valid_from) uscc, valid_from, invoices from invoice_month where direction = 'output'
        order by uscc, valid_from, recorded_at desc
    )
"""
# Item -> SQL that returns (compared, disagreeing): what two departments say of one firm must agree.
CONSISTENCY = {
    # A firm that the register calls deregistered or revoked issues no invoices after that day.
    "tax.vat_invoices": """
        select count(distinct m.uscc), count(distinct m.uscc) filter (where m.valid_from
            > coalesce(r.values->>'deregistered_on', r.values->>'revoked_on')::date and r.values->>'state' in ('deregistered', 'revoked'))
        from month m left join register r using (uscc) where m.invoices > 0
    """,
    # A code names the region of its first registration: the register's region agrees with it on the province.
    "registration.basic": """
        select count(*), count(*) filter (where left(values->>'reg_region_code', 2) <> substr(uscc, 3, 2))
        from register where values->>'reg_region_code' is not null and substr(uscc, 3, 2) between '11' and '65'
    """,
    # Who is on the dishonesty list owes something under enforcement.
    "courts.dishonesty": """
        select count(*), count(*) filter (
            where not exists (select 1 from present e where e.item = 'courts.enforcement' and e.uscc = d.uscc))
        from present d where d.item = 'courts.dishonesty' and exists (select 1 from batch where item = 'courts.enforcement')
    """,
    # A firm pays into the housing fund for twice as many heads as are insured at most.
    "housing_fund.payments": """
        select count(*), count(*) filter (where (h.values->>'staff_count')::float > 2 * (s.values->>'staff_count')::float)
        from present h join present s on s.uscc = h.uscc and s.item = 'social_insurance.payments' and s.valid_from = h.valid_from
            and s.values->>'insurance' = 'pension'
        where h.item = 'housing_fund.payments'
    """,
    # A mortgage lies on a property that the registry knows.
    "real_estate.mortgages": """
        select count(*), count(*) filter (
            where not exists (select 1 from present o where o.item = 'real_estate.ownership' and o.uscc = m.uscc
                and o.values->>'certificate_no' = m.values->>'certificate_no'))
        from present m where m.item = 'real_estate.mortgages' and exists (select 1 from batch where item = 'real_estate.ownership')
    """,
}


async def consistency(session: AsyncSession) -> dict[str, tuple[int, int]]:
    """Return item -> (records compared with another department's, those that disagree)."""
    compared = " union all ".join(f"select '{item}', q.* from ({query}) q" for item, query in CONSISTENCY.items())
    rows = await session.execute(text(_PRESENT + compared))
    return {row[0]: (int(row[1]), int(row[2])) for row in rows if row[1]}
