"""What is kept of the database until the database tells that it changed: sign-ins, the compiled catalogue.

Triggers notify on one channel, in the transaction of the change, with what it touched (migration 0018); a connection of the worker's
own listens. What was kept of it is dropped then, some tenths of a millisecond after the commit. Nothing is kept while nobody listens:
before the first listening, and from the moment on that the connection ends or does not answer its heartbeat.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

import psycopg

from greenbridge.kit import logs

CHANNEL = "greenbridge_changed"
HEARTBEAT_SECONDS = 5.0
RETRY_SECONDS = 1.0
MOST_KEPT = 10_000  # of one kind; a flood of odd keys is not kept
Kept = TypeVar("Kept")


class Watch:
    """Values by kind and key, as of the last change of that kind."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[Hashable, Any]] = {}
        self._changes = 0
        self._live = False
        self._task: asyncio.Task[None] | None = None

    def found(self, kind: str, key: Hashable) -> Any | None:
        """Return what is kept, None for nothing."""
        kept = self._kept.get(kind)
        return None if kept is None else kept.get(key)

    async def kept(self, kind: str, key: Hashable, make: Callable[[], Awaitable[Kept]]) -> Kept:
        """Return what is kept, made and kept when it is not. None is not kept; nor is what a change overtook while it was made."""
        found = self.found(kind, key)
        if found is not None:
            known: Kept = found
            return known
        before = self._changes
        made = await make()
        if made is not None and self._live and before == self._changes:
            of_kind = self._kept.setdefault(kind, {})
            if len(of_kind) >= MOST_KEPT:
                of_kind.clear()
            of_kind[key] = made
        return made

    def changed(self, kind: str) -> None:
        """Drop what is kept of a kind."""
        self._changes += 1
        self._kept.pop(kind, None)

    def _deaf(self) -> None:
        self._live = False
        self._changes += 1
        self._kept.clear()

    def start(self, url: str) -> None:
        """Begin to listen, in this worker's loop."""
        self._task = asyncio.get_running_loop().create_task(self._listen(url.replace("postgresql+psycopg://", "postgresql://")))

    async def stop(self) -> None:
        """End listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._deaf()

    async def _listen(self, url: str) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                    await connection.execute(f"listen {CHANNEL}")
                    self._live = True
                    while True:
                        async for told in connection.notifies(timeout=HEARTBEAT_SECONDS):
                            self.changed(told.payload)
                        async with asyncio.timeout(HEARTBEAT_SECONDS):
                            await connection.execute("select 1")
            except (psycopg.Error, OSError, TimeoutError) as error:
                logs.get().warning("nobody listens to changes of the database", reason=repr(error)[:200])
            finally:
                self._deaf()
            await asyncio.sleep(RETRY_SECONDS)
