"""The page of a bank's administrator: is our connection healthy, what was delivered."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import STAFF_FUNCTION_NAMES, Role, StaffFunction
from greenbridge.clients import service as clients
from greenbridge.clients.values import Client, Proof, Registration
from greenbridge.kit.calendar import SHANGHAI
from greenbridge.kit.errors import Invalid, Problem
from greenbridge.kit.text import Text
from greenbridge.kit.web import Deps, Session, page
from greenbridge.notices import service
from greenbridge.notices.gateway import load_catalogue
from greenbridge.notices.values import DeliveryState, Endpoint, EndpointState, Health

_STATES = {
    EndpointState.ACTIVE: Text("启用", "Active"),
    EndpointState.PAUSED: Text("暂停", "Paused"),
    EndpointState.GONE: Text("对方已停用（410）", "Gone (410)"),
    EndpointState.REMOVED: Text("已移除", "Removed"),
}
_DELIVERY_STATES = {
    DeliveryState.PENDING: Text("等待投递", "Waiting"),
    DeliveryState.DELIVERED: Text("已送达", "Delivered"),
    DeliveryState.DEAD: Text("死信", "Dead letter"),
    DeliveryState.REMOVED: Text("回调地址已移除", "Endpoint removed"),
}
_SOON = timedelta(hours=24)
Form = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence on the connection, and its colour."""

    kind: str
    said: Text


def verdict(programs: list[Client], hooks: list[tuple[Endpoint, Health]], quiet: bool) -> Verdict:
    """Return what an administrator wants to know first. `quiet`: no program fetched a token for a day."""
    if dead := sum(health.dead for _, health in hooks):
        return Verdict("bad", Text(f"有 {dead} 条死信：多次重试仍未送达，请检查后重发。", f"{dead} dead letters: look at them and replay."))
    if any(endpoint.state is EndpointState.GONE for endpoint, _ in hooks):
        return Verdict("bad", Text("一个回调地址答复已停用，不再投递。", "An endpoint said that it is gone; it is called no more."))
    if any(health.waiting and health.last_problem and endpoint.state is EndpointState.ACTIVE for endpoint, health in hooks):
        return Verdict("look", Text("有消息正在重试。", "Messages are being tried again."))
    if not any(program.revoked_at is None for program in programs):
        return Verdict("look", Text("尚未登记程序：登记公钥后即可取得访问令牌。", "No program yet: register its public key to get tokens."))
    if quiet:
        return Verdict("look", Text("24 小时内没有程序取过令牌。", "No program fetched a token in 24 hours."))
    return Verdict("good", Text("连接正常。", "The connection is healthy."))


def _keys(typed: str) -> dict[str, Any] | None:
    if not typed.strip():
        return None
    try:
        found = json.loads(typed)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Invalid.at("wrong-key", "jwks", '公钥集应为 JSON 对象：{"keys": [...]}。', 'A key set is a JSON object: {"keys": [...]}.')
    return found


def _many(form: Form, name: str) -> list[str]:
    value = form.get(name, [])
    return [value] if isinstance(value, str) else list(value)


def _registration(form: Form) -> Registration:
    return Registration(
        str(form.get("name", "")),
        frozenset(_many(form, "scopes")),
        _keys(str(form.get("jwks", ""))),
        str(form.get("jwks_uri", "")).strip() or None,
        form.get("demo_secret") == "on",
        form.get("dpop_required") == "on",
        StaffFunction(str(form["function"])) if form.get("function") in set(StaffFunction) else None,
    )


