"""Screening: sorting rows, lists and grades, who may, what is written down."""

import csv
import io
import re
import zipfile
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from greenbridge.accounts.values import Role
from greenbridge.consents import service as consents
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.kit.codes import generated_uscc
from greenbridge.kit.errors import Forbidden, Invalid, NotFound
from greenbridge.schemes import gateway, service
from greenbridge.schemes.gateway import lists
from greenbridge.schemes.rules import screening
from greenbridge.schemes.rules.rating import rate
from greenbridge.schemes.rules.screening import Candidate
from greenbridge.schemes.values import Known
from tests.builders import NAME, PASSWORD, a_registration, a_verified_firm, an_actor, deliver, token

BOOK = service.book()
A, B, C, D, E, F = (generated_uscc(n, "330502") for n in range(901, 907))


async def a_town(session, now):
    """A: on the dishonesty list; B: black; C: clear; D: removed from the abnormal list; E and F: of one name."""
    rows = [a_registration(uscc=code, name=f"{NAME}{label}") for code, label in zip((A, B, C, D, E, F), "甲乙丙丁戊戊", strict=True)]
    await deliver(session, now, items.REGISTRATION, *rows)
    await deliver(session, now, items.DISHONESTY, {"uscc": A, "case_no": "（2026）浙0502执1号", "listed_on": "2026-01-05"})
    entry = {"uscc": D, "reason": "未年报", "listed_on": "2025-01-01", "removed_on": "2025-06-01"}
    await deliver(session, now, items.ABNORMAL_LIST, entry)
    await deliver(session, now, "environment.credit", {"uscc": B, "year": 2025, "colour": "黑", "decided_on": "2026-01-02"})


async def test_a_list_is_answered_firm_by_firm_and_nothing_is_lost(session, now):
    await a_town(session, now)
    rows = [
        Candidate(n, code, name)
        for n, (code, name) in enumerate(
            [
                (A, ""),
                (f" {B[:9]}-{B[9:].lower()} ", f"{NAME}乙"),
                ("", f"{NAME}丙"),
                (D, ""),
                (A[:-1] + ("0" if A[-1] != "0" else "1"), "甲"),
                (generated_uscc(999, "330502"), ""),
                ("", "查无此名有限公司"),
                ("", f"{NAME}戊"),
                (A, ""),
                (C, "别人的名字有限公司"),
                (" ", " "),
            ],
            1,
        )
    ]
    found = await service.screen(session, None, BOOK, rows, now)
    assert [(s.uscc, [h.code for h in s.hits]) for s in found.screened] == [
        (A, [items.DISHONESTY]),
        (B, ["environment.credit"]),
        (C, []),
        (D, []),
    ]
    assert found.screened[0].hits[0].reference == "（2026）浙0502执1号"
    assert found.screened[0].hits[0].on == date(2026, 1, 5)
    assert [a.reason for a in found.set_aside] == [
        "bad_code", "no_data", "no_such_name", "ambiguous_name", "repeated_firm", "other_name", "missing_identity",
    ]  # fmt: skip
    assert found.rows == len(found.screened) + len(found.set_aside) == 11
    assert [t.zh for t in found.unchecked] == ["严重违法失信名单", "重大税收违法失信主体"]
    assert [row[3] for row in screening.table(found)] == ["命中", "命中", "未命中", "未命中", *["未筛查"] * 7]
    said = service.screening_json(found, service.reason_text)
    assert (said["screened"], said["found"], said["quarantined"]) == (4, 2, 7)


async def test_a_grade_accuses_nobody_of_what_is_unknown(session, now):
    await a_town(session, now)
    rows = [Candidate(1, A, ""), Candidate(2, C, "")]
    found = await service.screen(session, None, BOOK, rows, now, scheme="public-credit-zj-2020", below="C")
    bad, clear = found.screened
    assert [h.code for h in bad.hits] == [items.DISHONESTY, "scheme:public-credit-zj-2020"]
    assert "补齐后最高为较差，低于中等" in bad.hits[1].words.zh
    assert clear.hits == ()
    assert clear.grade == "not_rated"
    assert clear.possible_grade == "A"


async def test_what_cannot_be_asked_is_refused(session, now):
    rows = [Candidate(1, A, "")]
    with pytest.raises(NotFound):
        await service.screen(session, None, BOOK, rows, now, scheme="no-such")
    with pytest.raises(Invalid, match="No grade Z"):
        await service.screen(session, None, BOOK, rows, now, scheme="tax-credit", below="Z")
    with pytest.raises(Invalid, match="needs its scheme"):
        await service.screen(session, None, BOOK, rows, now, below="A")
    with pytest.raises(Invalid, match="ahead"):
        await service.screen(session, None, BOOK, rows, now, as_of=date(2030, 1, 1))


