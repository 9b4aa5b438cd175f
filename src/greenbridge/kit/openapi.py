"""What every call of the API has in common, said once: problems, limits, keys against doubles, scopes, examples (OpenAPI 3.1)."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from litestar import Litestar, Request
from litestar.openapi.plugins import JsonRenderPlugin, SwaggerRenderPlugin
from litestar.routes import HTTPRoute

from greenbridge.kit.idempotency import KEY_HEADER, MAX_KEY_LENGTH, REPLAYED_HEADER
from greenbridge.kit.wire import Closed

Document = dict[str, Any]
PROBLEM_JSON = "application/problem+json"
_STRING: Document = {"schema": {"type": "string"}}
MOST = 2**53 - 1  # beyond it a reader of JSON no longer tells neighbouring numbers apart (RFC 8259)
_PROBLEMS = {
    400: "The request cannot be read, or does not fit its schema",
    401: "No token, or one that is not good",
    403: "This caller may not do this",
    404: "No such thing, or none that this caller may know of",
    409: "The thing is in a state that does not allow this, or the same request is being carried out",
    412: "The thing was changed since it was read",
    413: "The request is too large",
    415: "This media type is not taken",
    422: "The request was understood and is wrong; `errors` lists the fields",
    428: "A change needs If-Match",
    429: "Too many requests, or the budget of the day is spent",
    500: "Something failed here and was recorded",
    503: "The service is not ready",
}
_PROBLEM_SCHEMA: Document = {
    "type": "object",
    "description": "What cannot be done, and why (RFC 9457)",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "pattern": "^urn:greenbridge:problem:"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_LIMITS: Document = {
    "RateLimit": {"description": "What is left of this minute (draft-ietf-httpapi-ratelimit-headers-10)", **_STRING},
    "RateLimit-Policy": {"description": "How many requests a minute", **_STRING},
}
_KEY_PARAMETER: Document = {
    "name": KEY_HEADER,
    "in": "header",
    "required": False,
    "description": "The same key with the same request is carried out once; kept for seven days",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": "^[!-~]+$"},
}
_MATCH_PARAMETER: Document = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag that came when the thing was read; `*`: whatever is there",
    "schema": {"type": "string"},
}
# What is said anew as a whole, by one person: no change of it is lost to another.
_WHOLE = frozenset({"/api/v1/need-drafts/{draft_id}", "/api/v1/products/{code}/subscription"})


class EitherBody:
    """A body that the route reads itself, in one of several media types: what the document says of it. Goes into a handler's `opt`."""

    def __init__(self, media: Mapping[str, Document], description: str) -> None:
        self._body = {"required": True, "description": description, "content": {name: {"schema": schema} for name, schema in media.items()}}

    @property
    def opt(self) -> dict[str, Any]:
        """What the handler carries."""
        return {"body": self._body}


def handlers(app: Litestar) -> Iterator[tuple[str, str, Any]]:
    """Yield (method, path, handler) of everything in the document."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.resolve_include_in_schema():
                    yield from ((method, route.path_format, handler) for method in handler.http_methods if method != "OPTIONS")


def completed(document: Document, app: Litestar, scopes: Mapping[str, str], examples: Mapping[str, Any]) -> Document:
    """Return the framework's document with what it does not know. `scopes`: `METHOD /path` -> scope; "" where a token is enough."""
    parts = document.setdefault("components", {})
    _say_all(parts.setdefault("schemas", {}))
    parts["schemas"]["Problem"] = _PROBLEM_SCHEMA
    for method, path, handler in handlers(app):
        operation = document["paths"].get(path, {}).get(method.lower())
        if operation is not None:
            call = f"{method} {path}"
            if body := handler.opt.get("body"):
                operation["requestBody"] = json.loads(json.dumps(body))
            _complete(
                operation, call, public=not handler.resolve_guards(), scope=scopes.get(call), told=set(handler.opt.get("problems", ()))
            )
            _exemplify(operation, examples.get(call, {}))
    _say_tuples(document)
    return document


def _say_tuples(node: Any) -> None:
    """Write tuples as JSON Schema 2020-12 does (the framework still lists their parts under `items`, which is one schema now), and how
    large a number of a path may be.
    """
    if isinstance(node, dict):
        if isinstance(node.get("items"), list | tuple):
            parts = list(node.pop("items"))
            node |= {"prefixItems": parts, "minItems": len(parts), "maxItems": len(parts)}
        if node.get("in") == "path" and node.get("schema", {}).get("type") == "integer":
            node["schema"].setdefault("maximum", MOST)
        for name, member in node.items():
            if name not in {"example", "examples", "value"}:
                _say_tuples(member)
    elif isinstance(node, list | tuple):
        for member in node:
            _say_tuples(member)


def _say_all(schemas: Document) -> None:
    """Put wire types as they describe themselves: the framework leaves out limits inside lists and unions, and that they are closed."""
    waiting = list(Closed.__subclasses__())
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        if model.__name__ in schemas:
            _say(schemas, model)


