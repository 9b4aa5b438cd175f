"""Wire types of the catalogue: a product file and the API's product are one schema."""

from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from greenbridge.catalog.rules.language import MAX_MEMBERS, UNITS, in_units_of
from greenbridge.catalog.rules.vocabulary import FACTS, GREEN_GRADES, SIZES
from greenbridge.catalog.values import (
    AnyRule,
    Bank,
    Branch,
    Case,
    Connective,
    Eligibility,
    Group,
    Limit,
    LoanProduct,
    Operator,
    Repayment,
    Rule,
    Value,
    Version,
)
from greenbridge.kit.money import FEN_PER_WAN
from greenbridge.kit.wire import Closed
from greenbridge.needs.values import Collateral, GuaranteeMode, Purpose

WireValue = bool | int | float | str | list[str]
WireLimit = bool | int | float | str | list[bool | int | float | str]
_NAMES: dict[str, Any] = {"enum": sorted(FACTS)}
_UNIT_NAMES: dict[str, Any] = {"enum": [*sorted({unit for unit, _ in UNITS}), None]}
_MAYBE_NAMES: dict[str, Any] = {"enum": [*sorted(FACTS), None]}
RegionCode = Annotated[str, Field(pattern=r"^\d{6}$")]


class CriterionIn(Closed):
    """`fact operator limit`. The limit is in `unit`, where none is named in the fact's own: fen, bp, months, fractions of 1."""

    fact: str = Field(json_schema_extra=_NAMES)
    operator: Operator
    limit: WireLimit
    unit: str | None = Field(None, json_schema_extra=_UNIT_NAMES)

    @model_validator(mode="after")
    def _counted(self) -> Self:
        in_units_of(self.fact, self._limit(), self.unit)
        return self

    def _limit(self) -> Limit:
        return tuple(self.limit) if isinstance(self.limit, list) else self.limit

    def rule(self, *, soft: bool = False, weight: float = 1.0) -> Rule:
        """Return the value, its limit in the fact's unit."""
        return Rule(self.fact, self.operator, in_units_of(self.fact, self._limit(), self.unit), soft=soft, weight=weight)


class RuleIn(Closed):
    """A criterion, or one group of criteria. A `soft` rule refuses nobody and counts by its weight in the rule fit."""

    fact: str | None = Field(None, json_schema_extra=_MAYBE_NAMES)
    operator: Operator | None = None
    limit: WireLimit | None = None
    unit: str | None = Field(None, json_schema_extra=_UNIT_NAMES)
    any_of: list[CriterionIn] | None = Field(None, min_length=1, max_length=MAX_MEMBERS)
    all_of: list[CriterionIn] | None = Field(None, min_length=1, max_length=MAX_MEMBERS)
    none_of: list[CriterionIn] | None = Field(None, min_length=1, max_length=MAX_MEMBERS)
    soft: bool = False
    weight: float = Field(1.0, gt=0, le=100)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        groups = [c for c in Connective if getattr(self, c.value) is not None]
        simple = [self.fact, self.operator, self.limit]
        if groups and (len(groups) > 1 or any(part is not None for part in simple)):
            raise ValueError("a rule is one criterion or one group of any_of, all_of, none_of")
        if not groups and any(part is None for part in simple):
            raise ValueError("a criterion needs fact, operator and limit")
        self.rule()
        return self

    def rule(self) -> AnyRule:
        """Return the value."""
        for connective in Connective:
            if (members := getattr(self, connective.value)) is not None:
                return Group(connective, tuple(m.rule() for m in members), soft=self.soft, weight=self.weight)
        assert self.fact is not None
        assert self.operator is not None
        assert self.limit is not None
        one = CriterionIn(fact=self.fact, operator=self.operator, limit=self.limit, unit=self.unit)
        return one.rule(soft=self.soft, weight=self.weight)


class CaseIn(Closed):
    """An example: facts that differ from a typical applicant, and what the product must answer. `unknown` facts are withheld.

    `fails` and `unknown` name hard rules: by the fact, a group by `any_of`, `all_of`, `none_of`.
    """

    name: str
    facts: dict[str, WireValue] = {}
    expect: Eligibility
    fails: list[str] = []
    unknown: list[str] = []

    def case(self) -> Case:
        """Return the value; withheld facts are None."""
        facts: dict[str, Value | None] = {n: tuple(v) if isinstance(v, list) else v for n, v in self.facts.items()}
        withheld = [name for name in self.unknown if name in FACTS]
        return Case(self.name, {**facts, **dict.fromkeys(withheld)}, self.expect, frozenset(self.fails), frozenset(self.unknown))


class Between(Closed):
    """A closed range."""

    min: float = Field(ge=0, le=1e7)
    max: float = Field(gt=0, le=1e7)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError("min is above max")
        return self


class BranchIn(Closed):
    """A branch: a district's code reaches the district, 330500 the city, 330000 the province, 000000 the nation."""

    region: RegionCode
    approval_limit_wan: float = Field(ge=0, le=1e7)
    name: str = ""


