"""Wire types of matches."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, StrictBool, model_validator

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.values import Applicant, Eligibility, Outcome
from greenbridge.kit.text import Language
from greenbridge.kit.wire import Closed
from greenbridge.matching.rules.wire import head_json, verdict_json
from greenbridge.matching.rules.words_of_plans import plan_sentence, step_sentence
from greenbridge.matching.values import (
    BASIS_NAMES,
    Behaviour,
    DryRun,
    Exposure,
    Facts,
    FittingNeed,
    GradeOfDay,
    Match,
    MatchRun,
    Plan,
    Policy,
    ProductReach,
)
from greenbridge.needs.schemas import NewNeed

MOST = 200
BATCH = 1_000


class VerdictOut(Closed):
    """One rule's answer. `margin` is in `unit` (days for dates), positive inside the limit, negative short of it; a group's `operator` is
    any_of, all_of or none_of, and its `members` have the values.
    """

    fact: str | None
    label: str
    operator: str
    outcome: Outcome
    value: Any
    limit: Any
    margin: float | None
    unit: str
    soft: bool
    weight: float
    text: str
    members: list["VerdictOut"] = []


class FitOut(Closed):
    """The parts of a total, each in [0, 1], and what each adds to it: weight times part."""

    parts: dict[str, float]
    points: dict[str, float]
    total: float


class MatchOut(Closed):
    """One product: rank, eligibility, the three fits and every rule. `merit_rank`: the place before near-equal banks took turns."""

    rank: int
    merit_rank: int
    product_code: str
    product_version: int
    product: str
    bank: str
    eligibility: Eligibility
    region_fit: float
    rule_fit: float
    risk_fit: float
    total_fit: float
    fit: FitOut
    min_annual_rate_bp: int
    max_annual_rate_bp: int
    verdicts: list[VerdictOut]

    @classmethod
    def of(cls, m: Match, facts: Facts, policy: Policy, language: Language) -> "MatchOut":
        """Return the wire form, with the verdicts made of the facts."""
        found = verdicts.verdicts(m.product, Applicant(facts))
        return cls.model_validate({**head_json(m, policy, language), "verdicts": [verdict_json(v, language) for v in found]})


class PastAnswersOut(Closed):
    """How the bank answered in a year: `well` of `asked` answers ended in time with an offer or reasons. The part of a rank is
    (well + 2.5) / (asked + 5): few answers say little.
    """

    well: int
    asked: int
    score: float


class GreenOut(Closed):
    """The firm's green grade as rules take it: null is not rated. `basis`: system (not reviewed) or certified."""

    grade: str | None
    possible: str | None
    coverage: float
    basis: str
    text: str
    scheme: str
    rated_on: date

    @classmethod
    def of(cls, g: GradeOfDay, language: Language) -> "GreenOut":
        """Return the wire form."""
        said = BASIS_NAMES[g.basis].in_(language)
        return cls(grade=g.grade, possible=g.possible, coverage=g.coverage, basis=g.basis, text=said, scheme=g.scheme, rated_on=g.rated_on)


class ExplainedOut(MatchOut):
    """One product with what stands behind two of its parts: how its bank answered, and on what the firm's green grade stands."""

    past_answers: PastAnswersOut | None
    green: GreenOut | None

    @classmethod
    def explained(cls, m: Match, run: MatchRun, policy: Policy, behaviour: Behaviour | None, language: Language) -> "ExplainedOut":
        """Return the wire form."""
        past = PastAnswersOut(well=behaviour.well, asked=behaviour.asked, score=round(behaviour.score, 4)) if behaviour else None
        green = GreenOut.of(run.green, language) if run.green else None
        return cls(**MatchOut.of(m, run.facts, policy, language).model_dump(), past_answers=past, green=green)


class MatchRunOut(Closed):
    """Products ranked for a need. `counts`: of a saved need, how many products there are of each eligibility; the first are listed."""

    need_id: UUID | None
    made_at: datetime
    policy_version: str
    model_version: str
    catalogue: str
    counts: dict[Eligibility, int] | None = None
    matches: list[MatchOut]

    @classmethod
    def of(cls, run: MatchRun, policy: Policy, language: Language, most: int | None = None) -> "MatchRunOut":
        """Return the wire form of the first `most` products."""
        return cls(
            need_id=run.need_id,
            made_at=run.made_at,
            policy_version=run.policy_version,
            model_version=run.model_version,
            catalogue=run.catalogue,
            counts=dict(run.counts),
            matches=[MatchOut.of(m, run.facts, policy, language) for m in run.matches[:most]],
        )


