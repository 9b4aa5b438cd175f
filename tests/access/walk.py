"""Every route with every role and every relation to the thing it is about, one request each, each rolled back."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from litestar import Litestar
from litestar.routes import HTTPRoute
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker
from structlog.testing import capture_logs

from greenbridge.accounts.guards import SESSION_COOKIE
from greenbridge.app import create_app
from greenbridge.collateral import service as collateral
from greenbridge.reports.gateway import press as make_press
from greenbridge.scoring.gateway import DefaultModel
from greenbridge.settings import Settings
from tests.access import world as worlds
from tests.access.tables import ASKS, LEFT_OUT, LEFT_OUT_METHODS, NONE, OTHER, RELATIONS, Ask, Things, things
from tests.access.world import CALLERS, NOW, Caller, World

YES, SIGN_IN, NO_ROLE, NO_CONSENT, NOT_ALLOWED = "yes", "sign in", "no role", "no consent", "not allowed"
NOTHING_THERE, CONFLICT, INVALID, CRASH = "nothing there", "conflict", "invalid", "crash"
# How a refusal with status 403 says why: as a problem's type under /api/, in its sentence on a page.
FORBIDDEN = {"wrong-role": NO_ROLE, "您的角色不能": NO_ROLE, "no-consent": NO_CONSENT, "企业尚未授权": NO_CONSENT, "not-agreed": NO_CONSENT}
CSRF_REFUSAL = "页面已过期"
# What is new in every answer: ids, request ids and tokens, numbers from a sequence (a letter with day and count).
NEW_EACH_TIME = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\b[0-9a-f]{32,128}\b|\b[NRCGS]\d{12}\b")
# What the description of the API describes.
DESCRIBED = ("/api/", "/oauth/", "/.well-known/")
PLACE = re.compile(r"\{(\w+)\}")


class Unknown(Exception):
    """The tables lack a line; the message says which."""


class Clock:
    """Stands still."""

    def now(self) -> Any:
        return NOW


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    names: tuple[str, ...]  # of the path's, the query's and the body's ids

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def ask(self) -> Ask:
        return ASKS.get(self.name, Ask())


@dataclass(frozen=True)
class Seen:
    """What one request came to. `text` is status line, place and body, with the ids that were sent put back to their names."""

    route: Route
    caller: Caller
    relations: Mapping[str, str]  # name -> relation
    status: int
    outcome: str
    text: str

    @property
    def mixed(self) -> bool:
        return len(set(self.relations.values())) > 1

    @property
    def relation(self) -> str:
        """Return the relation of all ids, or those that depart from the caller's home."""
        if not self.mixed:
            return next(iter(self.relations.values()), "")
        home = min(self.relations.values(), key=list(RELATIONS).index)
        return ", ".join(f"{relation} {name}" for name, relation in self.relations.items() if relation != home)

    def __str__(self) -> str:
        who = self.caller or "visitor"
        return f"{self.route.name} as {who}{f' ({self.relation})' if self.relations else ''}: {self.status} {self.outcome}"


@dataclass(frozen=True)
class Walk:
    world: World
    routes: tuple[Route, ...]
    seen: tuple[Seen, ...]
    stale: tuple[str, ...] = field(default=())  # lines of ASKS for routes that are gone
    examples: Mapping[str, Any] = field(default_factory=dict)  # what was asked and answered where it went through


