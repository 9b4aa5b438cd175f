"""What screening a city's list costs: 6,330 generated firms at once, against asking for each firm alone."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from greenbridge.facts.rules import items
from greenbridge.kit import database, migrate
from greenbridge.kit.codes import generated_uscc
from greenbridge.schemes import service
from greenbridge.schemes.rules.screening import Candidate, Screening
from greenbridge.settings import Settings
from tests.bench.interleave import interleave
from tests.bench.record import record
from tests.builders import a_registration, deliver

NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
FIRMS, FOUND, ALONE = 6_330, 21, 60
LIMIT, SLACK = 0.25, 0.8  # of the time for each firm alone
BOOK = service.book()


class City:
    """Firms in the register, some on lists, with tax and penalties behind them."""

    def __init__(self, url: str) -> None:
        self.engine = database.make_engine(url)
        self.sessions = database.make_sessions(self.engine)
        self.codes = [generated_uscc(100_000 + n, "330402") for n in range(FIRMS)]

    async def open(self) -> None:
        bad = self.codes[:: FIRMS // FOUND][:FOUND]
        paid = {"tax_kind": "vat", "declared": 100, "paid": 100}
        penalty = {
            "authority": "嘉兴市生态环境局",
            "document_no": "1",
            "decided_on": "2025-06-07",
            "gravity": "general",
            "shown_until": "2028-06-07",
        }
        deliveries: dict[str, list[dict[str, Any]]] = {
            items.REGISTRATION: [a_registration(uscc=code, name=f"嘉兴演示第{n}号有限公司") for n, code in enumerate(self.codes)],
            items.DISHONESTY: [{"uscc": code, "case_no": f"演{n}", "listed_on": "2026-01-05"} for n, code in enumerate(bad[::2])],
            items.SEVERE_LIST: [{"uscc": code, "reason": "演示", "listed_on": "2026-01-05"} for code in bad[1::2]],
            items.ABNORMAL_LIST: [{"uscc": self.codes[1], "reason": "演示", "listed_on": "2024-01-05", "removed_on": "2024-06-01"}],
            "environment.credit": [{"uscc": code, "year": 2025, "colour": "蓝", "decided_on": "2025-06-05"} for code in self.codes[::3]],
            items.PENALTIES: [{"uscc": code, **penalty} for code in self.codes[::5]],
            "tax.paid": [{"uscc": c, "month": f"2025-{m:02d}-01", **paid} for c in self.codes for m in (10, 11, 12)],
        }
        for item, rows in deliveries.items():
            async with self.sessions.begin() as session:
                await deliver(session, NOW, item, *rows)

    async def screen(self, codes: list[str], scheme: str | None = None) -> Screening:
        rows = [Candidate(n, code, "") for n, code in enumerate(codes, 1)]
        async with self.sessions() as session:
            found = await service.screen(session, None, BOOK, rows, NOW + timedelta(seconds=1), scheme=scheme)
            await session.rollback()
            return found

    async def alone(self, codes: list[str]) -> list[Screening]:
        return [await self.screen([code]) for code in codes]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    settings = Settings.from_environment({}, data_dir=tmp_path_factory.mktemp("bench") / "data")
    found = database.database_url(settings)
    migrate.upgrade(settings.migrations_dir, found)
    return found


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


def test_screening_a_list_at_once(url: str, runner: asyncio.Runner) -> None:
    city = City(url)
    try:
        runner.run(city.open())
        whole = runner.run(city.screen(city.codes))
        assert len(whole.found) == FOUND
        assert len(whole.screened) == FIRMS
        sample = [s.uscc for s in whole.found] + city.codes[2 : ALONE - FOUND + 2]
        one_by_one = {found.screened[0].uscc: found.screened[0].hits for found in runner.run(city.alone(sample))}
        together = {s.uscc: s.hits for s in whole.screened}
        assert one_by_one == {code: together[code] for code in one_by_one}
        times = interleave(
            {
                "at once": lambda: runner.run(city.screen(city.codes)),
                "with a grade": lambda: runner.run(city.screen(city.codes, "tax-credit")),
                "alone": lambda: runner.run(city.alone(sample)),
            },
            reference="alone",
            rounds=3,
            budget_seconds=90,
        )
        per = {name: timing.median_seconds / (len(sample) if name == "alone" else FIRMS) for name, timing in times.items()}
        for name, timing in times.items():
            print(f"{name}: {timing.median_seconds:.2f} s, {per[name] * 1000:.2f} ms a firm")
        record("screening many firms at once, a firm", "one after another", per["alone"] / per["at once"], 1 / LIMIT)
        assert per["at once"] / per["alone"] <= LIMIT / SLACK
    finally:
        runner.run(city.engine.dispose())
