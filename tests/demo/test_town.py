"""The generated town speaks the catalogue's language: read here from the TOML, without the cleaning."""

import io
import json
import re
import tomllib
from collections import Counter
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from greenbridge.demo import sales
from greenbridge.demo.town import SHEETS, Town
from greenbridge.facts.values import Delivery
from greenbridge.kit.calendar import add_months, business_date
from greenbridge.kit.codes import is_generated_uscc, is_uscc

TODAY = date(2026, 3, 10)
CATALOGUE = Path(__file__).parents[2] / "src" / "greenbridge" / "facts" / "catalogue"
IDENTITY = {"uscc", "统一社会信用代码"}
RESERVED = {"updated_at", "record_state"}
# Not delivered by the town: the platform's own, and what no section of the report needs.
LEFT_OUT = {"registration.equity_pledges", "social_insurance.enrolments"}
MONTHLY = {
    "tax.paid": 36,
    "social_insurance.payments": 24,
    "housing_fund.payments": 24,
    "utilities.water": 24,
    "utilities.electricity": 24,
    "utilities.gas": 24,
    "customs.trade": 24,
}
ITEMS = {
    item["code"]: item
    for path in sorted(CATALOGUE.glob("[0-9]*.toml"))
    if path.stem != "15_platform"
    for item in tomllib.loads(path.read_text(encoding="utf-8"))["item"]
}


@cache
def town() -> Town:
    return Town(seed=7, count=60, today=TODAY)


@cache
def first_round() -> tuple[Delivery, ...]:
    return tuple(town().deliveries())


def table(delivery: Delivery) -> pd.DataFrame:
    content = delivery.content
    assert isinstance(content, bytes)
    if delivery.file_name.endswith(".parquet"):
        return pd.read_parquet(io.BytesIO(content))
    if delivery.file_name.endswith(".jsonl"):
        return pd.DataFrame([json.loads(line) for line in content.decode().splitlines()])
    encoding = "gb18030" if delivery.file_name.endswith("_gb18030.csv") else "utf-8"
    return pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, encoding=encoding)


def by_item() -> dict[str, Delivery]:
    return {delivery.item: delivery for delivery in first_round()}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    one, two, other = (Town(seed=seed, count=10, today=TODAY) for seed in (7, 7, 8))
    rounds = [[d.content for d in (*t.deliveries(), *t.late_and_corrected())] for t in (one, two, other)]
    assert rounds[0] == rounds[1]
    assert rounds[0] != rounds[2]


def test_everything_generated_is_marked():
    assert all(delivery.generated for delivery in (*first_round(), *town().late_and_corrected()))
    assert all(is_generated_uscc(firm.uscc) for firm in town().firms)


def test_every_item_of_the_catalogue_is_delivered_once_and_the_register_first():
    codes = [delivery.item for delivery in first_round()]
    assert codes[0] == "registration.basic"
    assert sorted(codes) == sorted(ITEMS.keys() - LEFT_OUT)
    assert len({delivery.file_name for delivery in first_round()}) == len(codes)
    assert all(len(table(delivery)) for delivery in first_round())


def test_the_forms_differ():
    forms = Counter(Path(d.file_name).suffix if "gb18030" not in d.file_name else "gb18030" for d in first_round())
    assert forms.keys() == {".csv", ".jsonl", ".parquet", "gb18030"}
    assert min(forms.values()) >= 3


