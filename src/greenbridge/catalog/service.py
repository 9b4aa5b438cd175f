"""Listing products and proving their cases."""

import hashlib
from collections import OrderedDict
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor, Organisation, OrganisationKind, Role
from greenbridge.audit import service as audit
from greenbridge.catalog import gateway, store
from greenbridge.catalog.gateway import toml
from greenbridge.catalog.rules import typical, verdicts
from greenbridge.catalog.schemas import ProductFile, ProductOut, schema_document
from greenbridge.catalog.values import Bank, Edition, LoanProduct
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, FieldProblem, Forbidden, Invalid, NotFound
from greenbridge.kit.text import Text

__all__ = [
    "check_folder",
    "edition",
    "failed_cases",
    "import_folder",
    "list_product",
    "listed",
    "listed_at",
    "parsed",
    "read_draft",
    "schema_document",
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
    await audit.record(
        session,
        "product.listed",
        f"loan_product:{product.code}",
        now,
        account_id=actor.account_id,
        version=product.version,
    )
    return ProductOut(code=product.code, version=product.version, bank=document.bank, listed=True, document=content)


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
            await store.add(session, product.code, product.version, bank.id, document.model_dump(mode="json"), now)
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
        named = "\n".join(f"{product.code} {product.version}" for product in products)
        while len(kept) >= _KEPT_EDITIONS:
            kept.popitem(last=False)
        kept[shelf] = Edition(hashlib.sha256(named.encode()).hexdigest()[:16], products)
    return kept[shelf]


@cache
def _editions() -> OrderedDict[str, Edition]:
    return OrderedDict()


async def wire(session: AsyncSession, actor: Actor | None = None) -> list[ProductOut]:
    """Return listed products as documents."""
    found = await store.documents(session, actor.organisation.id if actor else None)
    return [ProductOut(code=d["code"], version=d["version"], bank=d["bank"], listed=True, document=d) for _, d in found]


async def listed_at(session: AsyncSession) -> dict[str, datetime]:
    """Return code -> when its listed version was listed."""
    return await store.listed_at(session)
