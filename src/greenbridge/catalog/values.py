"""Loan products, their rules, verdicts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from greenbridge.kit.text import Text
from greenbridge.needs.values import Collateral, GuaranteeMode, Purpose

# A date is written YYYY-MM-DD, in facts and in limits.
Value = float | str | bool | tuple[str, ...]
Limit = float | str | tuple[str | bool | float, ...]


class Operator(StrEnum):
    """How a criterion compares (docs/matching-rules.md)."""

    IN = "in"
    NOT_IN = "not_in"
    BETWEEN = "between"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    BEFORE = "before"


class Connective(StrEnum):
    """How a group's members make one answer, in Kleene's three-valued logic."""

    ANY_OF = "any_of"
    ALL_OF = "all_of"
    NONE_OF = "none_of"


class Outcome(StrEnum):
    """A rule's answer. Unknown is not failed: it says what is missing."""

    PASS = "pass"  # noqa: S105  a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


class Eligibility(StrEnum):
    """A product's answer: all hard rules pass; none fails but some are unknown; some fail."""

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


class Authority(StrEnum):
    """How far a branch's authority reaches, nearest first."""

    DISTRICT = "district"
    CITY = "city"
    PROVINCE = "province"
    NATIONAL = "national"
    NONE = "none"


AUTHORITY_NAMES = {
    Authority.DISTRICT: Text("本区县", "this district"),
    Authority.CITY: Text("本市", "this city"),
    Authority.PROVINCE: Text("本省", "this province"),
    Authority.NATIONAL: Text("全国", "the nation"),
    Authority.NONE: Text("无网点", "no branch"),
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
    WORDS = "words"
    REGION = "region"
    INDUSTRY = "industry"
    YES_NO = "yes_no"
    DATE = "date"


class Subject(StrEnum):
    """Of what a fact speaks."""

    NEED = "need"
    FIRM = "firm"
    BRANCH = "branch"


@dataclass(frozen=True, slots=True)
class FactName:
    """One thing that a rule may ask of an applicant. `source` says which data would make it known; `words`: all that it may be."""

    name: str
    label: Text
    unit: Unit
    source: Text
    about: Subject = Subject.FIRM
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A criterion, `fact operator limit`. `kind`: offer (the need against the product's frame), region, capacity, entry, or risk.

    A soft rule refuses nobody: it counts in the rule fit, by its weight.
    """

    fact: str
    operator: Operator
    limit: Limit
    kind: str = "entry"
    soft: bool = False
    weight: float = 1.0

    @property
    def name(self) -> str:
        """What cases and tables call it."""
        return self.fact


@dataclass(frozen=True, slots=True)
class Group:
    """Criteria joined to one rule: one level of nesting, no more."""

    connective: Connective
    members: tuple[Rule, ...]
    kind: str = "entry"
    soft: bool = False
    weight: float = 1.0

    @property
    def name(self) -> str:
        """What cases and tables call it."""
        return self.connective.value


AnyRule = Rule | Group


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's answer. `margin` is in the fact's unit (days for dates): how far inside (0 or more) or short (below 0); None where there
    is none. A group has no value and no margin of its own: its members have.
    """

    rule: AnyRule
    outcome: Outcome
    value: Value | None
    margin: float | None
    members: tuple["Verdict", ...] = ()


@dataclass(frozen=True, slots=True)
class Applicant:
    """What is known of a firm and its need: fact name -> value; an absent or None fact is unknown."""

    facts: Mapping[str, Value | None]


@dataclass(frozen=True, slots=True)
class Case:
    """An example that a product carries: these facts must give this eligibility, these failed and unknown hard rules."""

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
class Branch:
    """A branch that sells a product: its region says how far its authority reaches (330502 a district, 330500 a city, 330000 a
    province, 000000 the nation), `approval_limit_fen` what it may decide alone.
    """

    region_code: str
    approval_limit_fen: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class LoanProduct:
    """A bank's loan product. Rates are per year in basis points, amounts in fen, terms in months.

    `capacity_left_fen`: what may still be lent, None: no end stated. `yearly_fee_bp`: what comes on top of the rate.
    `green_rate_cut_bp`: pairs of (green grade, basis points off). `summary_en`: empty where the bank wrote none.
    """

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
    entry_rules: tuple[AnyRule, ...]
    cases: tuple[Case, ...]
    branches: tuple[Branch, ...] = ()
    capacity_left_fen: int | None = None
    yearly_fee_bp: int = 0
    industries: tuple[str, ...] = ()
    industries_out: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    first_loan_only: bool = False
    green_grades: tuple[str, ...] = ()
    green_rate_cut_bp: tuple[tuple[str, int], ...] = ()
    online: bool = False
    summary_en: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Edition:
    """The listed products, by code, and what tells this list from any other: codes and versions, hashed.

    Compared by identity: an edition is read once, and thousands of products are not worth comparing.
    """

    digest: str
    products: tuple[LoanProduct, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a product as it was listed, for ever; `listed`: it is the one sold now. `capacity_revision`: 0: none stated."""

    code: str
    version: int
    listed: bool
    listed_at: datetime
    document: Mapping[str, Any]
    capacity_revision: int


@dataclass(frozen=True, slots=True)
class Draft:
    """What a bank is writing. `source`: the TOML it came as; None: JSON."""

    code: str
    document: Mapping[str, Any]
    source: str | None
    revision: int
    saved_at: datetime
