"""The access matrix: no route, role and relation but those in docs/access-matrix.md, and nothing of one firm in another's answers."""

import difflib

import pytest
from litestar import Litestar, get, post

from greenbridge.accounts.values import Role
from tests.access import matrix
from tests.access.tables import NONE, OTHER, OWN, PUBLIC, RELATED, TOLD_APART, UNNAMED, things
from tests.access.walk import CRASH, SIGN_IN, YES, Route, Unknown, alike, combinations, holds, routes_of, things_of, walk


@pytest.fixture(scope="module")
async def walked(engine, settings, url, model):
    """The whole walk, once for all tests of this file."""
    async with engine.connect() as connection:
        outer = await connection.begin()
        found = await walk(connection, settings, url, model)
        await outer.rollback()
    return found


def lines(found):
    return "\n".join(f"{seen}\n  {seen.text[:1000]}" for seen in found)


def test_anothers_thing_and_no_thing_at_all_are_answered_alike(walked):
    by_key = {(seen.route, seen.caller, tuple(seen.relations.items())): seen for seen in walked.seen}
    compared, found, needless = 0, [], set(TOLD_APART)
    for seen in walked.seen:
        if OTHER not in seen.relations.values():
            continue
        nothing = by_key[seen.route, seen.caller, tuple((n, NONE if r == OTHER else r) for n, r in seen.relations.items())]
        compared += 1
        if alike(seen.text) != alike(nothing.text):
            if (seen.route.name, seen.caller) in TOLD_APART:
                needless.discard((seen.route.name, seen.caller))
            else:
                found.append(f"{seen}\nbut {nothing}\n  {seen.text[:300]}\n  {nothing.text[:300]}")
    assert compared > 100
    assert not found, "existence leaks:\n" + "\n".join(found)
    assert not needless, f"TOLD_APART in tests/access/tables.py names what is answered alike: {needless}"


def test_no_answer_holds_what_its_reader_may_not_know(walked):
    found = [
        f"{seen} tells {marker.what} ({marker.text})"
        for seen in walked.seen
        for marker in walked.world.markers
        if seen.caller not in marker.known_to and holds(seen.text, marker.text)
    ]
    assert not found, "leaks:\n" + "\n".join(found)


def test_the_markers_are_found_where_they_may_be(walked):
    """Or the test above looks for strings that no answer would ever hold."""
    read = {caller: "\n".join(seen.text for seen in walked.seen if seen.caller == caller) for caller in {s.caller for s in walked.seen}}
    missing = [
        f"{caller} never reads {marker.what} ({marker.text})"
        for marker in walked.world.markers
        for caller in marker.known_to
        if caller in {Role.ENTERPRISE, Role.OFFICER} and not holds(read[caller], marker.text)
    ]
    assert not missing, "\n".join(missing)
    names = [marker for marker in walked.world.markers if marker.what.endswith(("name", "code"))]
    assert len(names) == 6
    assert all(holds(read[Role.OPERATOR], marker.text) for marker in names)


def test_a_visitor_gets_public_pages_and_is_else_asked_to_sign_in(walked):
    of_visitor = [seen for seen in walked.seen if seen.caller is None]
    found = [seen for seen in of_visitor if seen.route.name not in PUBLIC and seen.outcome != SIGN_IN]
    assert not found, f"PUBLIC in tests/access/tables.py does not name them:\n{lines(found)}"
    assert {seen.route.name for seen in of_visitor if seen.outcome == YES} == PUBLIC


def test_nobody_meets_a_crash(walked):
    found = [seen for seen in walked.seen if seen.outcome == CRASH]
    assert not found, lines(found)


def test_every_role_gets_its_own_work_done(walked):
    """A matrix of refusals alone would leak nothing and prove nothing."""
    done = {(seen.route.name, seen.caller) for seen in walked.seen if seen.outcome == YES}
    nobody = {route.name for route in walked.routes} - {name for name, _ in done}
    # Firm A is registered already: the walk has no account that could register another time. It holds no green certificate, which
    # would be there for everybody: so there is no subsidy to claim. The case under review is a project's: its scheme has one class alone.
    expected = {
        "POST /api/v1/enterprises",
        "POST /enterprise/start",
        "POST /enterprise/green/claims",
        "POST /reviewer/{case_id}/class",
        "POST /oauth/token",
    }
    assert nobody == expected, f"nobody gets through: {nobody}"


def test_the_table_in_docs_is_the_one_that_was_walked(walked):
    kept = matrix.FILE.read_text(encoding="utf-8")
    without = [name for name, row in matrix.rows(walked).items() if row.rsplit("` |", 1)[0] not in kept]
    assert not without, f"no row in docs/access-matrix.md for {without}; {matrix.RENEW}"
    now = matrix.document(walked)
    difference = "\n".join(difflib.unified_diff(kept.splitlines(), now.splitlines(), "docs", "walked", lineterm="", n=0))
    assert kept == now, f"{difference}\ndocs/access-matrix.md is not what was walked; {matrix.RENEW}"
    assert not walked.stale, f"ASKS in tests/access/tables.py names routes that are gone: {walked.stale}"


def test_a_new_route_says_where_its_line_is_missing(walked):
    @get("/needs/{letter_id:uuid}")
    async def letter() -> str:
        return ""

    @post("/letters")
    async def write() -> None: ...

    (route,) = routes_of(Litestar([letter], openapi_config=None, logging_config=None))
    with pytest.raises(Unknown, match=r"letter_id.*add a line .* tests/access/tables.py"):
        things_of(route, things(walked.world))
    with pytest.raises(Unknown, match=r"POST /letters is new: add a line .* ASKS in tests/access/tables.py"):
        list(routes_of(Litestar([write], openapi_config=None, logging_config=None)))


def test_ids_are_sent_together_and_one_by_one_away_from_home(walked):
    known = {name: things(walked.world)[name] for name in ("need_id", "answer_id")}
    found = [tuple(relation for relation, _ in chosen.values()) for chosen in combinations(known, Role.OFFICER)]
    assert found[:4] == [(RELATED, RELATED), (UNNAMED, UNNAMED), (OTHER, OTHER), (NONE, NONE)]
    assert {(RELATED, OTHER), (OTHER, RELATED), (RELATED, NONE), (UNNAMED, RELATED)} <= set(found[4:])
    assert list(combinations({}, Role.OFFICER)) == [{}]
    assert [list(c) for c in combinations({"need_id": known["need_id"]}, Role.ENTERPRISE)] == [["need_id"]] * 3
    assert OWN in known["need_id"].of(Role.ENTERPRISE)
    assert Route("GET", "/x", ()).name == "GET /x"
