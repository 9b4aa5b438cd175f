"""Step three of the start: publish a need."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import EnterpriseStatus
from greenbridge.kit import idempotency
from greenbridge.kit.errors import FieldProblem, Invalid, Problem
from greenbridge.kit.money import bp_from_percent, fen_from_wan, in_percent, in_wan
from greenbridge.kit.text import Text
from greenbridge.kit.web import Deps, Now, Session, page
from greenbridge.needs import service
from greenbridge.needs.values import (
    COLLATERAL_NAMES,
    GUARANTEE_MODE_NAMES,
    MODE_HINTS,
    MODE_NAMES,
    POINT_NAMES,
    PURPOSE_NAMES,
    Collateral,
    Finding,
    GuaranteeMode,
    Mode,
    NeedDraft,
    Purpose,
)

LONGEST = 15  # digits of a number in an address


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
    agrees, pledges = (form.get(name) == "yes" for name in ("agrees_to_report", "pledges_purpose"))
    way = str(form.get("mode", ""))
    mode = Mode(way) if way in set(Mode) else Mode.GRAB
    return NeedDraft(amount_fen, rate, term, purpose, modes, kinds, first_loan, agrees, mode, pledges)


class NeedPages(Controller):
    """The need form; its hidden key makes a second click harmless, and what was typed can be put aside."""

    path = "/enterprise/needs"
    include_in_schema = False
    guards = (only(Role.ENTERPRISE),)

    def _form(
        self, request: Caller, typed: Mapping[str, Any], problem: Problem | None = None, findings: Sequence[Finding] = ()
    ) -> Template:
        status = problem.status if problem else 200
        choices = {"purposes": PURPOSE_NAMES, "modes": GUARANTEE_MODE_NAMES, "kinds": COLLATERAL_NAMES}
        return page(
            request,
            "need_form.html",
            status_code=status,
            form=typed,
            problem=problem,
            findings=findings,
            key=typed.get("key") or str(uuid4()),
            ways=[(mode.value, name, MODE_HINTS[mode]) for mode, name in MODE_NAMES.items()],
            point_names=POINT_NAMES,
            **choices,
        )

    @get("/new")
    async def form(
        self, request: Caller, session: Session, draft: FromQuery[UUID | None] = None, like: FromQuery[UUID | None] = None
    ) -> Template | Redirect:
        """Show the form: empty, as it was put aside, or `like` a need of the firm's own with the terms that the address changes."""
        enterprise = await enterprises.mine(session, request.user)
        if enterprise is None or enterprise.status is not EnterpriseStatus.VERIFIED:
            return Redirect("/enterprise/start", status_code=303)
        if like is not None:
            need = await service.own(session, request.user, like)
            return self._form(request, _typed(need.draft, {name: str(value) for name, value in request.query_params.items()}))
        if draft is None:
            return self._form(request, {})
        kept = await service.draft_of(session, request.user, draft)
        return self._form(request, {**kept.typed, "draft_id": str(kept.id)})

    @post("/new")
    async def act(self, request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        """Publish, look at the five points first, or put the form aside: the button says which."""
        form = await request.form()
        typed = {
            **{name: str(form.get(name, "")) for name in form},
            "guarantee_modes": [str(one) for one in form.getall("guarantee_modes", [])],
            "collateral": [str(one) for one in form.getall("collateral", [])],
        }
        enterprise = await enterprises.mine(session, request.user)
        if enterprise is None:
            return Redirect("/enterprise/start", status_code=303)
        draft_id = _id(str(typed.get("draft_id", "")))
        deed = typed.get("deed", "publish")
        try:
            if deed == "save":
                async with session.begin_nested():
                    await service.save(session, request.user, typed, now, draft_id)
                return Redirect("/enterprise#drafts", status_code=303)
            draft = read_form(form)
            if deed == "check":
                return self._form(request, typed, findings=await service.check(session, enterprise, draft, now))

            async def act() -> str:
                profile = deps.settings.deadlines
                need = await service.publish(session, request.user, enterprise.id, draft, now, profile=profile, draft_id=draft_id)
                return str(need.id)

            async with session.begin_nested():
                need_id = await idempotency.once(session, request.user.account_id, form.get("key") or None, draft, act, now)
        except Problem as problem:
            return self._form(request, typed, problem)
        return Redirect(f"/enterprise/needs/{need_id}", status_code=303)

    @post("/drafts/{draft_id:uuid}/discard")
    async def discard(self, draft_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Redirect:
        await service.discard(session, request.user, draft_id, now)
        return Redirect("/enterprise", status_code=303)


def _typed(draft: NeedDraft, changed: Mapping[str, str]) -> dict[str, Any]:
    """Return the form as it would be typed for a need, with the terms changed that are named; what no term can be is left."""
    numbers = {"amount_fen": draft.amount_fen, "max_annual_rate_bp": draft.max_annual_rate_bp, "term_months": draft.term_months}
    numbers |= {name: int(changed[name]) for name in numbers if changed.get(name, "").isdecimal() and len(changed[name]) <= LONGEST}
    words = {"guarantee_modes": (GuaranteeMode, draft.guarantee_modes), "collateral": (Collateral, draft.collateral)}
    chosen = {
        name: [one for one in changed[name].split(",") if one in set(kinds)] if name in changed else [str(one) for one in held]
        for name, (kinds, held) in words.items()
    }
    return {
        **chosen,
        "amount_fen": in_wan(numbers["amount_fen"]).replace(",", ""),
        "max_annual_rate_bp": in_percent(numbers["max_annual_rate_bp"]),
        "term_months": str(numbers["term_months"]),
        "purpose": draft.purpose.value,
        "first_loan": {True: "yes", False: "no", None: ""}[draft.first_loan],
        "mode": draft.mode.value,
    }


def _id(typed: str) -> UUID | None:
    """Return the id typed into a hidden field; None for none, or for what is none: then the form is a new one."""
    try:
        return UUID(typed) if typed else None
    except ValueError:
        return None
