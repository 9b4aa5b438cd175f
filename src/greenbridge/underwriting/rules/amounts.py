"""Amounts under a budget, each nothing or between a least and a most: a mixed-integer programme for HiGHS, made small without loss.

Without the least amounts the best is plain: the most for each in the order of profit per yuan of budget, a part for the last one. Only
when that part is under the least amount there is something to decide. Two bounds tell for whom: `_upper`, what no plan can exceed, and
the better of two plans at hand. A firm that could change places only at a price above their difference keeps its place for certain
(fixing by reduced cost), so that the solver sees the few that are left, be there a hundred thousand.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import bmat, csr_array, diags_array

from greenbridge.kit.errors import Invalid
from greenbridge.underwriting.rules.churn import Floats, Ints

FEN = 100
SCALE = 1_000_000.0  # the solver counts in 10,000 yuan
CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Task:
    """Firms that are worth a loan: profit and budget of one fen offered, and the most for each, float[n]; least and budget in fen."""

    worth: Floats
    uses: Floats
    most: Floats
    least: float
    budget: float

    def value(self, amounts: Floats) -> float:
        """Return the profit of a plan in fen."""
        return float(self.worth @ amounts)


def solve(task: Task, seconds: float) -> tuple[Ints, float]:
    """Return (amounts in whole yuan, in fen; gap: how far the best may lie above, as a share). Raises Invalid when time runs out."""
    ratio = task.worth / np.maximum(task.uses, 1e-12)
    order = np.argsort(-ratio, kind="stable")
    at_hand, upper, price = _bounds(task, order)
    low = task.value(at_hand)
    gap = 0.0
    if upper - low > CLOSE * upper:
        solved, chosen = _solve(task, price, upper - low, seconds)
        if solved.x is None:
            raise Invalid("not-solved", "未能在限定时间内求解。", f"The programme was not solved in time: {solved.message}")
        found = np.zeros(len(task.worth))
        found[chosen] = solved.x[: len(chosen)] * SCALE
        gap = float(solved.mip_gap or 0.0)
        at_hand = found if task.value(found) > low else at_hand
    return _whole(task, at_hand, order), gap


def _bounds(task: Task, order: Ints) -> tuple[Floats, float, float]:
    """Return (the better of two plans at hand, what no plan exceeds, the profit of the budget's last fen)."""
    use = task.most[order] * task.uses[order]
    before = np.concatenate([[0.0], np.cumsum(use)])
    last = int(np.searchsorted(before, task.budget, side="right")) - 1  # so many get their most
    amounts = np.zeros(len(order))
    amounts[order[:last]] = task.most[order[:last]]
    if last == len(order):
        return amounts, task.value(amounts), 0.0
    left, following = task.budget - before[last], order[last]
    price = task.worth[following] / task.uses[following]
    upper = task.value(amounts) + left * price
    part = left / task.uses[following]
    if part >= task.least:
        amounts[following] = min(part, task.most[following])
        return amounts, upper, price
    return _better(task, order, last, amounts), upper, price


def _better(task: Task, order: Ints, last: int, amounts: Floats) -> Floats:
    """Return the better of: the rest of the budget is not lent; those before give way so that the next one gets the least."""
    following = order[last]
    given = amounts.copy()
    lacking = task.least * task.uses[following] - (task.budget - float(given @ task.uses))
    for i in order[:last][::-1]:
        if lacking <= 0:
            break
        cut = min(given[i] - task.least, lacking / task.uses[i])
        given[i] -= cut
        lacking -= cut * task.uses[i]
    if lacking > 0:
        return amounts
    given[following] = task.least
    return given if task.value(given) > task.value(amounts) else amounts


def _solve(task: Task, price: float, difference: float, seconds: float) -> tuple[Any, Ints]:
    """Solve for amounts a and switches z: maximise worth . a with least z <= a <= most z and uses . a <= budget.

    `difference`: between the bounds. Returns (HiGHS's result, which firms its first columns are).
    """
    beside = task.worth - price * task.uses  # what a fen adds beyond its share of the budget
    room = difference * (1 + 1e-6) + 1.0
    never = -beside * task.least > room
    always = beside * task.most > room
    chosen = np.flatnonzero(~never)
    n = len(chosen)
    least, most = task.least / SCALE, task.most[chosen] / SCALE
    eye = diags_array(np.ones(n))
    rows = bmat(
        [[eye, -diags_array(most)], [-eye, diags_array(np.full(n, least))], [csr_array(task.uses[None, chosen]), csr_array((1, n))]]
    )
    sure = always[chosen].astype(float)
    result = milp(
        np.concatenate([-task.worth[chosen], np.zeros(n)]),
        constraints=LinearConstraint(rows.tocsr(), -np.inf, np.concatenate([np.zeros(2 * n), [task.budget / SCALE]])),
        integrality=np.concatenate([np.zeros(n), 1 - sure]),
        bounds=Bounds(np.concatenate([np.zeros(n), sure]), np.concatenate([most, np.ones(n)])),
        options={"time_limit": seconds, "mip_rel_gap": CLOSE},
    )
    return result, chosen


def _whole(task: Task, amounts: Floats, order: Ints) -> NDArray[np.int64]:
    """Return amounts rounded down to the yuan, within least, most and budget: the last give what the solver's tolerance put over."""
    yuan = np.floor(amounts / FEN + 1e-4).astype(np.int64) * FEN
    found = np.where(yuan >= task.least / 2, np.clip(yuan, int(task.least), task.most.astype(np.int64)), 0)
    over = float(found @ task.uses) - task.budget
    for i in order[::-1]:
        if over <= 0:
            break
        if found[i]:
            cut = max(0, min(int(found[i] - task.least), int(np.ceil(over / task.uses[i] / FEN)) * FEN))
            found[i] -= cut
            over -= cut * task.uses[i]
    return found
