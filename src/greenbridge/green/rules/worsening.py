"""From which day on a grade was worse: what was recorded today may have happened weeks ago, and each day earns by what was true on it."""

from collections.abc import Callable, Mapping
from datetime import date

from greenbridge.schemes.rules.rating import rate
from greenbridge.schemes.values import Better, InputKind, InputName, Inputs, Scheme

# Names whose evidence is what made them worse: a bad record, or a new word. What got less says nothing of when.
_BY_RECORD = frozenset({Better.LESS, Better.NO})


def worse_from(
    scheme: Scheme,
    business_class: str,
    before: Inputs,
    after: Inputs,
    vocabulary: Mapping[str, InputName],
    is_worse: Callable[[str], bool],
    today: date,
) -> date:
    """Return the first day on which the grade was worse (`is_worse` of a grade) by the days of the evidence that came, today at the latest.

    Values change one day after the other: deep green with a penalty of 5 March and a red card of 20 March is green until the 19th.
    """
    changed = sorted(
        (_day(vocabulary[name], name, before, after, today), name) for name in after if _value(before, name) != after[name].value
    )
    inputs = dict(before)
    for n, (day, name) in enumerate(changed):
        inputs[name] = after[name]
        # All changes of a day count before it is judged.
        if n + 1 < len(changed) and changed[n + 1][0] == day:
            continue
        if is_worse(rate(scheme, inputs, business_class, day).grade):
            return day
    return today


def _value(inputs: Inputs, name: str) -> object:
    return inputs[name].value if name in inputs else None


def _day(name: InputName, code: str, before: Inputs, after: Inputs, today: date) -> date:
    """Return the day of the newest evidence that was not there before; today where the evidence is not what made the value worse."""
    if name.kind is not InputKind.WORD and name.better not in _BY_RECORD:
        return today
    known = set(before[code].evidence) if code in before else set()
    days = [e.on for e in after[code].evidence if e.on and e not in known]
    return min(max(days), today) if days else today
