"""The caps on a limit: each a number with what it was made of. The least of them is the limit."""

from collections.abc import Sequence

from greenbridge.catalog.values import LoanProduct
from greenbridge.kit.text import Text
from greenbridge.needs.values import GUARANTEE_MODE_NAMES, GuaranteeMode, NeedDraft
from greenbridge.underwriting.rules import words
from greenbridge.underwriting.values import Cap, Evidence, Input, Month, Policy

HALF_YEAR = 6


def caps(
    known: Evidence,
    draft: NeedDraft,
    product: LoanProduct,
    mode: GuaranteeMode,
    probability: float | None,
    rate_bp: int,
    months: int,
    policy: Policy,
) -> tuple[Cap, ...]:
    """Return every cap, in the order in which they are read; `probability` as priced. Rate and term carry the cash-flow cap."""
    return (
        Cap("need", Text("企业申请", "Asked for"), draft.amount_fen, True, (), _asked(draft.amount_fen)),
        Cap("product", Text("产品上限", "Product's limit"), product.max_amount_fen, True, (), _frame(product)),
        _tax(known, policy),
        _sales(known, policy),
        _cash_flow(known, months, rate_bp, policy),
        _security(mode, policy),
        _probability(known, probability, product, policy),
        *_vetoes(known, policy),
    )


def limit(found: Sequence[Cap], least_fen: int, step_fen: int) -> tuple[int, str]:
    """Return (the least cap, rounded down to the step; its key). What lies under the product's least amount is nothing.

    Caps of 1,000,000 and 437,500 yuan with steps of 10,000 give 430,000; with a product from 500,000 on, 0.
    """
    binding = min(found, key=lambda cap: cap.amount_fen)
    amount = binding.amount_fen // step_fen * step_fen
    return (amount if amount >= least_fen else 0), binding.key


def _asked(fen: int) -> Text:
    said = words.amount(fen)
    return Text(f"不高于申请的 {said.zh}", f"Not more than the {said.en} asked for")


def _frame(product: LoanProduct) -> Text:
    said = words.amount(product.max_amount_fen)
    return Text(f"产品最高 {said.zh}", f"The product lends {said.en} at most")


def _unknown(what: Text, floor_fen: int) -> Text:
    said = words.amount(floor_fen)
    return Text(f"{what.zh}未知，按无佐证上限 {said.zh} 计", f"{what.en} unknown: the limit without evidence, {said.en}, applies")


def _tax(known: Evidence, policy: Policy) -> Cap:
    """Return the multiple of twelve months' VAT. Grade A, 390,000 yuan of VAT, 10 times: 3.9 m yuan.

    VAT of nothing or less says little of a firm that invests or exports, so the cap does not press under the floor; grade D does.
    """
    label, floor = Text("纳税倍数", "Multiple of VAT"), policy.evidence_floor_fen
    multiple = policy.tax_multiples.get(known.tax_grade or "", policy.tax_multiple_unknown)
    told = words.times(multiple)
    grade = Text(known.tax_grade, known.tax_grade) if known.tax_grade else None
    vat = None if known.vat_12m_fen is None else words.amount(known.vat_12m_fen)
    inputs = (
        Input(Text("近 12 个月增值税", "VAT, 12 months"), vat),
        Input(Text("纳税信用等级", "Tax credit grade"), grade),
        Input(Text("倍数", "Multiple"), told),
    )
    if multiple <= 0:
        text = Text(f"纳税信用 {known.tax_grade} 级不予授信", f"Tax credit grade {known.tax_grade}: nothing is lent")
        return Cap("tax", label, 0, True, inputs, text)
    if known.vat_12m_fen is None or vat is None:
        return Cap("tax", label, floor, False, inputs, _unknown(Text("增值税", "VAT"), floor))
    of = Text(f"{grade.zh} 级", f"grade {grade.en}") if grade else Text("等级未知，取低档", "grade unknown: the low multiple")
    zh, en = f"增值税 {vat.zh} × {told.zh}（{of.zh}）", f"VAT {vat.en} x {told.en} ({of.en})"
    measured = int(multiple * known.vat_12m_fen)
    if measured < floor:
        least = words.amount(floor)
        zh, en = f"{zh}，低于无佐证上限，按 {least.zh} 计", f"{en}, under the limit without evidence: {least.en}"
    return Cap("tax", label, max(floor, measured), True, inputs, Text(zh, en))


def _sales(known: Evidence, policy: Policy) -> Cap:
    """Return the share of twelve months' sales. 6 m yuan at 30 %: 1.8 m yuan."""
    label, part = Text("销售额占比", "Share of sales"), words.share(policy.sales_share)
    sales = None if known.sales_12m_fen is None else words.amount(known.sales_12m_fen)
    inputs = (Input(Text("近 12 个月销售额", "Sales, 12 months"), sales), Input(Text("占比", "Share"), part))
    if known.sales_12m_fen is None or sales is None:
        floor = policy.evidence_floor_fen
        return Cap("sales", label, floor, False, inputs, _unknown(Text("销售额", "Sales"), floor))
    text = Text(f"销售额 {sales.zh} × {part.zh}", f"Sales {sales.en} x {part.en}")
    return Cap("sales", label, max(0, int(policy.sales_share * known.sales_12m_fen)), True, inputs, text)


