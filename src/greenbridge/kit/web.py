"""What every route shares: injected types, problems on the wire, request ids, the page environment."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import structlog
from babel.messages.pofile import read_po
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar import MediaType, Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException, ValidationException
from litestar.middleware import ASGIMiddleware
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Redirect, Template
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from sqlalchemy.exc import DataError
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit import logs, money
from greenbridge.kit.codes import region_text
from greenbridge.kit.errors import FieldProblem, NotSignedIn, Problem
from greenbridge.kit.idempotency import CURRENT, REPLAYED_HEADER, Replayed
from greenbridge.kit.text import Language, Text

Session = NamedDependency[AsyncSession]
Now = NamedDependency[datetime]
Deps = NamedDependency[State]
AnyRequest = Request[Any, Any, Any]

PROBLEM_JSON = "application/problem+json"
REQUEST_ID = "X-Request-Id"
# No page of ours is framed, guessed at, or told to other sites by its address.
_GUARDING_HEADERS = [(b"x-content-type-options", b"nosniff"), (b"x-frame-options", b"DENY"), (b"referrer-policy", b"same-origin")]
# Programs call these: they are answered problems, not pages.
_FOR_PROGRAMS = ("/api/", "/health", "/oauth/", "/.well-known/")
_NO_CONTENT = 204
_SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,80}")
LANGUAGE_COOKIE = "gb_language"


def language_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Language:
    """Return the caller's language: `?lang=`, the switch's cookie, then (API only) Accept-Language; Chinese otherwise."""
    # The address is not parsed where there is nothing to find in it: each answer asks.
    asked = connection.query_params.get("lang") if connection.scope["query_string"] else None
    asked = asked or connection.cookies.get(LANGUAGE_COOKIE)
    if not asked and connection.scope["path"].startswith("/api/"):
        asked = connection.headers.get("accept-language", "")[:2]
    return "en" if asked == "en" else "zh"


class RequestIds(ASGIMiddleware):
    """Takes or makes the request id, binds it to the logs, returns it, and writes one line per request."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Handle one connection."""
        if scope["type"] != ScopeType.HTTP:
            await next_app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(REQUEST_ID.lower().encode(), b"").decode("latin-1")
        request_id = given if _SAFE_REQUEST_ID.fullmatch(given) else uuid4().hex
        scope["state"]["request_id"] = request_id
        CURRENT.set([])
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                headers = [(REQUEST_ID.lower().encode(), request_id.encode()), *_GUARDING_HEADERS]
                headers += [(name.encode(), value.encode()) for name, value in scope["state"].get("headers", {}).items()]
                cast("list[tuple[bytes, bytes]]", message["headers"]).extend(headers)
                logs.get().info("request", method=scope["method"], path=scope["path"], status=message["status"])
            await send(message)

        try:
            await next_app(scope, receive, send_with_id)
        except Exception:
            scope["state"]["left"] = True  # raised by another middleware: what is answered goes past `send_with_id`
            raise


class Options(ASGIMiddleware):
    """Answers OPTIONS with all methods of an address: the framework's own answer asks its guards, and knows one controller's methods."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Handle one connection."""
        if scope["type"] != ScopeType.HTTP or scope["method"] != "OPTIONS":
            await next_app(scope, receive, send)
            return
        routes = [route for route in scope["litestar_app"].routes if getattr(route, "path_format", None) == scope["path_template"]]
        allowed = sorted({method for route in routes for method in getattr(route, "methods", ())})
        answer = Response(None, status_code=_NO_CONTENT, headers={"allow": ", ".join(allowed)}, media_type=MediaType.TEXT)
        await answer.to_asgi_response(app=None, request=Request(scope, receive, send))(scope, receive, send)


# What the framework refuses by itself: status -> (code, title).
_REFUSALS = {
    404: ("not-found", Text("未找到", "Not found")),
    405: ("method-not-allowed", Text("方法不允许", "Method not allowed")),
    413: ("too-large", Text("内容过大", "Content too large")),
    415: ("wrong-media-type", Text("内容类型不支持", "Unsupported media type")),
}


