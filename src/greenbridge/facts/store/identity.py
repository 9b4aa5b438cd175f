"""SQL of identity: aliases, registered names, questions to the operator."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.facts.rules.identity import Candidate
from greenbridge.facts.store import copying
from greenbridge.facts.tables import FirmName, IdentityQuestion, SubjectAlias
from greenbridge.kit.codes import generated_uscc

# A number that two firms are registered under.
AMBIGUOUS = ""


async def aliases(session: AsyncSession, source: str, keys: Collection[str]) -> dict[str, str]:
    """Return alias -> code of those that one source's aliases are known of."""
    rows = await session.execute(
        select(col(SubjectAlias.alias), col(SubjectAlias.uscc)).where(
            col(SubjectAlias.source) == source, col(SubjectAlias.alias) == text("any(:keys)"), col(SubjectAlias.uscc) != AMBIGUOUS
        ),
        {"keys": list(keys)},
    )
    return {row[0]: row[1] for row in rows}


async def add_aliases(session: AsyncSession, source: str, found: Mapping[str, str]) -> None:
    """Remember aliases; one that is known already keeps its code."""
    if found:
        await session.execute(
            text("""
            insert into subject_alias (source, alias, uscc)
            select :source, a, u from unnest(cast(:aliases as text[]), cast(:codes as text[])) as x(a, u) on conflict do nothing
            """),
            {"source": source, "aliases": list(found), "codes": list(found.values())},
        )


async def add_numbers(session: AsyncSession, source: str, found: Collection[tuple[str, str]]) -> None:
    """Remember (number, code); a number of two firms means neither, whichever came first."""
    if not found:
        return
    numbers: dict[str, set[str]] = {}
    for number, code in found:
        numbers.setdefault(number, set()).add(code)
    meant = {number: codes.pop() if len(codes) == 1 else AMBIGUOUS for number, codes in numbers.items()}
    await session.execute(
        text("""
        insert into subject_alias (source, alias, uscc)
        select :source, a, u from unnest(cast(:aliases as text[]), cast(:codes as text[])) as x(a, u)
        on conflict (source, alias) do update set uscc = '' where subject_alias.uscc <> excluded.uscc
        """),
        {"source": source, "aliases": list(meant), "codes": list(meant.values())},
    )


async def name_masked(session: AsyncSession, source: str, keys: Sequence[str], region_code: str) -> dict[str, str]:
    """Return masked key -> generated code; keys that are new get the next ones."""
    known = await aliases(session, source, keys)
    new = [key for key in dict.fromkeys(keys) if key not in known]
    if new:
        numbers = await session.execute(text("select nextval('masked_firm_number') from generate_series(1, :n)"), {"n": len(new)})
        named = {key: generated_uscc(int(row[0]), region_code) for key, row in zip(new, numbers, strict=True)}
        await add_aliases(session, source, named)
        known |= named
    return known


async def candidates(session: AsyncSession, names: Collection[str], cores: Collection[str]) -> list[tuple[Candidate, str]]:
    """Return (candidate, its core name) of all firms of these normalised or core names."""
    rows = await session.execute(
        text("select uscc, name, region_code, core from firm_name where name = any(:names) or core = any(:cores) order by uscc, name"),
        {"names": list(names), "cores": list(cores)},
    )
    return [(Candidate(row[0], row[1], row[2]), row[3]) for row in rows]


async def add_names(session: AsyncSession, rows: Sequence[FirmName]) -> None:
    """Remember registered names, former ones too."""
    if rows:
        await session.execute(text("create temp table if not exists arriving_name (like firm_name) on commit drop"))
        await session.execute(text("truncate arriving_name"))
        await copying.rows(
            session, "arriving_name", ("name", "uscc", "core", "region_code"), [(r.name, r.uscc, r.core, r.region_code) for r in rows]
        )
        await session.execute(text("insert into firm_name select distinct on (name, uscc) * from arriving_name on conflict do nothing"))


async def ask(session: AsyncSession, questions: Sequence[IdentityQuestion]) -> None:
    session.add_all(questions)
    await session.flush()


async def open_questions(session: AsyncSession, limit: int) -> list[IdentityQuestion]:
    """Return the questions that wait, oldest first."""
    query = select(IdentityQuestion).where(col(IdentityQuestion.decided_at).is_(None))
    return list(await session.scalars(query.order_by(col(IdentityQuestion.asked_at), col(IdentityQuestion.row_no)).limit(limit)))


async def count_open_questions(session: AsyncSession) -> int:
    query = select(func.count()).select_from(IdentityQuestion).where(col(IdentityQuestion.decided_at).is_(None))
    return int((await session.execute(query)).scalar_one())


async def take_question(session: AsyncSession, batch_id: UUID, row_no: int) -> IdentityQuestion | None:
    """Return a question that is still open, locked until the transaction ends."""
    query = select(IdentityQuestion).where(
        col(IdentityQuestion.batch_id) == batch_id, col(IdentityQuestion.row_no) == row_no, col(IdentityQuestion.decided_at).is_(None)
    )
    return (await session.scalars(query.with_for_update())).first()


async def decide(session: AsyncSession, question: IdentityQuestion, uscc: str | None, account_id: UUID, now: datetime) -> None:
    question.uscc, question.decided_by, question.decided_at = uscc, account_id, now
    await session.flush()
