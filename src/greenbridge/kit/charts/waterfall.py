"""How a base became a result, step by step."""

from math import fsum

from greenbridge.kit.charts.definitions import Step, Waterfall
from greenbridge.kit.charts.ink import Sheet, cut, width_of, words
from greenbridge.kit.charts.scales import known
from greenbridge.kit.text import Language, Text

ROW = 26
TOP = 30
MOST_STEPS = 10
UNEXPLAINED = Text("其余因素", "Everything else")


def drawn(chart: Waterfall, language: Language) -> str:
    """Return the steps as bars that hang on each other, base and result as lines across; every step carries its sign."""
    steps, base, result = _steps(chart)
    sheet = Sheet(chart.width, TOP + ROW * (len(steps) + 2) + 4, language)
    sheet.heading(chart.title, chart.unit.name.in_(language))
    names = [cut(words(label, language), chart.width * 0.36) for label in (chart.base_label, *(s.label for s in steps), chart.result_label)]
    said = [chart.unit.say(base), *(_signed(chart, step.change) for step in steps), chart.unit.say(result)]
    sums = [base]
    for step in steps:
        sums.append(sums[-1] + step.change)
    left = max(map(width_of, names)) + 20
    right = chart.width - max(map(width_of, said)) - 14
    low, span = min(sums), (max(sums) - min(sums)) or 1.0
    xs = [round(left + (value - low) / span * (right - left), 1) for value in sums]
    for i, (name, words_said) in enumerate(zip(names, said, strict=True)):
        y = TOP + i * ROW
        sheet.text(left - 20, y + 17, name, anchor="end")
        if i in {0, len(names) - 1}:
            x = xs[0 if i == 0 else -1]
            sheet.path(f"M{x:.1f} {y + 5:.1f}l6 8l-6 8l-6 -8z", "ink")
            sheet.text(x + 12, y + 17, words_said)
            continue
        start, end = xs[i - 1], xs[i]
        _bar(sheet, start, end, y, good=(steps[i - 1].change >= 0) == chart.higher_is_better)
        sheet.text(max(start, end) + 8, y + 17, words_said)
    # From each row's end to the next row's beginning.
    links = "".join(f"M{x:.1f} {TOP + i * ROW + (21 if i == 0 else 20):.1f}V{TOP + (i + 1) * ROW + 6:.1f}" for i, x in enumerate(xs))
    sheet.path(links, None, "quiet")
    return sheet.finished("waterfall", chart.title, [_told(chart, steps, base, result, language)])


def _bar(sheet: Sheet, start: float, end: float, y: float, *, good: bool) -> None:
    """Draw a step: full where it helps, hollow where it hurts."""
    x, wide = min(start, end), max(abs(end - start), 1.0)
    if good:
        sheet.rect(x, y + 6, wide, 14, "brand")
    else:
        sheet.rect(x + 0.5, y + 6.5, max(wide - 1, 0.5), 13, "card", "danger")
        if wide > 4:
            sheet.rect(x + 1, y + 7, wide - 2, 12, "danger", None, ' fill-opacity="0.16"')


def _steps(chart: Waterfall) -> tuple[list[Step], float, float]:
    """Return the steps to draw, at most ten and one for what they leave unexplained, with base and result."""
    base, result = known(chart.base) or 0.0, known(chart.result) or 0.0
    steps = [Step(step.label, known(step.change) or 0.0) for step in chart.steps]
    if len(steps) > MOST_STEPS:
        rest = steps[MOST_STEPS - 1 :]
        together = Text(f"其余 {len(rest)} 项", f"{len(rest)} others")
        steps = [*steps[: MOST_STEPS - 1], Step(together, fsum(step.change for step in rest))]
    left = result - fsum([base, *(step.change for step in steps)])
    size = max(abs(base), abs(result), *(abs(step.change) for step in steps), 0.0)
    # Rounded contributions may miss the result by a hair; that is not a reason.
    return (steps if abs(left) <= size * 0.002 else [*steps, Step(UNEXPLAINED, left)]), base, result


def _signed(chart: Waterfall, change: float) -> str:
    return ("+" if change > 0 else "") + chart.unit.say(change)


def _told(chart: Waterfall, steps: list[Step], base: float, result: float, language: Language) -> str:
    comma = "，" if language == "zh" else ", "
    rows = [f"{words(chart.base_label, language)} {chart.unit.say(base)}"]
    rows += [f"{words(step.label, language)} {_signed(chart, step.change)}" for step in steps]
    return comma.join([*rows, f"{words(chart.result_label, language)} {chart.unit.said(result, language)}"])
