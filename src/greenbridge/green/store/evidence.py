"""SQL of statements and uploads."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.green.tables import GreenFileRow, GreenStatementRow
from greenbridge.green.values import Author, Place, Statement, StoredFile
from greenbridge.kit import database
from greenbridge.schemes.values import Value


async def add_file(session: AsyncSession, file: StoredFile, content: bytes | None) -> None:
    """Write an upload; `content` where the database keeps it."""
    row = GreenFileRow(
        id=file.id,
        case_id=file.case_id,
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        sha256=file.sha256,
        place=file.place.value,
        key=file.key,
        content=content,
    )
    session.add(row)
    await session.flush()


async def file(session: AsyncSession, file_id: UUID) -> tuple[StoredFile, bytes | None] | None:
    query = "select id, case_id, name, media_type, size, sha256, place, key, content from green_file where id = %(id)s"
    rows = await database.rows(session, query, {"id": file_id})
    if not rows:
        return None
    *plain, place, key, content = rows[0]
    return StoredFile(*[*plain, Place(place), key]), bytes(content) if content is not None else None


async def add_statement(
    session: AsyncSession,
    case_id: UUID,
    name: str,
    value: Value | None,
    author: Author,
    reason: str,
    now: datetime,
    account_id: UUID,
    login: str,
    pledge: str,
    file_id: UUID | None,
    *,
    generated: bool,
) -> UUID:
    """Append a statement."""
    row = GreenStatementRow(
        case_id=case_id,
        name=name,
        value=value,
        author=author.value,
        reason=reason,
        at=now,
        account_id=account_id,
        login=login,
        pledge=pledge,
        file_id=file_id,
        generated=generated,
    )
    session.add(row)
    await session.flush()
    return row.id


async def statements(session: AsyncSession, case_id: UUID) -> list[Statement]:
    """Return all statements of a case, oldest first."""
    query = """
        select s.id, s.case_id, s.name, s.value, s.author, s.reason, s.at, s.login, s.pledge, s.generated,
            f.id, f.case_id, f.name, f.media_type, f.size, f.sha256, f.place, f.key
        from green_statement s left join green_file f on f.id = s.file_id where s.case_id = %(id)s order by s.at, s.id
    """
    return [_statement(row) for row in await database.rows(session, query, {"id": case_id})]


def _statement(row: tuple[Any, ...]) -> Statement:
    file = StoredFile(*[*row[10:16], Place(row[16]), row[17]]) if row[10] else None
    return Statement(*[*row[:4], Author(row[4]), *row[5:9], file, row[9]])