class Wrong(Problem):
    """A framework's refusal in our own form."""

    def __init__(self, status: int, detail: str, fields: tuple[FieldProblem, ...] = (), headers: Mapping[str, str] | None = None) -> None:
        code, title = _REFUSALS.get(status, ("bad-request", Problem.title))
        super().__init__(code, detail, detail, fields=fields)
        self.status, self.title, self.headers = status, title, headers or {}


class Outdated(Problem):
    """Somebody changed the thing since it was read (RFC 9110, 13.1.1)."""

    status = 412
    title = Text("内容已被更改", "Precondition failed")

    def __init__(self) -> None:
        super().__init__(
            "changed-since",
            "内容在您读取之后已被更改；请重新读取后再改。",
            "It was changed since you read it; read it again and change that.",
        )


class NoMatchGiven(Problem):
    """A change that does not say which state it is of (RFC 6585)."""

    status = 428
    title = Text("缺少前提条件", "Precondition required")

    def __init__(self) -> None:
        super().__init__(
            "if-match-required",
            "更改须带 If-Match，内容为读取时得到的 ETag。",
            "A change needs If-Match with the ETag that came when it was read.",
        )


def tagged(content: Any, revision: int | str, *, status_code: int = 200) -> Response[Any]:
    """Return an answer with the ETag of its revision, for `must_match` of a later change."""
    return Response(content, status_code=status_code, headers={"etag": f'"{revision}"'})


def must_match(request: AnyRequest) -> int | None:
    """Return the revision that a change is of; None for `*`, whatever is there.

    Raises NoMatchGiven without If-Match, Outdated for a tag that none of ours ever was.
    """
    given = request.headers.get("if-match", "").strip()
    if not given:
        raise NoMatchGiven
    if given == "*":
        return None
    tag = re.fullmatch(r'"(\d{1,9})"', given)
    if tag is None:
        raise Outdated
    return int(tag[1])


_HTTP_DETAIL = {
    403: Text(
        "页面已过期或请求来源不明，请返回重试。",
        "The page is out of date or the request came from elsewhere; go back and try again.",
    ),
    404: Text("没有这个地址。", "There is nothing at this address."),
    405: Text("此地址不支持该方法。", "This address does not take this method."),
    413: Text("请求内容过大。", "The request is too large."),
    415: Text("不支持此内容类型。", "This media type is not taken."),
}


def _wrong(error: HTTPException) -> Problem:
    fields: tuple[FieldProblem, ...] = ()
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        fields = tuple(
            FieldProblem(str(e.get("key", "")), Text(str(e.get("message", "")), str(e.get("message", ""))))
            for e in error.extra
            if isinstance(e, dict)
        )
    detail = error.detail if not fields else "The request does not fit its schema."
    problem = Wrong(error.status_code, detail, fields, {n.lower(): str(v) for n, v in (error.headers or {}).items()})
    if fields:
        problem.code, problem.detail = (
            "schema",
            Text("请求内容不符合接口定义，请检查 errors 所列字段。", "The request does not fit its schema; see errors."),
        )
    elif error.status_code in _HTTP_DETAIL:
        problem.detail = _HTTP_DETAIL[error.status_code]
    return problem


def on_problem(request: AnyRequest, error: Problem) -> Response[Any]:
    """Answer a problem: problem+json under /api/, a page elsewhere; a visitor without a session goes to the sign-in page."""
    language = language_of(request)
    headers = {**_unrouted_headers(request, error), **error.headers}
    if request.url.path.startswith(_FOR_PROGRAMS):
        return Response(error.body(language, request.url.path), status_code=error.status, media_type=PROBLEM_JSON, headers=headers)
    if isinstance(error, NotSignedIn) and request.method == "GET":
        return Redirect(f"/sign-in?next={request.url.path}", status_code=303)
    answer = page(request, "problem.html", status_code=error.status, problem=error)
    answer.headers.update(headers)
    return cast("Response[Any]", answer)


