"""The walk as a page of docs: who gets what, where."""

import json
from collections import defaultdict

from greenbridge.settings import home
from tests.access.tables import LEFT_OUT, LEFT_OUT_METHODS, RELATIONS, TOLD_APART
from tests.access.walk import Route, Walk
from tests.access.world import CALLERS, Caller

FILE = home() / "docs" / "access-matrix.md"
EXAMPLES = home() / "src" / "greenbridge" / "examples.json"
RENEW = "run `python -m tests.access.write` to renew it, and read what changed"
AREAS = {"API": "/api/", "Health": "/health/", "Pages": "/"}


# A token is asked for with a key, which the walk's callers do not have.
_TOKEN = {
    "POST /oauth/token": {
        "status": 200,
        "answer": {
            "access_token": "eyJhbGciOiJFZDI1NTE5IiwidHlwIjoiYXQrand0In0.eyJzY29wZSI6Im5lZWRzOnJlYWQifQ.c2lnbmF0dXJl",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "needs:read",
        },
    }
}


def examples(walk: Walk) -> str:
    """Return the examples as a file: one line a call."""
    # The walk's firm is registered already: what it is now is what it was answered then.
    firm = walk.examples["GET /api/v1/enterprises/{enterprise_id}"]["answer"]
    registered = {"status": 201, "request": {"uscc": firm["uscc"], "name": firm["name"]}, "answer": firm}
    found = {**walk.examples, **_TOKEN, "POST /api/v1/enterprises": registered}
    lines = (f"{json.dumps(name)}: {json.dumps(found[name], ensure_ascii=False)}" for name in sorted(found))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def name_of(caller: Caller) -> str:
    return caller.value.replace("_", " ") if caller else "visitor"


HEADER = f"""# Who gets what

Every route x every role x every relation between the caller and the thing that the route is about. Generated from the application's own
routes: a test sends each of these requests, compares what comes back with this file, and looks through every answer for what the caller
may not know; a route without a row fails it. After a change: {RENEW}.

One world stands behind it: firm A agreed that bank 1 reads it, firm C has an answer of bank 1 and did not agree, firm B dealt with bank 2 alone.
The columns are firm A, bank 1's officer and administrator, the operator, and a department.

**Cells.** `relation: outcome`, with ids in the path, the query and the body; one word where the outcome is the same for all relations.
Where a request names several things, `other answer_id` is: that one is another's, the rest is the caller's; `mixed` stands for all of these
where their outcome is one.

| relation | the thing is |
|---|---|
{"".join(f"| {name} | {meaning} |{chr(10)}" for name, meaning in RELATIONS.items())}
| outcome | the answer |
|---|---|
| yes | 2xx, or a redirect to the next page |
| sign in | 401, or the sign-in page |
| no role | 403: this role may not use it, whatever the thing |
| no consent | 403: the firm has not agreed; the same for a firm that does not exist |
| not allowed | 403 for another reason: it is another bank's or department's |
| nothing there | 404: no such thing, or none that the caller may know of |
| conflict | 409: the thing is in a state that does not allow it |
| invalid | 400 or 422: the input is wrong |

`other` and `none` are answered alike, to the letter, but for: {
    "; ".join(f"`{route}` as {name_of(caller)} ({why})" for (route, caller), why in TOLD_APART.items())
}.

Without a row: {"; ".join(f"`{start}` ({why})" for start, why in {**LEFT_OUT, **LEFT_OUT_METHODS}.items())}.
"""


def cell(walk: Walk, route: Route, caller: Caller) -> str:
    """Return the outcomes of one route for one caller."""
    found = [seen for seen in walk.seen if seen.route == route and seen.caller == caller]
    one_word_for_mixed = len({seen.outcome for seen in found if seen.mixed}) == 1
    outcomes: dict[str, list[str]] = defaultdict(list)
    for seen in found:
        word = "mixed" if seen.mixed and one_word_for_mixed else seen.relation
        if word not in outcomes[seen.outcome]:
            outcomes[seen.outcome].append(word)
    if len(outcomes) == 1:
        return next(iter(outcomes))
    return " · ".join(f"{', '.join(relations)}: {outcome}" for outcome, relations in outcomes.items())


def area_of(route: Route) -> str:
    return next(area for area, start in AREAS.items() if route.path.startswith(start))


def rows(walk: Walk) -> dict[str, str]:
    """Return route -> its row."""
    cells = {route.name: [cell(walk, route, caller) for caller in CALLERS] for route in walk.routes}
    return {r.name: f"| {r.method} | `{r.path}` | {' | '.join(cells[r.name])} |" for r in walk.routes}


def document(walk: Walk) -> str:
    """Return the whole file."""
    found = rows(walk)
    names = [name_of(caller) for caller in CALLERS]
    head = f"| | route | {' | '.join(names)} |\n|---|---|{'---|' * len(names)}"
    areas = [
        "\n".join([f"## {area}", "", head, *(found[route.name] for route in walk.routes if area_of(route) == area), ""]) for area in AREAS
    ]
    return "\n".join([HEADER, *areas])
