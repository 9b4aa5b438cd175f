"""The commonest terms of a product as a form, read from a product file and written into it; the rest of the file stays as it is."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from greenbridge.catalog.rules.vocabulary import GREEN_GRADES
from greenbridge.kit.codes import region
from greenbridge.kit.errors import FieldProblem
from greenbridge.kit.text import Text
from greenbridge.needs.values import GuaranteeMode, Purpose

AGE, GREEN = "firm_age_months", "green_least"
RANGES = (("amount_wan", "amount_min", "amount_max", 1e7), ("term_months", "term_min", "term_max", 600))
_INDUSTRY = re.compile(r"[A-T]?(\d{2,4})?", re.ASCII)
Form = Mapping[str, Any]


def blank(bank: str, today: str) -> dict[str, Any]:
    """Return a product file to begin from, complete but for what the bank fills in."""
    return {
        "code": f"{bank}-NEW",
        "version": 1,
        "name": "新产品",
        "name_en": "New product",
        "bank": bank,
        "summary": "",
        "effective_from": today,
        "amount_wan": {"min": 5, "max": 300},
        "annual_rate_percent": {"min": 4.0, "max": 6.0},
        "term_months": {"min": 3, "max": 12},
        "repayment": ["interest_first"],
        "guarantee_modes": [GuaranteeMode.CREDIT.value],
        "purposes": [purpose.value for purpose in Purpose],
        "regions": ["330500"],
        "max_default_probability": 0.2,
        "decision_working_days": 3,
        "cases": [{"name": "typical applicant", "expect": "eligible"}],
    }


def form_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form shows of a product file; what is not there, or is written otherwise than the form does, is empty."""
    found: dict[str, Any] = {}
    for field, least, most, _ in RANGES:
        ends = document.get(field)
        for name, end in ((least, "min"), (most, "max")):
            found[name] = _said(ends.get(end)) if isinstance(ends, Mapping) else ""
    for field in ("regions", "industries"):
        found[field] = "、".join(_words(document.get(field)))
    found["guarantee_modes"] = _words(document.get("guarantee_modes"))
    age = next((rule for rule in _rules(document) if _is_age(rule)), None)
    found[AGE] = "" if age is None else _said(age["limit"])
    grades = tuple(_words(document.get("green_grades")))
    found[GREEN] = grades[-1] if grades and grades == GREEN_GRADES[: len(grades)] else ""
    return found


def problems(form: Form) -> tuple[FieldProblem, ...]:
    """Return what is wrong with a form, each beside its field."""
    found: list[FieldProblem] = []
    for _, least, most, highest in RANGES:
        low, high = _number(form.get(least)), _number(form.get(most))
        for name, value in ((least, low), (most, high)):
            if value is None or not 0 < value <= highest:
                found.append(FieldProblem(name, Text("请填写大于零的数字", "Type a number above nothing")))
        if low is not None and high is not None and low > high:
            found.append(FieldProblem(most, Text("上限不能低于下限", "The most is not below the least")))
    codes = _codes(form.get("regions"))
    if not codes or not all(code == "000000" or region(code) for code in codes):
        zh, en = "请填写行政区划代码，如 330500；多个用顿号分开", "Type region codes such as 330500, with commas between"
        found.append(FieldProblem("regions", Text(zh, en)))
    if not all(_INDUSTRY.fullmatch(code) for code in _codes(form.get("industries"))):
        zh, en = "请填写行业代码，如 C、C17、C1742", "Type industry codes such as C, C17, C1742"
        found.append(FieldProblem("industries", Text(zh, en)))
    if not form.get("guarantee_modes"):
        found.append(FieldProblem("guarantee_modes", Text("请至少选择一种", "Choose one at least")))
    age = str(form.get(AGE, "")).strip()
    if age and not (age.isascii() and age.isdecimal() and len(age) <= 4):
        found.append(FieldProblem(AGE, Text("请填写整月数", "Type whole months")))
    return tuple(found)


def with_form(document: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """Return a product file with the form's terms, for a form without problems."""
    found = dict(document)
    for field, least, most, _ in RANGES:
        found[field] = {"min": _number(form[least]), "max": _number(form[most])}
    found["regions"] = _codes(form["regions"])
    found["guarantee_modes"] = [mode.value for mode in GuaranteeMode if mode.value in form["guarantee_modes"]]
    _set(found, "industries", _codes(form.get("industries")))
    grade = form.get(GREEN)
    _set(found, "green_grades", list(GREEN_GRADES[: GREEN_GRADES.index(grade) + 1]) if grade in GREEN_GRADES else [])
    age = str(form.get(AGE, "")).strip()
    rules = [rule for rule in document.get("rules", []) if not (isinstance(rule, Mapping) and _is_age(rule))]
    _set(found, "rules", [{"fact": AGE, "operator": "at_least", "limit": int(age)}, *rules] if age else rules)
    if cases := found.pop("cases", None):
        found["cases"] = cases  # tables stand last
    return found


def _set(document: dict[str, Any], field: str, value: Sequence[Any]) -> None:
    if value:
        document[field] = list(value)
    else:
        document.pop(field, None)


def _rules(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rules = document.get("rules")
    return [rule for rule in rules if isinstance(rule, Mapping)] if isinstance(rules, list) else []


def _is_age(rule: Mapping[str, Any]) -> bool:
    """Return whether a rule is the hard one on the firm's age as the form writes it."""
    return set(rule) == {"fact", "operator", "limit"} and (rule["fact"], rule["operator"]) == (AGE, "at_least")


def _words(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _codes(typed: object) -> list[str]:
    return [one for one in re.split(r"[\s,，、;；]+", str(typed or "")) if one]


def _number(typed: object) -> float | int | None:
    text = str(typed or "").strip()
    if not re.fullmatch(r"\d{1,9}(\.\d{1,4})?", text, re.ASCII):
        return None
    value = float(text)
    return int(value) if value.is_integer() else value


def _said(value: object) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
