"""Timed work of facts: pull departments' feeds, take dropped files, measure quality."""

import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from greenbridge.facts.gateway import Feed, HttpGateway, file_delivery
from greenbridge.facts.gateway.files import FORMATS
from greenbridge.facts.service import catalogue, pulling, quality, receive
from greenbridge.facts.values import Batch
from greenbridge.kit import logs
from greenbridge.kit.clock import Clock
from greenbridge.kit.errors import Problem

Sessions = async_sessionmaker[AsyncSession]
TAKEN, REFUSED = "taken", "refused"


async def pull(sessions: Sessions, gateway: HttpGateway, feed: Feed, clock: Clock) -> Batch | None:
    """Fetch what a department has stated since the last pull and take it in; None when nothing is new.

    The department is asked outside of any transaction; what it sent and how far we are now commit together, so that a pull that is
    cut off anywhere is simply done again. A pull that fails is noted with its problem, and raised.
    """
    async with sessions.begin() as session:
        since = await pulling.cursor(session, feed)
    with tempfile.TemporaryDirectory(prefix="greenbridge-pull-") as folder:
        try:
            pulled = await gateway.pull(feed, since, Path(folder))
            async with sessions.begin() as session:
                return await pulling.take(session, feed, since, pulled, clock.now())
        except Problem as problem:
            async with sessions.begin() as session:
                await pulling.failed(session, feed, since, problem.detail.en, clock.now())
            raise


async def take_folder(sessions: Sessions, folder: Path, clock: Clock) -> list[Batch]:
    """Take in the files dropped as `<folder>/<item>/<file>`, oldest first; each then lies under `taken` or, with a note, `refused`.

    Names that start with a dot are still being written.
    """
    batches = []
    for path in _dropped(folder):
        try:
            async with sessions.begin() as session:
                batches.append(await receive(session, file_delivery(path.parent.name, path), clock.now()))
            _move(path, folder / TAKEN)
        except Exception as error:  # noqa: BLE001  one file that nobody foresaw must not keep the others waiting
            said = f"{error.detail.zh}\n{error.detail.en}\n" if isinstance(error, Problem) else f"{type(error).__name__}: {error}\n"
            refused = _move(path, folder / REFUSED)
            refused.with_name(f"{refused.name}.problem.txt").write_text(said, encoding="utf-8")
            if not isinstance(error, Problem):
                logs.get().exception("a dropped file could not be taken in", file=path.name)
    return batches


def _dropped(folder: Path) -> Iterable[Path]:
    found = [p for item in catalogue().items for p in (folder / item).glob("[!.]*") if p.suffix.lower() in FORMATS]
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))


def _move(path: Path, into: Path) -> Path:
    target = into / path.parent.name / path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while target.exists():
        number += 1
        target = target.with_name(f"{path.stem}.{number}{path.suffix}")
    return path.rename(target)


async def measure(session: AsyncSession, now: datetime) -> int:
    """Measure the quality of every item as of today; open and close alerts."""
    return await quality.measure(session, now)
