from datetime import UTC, date, datetime

import pytest

from greenbridge.audit import service as audit
from greenbridge.kit import codes
from greenbridge.kit.errors import Problem
from greenbridge.reference import gateway, service
from greenbridge.reference.values import Kind, Tenor

HISTORY = "code,name,first_revision,last_revision,level\n330621,绍兴县,198312,201112,3\n330603,柯桥区,201312,201904,3\n"


@pytest.fixture
def imported(session, now, tmp_path):
    async def take(kind, text, *, at=now, encoding="utf-8", **more):
        path = tmp_path / "list.csv"
        path.write_text(text, encoding=encoding)
        return await service.import_sheet(session, kind, gateway.read_sheet(path), at, **more)

    return take


async def test_the_newest_quote_of_the_day_counts_and_later_ones_are_not_known(session):
    quote = await service.lpr(session, date(2026, 3, 10), Tenor.ONE_YEAR)
    assert (quote.on, quote.annual_rate_bp) == (date(2026, 2, 24), 300)
    assert (await service.lpr(session, date(2019, 8, 20), Tenor.FIVE_YEARS)).annual_rate_bp == 485
    assert await service.lpr(session, date(2019, 8, 19), Tenor.ONE_YEAR) is None


async def test_an_imported_quote_takes_the_place_of_the_shipped_one(session, imported):
    await imported(Kind.LPR, "quote_date,lpr_1y_pct,lpr_5y_pct\n2026-02-24,2.90,3.40\n2026-03-09,2.80,3.30\n")
    assert (await service.lpr(session, date(2026, 3, 8), Tenor.ONE_YEAR)).annual_rate_bp == 290
    assert (await service.lpr(session, date(2026, 3, 10), Tenor.ONE_YEAR)).annual_rate_bp == 280


async def test_industries_ship_to_two_digits_and_grow_by_import(session, imported):
    on = date(2026, 3, 10)
    assert (await service.industry(session, "17", on)).name == "纺织业"
    assert await service.industry(session, "171", on) is None
    assert await service.industry(session, "17", date(2017, 9, 30)) is None
    done = await imported(
        Kind.INDUSTRIES, "code,name,level,parent,section\n17,纺织业,2,C,C\n171,棉纺织及印染精加工,3,17,C\n", encoding="gb18030"
    )
    assert (done.delivered, done.accepted, done.added) == (2, 2, 2)
    found = await service.industry(session, "171", date(2018, 1, 1))
    assert (found.name, found.parent) == ("棉纺织及印染精加工", "17")
    assert (await service.industry(session, "17", on)).extra["en"] == "Manufacture of textiles"


async def test_the_same_file_again_changes_nothing_and_a_month_later_too(session, now, imported):
    text = "cnaps_no,bank_name\n102100099996,中国工商银行\n103100000026,\n"
    first = await imported(Kind.BANKS, text)
    assert (first.delivered, first.accepted, [(r.line, r.reason) for r in first.refusals]) == (2, 1, [(3, "missing_name")])
    assert not first.repeated
    for at in (now, datetime(2026, 4, 10, tzinfo=UTC)):
        again = await imported(Kind.BANKS, text, at=at)
        assert (again.repeated, again.unchanged, again.delivered) == (True, 1, 2)
    assert (await service.bank(session, "102100099996")).name == "中国工商银行"
    assert await service.bank(session, "103100000026") is None
    assert (await service.bank(session, "102100099996", date(2026, 3, 10))).valid_from == date(2026, 3, 10)
    renamed = await imported(Kind.BANKS, "cnaps_no,bank_name\n102100099996,工商银行\n", at=datetime(2026, 5, 10, tzinfo=UTC))
    assert renamed.added == 1
    assert (await service.bank(session, "102100099996", date(2026, 4, 1))).name == "中国工商银行"
    assert (await service.bank(session, "102100099996", date(2026, 6, 1))).name == "工商银行"


async def test_a_region_is_answered_from_the_imported_history_first(session, imported):
    on = date(2026, 3, 10)
    assert (await service.region(session, "330621", on)).last_revision == "201312"  # package gb2260
    await imported(Kind.REGIONS, HISTORY)
    old = await service.region(session, "330621", on)
    assert (old.name, old.last_revision) == ("绍兴县", "201112")
    assert "2011-12" in old.note.zh
    assert (await service.region(session, "330603", on)).note is None
    assert (await service.region(session, "330502", on)).name == "吴兴区"
    assert await service.region(session, "999999", on) is None
    assert (await service.region_of_code(session, codes.generated_uscc(1, "330621"), on)).name == "绍兴县"


async def test_a_list_of_today_adds_only_what_the_history_lacks(session, imported):
    await imported(Kind.REGIONS, HISTORY)
    done = await imported(Kind.REGIONS, "code,name,city_code,province_code\n330603,柯桥区,3306,33\n330113,临平区,3301,33\n")
    assert (done.added, done.unchanged) == (1, 1)
    assert (await service.region(session, "330113", date(2026, 3, 10))).name == "临平区"
    assert (await service.region(session, "330113", date(2022, 1, 1))).first_revision == "202603"  # no earlier day is known
    await imported(Kind.REGIONS, "code,name\n330603,柯桥新区\n", valid_from=date(2027, 1, 1))
    assert (await service.region(session, "330603", date(2026, 12, 31))).name == "柯桥区"
    assert (await service.region(session, "330603", date(2027, 1, 1))).name == "柯桥新区"


async def test_holdings_and_entries_say_what_there_is(session, imported):
    await imported(Kind.GREEN_CATALOGUE, "level2,level3_code,level3_name\n1.1高效节能装备制造,1.1.1,节能锅炉制造\n")
    held = {h.kind: h for h in await service.holdings(session)}
    assert (held[Kind.GREEN_CATALOGUE].shipped, held[Kind.GREEN_CATALOGUE].imported) == (36, 1)
    assert held[Kind.REGIONS].oldest is None
    found = {e.code: e for e in await service.entries(session, Kind.GREEN_CATALOGUE, date(2026, 3, 10))}
    assert len(found) == 37
    assert found["1.1.1"].parent == "1.1"
    assert (await service.green_item(session, "1.1", date(2026, 3, 10))).name == "高效节能装备制造"


async def test_an_import_is_recorded_once(session, imported):
    await imported(Kind.REGIONS, HISTORY)
    await imported(Kind.REGIONS, HISTORY)
    events = [e for e, _ in await service_events(session) if e.action == "reference.imported"]
    assert [(e.subject, e.detail["added"]) for e in events] == [("reference:regions", 2)]
    assert await audit.first_broken(session) is None


async def service_events(session):
    from greenbridge.audit import store

    return await store.events(session)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty-file"),
        (b"\x00\x01", "no-csv"),
        (b"\xff\xff\xff", "no-csv"),
        (b'code,name\n"33,a\n', "no-csv"),
        (b"code\n33\n", "missing-columns"),
    ],
)
async def test_what_is_no_list_is_refused_in_one_sentence(session, now, tmp_path, content, problem):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(Problem) as caught:
        await service.import_sheet(session, Kind.REGIONS, gateway.read_sheet(path), now)
    assert caught.value.code == problem


def test_lines_are_counted_as_an_editor_does(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes('\ufeffcode,name\r\n33,"浙\r\n江"\r\n\r\n3305, 湖州市 \r\n'.encode())
    sheet = gateway.read_sheet(path)
    assert sheet.columns == ("code", "name")
    assert [(line.number, line.cells) for line in sheet.lines] == [(2, ("33", "浙\r\n江")), (5, ("3305", "湖州市"))]
