"""Amounts and rates for many firms under one budget, so that the expected profit is as high as it can be.

Expected profit of one yuan offered to a firm of rating c with probability of default p, at rate r:

    (1 - churn_c(r)) x ((1 - p) x r - p x LGD - funds - operation)

A firm that leaves costs nothing; one that stays pays the rate unless it defaults, and loses LGD if it does. For fixed p and c the best
rate does not depend on the amount, so that the amounts are a linear programme over "nothing, or between least and most" (HiGHS).
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from greenbridge.kit.errors import Invalid
from greenbridge.underwriting.rules.amounts import Task, solve
from greenbridge.underwriting.rules.churn import Churn, Floats, Ints

WORST = 3  # ratings are 0 to 3 for A to D


class BudgetOn(StrEnum):
    """What the budget holds down: all that is offered, or what is expected to be taken up."""

    OFFERED = "offered"
    TAKEN_UP = "taken_up"


@dataclass(frozen=True, slots=True)
class Firms:
    """`probability` float[n], `rating` int[n] 0 to 3, `most_fen` int[n]: the most for each firm; `industry`: names, empty unknown."""

    ids: tuple[str, ...]
    probability: Floats
    rating: Ints
    most_fen: Ints
    industry: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """Amounts in fen, rates in basis points a year, loss given default a share."""

    budget_fen: int
    least_fen: int
    most_fen: int
    loss_given_default: float
    funds_bp: int
    operating_bp: int = 0
    budget_on: BudgetOn = BudgetOn.OFFERED


@dataclass(frozen=True, slots=True)
class Plan:
    """What is offered to each firm: `amount_fen` int[n], 0 for nothing; `rate_bp` int[n], that of firms without an offer too.

    `gap`: how far the best may lie above, as a share; 0 where it is proven.
    """

    name: str
    amount_fen: Ints
    rate_bp: Ints
    gap: float = 0.0


def checked(terms: Terms) -> None:
    """Raise Invalid for terms that make no sense."""
    if not 0 < terms.least_fen <= terms.most_fen:
        raise Invalid.at(
            "wrong-amounts", "min", "单户下限须大于 0 且不高于上限。", "The least amount must be above 0 and not above the most."
        )
    if terms.budget_fen < terms.least_fen:
        raise Invalid.at("wrong-budget", "budget", "总额度不能低于单户下限。", "The budget must not be under one firm's least amount.")
    if not 0 <= terms.loss_given_default <= 1:
        raise Invalid.at("wrong-lgd", "lgd", "违约损失率须在 0 与 1 之间。", "The loss given default lies between 0 and 1.")


def margin(probability: Floats, rate_bp: Floats | Ints, terms: Terms) -> Floats:
    """Return the expected profit of one yuan lent. p 0.05, 8 %, LGD 0.6, funds 2.5 %: 0.95 x 0.08 - 0.03 - 0.025 = 0.021."""
    costs = (terms.funds_bp + terms.operating_bp) / 10_000
    return np.asarray((1 - probability) * rate_bp / 10_000 - probability * terms.loss_given_default - costs)


def kept(firms: Firms, churn: Churn, rate_bp: Ints) -> Floats:
    """Return each firm's share that stays at its rate; 0 for the worst rating."""
    shares = np.vstack([churn.kept, np.zeros(len(churn.rates_bp))])
    return np.asarray(shares[firms.rating, rate_bp - churn.rates_bp[0]])


def profits(firms: Firms, churn: Churn, plan: Plan, terms: Terms) -> Floats:
    """Return each firm's expected profit in fen, float[n]."""
    return plan.amount_fen * kept(firms, churn, plan.rate_bp) * margin(firms.probability, plan.rate_bp, terms)


def losses(firms: Firms, churn: Churn, plan: Plan, terms: Terms) -> Floats:
    """Return each firm's expected credit loss in fen: amount x kept x p x LGD."""
    return plan.amount_fen * kept(firms, churn, plan.rate_bp) * firms.probability * terms.loss_given_default


def spread(firms: Firms, churn: Churn, plan: Plan, terms: Terms) -> float:
    """Return the standard deviation of the profit in fen, if firms stay and default one without the other: a lower bound."""
    stays, p, rate = kept(firms, churn, plan.rate_bp), firms.probability, plan.rate_bp / 10_000
    costs = (terms.funds_bp + terms.operating_bp) / 10_000
    good, bad = rate - costs, -terms.loss_given_default - costs
    mean = stays * ((1 - p) * good + p * bad)
    square = stays * ((1 - p) * good**2 + p * bad**2)
    return float(np.sqrt((plan.amount_fen.astype(float) ** 2 * (square - mean**2)).sum()))


