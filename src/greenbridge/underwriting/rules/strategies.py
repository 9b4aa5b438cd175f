"""Simple ways to lend a budget, judged by the same expected profit as the optimum; and what happens when the world is worse."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from greenbridge.kit.text import Text
from greenbridge.underwriting.rules import portfolio
from greenbridge.underwriting.rules.amounts import FEN
from greenbridge.underwriting.rules.churn import Churn, Floats, Ints
from greenbridge.underwriting.rules.portfolio import WORST, BudgetOn, Firms, Plan, Terms

NAMES = {
    "optimum": Text("最优组合", "Optimum"),
    "one_rate_optimal_amounts": Text("统一利率，最优额度", "One rate, best amounts"),
    "best_first_rate_by_rating": Text("择优发放，按评级定价", "Best first, a rate per rating"),
    "best_first_one_rate": Text("择优发放，统一利率", "Best first at one rate"),
    "equal_shares_best_rate": Text("平均分配，统一利率", "Equal shares at one rate"),
    "equal_shares_lowest_rate": Text("平均分配，最低利率", "Equal shares at the lowest rate"),
}
COARSE_BP = 5
MOST_INDUSTRIES = 5
LEAST_OF_INDUSTRY = 5


@dataclass(frozen=True, slots=True)
class Result:
    """A plan's figures in fen: what is offered, what is expected to be taken up, profit, credit loss, and the profit's spread."""

    name: str
    firms: int
    offered_fen: int
    taken_up_fen: float
    profit_fen: float
    loss_fen: float
    spread_fen: float
    mean_rate_bp: float
    gap: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """A worse (or other) world: the plan's profit if nothing is changed, and that of a plan made for that world."""

    name: Text
    unchanged_fen: float
    replanned_fen: float


def result(firms: Firms, churn: Churn, plan: Plan, terms: Terms) -> Result:
    """Return a plan's figures; the mean rate is weighted with the amounts."""
    offered = int(plan.amount_fen.sum())
    return Result(
        plan.name,
        int((plan.amount_fen > 0).sum()),
        offered,
        float((plan.amount_fen * portfolio.kept(firms, churn, plan.rate_bp)).sum()),
        float(portfolio.profits(firms, churn, plan, terms).sum()),
        float(portfolio.losses(firms, churn, plan, terms).sum()),
        portfolio.spread(firms, churn, plan, terms),
        float((plan.amount_fen * plan.rate_bp).sum() / offered) if offered else 0.0,
        plan.gap,
    )


def simple(firms: Firms, churn: Churn, terms: Terms) -> list[Plan]:
    """Return the simple strategies, each within the same budget as the optimum. Where one leaves its single rate open, it gets the one
    that earns it most: no straw men.
    """
    able, lowest = _able(firms, terms), np.full(len(firms.ids), churn.rates_bp[0])
    counts = _counts(firms, churn, lowest, terms)

    def best_first(counts: Floats, _worth: Floats) -> Ints:
        return _filled(able, firms, terms, counts)

    def equal(counts: Floats, _worth: Floats) -> Ints:
        return _equal(able, firms, terms, counts)

    def most_valuable(counts: Floats, worth: Floats) -> Ints:
        order = able[np.argsort(-worth[able], kind="stable")]
        return _filled(order[worth[order] > 0], firms, terms, counts)

    at_one_rate = _one_rate("best_first_one_rate", best_first, firms, churn, terms)
    return [
        _one_rate("one_rate_optimal_amounts", most_valuable, firms, churn, terms),
        _rate_by_rating(able, at_one_rate, firms, churn, terms),
        at_one_rate,
        _one_rate("equal_shares_best_rate", equal, firms, churn, terms),
        Plan("equal_shares_lowest_rate", _equal(able, firms, terms, counts), lowest),
    ]


def _able(firms: Firms, terms: Terms) -> Ints:
    """Return who may get a loan at all, the safest first; equal probabilities in the order given."""
    most = np.minimum(firms.most_fen, terms.most_fen)
    able = np.flatnonzero((firms.rating < WORST) & (most >= terms.least_fen))
    return np.asarray(able[np.argsort(firms.probability[able], kind="stable")])


def _counts(firms: Firms, churn: Churn, rate_bp: Ints, terms: Terms) -> Floats:
    """Return what of one yuan offered to each firm the budget counts: all of it, or the share that is expected to be taken up."""
    return portfolio.kept(firms, churn, rate_bp) if terms.budget_on is BudgetOn.TAKEN_UP else np.ones(len(firms.ids))


def _equal(able: Ints, firms: Firms, terms: Terms, counts: Floats) -> Ints:
    """Return the same amount for each, in whole yuan; where the budget is too small for all, for the safest alone."""
    amounts = np.zeros(len(firms.ids), dtype=np.int64)
    able = able[np.cumsum(counts[able]) * terms.least_fen <= terms.budget_fen]
    if whole := float(counts[able].sum()):
        share = int(terms.budget_fen / whole) // FEN * FEN
        amounts[able] = np.clip(share, terms.least_fen, np.minimum(firms.most_fen[able], terms.most_fen))
    return amounts


