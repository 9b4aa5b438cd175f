"""The sandbox land registry: takes signed orders, works for a while, answers with documents that it signs (docs/collateral.md)."""

import asyncio
import json
import os
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from greenbridge.kit import exchange
from greenbridge.kit.canonical import canonical
from greenbridge.kit.clock import Clock, make_clock
from greenbridge.kit.errors import Conflict, Invalid, NotFound, Problem
from greenbridge.kit.keyring import KeyRing
from greenbridge.kit.keys import read_public_key
from greenbridge.sandbox.app import Failed, on_http_exception, on_problem, set_faults, shown_faults
from greenbridge.sandbox.faults import Faults, Injector

AnyRequest = Request[Any, Any, Any]
ENVIRONMENT = "GREENBRIDGE_SANDBOX_REGISTRY"
ORDERS = "/v1/mortgage-requests"
KINDS = ("query", "registration", "cancellation")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A piece of real estate as the register has it; `mortgages` that stood before anything was ordered."""

    certificate_no: str
    unit_no: str
    owner_uscc: str
    address: str = ""
    area_m2: float = 0
    use: str = ""
    seized: bool = False
    mortgages: tuple[Mapping[str, Any], ...] = ()


@dataclass(slots=True)
class Asked:
    """An order in the registry's books. `looks`: how often its outcome was asked for; `word`: the signed answer once it is there."""

    body: Mapping[str, Any]
    reference: str
    received_at: datetime
    looks: int = 0
    word: Mapping[str, Any] | None = None