def routes_of(app: Litestar) -> Iterator[Route]:
    """Yield what the application answers itself. Raises Unknown for a request whose body nobody wrote down."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or any(route.path_format.startswith(start) for start in LEFT_OUT):
            continue
        for method in sorted({m for handler in route.route_handlers for m in handler.http_methods} - LEFT_OUT_METHODS.keys()):
            name = f"{method} {route.path_format}"
            if method != "GET" and name not in ASKS:
                raise Unknown(
                    f'{name} is new: add a line for it to ASKS in tests/access/tables.py, `"{name}": Ask()` if it carries nothing.'
                )
            carried = ASKS.get(name, Ask())
            texts = [route.path_format, *_texts([carried.json, carried.form, carried.query])]
            yield Route(method, route.path_format, tuple(dict.fromkeys(found for text in texts for found in PLACE.findall(text))))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for inner in value.values() for text in _texts(inner))
    elif isinstance(value, (list, tuple)):
        yield from (text for inner in value for text in _texts(inner))


def _filled(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return PLACE.sub(lambda place: ids[place[1]], value)
    if isinstance(value, Mapping):
        return {name: _filled(inner, ids) for name, inner in value.items()}
    return [_filled(inner, ids) for inner in value] if isinstance(value, (list, tuple)) else value


def things_of(route: Route, known: Mapping[str, Things]) -> dict[str, Things]:
    """Return the ids for each of a route's names. Raises Unknown for a name of which nothing is known."""
    found = {}
    for name in route.names:
        thing = known.get(f"{route.path} {name}") or known.get(name)
        if thing is None:
            raise Unknown(
                f"{route.name} holds {{{name}}}, of which nothing is known: add a line `\"{name}\": Things(another's id, nobody's id,"
                " {role: {OWN: the caller's own}})` to `things` in tests/access/tables.py."
            )
        found[name] = thing
    return found


def combinations(known: Mapping[str, Things], caller: Caller) -> Iterator[dict[str, tuple[str, str]]]:
    """Yield name -> (relation, id): every relation that all names have, then one name at a time away from the caller's home."""
    if not known:
        yield {}
        return
    ids = {name: thing.of(caller) for name, thing in known.items()}
    shared = [relation for relation in RELATIONS if all(relation in of for of in ids.values())]
    together = [{name: (relation, of[relation]) for name, of in ids.items()} for relation in shared]
    yield from together
    home = shared[0]
    if len(known) == 1 or home in {OTHER, NONE}:
        return
    sent = [[i for _, i in chosen.values()] for chosen in together]
    for moved, of in ids.items():
        for relation in of:
            chosen = {name: (relation, of[relation]) if name == moved else (home, ids[name][home]) for name in ids}
            if [i for _, i in chosen.values()] not in sent:  # one product is home with every need
                yield chosen


async def walk(connection: AsyncConnection, settings: Settings, url: str, model: DefaultModel) -> Walk:
    """Build the world on a connection whose transaction the caller rolls back, and send every request."""
    sessions = async_sessionmaker(connection, class_=AsyncSession, expire_on_commit=False, join_transaction_mode="create_savepoint")
    async with sessions.begin() as session:
        world = await worlds.build(session, model, make_press(settings, model), collateral.safe(settings))
        secrets = await worlds.secrets_of(session, world)
    app = create_app(settings, url=url, sessions=sessions, model=model, clock=Clock())
    routes = tuple(sorted(routes_of(app), key=lambda route: (route.path, route.method)))
    known = things(world)
    seen, examples = [], {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        form = await client.get("/sign-in")
        csrf = (form.cookies["csrftoken"], re.search(r'name="_csrf_token" value="([^"]+)"', form.text)[1])
        for route in routes:
            found = things_of(route, known)
            for caller in CALLERS:
                for chosen in combinations(found, caller):
                    point = await connection.begin_nested()
                    with capture_logs() as logged:
                        answer = await _send(client, route, {name: i for name, (_, i) in chosen.items()}, secrets.get(caller), csrf)
                    await point.rollback()
                    if route.name not in examples and route.path.startswith(DESCRIBED) and answer.status_code < 300:
                        examples[route.name] = _example(route, {name: i for name, (_, i) in chosen.items()}, answer)
                    seen.append(_seen(route, caller, chosen, answer, [entry["exc_info"] for entry in logged if "exc_info" in entry]))
    await app.state.engine.dispose()
    return Walk(world, routes, tuple(seen), tuple(ASKS.keys() - {route.name for route in routes}), examples)


def _example(route: Route, ids: Mapping[str, str], answer: httpx.Response) -> dict[str, Any]:
    """Return what was asked and answered, for the description of the API; long lists are cut to two."""
    found: dict[str, Any] = {"status": answer.status_code}
    if route.ask.json is not None:
        found["request"] = _filled(route.ask.json, ids)
    if answer.headers.get("content-type", "").startswith("application/json"):
        found["answer"] = _cut(answer.json())
    return found


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cut(inner) for name, inner in value.items()}
    return [_cut(inner) for inner in value[:2]] if isinstance(value, list) else value


