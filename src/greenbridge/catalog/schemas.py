"""Wire types of the catalogue: a product file and the API's product are one schema."""

from datetime import date
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from greenbridge.catalog.values import Bank, Case, Eligibility, LoanProduct, Operator, Repayment, Rule, Value
from greenbridge.kit.money import FEN_PER_WAN
from greenbridge.kit.wire import Closed
from greenbridge.needs.values import Collateral, GuaranteeMode, Purpose

WireValue = bool | int | float | str | list[str]


def _value(wire: WireValue | None) -> Value | None:
    return tuple(wire) if isinstance(wire, list) else wire


class RuleIn(Closed):
    """`fact operator limit`; amounts in fen, shares as fractions."""

    fact: str
    operator: Operator
    limit: WireValue

    def rule(self) -> Rule:
        """Return the value."""
        limit = _value(self.limit)
        assert limit is not None
        return Rule(self.fact, self.operator, limit)


class CaseIn(Closed):
    """An example: facts that differ from a typical applicant, and what the product must answer. `unknown` facts are withheld."""

    name: str
    facts: dict[str, WireValue] = {}
    expect: Eligibility
    fails: list[str] = []
    unknown: list[str] = []

    def case(self) -> Case:
        """Return the value; withheld facts are None."""
        facts = {name: _value(value) for name, value in self.facts.items()}
        return Case(
            self.name,
            {**facts, **dict.fromkeys(self.unknown)},
            self.expect,
            frozenset(self.fails),
            frozenset(self.unknown),
        )


class Between(Closed):
    """A closed range."""

    min: float = Field(ge=0, le=1e7)
    max: float = Field(gt=0, le=1e7)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError("min is above max")
        return self


class ProductFile(Closed):
    """A loan product as banks write it: amounts in 万元, yearly rates in per cent, terms in months."""

    code: str = Field(pattern=r"^[A-Z0-9-]{3,40}$")
    version: int = Field(ge=1, le=2**31 - 1)
    name: str = Field(min_length=2)
    name_en: str = Field(min_length=2)
    bank: str
    summary: str
    effective_from: date
    amount_wan: Between
    annual_rate_percent: Between
    term_months: Between
    repayment: Annotated[list[Repayment], Field(min_length=1)]
    guarantee_modes: Annotated[list[GuaranteeMode], Field(min_length=1)]
    collateral: list[Collateral] = []
    purposes: Annotated[list[Purpose], Field(min_length=1)]
    regions: Annotated[list[Annotated[str, Field(pattern=r"^\d{6}$")]], Field(min_length=1)]
    max_default_probability: float = Field(gt=0, le=1)
    decision_working_days: int = Field(ge=0, le=60)
    documents: list[str] = []
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
        )


class ProductOut(Closed):
    """A listed product."""

    code: str
    version: int
    bank: str
    listed: bool
    document: dict[str, Any]