async def test_firms_are_not_screened_by_a_scheme_of_projects(session, now, client):
    with pytest.raises(Invalid, match="rates a project") as refused:
        await service.screen(session, None, BOOK, [Candidate(1, A, "")], now, scheme="green-project")
    assert [field.field for field in refused.value.fields] == ["scheme"]
    assert [one.scheme.code for one in BOOK.loaded if not one.scheme.of_firms] == ["green-project"]
    await an_actor(session, now, Role.OPERATOR, "greenbridge", "op-3")
    await session.commit()
    body = {"firms": [{"uscc": A}], "scheme": "green-project"}
    wrong = await client.post("/api/v1/screenings", json=body, headers=await token(client, "op-3"))
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "scheme")
    await client.post("/sign-in", data={**await hidden(client, "/sign-in"), "login": "op-3", "password": PASSWORD})
    page = (await client.get("/operator/screening")).text
    assert 'value="tax-credit B"' in page
    assert 'value="green-project' not in page
    form = {**await hidden(client, "/operator/screening"), "grade": "green-project A", "rows": f"uscc,name\n{A},\n"}
    refused = await client.post("/operator/screening", data=form)
    assert (refused.status_code, "评定的是项目" in refused.text) == (422, True)


async def test_names_are_shown_as_they_are_registered(session, now):
    written = "绿桥（０１３）ＡＢ科技 有限公司"
    await deliver(session, now, items.REGISTRATION, a_registration(uscc=A, name=written))
    known = (await service.screen(session, None, BOOK, [Candidate(1, A, "")], now)).screened[0]
    typed = (await service.screen(session, None, BOOK, [Candidate(1, A, "绿桥(013)ab科技有限公司")], now)).screened[0]
    facts_ = await facts.facts_of(session, [A], now.date(), now, (items.REGISTRATION,))
    registered = facts_[A][0].values["name"]
    assert "（" in registered
    assert known.name == typed.name == registered


async def test_departments_read_public_lists_and_no_grades(session, now):
    department = await an_actor(session, now, Role.DEPARTMENT, "court")
    await a_town(session, now)
    rows = [Candidate(1, A, "")]
    (told,) = (await service.screen(session, department, BOOK, rows, now)).screened
    assert (told.name, [hit.code for hit in told.hits]) == ("", [items.DISHONESTY])
    (known,) = (await service.screen(session, None, BOOK, rows, now)).screened
    assert known.name == f"{NAME}甲"
    with pytest.raises(Forbidden):
        await service.screen(session, department, BOOK, rows, now, scheme="tax-credit")
    for role in (Role.OFFICER, Role.BANK_ADMINISTRATOR, Role.ENTERPRISE):
        with pytest.raises(Forbidden):
            await service.screen(session, await an_actor(session, now, role), BOOK, rows, now)


async def test_a_grade_is_written_into_the_ledger_and_each_screening_into_the_audit(session, now):
    _, firm = await a_verified_firm(session, now)
    operator = await an_actor(session, now, Role.OPERATOR, "greenbridge")
    rows = [Candidate(1, firm.uscc, "")]
    await service.screen(session, operator, BOOK, rows, now)
    assert await consents.reads_of(session, firm.id) == []
    await service.screen(session, operator, BOOK, rows, now, scheme="tax-credit", below="B")
    (read,) = await consents.reads_of(session, firm.id)
    assert "tax.arrears.amount" in read.fields
    assert not [f for f in read.fields if f.startswith("utilities.")]
    assert read.login == operator.login
    found = await session.execute(text("select count(*) from audit_event where action = 'screening.made'"))
    assert found.scalar_one() == 2


async def test_rating_a_firm_reads_facts_and_says_so_in_its_ledger(session, now):
    _, firm = await a_verified_firm(session, now)
    await deliver(session, now, items.TAX_GRADE, {"uscc": firm.uscc, "year": 2024, "grade": "A", "published_on": "2025-04-25"})
    await deliver(
        session,
        now,
        items.PENALTIES,
        {"uscc": generated_uscc(77, "330502"), "document_no": "1", "authority": "局", "decided_on": "2025-01-01"},
    )
    scheme = BOOK.find("green-enterprise", now.date())
    extra = {"green_revenue_share": service.pledged("green_revenue_share", "0.6", now.date())}
    rated = await service.rate_enterprise(session, BOOK, scheme, firm, now.date(), now, extra=extra, business_class="trade")
    points = {line.indicator.code: line.points for line in rated.indicators}
    assert (points["G01"], points["G17"], points["G21"], points["G15"]) == (14, 6, 5, None)
    assert rated.indicators[0].evidence[0].pledged
    assert not rated.indicators[20].evidence[0].pledged
    assert rated.indicators[20].evidence[0].on == date(2025, 4, 25)
    assert rated.grade == "not_rated"
    assert len(await consents.reads_of(session, firm.id)) == 1
    with pytest.raises(Invalid, match="No class"):
        await service.rate_enterprise(session, BOOK, scheme, firm, now.date(), now, business_class="mining")


