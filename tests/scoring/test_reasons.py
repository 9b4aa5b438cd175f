"""Sentences say what was read, and no direction that the contribution does not have."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.kit.text import Text
from greenbridge.scoring.rules import reasons, words
from greenbridge.scoring.rules.features import BY_NAME, FEATURES, fields
from greenbridge.scoring.values import GROUP_NAMES, Evidence, Group, Split
from greenbridge.settings import home
from tests.scoring.write import document

NAMES = tuple(BY_NAME)
SOURCES = {"tax.vat_invoices": (Text("增值税发票", "VAT invoices"), Text("税务局", "Tax bureau"))}
VOID = BY_NAME["void_share"]
SPLIT = Split(0.05, 98, 0.08, 25, 0.25)


def value_for(unit: str) -> st.SearchStrategy[float]:
    ranges = {
        "share": (0, 1),
        "log10": (0, 9),
        "log10_count": (0, 5),
        "log": (-3, 3),
        "months": (0, 24),
        "ratio": (0, 10),
        "count": (0, 200),
    }
    low, high = ranges.get(unit, (0, 100))
    return st.floats(low, high)


@st.composite
def told(draw):
    feature = draw(st.sampled_from(FEATURES))
    values = value_for(feature.unit)
    splits = tuple(
        Split(draw(values), draw(st.integers(0, 200)), draw(st.floats(0, 1)), draw(st.integers(0, 200)), draw(st.floats(0, 1)))
        for _ in range(draw(st.integers(0, 1)))  # with several, a sentence does not say which one speaks
    )
    return feature, draw(values), draw(st.booleans()), Evidence(draw(values), splits)


def number(text: str) -> float:
    return float(text.replace(",", ""))


def read_back(said: str, unit: str) -> float:
    """Return the value that a phrase speaks of."""
    found = number(re.search(r"-?[\d,]+(?:\.\d+)?", said).group())
    if unit == "share":
        return found / 100
    if unit == "log10":
        return math.log10(found * 10_000 + 1)
    if unit == "log":
        return math.log(max(1 + found / 100 * (-1 if "下降" in said else 1), 1e-9))
    return found


@given(told())
@settings(max_examples=100)
def test_a_sentences_numbers_are_the_inputs(of):
    feature, value, raises, known = of
    said = reasons.sentence(feature, value, raises, known)
    own = words.said(value, feature.unit)
    assert said.zh.startswith(f"{words.label(feature.label).zh} {own.zh}")
    assert said.en.startswith(f"{words.label(feature.label).en}: {own.en}")
    assert "对数" not in said.zh
    assert "log" not in said.en
    if feature.unit == "log10":  # to 0.1 of 10,000 yuan
        assert abs(10 ** read_back(own.zh, "log10") - 10**value) <= 501
    elif feature.unit == "log10_count":
        assert abs(read_back(own.zh, "count") + 1 - 10**value) <= 0.51
    elif feature.unit == "log":
        assert abs(math.exp(read_back(own.zh, "log")) - math.exp(value)) <= 0.00051
    else:
        assert abs(read_back(own.zh, feature.unit) - value) <= 0.0051
    if "训练样本中" in said.zh:
        (split,) = known.splits
        assert words.said(split.at, feature.unit).zh in said.zh
        rates = (split.default_rate_below * 100, split.default_rate_above * 100)
        told = re.search(r"违约率 (\d+) %（n=(\d+)），其余 (\d+) %（n=(\d+)）$", said.zh).groups()
        assert [int(n) for n in told] == [round(rates[0]), split.n_below, round(rates[1]), split.n_above]
        assert [int(n) for n in re.search(r"learnt from, (\d+) % .*n=(\d+)\), (\d+) % .*n=(\d+)\)$", said.en).groups()] == [
            int(n) for n in told
        ]


@given(told())
@settings(max_examples=100)
def test_no_sentence_speaks_against_the_contribution(of):
    feature, value, raises, known = of
    said = reasons.sentence(feature, value, raises, known)
    if "训练样本中" in said.zh:
        below, above = (int(rate) for rate in re.search(r"违约率 (\d+) %.*其余 (\d+) %", said.zh).groups())
        speaking = [
            s
            for s in known.splits
            if f"n={s.n_below}）" in said.zh and f"n={s.n_above}）" in said.zh and round(s.default_rate_below * 100) == below
        ]
        own, other = (below, above) if value < speaking[0].at else (above, below)
        assert (own > other) is raises
        assert min(speaking[0].n_below, speaking[0].n_above) >= reasons.FEWEST_FIRMS
    elif "中位数" in said.zh:
        assert feature.direction * (1 if value > known.median else -1) == (1 if raises else -1)
    else:
        assert ("高于训练企业" in said.zh, "低于训练企业" in said.zh) == (raises, not raises)


def test_sentences_by_example():
    assert reasons.sentence(VOID, 0.17, True, Evidence(0.04, (SPLIT,))).zh == (
        "近 12 个月作废金额占比 17.0 %；训练样本中低于 5.0 % 的企业违约率 8 %（n=98），其余 25 %（n=25）"
    )
    assert reasons.sentence(VOID, 0.17, True, Evidence(0.04)).en == (
        "Void share by amount, 12 months: 17.0 %; median of the firms learnt from 4.0 %"
    )
    # The value is on the better side, and all the same the model reads more risk from it: no evidence is bent.
    assert (
        reasons.sentence(VOID, 0.03, True, Evidence(0.04, (SPLIT,))).zh
        == "近 12 个月作废金额占比 3.0 %；模型据此判断的风险高于训练企业的平均水平"
    )
    few = Split(0.05, 98, 0.08, 9, 0.9)
    assert "n=9" not in reasons.sentence(VOID, 0.17, True, Evidence(0.04, (few,))).zh


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        (0.17, "share", "17.0 %", "17.0 %"),
        (6.0, "log10", "100.0 万元", "100.0 x10k yuan"),
        (-5.0, "log10", "-10.0 万元", "-10.0 x10k yuan"),
        (0.0, "log10", "0.0 万元", "0.0 x10k yuan"),
        (math.log10(901), "log10_count", "900", "900"),
        (math.log(2), "log", "增长 100.0 %", "up 100.0 %"),
        (math.log(0.5), "log", "下降 50.0 %", "down 50.0 %"),
        (-3.0, "log", "下降 95.0 % 或以上", "down 95.0 % or more"),
        (7.0, "months", "7 个月", "7 months"),
        (123_456_789, "fen", "123.5 万元", "123.5 x10k yuan"),
        (-0.00001, "share", "0.0 %", "0.0 %"),
        (1.5, "ratio", "1.50", "1.50"),
    ],
)
def test_values_in_words(value, unit, zh, en):
    assert words.said(value, unit) == Text(zh, en)


def test_labels_lose_their_scale_and_nothing_else():
    assert words.label(Text("近 12 个月销售额（对数）", "Sales, 12 months (log10 yuan)")) == Text("近 12 个月销售额", "Sales, 12 months")
    kept = Text("增值税税负（销项减进项，占销售）", "VAT burden (output less input, of sales)")
    assert words.label(kept) == kept


@given(st.integers(0, 5_000))
@settings(max_examples=60)
def test_both_ways_at_most_four_each_the_weightiest_first(seed):
    rng = np.random.default_rng(seed)
    contributions = rng.normal(scale=0.2, size=len(NAMES))
    values = np.where(rng.random(len(NAMES)) < 0.2, np.nan, rng.random(len(NAMES)))
    known = {name: Evidence(0.5) for name in NAMES}
    found = reasons.reasons(NAMES, values, contributions, known, SOURCES)
    by_name = dict(zip(NAMES, contributions, strict=True))
    for raises in (True, False):
        own = [r for r in found if r.raises is raises]
        possible = sorted((abs(c) for c in contributions if (c > 0) is np.bool_(raises) or bool(c > 0) == raises), reverse=True)
        assert [abs(r.contribution) for r in own] == [c for c in possible if c > reasons.LEAST_CONTRIBUTION][: reasons.MOST_REASONS]
    assert [abs(r.contribution) for r in found] == sorted((abs(r.contribution) for r in found), reverse=True)
    for reason in found:
        assert reason.contribution == by_name[reason.code]
        assert (reason.value is None) == ("未知" in reason.sentence.zh) == ("unknown" in reason.sentence.en)
    effects = reasons.groups(NAMES, values, contributions)
    assert sum(e.contribution for e in effects) == pytest.approx(contributions.sum())
    assert sum(e.of for e in effects) == len(NAMES)
    assert sum(e.known for e in effects) == int((~np.isnan(values)).sum())


def test_unknown_is_said_with_what_would_make_it_known():
    contributions = np.zeros(len(NAMES))
    contributions[NAMES.index("sales_growth")] = 0.4
    (reason,) = reasons.reasons(NAMES, np.full(len(NAMES), np.nan), contributions, {n: Evidence(0.0) for n in NAMES}, SOURCES)
    zh = "合计与同比须窗口内各月全部可知，占比与均值须至少 6 个月可知；分母也须为正"
    assert reason.sentence.zh == f"销售额同比未知：{zh}（依据增值税发票，由税务局交付）"
    assert "Tax bureau" in reason.sentence.en
    assert reason.value is None


def test_a_card_without_splits_is_read_and_one_with_more_keys_too():
    rows = [
        {"name": "a", "median": 1.0},
        {"name": "b", "median": 2.0, "splits": [{**{k: getattr(SPLIT, k) for k in Split.__slots__}, "iv": 0.3}]},
    ]
    assert reasons.evidence({"features": rows}) == {"a": Evidence(1.0), "b": Evidence(2.0, (SPLIT,))}


def test_the_codes_are_documented_and_the_document_is_made_from_them():
    assert (home() / "docs" / "reason-codes.md").read_text() == document(), "renew it with `python -m tests.scoring.write`"
    for feature in FEATURES:
        assert fields(feature.name) or feature.group is Group.PLATFORM_HISTORY
        assert feature.group in GROUP_NAMES
