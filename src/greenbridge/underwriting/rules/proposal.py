"""The proposal for one need and one product: a fold of the policy over the evidence."""

from collections.abc import Sequence

from greenbridge.catalog.values import LoanProduct
from greenbridge.kit.text import Text
from greenbridge.needs.values import PURPOSE_NAMES, GuaranteeMode, NeedDraft
from greenbridge.underwriting.rules import conditions, limits, pricing, words
from greenbridge.underwriting.values import Advice, Benchmark, Cap, Evidence, Policy, Price, Proposal, Tenor

YEARS_OF_ONE_YEAR_RATE = 60  # the five-year rate is quoted for terms above five years
_WORST_FIRST = (Advice.NOT_ADVISED, Advice.REFER, Advice.WITH_CONDITIONS, Advice.LEND)
Found = list[tuple[Advice, Text]]


def mode_of(draft: NeedDraft, product: LoanProduct, policy: Policy) -> GuaranteeMode | None:
    """Return the security that both sides name and that loses least; None: they name none together."""
    both = [mode for mode in draft.guarantee_modes if mode in product.guarantee_modes]
    return min(both, key=lambda mode: (policy.security[mode].loss_given_default, mode.value), default=None)


def suits(draft: NeedDraft, product: LoanProduct, policy: Policy) -> bool:
    """Return whether a proposal can be made at all: the purpose is the product's, and some security is both sides'."""
    return draft.purpose in product.purposes and mode_of(draft, product, policy) is not None


def benchmark_tenor(months: int) -> str:
    """Return which loan prime rate a term stands on. `benchmark_tenor(36) == "1Y"`, `benchmark_tenor(61) == "5Y"`."""
    return "1Y" if months <= YEARS_OF_ONE_YEAR_RATE else "5Y"


def tenor(draft: NeedDraft, product: LoanProduct, policy: Policy) -> Tenor:
    """Return the term: the least of what was asked, the product and the purpose allow, and not under the product's."""
    purpose = PURPOSE_NAMES[draft.purpose]
    bounds = (
        (Text("企业申请", "Asked for"), draft.term_months),
        (Text("产品最长", "Product's longest"), product.max_term_months),
        (Text(f"用途“{purpose.zh}”最长", f"Longest for {purpose.en.lower()}"), policy.purpose_months[draft.purpose.value]),
    )
    label, months = min(bounds, key=lambda bound: bound[1])
    if months < product.min_term_months:
        label, months = Text("产品最短", "Product's shortest"), product.min_term_months
    return Tenor(months, bounds, Text(f"{label.zh} {months} 个月", f"{label.en}: {months} months"))


def proposal(known: Evidence, draft: NeedDraft, product: LoanProduct, benchmark: Benchmark, policy: Policy) -> Proposal:
    """Return limit, price, tenor, conditions and advice. Raises ValueError where `suits` is False.

    A higher probability of default never raises the limit nor lowers the price; more sales never lower the limit.
    """
    mode = mode_of(draft, product, policy)
    if mode is None:
        raise ValueError(f"{product.code} and the need name no security together")
    raw = known.default_probability
    probability = None if raw is None else pricing.as_priced(raw, policy.place)
    price = None if probability is None else pricing.price(known, probability, product, mode, benchmark, policy)
    rate_bp = price.rate_bp if price else product.max_annual_rate_bp
    term = tenor(draft, product, policy)
    caps = limits.caps(known, draft, product, mode, probability, rate_bp, term.months, policy)
    limit_fen, binding = limits.limit(caps, product.min_amount_fen, policy.limit_step_fen)
    asked = conditions.conditions(known, caps, mode, limit_fen, policy) if limit_fen else ()
    found = [*_of_limit(caps, binding, limit_fen, product), *_of_price(price, draft), *_of_withheld(known, policy)]
    if limit_fen and any(not cap.known for cap in caps):
        found.append(
            (Advice.WITH_CONDITIONS, Text("部分依据未知，补齐后重算", "Some evidence is unknown; work it out again when it is there"))
        )
    if asked:
        found.append((Advice.WITH_CONDITIONS, Text(f"须落实 {len(asked)} 项条件", f"{len(asked)} conditions to be met")))
    advice = next((level for level in _WORST_FIRST if any(level is one for one, _ in found)), Advice.LEND)
    return Proposal(
        product.code,
        product.version,
        policy.version,
        mode,
        probability,
        pricing.said(known, probability, policy),
        caps,
        binding,
        limit_fen,
        price,
        term,
        asked,
        advice,
        tuple(text for _, text in found),
    )


def _of_limit(caps: Sequence[Cap], binding: str, limit_fen: int, product: LoanProduct) -> Found:
    cap = next(cap for cap in caps if cap.key == binding)
    if limit_fen:
        said = words.amount(limit_fen)
        return [(Advice.LEND, Text(f"额度 {said.zh}，取自{cap.label.zh}", f"Limit {said.en}, set by: {cap.label.en}"))]
    if cap.amount_fen == 0:
        return [(Advice.NOT_ADVISED, cap.text)]
    least, most = words.amount(product.min_amount_fen), words.amount(cap.amount_fen)
    zh = f"{cap.label.zh} {most.zh}，低于产品起点 {least.zh}"
    return [(Advice.NOT_ADVISED, Text(zh, f"{cap.label.en}: {most.en}, under the product's least, {least.en}"))]


def _of_withheld(known: Evidence, policy: Policy) -> Found:
    """Return that a person must look where the firm, its bank or the work step hides what counts: to withhold never helps."""
    hidden = [*known.withheld, *conditions.open_vetoes(known, policy, withheld=True)]
    if not hidden:
        return []
    names = "、".join(label.zh for label in hidden), ", ".join(label.en.lower() for label in hidden)
    return [(Advice.REFER, Text(f"未获授权查阅：{names[0]}，须人工测算", f"Withheld: {names[1]}; a person must work it out"))]


def _of_price(price: Price | None, draft: NeedDraft) -> Found:
    if price is None:
        text = Text("违约概率未知，价格须人工测算", "Without a probability of default a person must work out the price")
        return [(Advice.REFER, text)]
    cost, high = words.rate(price.cost_bp), words.rate(price.high_bp)
    if price.cost_bp > price.high_bp:
        zh = f"风险成本 {cost.zh}，高于可收的最高利率 {high.zh}；可增加担保后重算"
        return [
            (Advice.NOT_ADVISED, Text(zh, f"The loan costs {cost.en}, over the highest rate of {high.en}; work it out with more security"))
        ]
    if price.rate_bp > draft.max_annual_rate_bp:
        rate, most = words.rate(price.rate_bp), words.rate(draft.max_annual_rate_bp)
        zh, en = f"建议利率 {rate.zh}，高于企业可接受的 {most.zh}", f"The rate of {rate.en} is over the {most.en} that the firm would pay"
        return [(Advice.WITH_CONDITIONS, Text(zh, en))]
    return []
