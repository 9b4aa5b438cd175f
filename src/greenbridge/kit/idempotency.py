"""Idempotency-Key: the same request sent twice is carried out once (draft-ietf-httpapi-idempotency-key-header-07).

No route does anything for it. The session's provider takes the key before the handler runs, in the transaction of the act, and
the answer is kept in that transaction too: so a key stands exactly when its act does, also after a kill between the two.
"""

import hashlib
import json as jsonlib
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.serialization import get_serializer
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from greenbridge.kit import database
from greenbridge.kit.columns import instant
from greenbridge.kit.errors import Conflict, Invalid
from greenbridge.kit.sealed import InvalidToken

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
MAX_KEY_LENGTH = 200
KEPT = timedelta(days=7)
_CREATED, _OK = 201, 200
_KEY = re.compile(rf"[!-~]{{1,{MAX_KEY_LENGTH}}}")
STREAMED = {"streamed": True}  # the `opt` of a route that reads its body as it comes and knows a repeated one by itself


class IdempotencyKey(SQLModel, table=True):
    """A key that an account used, the hash of the request it came with, and what was answered: sealed, but for forms."""

    __tablename__ = "idempotency_key"
    account_id: UUID = Field(primary_key=True, foreign_key="account.id")
    key: str = Field(primary_key=True)
    body_hash: str
    status: int | None = None
    content: str | None = None
    used_at: datetime = instant(index=True)


class Replayed(Exception):
    """Raised instead of the act: this request was carried out before, and this is what was answered."""

    def __init__(self, status: int, content: str) -> None:
        super().__init__("replayed")
        # Nothing was created now.
        self.status, self.content = _OK if status == _CREATED else status, content


@dataclass(slots=True)
class Claim:
    """A key that this request took, until its answer is kept."""

    request: Request[Any, Any, Any]
    session: AsyncSession
    account_id: UUID
    key: str


# The claim of the request that this task answers: the hook that sees the answer is not told of the request.
CURRENT: ContextVar[list[Claim] | None] = ContextVar("idempotency_claim", default=None)
_CLAIM = """
    insert into idempotency_key (account_id, key, body_hash, used_at) values (%(account)s, %(key)s, %(hash)s, %(now)s)
    on conflict (account_id, key) do nothing returning key
"""
_LOCK = "select pg_try_advisory_xact_lock(hashtextextended(%(lock)s, 1))"
_EARLIER = "select body_hash, status, content from idempotency_key where account_id = %(account)s and key = %(key)s"
_KEEP = "update idempotency_key set status = %(status)s, content = %(content)s where account_id = %(account)s and key = %(key)s"


def digest(method: str, path: str, body: bytes) -> str:
    """Return the hash of a request. JSON is hashed by what it says: the order of members and blanks are nothing."""
    with suppress(ValueError, RecursionError):
        body = jsonlib.dumps(jsonlib.loads(body), sort_keys=True).encode()
    return hashlib.sha256(b"\0".join([method.encode(), path.encode(), body])).hexdigest()


def must_be_key(key: str | None) -> None:
    """Raise Invalid for a key that is none; also for a POST that only asks and so is carried out each time."""
    if key is not None and not _KEY.fullmatch(key):
        zh, en = "幂等键应为 1 至 200 个可见的 ASCII 字符。", "An Idempotency-Key has 1 to 200 visible ASCII characters."
        raise Invalid.at("wrong-idempotency-key", KEY_HEADER, zh, en)


async def claim(session: AsyncSession, request: Request[Any, Any, Any], now: datetime) -> None:
    """Take the key of a POST to the API, before its handler runs; nothing for any other request.

    Raises Replayed when it was carried out before, Invalid when the key came with another request, Conflict while the first runs, or
    where its answer cannot be read any more (the installation's secret has changed).
    """
    caller, held = request.scope.get("user"), CURRENT.get()
    key = request.headers.get(KEY_HEADER)
    if key is None or held is None or caller is None or request.method != "POST" or not request.url.path.startswith("/api/"):
        return
    if request.route_handler.opt.get("streamed"):
        return  # a delivery of millions of rows is not read twice: departments name it by its batch_id
    must_be_key(key)
    asked = {
        "account": caller.account_id,
        "key": key,
        "now": now,
        "hash": digest(request.method, f"{request.url.path}?{request.url.query}", await request.body()),
    }
    ((free,),) = await database.rows(session, _LOCK, {"lock": f"{caller.account_id} {key}"})
    if not free:
        raise Conflict("idempotency-in-progress", "同一请求正在处理，请稍后重试。", "The same request is being carried out; try again.")
    if await database.rows(session, _CLAIM, asked):
        held.append(Claim(request, session, caller.account_id, key))
        return
    ((hashed, status, content),) = await database.rows(session, _EARLIER, asked)
    if hashed != asked["hash"]:
        raise Invalid.at(
            "idempotency-key-reused",
            KEY_HEADER,
            "该幂等键已用于内容不同的请求；未做任何更改。",
            "This Idempotency-Key came before with another request; nothing was changed.",
        )
    try:
        answer = request.app.state.kept_answers.open(content or "")
    except InvalidToken:
        zh, en = "该请求此前已执行，但其答复已不再保存。", "This request was carried out before; its answer is kept no more."
        raise Conflict("idempotency-answer-gone", zh, en) from None
    raise Replayed(status or _OK, answer)


async def keep(response: Response[Any]) -> Response[Any]:
    """Keep the answer with its key, in the act's transaction (a hook after each request)."""
    for held in CURRENT.get() or ():
        encode = get_serializer(held.request.route_handler.resolve_type_encoders())
        content = response.render(response.content, response.media_type or "application/json", encode)
        # An answer may hold a secret that is told once: kept for a week, it is kept sealed.
        sealed = held.request.app.state.kept_answers.seal(content.decode())
        kept = {"status": response.status_code or _CREATED, "content": sealed, "account": held.account_id, "key": held.key}
        await database.rows(held.session, _KEEP, kept)
    return response


async def once(
    session: AsyncSession, account_id: UUID, key: str | None, body: object, act: Callable[[], Awaitable[str]], now: datetime
) -> str:
    """Carry out `act` once per account and key of a form, and return what it returned then; without a key, simply carry it out.

    A second click waits for the first to end; an act that failed leaves no key behind. Raises Invalid for a key that came with another
    form before.
    """
    if not key:
        return await act()
    asked = {"account": account_id, "key": f"form:{key}"[:MAX_KEY_LENGTH], "now": now, "hash": digest("POST", "form", repr(body).encode())}
    if await database.rows(session, _CLAIM, asked):
        answer = await act()
        await database.rows(session, _KEEP, {**asked, "status": _OK, "content": answer})
        return answer
    ((hashed, _, content),) = await database.rows(session, _EARLIER, asked)
    if hashed != asked["hash"]:
        zh, en = "该表单已提交过不同的内容；未做任何更改。", "This form was sent before with other words; nothing was changed."
        raise Invalid("form-sent-before", zh, en)
    return str(content)


async def forget(session: AsyncSession, before: datetime) -> int:
    """Remove keys that were used before an instant; return how many."""
    found = await database.rows(session, "delete from idempotency_key where used_at < %(before)s returning key", {"before": before})
    return len(found)
