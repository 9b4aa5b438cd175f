"""Pages: schemes as white boxes for everybody, screening for the operator."""

import csv
import io
from collections.abc import Mapping
from datetime import date
from pathlib import PurePath
from typing import Any

from litestar import Controller, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Invalid, Problem
from greenbridge.kit.text import Text
from greenbridge.kit.web import AnyRequest, Deps, Now, Session, download, language_of, page
from greenbridge.schemes import service
from greenbridge.schemes.rules import screening, words
from greenbridge.schemes.rules.screening import Candidate, Screening
from greenbridge.schemes.values import STATUS_NAMES

MAX_UPLOAD_BYTES = 10_000_000
TOO_LARGE = 413
SHOWN_CLEAR = 200


class SchemePages(Controller):
    """How firms are scored, line by line: open to everybody."""

    include_in_schema = False

    @get("/schemes")
    async def listed(self, request: Caller, deps: Deps, now: Now, as_of: FromQuery[str] = "") -> Template:
        """Show the schemes in force on a day, today's without one."""
        day = _day(as_of) or business_date(now)
        return page(request, "schemes.html", schemes=deps.schemes.listed(day), statuses=STATUS_NAMES, as_of=as_of)

    @get("/schemes/{code:str}")
    async def one(self, code: FromPath[str], request: Caller, deps: Deps, now: Now, as_of: FromQuery[str] = "") -> Template:
        """Show a scheme as it is in force on a day, with the weights of a class (`?class=`), the first one's without it."""
        scheme = deps.schemes.find(code, _day(as_of) or business_date(now))
        kind = service.class_named(scheme, request.query_params.get("class") or None)
        vocabulary, language = service.vocabulary(), language_of(request)
        return page(
            request,
            "scheme.html",
            scheme=scheme,
            kind=kind,
            as_of=as_of,
            statuses=STATUS_NAMES,
            curve=lambda part, scale: words.curve(part, vocabulary, language, scale),
            formula=lambda expression: words.expression(expression, vocabulary, language),
        )


def _day(text: str) -> date | None:
    """Return the day of a link, None where it names none; raises Invalid for what is no day."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        zh, en = f"日期应写作 2026-03-01，不是“{text}”。", f"A day is written 2026-03-01, not {text!r}."
        raise Invalid.at("no-day", "as_of", zh, en) from None


class ScreeningPages(Controller):
    """A list of firms against severe lists and grades: the operator's."""

    path = "/operator/screening"
    include_in_schema = False
    guards = (only(Role.OPERATOR),)

    async def _page(
        self,
        request: Caller,
        deps: Deps,
        now: Now,
        typed: Mapping[str, str],
        found: Screening | None = None,
        problem: Problem | None = None,
    ) -> Template:
        return page(
            request,
            "screening.html",
            status_code=problem.status if problem else 200,
            schemes=[scheme for scheme in deps.schemes.listed(business_date(now)) if scheme.of_firms],
            form=typed,
            found=found,
            problem=problem,
            rows=_again(found) if found else "",
            reason_text=service.reason_text,
            shown=SHOWN_CLEAR,
            max_megabytes=MAX_UPLOAD_BYTES // 1_000_000,
        )

    @get()
    async def form(self, request: Caller, deps: Deps, now: Now, refused: FromQuery[str] = "") -> Template:
        return await self._page(request, deps, now, {}, problem=_too_large() if refused else None)

    @post(request_max_body_size=MAX_UPLOAD_BYTES, exception_handlers={TOO_LARGE: lambda request, _: _refusal(request)})
    async def screen(self, request: Caller, session: Session, deps: Deps, now: Now) -> Response[Any]:
        form = await request.form()
        typed = {name: str(form.get(name, "")) for name in ("grade", "rows", "want")}
        scheme, _, below = typed["grade"].partition(" ")
        try:
            rows = await _rows(typed["rows"], form.get("file"))
            async with session.begin_nested():
                found = await service.screen(session, request.user, deps.schemes, rows, now, scheme=scheme or None, below=below or None)
        except Problem as problem:
            return await self._page(request, deps, now, typed, problem=problem)
        if typed["want"] == "csv":
            return download(_csv([[h.zh for h in screening.HEADERS], *screening.table(found)]), "text/csv", f"screening-{found.as_of}.csv")
        return await self._page(request, deps, now, typed, found)


async def _rows(typed: str, file: Any) -> list[Candidate]:
    """Return the rows of an uploaded file, or of the result page's own list; raises Invalid beside the field."""
    if isinstance(file, UploadFile) and file.filename:
        rows = service.lists.read(PurePath(file.filename).name, await file.read())
    else:
        rows = service.lists.read("rows.csv", typed.encode()) if typed.strip() else []
    if not rows:
        raise Invalid.at("no-file", "file", "请选择至少有一家企业的文件。", "Choose a file with at least one firm.")
    return rows


def _again(found: Screening) -> str:
    """Return the list as it came, so that the table can be fetched as a file without choosing the list again."""
    candidates = [s.candidate for s in found.screened] + [s.candidate for s in found.set_aside]
    rows = [[c.uscc, c.name] for c in sorted(candidates, key=lambda c: c.row_no)]
    return _csv([["uscc", "name"], *rows]).decode("utf-8-sig")


def _csv(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def _too_large() -> Problem:
    limit = MAX_UPLOAD_BYTES // 1_000_000
    words_ = Text(f"文件超过 {limit} MB；请拆分，或使用命令行。", f"The file is over {limit} MB: split it, or use the command line.")
    problem = Invalid.at("too-large", "file", words_.zh, words_.en)
    problem.status = TOO_LARGE
    return problem


def _refusal(request: AnyRequest) -> Redirect:
    del request
    return Redirect("/operator/screening?refused=too-large", status_code=303)


class FirmListPages(Controller):
    """Whether the firm lets itself be named to banks on a list, and whether it stands on it."""

    path = "/enterprise/lists"
    include_in_schema = False
    guards = (only(Role.ENTERPRISE),)

    @get()
    async def mine(self, request: Caller, session: Session, deps: Deps, now: Now) -> Template:
        found = await service.pushing.for_firm(session, request.user, deps.schemes, now)
        return page(request, "lists_firm.html", lists=found, statuses=STATUS_NAMES)

    @post("/{code:str}")
    async def choose(self, code: FromPath[str], request: Caller, session: Session, deps: Deps, now: Now) -> Redirect:
        """Join a list, or leave it: leaving takes the firm off at once."""
        wanted = (await request.form()).get("choice") == "join"
        await service.pushing.choose(session, request.user, deps.schemes, code, now, wanted=wanted)
        return Redirect("/enterprise/lists", status_code=303)


class BankListPages(Controller):
    """Which lists the bank wants, and who stands on them."""

    path = "/bank/lists"
    include_in_schema = False

    @get(guards=[only(Role.BANK_ADMINISTRATOR, Role.OFFICER)])
    async def mine(self, request: Caller, session: Session, deps: Deps, now: Now) -> Template:
        found = await service.pushing.for_bank(session, request.user, deps.schemes, now)
        return page(request, "lists_bank.html", lists=found, statuses=STATUS_NAMES)

    @post("/{code:str}", guards=[only(Role.BANK_ADMINISTRATOR)])
    async def choose(self, code: FromPath[str], request: Caller, session: Session, deps: Deps, now: Now) -> Redirect:
        """Subscribe to a list, or end it."""
        wanted = (await request.form()).get("choice") == "subscribe"
        await service.pushing.subscribe(session, request.user, deps.schemes, code, now, wanted=wanted)
        return Redirect("/bank/lists", status_code=303)