def free_cash(months: Sequence[Month], other_costs_share: float) -> float:
    """Return what a month leaves: sales less purchases less a share of sales; the lower of the whole's and the last half year's mean.

    Twelve months of 500,000 yuan sold and 250,000 bought at 5 %: 225,000 yuan.
    """
    left = [month.sales_fen * (1 - other_costs_share) - month.purchases_fen for month in months]
    return min(sum(window) / len(window) for window in (left, left[-HALF_YEAR:]))


def present_value(payment: float, rate_bp: int, months: int) -> float:
    """Return what equal monthly payments repay with interest. 10,000 yuan, 6 %, 12 months: 116,189 yuan."""
    monthly = rate_bp / 10_000 / 12
    return payment * (months if monthly == 0 else (1 - (1 + monthly) ** -months) / monthly)


def _cash_flow(known: Evidence, months: int, rate_bp: int, policy: Policy) -> Cap:
    """Return what the free cash repays within the term: cash / cover - other debt service, as an annuity.

    A proxy of invoices, without wages and investments: it does not press under the floor.
    """
    label, floor = Text("现金流测算", "Cash flow"), policy.evidence_floor_fen
    cover, costs = words.times(policy.coverage), words.share(policy.other_costs_share)
    others = None if known.debt_service_fen is None else words.amount(known.debt_service_fen)
    fixed = (
        Input(Text("偿债覆盖", "Debt service cover"), cover),
        Input(Text("未开票成本占销售", "Costs without invoices, of sales"), costs),
        Input(Text("每月其他还贷", "Other debt service a month"), others),
        Input(Text("期限", "Term"), Text(f"{months} 个月", f"{months} months")),
    )
    if len(known.months) < policy.least_months:
        text = _unknown(
            Text(f"逐月收支不足 {policy.least_months} 个月，现金流", f"Under {policy.least_months} months known: cash flow"), floor
        )
        return Cap("cash_flow", label, floor, False, (Input(Text("每月净流入", "Free cash a month"), None), *fixed), text)
    cash = free_cash(known.months, policy.other_costs_share)
    payment = max(0.0, cash / policy.coverage - (known.debt_service_fen or 0))
    measured, said, pays = int(present_value(payment, rate_bp, months)), words.amount(round(cash)), words.amount(round(payment))
    zh = f"每月净流入 {said.zh} ÷ {cover.zh}，每月可还 {pays.zh}，{months} 个月本息"
    en = f"Free cash {said.en} a month / {cover.en}: pays {pays.en} a month, {months} months with interest"
    if known.debt_service_fen is None:
        zh, en = f"{zh}（其他还贷未知，按无计）", f"{en} (other debt service unknown, taken as none)"
    if measured < floor:
        least = words.amount(floor)
        zh, en = f"{zh}；低于无佐证上限，按 {least.zh} 计", f"{en}; under the limit without evidence: {least.en}"
    inputs = (Input(Text("每月净流入", "Free cash a month"), said), *fixed)
    return Cap("cash_flow", label, max(floor, measured), True, inputs, Text(zh, en))


def _security(mode: GuaranteeMode, policy: Policy) -> Cap:
    name, most = GUARANTEE_MODE_NAMES[mode], policy.security[mode].max_amount_fen
    said = words.amount(most)
    text = Text(f"{name.zh}方式最高 {said.zh}", f"{name.en}: {said.en} at most")
    return Cap("security", Text("担保方式上限", "Limit of the security"), most, True, (), text)


def _probability(known: Evidence, probability: float | None, product: LoanProduct, policy: Policy) -> Cap:
    """Return the step of the policy. As priced 0.0163 is up to 0.02: 5 m yuan; nothing above the last step or the product's own limit."""
    label, floor = Text("违约概率档位", "Step of probability"), policy.evidence_floor_fen
    if probability is None or known.default_probability is None:
        return Cap("probability", label, floor, False, (), _unknown(Text("违约概率", "Probability of default"), floor))
    said, raw = words.share(probability), words.share(known.default_probability)
    inputs = (Input(Text("模型违约概率", "Probability, as modelled"), raw), Input(Text("定价违约概率", "Probability, as priced"), said))
    if known.default_probability > product.max_default_probability:
        most = words.share(product.max_default_probability)
        text = Text(f"模型违约概率 {raw.zh}，高于产品上限 {most.zh}", f"Probability {raw.en}, over the product's limit of {most.en}")
        return Cap("probability", label, 0, True, inputs, text)
    step = next(((upper, fen) for upper, fen in policy.probability_caps if probability <= upper), None)
    if step is None:
        last = words.share(policy.probability_caps[-1][0])
        text = Text(
            f"定价违约概率 {said.zh}，高于 {last.zh}，不予授信", f"Probability as priced {said.en}, over {last.en}: nothing is lent"
        )
        return Cap("probability", label, 0, True, inputs, text)
    upper, most_fen = words.share(step[0]), words.amount(step[1])
    text = Text(
        f"定价违约概率 {said.zh}，不超过 {upper.zh} 的最高 {most_fen.zh}",
        f"Probability as priced {said.en}: up to {upper.en}, {most_fen.en} at most",
    )
    return Cap("probability", label, step[1], True, inputs, text)


def _vetoes(known: Evidence, policy: Policy) -> list[Cap]:
    return [
        Cap("veto", Text("一票否决", "Veto"), 0, True, (), Text(f"{flag.text.zh}，不予授信", f"{flag.text.en}: nothing is lent"))
        for flag in known.flags
        if flag.key in policy.vetoes
    ]
