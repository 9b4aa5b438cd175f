"""Listing products and proving their cases."""

import hashlib
import json
import re
import tomllib
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor, Organisation, OrganisationKind, Role
from greenbridge.audit import service as audit
from greenbridge.catalog import gateway, store
from greenbridge.catalog.gateway import toml
from greenbridge.catalog.rules import typical, verdicts
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.schemas import ProductFile, ProductOut, schema_document
from greenbridge.catalog.tables import ProductCapacityRow
from greenbridge.catalog.values import Bank, Draft, Edition, LoanProduct, Version
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, FieldProblem, Forbidden, Invalid, NotFound
from greenbridge.kit.money import FEN_PER_WAN
from greenbridge.kit.text import Text
from greenbridge.kit.web import Outdated

__all__ = [
    "as_toml",
    "check_folder",
    "delete_draft",
    "draft",
    "drafts",
    "edition",
    "failed_cases",
    "import_folder",
    "in_force",
    "list_product",
    "listed",
    "listed_at",
    "new_version",
    "parsed",
    "problems",
    "publish_draft",
    "read_draft",
    "read_toml",
    "save_draft",
    "schema_document",
    "state_capacity",
    "versions",
    "wire",
    "withdraw",
    "written",
]
_KEPT_EDITIONS = 3


def failed_cases(product: LoanProduct) -> list[tuple[str, str]]:
    """Return (case, problem) of each case whose promise the rules do not keep."""
    usual = typical.typical_facts(product)
    return [(case.name, problem) for case in product.cases for problem in verdicts.case_problems(product, case, usual)]


def check_folder(folder: Path) -> tuple[int, int, list[tuple[str, str, str]]]:
    """Return (products, cases, failures as (product, case, problem)) of a folder of product files."""
    products = [product for product, _ in gateway.load_products(folder)]
    failures = [(product.code, name, problem) for product in products for name, problem in failed_cases(product)]
    return len(products), sum(len(product.cases) for product in products), failures


def parsed(document: ProductFile, organisation: Organisation) -> LoanProduct:
    """Return a bank's document as a product; raises Invalid that names each wrong rule."""
    bank = Bank(organisation.code, organisation.name)
    return gateway.parse_product(document.code, document.model_dump(mode="json"), {document.bank: bank})[0]


def read_draft(text: str, actor: Actor) -> tuple[ProductFile, LoanProduct]:
    """Return a draft of the actor's bank from the TOML that it typed; raises Invalid with the line of each mistake."""
    own = Bank(actor.organisation.code, actor.organisation.name)
    product, document = gateway.read_text("draft", text, {own.code: own})
    return document, product


async def written(session: AsyncSession, actor: Actor, code: str | None = None) -> str:
    """Return a listed product of the actor's bank as TOML, the first one where none is named; empty where there is none."""
    found = [document for _, document in await store.documents(session, actor.organisation.id)]
    chosen = next((document for document in found if code is None or document["code"] == code), None)
    if chosen is None:
        return ""
    document = ProductFile.model_validate({**chosen, "version": chosen["version"] + 1})
    return toml.written(document.model_dump(mode="json", exclude_defaults=True))


def as_toml(document: Mapping[str, Any]) -> str:
    """Return a product file's content as TOML: what `read_toml` reads."""
    return toml.written(document)


async def list_product(session: AsyncSession, actor: Actor, document: ProductFile, now: datetime) -> ProductOut:
    """List a bank's product, or a new version of it. Raises Invalid where a rule is wrong or a case fails."""
    if actor.role is not Role.BANK_ADMINISTRATOR or document.bank != actor.organisation.code:
        raise Forbidden("not-your-bank", "只能发布本行的产品。", "Only your own bank's products can be listed.")
    content = document.model_dump(mode="json")
    product = parsed(document, actor.organisation)
    if product.effective_from > business_date(now):
        # A version replaces the one before it at once: one for later would leave a gap.
        raise Invalid.at("not-yet", "effective_from", "生效日期不能晚于今天。", "A product is listed on the day it takes effect.")
    if failed := failed_cases(product):
        fields = tuple(FieldProblem(f"cases.{name}", Text(problem, problem)) for name, problem in failed)
        raise Invalid("failed-case", "产品自带用例未通过。", "The product's own cases fail.", fields=fields)
    async with database.as_platform(session):  # another bank's code is taken also while that bank does not list it
        newest = await store.newest(session, product.code)
    if newest and newest[1] != actor.organisation.id:
        raise Conflict("code-taken", "该产品代码已被其他银行使用。", "Another bank uses this product code.")
    if newest and newest[0] >= product.version:
        raise Conflict("old-version", f"已有版本 {newest[0]}，请提高版本号。", f"Version {newest[0]} is listed; raise the version.")
    await store.add(session, product.code, product.version, actor.organisation.id, content, now)
    await _restate(session, product.code, actor.organisation.id, content, now, actor.account_id)
    await audit.record(
        session,
        "product.listed",
        f"loan_product:{product.code}",
        now,
        account_id=actor.account_id,
        version=product.version,
    )
    return ProductOut(code=product.code, version=product.version, bank=document.bank, listed=True, document=content)


