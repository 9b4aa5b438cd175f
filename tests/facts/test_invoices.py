"""Loading invoices: plain rows and dirty rows give the same, states only rise, the order of deliveries does not matter."""

import io
import random

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from greenbridge.facts import service
from greenbridge.facts.rules import items
from greenbridge.facts.values import Delivery
from greenbridge.kit.codes import generated_uscc
from tests.builders import USCC, an_invoice, deliver

IDENTITY = "uscc, direction, issued_on, invoice_no, counterparty, net_fen, tax_fen"
FIRMS = [generated_uscc(n, "330502") for n in range(1, 4)]


def parquet(rows) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False), sink)
    return sink.getvalue()


async def outcome(session):
    """What is stored: invoices with their present state, newest months, newest years."""
    present = await session.execute(
        text(f"""
        select {IDENTITY}, coalesce((select c.status from vat_invoice_change c
            where (c.uscc, c.direction, c.issued_on, c.invoice_no, c.counterparty, c.net_fen, c.tax_fen)
                = (v.uscc, v.direction, v.issued_on, v.invoice_no, v.counterparty, v.net_fen, v.tax_fen)
            order by c.status = 'withdrawn' desc limit 1), status) from vat_invoice v order by {IDENTITY}
    """)
    )
    months = await session.execute(
        text("""
        select distinct on (uscc, direction, valid_from) uscc, direction, valid_from, net_fen, tax_fen, absolute_fen, red_fen, void_fen,
            invoices, void_invoices, red_invoices, partners
        from invoice_month order by uscc, direction, valid_from, recorded_at desc
    """)
    )
    years = await session.execute(
        text("""
        select y.uscc, y.direction, y.valid_from, c.counterparty, c.net_fen, c.invoices from (
            select distinct on (uscc, direction, valid_from) * from counterparty_year order by uscc, direction, valid_from, recorded_at desc
        ) y left join lateral unnest(y.counterparties, y.net_fen, y.invoices) as c (counterparty, net_fen, invoices) on true
        order by 1, 2, 3, 4
    """)
    )
    return [tuple(row) for part in (present, months, years) for row in part]


def dirty(rng: random.Random, row: dict) -> dict:
    """The same invoice, spelled as another department would; or one that is wrong."""
    changes = [
        {},
        {"issue_date": row["issue_date"].replace("-", "/")},
        {"issue_date": row["issue_date"].replace("-", "")},
        {"amount_net": f"{float(row['amount_net']):,.2f}"},
        {"status": "有效发票" if row["status"] == "valid" else "作废发票"},
        {"direction": "销项" if row["direction"] == "output" else "进项"},
        {"uscc": row["uscc"].lower()},
        {"invoice_no": f" {row['invoice_no']} "},
        {"counterparty_id": "无"},
        {"amount_gross": "1.00"},
        {"issue_date": "2026-02-30"},
        {"issue_date": "2027-01-01"},
        {"uscc": "91330500GEN000000A"},
        {"amount_net": "1e30"},
        {"invoice_no": "a\x00b"},
        {"counterparty_id": "湖州 公司"},
    ]
    return {**row, **rng.choice(changes)}