def plainly(text: str) -> str:
    """Return a number without what people write differently: widths, brackets, spaces."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())


@dataclass(slots=True)
class Book:
    """The register and its orders, in memory. An order is worked on until its outcome was asked for `patience` times."""

    parcels: Iterable[Parcel]
    ring: KeyRing
    clock: Clock
    patience: int = 1
    orders: dict[str, Asked] = field(default_factory=dict)
    _parcels: dict[str, Parcel] = field(default_factory=dict)
    _mortgages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for parcel in self.parcels:
            self._parcels[plainly(parcel.certificate_no)] = parcel
            self._mortgages[plainly(parcel.certificate_no)] = [dict(one) for one in parcel.mortgages]

    def take(self, body: Mapping[str, Any]) -> Asked:
        """Take an order in; the same one again is the same one. Raises Conflict for another under its id, Invalid for no order."""
        order_id = str(body.get("request_id", ""))
        if body.get("kind") not in KINDS or not order_id or not isinstance(body.get("certificate_no"), str):
            raise Invalid("bad-order", "申请内容不完整。", "The order is not complete.")
        known = self.orders.get(order_id)
        if known is None:
            known = self.orders[order_id] = Asked(body, f"SB{len(self.orders) + 1:08d}", self.clock.now())
        elif known.body != body:
            raise Conflict("other-order", "同一编号的申请内容不同。", "Another order came under this id.")
        return known

    def word(self, order_id: str) -> Mapping[str, Any] | None:
        """Return the signed answer to an order; None while it is worked on. Raises NotFound."""
        asked = self.orders.get(order_id)
        if asked is None:
            raise NotFound("no-order", "没有这份申请。", "There is no such order.")
        asked.looks += 1
        if asked.word is None and asked.looks > self.patience:
            payload = {"request_id": order_id, "reference": asked.reference, "kind": asked.body["kind"], **self._decided(asked.body)}
            payload["at"] = self.clock.now().isoformat()
            kid, alg, value = self.ring.sign(canonical(payload), self.clock.now())
            asked.word = {"payload": payload, "signature": {"kid": kid, "alg": alg, "value": value}}
        return asked.word

    def _decided(self, body: Mapping[str, Any]) -> dict[str, Any]:
        key = plainly(body["certificate_no"])
        parcel = self._parcels.get(key)
        owner = body.get("owner_uscc") or body.get("mortgagor_uscc")
        if parcel is None or parcel.owner_uscc != owner:
            return _rejected("登记簿中没有该权利人名下的这处不动产")
        if body["kind"] == "query":
            return self._told(key, parcel)
        return self._registered(key, parcel, body) if body["kind"] == "registration" else self._cancelled(key, body)

    def _told(self, key: str, parcel: Parcel) -> dict[str, Any]:
        shown = {name: value for name, value in asdict(parcel).items() if name in {"unit_no", "address", "area_m2", "use", "seized"}}
        return {"granted": True, "number": None, "reasons": [], "facts": {**shown, "mortgages": self._mortgages[key]}}

    def _registered(self, key: str, parcel: Parcel, body: Mapping[str, Any]) -> dict[str, Any]:
        if plainly(str(body.get("unit_no", ""))) != plainly(parcel.unit_no):
            return _rejected("不动产单元号与登记簿不一致")
        if parcel.seized:
            return _rejected("该不动产已被查封")
        today = self.clock.now().date()
        rank = len(self._mortgages[key]) + 1
        number = f"浙（{today.year}）演示不动产证明第{900_000 + sum(map(len, self._mortgages.values())):07d}号"
        entry = {"mortgage_no": number, "mortgagee": str(body.get("mortgagee")), "secured_fen": body.get("secured_fen"), "rank": rank}
        self._mortgages[key].append({**entry, "registered_on": today.isoformat()})
        return {"granted": True, "number": number, "reasons": [], "facts": {"rank": rank}}

    def _cancelled(self, key: str, body: Mapping[str, Any]) -> dict[str, Any]:
        left = [one for one in self._mortgages[key] if one["mortgage_no"] != body.get("registry_number")]
        if len(left) == len(self._mortgages[key]):
            return _rejected("登记簿中没有这项抵押")
        self._mortgages[key] = left
        return {"granted": True, "number": body.get("registry_number"), "reasons": [], "facts": {}}


def _rejected(reason: str) -> dict[str, Any]:
    return {"granted": False, "number": None, "reasons": [reason], "facts": {}}


def create_registry(book: Book, public_key: Ed25519PublicKey | None = None, faults: Faults | None = None) -> Litestar:
    """Build the server. Without a public key it takes orders from anybody; with one, only what that client has signed."""
    known = {exchange.CLIENT: public_key} if public_key else None
    return Litestar(
        route_handlers=[order, outcome, keys, shown_faults, set_faults],
        exception_handlers={Problem: on_problem, HTTPException: on_http_exception},
        openapi_config=None,
        logging_config=None,
        state=State({"book": book, "public_keys": known, "injector": Injector(faults or Faults())}),
    )


def from_environment() -> Litestar:
    """Build the server of a worker from what the command that started it has put into the environment."""
    given = json.loads(os.environ[ENVIRONMENT])
    public_key = read_public_key(given["public_key"].encode()) if given["public_key"] else None
    parcels = [Parcel(**one) for one in json.loads(Path(given["parcels"]).read_bytes())]
    clock = make_clock(date.fromisoformat(given["today"]) if given["today"] else None)
    return create_registry(Book(parcels, KeyRing(Path(given["keys"])), clock, given["patience"]), public_key, Faults.of(given["faults"]))


def _check(request: AnyRequest, state: State, body: bytes) -> None:
    """Let only known clients in, with the body that they signed; raises NotSignedIn."""
    if state.public_keys is None:
        return
    path = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    url = f"http://{request.headers.get('host', '')}{path.decode('latin-1')}"
    exchange.verify(exchange.Received(str(request.scope.get("method")), url, dict(request.headers.items())), state.public_keys, body)


async def _spoilt(state: State, name: str, order_id: str, answer: Mapping[str, Any], status: int) -> Response[bytes]:
    """Return an answer, or the fault that was drawn for it: the order is in the books by then, the client may not know."""
    fault = state.injector.draw(name, order_id)
    if fault == "slow":
        await asyncio.sleep(state.injector.faults.slow_seconds)
    if fault == "error":
        raise Failed("injected-error", "（沙箱注入的故障）", "An injected fault.")
    body = json.dumps(answer, ensure_ascii=False).encode()
    return Response(body[: len(body) // 2] if fault == "truncate" else body, status_code=status, media_type="application/json")


@post(ORDERS)
async def order(request: AnyRequest, state: State) -> Response[bytes]:
    """Take an order: 202 with its reference."""
    content = await request.body()
    _check(request, state, content)
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Invalid("bad-order", "申请内容不是 JSON。", "The order is no JSON object.")
    asked = state.book.take(body)
    answer = {"reference": asked.reference, "received_at": asked.received_at.isoformat()}
    return await _spoilt(state, "order", str(body["request_id"]), answer, 202)


@get(f"{ORDERS}/{{order_id:str}}")
async def outcome(request: AnyRequest, state: State, order_id: FromPath[str]) -> Response[bytes]:
    """Tell how an order stands: pending, or done with the signed answer."""
    _check(request, state, b"")
    word = state.book.word(order_id)
    return await _spoilt(state, "outcome", order_id, {"state": "done", "receipt": word} if word else {"state": "pending"}, 200)


@get("/v1/keys")
async def keys(state: State) -> dict[str, Any]:
    """Show the public keys of the registry's signatures."""
    found: dict[str, Any] = state.book.ring.public_document(state.book.clock.now())
    return found
