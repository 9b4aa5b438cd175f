"""Which firm a row speaks of: by code, old number, name; a doubt waits for the operator."""

import pytest

from greenbridge.accounts.values import Role
from greenbridge.facts import service
from greenbridge.facts.rules import items
from greenbridge.facts.rules.identity import Candidate, normalise_name, resolve_name
from greenbridge.facts.values import Delivery
from greenbridge.kit.codes import generated_uscc, is_generated_uscc, is_uscc, province_of, region_of
from greenbridge.kit.errors import Forbidden, Invalid, NotFound
from tests.builders import NAME, USCC, a_registration, an_actor, deliver, token

OTHER = generated_uscc(2, "330521")
PENALTY = {"document_no": "1", "authority": "局", "decided_on": "2025-01-02", "amount": "100"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("湖州ＡＢＣ（集团）有限责任公司", "湖州abc集团有限公司"),
        ("湖州 绿源 有限公司", "湖州绿源有限公司"),
        ("湖州绿源【安吉】有限公司", "湖州绿源(安吉)有限公司"),
    ],
)
def test_spellings_of_one_name_are_one(one, other):
    assert normalise_name(one) == normalise_name(other)


def test_different_legal_forms_are_different_names():
    assert normalise_name("湖州绿源有限公司") != normalise_name("湖州绿源股份有限公司")


@pytest.mark.parametrize(
    ("region", "candidates", "sure", "confidence"),
    [
        ("330502", [Candidate(USCC, "湖州绿源有限公司", "330502")], True, 0.98),
        ("330503", [Candidate(USCC, "湖州绿源有限公司", "330502")], True, 0.95),
        (None, [Candidate(USCC, "湖州绿源有限公司", "330502")], False, 0.85),
        ("370100", [Candidate(USCC, "湖州绿源有限公司", "330502")], False, 0.6),
        ("330502", [Candidate(USCC, "湖州绿源股份有限公司", "330502")], False, 0.5),
        ("330502", [Candidate(USCC, "湖州绿源有限公司", "330502"), Candidate(OTHER, "湖州绿源有限公司", "330502")], False, 0.5),
        ("330502", [Candidate(USCC, "湖州绿源有限公司", "330502"), Candidate(OTHER, "湖州绿源有限公司", "330521")], True, 0.98),
        ("330502", [], False, 0.0),
    ],
)
def test_a_name_is_taken_only_without_doubt(region, candidates, sure, confidence):
    found = resolve_name("湖州绿源有限责任公司", region, candidates)
    assert (found.sure, found.confidence) == (sure, confidence)
    if sure:
        assert found.uscc == USCC


async def test_a_row_without_a_code_is_found_by_name_and_region(session, now):
    await deliver(session, now, items.REGISTRATION, a_registration())
    row = {"单位名称": NAME.replace("有限公司", "有限责任公司"), "单位区划": "330502", **PENALTY}
    batch = await deliver(session, now, items.PENALTIES, row)
    assert batch.accepted == 1
    assert len((await service.facts_of(session, [USCC], now.date(), now))[USCC]) == 2


async def test_an_old_fifteen_digit_number_maps_to_its_code(session, now):
    await deliver(session, now, items.REGISTRATION, a_registration(registration_no="330500000012345"))
    by_code_column = await deliver(session, now, items.PENALTIES, {"uscc": "330500000012345", **PENALTY})
    by_own_column = await deliver(session, now, items.PENALTIES, {"旧注册号": "330500000012345", **PENALTY, "document_no": "2"})
    unknown = await deliver(session, now, items.PENALTIES, {"uscc": "330500000099999", **PENALTY})
    assert (by_code_column.accepted, by_own_column.accepted) == (1, 1)
    assert unknown.reasons == {"bad_code": 1}


async def test_a_wrong_code_is_never_mended_by_the_name(session, now):
    await deliver(session, now, items.REGISTRATION, a_registration())
    wrong = USCC[:-1] + ("0" if USCC[-1] != "0" else "1")
    batch = await deliver(session, now, items.PENALTIES, {"uscc": wrong, "firm_name": NAME, "firm_region_code": "330502", **PENALTY})
    assert batch.reasons == {"bad_code": 1}


