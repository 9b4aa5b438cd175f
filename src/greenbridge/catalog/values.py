"""Loan products, their rules, verdicts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from greenbridge.kit.text import Text
from greenbridge.needs.values import Collateral, GuaranteeMode, Purpose

Value = float | str | bool | tuple[str, ...]


class Operator(StrEnum):
    """How a rule compares. `includes_any`: a list has one of the limit's words."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    ONE_OF = "one_of"
    INCLUDES_ANY = "includes_any"
    IS = "is"
    IN_REGION = "in_region"


class Outcome(StrEnum):
    """A rule's answer. Unknown is not failed: it says what is missing."""

    PASS = "pass"  # noqa: S105  a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


class Eligibility(StrEnum):
    """A product's answer: all rules pass; none fails but some are unknown; some fail."""

    ELIGIBLE = "eligible"
    CONDITIONAL = "conditional"
    NOT_ELIGIBLE = "not_eligible"


class Repayment(StrEnum):
    """How a loan is paid back."""

    EQUAL_INSTALMENTS = "equal_instalments"
    EQUAL_PRINCIPAL = "equal_principal"
    INTEREST_FIRST = "interest_first"
    AT_MATURITY = "at_maturity"
    REVOLVING = "revolving"


REPAYMENT_NAMES = {
    Repayment.EQUAL_INSTALMENTS: Text("等额本息", "Equal instalments"),
    Repayment.EQUAL_PRINCIPAL: Text("等额本金", "Equal principal"),
    Repayment.INTEREST_FIRST: Text("先息后本", "Interest first"),
    Repayment.AT_MATURITY: Text("到期还本付息", "All at maturity"),
    Repayment.REVOLVING: Text("随借随还", "Revolving"),
}


class Unit(StrEnum):
    """In what a fact is counted; amounts are fen, rates basis points, shares fractions of 1."""

    FEN = "fen"
    BASIS_POINTS = "bp"
    MONTHS = "months"
    SHARE = "share"
    COUNT = "count"
    TIMES = "times"
    WORD = "word"
    YES_NO = "yes_no"


@dataclass(frozen=True, slots=True)
class FactName:
    """One thing that a rule may ask of an applicant. `source` says which data would make it known."""

    name: str
    label: Text
    unit: Unit
    source: Text


@dataclass(frozen=True, slots=True)
class Rule:
    """`fact operator limit`. `kind`: offer (the need against the product's frame), region, entry, or risk."""

    fact: str
    operator: Operator
    limit: Value
    kind: str = "entry"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's answer. `margin` is in the fact's unit: how far inside (positive) or short (negative); None where there is none."""

    rule: Rule
    outcome: Outcome
    value: Value | None
    margin: float | None


@dataclass(frozen=True, slots=True)
class Applicant:
    """What is known of a firm and its need: fact name -> value; an absent or None fact is unknown."""

    facts: Mapping[str, Value | None]


@dataclass(frozen=True, slots=True)
class Case:
    """An example that a product carries: these facts must give this eligibility, these failed and unknown facts."""

    name: str
    facts: Mapping[str, Value | None]
    expect: Eligibility
    fails: frozenset[str]
    unknown: frozenset[str]


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank on the platform. `code` is unique."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class LoanProduct:
    """A bank's loan product. Rates are per year in basis points, amounts in fen, terms in months."""

    code: str
    version: int
    name: str
    name_en: str
    bank: Bank
    summary: str
    effective_from: date
    min_amount_fen: int
    max_amount_fen: int
    min_annual_rate_bp: int
    max_annual_rate_bp: int
    min_term_months: int
    max_term_months: int
    repayment: tuple[Repayment, ...]
    guarantee_modes: tuple[GuaranteeMode, ...]
    collateral: tuple[Collateral, ...]
    purposes: tuple[Purpose, ...]
    regions: tuple[str, ...]
    max_default_probability: float
    decision_working_days: int
    documents: tuple[str, ...]
    entry_rules: tuple[Rule, ...]
    cases: tuple[Case, ...]
