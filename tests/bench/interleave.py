"""Interleaved rounds: candidates run in turn, A B A B ..., and a ratio is taken inside each round, so that the drift of a shared
machine cancels. Equal answers are asserted before anything is timed; a gate stands at 0.8 of its goal."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds per call; `ratio` is the median over rounds of own time / reference time."""

    median_seconds: float
    ratio: float
    lowest_ratio: float
    highest_ratio: float
    rounds: int


def interleave(
    candidates: Mapping[str, Callable[[], object]], *, reference: str, rounds: int = 5, budget_seconds: float = 60.0
) -> dict[str, Timing]:
    """Time all candidates in turn; at least 3 rounds, at most `rounds` within the budget."""
    for call in candidates.values():
        call()
    times: dict[str, list[float]] = {name: [] for name in candidates}
    began = time.perf_counter()
    gc.collect()
    for done in range(rounds):
        for name, call in candidates.items():
            started = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - started)
        if done >= 2 and time.perf_counter() - began > budget_seconds:
            break
    found = {}
    for name, own in times.items():
        ratios = [a / b for a, b in zip(own, times[reference], strict=True)]
        found[name] = Timing(statistics.median(own), statistics.median(ratios), min(ratios), max(ratios), len(own))
    return found
