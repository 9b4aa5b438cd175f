"""Plans in words: what to do, how long it takes, what it brings."""

from collections.abc import Sequence

from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.kit.money import in_percent
from greenbridge.kit.text import Text
from greenbridge.matching.rules.informing import item_of, source_of
from greenbridge.matching.rules.words import amount, counted
from greenbridge.matching.values import Plan, Step, StepKind
from greenbridge.needs.values import GUARANTEE_MODE_NAMES, GuaranteeMode

_TERMS = {
    StepKind.AMOUNT: Text("融资金额由 {a}改为 {b}", "change the amount from {a} to {b}"),
    StepKind.TERM: Text("期限由 {a}改为 {b}", "change the term from {a} to {b}"),
    StepKind.RATE: Text("可接受年利率由 {a}提高到 {b}", "accept a yearly rate of {b} instead of {a}"),
    StepKind.COLLATERAL: Text("如能提供，增加押品{b}", "offer {b} as collateral, if you have it"),
    StepKind.PAY_ARREARS: Text("缴清欠税 {a}", "pay the tax arrears of {a}"),
    StepKind.LEAVE_LIST: Text("履行义务后申请移出经营异常名录", "do what is due and apply to leave the abnormal operation list"),
}
# What will be told is not known beforehand: `if it is so`.
_TOLD = {
    StepKind.DELIVERY: Text("待{who}交付{source}后可判断，如{label}为 {b}", "once {who} delivers {source}: if {label} is {b}"),
    StepKind.STATE: Text("在需求中说明{label}，如为 {b}", "say it with the need: if {label} is {b}"),
    StepKind.EVIDENCE: Text("上传绿色佐证材料，如{label}评为{b}", "upload green evidence: if the {label} becomes {b}"),
}
# Category of an item -> who delivers it, as the facts' catalogue names them (a test holds both together).
_WHO = {
    "tax": Text("税务局", "the tax office"),
    "registration": Text("市场监督管理局", "the market regulator"),
    "annual_report": Text("市场监督管理局", "the market regulator"),
    "penalties": Text("市场监督管理局", "the market regulator"),
    "courts": Text("人民法院", "the people's court"),
    "utilities": Text("供电公司", "the power company"),
    "social_insurance": Text("人力资源和社会保障局", "the human resources bureau"),
}
_MODES = {
    GuaranteeMode.CREDIT: "accept an unsecured loan",
    GuaranteeMode.GUARANTEE: "offer a guarantor",
    GuaranteeMode.MORTGAGE: "offer a mortgage",
    GuaranteeMode.PLEDGE: "offer a pledge",
    GuaranteeMode.GUARANTEE_INSURANCE: "offer guarantee insurance",
    GuaranteeMode.GOVERNMENT_GUARANTEE: "offer a government-backed guarantee",
}


def deliverer(fact: str) -> Text | None:
    """Return which department delivers what makes a fact known; None for what none delivers."""
    item = item_of(fact)
    return _WHO[item.partition(".")[0]] if item else None


def step_sentence(step: Step) -> Text:
    """Return one step: `再等 7 个月，成立时间满 24 个月`."""
    unit = FACTS[step.fact].unit
    if step.kind is StepKind.WAIT:
        label, until, months = FACTS[step.fact].label, amount(unit, step.after), counted(step.months, "month")
        return Text(f"再等 {step.months} 个月，{label.zh}满 {until.zh}", f"wait {months}: {label.en} will be {until.en}")
    if step.kind in _TOLD:
        source, label, b = source_of(step.fact), FACTS[step.fact].label, amount(unit, step.after)
        form, who = _TOLD[step.kind], deliverer(step.fact) or Text("", "")
        return Text(
            form.zh.format(who=who.zh, source=source.zh, label=label.zh, b=b.zh),
            form.en.format(who=who.en, source=source.en, label=label.en, b=b.en),
        )
    after = step.after
    if isinstance(after, tuple) and isinstance(step.before, tuple):
        after = tuple(one for one in after if one not in step.before)
    if step.kind is StepKind.GUARANTEE and isinstance(after, tuple):
        modes = [GuaranteeMode(one) for one in after]
        zh = "、".join(GUARANTEE_MODE_NAMES[mode].zh for mode in modes)
        return Text(f"担保方式增加{zh}", "also " + " and ".join(_MODES[mode] for mode in modes))
    a = Text("", "") if step.before is None else amount(unit, step.before)
    b = amount(unit, after)
    form = _TERMS[step.kind]
    return Text(form.zh.format(a=a.zh, b=b.zh), form.en.format(a=a.en, b=b.en))


def plan_sentence(plan: Plan) -> Text:
    """Return a plan in one sentence, with what it opens and closes."""
    zh, en = _joined(plan.steps)
    opened, waiting, lost = len(plan.opened), len(plan.conditional), len(plan.lost)
    if all(step.kind in _TOLD for step in plan.steps):
        return _settled(plan, zh, en)
    zh += f"：新开放 {opened + waiting} 个产品" + (f"（其中 {waiting} 个待补充数据）" if waiting else "")
    en += f": opens {counted(opened + waiting, 'product')}" + (f", {waiting} of them waiting for data" if waiting else "")
    if lost:
        zh += f"，{lost} 个不再符合"
        en += f", closes {lost}"
    if plan.rate_before_bp is not None and plan.rate_after_bp is not None and plan.rate_after_bp < plan.rate_before_bp:
        before, after = in_percent(plan.rate_before_bp), in_percent(plan.rate_after_bp)
        zh += f"，最低年利率由 {before} % 降至 {after} %"
        en += f"; the lowest yearly rate falls from {before} % to {after} %"
    return Text(zh, en)


def _settled(plan: Plan, zh: str, en: str) -> Text:
    n, lost = len(plan.opened), len(plan.lost)
    zh += f"：{n} 个产品由待定转为符合" + (f"，{lost} 个不再符合" if lost else "")
    en += f": {counted(n, 'product')} will fit" + (f", {lost} will not any more" if lost else "")
    return Text(zh, en)


def _joined(steps: Sequence[Step]) -> tuple[str, str]:
    """Return the steps in a row, in both languages; those that take time run together and are said so."""
    zh, en, waits = "", "", False
    for step in sorted(steps, key=lambda step: step.months > 0):
        said = step_sentence(step)
        if zh:
            zh, en = (zh + "，同时", en + "; meanwhile ") if step.months and waits else (zh + "，并", en + "; and ")
        zh, en, waits = zh + said.zh, en + said.en, waits or step.months > 0
    return zh, en
