"""Verdicts in words: the rule, the value, the limit, the distance, and what would make an unknown known."""

from greenbridge.catalog.rules.vocabulary import FACTS, GREEN_NAMES
from greenbridge.catalog.values import (
    AUTHORITY_NAMES,
    Connective,
    FactName,
    Group,
    Limit,
    Operator,
    Outcome,
    Rule,
    Unit,
    Value,
    Verdict,
)
from greenbridge.kit.codes import region_text
from greenbridge.kit.money import in_percent, in_wan
from greenbridge.kit.text import Text
from greenbridge.needs.values import COLLATERAL_NAMES, GUARANTEE_MODE_NAMES, PURPOSE_NAMES
from greenbridge.peers.values import SIZE_NAMES

_WORDS: dict[str, Text] = {
    **{key.value: name for key, name in GUARANTEE_MODE_NAMES.items()},
    **{key.value: name for key, name in COLLATERAL_NAMES.items()},
    **{key.value: name for key, name in PURPOSE_NAMES.items()},
    **{key.value: name for key, name in SIZE_NAMES.items()},
    **{key.value: name for key, name in AUTHORITY_NAMES.items()},
    **GREEN_NAMES,
}
GROUP_LABELS = {
    Connective.ANY_OF: Text("多选一条件", "One of several conditions"),
    Connective.ALL_OF: Text("组合条件", "Several conditions together"),
    Connective.NONE_OF: Text("排除条件", "Excluding conditions"),
}
CAPACITY = Text("（产品剩余额度）", " (what the product has left to lend)")


def amount(unit: Unit, value: Value | Limit) -> Text:  # noqa: PLR0911  one line a unit
    """Return a value with its unit: `380 万元`, `17 个月`, `12.5 %`, `A、B`."""
    if isinstance(value, bool):
        return Text("是" if value else "否", "yes" if value else "no")
    if isinstance(value, (str, tuple)):
        named = [_word(v) for v in ((value,) if isinstance(value, str) else value)]
        return Text("、".join(n.zh for n in named) or "无", ", ".join(n.en for n in named) or "none")
    if unit is Unit.FEN:
        return Text(f"{in_wan(value)} 万元", f"{in_wan(value)} x10k yuan")
    if unit is Unit.BASIS_POINTS:
        return Text(f"{in_percent(value)} %", f"{in_percent(value)} %")
    if unit is Unit.SHARE:
        return Text(f"{value * 100:.1f} %", f"{value * 100:.1f} %")
    if unit is Unit.MONTHS:
        return Text(f"{value:.0f} 个月", counted(value, "month"))
    if unit is Unit.TIMES:
        return Text(f"{value:.2f} 倍", f"{value:.2f} times")
    if unit is Unit.DATE:  # a margin: dates themselves are written out
        return Text(f"{value:.0f} 天", counted(value, "day"))
    return Text(f"{value:.0f}", f"{value:.0f}")


def counted(number: float, noun: str) -> str:
    """Return a number with its noun: `1 month`, `7 months`."""
    return f"{number:.0f} {noun}" + ("" if round(number) == 1 else "s")


def margin_text(margin: float, unit: Unit) -> Text:
    """Return how far a value lies inside (+) or outside (-) a limit: `+40 万元`, `-7 个月`."""
    sign, distance = "-" if margin < 0 else "+", amount(unit, abs(margin))
    return Text(sign + distance.zh, sign + distance.en)


def rule_label(name: str) -> Text:
    """Return what people call a rule that tables call `name`: the fact's label, or the kind of group."""
    return FACTS[name].label if name in FACTS else GROUP_LABELS[Connective(name)]


def _word(value: str | bool | float) -> Text:
    if isinstance(value, bool):
        return Text("是" if value else "否", "yes" if value else "no")
    text = str(value)
    if text in _WORDS:
        return _WORDS[text]
    if len(text) == 6 and text.isdecimal():
        return region_text(text)
    return Text(text, text)


_DEMANDS = {
    Operator.AT_LEAST: Text("应不低于 {}", "at least {}"),
    Operator.AT_MOST: Text("应不高于 {}", "at most {}"),
    Operator.BEFORE: Text("应早于 {}", "before {}"),
    Operator.BETWEEN: Text("应在 {} 至 {} 之间", "between {} and {}"),
    Operator.IN: Text("应为 {} 之一", "one of {}"),
    Operator.NOT_IN: Text("不得为 {}", "none of {}"),
}
_ONE = Text("应为 {}", "must be {}")
_HELD = Text("应含 {} 之一", "with one of {}")
_PLACE = Text("限于 {}", "in {} only")
_JOINED = {
    Connective.ANY_OF: Text("以下至少一项", "at least one of"),
    Connective.ALL_OF: Text("以下全部", "all of"),
    Connective.NONE_OF: Text("以下均不得成立", "none of"),
}


def demand(rule: Rule) -> Text:
    """Return what a criterion asks: `应不低于 24 个月`."""
    fact = FACTS[rule.fact]
    if rule.operator is Operator.BETWEEN and isinstance(rule.limit, tuple):
        low, high = (amount(fact.unit, end) for end in rule.limit)
        form = _DEMANDS[rule.operator]
        return Text(form.zh.format(low.zh, high.zh), form.en.format(low.en, high.en))
    limit = amount(fact.unit, rule.limit)
    form = _DEMANDS[rule.operator]
    if rule.operator is Operator.IN:
        single = isinstance(rule.limit, tuple) and len(rule.limit) == 1
        form = _PLACE if fact.unit is Unit.REGION else _HELD if fact.unit is Unit.WORDS else _ONE if single else form
    tail = CAPACITY if rule.kind == "capacity" else Text("", "")
    return Text(form.zh.format(limit.zh) + tail.zh, form.en.format(limit.en) + tail.en)


def sentence(verdict: Verdict) -> Text:
    """Return one sentence: `成立时间 17 个月，应不低于 24 个月；还差 7 个月`; of a group its members' sentences."""
    rule = verdict.rule
    if isinstance(rule, Group):
        parts = [sentence(member) for member in verdict.members]
        head = _JOINED[rule.connective]
        return Text(f"{head.zh}：" + "；或 ".join(p.zh for p in parts), f"{head.en}: " + " | ".join(p.en for p in parts))
    fact, asked = FACTS[rule.fact], demand(rule)
    if verdict.outcome is Outcome.UNKNOWN or verdict.value is None:
        return Text(
            f"{fact.label.zh}未知（缺少{fact.source.zh}），{asked.zh}",
            f"{fact.label.en}: unknown (missing {fact.source.en}); {asked.en}",
        )
    value, short = amount(fact.unit, verdict.value), short_by(rule, fact, verdict.margin)
    return Text(f"{fact.label.zh} {value.zh}，{asked.zh}{short.zh}", f"{fact.label.en}: {value.en}; {asked.en}{short.en}")


def short_by(rule: Rule, fact: FactName, margin: float | None) -> Text:
    """Return how far a value lies outside, `；还差 7 个月`; empty inside."""
    if margin is None or margin >= 0:
        return Text("", "")
    distance = amount(fact.unit, -margin)
    over = rule.operator in {Operator.AT_MOST, Operator.BEFORE}
    return Text(f"；{'超出' if over else '还差'} {distance.zh}", f"; {'over by' if over else 'short by'} {distance.en}")
