"""The land registry over HTTP: signed requests (RFC 9421, the body covered), signed answers, retries, and a breaker."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx
import stamina
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from greenbridge.collateral.gateway.registry import RegistryProblem
from greenbridge.collateral.values import Acknowledgement, Order, OrderKind, Outcome
from greenbridge.kit import signing
from greenbridge.kit.canonical import canonical
from greenbridge.kit.exchange import Key, Signed

_TRANSIENT = {408, 425, 429}
_NOT_KNOWN = {401, 403}  # our key or our right, which the registry's people put in order: not what was sent
_MOST_TEXT, _MOST_RANK = 200, 1_000
_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request is sent, with waits in seconds that double and jitter; and when the registry is left alone for a while."""

    attempts: int = 3
    wait_initial: float = 0.5
    wait_max: float = 5.0
    wait_jitter: float = 0.5
    seconds: float = 20.0
    breaker_failures: int = 3
    recovery_seconds: float = 60.0


class _Unusable(Exception):
    """What another attempt may mend."""


class HttpRegistry:
    """Asks one registry. `public_keys` is its published document: an answer that it has not signed is none."""

    def __init__(
        self,
        url: str,
        public_keys: Mapping[str, Any],
        key: Key,
        *,
        client: httpx.AsyncClient | None = None,
        retries: Retries | None = None,
    ) -> None:
        self._url, self._public_keys = url.rstrip("/"), public_keys
        self._client, self._own = client or httpx.AsyncClient(), client is None
        self._signed = Signed(key)
        self._retries = retries or Retries()
        # A refusal is an answer: the registry is there.
        factory = AsyncCircuitBreakerFactory(self._retries.breaker_failures, self._retries.recovery_seconds, exclude=[RegistryProblem])
        self._breakers = factory

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the client unless it was given."""
        if self._own:
            await self._client.aclose()

    async def submit(self, order: Order) -> Acknowledgement:
        """Hand an order in. Raises RegistryProblem."""
        sent = {"request_id": str(order.id), "kind": order.kind.value, **order.body}
        found = await self._asked("POST", "/v1/mortgage-requests", json.dumps(sent, ensure_ascii=False).encode())
        try:
            return Acknowledgement(_text(found["reference"]), _instant(found["received_at"]))
        except (KeyError, TypeError, ValueError):
            raise _not_as_agreed("受理回执") from None

    async def outcome(self, order: Order) -> Outcome | None:
        """Return the last word on an order; None while the registry works on it. Raises RegistryProblem, also for a wrong signature."""
        found = await self._asked("GET", f"/v1/mortgage-requests/{order.id}")
        try:
            if found["state"] == "pending":
                return None
            receipt = found["receipt"]
            body, signature = receipt["payload"], receipt["signature"]
            signing.verify(self._public_keys, signature["kid"], signature["alg"], canonical(body), signature["value"])
            if body["request_id"] != str(order.id) or body["reference"] != order.reference:
                raise _not_as_agreed("答复的申请编号")
            return _outcome(order, body, receipt)
        except signing.Unverified as wrong:
            raise RegistryProblem(
                "registry-signature", f"登记机构的签名无效：{wrong.text.zh}。", f"The registry's signature: {wrong.text.en}."
            ) from None
        except (KeyError, TypeError, ValueError):
            raise _not_as_agreed("答复") from None

    async def _asked(self, method: str, path: str, content: bytes | None = None) -> dict[str, Any]:
        waits = self._retries
        breaker = await self._breakers.get_breaker(self._url)
        try:
            async with breaker:
                async for attempt in stamina.retry_context(
                    on=_Unusable,
                    attempts=waits.attempts,
                    timeout=None,
                    wait_initial=waits.wait_initial,
                    wait_max=waits.wait_max,
                    wait_jitter=waits.wait_jitter,
                ):
                    with attempt:
                        return await self._once(method, path, content)
        except OpenedState:
            zh, en = "登记机构接口连续失败，暂停请求。", "The registry failed repeatedly and is left alone for a while."
            raise RegistryProblem("registry-unavailable", zh, en) from None
        except _Unusable as failure:
            zh, en = f"登记机构接口多次请求失败：{failure}", f"The registry failed again and again: {failure}"
            raise RegistryProblem("registry-failed", zh, en) from None
        raise AssertionError("a retry ends with an answer or a problem")

    async def _once(self, method: str, path: str, content: bytes | None) -> dict[str, Any]:
        headers = {"content-type": "application/json"} if content is not None else {}
        try:
            async with asyncio.timeout(self._retries.seconds):
                answer = await self._client.request(method, self._url + path, content=content, headers=headers, auth=self._signed)
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise _Unusable(str(error) or type(error).__name__) from None
        if answer.status_code >= 500 or answer.status_code in _TRANSIENT:
            raise _Unusable(str(answer.status_code))
        if answer.status_code not in {200, 202}:
            said = answer.text[:300]
            zh, en = (
                f"登记机构拒绝了请求（{answer.status_code}）：{said}",
                f"The registry refused the request ({answer.status_code}): {said}",
            )
            refused = RegistryProblem("registry-refused", zh, en)
            refused.final = method == "POST" and answer.is_client_error and answer.status_code not in _NOT_KNOWN
            raise refused
        try:
            found = json.loads(answer.content) if len(answer.content) <= _MOST_BYTES else None
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise _not_as_agreed("内容")
        return found


def _outcome(order: Order, body: Mapping[str, Any], receipt: Mapping[str, Any]) -> Outcome:
    """Return what a signed answer says; raises KeyError, TypeError, ValueError where it is not as agreed."""
    granted, facts = body["granted"] is True, dict(body.get("facts") or {})
    reasons = tuple(_text(reason) for reason in body["reasons"])
    number = _text(body["number"]) if body["number"] is not None else None
    if granted and order.kind is OrderKind.REGISTRATION:
        rank = facts.get("rank")
        if number is None or not (rank is None or (type(rank) is int and 1 <= rank <= _MOST_RANK)):
            raise ValueError(rank)
    return Outcome(granted, _instant(body["at"]), number, reasons, facts, receipt)


def _text(found: object) -> str:
    if not isinstance(found, str) or not 1 <= len(found) <= _MOST_TEXT or not found.isprintable():
        raise ValueError(type(found).__name__)
    return found


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def _not_as_agreed(what: str) -> RegistryProblem:
    return RegistryProblem("registry-protocol", f"登记机构的{what}不符合约定。", "The registry did not answer as agreed.")