def _unrouted_headers(request: AnyRequest, error: Problem) -> dict[str, str]:
    """Return the headers, and write the log line, of a request whose answer does not go through RequestIds: no route took it, or who
    calls was refused before one.
    """
    state = request.scope["state"]
    if "request_id" in state and not state.get("left"):
        return {}
    request_id = state.get("request_id") or uuid4().hex
    logs.get().info("request", method=request.method, path=request.url.path, status=error.status, request_id=request_id)
    guarding = {name.decode(): value.decode() for name, value in _GUARDING_HEADERS}
    return {REQUEST_ID: request_id, **guarding, **state.get("headers", {})}


def on_replayed(_: AnyRequest, found: Replayed) -> Response[Any]:
    """Answer what was answered before: the act was carried out then, nothing is now."""
    content = found.content.encode() if found.status != _NO_CONTENT else None
    return Response(content, status_code=found.status, media_type="application/json", headers={REPLAYED_HEADER: "true"})


def on_http_exception(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Answer what the framework refused (unknown path, wrong body) in the same form."""
    return on_problem(request, _wrong(error))


def on_bad_data(request: AnyRequest, error: DataError) -> Response[Any]:
    """Answer what the database cannot hold: a NUL character, a number beyond 64 bits. The transaction is rolled back already."""
    logs.get().warning("value refused by the database", reason=str(error.orig)[:200])
    return on_problem(
        request,
        Problem(
            "unstorable-value",
            "内容含有无法保存的字符，或数字过大。",
            "A value cannot be stored: a forbidden character, or a number too large.",
        ),
    )


def on_crash(request: AnyRequest, error: Exception) -> Response[Any]:
    """Log the traceback under the request id and say nothing of it outside."""
    logs.get().exception("crash", exc_info=error)
    problem = Problem("internal-error", "服务出错，已记录；请稍后重试。", "Something failed here and was recorded; try again later.")
    problem.status, problem.title = 500, Text("服务出错", "Internal error")
    return on_problem(request, problem)


def page(request: AnyRequest, name: str, *, status_code: int = 200, **context: Any) -> Template:
    """Return a page; `lang`, the actor and the path come along."""
    return Template(
        name,
        context={
            "lang": language_of(request),
            "actor": request.scope.get("user"),
            "path": request.url.path,
            "problem": None,
            **context,
        },
        status_code=status_code,
        media_type=MediaType.HTML,
    )


class Translations:
    """The English catalogue (locale/en.po); the message id is the Chinese text itself."""

    def __init__(self, po: Path) -> None:
        with po.open("rb") as file:
            self.english = {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string}

    def text(self, language: Language, message: str, **values: Any) -> str:
        """Return the message in a language with its %(name)s filled in."""
        found = self.english.get(message, message) if language == "en" else message
        return found % values if values else found


def page_environment() -> JinjaTemplateEngine:
    """Return the template engine of the application."""
    return JinjaTemplateEngine.from_environment(templates())


@cache
def templates() -> Environment:
    """Return the templates: autoescape on, an undefined name is an error."""
    environment = Environment(
        loader=PackageLoader("greenbridge"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    translations = Translations(Path(__file__).parents[1] / "locale" / "en.po")

    @pass_context
    def translate(context: Context, message: str | Text, **values: Any) -> str:
        if isinstance(message, Text):
            return message.in_(context.get("lang", "zh"))
        return translations.text(context.get("lang", "zh"), message, **values)

    environment.globals["_"] = translate
    environment.filters.update(
        wan=money.in_wan,
        yuan=money.in_yuan,
        percent=money.in_percent,
        region=pass_context(lambda context, code: region_text(code).in_(context.get("lang", "zh"))),
        share=lambda value: f"{value * 100:.1f}",
    )
    return environment


def download(content: bytes, media_type: str, file_name: str) -> Response[bytes]:
    """Return a file that a browser saves under a name (ASCII); nothing between keeps a copy of it."""
    headers = {"content-disposition": f'attachment; filename="{file_name}"', "cache-control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)
