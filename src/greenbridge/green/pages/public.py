"""Everybody's pages: publicity, certificates, an objection; and the uploads of a case for those whom it concerns."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only, signed_in
from greenbridge.accounts.values import Role
from greenbridge.green import service
from greenbridge.green.pages.shown import WORDS
from greenbridge.green.values import Event, State
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Problem
from greenbridge.kit.web import Deps, Now, Session, download, page

SCHEME = "green-enterprise"


class GreenPublicPages(Controller):
    """Who is about to be certified, who is, and how to object."""

    path = "/green"
    include_in_schema = False

    async def _page(
        self, request: Caller, session: Any, now: Any, deps: Any, typed: dict[str, str], problem: Problem | None = None
    ) -> Template:
        rows = await service.public(session)
        day = business_date(now)
        query = typed.get("query", "").strip()
        kept = [r for r in rows if not query or query in f"{r['name']}{r['title'] or ''}{r['uscc']}{r['number']}"]
        shown = {State.PUBLISHED.value, State.OBJECTED.value}
        certified = [r for r in kept if r["certificate_number"]]
        holding = [r for r in certified if r["state"] == State.CERTIFIED.value and r["valid_from"] <= day <= r["valid_to"]]
        return page(
            request,
            "green_public.html",
            status_code=problem.status if problem else 200,
            on_show=[(r, await service.public_until(session, r["case_id"], now)) for r in kept if r["state"] in shown],
            holding=holding,
            ended=[r for r in certified if r not in holding],
            scheme=deps.schemes.find(SCHEME, day),
            policy=service.policy(day),
            form=typed,
            problem=problem,
            State=State,
            Event=Event,
            **WORDS,
        )

    @get()
    async def main(self, request: Caller, session: Session, now: Now, deps: Deps, sought: FromQuery[str] = "") -> Template:
        return await self._page(request, session, now, deps, {"query": sought})

    @post("/{number:str}/objections", guards=[signed_in])
    async def object_to(self, number: FromPath[str], request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        """Object to a published case."""
        text = str((await request.form()).get("reason", "")).replace("\r\n", "\n")
        try:
            async with session.begin_nested():
                await service.object_to(session, request.user, number, text, now)
        except Problem as problem:
            return await self._page(request, session, now, deps, {"number": number, "reason": text}, problem)
        return Redirect("/green", status_code=303)

    @get("/certificates/{number:str}")
    async def certificate(self, number: FromPath[str], session: Session) -> Response[bytes]:
        """Return what a certificate shows to everybody, which `greenbridge verify` checks without network: no points."""
        found = await service.certificate_part(session, number)
        return download(service.canonical(found), "application/json", f"{found['head']['number']}.json")


class GreenFilePages(Controller):
    """An upload, for the firm, the reviewer of its case and the operator; a whole certificate, for the firm and the operator."""

    include_in_schema = False

    @get("/green/certificates/{number:str}/whole", guards=[only(Role.ENTERPRISE, Role.OPERATOR)])
    async def whole(self, number: FromPath[str], request: Caller, session: Session) -> Response[bytes]:
        """Return a certificate's whole signed file, with the points of each line."""
        found = await service.certificate_file(session, request.user, number)
        return download(service.canonical(found), "application/json", f"{found['head']['number']}-whole.json")

    @get("/green/files/{file_id:uuid}", guards=[only(Role.ENTERPRISE, Role.REVIEWER, Role.OPERATOR)])
    async def one(self, file_id: FromPath[UUID], request: Caller, session: Session, deps: Deps) -> Response[bytes]:
        file, content = await service.read_file(session, request.user, deps.files, file_id)
        suffix = {"application/pdf": "pdf", "image/png": "png"}.get(file.media_type, "jpg")
        return download(content, file.media_type, f"{file.sha256[:16]}.{suffix}")
