from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from greenbridge.facts import service
from greenbridge.facts.gateway import frames
from greenbridge.facts.rules import items
from greenbridge.facts.values import Delivery
from greenbridge.kit.errors import Invalid
from tests.builders import USCC, a_registration, an_invoice, deliver, steady_invoices


async def test_nothing_is_lost_and_each_bad_row_is_kept_as_it_came(session, now):
    rows = [an_invoice(), an_invoice(amount_net="百"), an_invoice(invoice_no="2", issue_date="2026-01-16")]
    batch = await deliver(session, now, items.VAT_INVOICES, *rows)
    assert (batch.delivered, batch.accepted, batch.quarantined) == (3, 2, 1)
    assert batch.reasons == {"bad_number": 1}
    assert batch.covers_to == date(2026, 1, 16)
    ((row_no, reason, raw),) = await service.quarantined(session, batch.id)
    assert (row_no, reason, raw) == (1, "bad_number", rows[1])
    assert dict(await service.raw_row(session, batch.id, 2)) == rows[2]


async def test_the_same_delivery_again_adds_nothing(session, now):
    first = await deliver(session, now, items.VAT_INVOICES, an_invoice())
    again = await deliver(session, now + timedelta(days=1), items.VAT_INVOICES, an_invoice())
    assert again.repeated
    assert again.id == first.id
    assert (await session.execute(text("select count(*) from vat_invoice"))).scalar_one() == 1


async def test_a_row_of_an_earlier_delivery_is_a_duplicate_and_is_not_counted_twice(session, now):
    await deliver(session, now, items.VAT_INVOICES, an_invoice())
    second = await deliver(session, now, items.VAT_INVOICES, an_invoice(), an_invoice(invoice_no="2"))
    assert (second.delivered, second.accepted, second.reasons) == (2, 1, {"duplicate_row": 1})
    total = (await session.execute(text("select net_fen from invoice_month order by recorded_at desc, net_fen desc limit 1"))).scalar_one()
    assert total == 20_000


async def test_months_equal_the_sums_of_their_valid_invoices(session, now):
    rows = [
        an_invoice(amount_net="0.10", tax="0.01", amount_gross="0.11"),
        an_invoice(invoice_no="2", amount_net="0.20", tax="0.03", amount_gross="0.23"),
        an_invoice(invoice_no="3", amount_net="-0.05", tax="-0.01", amount_gross="-0.06"),
        an_invoice(invoice_no="4", status="void"),
        an_invoice(invoice_no="5", issue_date="2026-02-28"),
    ]
    await deliver(session, now, items.VAT_INVOICES, *rows)
    series = await service.series(session, [USCC], date(2026, 3, 1), now)
    month = {name: array[0, -2] for name, array in series.monthly.items() if name.startswith("sales")}
    assert series.last_month == date(2026, 2, 1)
    assert (month["sales_net"], month["sales_tax"], month["sales_red"], month["sales_absolute"]) == (25, 3, 5, 35)
    assert (month["sales_void"], month["sales_void_count"], month["sales_count"], month["sales_red_count"]) == (10_000, 1, 3, 1)


async def test_an_as_of_read_sees_neither_later_months_nor_later_knowledge(session, now):
    early, late = now - timedelta(days=20), now
    await deliver(
        session, early, items.VAT_INVOICES, an_invoice(issue_date="2026-01-31"), an_invoice(invoice_no="9", issue_date="2025-12-05")
    )
    await deliver(session, late, items.VAT_INVOICES, an_invoice(invoice_no="2", issue_date="2026-01-20"))
    today = date(2026, 3, 10)
    assert (await service.series(session, [USCC], today, early)).monthly["sales_net"][0, -1] == 10_000
    assert (await service.series(session, [USCC], today, late)).monthly["sales_net"][0, -1] == 20_000
    then = await service.series(session, [USCC], date(2026, 1, 15), late)
    assert then.last_month == date(2025, 12, 1)
    assert then.monthly["sales_net"][0, -1] == 10_000


async def test_records_are_true_from_their_day_and_a_newer_delivery_supersedes(session, now):
    await deliver(session, now, items.REGISTRATION, a_registration(established="2018-05-03"))
    await deliver(session, now + timedelta(hours=1), items.REGISTRATION, a_registration(name="新名称"))
    later = now + timedelta(hours=2)
    known = await service.facts_of(session, [USCC], date(2026, 3, 10), later)
    assert [f.values["name"] for f in known[USCC]] == ["新名称"]
    before = await service.facts_of(session, [USCC], date(2026, 3, 10), now)
    assert [f.values["name"] for f in before[USCC]] != ["新名称"]
    assert (await service.facts_of(session, [USCC], date(2018, 1, 1), later))[USCC] == []


