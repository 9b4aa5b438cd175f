"""The pages on departments' data: who may see them, the filter, a file by hand, a firm in doubt, the measures."""

import json
import re
from datetime import date, timedelta

import pytest

from greenbridge.accounts.values import Role
from greenbridge.facts import service
from greenbridge.facts.pages import deliveries, quality
from greenbridge.facts.pages.columns import ordered
from greenbridge.facts.rules import items
from greenbridge.facts.values import Quality
from greenbridge.kit.codes import generated_uscc
from tests.builders import NAME, a_registration, deliver
from tests.test_pages import Visitor, signed_in

HERE, THERE, ELSEWHERE = generated_uscc(1, "330502"), generated_uscc(2, "330503"), generated_uscc(3, "330521")
OPERATOR_PAGES = ("/operator/quality", "/operator/doubts", "/operator/deliveries")
PENALTY = {"firm_name": NAME, "document_no": "湖处〔2026〕1 号", "authority": "市场监管局", "decided_on": "2026-01-05"}


@pytest.fixture
def visitor(client):
    return Visitor(client)


@pytest.fixture
async def operator(visitor, session, now):
    await signed_in(visitor, session, now, Role.OPERATOR, login="operator")
    return visitor


async def upload(visitor, name, content, **fields):
    token = re.search(r'name="_csrf_token" value="([^"]+)"', await visitor.get("/operator/deliveries"))[1]
    return await visitor.client.post("/operator/deliveries", data={"_csrf_token": token, **fields}, files={"file": (name, content)})


async def a_doubt(session, now):
    """Two firms of one name in two counties, and a penalty that only gives the name."""
    await deliver(session, now, items.REGISTRATION, a_registration(uscc=HERE), a_registration(uscc=THERE, reg_region_code="330503"))
    batch = await deliver(session, now, items.PENALTIES, PENALTY)
    assert batch.reasons == {"doubtful_identity": 1}
    await session.commit()
    return batch


async def test_the_catalogue_is_open_and_the_rest_is_the_operators(visitor, session, now):
    text = await visitor.get("/catalogue")
    assert text.count('<section id="') == len(service.catalogue().categories)
    assert text.count('<article class="card item"') == len(service.catalogue().items)
    assert "行政处罚法 第四十八条" in text
    assert "3 中敏" in text
    assert 'href="/catalogue"' in await visitor.get("/")
    for role in Role:
        await signed_in(visitor, session, now, role, login=role.value)
        await visitor.get("/catalogue")
        for path in OPERATOR_PAGES:
            await visitor.get(path, status=200 if role is Role.OPERATOR else 403)
        visitor.client.cookies.clear()
    answer = await visitor.client.get("/operator/quality")
    assert answer.headers["location"] == "/sign-in?next=/operator/quality"


async def test_the_catalogue_is_filtered_by_word_and_department(visitor):
    text = await visitor.get("/catalogue?q=决定书文号")
    assert 'id="penalties.administrative"' in text
    assert "<details open>" in text
    assert '<tr class="hit"><td><code>document_no</code>' in text
    assert 'id="tax.vat_invoices"' not in text
    text = await visitor.get("/catalogue?department=tax")
    assert 'id="tax.vat_invoices"' in text
    assert 'id="penalties.administrative"' not in text
    assert '<option value="tax" selected>' in text
    text = await visitor.get("/catalogue?q=%3Cscript%3E")
    assert "没有符合条件的数据项" in text
    assert "<script>" not in text
    english = await visitor.get("/catalogue?lang=en&q=ADMINISTRATIVE+pen")
    assert "Administrative penalties" in english
    assert "Decided on” is not later than “Shown until" in english


async def test_a_file_by_hand_and_what_became_of_it(operator, session):
    rows = [a_registration(), a_registration(uscc="91330502MA00000000"), a_registration(uscc=THERE, established="何时")]
    content = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    done = await upload(operator, "登记.jsonl", content, item=items.REGISTRATION, stated_at="2026-03-09T18:00")
    assert done.status_code == 303, done.text
    text = await operator.get(done.headers["location"])
    for word in ("已收到并处理", "登记.jsonl", "2026-03-09 18:00", "统一社会信用代码有误", "日期无法识别", "何时"):
        assert word in text
    (batch,) = await service.batches(session)
    assert (batch.delivered, batch.accepted, batch.quarantined) == (3, 1, 2)
    assert "已收到过" in await operator.get(
        (await upload(operator, "登记.jsonl", content, item=items.REGISTRATION, stated_at="2026-03-09T18:00")).headers["location"]
    )
    assert "登记.jsonl" in await operator.get("/operator")
    assert "登记.jsonl" in await operator.get(f"/operator/deliveries?item={items.REGISTRATION}")
    assert "登记.jsonl" not in await operator.get(f"/operator/deliveries?item={items.PENALTIES}")
    await operator.get("/operator/deliveries/00000000-0000-0000-0000-000000000000", status=404)


@pytest.mark.parametrize(
    ("name", "content", "fields", "field", "says"),
    [
        ("x.csv", b"uscc,name\n", {"item": "no.such"}, "item", "请选择数据项"),
        ("", b"", {"item": items.REGISTRATION}, "file", "请选择文件"),
        ("x.doc", b"x", {"item": items.REGISTRATION}, "file", "不支持"),
        ("x.parquet", b"nonsense", {"item": items.REGISTRATION}, "file", "无法解析"),
        ("x.csv", b"a,b\n1,2\n", {"item": items.REGISTRATION}, "file", "缺少列"),
        ("x.csv", b"uscc,name\n", {"item": items.REGISTRATION, "stated_at": "2026-03-11T09:00"}, "stated_at", "不能晚于现在"),
        ("x.csv", b"uscc,name\n", {"item": items.REGISTRATION, "stated_at": "soon"}, "stated_at", "无法识别"),
    ],
)
async def test_a_wrong_upload_says_so_beside_its_field_and_keeps_what_was_typed(operator, session, name, content, fields, field, says):
    answer = await upload(operator, name, content, **fields)
    assert answer.status_code == 422
    assert says in re.search(rf'id="{field}-wrong">([^<]*)', answer.text)[1]
    if fields["item"] == items.REGISTRATION:
        assert f'<option value="{items.REGISTRATION}" selected>' in answer.text
    assert await service.batches(session) == []