class ProductFile(Closed):
    """A loan product as banks write it: amounts in 万元, yearly rates in per cent, terms in months."""

    code: str = Field(pattern=r"^[A-Z0-9-]{3,40}$")
    version: int = Field(ge=1, le=2**31 - 1)
    name: str = Field(min_length=2)
    name_en: str = Field(min_length=2)
    bank: str
    summary: str
    summary_en: str = ""
    effective_from: date
    amount_wan: Between
    annual_rate_percent: Between
    term_months: Between
    repayment: Annotated[list[Repayment], Field(min_length=1)]
    guarantee_modes: Annotated[list[GuaranteeMode], Field(min_length=1)]
    collateral: list[Collateral] = []
    purposes: Annotated[list[Purpose], Field(min_length=1)]
    regions: Annotated[list[RegionCode], Field(min_length=1)]
    max_default_probability: float = Field(gt=0, le=1)
    decision_working_days: int = Field(ge=0, le=60)
    documents: list[str] = []
    branches: list[BranchIn] = []
    capacity_left_wan: float | None = Field(None, ge=0, le=1e7)
    yearly_fee_percent: float = Field(0, ge=0, le=10)
    industries: list[str] = []
    industries_out: list[str] = []
    sizes: list[Annotated[str, Field(json_schema_extra={"enum": list(SIZES)})]] = []
    first_loan_only: bool = False
    green_grades: list[Annotated[str, Field(json_schema_extra={"enum": list(GREEN_GRADES)})]] = []
    green_rate_cut_bp: dict[str, int] = {}
    online: bool = False
    rules: list[RuleIn] = []
    cases: Annotated[list[CaseIn], Field(min_length=1)]

    def product(self, bank: Bank) -> LoanProduct:
        """Return the value, in fen and basis points."""
        return LoanProduct(
            code=self.code,
            version=self.version,
            name=self.name,
            name_en=self.name_en,
            bank=bank,
            summary=self.summary,
            effective_from=self.effective_from,
            min_amount_fen=round(self.amount_wan.min * FEN_PER_WAN),
            max_amount_fen=round(self.amount_wan.max * FEN_PER_WAN),
            min_annual_rate_bp=round(self.annual_rate_percent.min * 100),
            max_annual_rate_bp=round(self.annual_rate_percent.max * 100),
            min_term_months=int(self.term_months.min),
            max_term_months=int(self.term_months.max),
            repayment=tuple(self.repayment),
            guarantee_modes=tuple(self.guarantee_modes),
            collateral=tuple(self.collateral),
            purposes=tuple(self.purposes),
            regions=tuple(self.regions),
            max_default_probability=self.max_default_probability,
            decision_working_days=self.decision_working_days,
            documents=tuple(self.documents),
            entry_rules=tuple(rule.rule() for rule in self.rules),
            cases=tuple(case.case() for case in self.cases),
            branches=tuple(Branch(b.region, round(b.approval_limit_wan * FEN_PER_WAN), b.name) for b in self.branches),
            capacity_left_fen=None if self.capacity_left_wan is None else round(self.capacity_left_wan * FEN_PER_WAN),
            yearly_fee_bp=round(self.yearly_fee_percent * 100),
            industries=tuple(self.industries),
            industries_out=tuple(self.industries_out),
            sizes=tuple(self.sizes),
            first_loan_only=self.first_loan_only,
            green_grades=tuple(self.green_grades),
            green_rate_cut_bp=tuple(sorted(self.green_rate_cut_bp.items())),
            online=self.online,
            summary_en=self.summary_en,
        )


class ProductOut(Closed):
    """A listed product."""

    code: str
    version: int
    bank: str
    listed: bool
    document: dict[str, Any]


class ProductPage(Closed):
    """A page of products by code; `next_cursor` is null where there are no more."""

    items: list[ProductOut]
    next_cursor: str | None


class ProductVersionOut(Closed):
    """One version of a product; every version is kept."""

    code: str
    version: int
    listed: bool
    listed_at: datetime
    document: dict[str, Any]

    @classmethod
    def of(cls, found: Version) -> "ProductVersionOut":
        """Return the wire form."""
        return cls(code=found.code, version=found.version, listed=found.listed, listed_at=found.listed_at, document=dict(found.document))


class ProductProblem(Closed):
    """What is wrong with one field; with its line, where the product came as TOML."""

    field: str
    message: str


class ValidationOut(Closed):
    """Whether a product could be listed."""

    valid: bool
    problems: list[ProductProblem]


class DraftOut(Closed):
    """A draft; it may be listed when `problems` is empty."""

    code: str
    revision: int
    saved_at: datetime
    document: dict[str, Any]
    problems: list[ProductProblem]


class CapacityIn(Closed):
    """What a product may still lend, in 万元; null: no end stated."""

    capacity_left_wan: float | None = Field(ge=0, le=1e7)


def schema_document() -> dict[str, Any]:
    """Return the JSON Schema of a product file, with the names of all facts."""
    found = ProductFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:greenbridge:product:1.0", **found}
