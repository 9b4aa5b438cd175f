"""Verdicts in words: the rule, the value, the limit, the distance, and what would make an unknown known."""

from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import Operator, Outcome, Unit, Value, Verdict
from greenbridge.kit.codes import region_name
from greenbridge.kit.money import in_percent, in_wan
from greenbridge.kit.text import Text
from greenbridge.needs.values import COLLATERAL_NAMES, GUARANTEE_MODE_NAMES, PURPOSE_NAMES

_WORDS: dict[str, Text] = {
    **{key.value: name for key, name in GUARANTEE_MODE_NAMES.items()},
    **{key.value: name for key, name in COLLATERAL_NAMES.items()},
    **{key.value: name for key, name in PURPOSE_NAMES.items()},
}


def amount(unit: Unit, value: Value) -> Text:  # noqa: PLR0911  one line a unit
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
        return Text(f"{value:.0f} 个月", f"{value:.0f} months")
    if unit is Unit.TIMES:
        return Text(f"{value:.2f} 倍", f"{value:.2f} times")
    return Text(f"{value:.0f} 件", f"{value:.0f}")


def _word(value: str) -> Text:
    if value in _WORDS:
        return _WORDS[value]
    name = region_name(value) if len(value) == 6 and value.isdecimal() else value
    return Text(name, name)


_DEMANDS = {
    Operator.AT_LEAST: Text("应不低于 {}", "at least {}"),
    Operator.AT_MOST: Text("应不高于 {}", "at most {}"),
    Operator.IS: Text("应为 {}", "must be {}"),
    Operator.ONE_OF: Text("应为 {} 之一", "one of {}"),
    Operator.INCLUDES_ANY: Text("应含 {} 之一", "one of {}"),
    Operator.IN_REGION: Text("限于 {}", "in {} only"),
}


def sentence(verdict: Verdict) -> Text:
    """Return one sentence: `成立时间 17 个月，应不低于 24 个月；还差 7 个月`."""
    rule, fact = verdict.rule, FACTS[verdict.rule.fact]
    limit = amount(fact.unit, rule.limit)
    demand = Text(_DEMANDS[rule.operator].zh.format(limit.zh), _DEMANDS[rule.operator].en.format(limit.en))
    if verdict.outcome is Outcome.UNKNOWN or verdict.value is None:
        return Text(
            f"{fact.label.zh}未知（缺少{fact.source.zh}），{demand.zh}",
            f"{fact.label.en}: unknown (missing {fact.source.en}); {demand.en}",
        )
    value = amount(fact.unit, verdict.value)
    zh, en = f"{fact.label.zh} {value.zh}，{demand.zh}", f"{fact.label.en}: {value.en}; {demand.en}"
    if verdict.margin is not None and verdict.margin < 0:
        distance = amount(fact.unit, -verdict.margin)
        over = rule.operator is Operator.AT_MOST
        zh += f"；{'超出' if over else '还差'} {distance.zh}"
        en += f"; {'over by' if over else 'short by'} {distance.en}"
    return Text(zh, en)