async def test_a_penalty_is_shown_until_its_day(session, now):
    row = {"uscc": USCC, "document_no": "1", "authority": "局", "amount": "1,000", "decided_on": "20250102", "shown_until": "2026-03-12"}
    batch = await deliver(session, now, items.PENALTIES, row)
    assert batch.accepted == 1
    assert len((await service.facts_of(session, [USCC], date(2026, 3, 12), now + timedelta(days=2)))[USCC]) == 1
    assert (await service.facts_of(session, [USCC], date(2026, 3, 13), now + timedelta(days=3)))[USCC] == []


async def test_counterparty_shares_per_year(session, now):
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices())
    series = await service.series(session, [USCC], date(2026, 3, 1), now)
    assert series.yearly["customer_top1_share"][0].tolist() == pytest.approx([0.1, 0.1])
    assert series.yearly["customer_top5_share"][0].tolist() == pytest.approx([0.5, 0.5])
    assert series.yearly["customer_kept_share"][0, -1] == pytest.approx(1.0)
    found = await service.counterparties(session, USCC, date(2026, 3, 1), now)
    assert {c.year for c in found} == {2023, 2024, 2025}
    assert sum(c.direction == "output" and c.year == 2025 for c in found) == 5


async def test_unreadable_and_unknown_input_is_a_clear_problem(session, now):
    with pytest.raises(Invalid, match=r"tax\.vat_invoices"):
        service.item_named("tax.unknown")
    with pytest.raises(Invalid, match="cannot be parsed"):
        await service.receive(session, Delivery(items.VAT_INVOICES, "x.parquet", b"nonsense"), now)
    with pytest.raises(Invalid, match="lacks columns"):
        await service.receive(session, Delivery(items.VAT_INVOICES, "x.csv", b"uscc,direction\n1,input\n"), now)
    with pytest.raises(Invalid, match="not supported"):
        list(frames("x.doc", b""))
    assert await service.batches(session) == []


async def test_gb18030_and_an_empty_file(session, now):
    header = "统一社会信用代码,企业名称\n"
    content = (header + f"{USCC},湖州公司\n").encode("gb18030")
    assert (await service.receive(session, Delivery(items.REGISTRATION, "gb.csv", content), now)).accepted == 1
    empty = await service.receive(session, Delivery(items.REGISTRATION, "empty.csv", header.encode()), now)
    assert (empty.delivered, empty.accepted, empty.quarantined) == (0, 0, 0)


async def test_deliveries_are_for_the_operator_only(client, session, now):
    from greenbridge.accounts.values import Role
    from tests.builders import an_actor, token

    batch = await deliver(session, datetime(2026, 3, 10, tzinfo=UTC), items.VAT_INVOICES, an_invoice(status="lost"))
    for role in Role:
        await an_actor(session, now, role, login=role.value)
    await session.commit()
    for role in Role:
        mine = await token(client, role.value)
        answer = await client.get("/api/v1/deliveries", headers=mine)
        assert answer.status_code == (200 if role is Role.OPERATOR else 403)
    answer = await client.get(f"/api/v1/deliveries/{batch.id}/quarantine", headers=await token(client, "operator"))
    assert answer.json()[0]["reason"] == "bad_choice"
    operator = await token(client, "operator")
    row = (await client.get(f"/api/v1/deliveries/{batch.id}/rows/0", headers=operator)).json()
    assert row == an_invoice(status="lost")
    assert (await client.get(f"/api/v1/deliveries/{batch.id}/rows/1", headers=operator)).status_code == 404


async def test_a_corrected_day_supersedes_also_for_earlier_reads(session, now):
    case = {"uscc": USCC, "case_no": "1", "role": "被告"}
    await deliver(session, now, items.JUDGMENTS, {**case, "decided_on": "2025-01-01"})
    await deliver(session, now + timedelta(hours=1), items.JUDGMENTS, {**case, "decided_on": "2025-06-01"})
    later = now + timedelta(hours=2)
    assert (await service.facts_of(session, [USCC], date(2025, 3, 1), later))[USCC] == []
    assert len((await service.facts_of(session, [USCC], date(2025, 3, 1), now))[USCC]) == 1