async def _send(
    client: httpx.AsyncClient, route: Route, ids: Mapping[str, str], secret: tuple[str, str] | None, csrf: tuple[str, str]
) -> httpx.Response:
    """Send one request as a program (bearer token) under /api/, as a browser (cookie, the form's token) elsewhere."""
    client.cookies.clear()  # a sign-out or a switched language is for that answer alone
    ask, headers, carried = route.ask, {}, {}
    if route.path.startswith("/api/"):
        headers = {"authorization": f"Bearer {secret[0]}"} if secret else {}
        if ask.content is not None:
            headers["content-type"], carried = str(ask.media), {"content": ask.content}
        elif ask.json is not None:
            carried = {"json": _filled(ask.json, ids)}
    else:
        headers["cookie"] = f"csrftoken={csrf[0]}" + (f"; {SESSION_COOKIE}={secret[1]}" if secret else "")
        if route.method != "GET":
            carried = {"data": {**_filled(ask.form, ids), "_csrf_token": csrf[1]}}
            if ask.file:
                # The token in a header as well: looked for in the form, it has the framework open the upload before a guard refuses.
                headers["x-csrftoken"], carried["files"] = csrf[1], {"file": ask.file}
    headers |= ask.headers
    return await client.request(
        route.method, _filled(route.path, ids), params=_filled(ask.query, ids) or None, headers=headers, follow_redirects=False, **carried
    )


def _seen(route: Route, caller: Caller, chosen: Mapping[str, tuple[str, str]], answer: httpx.Response, crashes: list[Any]) -> Seen:
    assert not (answer.status_code == 403 and CSRF_REFUSAL in answer.text), f"{route.name}: the walk itself lacks the CSRF token"
    text = f"{answer.status_code} {answer.headers.get('location', '')}\n{answer.text}" + "".join(map(repr, crashes))
    text = text.replace(_filled(route.path, {name: i for name, (_, i) in chosen.items()}), route.path)
    for name, (_, sent) in chosen.items():
        if len(sent) > 3:  # a row's number is too short to be looked for
            text = text.replace(sent, f"{{{name}}}").replace(json.dumps(sent)[1:-1], f"{{{name}}}")
    return Seen(route, caller, {name: relation for name, (relation, _) in chosen.items()}, answer.status_code, outcome(answer), text)


def outcome(answer: httpx.Response) -> str:
    """Return an answer's class in a word or two."""
    status = answer.status_code
    if status >= 500:
        return CRASH
    if status == 401 or (300 <= status < 400 and answer.headers.get("location", "").startswith("/sign-in")):
        return SIGN_IN
    if status == 403:
        return next((word for sign, word in FORBIDDEN.items() if sign in answer.text), NOT_ALLOWED)
    return YES if status < 400 else {404: NOTHING_THERE, 409: CONFLICT}.get(status, INVALID)


def alike(text: str) -> str:
    """Return an answer without what differs each time."""
    return NEW_EACH_TIME.sub("…", text)


def holds(text: str, marker: str) -> bool:
    """Return whether an answer holds a marker; a number only where it stands by itself."""
    if re.fullmatch(r"[\d.,]+", marker):
        return re.search(rf"(?<![\d.,]){re.escape(marker)}(?!\d)", text) is not None
    return marker in text