def best_rates(firms: Firms, churn: Churn, terms: Terms, price_of_money: float = 0.0) -> tuple[Ints, Floats]:
    """Return (rate in basis points, profit of one yuan offered) int[n], float[n]: the best of every whole basis point.

    The worst rating gets the lowest rate and 0. `price_of_money`: what one yuan taken up costs beside.
    """
    rates, worth = np.full(len(firms.probability), churn.rates_bp[0]), np.zeros(len(firms.probability))
    grid = churn.rates_bp / 10_000
    costs = (terms.funds_bp + terms.operating_bp) / 10_000 + price_of_money
    for rating in range(WORST):
        where = np.flatnonzero(firms.rating == rating)
        # kept x ((1-p) r - p LGD - costs) is a line in p for each rate: the best of all is their upper envelope.
        base, slope = churn.kept[rating] * (grid - costs), -churn.kept[rating] * (grid + terms.loss_given_default)
        lines, ends = envelope(base, slope)
        best = lines[np.searchsorted(ends, firms.probability[where], side="left")]
        rates[where] = churn.rates_bp[best]
        worth[where] = base[best] + slope[best] * firms.probability[where]
    return rates, worth


def envelope(base: Floats, slope: Floats) -> tuple[Ints, Floats]:
    """Return (the lines that are highest somewhere, from left to right; where each but the last ends).

    `envelope([0, 1, -9], [0, -1, 0])`: line 1 up to p = 1, then line 0.
    """
    kept_lines: list[int] = []
    ends: list[float] = []
    for i in np.lexsort((-base, slope)):
        if kept_lines and slope[i] == slope[kept_lines[-1]]:
            continue  # parallel and not above
        while kept_lines:
            with np.errstate(over="ignore"):  # nearly parallel: they cross beyond every number
                at = (base[kept_lines[-1]] - base[i]) / (slope[i] - slope[kept_lines[-1]])
            if not ends or at > ends[-1]:
                ends.append(at)
                break
            kept_lines.pop()
            ends.pop()
        kept_lines.append(int(i))
    return np.array(kept_lines, dtype=np.int64), np.array(ends)


def optimum(firms: Firms, churn: Churn, terms: Terms, *, seconds: float = 60.0) -> Plan:
    """Return the plan with the highest expected profit. Raises Invalid for terms that make no sense."""
    checked(terms)
    if terms.budget_on is BudgetOn.TAKEN_UP:
        return _optimum_taken_up(firms, churn, terms, seconds)
    rates, worth = best_rates(firms, churn, terms)
    amounts, gap = amounts_for(worth, np.ones(len(worth)), firms, terms, seconds=seconds)
    return Plan("optimum", amounts, rates, gap)


def _optimum_taken_up(firms: Firms, churn: Churn, terms: Terms, seconds: float) -> Plan:
    """Return the optimum where the budget holds down what is taken up: then a higher rate also saves budget.

    The price of the budget's last yuan is found by bisection; each firm's best rate at that price is a corner of what it can give, so
    that the amounts at those rates lose at most one firm's amount against the true optimum: `gap` says how much by the Lagrangian bound.
    """
    low, high = 0.0, 1.0
    most = np.where(firms.rating < WORST, np.minimum(firms.most_fen, terms.most_fen), 0)
    for _ in range(50):
        price = (low + high) / 2
        rates, worth = best_rates(firms, churn, terms, price)
        used = (most * kept(firms, churn, rates))[worth > 0].sum()
        low, high = (price, high) if used > terms.budget_fen else (low, price)
    candidates = []
    for price in {0.0, low, high} if high > 1e-9 else {0.0}:
        rates, _ = best_rates(firms, churn, terms, price)
        stays = kept(firms, churn, rates)
        worth = stays * margin(firms.probability, rates, terms)
        amounts, _ = amounts_for(worth, stays, firms, terms, seconds=seconds)
        candidates.append(Plan("optimum", amounts, rates))
    found = max(candidates, key=lambda plan: float(profits(firms, churn, plan, terms).sum()))
    # No plan earns more than the budget's value at any price of money and what each firm adds at that price.
    bound = min(
        terms.budget_fen * price + float((most * np.maximum(best_rates(firms, churn, terms, price)[1], 0)).sum()) for price in (low, high)
    )
    earned = float(profits(firms, churn, found, terms).sum())
    return replace(found, gap=max(0.0, bound / earned - 1) if earned > 0 else 0.0)


def amounts_for(worth: Floats, uses: Floats, firms: Firms, terms: Terms, *, seconds: float = 60.0) -> tuple[Ints, float]:
    """Return (amounts in fen, gap): most worth within the budget; each nothing, or between the least and the firm's most.

    `worth` and `uses`: profit and budget of one yuan offered, float[n]. Firms that would lose money get nothing.
    """
    amounts = np.zeros(len(worth), dtype=np.int64)
    most = np.minimum(firms.most_fen, terms.most_fen)
    able = np.flatnonzero((worth > 0) & (firms.rating < WORST) & (most >= terms.least_fen))
    if not len(able):
        return amounts, 0.0
    task = Task(worth[able], uses[able], most[able].astype(float), float(terms.least_fen), float(terms.budget_fen))
    amounts[able], gap = solve(task, seconds)
    return amounts, gap
