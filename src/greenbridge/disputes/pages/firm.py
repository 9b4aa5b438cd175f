"""The firm's pages: what departments say of it, an objection, its objections with what is left of their time."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.consents.values import WorkStep
from greenbridge.disputes import rules, service
from greenbridge.disputes.pages.words import WORDS, told
from greenbridge.disputes.values import Draft, Ground, State
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import EnterpriseStatus
from greenbridge.facts import service as facts
from greenbridge.facts.values import ListedFact
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Invalid, Problem
from greenbridge.kit.web import Deps, Now, Session, page


class FirmObjectionPages(Controller):
    """What departments say of the firm, whether that is right, and what becomes of it if not."""

    path = "/enterprise"
    include_in_schema = False
    guards = (only(Role.ENTERPRISE),)

    @get("/records")
    async def records(self, request: Caller, session: Session, now: Now, deps: Deps) -> Template | Redirect:
        """Show what departments have delivered of the firm, item by item, each record with its link."""
        firm = await enterprises.mine(session, request.user)
        if firm is None or firm.status is not EnterpriseStatus.VERIFIED:
            return Redirect("/enterprise/start", status_code=303)
        listed = await facts.list_facts(session, request.user, firm.id, (), WorkStep.SURVEY, now, deps.disputes)
        of_item: dict[str, list[ListedFact]] = {}
        for one in listed:
            of_item.setdefault(one.item, []).append(one)
        categories = [(c, [(i, of_item[i.code]) for i in c.items if i.code in of_item]) for c in facts.catalogue().categories]
        return page(request, "records.html", categories=[found for found in categories if found[1]], told=told, **WORDS)

    async def _form(
        self, request: Caller, session: Any, now: Any, item: str, key: str, typed: dict[str, str], problem: Problem | None = None
    ) -> Template:
        fact = await service.disputable(session, request.user, item, key, now)
        rule = service.policy(now)
        return page(
            request,
            "objection_form.html",
            status_code=problem.status if problem else 200,
            fact=fact,
            item=facts.item_named(item),
            told=told,
            rule=rule,
            until=rules.deadlines(rule, business_date(now)),
            form=typed,
            problem=problem,
            most=rules.MOST,
            **WORDS,
        )

    @get("/objections/new")
    async def form(self, request: Caller, session: Session, now: Now, item: FromQuery[str] = "", key: FromQuery[str] = "") -> Template:
        """Show the record, the rule and the form."""
        return await self._form(request, session, now, item, key, {})

    @post("/objections/new")
    async def raise_one(self, request: Caller, session: Session, now: Now) -> Response[Any]:
        form = await request.form()
        typed = {name: str(form.get(name, "")) for name in ("item", "key", "ground", "text")}
        # A browser sends line ends as two characters; they are counted as they are read.
        typed["text"] = typed["text"].replace("\r\n", "\n")
        try:
            if typed["ground"] not in set(Ground):
                raise Invalid.at("no-ground", "ground", "请选择异议的理由。", "Choose what is wrong.")
            draft = Draft(Ground(typed["ground"]), typed["text"])
            async with session.begin_nested():
                raised = await service.object_to(session, request.user, typed["item"], typed["key"], draft, now)
        except Problem as problem:
            return await self._form(request, session, now, typed["item"], typed["key"], typed, problem)
        return Redirect(f"/enterprise/objections#{raised.number}", status_code=303)

    @get("/objections")
    async def mine(self, request: Caller, session: Session, now: Now) -> Template | Redirect:
        firm = await enterprises.mine(session, request.user)
        if firm is None or firm.status is not EnterpriseStatus.VERIFIED:
            return Redirect("/enterprise/start", status_code=303)
        today = business_date(now)
        found = await service.of_enterprise(session, firm.id)
        return page(
            request,
            "objections.html",
            rows=[(one, rules.days_left(one, today), rules.escalation(one, today)) for one in found],
            known=facts.catalogue().items,
            rule=service.policy(now),
            State=State,
            **WORDS,
        )

    @post("/objections/{objection_id:uuid}/withdrawal")
    async def withdraw(self, objection_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Redirect:
        found = await service.withdraw(session, request.user, objection_id, now)
        return Redirect(f"/enterprise/objections#{found.number}", status_code=303)
