"""A firm's place among the firms of its industry section: what share of them does worse."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from greenbridge.kit.text import Text
from greenbridge.schemes.values import Evidence, Inputs, Known

# Fewer could be told apart, and their order says little.
K = 10
STEPS = 100


@dataclass(frozen=True, slots=True)
class Measure:
    """What is compared: a percentile's name, the value that it is the place of, whether less is better."""

    percentile: str
    of: str
    less: bool = False


MEASURES: tuple[Measure, ...] = (
    Measure("green_patents_percentile", "green_patents"),
    Measure("water_saving_percentile", "water_per_10k_m3", less=True),
)


def grid(values: Sequence[float]) -> tuple[float, ...] | None:
    """Return the 100 steps of a group's values, least first; None where fewer than ten firms have one.

    The i-th step is the least value that i % of the firms do not exceed.
    """
    n = len(values)
    if n < K:
        return None
    ordered = sorted(values)
    return tuple(ordered[-(-i * n // STEPS) - 1] for i in range(1, STEPS + 1))


def percentile(steps: Sequence[float], value: float, *, less: bool = False) -> float:
    """Return how many of a hundred firms do worse, 0 to 100: they have less, or (`less`) more. Who has what all have is no better: 0.

    Of twelve firms with 0 to 11 patents, the one with 11 is at 91: eleven of twelve have fewer.
    """
    return float(sum(step > value if less else step < value for step in steps))


def known(groups: Mapping[str, tuple[int, Sequence[float], str]], values: Inputs, section: Text) -> dict[str, Known]:
    """Return the percentiles of a firm. `groups`: value's name -> (firms, steps, day measured); without a group or a value: unknown."""
    found = {}
    for m in MEASURES:
        if m.of in groups and m.of in values:
            n, steps, day = groups[m.of]
            place = percentile(steps, float(values[m.of].value), less=m.less)
            zh, en = f"在{section.zh} {n} 家中优于 {place:g} %（{day}）", f"better than {place:g} % of {n} firms, {section.en} ({day})"
            found[m.percentile] = Known(place, (Evidence("green.peers", Text(zh, en), None, f"n={n}"), *values[m.of].evidence))
    return found


def groups(firms: Iterable[tuple[str | None, Mapping[str, float]]]) -> dict[tuple[str, str], tuple[int, tuple[float, ...]]]:
    """Return (section, value's name) -> (firms, steps) of all firms: each with its section (None: not known) and its values."""
    gathered: dict[tuple[str, str], list[float]] = {}
    for section, values in firms:
        for name, value in values.items() if section else ():
            gathered.setdefault((section or "", name), []).append(value)
    laid = {at: (len(values), grid(values)) for at, values in gathered.items()}
    return {at: (n, steps) for at, (n, steps) in sorted(laid.items()) if steps}
