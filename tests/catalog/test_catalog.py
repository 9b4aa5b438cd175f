import json
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbridge.accounts.values import Role
from greenbridge.catalog import gateway, service
from greenbridge.catalog.rules import typical, verdicts
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.schemas import RuleIn, schema_document
from greenbridge.catalog.values import Applicant, Eligibility, Operator, Outcome, Rule
from greenbridge.kit.errors import Invalid
from greenbridge.settings import home
from tests.builders import a_product, an_actor, the_products, token

FOLDER = home() / "products"
BANKS = gateway.load_banks(FOLDER)


def a_document(**changes):
    return {**tomllib.loads((FOLDER / "gb01-tax.toml").read_text()), **changes}


def test_there_are_at_least_24_products_of_8_banks_and_every_kind():
    products = [product for product, _ in gateway.load_products(FOLDER)]
    assert len(products) >= 24
    assert len({product.bank.code for product in products}) >= 8
    assert all(product.cases for product in products)


@pytest.mark.parametrize("code", [product.code for product, _ in gateway.load_products(FOLDER)])
def test_the_cases_of_every_product_hold(code):
    product = next(p for p, _ in gateway.load_products(FOLDER) if p.code == code)
    assert service.failed_cases(product) == []


def test_a_wrong_case_is_found():
    document = a_document()
    document["cases"] = [{"name": "a lie", "facts": {"firm_age_months": 3}, "expect": "eligible"}]
    product, _ = gateway.parse_product("x.toml", document, BANKS)
    assert [name for name, _ in service.failed_cases(product)] == ["a lie", "a lie"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"intrest": 3}, "intrest"),
        ({"amount_wan": {"min": -5, "max": 10}}, "amount_wan.min"),
        ({"amount_wan": {"min": 50, "max": 10}}, "amount_wan"),
        ({"repayment": ["sometimes"]}, "repayment.0"),
        ({"rules": [{"fact": "shoe_size", "operator": "at_least", "limit": 40}]}, "rules.0.fact"),
        ({"rules": [{"fact": "tax_grade", "operator": "at_least", "limit": 3}]}, "rules.0.operator"),
        ({"rules": [{"fact": "firm_age_months", "operator": "at_least", "limit": "old"}]}, "rules.0.limit"),
        ({"rules": [{"fact": "tax_grade", "operator": "in", "limit": []}]}, "rules.0.limit"),
        ({"rules": [{"fact": "firm_age_months", "operator": "at_least", "limit": float("inf")}]}, "rules.0.limit"),
        ({"version": 3_000_000_000}, "version"),
        ({"amount_wan": {"min": 1, "max": float("inf")}}, "amount_wan.max"),
        ({"bank": "GB99"}, "bank"),
        ({"cases": []}, "cases"),
    ],
)
def test_a_wrong_product_names_the_file_and_the_field(change, field):
    with pytest.raises(Invalid) as caught:
        gateway.parse_product("x.toml", a_document(**change), BANKS)
    assert field in [f.field for f in caught.value.fields]
    assert "x.toml" in caught.value.detail.zh


def test_a_case_with_a_fact_of_the_wrong_kind_is_found():
    document = a_document()
    document["cases"] = [{"name": "odd", "facts": {"amount_fen": "x"}, "expect": "eligible"}]
    product, _ = gateway.parse_product("x.toml", document, BANKS)
    assert service.failed_cases(product) == [("odd", "facts of the wrong kind ['amount_fen']")]


def test_pass_fail_and_unknown_with_margin():
    rule = Rule("firm_age_months", Operator.AT_LEAST, 24)
    passed, failed, unknown = (verdicts.verdict(rule, {"firm_age_months": value}) for value in (30, 17, None))
    assert (passed.outcome, passed.margin) == (Outcome.PASS, 6)
    assert (failed.outcome, failed.margin) == (Outcome.FAIL, -7)
    assert (unknown.outcome, unknown.margin) == (Outcome.UNKNOWN, None)
    assert verdicts.eligibility([passed, unknown]) is Eligibility.CONDITIONAL
    assert verdicts.eligibility([passed, unknown, failed]) is Eligibility.NOT_ELIGIBLE


@given(st.integers(1, 10**11), st.integers(0, 10**11))
def test_asking_for_more_never_removes_the_refusal_of_too_much(amount: int, more: int):
    product = a_product()

    def refused(asked: int) -> bool:
        found = verdicts.verdicts(product, Applicant({"amount_fen": asked}))
        return any(v.outcome is Outcome.FAIL for v in found if v.rule.fact == "amount_fen" and v.rule.operator is Operator.AT_MOST)

    assert refused(amount + more) or not refused(amount)


