"""What the lock costs: an officer's read with its check, projection and ledger row, against the bare read of the same report."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Role
from greenbridge.consents import service as consents
from greenbridge.consents.service import Reading
from greenbridge.consents.values import Narrowing, WorkStep
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.facts.service import listing
from greenbridge.kit import database, migrate
from greenbridge.reports import service as reports
from greenbridge.reports.gateway import press
from greenbridge.scoring.gateway import load_current
from greenbridge.settings import Settings, home
from tests.bench.interleave import interleave
from tests.bench.record import record
from tests.builders import a_verified_firm, an_actor, deliver, steady_invoices

NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
LIMIT, SLACK = 1.5, 0.8  # the gate stands above its goal for the noise of a shared machine
READS = 30  # of one round; fewer than a day's limit
Read = Callable[[AsyncSession], Awaitable[object]]


class Desk:
    """An officer, a firm with data, and the reads that the officer makes of it."""

    def __init__(self, url: str, keys: Path) -> None:
        self.engine = database.make_engine(url)
        self.sessions = database.make_sessions(self.engine)
        settings = Settings.from_environment({}, data_dir=keys)
        self.press = press(settings, load_current(home() / "ml" / "artifacts"))
        self.days = itertools.count(1)
        self.now = NOW

    async def open(self) -> None:
        async with self.sessions.begin() as session:
            _, self.firm = await a_verified_firm(session, NOW)
            await deliver(session, NOW, items.VAT_INVOICES, *steady_invoices(self.firm.uscc))
            grade = {"uscc": self.firm.uscc, "year": 2024, "grade": "A", "published_on": "2025-04-25"}
            await deliver(session, NOW, items.TAX_GRADE, grade)
            penalty = {"uscc": self.firm.uscc, "authority": "局", "decided_on": "2025-06-07", "shown_until": "2028-06-07"}
            await deliver(session, NOW, items.PENALTIES, *[{**penalty, "document_no": str(n)} for n in range(20)])
            self.officer = await an_actor(session, NOW, Role.OFFICER, "GB02")

    async def grant(self) -> None:
        """Grant anew on the next day: reads are limited by consent and by day, and a benchmark reads more."""
        arguments = (self.firm.id, self.officer.organisation.id, (WorkStep.SURVEY,), facts.described())
        self.now = NOW + timedelta(days=next(self.days))
        async with self.sessions.begin() as session:
            await consents.grant(session, *arguments, self.now, told_by=None, narrowing=Narrowing(), basis="")

    async def read(self, one: Read) -> None:
        """Read READS times, each in a transaction; the grant before costs both candidates the same."""
        await self.grant()
        for _ in range(READS):
            async with self.sessions.begin() as session:
                await one(session)

    async def bare_report(self, session: AsyncSession) -> object:
        return (await reports.make(session, [self.firm], self.press, NOW.date(), self.now))[0]

    async def locked_report(self, session: AsyncSession) -> object:
        return await reports.for_actor(session, self.officer, self.firm.id, self.press, self.now, NOW.date())

    async def bare_list(self, session: AsyncSession) -> Any:
        return await listing._listed(session, self.firm.uscc, (), Reading(None, facts.levels()), self.now, None)

    async def locked_list(self, session: AsyncSession) -> Any:
        return await facts.list_facts(session, self.officer, self.firm.id, (), WorkStep.SURVEY, self.now)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings.from_environment({}, data_dir=tmp_path_factory.mktemp("bench") / "data")
    found = database.database_url(settings)
    migrate.upgrade(settings.migrations_dir, found)
    yield found


def lines(report: Any) -> list[object]:
    return [line["value"] for part in report.content["sections"] for line in part["facts"]]


async def assert_equal_answers(desk: Desk) -> None:
    await desk.grant()
    async with desk.sessions.begin() as session:
        # At survey the lines are the same, the partners' names are withheld.
        assert lines(await desk.bare_report(session)) == lines(await desk.locked_report(session))
        assert len(await desk.bare_list(session)) == len([one for one in await desk.locked_list(session) if one.fact])


def test_a_read_with_check_and_ledger_against_the_bare_read(url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    loop = asyncio.new_event_loop()
    desk = Desk(url, tmp_path_factory.mktemp("keys"))
    loop.run_until_complete(desk.open())
    loop.run_until_complete(assert_equal_answers(desk))

    def timed(bare: Read, locked: Read, name: str) -> float:
        found = interleave(
            {"bare": lambda: loop.run_until_complete(desk.read(bare)), "locked": lambda: loop.run_until_complete(desk.read(locked))},
            reference="bare",
            rounds=9,
            budget_seconds=90,
        )["locked"]
        print(
            f"\n{name}: read with check, projection and ledger {found.ratio:.2f}x bare ({found.lowest_ratio:.2f}-{found.highest_ratio:.2f})"
        )
        return found.ratio

    report = timed(desk.bare_report, desk.locked_report, "credit report")
    timed(desk.bare_list, desk.locked_list, "list of facts")
    loop.run_until_complete(desk.engine.dispose())
    loop.close()
    record("credit report with check and ledger", "the bare read", 1 / report, 1 / LIMIT)
    assert report <= LIMIT / SLACK
