"""Wire types of what an offer costs, of what is due, and of the league."""

from datetime import date
from uuid import UUID

from greenbridge.answers.values import (
    Compared,
    DeadlineState,
    Owner,
    Share,
    Standing,
    Waiting,
)
from greenbridge.answers.values import Step as DueStep
from greenbridge.kit.wire import Closed


class InstalmentOut(Closed):
    """One line of an amortisation table, in fen."""

    number: int
    due_on: date
    principal_fen: int
    interest_fen: int
    fees_fen: int
    left_fen: int


class ComparedOut(Closed):
    """An offer beside the others: `effective_annual_rate` 0.05 is 5 % a year, all in; null: there is none. `place` among those that can be
    accepted, the cheapest first; null: it is over, or one was chosen. `above_maximum`: its rate is above the most the firm would pay.

    `subsidy_fen` null: not known and not counted. `asked_share`: how much of what was asked it covers.
    """

    place: int | None
    answer_id: UUID
    bank: str
    product: str | None
    effective_annual_rate: float | None
    interest_fen: int
    fees_fen: int
    subsidy_fen: int | None
    total_fen: int
    fit: float | None
    asked_share: float
    above_maximum: bool

    @classmethod
    def of(cls, row: Compared) -> "ComparedOut":
        """Return the wire form."""
        return cls(
            place=row.place,
            answer_id=row.view.answer.id,
            bank=row.view.bank_name,
            product=row.view.product_name,
            effective_annual_rate=row.cost.effective_annual_rate,
            interest_fen=row.cost.interest_fen,
            fees_fen=row.cost.fees_fen,
            subsidy_fen=row.cost.subsidy_fen,
            total_fen=row.cost.total_fen,
            fit=row.fit,
            asked_share=row.asked_share,
            above_maximum=row.above_maximum,
        )


class WaitingOut(Closed):
    """What somebody owes a need; `left`: working days, below zero when late."""

    need_id: UUID
    number: str
    step: DueStep
    owner: Owner
    bank: str | None
    due_on: date
    left: int
    missed: bool

    @classmethod
    def of(cls, one: Waiting) -> "WaitingOut":
        """Return the wire form."""
        d = one.deadline
        return cls(
            need_id=d.need_id,
            number=one.number,
            step=d.step,
            owner=d.owner,
            bank=one.bank_name,
            due_on=d.due_on,
            left=one.left,
            missed=d.state is DeadlineState.MISSED,
        )


class ShareOut(Closed):
    """A share as seen, of how many, and drawn towards the place's."""

    hits: float
    n: int
    shrunk: float


class StandingOut(Closed):
    """A bank in the league; `ranked` false: too few dealings for a place."""

    place: int
    bank_code: str
    bank: str
    dealings: int
    answer_rate: ShareOut
    approval: ShareOut
    kept: ShareOut
    paid: ShareOut
    stars: ShareOut
    median_hours: float | None
    rate_over_promise_bp: float | None
    score: float
    ranked: bool

    @classmethod
    def of(cls, one: Standing) -> "StandingOut":
        """Return the wire form."""

        def share(found: Share) -> ShareOut:
            return ShareOut(hits=found.hits, n=found.n, shrunk=found.shrunk)

        return cls(
            place=one.place,
            bank_code=one.bank_code,
            bank=one.bank_name,
            dealings=one.dealings,
            answer_rate=share(one.answer_rate),
            approval=share(one.approval),
            kept=share(one.kept),
            paid=share(one.paid),
            stars=share(one.stars),
            median_hours=one.median_hours,
            rate_over_promise_bp=one.rate_over_promise_bp,
            score=one.score,
            ranked=one.ranked,
        )