@pytest.mark.parametrize("which", ["first", "second"])
def test_every_column_is_known_to_the_catalogue(which):
    for delivery in first_round() if which == "first" else town().late_and_corrected():
        fields = ITEMS[delivery.item]["fields"]
        known = {f["name"]: f["name"] for f in fields} | {name: f["name"] for f in fields for name in f.get("names", [])}
        columns = [column for column in table(delivery).columns if column not in RESERVED]
        assert sum(column in IDENTITY for column in columns) == 1, delivery.item
        meant = [known[column] for column in columns if column not in IDENTITY]
        assert len(meant) == len(set(meant)), delivery.item
        assert {f["name"] for f in fields if f.get("required")} <= set(meant), delivery.item


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.item)
@pytest.mark.parametrize("shape", [(7, 60), (8, 12), (3, 1)])
def test_good_rows_keep_the_rules_of_the_catalogue(sheet, shape):
    seed, count = shape
    world = town() if shape == (7, 60) else Town(seed=seed, count=count, today=TODAY)
    item, rows = ITEMS[sheet.item], sheet.rows(world)
    codes = {firm.uscc for firm in world.firms}
    assert rows
    assert all(is_uscc(row["uscc"]) and row["uscc"] in codes for row in rows)
    for field in item["fields"]:
        values = [row.get(field["name"]) for row in rows]
        given = [value for value in values if value is not None]
        assert not field.get("required") or len(given) == len(values), field["name"]
        if field["kind"] == "date" and not field.get("ahead"):
            assert all(str(value) <= TODAY.isoformat() for value in given), field["name"]
        if field["kind"] == "choice":
            spellings = {s for name, others in field["choices"].items() for s in (name, *others)}
            assert set(given) <= spellings, field["name"]
        numbers = [value for value in given if isinstance(value, (int, float))]
        assert all(field.get("minimum", value) <= value <= field.get("maximum", value) for value in numbers), field["name"]
    for rule in item.get("rules", []):
        pairs = [(row.get(rule["earlier"]), row.get(rule["later"])) for row in rows] if rule["kind"] == "order" else []
        assert all(one is None or two is None or one <= two for one, two in pairs), rule
    keys = [(row["uscc"], *(row.get(name) for name in item["key"])) for row in rows]
    assert len(keys) == len(set(keys))


