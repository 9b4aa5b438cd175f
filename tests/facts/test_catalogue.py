"""The catalogue is data: 14 categories, 37 national items, every field with its sensitivity."""

import pytest

from greenbridge.facts.gateway import catalogue
from greenbridge.facts.rules import items
from greenbridge.facts.values import Kind

END_TO_END = {
    "registration.basic", "registration.shareholders", "registration.changes", "annual_report.abnormal_list", "licences.licences",
    "penalties.administrative", "courts.judgments", "courts.enforcement", "courts.dishonesty", "tax.credit_grade", "tax.vat_invoices", "tax.paid",
    "tax.arrears", "social_insurance.payments", "social_insurance.arrears", "housing_fund.payments", "utilities.electricity", "utilities.water",
    "utilities.gas", "real_estate.ownership", "real_estate.mortgages", "intellectual_property.patents", "environment.credit", "customs.credit",
    "honours.honours", "annual_report.guarantees_given",
}  # fmt: skip


def test_fourteen_categories_and_thirty_seven_national_items():
    known = catalogue()
    national = [category for category in known.categories if category.national]
    assert len(national) == 14
    assert sum(item.national for category in national for item in category.items) == 37
    assert set(known.items) >= END_TO_END


@pytest.mark.parametrize("item", catalogue().items.values(), ids=lambda item: item.code)
def test_every_item_says_whose_it_is_and_how_long_it_is_shown(item):
    known = catalogue()
    assert item.department_code in {department.code for department in known.departments}
    assert item.retention in known.clocks
    assert item.legal_basis
    assert item.refresh_days > 0
    assert item.fields[0].name == "uscc"
    for field in item.fields:
        assert 1 <= field.sensitivity <= 5
        assert field.label.zh and field.label.en
        if field.kind is Kind.YUAN:
            assert field.unit == "yuan"
        if field.kind is Kind.NUMBER:
            assert field.unit
        if field.kind is Kind.CHOICE:
            assert field.choices
    for rule in item.rules:
        assert rule.reason in items.REASONS


def test_codes_that_the_program_speaks_of_are_in_the_catalogue():
    codes = {value for name, value in vars(items).items() if name.isupper() and isinstance(value, str)}
    assert codes <= set(catalogue().items)


def test_no_two_fields_of_an_item_share_a_spelling():
    for item in catalogue().items.values():
        spelled = [name for field in item.fields for name in {field.name, *field.names}]
        assert len(spelled) == len(set(spelled)), item.code
