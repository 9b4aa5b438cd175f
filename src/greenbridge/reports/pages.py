"""The firm's own report."""

import asyncio
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import STAFF_FUNCTION_NAMES, Role
from greenbridge.consents import rules as consent_rules
from greenbridge.consents import service as consents
from greenbridge.consents.values import WORK_STEP_NAMES, Narrowing, WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import EnterpriseStatus
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.kit.errors import NotFound
from greenbridge.kit.web import Deps, Now, Session, download, language_of, page
from greenbridge.reports import service
from greenbridge.reports.rules import layout
from greenbridge.reports.values import CreditReport


class ReportPages(Controller):
    """What banks will see of the firm."""

    include_in_schema = False
    guards = (only(Role.ENTERPRISE),)

    @get("/enterprise/report")
    async def mine(self, request: Caller, session: Session, now: Now, deps: Deps) -> Template | Redirect:
        enterprise = await enterprises.mine(session, request.user)
        if enterprise is None or enterprise.status is not EnterpriseStatus.VERIFIED:
            return Redirect("/enterprise/start", status_code=303)
        report = await service.for_actor(session, request.user, enterprise.id, deps.press, now)
        laid = layout.laid_out(report.content, language_of(request))
        return page(request, "report.html", report=report, laid=laid, objecting=await _keys(session, enterprise.uscc, report, now))

    async def _own(self, request: Caller, session: Any, now: Any, deps: Any) -> CreditReport:
        enterprise = await enterprises.mine(session, request.user)
        if enterprise is None:
            raise NotFound("no-enterprise", "尚未登记企业。", "No firm is registered yet.")
        return await service.for_actor(session, request.user, enterprise.id, deps.press, now)

    @get("/enterprise/report.pdf")
    async def as_pdf(self, request: Caller, session: Session, now: Now, deps: Deps) -> Response[bytes]:
        report = await self._own(request, session, now, deps)
        made = await asyncio.to_thread(service.pdf, report, language_of(request))
        return download(made, "application/pdf", f"{report.number}.pdf")

    @get("/enterprise/report.json")
    async def as_json(self, request: Caller, session: Session, now: Now, deps: Deps) -> Response[bytes]:
        report = await self._own(request, session, now, deps)
        return download(service.file(report), "application/json", f"{report.number}.json")

    @get("/enterprise/report/views")
    async def views(
        self,
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
        left: FromQuery[str] = "survey.relationship_manager",
        right: FromQuery[str] = "approval.credit_reviewer",
        consent: FromQuery[UUID | None] = None,
    ) -> Template | Redirect:
        """Show side by side what two readers see of the report: a work step and a staff function each, under a consent or as usual."""
        enterprise = await enterprises.mine(session, request.user)
        if enterprise is None or enterprise.status is not EnterpriseStatus.VERIFIED:
            return Redirect("/enterprise/start", status_code=303)
        given = [view.consent for view in await consents.of_firm(session, enterprise.id) if view.consent.id == consent]
        narrowing, bank_id = Narrowing(), None
        if given:
            scope, bank_id = given[0].scope, given[0].bank_id
            narrowing = Narrowing(scope.max_level, scope.months, functions=given[0].functions, withheld=scope.withheld)
        known = {}
        for step in WorkStep:
            for function, access in await consents.preview(session, bank_id, step, narrowing, now):
                known[f"{step.value}.{function.value}"] = access
        chosen = [name if name in known else next(iter(known)) for name in (left, right)]
        contents = await service.previews(session, request.user, enterprise.id, deps.press, [known[name] for name in chosen], now)
        language = language_of(request)
        words = [consent_rules.in_words(known[name], deps.described) for name in chosen]
        items = [[item for _, group in found for item in group] for found in words]
        counts = [(sum(len(i.shown) for i in found), sum(len(i.withheld) for i in found)) for found in items]
        return page(
            request,
            "report_views.html",
            words=words,
            counts=counts,
            enterprise=enterprise,
            known=known,
            columns=[(name, layout.laid_out(found, language)) for name, found in zip(chosen, contents, strict=True)],
            consent=given[0] if given else None,
            steps=WORK_STEP_NAMES,
            functions=STAFF_FUNCTION_NAMES,
        )


async def _keys(session: Any, uscc: str, report: CreditReport, now: Any) -> dict[str, list[str]]:
    """Return item -> the keys of the firm's adverse records, in the order of their rows: what it may object to from here."""
    known = facts.catalogue()
    shown = {table["key"] for section in report.content["sections"] for table in section["tables"] if table["law"]} & known.items.keys()
    wanted = sorted({items.REGISTRATION, *shown})
    found: dict[str, list[str]] = {}
    for fact in (await facts.facts_of(session, [uscc], report.as_of, now, wanted))[uscc]:
        found.setdefault(fact.item, []).append(fact.key)
    return found


class VerificationPages(Controller):
    """Whether a report on paper is one of ours: number and root, no firm's name; and the keys for a check without network."""

    include_in_schema = False

    @get("/verify/{number:str}")
    async def verify(self, number: FromPath[str], request: Caller, session: Session, root: FromQuery[str] = "") -> Template:
        return page(request, "verify.html", number=number, day=await service.is_known(session, number, root))

    @get("/.well-known/greenbridge-keys.json")
    async def keys(self, now: Now, deps: Deps) -> dict[str, Any]:
        """Return the public part of every key that has signed reports."""
        found: dict[str, Any] = deps.press.keys.public_document(now)
        return found
