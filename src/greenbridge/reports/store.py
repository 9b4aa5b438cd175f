"""SQL of reports."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit import database
from greenbridge.reports.values import CreditReport

# Not through objects: a report is written for each read, and its content is JSON already.
_INSERT = """
    insert into credit_report (id, number, enterprise_id, as_of, made_at, made_for, score_id, content, sha256, head, seed, signature)
    values (%(id)s, %(number)s, %(enterprise_id)s, %(as_of)s, %(made_at)s, %(made_for)s, %(score_id)s, cast(%(content)s as jsonb),
        %(sha256)s, cast(%(head)s as jsonb), %(seed)s, cast(%(signature)s as jsonb))
    on conflict (id) do nothing returning id
"""


async def add(session: AsyncSession, report: CreditReport, canonical: bytes, made_for: UUID | None, score_id: UUID | None) -> bool:
    """Keep a report and return True; False: it is kept already, made from the same before, and stays as it is.

    Another report of the same number, once in 2**40 a day, is an error and not that report.
    """
    added = await database.rows(
        session,
        _INSERT,
        {
            "id": report.id,
            "number": report.number,
            "enterprise_id": report.enterprise_id,
            "as_of": report.as_of,
            "made_at": report.made_at,
            "made_for": made_for,
            "score_id": score_id,
            "content": canonical.decode(),
            "sha256": report.sha256,
            "head": msgspec.json.encode(report.head).decode(),
            "seed": report.seed,
            "signature": msgspec.json.encode(report.signature).decode(),
        },
    )
    return bool(added)


_OF_NUMBERS = text("""
    select id, number, enterprise_id, as_of, made_at, content, sha256, head, seed, signature
    from credit_report where number = any(:numbers)
""")


async def of_numbers(session: AsyncSession, numbers: Sequence[str]) -> dict[str, CreditReport]:
    """Return number -> kept report."""
    rows: Any = await session.execute(_OF_NUMBERS, {"numbers": list(numbers)})
    return {row.number: CreditReport(*row) for row in rows}


async def count(session: AsyncSession) -> int:
    return int((await session.execute(text("select count(*) from credit_report"))).scalar_one())