async def test_a_file_over_the_limit_is_refused_beside_its_field(operator, session):
    answer = await upload(operator, "big.csv", b"x" * (deliveries.MAX_UPLOAD_BYTES + 1), item=items.REGISTRATION)
    assert answer.status_code == 303
    text = await operator.get(answer.headers["location"], status=413)
    assert "文件超过 10 MB" in re.search(r'id="file-wrong">([^<]*)', text)[1]
    assert await service.batches(session) == []
    operator.client.cookies.clear()
    big = {"file": ("big.csv", b"x" * (deliveries.MAX_UPLOAD_BYTES + 1))}
    assert (await operator.client.post("/operator/deliveries", files=big, follow_redirects=True)).url.path == "/sign-in"


def test_columns_of_a_row_stand_in_the_items_order():
    item = service.item_named(items.PENALTIES)
    assert ordered(item, ("odd", "处罚日期", "document_no", "单位名称", "odd")) == ["单位名称", "document_no", "处罚日期", "odd"]


async def test_a_firm_in_doubt_is_decided_and_its_row_taken_in(operator, session, now):
    batch = await a_doubt(session, now)
    text = await operator.get("/operator/doubts")
    for word in (NAME, HERE, THERE, "吴兴区", "南浔区", "湖处〔2026〕1 号", "50.0 %"):
        assert word in text
    assert "1</b><span>行等待身份确认" in await operator.get("/operator")
    action = f"/operator/doubts/{batch.id}/0"
    none = await operator.post("/operator/doubts", action)
    assert none.status_code == 422
    assert 'id="choice-wrong"' in none.text
    wrong = await operator.post("/operator/doubts", action, choice="other", uscc=HERE[:-1] + "?")
    assert wrong.status_code == 422
    assert 'id="uscc-wrong"' in wrong.text
    assert f'value="{HERE[:-1]}?"' in wrong.text
    assert 'id="uscc-wrong"' in (await operator.post("/operator/doubts", action, choice="other", uscc=" ")).text
    done = await operator.post("/operator/doubts", action, choice=THERE)
    assert done.headers["location"] == "/operator/doubts?done=taken"
    text = await operator.get(done.headers["location"])
    assert "该行已入库" in text
    assert "没有等待确认的行" in text
    known = await service.facts_of(session, [HERE, THERE], date(2026, 3, 10), now + timedelta(days=1), [items.PENALTIES])
    assert [len(known[code]) for code in (HERE, THERE)] == [0, 1]
    again = await operator.post("/operator/doubts", action, choice=HERE)
    assert again.status_code == 404
    assert "没有待确认的这一行" in again.text


@pytest.mark.parametrize(("choice", "known", "done"), [("none", False, "none"), ("other", False, "taken"), ("other", True, "aside")])
async def test_none_of_them_another_code_and_a_record_that_is_known_already(operator, session, now, choice, known, done):
    if known:
        await deliver(session, now, items.PENALTIES, {**PENALTY, "uscc": ELSEWHERE})
    batch = await a_doubt(session, now)
    answer = await operator.post("/operator/doubts", f"/operator/doubts/{batch.id}/0", choice=choice, uscc=ELSEWHERE)
    assert answer.headers["location"] == f"/operator/doubts?done={done}"
    assert 'class="notice done"' in await operator.get(answer.headers["location"])
    assert (await service.batch(session, batch.id)).accepted == (done == "taken")


async def test_the_measures_with_thresholds_and_what_is_unknown(operator, session, now):
    await deliver(session, now, items.REGISTRATION, a_registration(), *[a_registration(uscc=f"bad{n}") for n in range(4)])
    await service.measure(session, now)
    await session.commit()
    text = await operator.get("/operator/quality")
    for word in ("▼ 20.00 %", "低于 95 %", "市场监督管理局", "首次交付为建账", "<svg class", "2026-03-10"):
        assert word in text
    assert "合计" not in text
    assert "! 2" in await operator.get("/operator")
    english = await operator.get("/operator/quality?lang=en")
    assert "Compliance" in english


def test_a_departments_total_is_weighted_by_rows():
    def measured(item, delivered, compliance):
        return Quality(item, date(2026, 3, 10), delivered, 0.5, compliance, None, None, None, compliance)

    trends = {
        items.PENALTIES: [measured(items.PENALTIES, 300, 1.0)],
        items.REGISTRATION: [measured(items.REGISTRATION, 1, 0.1), measured(items.REGISTRATION, 100, 0.9)],
        items.TAX_GRADE: [measured(items.TAX_GRADE, 0, None)],
    }
    regulator, tax = quality.by_department(trends)
    assert [row.item.code for row in regulator.items] == [items.REGISTRATION, items.PENALTIES]
    assert regulator.delivered == 400
    assert regulator.total["compliance"] == pytest.approx(0.975)
    assert regulator.total["timeliness"] is None
    assert tax.total["compliance"] is None
    assert regulator.items[0].points == [(0, 0.1), (0, 0.9)]
