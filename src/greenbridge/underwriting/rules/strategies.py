"""Simple ways to lend a budget, judged by the same expected profit as the optimum; and what happens when the world is worse."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from greenbridge.kit.text import Text
from greenbridge.underwriting.rules import portfolio
from greenbridge.underwriting.rules.amounts import FEN
from greenbridge.underwriting.rules.churn import Churn, Floats, Ints
from greenbridge.underwriting.rules.portfolio import WORST, Firms, Plan, Terms

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
    """Return the simple strategies. Where one leaves its single rate open, it gets the one that earns it most: no straw men."""
    equal, first = _equal(firms, terms), _best_first(firms, terms)
    lowest = np.full(len(firms.ids), churn.rates_bp[0])
    return [
        _one_rate_optimal_amounts(firms, churn, terms),
        Plan("best_first_rate_by_rating", first, _rate_by_rating(firms, churn, first, terms)),
        Plan("best_first_one_rate", first, _one_rate(firms, churn, first, terms)),
        Plan("equal_shares_best_rate", equal, _one_rate(firms, churn, equal, terms)),
        Plan("equal_shares_lowest_rate", equal, lowest),
    ]


def _able(firms: Firms, terms: Terms) -> Ints:
    """Return who may get a loan at all, the safest first; equal probabilities in the order given."""
    most = np.minimum(firms.most_fen, terms.most_fen)
    able = np.flatnonzero((firms.rating < WORST) & (most >= terms.least_fen))
    return np.asarray(able[np.argsort(firms.probability[able], kind="stable")])


def _equal(firms: Firms, terms: Terms) -> Ints:
    """Return the same amount for each, in whole yuan; where the budget is too small for all, for the safest alone."""
    amounts, able = np.zeros(len(firms.ids), dtype=np.int64), _able(firms, terms)
    able = able[: terms.budget_fen // terms.least_fen]
    if len(able):
        share = terms.budget_fen // len(able) // FEN * FEN
        amounts[able] = np.clip(share, terms.least_fen, np.minimum(firms.most_fen[able], terms.most_fen))
    return amounts


def _best_first(firms: Firms, terms: Terms) -> Ints:
    """Return the most for each from the safest on, until the budget is used."""
    return _filled(_able(firms, terms), firms, terms)


def _filled(order: Ints, firms: Firms, terms: Terms) -> Ints:
    amounts, most = np.zeros(len(firms.ids), dtype=np.int64), np.minimum(firms.most_fen, terms.most_fen)[order]
    before = np.concatenate([[0], np.cumsum(most)[:-1]])
    left = np.minimum(most, terms.budget_fen - before)
    amounts[order] = np.where(left >= terms.least_fen, left, 0)
    return amounts


def _by_rate(firms: Firms, churn: Churn, amounts: Ints, terms: Terms) -> Floats:
    """Return the profit of fixed amounts at every rate of the table, per rating: float[3, n_rates]."""
    grid, costs = churn.rates_bp / 10_000, (terms.funds_bp + terms.operating_bp) / 10_000
    sums = [firms.rating == rating for rating in range(WORST)]
    whole = np.array([amounts[where].sum() for where in sums], dtype=float)[:, None]
    lost = np.array([(amounts * firms.probability)[where].sum() for where in sums])[:, None]
    return np.asarray(churn.kept * (whole * (grid - costs) - lost * (grid + terms.loss_given_default)))


def _one_rate(firms: Firms, churn: Churn, amounts: Ints, terms: Terms) -> Ints:
    best = int(_by_rate(firms, churn, amounts, terms).sum(axis=0).argmax())
    return np.full(len(firms.ids), churn.rates_bp[best])


def _rate_by_rating(firms: Firms, churn: Churn, amounts: Ints, terms: Terms) -> Ints:
    best = churn.rates_bp[_by_rate(firms, churn, amounts, terms).argmax(axis=1)]
    return np.asarray(np.append(best, churn.rates_bp[0])[firms.rating])


def _one_rate_optimal_amounts(firms: Firms, churn: Churn, terms: Terms) -> Plan:
    """Return the most valuable firms first at each rate, and the rate that earns most. Rates go in steps of 5 bp."""
    best: Plan | None = None
    highest = -np.inf
    able = _able(firms, terms)
    for rate in churn.rates_bp[::COARSE_BP]:
        rates = np.full(len(firms.ids), rate)
        worth = portfolio.kept(firms, churn, rates) * portfolio.margin(firms.probability, rates, terms)
        order = able[np.argsort(-worth[able], kind="stable")]
        amounts = _filled(order[worth[order] > 0], firms, terms)
        if (earned := float((amounts * worth).sum())) > highest:
            best, highest = Plan("one_rate_optimal_amounts", amounts, rates), earned
    assert best is not None
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
