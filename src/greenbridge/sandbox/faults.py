"""Faults that the sandbox plays on its clients: seeded, counted, and bounded so that whoever asks again gets through."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from greenbridge.kit.errors import Invalid

KINDS = ("slow", "error", "truncate", "duplicate", "drift")


@dataclass(frozen=True, slots=True)
class Faults:
    """Probabilities in [0, 1] per request, at most one fault each; their sum is at most 1.

    `slow` waits `slow_seconds` before the answer; `error` is a 500; `truncate` cuts the body; `duplicate` sends the page
    before; `drift` renames or drops one column. The same page is spoiled at most `max_per_page` times; `drift_always`
    spoils every page in the same way, for ever.
    """

    slow: float = 0.0
    error: float = 0.0
    truncate: float = 0.0
    duplicate: float = 0.0
    drift: float = 0.0
    drift_always: bool = False
    slow_seconds: float = 60.0
    max_per_page: int = 2
    seed: int = 7

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Faults":
        """Return faults from words, such as {"slow": "0.3", "drift": "always"}; raises Invalid for an unknown name or value."""
        known = asdict(cls())
        values = dict(given)
        if values.get("drift") == "always":
            values |= {"drift": 0.0, "drift_always": True}
        for name, value in values.items():
            if name not in known:
                raise Invalid.at("unknown-fault", name, f"没有故障 {name}。", f"There is no fault {name}.")
            try:
                values[name] = type(known[name])(value)
            except (TypeError, ValueError):
                raise _out_of_range(name) from None
            if values[name] < 0 or (name in KINDS and values[name] > 1):
                raise _out_of_range(name)
        found = cls(**values)
        if sum(getattr(found, kind) for kind in KINDS) > 1 + 1e-9:
            raise _out_of_range("sum")
        return found


def _out_of_range(name: str) -> Invalid:
    return Invalid.at(
        "bad-fault",
        name,
        f"故障 {name} 的取值有误：概率在 0 与 1 之间，合计不超过 1。",
        f"The value of fault {name} is wrong: probabilities lie in [0, 1], their sum is at most 1.",
    )


class Injector:
    """Decides which request is spoiled, and how; one per server."""

    def __init__(self, faults: Faults) -> None:
        self.set(faults)

    def set(self, faults: Faults) -> None:
        """Play these faults from now on; what was counted is forgotten."""
        self.faults = faults
        self.injected: Counter[str] = Counter()
        self._asked: Counter[tuple[str, str]] = Counter()
        self._spoiled: Counter[tuple[str, str]] = Counter()
        self._before: dict[tuple[str, str], str] = {}

    def shown(self) -> dict[str, Any]:
        """Return the faults and how often each was played."""
        return {**asdict(self.faults), "injected": {kind: self.injected[kind] for kind in KINDS}}

    def draw(self, item: str, since: str) -> str | None:
        """Return the fault of this request, or None. It depends on seed, item, cursor and how often that was asked, nothing else."""
        page = (item, since)
        self._asked[page] += 1
        dice = Random(f"{self.faults.seed}/{item}/{since}/{self._asked[page]}").random()  # noqa: S311  a fault is no secret
        for kind in KINDS:
            dice -= getattr(self.faults, kind)
            if dice < 0:
                return self._counted(kind, page)
        return None

    def _counted(self, kind: str, page: tuple[str, str]) -> str | None:
        if self._spoiled[page] >= self.faults.max_per_page or (kind == "duplicate" and page not in self._before):
            return None
        self._spoiled[page] += 1
        self.injected[kind] += 1
        return kind

    def served(self, item: str, since: str, after: str) -> None:
        """Remember which page ends at a cursor: the one to send twice."""
        if after != since:
            self._before[item, after] = since

    def page_before(self, item: str, since: str) -> str:
        """Return the cursor of the page that ended where this one begins."""
        return self._before[item, since]

    def drift(self, item: str, columns: tuple[str, ...], fault: str | None) -> tuple[str, str | None] | None:
        """Return (column, its new name, or None when it is dropped), always the same for an item; None where nothing drifts."""
        if fault != "drift" and not self.faults.drift_always:
            return None
        self.injected["drift"] += fault != "drift"
        dice = Random(f"{self.faults.seed}/{item}/drift")  # noqa: S311
        column = dice.choice(columns)
        return column, f"{column}_v2" if dice.random() < 0.5 else None