def _say(schemas: Document, model: type[Closed]) -> None:
    """Put one wire type, with what it refers to; of two enums of one name in two domains the second is called after its user."""
    said = model.model_json_schema(ref_template="#/components/schemas/{model}")
    inner = said.pop("$defs", {})
    said = inner.pop(model.__name__, said)  # a type that holds its own kind is described among its parts
    for name, part in inner.items():
        if "enum" in part and schemas.get(name, part).get("enum") != part["enum"]:
            own = f"{model.__name__}{name}"
            said = json.loads(json.dumps(said).replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{own}"'))
            schemas[own] = part
        else:
            schemas.setdefault(name, part)
    schemas[model.__name__] = said


def _complete(operation: Document, call: str, *, public: bool, scope: str | None, told: set[int]) -> None:
    method, path = call.split(" ")
    changing = method != "GET"
    statuses = {400, 429, 500} | told
    statuses |= {401, 403} if not public or path.startswith("/api/") else set()  # a token that is not good is refused everywhere
    statuses |= {404} if "{" in path else set()
    statuses |= {404, 409, 422} if changing else {422}
    statuses |= {413, 415} if "requestBody" in operation else set()
    statuses |= {412, 428} if method == "PUT" and path not in _WHOLE else set()
    answers = operation.setdefault("responses", {})
    for answer in answers.values():
        answer.setdefault("headers", {}).update(_LIMITS)
        for content in answer.get("content", {}).values():
            content.pop("examples", None)
    for status in sorted(statuses):
        # What the framework says of 400 is its own form; a route's own words (OAuth's errors) stay.
        if status == 400 or str(status) not in answers:
            answers[str(status)] = _beside(answers.get(str(status)), status, call)
    operation["security"] = [] if public else [{"bearer": []}, *([{"oauth2": [scope] if scope else []}] if scope is not None else [])]
    if method == "POST" and path.startswith("/api/"):
        _keyed(operation)
    if method == "PUT" and path not in _WHOLE:
        _add(operation, _MATCH_PARAMETER)


def _beside(found: Document | None, status: int, call: str) -> Document:
    if found is not None and "/oauth/" in call:
        content = {**found["content"], PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        return {**found, "content": content}
    extra: Document = {"Retry-After": {"description": "Seconds", **_STRING}} if status == 429 else {}
    return {
        "description": _PROBLEMS[status],
        "headers": {**(_LIMITS if status not in {401, 500} else {}), **extra},
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _keyed(operation: Document) -> None:
    """Say that a POST may carry a key, and that an answer that created something is 200 when it comes again."""
    parameters = [p for p in operation.get("parameters", ()) if p["name"].lower() != KEY_HEADER.lower()]
    operation["parameters"] = [*parameters, _KEY_PARAMETER]
    answers = operation["responses"]
    replayed: Document = {REPLAYED_HEADER: {"description": "true: this request was carried out before", **_STRING}}
    if "201" in answers and "200" not in answers:
        answers["200"] = {**answers["201"], "description": "The same request came before: nothing was created now"}
    for status in ("200", "204"):
        if status in answers:
            answers[status] = {**answers[status], "headers": {**answers[status].get("headers", {}), **replayed}}


def _add(operation: Document, parameter: Document) -> None:
    named = {p["name"].lower() for p in operation.get("parameters", ())}
    if parameter["name"].lower() not in named:
        operation["parameters"] = [*operation.get("parameters", ()), parameter]


def _exemplify(operation: Document, example: Mapping[str, Any]) -> None:
    """Put in what was really asked and answered in the generated world of the tests."""
    if "request" in example and "requestBody" in operation:
        for media, content in operation["requestBody"]["content"].items():
            if media == "application/json":
                content["examples"] = {"example": {"value": example["request"]}}
    if "answer" in example:
        for media, content in operation["responses"].get(str(example["status"]), {}).get("content", {}).items():
            if media == "application/json":
                content["examples"] = {"example": {"value": example["answer"]}}


def read_examples(path: Path) -> Mapping[str, Any]:
    """Return `METHOD /path` -> {request, status, answer}; nothing where the file is not there yet."""
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


class Complete:
    """Completes the document once, and renders it."""

    def __init__(self, scopes: Mapping[str, str], examples: Mapping[str, Any]) -> None:
        self._scopes, self._examples = scopes, examples
        self._made: Document | None = None

    def document(self, request: Request[Any, Any, Any], found: Document) -> Document:
        """Return the completed document."""
        if self._made is None:
            plain = json.loads(JsonRenderPlugin.render_json(request, found))
            self._made = completed(plain, request.app, self._scopes, self._examples)
        return self._made


class Json(JsonRenderPlugin):
    """The completed document as JSON."""

    def __init__(self, complete: Complete, **given: Any) -> None:
        super().__init__(**given)
        self._complete = complete

    def render(self, request: Request[Any, Any, Any], openapi_schema: Document) -> bytes:
        """Return the document."""
        return super().render(request, self._complete.document(request, openapi_schema))


class Swagger(SwaggerRenderPlugin):
    """The completed document as a page."""

    def __init__(self, complete: Complete, **given: Any) -> None:
        super().__init__(**given)
        self._complete = complete

    def render(self, request: Request[Any, Any, Any], openapi_schema: Document) -> bytes:
        """Return the page."""
        return super().render(request, self._complete.document(request, openapi_schema))
