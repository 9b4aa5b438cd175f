"""Idempotency-Key: the same request sent twice is carried out once (after the IETF draft)."""

import hashlib
import json as jsonlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import JsonObject, instant, json
from greenbridge.kit.errors import Invalid

KEY_HEADER = "Idempotency-Key"
MAX_KEY_LENGTH = 200


class IdempotencyKey(SQLModel, table=True):
    """A key that an account used, the hash of the body it came with, and what was answered."""

    __tablename__ = "idempotency_key"
    account_id: UUID = Field(primary_key=True, foreign_key="account.id")
    key: str = Field(primary_key=True)
    body_hash: str
    answer: JsonObject | None = json(nullable=True)
    used_at: datetime = instant()


async def once(
    session: AsyncSession,
    account_id: UUID,
    key: str | None,
    body: object,
    act: Callable[[], Awaitable[JsonObject]],
    now: datetime,
) -> tuple[JsonObject, bool]:
    """Return (answer, replayed): carry out `act` once per account and key; without a key, simply carry it out.

    The key's row is written in the transaction of the act, so a second request waits for the first to end, and a failed act
    leaves no key behind. Raises Invalid when the key came before with another body.
    """
    if key is None:
        return await act(), False
    if not key or len(key) > MAX_KEY_LENGTH:
        raise Invalid.at(
            "wrong-idempotency-key",
            KEY_HEADER,
            "幂等键应为 1 至 200 个字符。",
            "An Idempotency-Key has 1 to 200 characters.",
        )
    digest = hashlib.sha256(jsonlib.dumps(body, sort_keys=True, default=str, ensure_ascii=False).encode()).hexdigest()
    claimed = await session.execute(
        text(
            "insert into idempotency_key (account_id, key, body_hash, used_at) values (:account, :key, :hash, :now)"
            " on conflict do nothing returning key"
        ),
        {"account": account_id, "key": key, "hash": digest, "now": now},
    )
    if claimed.first() is None:
        earlier: Any = await session.get_one(IdempotencyKey, (account_id, key))
        if earlier.body_hash != digest:
            raise Invalid.at(
                "idempotency-key-reused",
                KEY_HEADER,
                "该幂等键已用于内容不同的请求；未做任何更改。",
                "This Idempotency-Key came before with another body; nothing was changed.",
            )
        return earlier.answer, True
    answer = await act()
    await session.execute(
        text("update idempotency_key set answer = cast(:answer as jsonb) where account_id = :account and key = :key"),
        {"answer": jsonlib.dumps(answer, ensure_ascii=False), "account": account_id, "key": key},
    )
    return answer, False
