"""What a loan costs: its flows, instalments and the comparison of offers."""

from dataclasses import dataclass
from datetime import date

from greenbridge.answers.values.answers import AnswerView


@dataclass(frozen=True, slots=True)
class Flow:
    """Money on a day as the firm sees it: what it gets is positive, what it pays negative. In fen."""

    on: date
    fen: int


@dataclass(frozen=True, slots=True)
class Instalment:
    """One line of an amortisation table, in fen."""

    number: int
    due_on: date
    principal_fen: int
    interest_fen: int
    fees_fen: int
    left_fen: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What an offer costs, all in. `effective_annual_rate`: 0.05 is 5 % a year, compounded; None where there is no such rate.

    `subsidy_fen` None: not known, and not counted.
    """

    effective_annual_rate: float | None
    interest_fen: int
    fees_fen: int
    subsidy_fen: int | None
    total_fen: int
    instalments: tuple[Instalment, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """An offer beside the others. `place` counts from 1 by all-in cost among those that can be accepted, None for the others; `fit` in
    [0, 1] is the product's fit to the need; `above_maximum`: its rate is above the most that the firm would pay.
    """

    view: AnswerView
    cost: Cost
    place: int | None
    fit: float | None
    asked_share: float
    above_maximum: bool = False
