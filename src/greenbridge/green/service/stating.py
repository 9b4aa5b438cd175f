"""What a firm says of itself: class and catalogue item, values with a pledge, and the files that show them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.audit import service as audit
from greenbridge.green.gateway import Files
from greenbridge.green.rules import classes, evidence
from greenbridge.green.service.steps import case_of, none, policy
from greenbridge.green.store import cases
from greenbridge.green.store import evidence as statements_of
from greenbridge.green.values import SCHEME_OF, Author, Case, Place, State, StoredFile, Subject, Upload
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, Invalid
from greenbridge.reference import service as reference
from greenbridge.reference.values import Entry, Kind
from greenbridge.schemes import service as schemes
from greenbridge.schemes.service import Book
from greenbridge.schemes.values import InputName


@dataclass(frozen=True, slots=True)
class Particulars:
    """What a firm chooses for a case."""

    business_class: str
    catalogue_code: str
    title: str = ""
    investment_fen: int = 0


def _editable(case: Case) -> None:
    if case.state is not State.DRAFT:
        zh, en = "自评已提交；如需修改，请先点“修改自评”。", "The self-report is submitted; take it up again before changing it."
        raise Conflict("green-state", zh, en)


async def set_particulars(session: AsyncSession, actor: Actor, book: Book, case_id: UUID, given: Particulars, now: datetime) -> None:
    """Set a draft's class and catalogue item, which the firm confirms with it; the edition of the catalogue is kept."""
    case, _ = await case_of(session, actor, case_id, lock=True)
    _editable(case)
    day = business_date(now)
    kind = schemes.class_named(book.find(SCHEME_OF[case.subject], day), given.business_class)
    changes: dict[str, Any] = {"business_class": kind.code, "catalogue_code": None, "catalogue_name": None, "catalogue_version": None}
    if code := given.catalogue_code.strip():
        entry = await reference.green_item(session, code, day)
        if entry is None:
            raise Invalid.at("no-item", "catalogue_code", f"绿色目录中没有 {code}。", f"The green catalogue has no {code}.")
        changes |= {"catalogue_code": entry.code, "catalogue_name": entry.name, "catalogue_version": f"{entry.source} {entry.valid_from}"}
    await cases.set_case(session, case.id, **changes)


async def search(session: AsyncSession, query: str, now: datetime) -> Sequence[Entry]:
    """Return sectors, groups and, where they were imported, items of the green catalogue that hold a query's words."""
    return classes.found(await reference.entries(session, Kind.GREEN_CATALOGUE, business_date(now)), query)


def may_state(book: Book, subject: Subject, now: datetime) -> list[InputName]:
    """Return what a firm may state for a case, in the scheme's order: what no department delivers."""
    scheme, known = book.find(SCHEME_OF[subject], business_date(now)), schemes.vocabulary()
    return [known[name] for name in scheme.names if evidence.may_state(known[name], scheme.names)]


async def state(
    session: AsyncSession,
    actor: Actor,
    book: Book,
    files: Files | None,
    case_id: UUID,
    name: str,
    text: str,
    now: datetime,
    *,
    pledged: bool,
    upload: Upload | None = None,
    most_bytes: int = 5_000_000,
) -> None:
    """State a value of a draft with a pledge, and what shows it; an empty text takes it back. Raises Invalid with the field that is wrong.

    A store outside gets the bytes first, under a key that holds their hash: where the transaction fails, nothing points to them.
    """
    case, _ = await case_of(session, actor, case_id, lock=True)
    _editable(case)
    allowed = {n.name for n in may_state(book, case.subject, now)}
    if name not in allowed:
        raise Invalid.at(
            "not-yours", name, "该指标由部门提供，如有不符请提出异议。", "Departments deliver this value; object to it if it is wrong."
        )
    rule, day = policy(business_date(now)), business_date(now)
    if not text.strip():
        back = (now, actor.account_id, actor.login, "", None)
        await statements_of.add_statement(session, case.id, name, None, Author.FIRM, "", *back, generated=case.generated)
        return
    if not pledged:
        raise Invalid.at("no-pledge", "pledge", "请先阅读并勾选承诺。", "Read and tick the pledge first.")
    value = schemes.pledged(name, text, day).value
    file_id = await _store(session, files, case, upload, most_bytes) if upload and (upload.name or upload.content) else None
    who = (now, actor.account_id, actor.login, rule.version, file_id)
    await statements_of.add_statement(session, case.id, name, value, Author.FIRM, "", *who, generated=case.generated)
    await audit.record(session, "green.stated", f"green:{case.id}", now, account_id=actor.account_id, name=name, file=str(file_id or ""))


async def _store(session: AsyncSession, files: Files | None, case: Case, upload: Upload, most_bytes: int) -> UUID:
    if problems := evidence.file_problems(upload, most_bytes):
        raise Invalid(problems[0].field, problems[0].message.zh, problems[0].message.en, fields=problems)
    kind, digest = evidence.kind_of(upload), hashlib.sha256(upload.content).hexdigest()
    assert kind is not None
    key, place = f"{case.id}/{digest}", Place.S3 if files else Place.DATABASE
    file = StoredFile(uuid4(), case.id, evidence.tidy_name(upload.name), kind.value, len(upload.content), digest, place, key)
    if files:
        await files.put(key, upload.content)
    await statements_of.add_file(session, file, None if files else upload.content)
    return file.id


async def read_file(session: AsyncSession, actor: Actor, files: Files | None, file_id: UUID) -> tuple[StoredFile, bytes]:
    """Return an upload to the firm, the reviewer of its case, or the operator. Raises NotFound, Conflict when its bytes were changed."""
    found = await statements_of.file(session, file_id)
    if found is None:
        raise none()
    await case_of(session, actor, found[0].case_id)
    file, kept = found
    content = kept if kept is not None else await files.get(file.key) if files else b""
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise Conflict("file-changed", "文件与登记的哈希不符。", "The file is not the one whose hash was kept.")
    return file, content