class AskMatches(Closed):
    """A saved need, terms of the caller's own firm, or facts of nobody in particular: one of the three."""

    need_id: UUID | None = None
    need: NewNeed | None = None
    facts: dict[str, Any] | None = None
    limit: int = Field(20, ge=1, le=MOST)
    refused: int = Field(0, ge=0, le=MOST)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(part is not None for part in (self.need_id, self.need, self.facts)) != 1:
            raise ValueError("give one of need_id, need, facts")
        return self


class AskBatch(Closed):
    """Facts of up to 1,000 applicants."""

    applicants: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=BATCH)]


class BatchOut(Closed):
    """One applicant's products, by code: those that take it, those that wait for data."""

    eligible: list[str]
    conditional: list[str]


class StepOut(Closed):
    """One thing to do."""

    kind: str
    fact: str
    before: Any
    after: Any
    months: int
    text: str


class PlanOut(Closed):
    """Steps, and what they bring: re-run on the engine."""

    text: str
    steps: list[StepOut]
    months: int
    opened: list[str]
    conditional: list[str]
    lost: list[str]
    rate_before_bp: int | None
    rate_after_bp: int | None

    @classmethod
    def of(cls, p: Plan, language: Language) -> "PlanOut":
        """Return the wire form."""
        steps = [
            StepOut(kind=s.kind, fact=s.fact, before=s.before, after=s.after, months=s.months, text=step_sentence(s).in_(language))
            for s in p.steps
        ]
        return cls(
            text=plan_sentence(p).in_(language),
            steps=steps,
            months=p.months,
            opened=list(p.opened),
            conditional=list(p.conditional),
            lost=list(p.lost),
            rate_before_bp=p.rate_before_bp,
            rate_after_bp=p.rate_after_bp,
        )


class PlansOut(Closed):
    """What opens products: plans, and the data that products wait for."""

    plans: list[PlanOut]
    missing: dict[str, list[str]]

    @classmethod
    def of(cls, found: Sequence[Plan], missing: dict[str, tuple[str, ...]], language: Language) -> "PlansOut":
        """Return the wire form."""
        return cls(plans=[PlanOut.of(p, language) for p in found], missing={fact: list(codes) for fact, codes in missing.items()})


class DryRunOut(Closed):
    """Counts in steps of 5 with steady noise of up to 5; null is fewer than ten or so, which `refused`, the rest of all, has with it."""

    firms: int | None
    eligible: int | None
    conditional: int | None
    refused: int | None
    refusals: list[list[str | int | None]]
    overlaps: list[list[str | int | None]]
    other_banks: int | None
    left_today: int

    @classmethod
    def of(cls, d: DryRun) -> "DryRunOut":
        """Return the wire form."""
        return cls(
            firms=d.firms,
            eligible=d.eligible,
            conditional=d.conditional,
            refused=d.refused,
            refusals=[list(one) for one in d.refusals],
            overlaps=[list(one) for one in d.overlaps],
            other_banks=d.other_banks,
            left_today=d.left_today,
        )


class FittingNeedOut(Closed):
    """An open need that a product fits: no name, no term, no figure."""

    need_id: UUID
    number: str
    published_at: datetime
    open_until: date
    eligibility: Eligibility

    @classmethod
    def of(cls, n: FittingNeed) -> "FittingNeedOut":
        """Return the wire form."""
        return cls(need_id=n.need_id, number=n.number, published_at=n.published_at, open_until=n.open_until, eligibility=n.eligibility)


class FittingNeedsOut(Closed):
    """A page of needs, newest first; `next_cursor` asks for the next one, null on the last."""

    needs: list[FittingNeedOut]
    next_cursor: str | None


class SubscriptionIn(Closed):
    """Whether the bank is told of new needs that fit (topic match.new_fit), and of those that wait for data too."""

    on: StrictBool
    conditional: StrictBool = False


class ProductReachOut(Closed):
    """A product: open needs that it fits, that wait for data, and what the bank is told of new ones."""

    product_code: str
    eligible: int
    conditional: int
    told: SubscriptionIn

    @classmethod
    def of(cls, r: ProductReach) -> "ProductReachOut":
        """Return the wire form."""
        told = SubscriptionIn(on=r.told.on, conditional=r.told.conditional)
        return cls(product_code=r.product.code, eligible=r.eligible, conditional=r.conditional, told=told)


class ExposureOut(Closed):
    """What a product was shown against what it deserved."""

    product_code: str
    bank_code: str
    shown: int
    attention: float
    deserved: float
    balance: float

    @classmethod
    def of(cls, e: Exposure) -> "ExposureOut":
        """Return the wire form."""
        numbers = (round(x, 4) for x in (e.attention, e.deserved, e.balance))
        attention, deserved, balance = numbers
        return cls(
            product_code=e.product_code, bank_code=e.bank_code, shown=e.shown, attention=attention, deserved=deserved, balance=balance
        )