def test_every_fact_says_which_data_would_make_it_known():
    assert all(fact.source.zh and fact.source.en and fact.label.en for fact in FACTS.values())


async def test_api_lists_a_product_and_refuses_unknown_fields_old_versions_and_other_banks(client, session, now):
    await the_products(session, now)
    await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB01", login="bank")
    await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB02", login="other")
    await session.commit()
    mine = await token(client, "bank")
    document = json.loads(json.dumps(a_document(code="GB01-NEW"), default=str))
    assert (await client.post("/api/v1/products", json=document, headers=mine)).status_code == 201
    wrong = await client.post("/api/v1/products", json={**document, "colour": "green"}, headers=mine)
    assert wrong.status_code == 400
    assert wrong.json()["errors"][0]["field"] == "colour"
    assert (await client.post("/api/v1/products", json=document, headers=mine)).status_code == 409
    assert (await client.post("/api/v1/products", json=document, headers=await token(client, "other"))).status_code == 403
    later = await client.post("/api/v1/products", json={**document, "version": 2, "effective_from": "2999-01-01"}, headers=mine)
    assert later.json()["errors"][0]["field"] == "effective_from"
    failing = {**document, "version": 2, "cases": [{"name": "a lie", "facts": {"firm_age_months": 3}, "expect": "eligible"}]}
    answer = await client.post("/api/v1/products", json=failing, headers=mine)
    assert answer.json()["errors"][0]["field"] == "cases.a lie"
    listed = (await client.get("/api/v1/products", headers=mine)).json()["items"]
    assert "GB01-NEW" in [p["code"] for p in listed]
    assert {p["bank"] for p in listed} == {"GB01"}
    assert (await client.delete("/api/v1/products/GB01-NEW", headers=await token(client, "other"))).status_code == 404
    assert (await client.delete("/api/v1/products/GB01-NEW", headers=mine)).status_code == 204
    assert "GB01-NEW" not in [p["code"] for p in (await client.get("/api/v1/products", headers=mine)).json()["items"]]


def test_a_wrong_rule_of_a_file_is_told_with_its_line_and_the_allowed_names(tmp_path):
    text = (FOLDER / "gb08-tec.toml").read_text()
    broken = tmp_path / "x.toml"
    for old, new, said in (
        ('fact = "insured_staff"', 'fact = "insured_stuff"', "did you mean insured_staff?"),
        ('limit = ["A", "B", "M"]', 'limit = ["A", "Z"]', "there is no Z; allowed: A, B, M, C, D"),
        ('unit = "percent"', 'unit = "wan"', "allowed: percent, share"),
        ("max = 1000 }", "max = -1000 }", "greater than 0"),
    ):
        line = next(n for n, one in enumerate(text.splitlines(), start=1) if old in one)
        broken.write_text(text.replace(old, new, 1))
        with pytest.raises(Invalid) as caught:
            gateway.load_product(broken, BANKS)
        (found,) = caught.value.fields
        assert found.message.en.startswith(f"line {line}: ")
        assert said in found.message.en


def test_a_limit_in_another_unit_is_the_same_rule():
    wan = RuleIn.model_validate({"fact": "revenue_12m_fen", "operator": "at_least", "limit": 200, "unit": "wan"})
    assert wan.rule() == Rule("revenue_12m_fen", Operator.AT_LEAST, 200_000_000)


def test_the_kept_schema_is_the_one_of_the_code_and_takes_every_product(tmp_path):
    kept = json.loads((home() / "docs" / "schema" / "product-1.0.schema.json").read_text())
    assert kept == schema_document()
    assert "firm_age_months" in kept["$defs"]["CriterionIn"]["properties"]["fact"]["enum"]
    checker = Path(sys.executable).parent / "check-jsonschema"
    files = []
    for path in sorted(FOLDER.glob("gb*.toml")):
        files.append(tmp_path / f"{path.stem}.json")
        files[-1].write_text(json.dumps(tomllib.loads(path.read_text()), default=str))
    found = subprocess.run(
        [str(checker), "--schemafile", str(home() / "docs/schema/product-1.0.schema.json"), *map(str, files)],
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout


async def test_importing_the_folder_again_adds_nothing(session, now):
    await the_products(session, now)
    assert await service.import_folder(session, FOLDER, now) == 0


def test_a_typical_applicant_passes_each_rule():
    product = replace(a_product(), cases=())
    facts = typical.typical_facts(product)
    assert verdicts.eligibility(verdicts.verdicts(product, Applicant(facts))) is Eligibility.ELIGIBLE