class ConnectionPages(Controller):
    """Programs, endpoints, deliveries."""

    path = "/bank/api"
    include_in_schema = False
    guards = (only(Role.BANK_ADMINISTRATOR),)

    async def _page(
        self,
        request: Caller,
        session: AsyncSession,
        deps: State,
        *,
        status: DeliveryState | None = None,
        status_code: int = 200,
        **shown: Any,
    ) -> Template:
        now = deps.wall.now()
        programs = await clients.of_bank(session, request.user)
        hooks = [(e, await service.health(session, e, now)) for e in await service.endpoints(session, request.user)]
        used = [p.last_token_at for p in programs if p.last_token_at]
        topics = [topic for topic in load_catalogue().topics.values() if topic.roles & {Role.OFFICER, Role.BANK_ADMINISTRATOR}]
        context = {
            "programs": programs,
            "hooks": hooks,
            "verdict": verdict(programs, hooks, not used or max(used) < now - _SOON),
            "deliveries": await service.deliveries(session, request.user, state=status, limit=30),
            "urls": {e.id: e.url for e, _ in hooks},
            "status": status,
            "scopes": deps.desk.scopes.scopes,
            "topics": [topic for topic in topics if topic.name != "webhook.dead"],
            "functions": STAFF_FUNCTION_NAMES,
            "proofs": Proof,
            "states": _STATES,
            "delivery_states": _DELIVERY_STATES,
            "issuer": deps.desk.issuer,
            "demonstration": deps.settings.demonstration,
            "shanghai": SHANGHAI,
            "told": None,
            "form": {},
            "open": "",
            **shown,
        }
        answer = page(request, "bank_api.html", status_code=status_code, **context)
        answer.headers["cache-control"] = "no-store"  # a secret may stand on it, this once
        return answer

    @get()
    async def connection(self, request: Caller, session: Session, deps: Deps, status: FromQuery[DeliveryState | None] = None) -> Template:
        return await self._page(request, session, deps, status=status)

    @post("/clients")
    async def register(self, data: URLEncodedBody[Form], request: Caller, session: Session, deps: Deps) -> Template:
        try:
            async with session.begin_nested():
                client, secret = await clients.register(
                    session,
                    request.user,
                    _registration(data),
                    deps.desk.scopes,
                    deps.wall.now(),
                    demonstration=deps.settings.demonstration,
                )
        except Problem as problem:
            return await self._page(request, session, deps, status_code=problem.status, form=data, problem=problem, open="program")
        return await self._page(request, session, deps, told=("client", client.id, secret))

    @post("/clients/{client_id:uuid}")
    async def change(
        self, client_id: FromPath[UUID], data: URLEncodedBody[Form], request: Caller, session: Session, deps: Deps
    ) -> Response[Any]:
        try:
            async with session.begin_nested():
                await clients.change(
                    session,
                    request.user,
                    client_id,
                    _registration(data),
                    int(data["revision"]) if str(data.get("revision", "")).isdecimal() else None,
                    deps.desk.scopes,
                    deps.wall.now(),
                    demonstration=deps.settings.demonstration,
                )
        except Problem as problem:
            shown: Form = {"form": data, "problem": problem, "open": str(client_id)}
            return await self._page(request, session, deps, status_code=problem.status, **shown)
        return Redirect("/bank/api", status_code=303)

    @post("/clients/{client_id:uuid}/revocation")
    async def revoke(self, client_id: FromPath[UUID], request: Caller, session: Session, deps: Deps) -> Redirect:
        await clients.revoke(session, request.user, client_id, deps.wall.now())
        return Redirect("/bank/api", status_code=303)

    @post("/webhooks")
    async def create(self, data: URLEncodedBody[Form], request: Caller, session: Session, deps: Deps) -> Template:
        url, topics = str(data.get("url", "")).strip(), _many(data, "topics")
        try:
            async with session.begin_nested():
                made, secret = await service.create(
                    session, request.user, url, topics, deps.sealed, deps.wall.now(), demonstration=deps.settings.demonstration
                )
        except Problem as problem:
            return await self._page(request, session, deps, status_code=problem.status, form=data, problem=problem, open="webhook")
        return await self._page(request, session, deps, told=("webhook", made.id, secret))

    @post("/webhooks/{endpoint_id:uuid}/{act:str}")
    async def act(self, endpoint_id: FromPath[UUID], act: FromPath[str], request: Caller, session: Session, deps: Deps) -> Response[Any]:
        now = deps.wall.now()
        found = await service.endpoint(session, request.user, endpoint_id)
        if act == "rotation":
            _, secret = await service.rotate(session, request.user, endpoint_id, deps.sealed, now)
            return await self._page(request, session, deps, told=("webhook", found.id, secret))
        if act == "test":
            await service.test(session, request.user, endpoint_id, now)
        elif act == "removal":
            await service.remove(session, request.user, endpoint_id, now)
        elif act in {"pause", "resumption"}:
            allowed = deps.settings.demonstration
            await service.change(
                session,
                request.user,
                endpoint_id,
                found.url,
                found.topics,
                found.revision,
                now,
                active=act == "resumption",
                demonstration=allowed,
            )
        return Redirect("/bank/api", status_code=303)

    @get("/deliveries/{delivery_id:int}")
    async def delivery(self, delivery_id: FromPath[int], request: Caller, session: Session) -> Template:
        found, attempts = await service.delivery(session, request.user, delivery_id)
        body = json.dumps(json.loads(found.body), ensure_ascii=False, indent=2)
        return page(
            request, "bank_delivery.html", d=found, attempts=attempts, body=body, delivery_states=_DELIVERY_STATES, shanghai=SHANGHAI
        )

    @post("/deliveries/{delivery_id:int}/replay")
    async def replay(self, delivery_id: FromPath[int], request: Caller, session: Session, deps: Deps) -> Redirect:
        made = await service.replay(session, request.user, delivery_id, deps.wall.now())
        return Redirect(f"/bank/api/deliveries/{made.id}", status_code=303)
