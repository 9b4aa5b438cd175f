"""Pages of consents: the firm's consents and who read what, the bank's views and receipts, overdue receipts."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import STAFF_FUNCTION_NAMES, Role, StaffFunction
from greenbridge.consents import rules, service
from greenbridge.consents.values import (
    IDENTITY,
    PURPOSE_NAMES,
    READ_KIND_NAMES,
    WORK_STEP_NAMES,
    Narrowing,
    Read,
    View,
    WorkStep,
)
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.calendar import SHANGHAI, business_date
from greenbridge.kit.errors import NotFound, Problem
from greenbridge.kit.text import Language, Text
from greenbridge.kit.web import Deps, Now, Session, language_of, page

PAGE_SIZE = 50
EXPORTED_AT_ONCE = 1000
# Columns of the export, with the words over them.
EXPORTED = (
    Text("时间", "Time"), Text("机构", "Organisation"), Text("账户", "Account"), Text("岗位", "Staff function"), Text("用途", "Purpose"),
    Text("环节", "Work step"), Text("内容", "Content"), Text("报告编号", "Report number"), Text("授权编号", "Consent"),
    Text("数据项", "Item"), Text("字段", "Field"), Text("代码", "Code"),
)  # fmt: skip
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
        consent, today = view.consent, business_date(now)
        narrowing = Narrowing(consent.scope.max_level, consent.scope.months, functions=consent.functions, withheld=consent.scope.withheld)
        columns = []
        stands = consent.ended_at is None and consent.expires_on >= today
        for step in consent.steps if stands else ():  # one that has ended shows nobody anything
            for function, access in await service.preview(session, consent.bank_id, step, narrowing, now):
                columns.append((step, function, rules.in_words(access, deps.described)))
        return page(request, "consent.html", view=view, columns=columns, stands=stands, today=today, **WORDS)

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
        writer.writerow([column.in_(language) for column in EXPORTED])
        numbers = {v.consent.id: v.consent.number for v in await service.of_firm(session, firm.id)} if firm else {}
        offset = 0
        while firm and (reads := await service.reads_of(session, firm.id, limit=EXPORTED_AT_ONCE, offset=offset)):
            for read in reads:
                writer.writerows(_exported(read, numbers, names, language))
            offset += len(reads)
        headers = {"content-disposition": 'attachment; filename="reads.csv"'}
        # The mark at the beginning tells spreadsheets that the file is UTF-8.
        return Response(sink.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


def _exported(read: Read, numbers: Mapping[UUID, str], names: Mapping[str, Any], language: Language) -> Iterator[list[str]]:
    """Yield one row for each field of a read."""
    who = (
        read.at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        read.organisation_name,
        read.login,
        STAFF_FUNCTION_NAMES[read.function].in_(language) if read.function else "",
        PURPOSE_NAMES[read.purpose].in_(language) if read.purpose else "",
        WORK_STEP_NAMES[read.step].in_(language) if read.step else "",
        READ_KIND_NAMES[read.kind].in_(language),
        read.report_number or "",
        numbers.get(read.consent_id, "") if read.consent_id else "",
    )
    for key in read.fields:
        item, label = (names[key][0].label.in_(language), names[key][1].in_(language)) if key in names else ("", "")
        yield [_safe(cell) for cell in (*who, item, label, key)]


def _safe(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} and cell != "-" else cell


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

    @get("/views")
    async def views(self, request: Caller, session: Session, now: Now, deps: Deps) -> Template:
        views = await service.views(session, request.user, now)
        counts = [len(rules.hidden_fields(view, cap, deps.described)) for view, cap in views]
        total = sum(len(item.fields) for item in deps.described)
        return page(request, "staff_views.html", views=list(zip(views, counts, strict=True)), total=total, **WORDS)

    async def _view(
        self,
        request: Caller,
        session: Any,
        now: Any,
        deps: Any,
        key: tuple[str, str],
        typed: View | None = None,
        problem: Problem | None = None,
    ) -> Template:
        found = next((v for v in await service.views(session, request.user, now) if (v[0].step.value, v[0].function.value) == key), None)
        if found is None:
            raise NotFound("no-view", "没有这个岗位视图。", "There is no such staff view.")
        return page(
            request,
            "staff_view.html",
            status_code=problem.status if problem else 200,
            view=typed or found[0],
            cap=found[1],
            categories=rules.by_category(deps.described),
            always=IDENTITY,
            touched={".".join(key.split(".")[:2]) for key in (typed or found[0]).hidden},
            problem=problem,
            **WORDS,
        )

    @get("/views/{step:str}/{function:str}")
    async def view(self, step: FromPath[str], function: FromPath[str], request: Caller, session: Session, now: Now, deps: Deps) -> Template:
        """Show what one staff function sees at a step, field by field."""
        return await self._view(request, session, now, deps, (step, function))

    @post("/views/{step:str}/{function:str}")
    async def set_view(
        self, step: FromPath[WorkStep], function: FromPath[StaffFunction], request: Caller, session: Session, now: Now, deps: Deps
    ) -> Response[Any]:
        form = await request.form()
        level = str(form.get("max_level", ""))
        typed = View(step, function, int(level) if level.isdecimal() else 0, frozenset(map(str, form.getall("hidden", []))))
        try:
            async with session.begin_nested():
                await service.set_view(session, request.user, typed, deps.described, now)
        except Problem as problem:
            return await self._view(request, session, now, deps, (step.value, function.value), typed, problem)
        return Redirect("/bank/views", status_code=303)


class ReceiptPages(Controller):
    """Which banks have not confirmed a withdrawal in time."""

    include_in_schema = False
    guards = (only(Role.OPERATOR),)

    @get("/operator/receipts")
    async def receipts(self, request: Caller, session: Session, now: Now) -> Template:
        return page(request, "receipts.html", views=await service.overdue_receipts(session, now), today=business_date(now), **WORDS)
