"""Sign-up, sign-in, sign-out, the language switch."""

from typing import Any
from urllib.parse import urlsplit

from litestar import Controller, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from greenbridge.accounts import service
from greenbridge.accounts.guards import SESSION_COOKIE, Caller
from greenbridge.accounts.values import Actor, Role
from greenbridge.kit.errors import Problem
from greenbridge.kit.text import Language
from greenbridge.kit.web import LANGUAGE_COOKIE, Deps, Now, Session, page

HOME_OF_ROLE = {
    Role.ENTERPRISE: "/enterprise",
    Role.OFFICER: "/officer",
    Role.BANK_ADMINISTRATOR: "/bank/products",
    Role.OPERATOR: "/operator",
    Role.DEPARTMENT: "/catalogue",
    Role.REVIEWER: "/reviewer",
}
Form = dict[str, str]


def local_path(asked: str) -> str:
    """Return the path if it stays on this site, else nothing."""
    try:
        parts = urlsplit(asked)
    except ValueError:
        return ""
    return asked if asked.startswith("/") and not asked.startswith(("//", "/\\")) and not parts.netloc else ""


def _welcome(actor: Actor, secret: str, deps: Any, after: str = "") -> Redirect:
    cookie = Cookie(
        key=SESSION_COOKIE,
        value=secret,
        httponly=True,
        samesite="lax",
        secure=deps.settings.secure_cookies,
        max_age=int(service.LIFETIME["session"].total_seconds()),
    )
    return Redirect(local_path(after) or HOME_OF_ROLE[actor.role], status_code=303, cookies=[cookie])


class AccountPages(Controller):
    """Pages of accounts."""

    include_in_schema = False

    @get("/sign-up")
    async def sign_up_form(self, request: Caller) -> Template:
        return page(request, "sign_up.html", form={})

    @post("/sign-up")
    async def sign_up(self, data: URLEncodedBody[Form], request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        login, password = data.get("login", "").strip(), data.get("password", "")
        try:
            async with session.begin_nested():
                await service.sign_up(session, login, password, now)
        except Problem as problem:
            return page(request, "sign_up.html", status_code=problem.status, form=data, problem=problem)
        secret, actor = await service.sign_in(session, login, password, "session", now)
        return _welcome(actor, secret, deps, "/enterprise/start")

    @get("/sign-in")
    async def sign_in_form(self, request: Caller, next: FromQuery[str] = "") -> Template:  # noqa: A002  the parameter's usual name
        return page(request, "sign_in.html", form={"next": next})

    @post("/sign-in")
    async def sign_in(self, data: URLEncodedBody[Form], request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        try:
            secret, actor = await service.sign_in(session, data.get("login", "").strip(), data.get("password", ""), "session", now)
        except Problem as problem:
            return page(request, "sign_in.html", status_code=problem.status, form=data, problem=problem)
        return _welcome(actor, secret, deps, data.get("next", ""))

    @post("/sign-out")
    async def sign_out(self, request: Caller, session: Session) -> Redirect:
        if request.auth:
            await service.sign_out(session, request.auth)
        return Redirect("/", status_code=303, cookies=[Cookie(key=SESSION_COOKIE, value="", max_age=0)])

    @get("/language/{code:str}")
    async def language(self, code: FromPath[Language], back: FromQuery[str] = "/") -> Redirect:
        return Redirect(
            local_path(back) or "/",
            status_code=303,
            cookies=[Cookie(key=LANGUAGE_COOKIE, value=code, max_age=31_536_000)],
        )
