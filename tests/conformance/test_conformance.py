"""The vectors that another engine proves itself against, here against the plain reference and against the compiled engine."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from greenbridge.catalog.rules import language, verdicts
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.schemas import RuleIn
from greenbridge.catalog.values import Applicant, Eligibility, Group, Outcome
from greenbridge.matching.rules.columns import columns
from greenbridge.matching.rules.judging import ANSWER, judge
from tests.builders import a_product

FILES = sorted(Path(__file__).parent.glob("*.json"))
CLASSES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FILES}
VECTORS = [(name, one) for name, found in CLASSES.items() for one in found["vectors"]]


def of_kind(key):
    return [pytest.param(one, id=f"{name}: {one['name']}") for name, one in VECTORS if key in one]


def facts_of(one):
    return {name: tuple(value) if isinstance(value, list) else value for name, value in one["facts"].items()}


def test_there_are_at_least_200_vectors_with_names_of_their_own_and_files_that_say_what_they_are():
    assert len(VECTORS) >= 200
    assert len({(name, one["name"]) for name, one in VECTORS}) == len(VECTORS)
    assert all(found["class"] == name and found["about"] for name, found in CLASSES.items())


@pytest.mark.parametrize("one", [p for p in of_kind("rule") if "expect" in p.values[0]])
def test_one_rule(one):
    rule = RuleIn.model_validate(one["rule"]).rule()
    assert language.problem(rule) is None
    found = verdicts.verdict(rule, facts_of(one))
    assert found.outcome.value == one["expect"]["outcome"]
    expected = one["expect"]["margin"]
    assert found.margin == (None if expected is None else pytest.approx(expected, abs=1e-9))
    if isinstance(rule, Group):
        assert [m.outcome.value for m in found.members] == one["expect"]["members"]
    (answer,) = judge(rule, columns([facts_of(one)]))
    assert answer == ANSWER[Outcome(one["expect"]["outcome"])]


@pytest.mark.parametrize("one", of_kind("rules"))
def test_a_list_of_rules(one):
    rules = tuple(RuleIn.model_validate(rule).rule() for rule in one["rules"])
    found = [verdicts.verdict(rule, facts_of(one)) for rule in rules]
    assert verdicts.eligibility(found) is Eligibility(one["expect"]["eligibility"])
    framed = replace(a_product(), entry_rules=rules)
    frame = {"region_code": "330502", "amount_fen": 10_000_000, "term_months": 12, "max_annual_rate_bp": 500,
             "purpose": "working_capital", "guarantee_modes": ("credit",), "default_probability": 0.01}  # fmt: skip
    whole = verdicts.verdicts(framed, Applicant({**frame, **facts_of(one)}))
    assert verdicts.eligibility(whole) is Eligibility(one["expect"]["eligibility"])


@pytest.mark.parametrize("one", of_kind("refused_at"))
def test_a_rule_is_refused_and_the_place_is_named(one):
    found = language.problem(RuleIn.model_validate(one["rule"]).rule())
    assert found is not None
    assert found[0] == one["refused_at"]
    assert found[1].zh
    assert found[1].en


def test_every_operator_every_connective_and_every_unit_has_vectors():
    used = [one["rule"] for _, one in VECTORS if "rule" in one]
    members = [m for rule in used for key in ("any_of", "all_of", "none_of") for m in rule.get(key, [])]
    assert {rule["operator"] for rule in [*used, *members] if "operator" in rule} == set(language_operators())
    assert {FACTS[r["fact"]].unit for r in used if r.get("fact") in FACTS} == {fact.unit for fact in FACTS.values()}
    assert {rule.get("unit") for rule in used} >= {unit for unit, _ in language.UNITS} - {"share"}


def language_operators():
    return {operator.value for allowed in language.OPERATORS.values() for operator in allowed}
