"""Plans in words: what to do, how long it takes, what it brings."""

from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.kit.money import in_percent
from greenbridge.kit.text import Text
from greenbridge.matching.rules.words import amount
from greenbridge.matching.values import Plan, Step, StepKind

_TERMS = {
    StepKind.AMOUNT: Text("融资金额由 {a}改为 {b}", "change the amount from {a} to {b}"),
    StepKind.TERM: Text("期限由 {a}改为 {b}", "change the term from {a} to {b}"),
    StepKind.RATE: Text("可接受年利率由 {a}提高到 {b}", "accept a yearly rate of {b} instead of {a}"),
    StepKind.GUARANTEE: Text("担保方式增加{b}", "offer {b} as well"),
    StepKind.COLLATERAL: Text("如能提供，增加押品{b}", "offer {b} as collateral, if you have it"),
    StepKind.PAY_ARREARS: Text("缴清欠税 {a}", "pay the tax arrears of {a}"),
    StepKind.LEAVE_LIST: Text("履行义务后申请移出经营异常名录", "do what is due and apply to leave the abnormal operation list"),
}


def step_sentence(step: Step) -> Text:
    """Return one step: `再等 7 个月，成立时间满 24 个月`."""
    unit = FACTS[step.fact].unit
    if step.kind is StepKind.WAIT:
        label, until = FACTS[step.fact].label, amount(unit, step.after)
        return Text(f"再等 {step.months} 个月，{label.zh}满 {until.zh}", f"wait {step.months} months: {label.en} will be {until.en}")
    after = step.after
    if isinstance(after, tuple) and isinstance(step.before, tuple):
        after = tuple(one for one in after if one not in step.before)
    a = Text("", "") if step.before is None else amount(unit, step.before)
    b = amount(unit, after)
    form = _TERMS[step.kind]
    return Text(form.zh.format(a=a.zh, b=b.zh), form.en.format(a=a.en, b=b.en))


def plan_sentence(plan: Plan) -> Text:
    """Return a plan in one sentence, with what it opens and closes."""
    steps = [step_sentence(step) for step in plan.steps]
    zh, en = "，并".join(s.zh for s in steps), "; and ".join(s.en for s in steps)
    opened, waiting, lost = len(plan.opened), len(plan.conditional), len(plan.lost)
    zh += f"：新开放 {opened + waiting} 个产品" + (f"（其中 {waiting} 个待补充数据）" if waiting else "")
    en += f": opens {opened + waiting} products" + (f", {waiting} of them waiting for data" if waiting else "")
    if lost:
        zh += f"，{lost} 个不再符合"
        en += f", closes {lost}"
    if plan.rate_before_bp is not None and plan.rate_after_bp is not None and plan.rate_after_bp < plan.rate_before_bp:
        before, after = in_percent(plan.rate_before_bp), in_percent(plan.rate_after_bp)
        zh += f"，最低年利率由 {before} % 降至 {after} %"
        en += f"; the lowest yearly rate falls from {before} % to {after} %"
    return Text(zh, en)
