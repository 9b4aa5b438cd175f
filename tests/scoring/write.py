"""Renew docs/reason-codes.md: `python -m tests.scoring.write`."""

from greenbridge.scoring.rules import words
from greenbridge.scoring.rules.features import FEATURES, RETIRED, fields
from greenbridge.scoring.values import GROUP_NAMES, Feature
from greenbridge.settings import home

UNITS = {"log10": "10,000 yuan", "log10_count": "count", "fen": "10,000 yuan", "log": "change in %", "share": "%"}
DIRECTIONS = {1: "riskier when larger", -1: "safer when larger", 0: "free"}
HEAD = """# Reason codes

A score comes with what raises and what lowers its probability of default: at most four each, the weightiest first, exact Shapley
values of the model's margin. The code is the feature's name. It is stable: a feature whose meaning changes gets another name, so that
a bank may map codes to its own adverse-action reasons. `effect` says the direction for this firm, which for a feature marked *free*
differs from firm to firm; which of them a model reads stands in its card. What a sentence says is the value read; what it is measured by (a cut with the default rates of the training
firms on both sides and their numbers, else the median) comes from the model's card. A value that is unknown is a reason like others:
its sentence says what would make it known.

Made from `scoring.rules.features.FEATURES` by `python -m tests.scoring.write`.

| code | group | 中文 | English | unit | default is | read from |
|---|---|---|---|---|---|---|
"""


def document() -> str:
    """Return the document."""
    retired = "\nOf models that are retired, in the reports of their time:\n\n" + HEAD[HEAD.index("| code") :]
    return HEAD + "".join(map(_line, FEATURES)) + retired + "".join(map(_line, RETIRED))


def _line(feature: Feature) -> str:
    """Return a feature's row."""
    label, group = words.label(feature.label), feature.group
    read = ", ".join(dict.fromkeys(field.rpartition(".")[0] for field in fields(feature.name)))
    cells = (
        f"`{feature.name}`",
        GROUP_NAMES[group].en,
        label.zh,
        label.en,
        UNITS.get(feature.unit, feature.unit),
        DIRECTIONS[feature.direction],
        f"`{read}`",
    )
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    (home() / "docs" / "reason-codes.md").write_text(document(), encoding="utf-8")