def invoices(rng: random.Random, count: int) -> list[dict]:
    made = []
    for number in range(count):
        net = rng.choice([100.0, 0.285, -50.5, 12_345.67, 999_999.995])
        tax = round(net * 0.13, 2)
        made.append(
            an_invoice(
                uscc=rng.choice(FIRMS), direction=rng.choice(["input", "output"]), invoice_no=str(number % (count * 2 // 3)),
                issue_date=f"2025-{rng.choice(['01', '02', '12'])}-{rng.choice(['05', '28'])}", counterparty_id=rng.choice(["K1", "K2", "丙公司"]),
                amount_net=str(net), tax=str(tax), amount_gross=str(round(net + tax, 3)), status=rng.choice(["valid", "valid", "void"]),
            )
        )  # fmt: skip
    return made


@pytest.mark.parametrize("seed", range(6))
async def test_the_columnar_and_the_cleaning_path_give_the_same(session, now, seed):
    """Parquet and CSV go through the engine; with a column that says which rows are withdrawn all go through cleaning."""
    rng = random.Random(seed)
    rows = [dirty(rng, row) for row in invoices(rng, 60)]
    found = []
    csv = pd.DataFrame(rows).to_csv(index=False).encode()
    cleaned = pd.DataFrame(rows).assign(record_state="").to_csv(index=False).encode()
    for name, content in (("x.parquet", parquet(rows)), ("x.csv", csv), ("y.csv", cleaned)):
        async with session.begin_nested() as savepoint:
            batch = await service.receive(session, Delivery(items.VAT_INVOICES, name, content), now)
            assert batch.accepted + batch.quarantined == batch.delivered == 60
            aside = [(n, reason) for n, reason, _ in await service.quarantined(session, batch.id)]
            found.append((batch.accepted, batch.reasons, batch.covers_to, aside, await outcome(session)))
            await savepoint.rollback()
    assert found[0] == found[1] == found[2]
    assert found[0][1]


async def test_typed_columns_are_read_like_text(session, now):
    rows = [an_invoice(invoice_no="7"), an_invoice(invoice_no="8", status="void")]
    frame = pd.DataFrame(rows)
    for name in ("amount_net", "tax", "amount_gross"):
        frame[name] = frame[name].astype(float)
    frame["invoice_no"] = frame["invoice_no"].astype("int64")
    outcomes = []
    for dates in (pd.to_datetime(frame["issue_date"]), pd.to_datetime(frame["issue_date"]).dt.date, frame["issue_date"]):
        async with session.begin_nested() as savepoint:
            content = parquet(frame.assign(issue_date=dates))
            batch = await service.receive(session, Delivery(items.VAT_INVOICES, "x.parquet", content), now)
            assert batch.accepted == 2
            outcomes.append(await outcome(session))
            await savepoint.rollback()
    assert outcomes[0] == outcomes[1] == outcomes[2]


async def test_an_invoice_that_is_void_later_leaves_the_month_and_nothing_is_counted_twice(session, now):
    await deliver(session, now, items.VAT_INVOICES, an_invoice(), an_invoice(invoice_no="2"))
    later = now.replace(day=11)
    corrected = await deliver(session, later, items.VAT_INVOICES, an_invoice(status="void"))
    assert corrected.accepted == 1
    month = (await session.execute(text(
        "select net_fen, void_fen, invoices, void_invoices from invoice_month order by recorded_at desc limit 1"
    ))).one()  # fmt: skip
    assert tuple(month) == (10_000, 10_000, 1, 1)
    assert (await session.execute(text("select count(*) from vat_invoice"))).scalar_one() == 2
    back = await deliver(session, now.replace(day=12), items.VAT_INVOICES, an_invoice(), an_invoice(invoice_no="9"))
    assert (back.accepted, back.reasons) == (1, {"superseded_row": 1})
    again = await deliver(session, now.replace(day=13), items.VAT_INVOICES, an_invoice(status="void"), an_invoice(invoice_no="10"))
    assert (again.accepted, again.reasons) == (1, {"duplicate_row": 1})


async def test_a_withdrawn_invoice_counts_nowhere(session, now):
    await deliver(session, now, items.VAT_INVOICES, an_invoice(), an_invoice(invoice_no="2"))
    batch = await deliver(session, now.replace(day=11), items.VAT_INVOICES, an_invoice(record_state="withdrawn"))
    assert batch.accepted == 1
    month = (await session.execute(text("select net_fen, void_fen, invoices from invoice_month order by recorded_at desc limit 1"))).one()
    assert tuple(month) == (10_000, 0, 1)


@pytest.mark.parametrize("seed", range(5))
async def test_the_final_state_does_not_depend_on_the_order_of_deliveries(session, now, seed):
    rng = random.Random(seed)
    files = [invoices(random.Random(seed * 10 + n), 12) for n in range(5)]
    files.append(rng.sample(files[0], 6) + rng.sample(files[1], 6))  # late repeats of both
    outcomes = []
    for order in (list(range(6)), rng.sample(range(6), 6)):
        async with session.begin_nested() as savepoint:
            for hour, place in enumerate(order):
                await deliver(session, now.replace(hour=hour), items.VAT_INVOICES, *files[place])
            outcomes.append(await outcome(session))
            await savepoint.rollback()
    assert outcomes[0] == outcomes[1]


async def test_invoices_lie_in_the_partition_of_their_month(session, now):
    await deliver(session, now, items.VAT_INVOICES, an_invoice(issue_date="2025-12-31"), an_invoice(issue_date="2026-01-01"))
    rows = await session.execute(text("select tableoid::regclass::text, issued_on::text from vat_invoice order by issued_on"))
    assert [tuple(row) for row in rows] == [("vat_invoice_2025_12", "2025-12-31"), ("vat_invoice_2026_01", "2026-01-01")]


async def test_a_file_may_lie_on_disk_and_its_repeats_are_kept_as_they_came(session, now, tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(parquet([an_invoice(), an_invoice(uscc=f" {USCC}"), an_invoice(invoice_no="2")]))
    batch = await service.receive(session, Delivery(items.VAT_INVOICES, path.name, path), now)
    assert (batch.accepted, batch.reasons) == (2, {"duplicate_row": 1})
    ((row_no, reason, raw),) = await service.quarantined(session, batch.id)
    assert (row_no, reason, raw["uscc"]) == (1, "duplicate_row", f" {USCC}")
    assert (await service.raw_row(session, batch.id, 2))["invoice_no"] == "2"


async def test_a_year_whose_last_invoice_is_void_has_no_counterparties(session, now):
    await deliver(session, now, items.VAT_INVOICES, an_invoice(issue_date="2025-05-05"), an_invoice(issue_date="2026-01-31"))
    await deliver(session, now, items.VAT_INVOICES, an_invoice(issue_date="2025-05-05", status="void"))
    from datetime import date

    assert await service.counterparties(session, USCC, date(2026, 3, 1), now) == []


async def test_a_files_own_name_is_no_pattern_and_its_folders_no_columns(session, now, tmp_path):
    folder = tmp_path / "status=void"
    folder.mkdir()
    (folder / "fp1.parquet").write_bytes(parquet([an_invoice(invoice_no="other")]))
    path = folder / "fp[1].parquet"
    path.write_bytes(parquet([an_invoice(invoice_no="own", file_row_number=7)]))
    batch = await service.receive(session, Delivery(items.VAT_INVOICES, path.name, path), now)
    assert batch.accepted == 1
    path.write_bytes(parquet([an_invoice(invoice_no="own2")]))
    assert (await service.receive(session, Delivery(items.VAT_INVOICES, path.name, path), now)).accepted == 1
    rows = await session.execute(text("select invoice_no, status from vat_invoice order by 1"))
    assert [tuple(row) for row in rows] == [("own", "valid"), ("own2", "valid")]


async def test_amounts_in_wan_are_scaled_for_plain_rows_too(session, now):
    rows = [an_invoice(), an_invoice(invoice_no="2", status="正常")]
    scales = dict.fromkeys(("amount_net", "tax", "amount_gross"), 10_000.0)
    await service.receive(session, Delivery(items.VAT_INVOICES, "x.parquet", parquet(rows), scales=scales), now)
    assert (await session.execute(text("select distinct net_fen from vat_invoice"))).scalars().all() == [100_000_000]


@pytest.mark.parametrize("odd", [{"issue_date": "1900-01-01"}, {"issue_date": "0900-01-01"}, {"amount_net": "1_00"}])
async def test_what_cleaning_refuses_is_not_plain(session, now, odd):
    batch = await service.receive(session, Delivery(items.VAT_INVOICES, "x.parquet", parquet([an_invoice(**odd)])), now)
    assert batch.quarantined == 1