def _filled(order: Ints, firms: Firms, terms: Terms, counts: Floats) -> Ints:
    """Return the most for each in the order given, until the budget is used."""
    amounts, most = np.zeros(len(firms.ids), dtype=np.int64), np.minimum(firms.most_fen, terms.most_fen)[order]
    used = np.cumsum(most * counts[order])
    room = terms.budget_fen - np.concatenate([[0.0], used[:-1]])
    left = np.minimum(most, np.divide(room, counts[order], out=most.astype(float), where=counts[order] > 0)) // FEN * FEN
    amounts[order] = np.where(left >= terms.least_fen, left, 0)
    return amounts


def _one_rate(name: str, amounts_for: Callable[[Floats, Floats], Ints], firms: Firms, churn: Churn, terms: Terms) -> Plan:
    """Return the amounts that a way of lending gives at one rate for all, at the rate that earns it most. Rates go in steps of 5 bp."""
    best: Plan | None = None
    highest = -np.inf
    for rate in churn.rates_bp[::COARSE_BP]:
        rates = np.full(len(firms.ids), rate)
        worth = portfolio.kept(firms, churn, rates) * portfolio.margin(firms.probability, rates, terms)
        amounts = amounts_for(_counts(firms, churn, rates, terms), worth)
        if (earned := float((amounts * worth).sum())) > highest:
            best, highest = Plan(name, amounts, rates), earned
    assert best is not None
    return best


def _rate_by_rating(able: Ints, best_first: Plan, firms: Firms, churn: Churn, terms: Terms) -> Plan:
    """Return the most for each from the safest on, each rating at a rate of its own: from the best single rate on, one rating after the
    other is moved to the rate that earns most, until none gains. Rates go in steps of 5 bp.
    """
    by_rating = np.append(np.full(WORST, best_first.rate_bp[0]), churn.rates_bp[0])

    def at(rates: Ints) -> tuple[float, Plan]:
        rate_bp = rates[firms.rating]
        amounts = _filled(able, firms, terms, _counts(firms, churn, rate_bp, terms))
        plan = Plan("best_first_rate_by_rating", amounts, rate_bp)
        return float(portfolio.profits(firms, churn, plan, terms).sum()), plan

    highest, best = at(by_rating)
    moved = True
    while moved:
        moved = False
        for rating in range(WORST):
            for rate in churn.rates_bp[::COARSE_BP]:
                tried = by_rating.copy()
                tried[rating] = rate
                earned, plan = at(tried)
                if earned > highest:
                    highest, best, by_rating, moved = earned, plan, tried, True
    return best


def scenarios(firms: Firms, churn: Churn, terms: Terms, plan: Plan, plans_for: Callable[[Firms, Terms], Plan]) -> list[Scenario]:
    """Return what the plan earns, and what could be earned, when losses, defaults, funds or one industry turn out otherwise.

    Ratings stay as they are: they were given before.
    """
    worlds: list[tuple[Text, Firms, Terms]] = [(Text("基准", "As assumed"), firms, terms)]
    worlds += [
        (Text(f"违约损失率 {lgd:.0%}", f"Loss given default {lgd:.0%}"), firms, replace(terms, loss_given_default=lgd))
        for lgd in (0.45, 0.75, 0.90)
    ]
    for factor in (0.5, 1.5, 2.0):
        worse = replace(firms, probability=np.minimum(1, firms.probability * factor))
        worlds.append((Text(f"违约概率 × {factor:g}", f"Probabilities x {factor:g}"), worse, terms))
    dearer = replace(terms, funds_bp=terms.funds_bp + 100)
    worlds.append((Text("资金成本 + 1 个百分点", "Cost of funds + 1 point"), firms, dearer))
    worlds += [(name, shocked, terms) for name, shocked in _shocks(firms, plan)]
    found = []
    for name, others, changed in worlds:
        unchanged = float(portfolio.profits(others, churn, plan, changed).sum())
        again = float(portfolio.profits(others, churn, plans_for(others, changed), changed).sum())
        found.append(Scenario(name, unchanged, again))
    return found


def _shocks(firms: Firms, plan: Plan) -> list[tuple[Text, Firms]]:
    """Return the firms with the probabilities of one industry tripled, for the industries that the plan lends most to."""
    lent = Counter[str]()
    for industry, amount in zip(firms.industry, plan.amount_fen, strict=True):
        if industry and amount:
            lent[industry] += int(amount)
    counts = Counter(industry for industry, amount in zip(firms.industry, plan.amount_fen, strict=True) if amount)
    largest = [industry for industry, _ in lent.most_common() if counts[industry] >= LEAST_OF_INDUSTRY][:MOST_INDUSTRIES]
    return [
        (
            Text(f"{industry}：违约概率 × 3（{counts[industry]} 家）", f"{industry}: probabilities x 3 ({counts[industry]} firms)"),
            replace(firms, probability=_tripled(firms, industry)),
        )
        for industry in largest
    ]


def _tripled(firms: Firms, industry: str) -> Floats:
    struck: Sequence[bool] = [one == industry for one in firms.industry]
    return np.where(struck, np.minimum(1, firms.probability * 3), firms.probability)