def test_at_least_95_of_100_rows_are_meant_good_and_a_few_are_not():
    counts = {d.item: len(table(d)) for d in first_round()}
    bad = {item: sum(reasons.values()) for item, reasons in town().meant_bad().items()}
    assert bad.keys() == counts.keys()
    assert all(1 <= bad[item] <= max(5, counts[item] // 20) for item in counts)
    assert sum(bad.values()) <= 0.05 * sum(counts.values())
    assert all(len(sheet.rows(town())) + bad[sheet.item] == counts[sheet.item] for sheet in SHEETS)


def test_owners_are_firms_of_the_town_or_persons_without_a_name():
    names = {firm.name for firm in town().firms}
    owners = table(by_item()["registration.shareholders"])["股东名称"]
    assert all(owner in names or owner.startswith("自然人股东") for owner in owners)
    assert names.intersection(owners)


@pytest.mark.parametrize(("item", "months"), MONTHLY.items())
def test_monthly_items_cover_the_last_months(item, months):
    rows = next(sheet for sheet in SHEETS if sheet.item == item).rows(town())
    wanted = {add_months(TODAY, -back) for back in range(months, 0, -1)}
    assert {row["month"] for row in rows} == wanted


def test_dates_and_amounts_come_in_every_dirty_form():
    text = "\n".join(table(delivery).to_csv(index=False) for delivery in first_round())
    for form in (
        r"\b20\d{6}\b",
        r"\b20\d{6}130640\b",
        r"\b20\d\d年\d{1,2}月\d{1,2}日",
        r"二〇[〇一二]\w年十?\w月\w{1,3}日",
        r"\b1[3-7]\d{8}000\b",
        r"\b20\d\d/\d{1,2}/\d{1,2}\b",
        r"\d万元",
        r"[０-９]，[０-９]{3}",
        r"\d万美元",
        r"(^|,)无(,|$)",
        "——",
        "field049",
    ):
        assert re.search(form, text, re.MULTILINE), form


def test_taxes_follow_the_invoices():
    paid = next(sheet for sheet in SHEETS if sheet.item == "tax.paid").rows(town())
    due = Counter({firm.uscc: 0.0 for firm in town().firms})
    for (uscc, _), (out, into) in sales.vat(town()).items():
        due[uscc] += out - into
    for firm in town().firms:
        declared = sum(row["declared"] for row in paid if row["uscc"] == firm.uscc and row["tax_kind"] == "增值税")
        assert declared >= due[firm.uscc] - 1
        assert declared <= max(due[firm.uscc], 0) + 0.1 * 36 * firm.monthly_yuan


def test_one_firm_left_the_register_and_still_invoices():
    gone = town().deregistered
    assert gone is not None
    register = table(by_item()["registration.basic"]).set_index("统一社会信用代码")
    assert register.loc[gone.uscc, "state"] == "注销"
    invoices = sales.invoices(town())
    assert invoices.loc[invoices["uscc"] == gone.uscc, "issue_date"].max() > town().deregistered_on.isoformat()


def test_a_firm_changed_its_legal_representative_recently():
    rows = next(sheet for sheet in SHEETS if sheet.item == "registration.changes").rows(town())
    days = [row["changed_on"] for row in rows if row["matter"] == "法定代表人变更"]
    assert max(days) > TODAY - timedelta(days=90)


def test_stories_agree_between_the_departments():
    rows = {sheet.item: sheet.rows(town()) for sheet in SHEETS}
    worst = town().troubled[0].uscc
    for item in ("courts.judgments", "courts.enforcement", "courts.dishonesty", "tax.arrears", "annual_report.abnormal_list"):
        assert worst in {row["uscc"] for row in rows[item]}, item
    enforced = {row["case_no"] for row in rows["courts.enforcement"]}
    assert {row["case_no"] for row in rows["courts.dishonesty"] + rows["courts.consumption_limits"]} <= enforced
    owned = {(row["uscc"], row["certificate_no"]) for row in rows["real_estate.ownership"]}
    assert {(row["uscc"], row["certificate_no"]) for row in rows["real_estate.mortgages"] + rows["real_estate.seizures"]} <= owned
    banks = tomllib.loads((CATALOGUE.parents[3] / "products" / "banks.toml").read_text(encoding="utf-8"))["banks"]
    lenders = {row["mortgagee"] for row in rows["real_estate.mortgages"]} | {
        row["creditor"] for row in rows["annual_report.guarantees_given"]
    }
    assert lenders <= {bank["name"] for bank in banks}
    names = {firm.name: firm.uscc for firm in town().firms}
    assert all(names[row["debtor"]] != row["uscc"] for row in rows["annual_report.guarantees_given"])


def test_the_second_round_is_stated_later_and_speaks_of_the_first():
    first, second = by_item(), list(town().late_and_corrected())
    assert {delivery.stated_at for delivery in first.values()} == {first["tax.paid"].stated_at}
    assert business_date(first["tax.paid"].stated_at) == TODAY
    assert all(delivery.stated_at > first[delivery.item].stated_at for delivery in second)
    assert not {delivery.file_name for delivery in second} & {delivery.file_name for delivery in first_round()}
    late, voided, fine, withdrawn = (table(delivery) for delivery in second)
    known = table(first["tax.vat_invoices"]).drop_duplicates()
    key = ["uscc", "direction", "invoice_no", "issue_date", "amount_net"]
    assert late.merge(known, on=key).empty
    assert late["issue_date"].max() < add_months(TODAY, -1).isoformat()
    again = voided.merge(known, on=key, suffixes=("", "_before"))
    assert len(again) == len(voided) > 0
    assert set(again["status"]) == {"void"}
    assert set(again["status_before"]) == {"valid"}
    before = table(first["penalties.administrative"]).set_index("document_no")
    assert fine.loc[0, "amount"] not in set(before.loc[[fine.loc[0, "document_no"]], "amount"])
    assert withdrawn.loc[0, "record_state"] == "withdrawn"
    assert withdrawn.loc[0, "案号"] in set(table(first["courts.judgments"])["案号"])
