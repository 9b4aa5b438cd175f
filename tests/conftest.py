"""One embedded PostgreSQL a run, schema by migration; each test in an outer transaction that is rolled back."""

import json
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import hypothesis
import pytest
from litestar import Litestar
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from greenbridge.app import create_app
from greenbridge.kit import database, migrate
from greenbridge.reports.gateway import Press
from greenbridge.reports.gateway import press as make_press
from greenbridge.scoring.gateway import LightGbmModel, load_current
from greenbridge.settings import Settings, home

# A shared machine pauses at times: how long an example takes says nothing of it.
hypothesis.settings.register_profile("shared", deadline=None)
hypothesis.settings.load_profile("shared")
NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)  # Tuesday, 10:00 in Shanghai
RELEASE = text(
    "select set_config('role', 'none', true), set_config('greenbridge.organisation', '', true), set_config('greenbridge.today', '', true)"
)


class FixedClock:
    """Stands still, until a test moves it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.instant = now

    def now(self) -> datetime:
        return self.instant


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not Path("/usr/bin/chromium").exists():
        terminalreporter.write_line("LEFT OUT: the browser tests, because Chromium is not installed and could not be.", red=True)
    if not os.environ.get("GREENBRIDGE_REAL_DATA"):
        terminalreporter.write_line("LEFT OUT: the real-data tests, because GREENBRIDGE_REAL_DATA names no folder.", yellow=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out only what the machine cannot do: browser tests without Chromium, real data where none is named."""
    left_out = []
    if not Path("/usr/bin/chromium").exists():
        left_out += [item for item in items if item.get_closest_marker("browser")]
    if not os.environ.get("GREENBRIDGE_REAL_DATA"):
        left_out += [item for item in items if item.get_closest_marker("real_data")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real input; where it is named and missing, that is an error, not a skip."""
    folder = Path(os.environ["GREENBRIDGE_REAL_DATA"]).resolve()
    assert (folder / "cumcm2020c").is_dir(), f"GREENBRIDGE_REAL_DATA names {folder}, which holds no cumcm2020c"
    return folder


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with a data folder that outlives the run, so that the embedded server can stop at exit."""
    # One test machine calls as often as it can.
    often = {"GREENBRIDGE_CALLS_PER_MINUTE": "1000000", "GREENBRIDGE_VISITS_PER_MINUTE": "1000000", "GREENBRIDGE_DEMONSTRATION": "1"}
    return Settings.from_environment(often, data_dir=tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def url(settings: Settings) -> str:
    found = database.database_url(settings)
    migrate.upgrade(settings.migrations_dir, found)
    return found


@pytest.fixture(scope="session")
def model() -> LightGbmModel:
    return load_current(home() / "ml" / "artifacts")


@pytest.fixture(scope="session")
def press(settings: Settings, model: LightGbmModel) -> Press:
    return make_press(settings, model)


@pytest.fixture(scope="session")
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(url)
    yield made
    await made.dispose()


@pytest.fixture
async def sessions(engine: AsyncEngine) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    """Sessions whose commits are savepoints of one transaction that never commits."""
    async with engine.connect() as connection:
        outer = await connection.begin()

        class Releasing(AsyncSession):
            """Takes its confinement along when it ends: on one connection it would stay, for the test's own session too."""

            async def close(self) -> None:
                await super().close()
                await connection.execute(RELEASE)

        yield async_sessionmaker(connection, class_=Releasing, expire_on_commit=False, join_transaction_mode="create_savepoint")
        await outer.rollback()


@pytest.fixture
async def session(sessions: async_sessionmaker[AsyncSession]) -> AsyncIterator[AsyncSession]:
    async with sessions() as made:
        yield made


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def app(
    settings: Settings, url: str, sessions: async_sessionmaker[AsyncSession], model: LightGbmModel, clock: FixedClock
) -> AsyncIterator[Litestar]:
    made = create_app(settings, url=url, sessions=sessions, model=model, clock=clock)
    yield made
    await made.state.engine.dispose()


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers={"accept-language": "en"}) as made:
        yield made


@pytest.fixture
async def own_database(url: str, settings: Settings) -> AsyncIterator[str]:
    """A database of the test's own, for what really commits: concurrency."""
    name = f"t_{uuid4().hex[:12]}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name}"))
    own = url.replace("/postgres?", f"/{name}?")
    migrate.upgrade(settings.migrations_dir, own)
    yield own
    with admin.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="session")
def small_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, object]]]:
    """A generated town of twelve firms: (data folder, summary)."""
    from tests.demonstration import json_of

    folder = tmp_path_factory.mktemp("town")
    database.database_url(Settings.from_environment({}, data_dir=folder))  # the server stays up between the commands
    yield folder, json_of("demo", "--once", "--json", "--firms", "12", "--data-dir", str(folder))
    # The embedded server stops with the last process that uses it; those that a test has killed could not say that they are gone.
    users = folder / "postgres" / ".handle_pids.json"
    users.write_text(json.dumps([pid for pid in json.loads(users.read_text()) if _lives(pid)]))