async def test_a_doubt_waits_for_the_operator_and_is_asked_once(session, now):
    await deliver(session, now, items.REGISTRATION, a_registration(), a_registration(uscc=OTHER, reg_region_code="330521"))
    batch = await deliver(session, now, items.PENALTIES, {"firm_name": NAME, **PENALTY}, {"firm_name": "谁也不是公司", **PENALTY})
    assert batch.reasons == {"doubtful_identity": 1, "unknown_firm": 1}
    (question,) = await service.questions(session)
    assert (question.name, set(question.candidates)) == (NAME, {USCC, OTHER})
    operator = await an_actor(session, now, Role.OPERATOR, login="operator")
    later = now.replace(hour=5)
    with pytest.raises(Invalid):
        await service.decide(session, operator, batch.id, question.row_no, "123", later)
    decided = await service.decide(session, operator, batch.id, question.row_no, OTHER, later)
    assert (decided.accepted, decided.quarantined, decided.reasons) == (1, 1, {"unknown_firm": 1})
    assert [f.values["document_no"] for f in (await service.facts_of(session, [OTHER], now.date(), later, [items.PENALTIES]))[OTHER]] == [
        "1"
    ]
    assert (await service.facts_of(session, [OTHER], now.date(), now, [items.PENALTIES]))[OTHER] == []  # nobody knew it before
    with pytest.raises(NotFound):
        await service.decide(session, operator, batch.id, question.row_no, USCC, later)
    again = await deliver(session, now.replace(hour=6), items.PENALTIES, {"firm_name": NAME, **PENALTY, "document_no": "2"})
    assert again.accepted == 1
    assert await service.questions(session) == []


async def test_none_of_them_leaves_the_row_where_it_is(session, now):
    await deliver(session, now, items.REGISTRATION, a_registration(), a_registration(uscc=OTHER, reg_region_code="330521"))
    batch = await deliver(session, now, items.PENALTIES, {"firm_name": NAME, **PENALTY})
    operator = await an_actor(session, now, Role.OPERATOR, login="operator")
    decided = await service.decide(session, operator, batch.id, 0, None, now)
    assert decided.reasons == {"doubtful_identity": 1}
    assert await service.questions(session) == []


async def test_only_the_operator_decides(session, now, client):
    officer = await an_actor(session, now, Role.OFFICER, login="officer")
    with pytest.raises(Forbidden):
        await service.decide(session, officer, now and USCC, 0, None, now)
    await session.commit()
    answer = await client.get("/api/v1/doubts", headers=await token(client, "officer"))
    assert answer.status_code == 403


async def test_masked_firms_get_generated_codes_and_keep_them(session, now):
    import dataclasses

    content = b'{"uscc": "aa", "document_no": "1", "authority": "b", "decided_on": "2025-01-02"}\n'
    masked = Delivery(items.PENALTIES, "x.jsonl", content, masked="city", masked_region="370100")
    assert (await service.receive(session, masked, now)).accepted == 1
    second = dataclasses.replace(masked, content=content.replace(b'"1"', b'"2"'))
    assert (await service.receive(session, second, now)).accepted == 1
    from sqlalchemy import text

    codes = {row[0] for row in await session.execute(text("select uscc from fact"))}
    (code,) = codes
    assert is_uscc(code)
    assert is_generated_uscc(code)
    assert region_of(code) == "370100"


def test_generated_codes_are_valid_and_distinct_beyond_a_hundred_thousand():
    codes = {generated_uscc(n, "370100") for n in [*range(0, 100_000, 997), *range(100_000, 19_000_000, 99_991)]}
    assert len(codes) == len(range(0, 100_000, 997)) + len(range(100_000, 19_000_000, 99_991))
    assert all(is_uscc(code) and is_generated_uscc(code) for code in codes)


async def test_a_number_of_two_firms_means_neither(session, now):
    number = "330500000012345"
    await deliver(session, now, items.REGISTRATION, a_registration(registration_no=number))
    await deliver(session, now, items.REGISTRATION, a_registration(uscc=OTHER, name="另一公司", registration_no=number))
    assert (await deliver(session, now, items.PENALTIES, {"uscc": number, **PENALTY})).reasons == {"bad_code": 1}


def test_digits_apart_are_not_digits_together():
    assert normalise_name("湖州石油1-2加油站") != normalise_name("湖州石油12加油站")


async def test_masked_keys_are_trimmed_and_placeholders_are_no_firms(session, now):
    rows = "\n".join(
        f'{{"uscc": "{key}", "document_no": "{n}", "authority": "b", "decided_on": "2025-01-02"}}'
        for n, key in enumerate(["E1", " E1", "无"])
    )
    batch = await service.receive(session, Delivery(items.PENALTIES, "x.jsonl", rows.encode(), masked="town"), now)
    assert (batch.accepted, batch.reasons) == (2, {"missing_field": 1})
    from sqlalchemy import text

    assert (await session.execute(text("select count(distinct uscc) from fact"))).scalar_one() == 1


def test_a_list_that_names_the_province_alone_is_enough_for_a_name_that_stands_there_once():
    """National lists say 浙江 and a name: 0.92; a province elsewhere, or two firms of the name, stay in doubt."""
    here = Candidate("A", normalise_name("浙江甲乙电缆有限公司"), "330502")
    assert resolve_name("浙江甲乙电缆有限公司", "330000", [here]).sure
    assert not resolve_name("浙江甲乙电缆有限公司", "440000", [here]).sure
    assert not resolve_name("浙江甲乙电缆有限公司", "330000", [here, Candidate("B", here.name, "330102")]).sure
    assert (province_of("浙江"), province_of("内蒙古"), province_of("深圳"), province_of("")) == ("330000", "150000", None, None)
