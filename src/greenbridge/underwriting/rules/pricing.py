"""The price of a loan: cost of funds, operation, expected loss, capital, less the green discount; over the loan prime rate."""

from greenbridge.catalog.rules.vocabulary import GREEN_NAMES
from greenbridge.catalog.values import LoanProduct
from greenbridge.kit.text import Text
from greenbridge.needs.values import GUARANTEE_MODE_NAMES, GuaranteeMode
from greenbridge.underwriting.rules import words
from greenbridge.underwriting.values import Benchmark, Component, Evidence, Place, Policy, Price

BP = 10_000


def as_priced(default_probability: float, place: Place | None) -> float:
    """Return the probability to price: as the model says it, or with its odds moved by what a back-test of the place measured, from the mean
    probability of a ripe vintage to the share of it that defaulted (Elkan 2001). The order of firms stays.

    Where 6.5 % were said and 13 % defaulted, 0.10 becomes 0.1928. Nothing is moved to a rate that nobody measured.
    """
    if place is None:
        return default_probability
    k = place.observed / (1 - place.observed) / (place.predicted / (1 - place.predicted))
    return default_probability * k / (1 - default_probability + default_probability * k)


def said(known: Evidence, probability: float | None, policy: Policy) -> Text:
    """Return how a probability came to be priced so."""
    if probability is None or known.default_probability is None:
        return Text("违约概率未知（发票不足或未获授权）", "Probability of default unknown (too few invoices, or withheld)")
    raw, priced = words.share(known.default_probability), words.share(probability)
    if policy.place is None:
        return Text(f"模型违约概率 {raw.zh}，直接用于定价", f"Probability {raw.en}, as modelled")
    told, seen = words.share(policy.place.predicted), words.share(policy.place.observed)
    month = f"{policy.place.vintage:%Y-%m}"
    return Text(
        f"模型违约概率 {raw.zh}；本地 {month} 批次预测 {told.zh}、实际 {seen.zh}，换算后 {priced.zh}",
        f"Probability {raw.en} as modelled; of the place's vintage {month}, {told.en} were predicted and {seen.en} seen: {priced.en}",
    )


def price(known: Evidence, probability: float, product: LoanProduct, mode: GuaranteeMode, benchmark: Benchmark, policy: Policy) -> Price:
    """Return the price of a loan. The order of components is that of the waterfall, the cost of funds first."""
    parts = _components(known, probability, mode, benchmark, policy)
    cost = sum(part.bp for part in parts)
    low, high = product.min_annual_rate_bp, min(product.max_annual_rate_bp, policy.ceiling_bp)
    return Price(benchmark, parts, cost, low, high, rounded(cost, low, high, policy.rate_step_bp))


def rounded(cost_bp: int, low_bp: int, high_bp: int, step_bp: int) -> int:
    """Return the cost rounded up to a step, within the bounds. `rounded(442, 400, 700, 5) == 445`; `rounded(912, 400, 700, 5) == 700`."""
    return max(low_bp, min(high_bp, -(-cost_bp // step_bp) * step_bp))


def _components(known: Evidence, probability: float, mode: GuaranteeMode, benchmark: Benchmark, policy: Policy) -> tuple[Component, ...]:
    """Return the parts. With 1.6 % and 60 % lost the expected loss is 96 bp; with weight 75 %, 10.5 % and 10 % capital costs 79 bp."""
    terms = policy.security[mode]
    lpr, spread = words.rate(benchmark.annual_rate_bp), words.basis_points(policy.funds_spread_bp)
    pd, lgd, name = words.share(probability), words.share(terms.loss_given_default), GUARANTEE_MODE_NAMES[mode]
    weight, ratio, pays = words.share(terms.risk_weight), words.share(policy.capital_ratio), words.rate(policy.capital_return_bp)
    discount = policy.green_discounts_bp.get(known.green_grade or "", 0)
    green = GREEN_NAMES.get(known.green_grade or "", Text("未评绿色等级", "no green grade"))
    return (
        Component(
            "funds",
            Text("资金成本", "Cost of funds"),
            benchmark.annual_rate_bp + policy.funds_spread_bp,
            Text(f"LPR {benchmark.tenor} {lpr.zh} {spread.zh}", f"LPR {benchmark.tenor} {lpr.en} {spread.en}"),
        ),
        Component("operation", Text("运营成本", "Operation"), policy.operating_bp, Text("按政策", "By policy")),
        Component(
            "expected_loss",
            Text("预期损失", "Expected loss"),
            round(probability * terms.loss_given_default * BP),
            Text(f"违约概率 {pd.zh} × 违约损失率 {lgd.zh}（{name.zh}）", f"Probability {pd.en} x loss given default {lgd.en} ({name.en})"),
        ),
        Component(
            "capital",
            Text("资本成本", "Capital"),
            round(terms.risk_weight * policy.capital_ratio * policy.capital_return_bp),
            Text(
                f"风险权重 {weight.zh} × 资本 {ratio.zh} × 回报 {pays.zh}",
                f"Risk weight {weight.en} x capital {ratio.en} x return {pays.en}",
            ),
        ),
        Component("green", Text("绿色优惠", "Green discount"), -discount, green),
    )