async def _restate(session: AsyncSession, code: str, bank_id: UUID, content: Mapping[str, Any], now: datetime, by: UUID | None) -> None:
    """State what a new version says that it may lend, where that is another figure than was stated: the newest word counts."""
    await database.lock(session, f"capacity of {code}")
    stated, wan = await store.capacity(session, code), content.get("capacity_left_wan")
    if stated is None or wan is None:
        return
    left = round(wan * FEN_PER_WAN)
    if (left,) != stated:
        row = ProductCapacityRow(bank_id=bank_id, code=code, left_fen=left, stated_at=now, stated_by=by)
        await store.state_capacity(session, row)


async def withdraw(session: AsyncSession, actor: Actor, code: str, now: datetime) -> None:
    """Take a bank's product off the list."""
    newest = await store.newest(session, code)
    if newest is None or newest[1] != actor.organisation.id:
        raise NotFound("no-product", "没有这个产品。", "There is no such product.")
    await store.set_listed(session, code, newest[0], listed=False)
    await audit.record(session, "product.withdrawn", f"loan_product:{code}", now, account_id=actor.account_id)


async def import_folder(session: AsyncSession, folder: Path, now: datetime) -> int:
    """List every product of a folder that is in effect and not listed yet in that version; return how many were new."""
    added = 0
    for product, document in gateway.load_products(folder):
        bank = await accounts.organisation(session, OrganisationKind.BANK, product.bank.code, product.bank.name)
        newest = await store.newest(session, product.code)
        if product.effective_from <= business_date(now) and (newest is None or newest[0] < product.version):
            content = document.model_dump(mode="json")
            await store.add(session, product.code, product.version, bank.id, content, now)
            await _restate(session, product.code, bank.id, content, now, None)
            added += 1
    return added


async def listed(session: AsyncSession, actor: Actor | None = None) -> list[LoanProduct]:
    """Return the listed products by code, all or of the actor's bank."""
    banks = {bank.id: Bank(bank.code, bank.name) for bank in await accounts.banks(session)}
    found = await store.documents(session, actor.organisation.id if actor else None)
    return [ProductFile.model_validate(document).product(banks[bank_id]) for bank_id, document in found]


async def edition(session: AsyncSession) -> Edition:
    """Return all listed products; read and parsed once until one of them changes."""
    shelf = await store.shelf(session)
    kept = _editions()
    if shelf not in kept:
        products = tuple(await listed(session))
        stated = await store.capacities(session)
        named = "\n".join(" ".join(map(str, (p.code, p.version, *stated.get(p.code, ())[:1]))) for p in products)
        while len(kept) >= _KEPT_EDITIONS:
            kept.popitem(last=False)
        kept[shelf] = Edition(hashlib.sha256(named.encode()).hexdigest()[:16], products)
    return kept[shelf]


@cache
def _editions() -> OrderedDict[str, Edition]:
    return OrderedDict()


async def wire(
    session: AsyncSession, actor: Actor | None = None, *, limit: int | None = None, after: str | None = None
) -> list[ProductOut]:
    """Return listed products as documents, by code; those behind a code."""
    found = await store.documents(session, actor.organisation.id if actor else None, limit, after)
    return [ProductOut(code=d["code"], version=d["version"], bank=d["bank"], listed=True, document=d) for _, d in found]


async def listed_at(session: AsyncSession) -> dict[str, datetime]:
    """Return code -> when its listed version was listed."""
    return await store.listed_at(session)


def read_toml(text: str) -> dict[str, Any]:
    """Return a product file's content, its dates as text. Raises Invalid with the line where it is no TOML."""
    try:
        found: dict[str, Any] = json.loads(json.dumps(tomllib.loads(text), default=str))
    except tomllib.TOMLDecodeError as error:
        raise Invalid.at("not-toml", "document", f"不是合法的 TOML：{error}", f"This is not TOML: {error}") from None
    return found


def problems(actor: Actor, document: Mapping[str, Any], source: str | None) -> tuple[FieldProblem, ...]:
    """Return everything that is wrong with a bank's product, each beside its field and its line; the product's own cases are run."""
    bank = Bank(actor.organisation.code, actor.organisation.name)
    try:
        product, _ = gateway.parse_product(str(document.get("code", "?")), dict(document), {bank.code: bank}, source)
    except Invalid as wrong:
        return tuple(_with_names(problem) for problem in wrong.fields)
    return tuple(FieldProblem(f"cases.{name}", Text(said, said)) for name, said in failed_cases(product))


def _with_names(problem: FieldProblem) -> FieldProblem:
    """Return the problem, with all names that a rule may ask for where one was not known."""
    if not problem.field.endswith("fact") and "there is no fact" not in problem.message.en:
        return problem
    names = ", ".join(sorted(FACTS))
    return FieldProblem(problem.field, Text(f"{problem.message.zh}（可用：{names}）", f"{problem.message.en} (allowed: {names})"))


