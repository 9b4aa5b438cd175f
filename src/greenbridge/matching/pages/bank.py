"""For a bank: open needs that fit its products, word of new ones, and drafts tried before they are listed."""

from litestar import Controller, get, post
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.catalog import service as catalog
from greenbridge.catalog.rules.vocabulary import GREEN_GRADES, GREEN_NAMES
from greenbridge.catalog.values import LoanProduct
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Invalid, Problem
from greenbridge.kit.web import Deps, Now, Session, page
from greenbridge.matching import service
from greenbridge.matching.rules import drafting
from greenbridge.matching.rules.drafting import Form
from greenbridge.matching.rules.words import rule_label
from greenbridge.matching.values import DryRun, FittingNeed, Subscription
from greenbridge.needs.values import GUARANTEE_MODE_NAMES

PAGE_SIZE = 30


class BankMatchPages(Controller):
    """Which needs fit what we sell, whom would a draft reach."""

    path = "/bank"
    include_in_schema = False

    @get("/needs", guards=[only(Role.OFFICER, Role.BANK_ADMINISTRATOR)])
    async def needs(
        self, request: Caller, session: Session, now: Now, product: FromQuery[str] = "", cursor: FromQuery[str] = ""
    ) -> Template:
        """Show the bank's products with how many open needs fit; of one product, to officers, those needs."""
        reach = await service.reach(session, request.user, now)
        chosen: LoanProduct | None = None
        found: list[FittingNeed] = []
        more = None
        if product and request.user.role is Role.OFFICER:
            chosen, found, more = await service.fitting(session, request.user, product, now, cursor=cursor or None, limit=PAGE_SIZE)
        return page(
            request, "bank_needs.html", reach=reach, business_date=business_date, chosen=chosen, found=found, more=more, cursor=cursor
        )

    @post("/needs/subscription", guards=[only(Role.BANK_ADMINISTRATOR)])
    async def subscribe(self, data: URLEncodedBody[dict[str, str]], request: Caller, session: Session, now: Now) -> Redirect:
        """Set what the bank is told of a product: nothing, needs that fit, those that wait for data too."""
        told, code = data.get("told", ""), data.get("product", "")
        wanted = Subscription(code, on=told in {"eligible", "all"}, conditional=told == "all")
        await service.subscribe(session, request.user, wanted, now)
        return Redirect("/bank/needs", status_code=303)

    async def _dry(
        self,
        request: Caller,
        session: Session,
        now: Now,
        text: str,
        *,
        form: Form | None = None,
        found: DryRun | None = None,
        failed: tuple[tuple[str, str], ...] = (),
        problem: Problem | None = None,
    ) -> Template:
        return page(
            request,
            "bank_dry_run.html",
            status_code=problem.status if problem else 200,
            text=text,
            form=self._form(text) if form is None else form,
            modes=GUARANTEE_MODE_NAMES,
            grades=[(grade, GREEN_NAMES[grade]) for grade in GREEN_GRADES],
            found=found,
            failed=failed,
            problem=problem,
            products=await catalog.listed(session, request.user),
            left=found.left_today if found else await service.drafts_left(session, request.user, now),
            budget=service.DAILY_BUDGET,
            most_overlaps=service.MOST_OVERLAPS,
            label=rule_label,
        )

    @staticmethod
    def _form(text: str) -> Form:
        """Return the form as a draft says it; empty for what is no draft yet."""
        try:
            return drafting.form_of(catalog.read_toml(text))
        except Problem:
            return drafting.form_of({})

    @get("/dry-run", guards=[only(Role.BANK_ADMINISTRATOR)])
    async def draft(self, request: Caller, session: Session, now: Now, product: FromQuery[str] = "") -> Template:
        """Show the form, with a listed product to begin from."""
        text = await catalog.written(session, request.user, product or None)
        blank = drafting.blank(request.user.organisation.code, business_date(now).isoformat())
        return await self._dry(request, session, now, text or catalog.as_toml(blank))

    @post("/dry-run", guards=[only(Role.BANK_ADMINISTRATOR)])
    async def run(self, request: Caller, session: Session, now: Now, deps: Deps) -> Template:
        """Write the form's terms into the draft, check it and count whom it would reach, or both: the button says which. Nothing is
        listed.
        """
        typed = await request.form()
        text, deed = str(typed.get("text", "")), typed.get("deed", "run")
        if deed != "run":
            modes = [str(mode) for mode in typed.getall("guarantee_modes", [])]
            form = {**{name: str(typed.get(name, "")) for name in typed}, "guarantee_modes": modes}
            try:
                if wrong := drafting.problems(form):
                    raise Invalid("wrong-draft", "请检查表单内容。", "Check the form.", fields=wrong)
                text = catalog.as_toml(drafting.with_form(catalog.read_toml(text), form))
            except Problem as problem:
                return await self._dry(request, session, now, text, form=form, problem=problem)
        if deed == "write":
            return await self._dry(request, session, now, text)
        try:
            async with session.begin_nested():
                document, product = catalog.read_draft(text, request.user)
                key = f"dry run {deps.settings.secret}".encode()
                found = await service.dry_run(session, request.user, document, key, now)
        except Problem as problem:
            return await self._dry(request, session, now, text, problem=problem)
        return await self._dry(request, session, now, text, found=found, failed=tuple(catalog.failed_cases(product)))
