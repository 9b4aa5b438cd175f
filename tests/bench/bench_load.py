"""How much the main job costs against what nobody can do without.

- A validated delivery of VAT invoices (kept, cleaned, deduplicated, loaded, months computed) against a bare COPY of the same rows.
- Features of 1,000 firms in one call against one call a firm.
"""

import asyncio
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import psycopg
import pytest
from sqlalchemy import text

from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.facts.values import Delivery
from greenbridge.kit import database, migrate
from greenbridge.kit.codes import generated_uscc
from greenbridge.scoring.rules import features
from greenbridge.settings import Settings
from tests.bench.interleave import interleave
from tests.builders import a_series

ROWS = 100_000
# What a validated load may cost at most, as a multiple of the bare COPY of the same rows into a table with the same key.
LOAD_LIMIT = 12.0
# What bulk must save at least.
BULK_GAIN = 20.0
NOW = datetime(2026, 3, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings.from_environment({}, data_dir=tmp_path_factory.mktemp("bench"))
    found = database.database_url(settings)
    migrate.upgrade(settings.migrations_dir, found)
    yield found


def invoices() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    net = np.round(rng.lognormal(8, 1, ROWS), 2)
    tax = np.round(net * 0.13, 2)
    codes = np.array([generated_uscc(n, "330500") for n in range(200)])
    return pd.DataFrame(
        {
            "uscc": codes[rng.integers(0, 200, ROWS)],
            "direction": "output",
            "invoice_no": [f"{n:08d}" for n in range(ROWS)],
            "issue_date": [date(2024, 1 + int(m), 15) for m in rng.integers(0, 12, ROWS)],
            "counterparty_id": [f"K{n}" for n in rng.integers(0, 3000, ROWS)],
            "amount_net": net,
            "tax": tax,
            "amount_gross": np.round(net + tax, 2),
            "status": "valid",
        }
    )


def test_validated_load_against_bare_copy(url: str) -> None:
    frame = invoices()
    parquet = io.BytesIO()
    frame.to_parquet(parquet, index=False)
    bare_csv = frame.assign(
        issued_on=frame["issue_date"],
        net_fen=(frame["amount_net"] * 100).round().astype("int64"),
        tax_fen=(frame["tax"] * 100).round().astype("int64"),
    )[["uscc", "direction", "issued_on", "invoice_no", "counterparty_id", "net_fen", "tax_fen", "status"]].to_csv(index=False, header=False)
    plain = url.replace("+psycopg", "")

    def bare() -> int:
        with psycopg.connect(plain) as connection:
            connection.execute(
                "create temp table bare (uscc text, direction text, issued_on date, invoice_no text, counterparty text, net_fen bigint,"
                " tax_fen bigint, status text, primary key (uscc, direction, issued_on, invoice_no, counterparty, net_fen, tax_fen, status))"
            )
            with connection.cursor() as cursor:
                with cursor.copy("copy bare from stdin with (format csv)") as copy:
                    copy.write(bare_csv)
                cursor.execute("select sum(net_fen) from bare")
                total = int(cursor.fetchone()[0])  # type: ignore[index]
            connection.rollback()
            return total

    def validated() -> int:
        async def inside() -> int:
            engine = database.make_engine(url)
            async with database.make_sessions(engine)() as session:
                batch = await facts.receive(session, Delivery(items.VAT_INVOICES, "bench.parquet", parquet.getvalue()), NOW)
                assert batch.accepted == ROWS
                total = int((await session.execute(text("select sum(net_fen) from invoice_month"))).scalar_one())
                await session.rollback()
            await engine.dispose()
            return total

        return asyncio.run(inside())

    assert validated() == bare()
    timed = interleave({"bare COPY": bare, "validated": validated}, reference="bare COPY")
    found = timed["validated"]
    print(
        f"\nvalidated load of {ROWS:,} invoices: {found.ratio:.1f}x a bare COPY ({found.lowest_ratio:.1f}-{found.highest_ratio:.1f}, {found.rounds} rounds)"
    )
    assert found.ratio <= LOAD_LIMIT


def test_bulk_features_against_one_by_one() -> None:
    series = a_series(1000)
    arrays = {**series.monthly, **series.yearly}
    ones = [{**series.of(i).monthly, **series.of(i).yearly} for i in range(1000)]

    def bulk() -> np.ndarray:
        return features.compute(arrays)

    def one_by_one() -> np.ndarray:
        return np.vstack([features.compute(one) for one in ones])

    np.testing.assert_array_equal(bulk(), one_by_one())
    timed = interleave({"bulk": bulk, "one by one": one_by_one}, reference="bulk")
    found = timed["one by one"]
    print(
        f"\nfeatures of 1,000 firms, bulk: {found.ratio:.0f}x faster than one by one ({found.lowest_ratio:.0f}-{found.highest_ratio:.0f})"
    )
    assert found.ratio >= 0.8 * BULK_GAIN
