"""From contributions to reasons in true sentences, both ways. Specific and true: what was read, never "score too low"."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from greenbridge.kit.text import Text
from greenbridge.scoring.rules import words
from greenbridge.scoring.rules.features import BY_NAME, fields
from greenbridge.scoring.values import GROUP_NAMES, Evidence, Feature, Floats, Group, GroupEffect, Reason, Split

MOST_REASONS = 4  # of each direction
# Under a twentieth of the odds' logarithm a feature explains nothing that a person would name.
LEAST_CONTRIBUTION = 0.05
# A share of fewer firms than this is not said of firms in general.
FEWEST_FIRMS = 10
# Item -> its name, who delivers it.
Sources = Mapping[str, tuple[Text, Text]]


def evidence(card: Mapping[str, Any]) -> dict[str, Evidence]:
    """Return feature -> what a model's card says of it. Cards without `splits` have none."""
    return {
        row["name"]: Evidence(
            row["median"], tuple(Split(**{name: split[name] for name in Split.__slots__}) for split in row.get("splits", ()))
        )
        for row in card["features"]
    }


def reasons(
    names: Sequence[str], values: Floats, contributions: Floats, known: Mapping[str, Evidence], sources: Sources
) -> tuple[Reason, ...]:
    """Return what raises the probability and what lowers it, at most four each, the weightiest first; `contributions` are margins."""
    order = np.argsort(-np.abs(contributions), kind="stable")
    found = []
    for raises in (True, False):
        chosen = [i for i in order if bool(contributions[i] > 0) == raises and abs(contributions[i]) > LEAST_CONTRIBUTION]
        found += [_reason(names[i], float(values[i]), float(contributions[i]), known, sources) for i in chosen[:MOST_REASONS]]
    return tuple(sorted(found, key=lambda reason: -abs(reason.contribution)))


def _reason(name: str, value: float, contribution: float, known: Mapping[str, Evidence], sources: Sources) -> Reason:
    feature = BY_NAME[name]
    of = known[name]
    unknown = math.isnan(value)
    told = _unknown(feature, sources) if unknown else sentence(feature, value, contribution > 0, of)
    return Reason(
        name, feature.group.value, words.label(feature.label), None if unknown else value, of.median, feature.unit, contribution, told
    )


def sentence(feature: Feature, value: float, raises: bool, of: Evidence) -> Text:
    """Return the value read and what it is measured by: the training firms on its side of a cut and on the other, where that speaks
    for the direction; else their median where it does; else what the model makes of it, which the contribution says.
    """
    label, own = words.label(feature.label), words.said(value, feature.unit)
    # A cut that reads like the value itself would put it on no side.
    split = _speaking(value, raises, [s for s in of.splits if words.said(s.at, feature.unit) != own])
    if split is None:
        usual = words.said(of.median, feature.unit)
        riskier = feature.direction * (1 if value > of.median else -1)
        if usual != own and riskier == (1 if raises else -1):
            zh, en = f"训练企业中位数 {usual.zh}", f"median of the firms learnt from {usual.en}"
            return Text(f"{label.zh} {own.zh}；{zh}", f"{label.en}: {own.en}; {en}")
        # Beside the median it would read as its opposite: a value can lie on the good side of it and still raise the risk above average.
        zh, en = ("高于", "riskier") if raises else ("低于", "safer")
        return Text(
            f"{label.zh} {own.zh}；模型据此判断的风险{zh}训练企业的平均水平",
            f"{label.en}: {own.en}; which the model takes for {en} than the average of the firms learnt from",
        )
    at = words.said(split.at, feature.unit)
    below, above = (f"{rate * 100:.0f} %" for rate in (split.default_rate_below, split.default_rate_above))
    return Text(
        f"{label.zh} {own.zh}；训练样本中{_under(at.zh)}的企业违约率 {below}（n={split.n_below}），其余 {above}（n={split.n_above}）",
        f"{label.en}: {own.en}; of the firms learnt from, {below} of those under {at.en} defaulted (n={split.n_below}),"
        f" {above} of the others (n={split.n_above})",
    )


def _under(at: str) -> str:
    """Return a cut as words before 的: growth is compared by its word, other values by theirs."""
    return f"低于“{at}”" if at.startswith(("增长", "下降")) else f"低于 {at} "


def _speaking(value: float, raises: bool, splits: Sequence[Split]) -> Split | None:
    """Return the cut that tells most apart among those whose side of the value defaulted more (raises) or less (lowers) than the other."""
    best, widest = None, 0.0
    for split in splits:
        own, other = split.default_rate_below, split.default_rate_above
        if value >= split.at:
            own, other = other, own
        apart = own - other if raises else other - own
        if min(split.n_below, split.n_above) >= FEWEST_FIRMS and apart > widest and f"{own:.0%}" != f"{other:.0%}":
            best, widest = split, apart
    return best


def _unknown(feature: Feature, sources: Sources) -> Text:
    """Return that a value is unknown, what it takes to be known, and whose data it is of."""
    label = words.label(feature.label)
    items = dict.fromkeys(field.rpartition(".")[0] for field in fields(feature.name))
    named = [sources[item] for item in items if item in sources]
    if not named:
        return Text(f"{label.zh}未知：{feature.missing.zh}", f"{label.en}: unknown. {feature.missing.en}")
    zh, en = "、".join(item.zh for item, _ in named), ", ".join(item.en for item, _ in named)
    by = list(dict.fromkeys(department for _, department in named))
    by_zh, by_en = "、".join(one.zh for one in by), ", ".join(one.en for one in by)
    return Text(
        f"{label.zh}未知：{feature.missing.zh}（依据{zh}，由{by_zh}交付）",
        f"{label.en}: unknown. {feature.missing.en} (of {en}, which {by_en} delivers)",
    )


def groups(names: Sequence[str], values: Floats, contributions: Floats) -> tuple[GroupEffect, ...]:
    """Return the groups' sums, the weightiest first; they add up to the margin's distance from the model's mean."""
    found: dict[Group, list[int]] = {}
    for i, name in enumerate(names):
        found.setdefault(BY_NAME[name].group, []).append(i)
    effects = [
        GroupEffect(group.value, GROUP_NAMES[group], float(contributions[at].sum()), int((~np.isnan(values[at])).sum()), len(at))
        for group, at in found.items()
    ]
    return tuple(sorted(effects, key=lambda effect: -abs(effect.contribution)))
