"""How well names alone tell the industry, on a list of factories of which some carry a label."""

from collections.abc import Sequence
from math import sqrt

from greenbridge.reference.rules.industry import Classifier
from greenbridge.reference.values import Accuracy, Share

# The ministry's sector -> divisions whose makers it covers. Sectors follow the industrial departments, not GB/T 4754: 电子 has
# photovoltaic cells and lithium batteries, 轻工 has household appliances, batteries, daily chemicals, plastics, glass and ceramics for use.
LABELS: dict[str, frozenset[str]] = {
    "电子": frozenset({"38", "39", "40"}),
    "化工": frozenset({"25", "26", "28", "29"}),
    "机械": frozenset({"33", "34", "35", "36", "37", "38", "40"}),
    "轻工": frozenset({"13", "14", "15", "19", "20", "21", "22", "23", "24", "26", "29", "30", "33", "38", "41"}),
    "建材": frozenset({"30"}),
    "制药": frozenset({"27"}),
    "有色": frozenset({"09", "32"}),
    "汽车": frozenset({"36"}),
    "纺织": frozenset({"17", "18", "28"}),
    "钢铁": frozenset({"31"}),
    "冶金": frozenset({"31", "32"}),
    "水泥": frozenset({"30"}),
    "石化": frozenset({"25", "26"}),
    "食品": frozenset({"13", "14", "15"}),
    "造纸": frozenset({"22"}),
    "矿山": frozenset({"06", "08", "09", "10"}),
}
FACTORY_SECTIONS = frozenset("BCD")
Z_95 = 1.959963984540054


def wilson(hits: int, n: int) -> Share:
    """Return a share with its Wilson 95 % interval: 8 of 10 is 0.80 (0.49 to 0.94); of nothing, 0 to 1."""
    if n == 0:
        return Share(0, 0, 0.0, 1.0)
    p, z2 = hits / n, Z_95**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Share(hits, n, max(0.0, middle - half), min(1.0, middle + half))


def measured(classify: Classifier, factories: Sequence[tuple[str, str | None]]) -> list[Accuracy]:
    """Return the figures of the even rows (on which words were chosen) and of the odd rows (untouched), counted from 0."""
    return [_part(part, classify, factories[start::2]) for start, part in enumerate(("development", "held out"))]


def _part(part: str, classify: Classifier, factories: Sequence[tuple[str, str | None]]) -> Accuracy:
    guesses = [(classify(name), label) for name, label in factories]
    made = [guess for guess, _ in guesses if guess]
    labelled = [(guess, label) for guess, label in guesses if label in LABELS]
    right = [(guess is not None and guess.division in LABELS[str(label)], label) for guess, label in labelled]
    hits = sum(hit for hit, _ in right)
    by_label = {label: wilson(sum(hit for hit, of in right if of == label), sum(of == label for _, of in right)) for label in LABELS}
    return Accuracy(
        part,
        names=len(guesses),
        guessed=wilson(len(made), len(guesses)),
        factory_section=wilson(sum(guess.section in FACTORY_SECTIONS for guess in made), len(made)),
        labelled=wilson(hits, len(right)),
        labelled_guessed=wilson(hits, sum(guess is not None for guess, _ in labelled)),
        by_label=by_label,
    )