@given(st.lists(st.tuples(st.sampled_from(["", A, B, C, "x", "9133"]), st.sampled_from(["", "甲", "乙", "丙"])), max_size=30))
def test_every_row_is_screened_or_set_aside_once(given_rows):
    rows = [Candidate(n, code, name) for n, (code, name) in enumerate(given_rows, 1)]
    found = screening.sort(rows, {"甲": [A], "乙": [B, C]}, {A: ["甲"], B: ["乙"]})
    places = [row.row_no for row, _ in found.meant] + [aside.candidate.row_no for aside in found.set_aside]
    assert sorted(places) == [row.row_no for row in rows]
    codes = [code for _, code in found.meant]
    assert len(codes) == len(set(codes))
    assert all(screening.words(aside.reason).zh != aside.reason for aside in found.set_aside)


def test_a_grade_hit_needs_certainty():
    scheme = BOOK.find("tax-credit", date(2026, 1, 1))
    sure = rate(scheme, {n: Known(v) for n, v in scheme.cases[8].inputs.items()})
    assert screening.grade_hit(sure, "C")
    assert screening.grade_hit(sure, "D") == ()
    assert "一票否决" not in screening.grade_hit(sure, "C")[0].words.zh
    held = rate(scheme, {**{n: Known(v) for n, v in scheme.cases[8].inputs.items()}, "tax_major_listed": Known(value=True)})
    (hit,) = screening.grade_hit(held, "C")
    assert hit.words.zh.endswith("，低于C 级；一票否决：重大税收违法失信主体")
    assert hit.words.en.endswith(", below C; veto: Major tax illegality")
    less = {n: Known(v) for n, v in scheme.cases[8].inputs.items() if n != "vat_declared_months_12"}
    unsure = rate(scheme, less)
    assert (unsure.grade, unsure.possible_grade) == ("D", "C")
    assert screening.grade_hit(unsure, "C") == ()
    assert screening.grade_hit(unsure, "B")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".jsonl", ".parquet"])
def test_lists_of_every_format(suffix: str, tmp_path: Path):
    path = tmp_path / f"list{suffix}"
    frame = pd.DataFrame({"序号": [1, 2], " 统一社会信用代码 ": [A, None], "企业名称": ["甲", "乙"]})
    if suffix == ".xlsx":
        _xlsx(path, [[str(c) for c in frame.columns], ["1", A, "甲"], ["2", "", "乙"]])
    else:
        {".csv": lambda: frame.to_csv(path, index=False), ".parquet": lambda: frame.to_parquet(path),
         ".jsonl": lambda: frame.to_json(path, orient="records", lines=True, force_ascii=False)}[suffix]()  # fmt: skip
    assert lists.read(path.name, path) == [Candidate(1, A, "甲"), Candidate(2, "", "乙")]


def _xlsx(path: Path, rows: list[list[str]]) -> None:
    """Write the least that a spreadsheet program would: inline strings in one sheet."""
    cells = "".join("<row>" + "".join(f'<c t="inlineStr"><is><t>{escape(v)}</t></is></c>' for v in row) + "</row>" for row in rows)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{content}')


def test_a_file_without_a_column_that_counts_is_refused():
    with pytest.raises(Invalid, match="it has: 电话、地址"):
        lists.read("list.csv", "电话,地址\n1,2\n".encode())
    with pytest.raises(Invalid, match=r"\.txt files are not supported"):
        lists.read("list.txt", b"x")


def test_cells_that_a_spreadsheet_would_run_are_quoted():
    assert screening._safe("=cmd()") == "'=cmd()"
    assert screening._safe(A) == A


# The API and the pages


