"""Step three of the start: publish a need."""

from typing import Any
from uuid import UUID, uuid4

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import EnterpriseStatus
from greenbridge.kit import idempotency
from greenbridge.kit.errors import FieldProblem, Invalid, Problem
from greenbridge.kit.money import bp_from_percent, fen_from_wan
from greenbridge.kit.text import Text
from greenbridge.kit.web import Now, Session, page
from greenbridge.needs import service
from greenbridge.needs.values import (
    COLLATERAL_NAMES,
    GUARANTEE_MODE_NAMES,
    PURPOSE_NAMES,
    Collateral,
    GuaranteeMode,
    NeedDraft,
    Purpose,
)


def read_form(form: Any) -> NeedDraft:
    """Return the draft typed into the form; raises Invalid with each field that cannot be read."""
    found: list[FieldProblem] = []

    def read(field: str, convert: Any, zh: str, en: str, default: Any) -> Any:
        try:
            return convert(str(form.get(field, "")))
        except (ValueError, KeyError):
            found.append(FieldProblem(field, Text(zh, en)))
            return default

    amount_fen = read("amount_fen", fen_from_wan, "请填写金额，例如 300", "Type an amount, such as 300", 1)
    rate = read("max_annual_rate_bp", bp_from_percent, "请填写利率，例如 4.35", "Type a rate, such as 4.35", 1)
    term = read("term_months", int, "请填写整月数，例如 12", "Type whole months, such as 12", 1)
    purpose = read("purpose", Purpose, "请选择用途", "Choose a purpose", Purpose.WORKING_CAPITAL)
    modes = tuple(GuaranteeMode(mode) for mode in form.getall("guarantee_modes", []) if str(mode) in set(GuaranteeMode))
    kinds = tuple(Collateral(kind) for kind in form.getall("collateral", []) if str(kind) in set(Collateral))
    first_loan = {"yes": True, "no": False}.get(str(form.get("first_loan", "")))
    if found:
        raise Invalid("wrong-need", "请检查需求内容。", "Check what the need says.", fields=tuple(found))
    agrees = form.get("agrees_to_report") == "yes"
    return NeedDraft(amount_fen, rate, term, purpose, modes, kinds, first_loan, agrees)


class NeedPages(Controller):
    """The need form; its hidden key makes a second click harmless."""

    path = "/enterprise/needs"
    include_in_schema = False
    guards = (only(Role.ENTERPRISE),)

    def _form(self, request: Caller, typed: dict[str, Any], problem: Problem | None = None) -> Template:
        status = problem.status if problem else 200
        choices = {"purposes": PURPOSE_NAMES, "modes": GUARANTEE_MODE_NAMES, "kinds": COLLATERAL_NAMES}
        return page(
            request,
            "need_form.html",
            status_code=status,
            form=typed,
            problem=problem,
            key=typed.get("key") or str(uuid4()),
            **choices,
        )

    @get("/new")
    async def form(self, request: Caller, session: Session) -> Template | Redirect:
        enterprise = await enterprises.mine(session, request.user)
        if enterprise is None or enterprise.status is not EnterpriseStatus.VERIFIED:
            return Redirect("/enterprise/start", status_code=303)
        return self._form(request, {})

    @post("/new")
    async def publish(self, request: Caller, session: Session, now: Now) -> Response[Any]:
        form = await request.form()
        typed = {
            **{name: str(form.get(name, "")) for name in form},
            "guarantee_modes": form.getall("guarantee_modes", []),
            "collateral": form.getall("collateral", []),
        }
        try:
            draft = read_form(form)
            enterprise = await enterprises.mine(session, request.user)
            if enterprise is None:
                return Redirect("/enterprise/start", status_code=303)

            async def act() -> dict[str, Any]:
                return {"id": str((await service.publish(session, request.user, enterprise.id, draft, now)).id)}

            async with session.begin_nested():
                answer, _ = await idempotency.once(session, request.user.account_id, form.get("key") or None, repr(draft), act, now)
        except Problem as problem:
            return self._form(request, typed, problem)
        return Redirect(f"/enterprise/needs/{answer['id']}", status_code=303)