def _must_administer(actor: Actor) -> None:
    if actor.role is not Role.BANK_ADMINISTRATOR:
        raise Forbidden("not-an-administrator", "只有银行管理员可以管理产品。", "Only a bank's administrator manages its products.")


async def drafts(session: AsyncSession, actor: Actor) -> list[Draft]:
    """Return the drafts of the actor's bank by code."""
    _must_administer(actor)
    return await store.drafts(session, actor.organisation.id)


async def draft(session: AsyncSession, actor: Actor, code: str) -> Draft:
    """Return one draft of the actor's bank; raises NotFound."""
    _must_administer(actor)
    found = await store.find_draft(session, actor.organisation.id, code)
    if found is None:
        raise NotFound("no-draft", "没有这份草稿。", "There is no such draft.")
    return found


async def save_draft(
    session: AsyncSession, actor: Actor, document: Mapping[str, Any], source: str | None, revision: int | None, now: datetime, *, new: bool
) -> Draft:
    """Keep a draft, right or wrong: only its code and bank must be. Raises Conflict for one that is there, Outdated for a late change."""
    _must_administer(actor)
    code = document.get("code")
    if not isinstance(code, str) or not re.fullmatch(r"[A-Z0-9-]{3,40}", code):
        raise Invalid.at("wrong-product", "code", "产品代码为 3 至 40 个大写字母、数字或连字符。", "A code has 3 to 40 of A-Z, 0-9 and -.")
    if document.get("bank") != actor.organisation.code:
        raise Invalid.at(
            "wrong-product", "bank", f"应为本行代码 {actor.organisation.code}。", f"It must be your bank, {actor.organisation.code}."
        )
    earlier = await store.find_draft(session, actor.organisation.id, code)
    if new and earlier is not None:
        raise Conflict("draft-exists", "该代码已有草稿，请更新它。", "There is a draft of this code; change that one.")
    if not new and earlier is None:
        raise NotFound("no-draft", "没有这份草稿。", "There is no such draft.")
    if earlier is not None and revision is not None and revision != earlier.revision:
        raise Outdated
    made = Draft(code, document, source, earlier.revision + 1 if earlier else 1, now)
    return await store.save_draft(session, actor.organisation.id, made, actor.account_id)


async def delete_draft(session: AsyncSession, actor: Actor, code: str) -> None:
    """Throw a draft away; raises NotFound."""
    await draft(session, actor, code)
    await store.remove_draft(session, actor.organisation.id, code)


async def publish_draft(session: AsyncSession, actor: Actor, code: str, now: datetime) -> ProductOut:
    """List a draft; it is one no more. Open needs are matched with it by the next run of `matching.rematch`. Raises Invalid by field."""
    found = await draft(session, actor, code)
    if wrong := problems(actor, found.document, found.source):
        raise Invalid("wrong-product", "草稿尚有问题。", "The draft has problems.", fields=wrong)
    listed_now = await list_product(session, actor, ProductFile.model_validate(found.document), now)
    await store.remove_draft(session, actor.organisation.id, code)
    return listed_now


async def versions(session: AsyncSession, actor: Actor, code: str) -> list[Version]:
    """Return all versions of a product of the actor's bank, newest first, also when it is withdrawn. Raises NotFound."""
    newest = await store.newest(session, code)
    if newest is None or newest[1] != actor.organisation.id:
        raise NotFound("no-product", "没有这个产品。", "There is no such product.")
    return await store.versions(session, code)


async def in_force(session: AsyncSession, actor: Actor, code: str) -> Version:
    """Return the listed version of a product, of the actor's own bank for people of one. Raises NotFound."""
    found = next((v for v in await store.versions(session, code) if v.listed), None)
    own_only = actor.role in {Role.BANK_ADMINISTRATOR, Role.OFFICER}
    if found is None or (own_only and found.document["bank"] != actor.organisation.code):
        raise NotFound("no-product", "没有这个产品。", "There is no such product.")
    return found


async def new_version(session: AsyncSession, actor: Actor, code: str, now: datetime) -> Draft:
    """Begin the next version of a product as a draft of the newest one. Raises NotFound, Conflict when it was begun already."""
    _must_administer(actor)
    newest = (await versions(session, actor, code))[0]
    document = {**newest.document, "version": newest.version + 1, "effective_from": business_date(now).isoformat()}
    return await save_draft(session, actor, document, None, None, now, new=True)


async def state_capacity(
    session: AsyncSession, actor: Actor, code: str, left_fen: int | None, revision: int | None, now: datetime
) -> Version:
    """State what a product of the actor's bank may still lend; None: no end. Raises Outdated when it was stated since `revision`."""
    _must_administer(actor)
    await database.lock(session, f"capacity of {code}")
    found = await in_force(session, actor, code)
    if revision is not None and revision != found.capacity_revision:
        raise Outdated
    row = ProductCapacityRow(bank_id=actor.organisation.id, code=code, left_fen=left_fen, stated_at=now, stated_by=actor.account_id)
    await store.state_capacity(session, row)
    await audit.record(session, "product.capacity", f"loan_product:{code}", now, account_id=actor.account_id, left_fen=left_fen)
    return await in_force(session, actor, code)