async def hidden(client, path: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(_\w+)" value="([^"]*)"', (await client.get(path)).text))


async def test_schemes_over_the_api(client):
    listed = (await client.get("/api/v1/schemes")).json()
    assert [s["code"] for s in listed] == [one.scheme.code for one in gateway.shipped()]
    assert {s["status"] for s in listed} == {"reconstruction", "adapted"}
    one = (await client.get("/api/v1/schemes/green-enterprise")).json()
    assert len(one["indicators"]) == 24
    assert one["indicators"][0]["parts"][0]["curve"]["en"] == "≤ 5 % → 0, 30 % → 8, ≥ 50 % → 14; straight between"
    assert one["status_words"]["zh"].startswith("重构")
    missing = await client.get("/api/v1/schemes/none")
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:greenbridge:problem:no-scheme")
    assert (await client.get("/api/v1/schemes/tax-credit?as_of=2017-01-01")).status_code == 404


async def test_screening_over_the_api(client, session, now):
    await a_town(session, now)
    await an_actor(session, now, Role.OPERATOR, "greenbridge", "op-1")
    headers = await token(client, "op-1")
    firms = [{"uscc": A}, {"name": f"{NAME}丙"}, {"uscc": "bad"}]
    answer = await client.post("/api/v1/screenings", json={"firms": firms}, headers=headers)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert [f["hit"] for f in said["firms"]] == [True, False]
    assert said["firms"][0]["reasons"][0]["en"] == "dishonest judgment debtor"
    assert said["quarantine"][0]["reason"] == "bad_code"
    wrong = await client.post("/api/v1/screenings", json={"firms": firms, "scheme": "tax-credit", "below": "Z"}, headers=headers)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "below")
    assert (await client.post("/api/v1/screenings", json={"firms": []}, headers=headers)).status_code == 400


@pytest.mark.parametrize("scheme", [one.scheme for one in gateway.shipped()], ids=lambda s: s.code)
async def test_any_scheme_is_a_page_in_both_languages(client, scheme):
    for language in ("zh", "en"):
        for kind in scheme.classes:
            page = await client.get(f"/schemes/{scheme.code}?lang={language}&class={kind.code}")
            assert page.status_code == 200
            assert scheme.status_words.in_(language) in page.text.replace("&#39;", "'")
            for line in (*scheme.indicators, *scheme.bonus):
                assert f'<td class="code">{line.code}</td>' in page.text
    assert (await client.get("/schemes")).text.count('href="/schemes/') >= 8


async def test_a_page_of_schemes_takes_its_day_and_class_or_says_what_is_wrong(client):
    for path, said in (
        ("/schemes?as_of=x", "日期应写作 2026-03-01"),
        ("/schemes/tax-credit?as_of=2026-02-30", "日期应写作 2026-03-01"),
        ("/schemes/tax-credit?class=zzz", "没有企业类别 zzz；可用：enterprise"),
    ):
        wrong = await client.get(path)
        assert (wrong.status_code, said in wrong.text) == (422, True), path
    assert (await client.get("/schemes/tax-credit?as_of=2017-01-01")).status_code == 404
    earlier = (await client.get("/schemes?as_of=2019-01-01")).text
    assert 'href="/schemes/tax-credit?as_of=2019-01-01"' in earlier
    assert "/schemes/public-credit-zj-2020" not in earlier


def test_a_wrong_name_is_told_the_nearest():
    with pytest.raises(Invalid) as refused:
        service.pledged("carbon", "1", date(2026, 3, 1))
    (field,) = refused.value.fields
    assert field.message.zh == "没有名为 carbon 的输入；相近的有：carbon_efficiency_grade、carbon_neutral、carbon_per_value_change_3y。"
    with pytest.raises(Invalid, match="near to it: tax_grade"):
        service.pledged("tax_garde", "A", date(2026, 3, 1))
    with pytest.raises(Invalid, match="schemes show tells"):
        service.pledged("xqzw", "1", date(2026, 3, 1))


async def test_the_operator_screens_a_file_on_a_page_and_takes_the_table_along(client, session, now):
    await a_town(session, now)
    await an_actor(session, now, Role.OPERATOR, "greenbridge", "op-2")
    await session.commit()
    await client.post("/sign-in", data={**await hidden(client, "/sign-in"), "login": "op-2", "password": PASSWORD})
    form = {**await hidden(client, "/operator/screening"), "grade": "public-credit-zj-2020 C"}
    content = f"统一社会信用代码,企业名称\n{A},\n{C},\nbad,坏\n".encode()
    page = await client.post("/operator/screening", data=form, files={"file": ("list.csv", content)})
    assert page.status_code == 200, page.text
    assert "失信被执行人" in page.text
    assert "统一社会信用代码有误" in page.text
    rows = page.text.split('name="rows" hidden>')[1].split("</textarea>")[0]
    table = await client.post("/operator/screening", data={**form, "rows": rows, "want": "csv"})
    assert table.headers["content-disposition"] == 'attachment; filename="screening-2026-03-10.csv"'
    read = list(csv.reader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert [row[3] for row in read[1:]] == ["命中", "未命中", "未筛查"]
    empty = await client.post("/operator/screening", data=form)
    assert empty.status_code == 422
    assert 'id="file-wrong"' in empty.text
