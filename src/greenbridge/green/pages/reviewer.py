"""The reviewer's pages: what waits, a case line by line with its evidence, findings, the decision. The operator may look."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.green import service
from greenbridge.green.pages.shown import WORDS, laid_out
from greenbridge.green.rules import flow, words
from greenbridge.green.values import Author, State, Statement
from greenbridge.kit.errors import Conflict, Invalid, Problem
from greenbridge.kit.text import Language, Text
from greenbridge.kit.web import Deps, Now, Session, language_of, page
from greenbridge.schemes import service as schemes
from greenbridge.schemes.values import Scheme

READERS = only(Role.REVIEWER, Role.OPERATOR)
REVIEWER = only(Role.REVIEWER)
CLASS_LABEL = Text("企业类别", "Business class")


class ReviewPages(Controller):
    """Which case is next, and whether its evidence bears what it says."""

    path = "/reviewer"
    include_in_schema = False

    @get(guards=[REVIEWER])
    async def waiting(self, request: Caller, session: Session, now: Now) -> Template:
        own = await service.work_list(session, request.user)
        rated = {c.id: (await service.view(session, request.user, c.id)).rated for c in own if c.state is State.IN_REVIEW}
        return page(request, "green_review_list.html", cases=own, rated=rated, State=State, now=now, **WORDS)

    async def _page(
        self, request: Caller, session: Any, now: Any, deps: Any, case_id: UUID, typed: dict[str, str], problem: Problem | None = None
    ) -> Template:
        view = await service.open_for_review(session, request.user, deps.schemes, case_id, now)
        if view.rated is None:
            raise Conflict("not-rated", "该评价尚无系统评级。", "The system has not rated the case.")
        system, changed, found = await service.preview(session, view.case)
        content = (changed if changed and view.case.state is State.IN_REVIEW else view.rated).content
        reviewing = view.case.state is State.IN_REVIEW and request.user.role is Role.REVIEWER
        names = service.may_find(deps.schemes, view.rated)
        rating = laid_out(deps.schemes, view, dict(content), language_of(request), names)
        known = schemes.vocabulary()
        return page(
            request,
            "green_review.html",
            status_code=problem.status if problem else 200,
            case=view.case,
            view=view,
            system=system,
            changed=changed,
            findings=[(known[s.name].label if s.name in known else CLASS_LABEL, s) for s in found],
            reviewing=reviewing,
            publicity=await service.publicity(session, view.case, now),
            said=lambda s: _said(s, rating["scheme"], language_of(request)),
            least=flow.LEAST_REASON,
            form=typed,
            problem=problem,
            Author=Author,
            **rating,
            **WORDS,
        )

    @get("/{case_id:uuid}", guards=[READERS])
    async def one(self, case_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Template:
        return await self._page(request, session, now, deps, case_id, {})

    @post("/{case_id:uuid}/findings", guards=[REVIEWER])
    async def find(self, case_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        """Write a finding: another value, or not proven; with the reason."""
        form = await request.form()
        typed = {name: str(form.get(name, "")).replace("\r\n", "\n") for name in ("name", "value", "reason")}
        known = schemes.vocabulary().get(typed["name"])
        text = words.typed(known, typed["value"]) if known else typed["value"]
        try:
            async with session.begin_nested():
                await service.find(session, request.user, deps.schemes, case_id, typed["name"], text, typed["reason"], now)
        except (Conflict, Invalid) as problem:
            return await self._page(request, session, now, deps, case_id, typed, problem)
        return Redirect(f"/reviewer/{case_id}#{typed['name']}", status_code=303)

    @post("/{case_id:uuid}/class", guards=[REVIEWER])
    async def correct_class(self, case_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        """Correct the class by whose weights the case is rated, with the reason."""
        form = await request.form()
        typed = {name: str(form.get(name, "")).replace("\r\n", "\n") for name in ("business_class", "reason")}
        try:
            async with session.begin_nested():
                await service.correct_class(session, request.user, deps.schemes, case_id, typed["business_class"], typed["reason"], now)
        except (Conflict, Invalid) as problem:
            return await self._page(request, session, now, deps, case_id, typed, problem)
        return Redirect(f"/reviewer/{case_id}#class", status_code=303)

    @post("/{case_id:uuid}/decision", guards=[REVIEWER])
    async def decide(self, case_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        """Confirm, reject, or find that evidence is forged."""
        form = await request.form()
        typed = {name: str(form.get(name, "")).replace("\r\n", "\n") for name in ("choice", "words")}
        try:
            async with session.begin_nested():
                if typed["choice"] == "forged":
                    await service.find_forgery(session, request.user, case_id, typed["words"], now)
                elif typed["choice"] in {"pass", "reject"}:
                    passed = typed["choice"] == "pass"
                    await service.decide(session, request.user, case_id, passed=passed, reason=typed["words"], now=now)
                else:
                    raise Invalid.at("no-choice", "choice", "请选择评审结论。", "Choose a decision.")
        except (Conflict, Invalid) as problem:
            return await self._page(request, session, now, deps, case_id, typed, problem)
        return Redirect(f"/reviewer/{case_id}", status_code=303)


def _said(found: Statement, scheme: Scheme, language: Language) -> str:
    """Return a finding's value in words; of a class, its name."""
    name = schemes.vocabulary().get(found.name)
    if name:
        return words.value_words(name, found.value, language)
    return next((c.name.in_(language) for c in scheme.classes if c.code == found.value), str(found.value))
