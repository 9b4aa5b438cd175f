"""The sandbox department: a small web application that speaks the departments' protocol (docs/departments-protocol.md)."""

import asyncio
import io
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import pyarrow.parquet as pq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import ContentDigest
from litestar import Litestar, Request, Response, Router, get, put
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from greenbridge.kit import exchange
from greenbridge.kit.errors import NotFound, Problem
from greenbridge.kit.keys import read_public_key
from greenbridge.kit.text import Text
from greenbridge.kit.web import PROBLEM_JSON
from greenbridge.sandbox.faults import Faults, Injector
from greenbridge.sandbox.feeds import Feed, Folder, Memory, Span, page_lines, page_table

AnyRequest = Request[Any, Any, Any]
ENVIRONMENT = "GREENBRIDGE_SANDBOX"


def create_sandbox(
    feeds: Iterable[Feed] | Folder,
    public_key: Ed25519PublicKey | None = None,
    faults: Faults | None = None,
    *,
    key_id: str = exchange.CLIENT,
) -> Litestar:
    """Build the server. Without a public key it answers anybody; with one, only what that client has signed."""
    state = State(
        {
            "feeds": feeds if isinstance(feeds, Folder) else Memory(feeds),
            "public_keys": {key_id: public_key} if public_key else None,
            "injector": Injector(faults or Faults()),
        }
    )
    return Litestar(
        route_handlers=[Router("/v1/items", route_handlers=[items, records], guards=[signed]), shown_faults, set_faults],
        exception_handlers={Problem: on_problem, HTTPException: on_http_exception},
        openapi_config=None,
        logging_config=None,
        state=state,
    )


def from_environment() -> Litestar:
    """Build the server of a worker from what the command that started it has put into the environment."""
    given = json.loads(os.environ[ENVIRONMENT])
    public_key = read_public_key(given["public_key"].encode()) if given["public_key"] else None
    return create_sandbox(Folder(Path(given["folder"])), public_key, Faults.of(given["faults"]))


class Failed(Problem):
    """The fault `error`."""

    status = 500
    title = Text("服务出错", "Internal error")


def on_problem(request: AnyRequest, error: Problem) -> Response[Any]:
    """Answer problem+json."""
    return Response(error.body("zh", request.url.path), status_code=error.status, media_type=PROBLEM_JSON)


def on_http_exception(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Answer what the framework refused in the same form."""
    problem = Problem("bad-request", f"请求有误：{error.detail}", error.detail)
    problem.status = error.status_code
    return on_problem(request, problem)


def signed(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Let only known clients in; raises NotSignedIn."""
    keys = connection.app.state.public_keys
    if keys is None:
        return
    path = connection.scope.get("raw_path") or quote(connection.scope["path"]).encode()
    query = connection.scope["query_string"]
    url = f"http://{connection.headers.get('host', '')}{path.decode('latin-1')}{'?' if query else ''}{query.decode('latin-1')}"
    exchange.verify(exchange.Received(str(connection.scope.get("method")), url, dict(connection.headers.items())), keys)


@get("/")
async def items(state: State) -> list[dict[str, Any]]:
    """List what is offered."""
    feeds = await asyncio.to_thread(state.feeds.feeds)
    return [
        {"item": f.item, "columns": f.columns, "format": f.format, "generated": any(s.generated for s in f.sources)} for f in feeds.values()
    ]


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: its head and its whole body."""

    head: exchange.PageHead
    body: bytes


def make_page(span: Span, since: str, parquet: bool, change: tuple[str, str | None] | None) -> Page:
    """Return a page, one column renamed or dropped if that is the fault."""
    columns = span.source.part.columns
    if change:
        columns = tuple(new for name in columns if (new := change[1] if name == change[0] else name))
    if parquet:
        sink = io.BytesIO()
        pq.write_table(page_table(span, change), sink)
        body = sink.getvalue()
    else:
        body = b"".join(line + b"\n" for line in page_lines(span, change))
    source = span.source
    head = exchange.PageHead(since, span.next, span.stop - span.start, columns, span.last, source.stated_at, source.generated)
    return Page(head, body)


@get("/{item:str}/records")
async def records(
    request: AnyRequest,
    state: State,
    item: FromPath[str],
    since: FromQuery[str] = "",
    page_size: Annotated[int, QueryParameter(ge=1, le=200_000)] = 1000,
) -> Response[bytes]:
    """Return the page after a cursor, or the fault that was drawn for it."""
    feed = (await asyncio.to_thread(state.feeds.feeds)).get(item)
    if feed is None:
        raise NotFound("no-item", f"没有数据项 {item}。", f"There is no item {item}.")
    feed.span(since, page_size)  # a wrong cursor is no occasion for a fault
    injector: Injector = state.injector
    fault = injector.draw(item, since)
    if fault == "slow":
        await asyncio.sleep(injector.faults.slow_seconds)
    if fault == "error":
        raise Failed("injected-error", "（沙箱注入的故障）", "An injected fault.")
    if fault == "duplicate":
        since = injector.page_before(item, since)
    parquet = exchange.PARQUET in request.headers.get("accept", "")
    change = injector.drift(item, feed.columns, fault)
    page = await asyncio.to_thread(make_page, feed.span(since, page_size), since, parquet, change)
    injector.served(item, since, page.head.next)
    body = page.body[: len(page.body) // 2] if fault == "truncate" else page.body
    headers = {**page.head.headers(), exchange.DIGEST: ContentDigest.create(page.body)}
    return Response(body, media_type=exchange.PARQUET if parquet else exchange.JSON_LINES, headers=headers)


@get("/v1/faults")
async def shown_faults(state: State) -> dict[str, Any]:
    """Show the faults and how often each was played. For who runs the sandbox: it asks for no signature."""
    shown: dict[str, Any] = state.injector.shown()
    return shown


@put("/v1/faults")
async def set_faults(state: State, data: JSONBody[dict[str, Any]]) -> dict[str, Any]:
    """Play other faults from now on; what is not named is off."""
    state.injector.set(Faults.of(data))
    shown: dict[str, Any] = state.injector.shown()
    return shown
