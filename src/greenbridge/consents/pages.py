"""Pages of consents: the firm's consents and who read what, the bank's views and receipts, overdue receipts."""

import csv
import io
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import STAFF_FUNCTION_NAMES, Role, StaffFunction
from greenbridge.consents import rules, service
from greenbridge.consents.values import (
    PURPOSE_NAMES,
    READ_KIND_NAMES,
    WORK_STEP_NAMES,
    Narrowing,
    View,
    WorkStep,
)
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.calendar import SHANGHAI, business_date
from greenbridge.kit.errors import Invalid, NotFound, Problem
from greenbridge.kit.web import Deps, Now, Session, language_of, page

PAGE_SIZE = 50
EXPORTED = ("at", "organisation", "account", "function", "purpose", "step", "kind", "report_number", "consent_id", "item", "field", "label")
WORDS: dict[str, Any] = {
    "purposes": PURPOSE_NAMES,
    "steps": WORK_STEP_NAMES,
    "functions": STAFF_FUNCTION_NAMES,
    "kinds": READ_KIND_NAMES,
    "shanghai": SHANGHAI,
    "is_overdue": rules.is_overdue,
}


def field_names(described: Any) -> dict[str, Any]:
    """Return field (`tax.paid.paid`) -> (its item, its label)."""
    return {f"{item.code}.{name}": (item, label) for item in described for name, label, _ in item.fields}


class FirmConsentPages(Controller):
    """Who may read what of the firm, who has read what, how it is withdrawn."""

    path = "/enterprise"
    include_in_schema = False
    guards = (only(Role.ENTERPRISE),)

    @get("/consents")
    async def consents(self, request: Caller, session: Session, now: Now, deps: Deps, offset: FromQuery[int] = 0) -> Template | Redirect:
        firm = await enterprises.mine(session, request.user)
        if firm is None:
            return Redirect("/enterprise/start", status_code=303)
        offset = min(max(0, offset), 1_000_000)
        reads = await service.reads_of(session, firm.id, limit=PAGE_SIZE + 1, offset=offset)
        return page(
            request,
            "consents.html",
            views=await service.of_firm(session, firm.id),
            reads=reads[:PAGE_SIZE],
            more=offset + PAGE_SIZE if len(reads) > PAGE_SIZE else None,
            names=field_names(deps.described),
            today=business_date(now),
            **WORDS,
        )

    @get("/consents/{consent_id:uuid}")
    async def one(self, consent_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Template:
        firm = await enterprises.mine(session, request.user)
        found = await service.of_firm(session, firm.id) if firm else []
        view = next((v for v in found if v.consent.id == consent_id), None)
        if view is None:
            raise NotFound("no-consent", "没有这份授权。", "There is no such consent.")
        consent = view.consent
        narrowing = Narrowing(consent.scope.max_level, consent.scope.months, functions=consent.functions, withheld=consent.scope.withheld)
        columns = []
        for step in consent.steps:
            for function, access in await service.preview(session, consent.bank_id, step, narrowing, now):
                columns.append((step, function, rules.in_words(access, deps.described)))
        return page(request, "consent.html", view=view, columns=columns, today=business_date(now), **WORDS)

    @post("/consents/{consent_id:uuid}/withdrawal")
    async def withdraw(self, consent_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Redirect:
        await service.withdraw(session, request.user, consent_id, now)
        return Redirect("/enterprise/consents", status_code=303)

    @get("/reads.csv")
    async def export(self, request: Caller, session: Session, deps: Deps) -> Response[bytes]:
        firm = await enterprises.mine(session, request.user)
        language = language_of(request)
        names = field_names(deps.described)
        sink = io.StringIO()
        writer = csv.writer(sink)
        writer.writerow(
            [
                "at",
                "organisation",
                "account",
                "function",
                "purpose",
                "step",
                "kind",
                "report_number",
                "consent_id",
                "item",
                "field",
                "label",
            ]
        )
        for read in await service.reads_of(session, firm.id, limit=100_000) if firm else []:
            who = (
                read.at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
                read.organisation_name,
                read.login,
                STAFF_FUNCTION_NAMES[read.function].in_(language) if read.function else "",
                PURPOSE_NAMES[read.purpose].in_(language) if read.purpose else "",
                WORK_STEP_NAMES[read.step].in_(language) if read.step else "",
                READ_KIND_NAMES[read.kind].in_(language),
                read.report_number or "",
                read.consent_id or "",
            )
            for key in read.fields:
                item, _, field = key.rpartition(".")
                label = names[key][1].in_(language) if key in names else ""
                writer.writerow([*(_safe(str(cell)) for cell in who), item, field, label])
        headers = {"content-disposition": 'attachment; filename="reads.csv"'}
        # The mark at the beginning tells spreadsheets that the file is UTF-8.
        return Response(sink.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


def _safe(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t"} and cell != "-" else cell


class BankConsentPages(Controller):
    """What firms let the bank read, which receipts it owes, what its staff sees."""

    path = "/bank"
    include_in_schema = False
    guards = (only(Role.OFFICER, Role.BANK_ADMINISTRATOR),)

    @get("/consents")
    async def consents(self, request: Caller, session: Session, now: Now) -> Template:
        views = await service.of_bank(session, request.user)
        return page(request, "bank_consents.html", views=views, today=business_date(now), **WORDS)

    @post("/consents/{consent_id:uuid}/receipt")
    async def acknowledge(self, consent_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Redirect:
        await service.acknowledge(session, request.user, consent_id, now)
        return Redirect("/bank/consents", status_code=303)

    async def _views(self, request: Caller, session: Any, deps: Any, typed: dict[str, Any], problem: Problem | None = None) -> Template:
        return page(
            request,
            "staff_views.html",
            status_code=problem.status if problem else 200,
            views=await service.views(session, request.user),
            described=deps.described,
            typed=typed,
            problem=problem,
            **WORDS,
        )

    @get("/views")
    async def views(self, request: Caller, session: Session, deps: Deps) -> Template:
        return await self._views(request, session, deps, {})

    @post("/views")
    async def set_view(self, request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        form = await request.form()
        typed: dict[str, Any] = {"step": form.get("step", ""), "function": form.get("function", ""), "hidden": form.getall("hidden", [])}
        try:
            try:
                view = View(
                    WorkStep(typed["step"]), StaffFunction(typed["function"]), int(form.get("max_level", "")), frozenset(typed["hidden"])
                )
            except ValueError:
                raise Invalid.at("wrong-view", "max_level", "请选择敏感度。", "Choose a sensitivity.") from None
            async with session.begin_nested():
                await service.set_view(session, request.user, view, deps.described, now)
        except Problem as problem:
            return await self._views(request, session, deps, typed, problem)
        return Redirect(f"/bank/views#{view.step.value}-{view.function.value}", status_code=303)


class ReceiptPages(Controller):
    """Which banks have not confirmed a withdrawal in time."""

    include_in_schema = False
    guards = (only(Role.OPERATOR),)

    @get("/operator/receipts")
    async def receipts(self, request: Caller, session: Session, now: Now) -> Template:
        return page(request, "receipts.html", views=await service.overdue_receipts(session, now), today=business_date(now), **WORDS)
