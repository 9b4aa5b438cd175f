"""The one session per request: what a returned 4xx, a failing serialisation and a failing commit do."""

from typing import Any

import httpx
import pytest
from litestar import Litestar, Response, post
from litestar.datastructures import State
from litestar.di import Provide
from sqlalchemy import text

from greenbridge.kit import database
from greenbridge.kit.errors import Conflict, Problem
from greenbridge.kit.web import Session, on_problem


@pytest.fixture
async def tiny(own_database: str, clock):
    engine = database.make_engine(own_database)
    sessions = database.make_sessions(engine)
    async with sessions.begin() as session:
        await session.execute(text("create table t (x int unique deferrable initially deferred)"))
        await session.execute(text("grant insert on t to greenbridge_app"))

    @post("/api/returned")
    async def returned(session: Session) -> Response[Any]:
        await session.execute(text("insert into t values (1)"))
        return Response({}, status_code=409)

    @post("/api/raised")
    async def raised(session: Session) -> None:
        await session.execute(text("insert into t values (2)"))
        raise Conflict("no", "不", "no")

    @post("/api/unserialisable")
    async def unserialisable(session: Session) -> Any:
        await session.execute(text("insert into t values (3)"))
        return object()

    @post("/api/failing-commit")
    async def failing_commit(session: Session) -> None:
        await session.execute(text("insert into t values (4), (4)"))

    app = Litestar(
        [returned, raised, unserialisable, failing_commit],
        logging_config=None,
        dependencies={"session": Provide(database.provide_session)},
        exception_handlers={Problem: on_problem},
        state=State({"sessions": sessions, "clock": clock}),
    )
    app.debug = False
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    async def call(path: str) -> tuple[int, list[int]]:
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            status = (await client.post(f"/api/{path}", headers={"accept": "application/json"})).status_code
        async with sessions() as session:
            return status, sorted(await session.scalars(text("select x from t")))

    yield call
    await engine.dispose()


async def test_a_returned_4xx_commits(tiny):
    assert await tiny("returned") == (409, [1])


async def test_a_raised_problem_rolls_back(tiny):
    assert await tiny("raised") == (409, [])


async def test_a_failing_serialisation_answers_500(tiny):
    status, rows = await tiny("unserialisable")
    assert status == 500
    assert rows == []


async def test_a_failing_commit_answers_500_and_keeps_nothing(tiny):
    assert await tiny("failing-commit") == (500, [])
