"""What fixing by reduced cost is worth: our amounts against the same programme given to HiGHS whole, equal profits asserted first."""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, diags_array, hstack, vstack

from greenbridge.underwriting.rules.amounts import Task, solve
from tests.bench.interleave import interleave
from tests.bench.record import record

FIRMS, GOAL, SLACK = 1_000, 0.5, 0.8


def task() -> Task:
    rng = np.random.default_rng(5)
    most = rng.integers(200_000, 1_000_000, FIRMS) * 100.0
    return Task(rng.uniform(0.001, 0.02, FIRMS), np.ones(FIRMS), most, 100_000_00.0, round(most.sum() * 0.3 / 1e7) * 1e7 + 12_345_00.0)


def whole(of: Task) -> float:
    n, scale = len(of.worth), 1e6
    eye = diags_array(np.ones(n))
    rows = vstack([
        hstack([eye, -diags_array(of.most / scale)]),
        hstack([-eye, eye * (of.least / scale)]),
        hstack([csr_array(of.uses[None, :]), csr_array((1, n))]),
    ])  # fmt: skip
    found = milp(
        np.concatenate([-of.worth, np.zeros(n)]),
        constraints=LinearConstraint(rows.tocsr(), -np.inf, np.append(np.zeros(2 * n), of.budget / scale)),
        integrality=np.append(np.zeros(n), np.ones(n)),
        bounds=Bounds(0, np.append(of.most / scale, np.ones(n))),
        options={"mip_rel_gap": 1e-9, "time_limit": 30},
    )
    return float(-found.fun * scale)


def test_fixing_by_bounds_is_faster_than_the_whole_programme():
    of = task()
    amounts, gap = solve(of, 30)
    assert gap <= 1e-6
    assert abs(of.value(amounts) / whole(of) - 1) < 1e-6
    timed = interleave({"ours": lambda: solve(of, 30), "whole": lambda: whole(of)}, reference="whole", rounds=5)
    ours = timed["ours"]
    print(f"\nours {ours.median_seconds * 1000:.1f} ms, whole {timed['whole'].median_seconds * 1000:.1f} ms, ratio {ours.ratio:.4f}"
          f" ({ours.lowest_ratio:.4f} to {ours.highest_ratio:.4f}), {FIRMS} firms")  # fmt: skip
    record(f"amounts of a portfolio of {FIRMS} firms", "HiGHS on the whole programme", 1 / ours.ratio, 1 / GOAL)
    assert ours.ratio <= GOAL / SLACK