async def test_a_delivery_that_waited_does_not_lose_what_was_recorded_meanwhile(session, now):
    last = an_invoice(invoice_no="9", issue_date="2026-02-28")
    await deliver(session, now + timedelta(seconds=2), items.VAT_INVOICES, an_invoice(), last)
    await deliver(session, now + timedelta(seconds=1), items.VAT_INVOICES, an_invoice(invoice_no="2"))
    series = await service.series(session, [USCC], date(2026, 3, 1), now + timedelta(minutes=1))
    assert series.monthly["sales_net"][0, -2] == 20_000


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"invoice_no": "1\x00"}, "bad_text"),
        ({"amount_net": "1e30"}, "bad_number"),
        ({"amount_net": float("inf")}, "bad_number"),
        ({"issue_date": ["2026-01-15"]}, "bad_date"),
        ({"issue_date": {"y": 2026}}, "bad_date"),
        ({"status": 5}, "bad_choice"),
        ({"uscc": None}, "missing_field"),
    ],
)
async def test_one_odd_row_never_stops_the_good_ones(session, now, odd, reason):
    batch = await deliver(session, now, items.VAT_INVOICES, an_invoice(), an_invoice(**{"invoice_no": "2", **odd}))
    assert (batch.accepted, batch.reasons) == (1, {reason: 1})


async def test_lines_that_are_no_records_go_to_quarantine(session, now):
    import json

    lines = [json.dumps(an_invoice(counterparty_id="a\u2028b"), ensure_ascii=False), "5", "null", "{broken"]
    batch = await service.receive(session, Delivery(items.VAT_INVOICES, "x.jsonl", "\n".join(lines).encode()), now)
    assert (batch.delivered, batch.accepted, batch.reasons) == (4, 1, {"missing_field": 3})
    assert [raw["line"] for _, _, raw in await service.quarantined(session, batch.id)] == ["5", "null", "{broken"]


async def test_codes_in_another_spelling_are_found_again_and_columns_do_not_slip(session, now):
    spelled = f" {USCC[:8].lower()}-{USCC[8:].lower()} "
    content = f"uscc,name\n{spelled},湖州公司,\n".encode()
    assert (await service.receive(session, Delivery(items.REGISTRATION, "x.csv", content), now)).accepted == 1
    assert (await service.facts_of(session, [USCC], date(2026, 3, 10), now))[USCC][0].values["name"] == "湖州公司"
    extra = f"uscc,name\n{USCC},湖州,公司\n{USCC},好\n\n".encode()
    batch = await service.receive(session, Delivery(items.REGISTRATION, "z.csv", extra), now)
    assert (batch.delivered, batch.accepted, batch.reasons) == (2, 1, {"missing_field": 1})
    assert (await service.quarantined(session, batch.id))[0][2]["line"] == f"{USCC},湖州,公司"
    with pytest.raises(Invalid, match="come twice"):
        twice = f"统一社会信用代码,uscc,name\n{USCC},{USCC},a\n".encode()
        await service.receive(session, Delivery(items.REGISTRATION, "y.csv", twice), now)


def test_times_of_the_business_day_are_not_later_than_it():
    import pandas as pd

    from greenbridge.facts.rules import cells as cleaning

    read = cleaning.clean_dates(pd.Series(["2026-03-10 09:00:00"]))
    assert read[0] == pd.Timestamp(2026, 3, 10)
    aware = cleaning.clean_dates(pd.Series(pd.to_datetime(["2026-03-09T17:00:00Z"])))
    assert aware[0] == pd.Timestamp(2026, 3, 10)
    assert cleaning.to_fen(pd.Series([0.285, 1.005, -0.285])).tolist() == [29, 101, -29]


def a_sheet(*rows):
    """A spreadsheet as Excel writes it: inline texts, numbers, and a day as a styled number of days."""
    import io
    import zipfile

    def cell(place, value):
        if isinstance(value, str):
            return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
        style = ' s="1"' if isinstance(value, float) else ""
        return f'<c r="{place}"{style}><v>{value:g}</v></c>'

    lines = "".join(
        f'<row r="{n}">' + "".join(cell(f"{'ABCDEF'[c]}{n}", v) for c, v in enumerate(row)) + "</row>" for n, row in enumerate(rows, 1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{office}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>',
    }
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return sink.getvalue()


async def test_a_spreadsheet_with_texts_numbers_and_days(session, now):
    header = ("统一社会信用代码", "决定书文号", "处罚机关", "处罚日期", "罚款金额")
    content = a_sheet(
        header, (USCC, "1", "局", 45790.0, 1200), (USCC, "2", "局", "二〇二五年五月十三日", "0.5万元"), (USCC, "3", "", 45790.0, 1)
    )
    batch = await service.receive(session, Delivery(items.PENALTIES, "x.xlsx", content), now)
    assert (batch.delivered, batch.accepted, batch.reasons) == (3, 2, {"missing_field": 1})
    found = (await service.facts_of(session, [USCC], date(2026, 3, 1), now))[USCC]
    assert {(f.values["decided_on"], f.values["amount_fen"]) for f in found} == {("2025-05-13", 120_000), ("2025-05-13", 500_000)}
    with pytest.raises(Invalid, match="cannot be parsed"):
        await service.receive(session, Delivery(items.PENALTIES, "y.xlsx", b"no spreadsheet"), now)
