"""JSON routes of the catalogue: banks draft, check, list and withdraw products here."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Controller, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from greenbridge.accounts.guards import Caller, only, signed_in
from greenbridge.accounts.values import Role
from greenbridge.catalog import service
from greenbridge.catalog.schemas import (
    CapacityIn,
    DraftOut,
    ProductFile,
    ProductOut,
    ProductPage,
    ProductProblem,
    ProductVersionOut,
    ValidationOut,
)
from greenbridge.catalog.values import Draft
from greenbridge.kit.errors import FieldProblem, Invalid
from greenbridge.kit.money import FEN_PER_WAN
from greenbridge.kit.openapi import EitherBody
from greenbridge.kit.paging import Limit, cut
from greenbridge.kit.text import Language
from greenbridge.kit.web import Now, Session, language_of, must_match, tagged

_TOML = "application/toml"
_EITHER = EitherBody(
    {"application/json": {"type": "object"}, _TOML: {"type": "string"}},
    "A product file (its JSON Schema: `greenbridge products schema`), as JSON or as TOML; a draft may still be wrong",
)


async def _document(request: Caller) -> tuple[dict[str, Any], str | None]:
    """Return (content, TOML text or None) of a body that is JSON or TOML. Raises Invalid."""
    body = await request.body()
    try:
        if request.content_type[0] == _TOML:
            text = body.decode()
            return service.read_toml(text), text
        content = json.loads(body)
    except (UnicodeDecodeError, ValueError):
        raise Invalid.at("not-json", "document", "内容不是合法的 JSON。", "The body is not JSON.") from None
    if not isinstance(content, dict):
        raise Invalid.at("not-json", "document", "内容应为 JSON 对象。", "The body must be a JSON object.")
    return content, None


def _told(problems: Sequence[FieldProblem], language: Language) -> list[ProductProblem]:
    return [ProductProblem(field=p.field, message=p.message.in_(language)) for p in problems]


def _out(request: Caller, draft: Draft, status_code: int = 200) -> Response[DraftOut]:
    found = _told(service.problems(request.user, draft.document, draft.source), language_of(request))
    out = DraftOut(code=draft.code, revision=draft.revision, saved_at=draft.saved_at, document=dict(draft.document), problems=found)
    return tagged(out, draft.revision, status_code=status_code)


class ProductsApi(Controller):
    """Loan products."""

    path = "/api/v1/products"
    tags = ("products",)

    @get(guards=[signed_in])
    async def listed(
        self,
        request: Caller,
        session: Session,
        limit: Limit = 50,
        cursor: Annotated[str | None, QueryParameter(max_length=40, description="`next_cursor` of the page before")] = None,
    ) -> ProductPage:
        """List products by code: a bank's people see their own bank's, everybody else all."""
        own_only = request.user.role in {Role.BANK_ADMINISTRATOR, Role.OFFICER}
        found = await service.wire(session, request.user if own_only else None, limit=limit + 1, after=cursor)
        page, more = cut(found, limit, lambda product: product.code)
        return ProductPage(items=page, next_cursor=more)

    @post(guards=[only(Role.BANK_ADMINISTRATOR)])
    async def list_product(self, data: JSONBody[ProductFile], request: Caller, session: Session, now: Now) -> ProductOut:
        """List a product of the caller's bank, or a new version of it; its cases must pass."""
        return await service.list_product(session, request.user, data, now)

    @post("/validation", guards=[only(Role.BANK_ADMINISTRATOR)], status_code=200, opt=_EITHER.opt)
    async def validate(self, request: Caller, session: Session) -> ValidationOut:  # noqa: ARG002  the session counts the key against doubles
        """Say what is wrong with a product, by field and line, with the names that are allowed; nothing is kept."""
        document, source = await _document(request)
        found = _told(service.problems(request.user, document, source), language_of(request))
        return ValidationOut(valid=not found, problems=found)

    @get("/{code:str}", guards=[signed_in])
    async def one(self, code: FromPath[str], request: Caller, session: Session) -> Response[ProductVersionOut]:
        """Return a listed product; the ETag is that of its capacity."""
        found = await service.in_force(session, request.user, code)
        return tagged(ProductVersionOut.of(found), found.capacity_revision)

    @get("/{code:str}/versions", guards=[only(Role.BANK_ADMINISTRATOR)])
    async def versions(self, code: FromPath[str], request: Caller, session: Session) -> list[ProductVersionOut]:
        """List all versions of a product of the caller's bank, newest first."""
        return [ProductVersionOut.of(found) for found in await service.versions(session, request.user, code)]

    @post("/{code:str}/versions", guards=[only(Role.BANK_ADMINISTRATOR)])
    async def new_version(self, code: FromPath[str], request: Caller, session: Session, now: Now) -> Response[DraftOut]:
        """Begin a new version: a draft of the newest one with the next number."""
        return _out(request, await service.new_version(session, request.user, code, now), 201)

    @put("/{code:str}/capacity", guards=[only(Role.BANK_ADMINISTRATOR)])
    async def capacity(
        self, code: FromPath[str], data: JSONBody[CapacityIn], request: Caller, session: Session, now: Now
    ) -> Response[ProductVersionOut]:
        """State what a product may still lend; no new version."""
        left = None if data.capacity_left_wan is None else round(data.capacity_left_wan * FEN_PER_WAN)
        found = await service.state_capacity(session, request.user, code, left, must_match(request), now)
        return tagged(ProductVersionOut.of(found), found.capacity_revision)

    @delete("/{code:str}", guards=[only(Role.BANK_ADMINISTRATOR)])
    async def withdraw(self, code: FromPath[str], request: Caller, session: Session, now: Now) -> None:
        """Take a product of the caller's bank off the list."""
        await service.withdraw(session, request.user, code, now)


class DraftsApi(Controller):
    """Products that a bank is writing."""

    path = "/api/v1/product-drafts"
    tags = ("products",)
    guards = (only(Role.BANK_ADMINISTRATOR),)

    @get()
    async def listed(self, request: Caller, session: Session) -> list[DraftOut]:
        """List the bank's drafts, each with its problems."""
        return [_out(request, draft).content for draft in await service.drafts(session, request.user)]

    @post(opt=_EITHER.opt)
    async def create(self, request: Caller, session: Session, now: Now) -> Response[DraftOut]:
        """Keep a draft, right or wrong; only its code and bank must be right."""
        document, source = await _document(request)
        return _out(request, await service.save_draft(session, request.user, document, source, None, now, new=True), 201)

    @get("/{code:str}")
    async def one(self, code: FromPath[str], request: Caller, session: Session) -> Response[DraftOut]:
        """Return a draft with its problems."""
        return _out(request, await service.draft(session, request.user, code))

    @put("/{code:str}", opt=_EITHER.opt)
    async def change(self, code: FromPath[str], request: Caller, session: Session, now: Now) -> Response[DraftOut]:
        """Change a draft."""
        revision = must_match(request)
        await service.draft(session, request.user, code)
        document, source = await _document(request)
        if document.get("code") != code:
            raise Invalid.at("wrong-product", "code", "产品代码与地址不符。", "The code differs from the address.")
        return _out(request, await service.save_draft(session, request.user, document, source, revision, now, new=False))

    @delete("/{code:str}")
    async def remove(self, code: FromPath[str], request: Caller, session: Session) -> None:
        """Throw a draft away."""
        await service.delete_draft(session, request.user, code)

    @post("/{code:str}/publication")
    async def publish(self, code: FromPath[str], request: Caller, session: Session, now: Now) -> ProductOut:
        """List a draft: its rules are in force and its cases were run."""
        return await service.publish_draft(session, request.user, code, now)
