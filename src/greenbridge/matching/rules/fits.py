"""The fits of one product, plainly: the reference that the fast path is compared with. Every fit lies in [0, 1]; unknown is 0.5."""

from collections.abc import Mapping, Sequence

from greenbridge.catalog.rules.branches import authority, serving
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import Authority, LoanProduct, Operator, Outcome, Rule, Subject, Unit, Value, Verdict
from greenbridge.matching.rules.columns import is_ordered
from greenbridge.matching.values import PARTS, Facts, Fit, Policy

UNKNOWN = 0.5
POINTS = {Outcome.PASS: 1.0, Outcome.UNKNOWN: UNKNOWN, Outcome.FAIL: 0.0}
LEVELS = (Authority.DISTRICT, Authority.CITY, Authority.PROVINCE, Authority.NATIONAL)
APART = frozenset({"region", "risk"})  # kinds of rules that have a fit of their own
BP = 10_000


def fit(product: LoanProduct, facts: Facts, found: Sequence[Verdict], policy: Policy, behaviour: Mapping[str, float]) -> Fit:
    """Return all fits of a product. `found` are its verdicts; `behaviour`: bank code -> how well it answered so far, in [0, 1]."""
    parts = {
        "region": region(product, facts, policy),
        "rule": rule(found, policy),
        "risk": risk(product, facts, policy),
        "price": price(product, facts, policy),
        "speed": clipped(1 - product.decision_working_days / policy.slowest_working_days),
        "capacity": capacity(product, facts, policy),
        "green": green(product, facts),
        "behaviour": behaviour.get(product.bank.code, UNKNOWN),
    }
    return Fit(**parts, total=sum(policy.weights[name] * parts[name] for name in PARTS))


def clipped(value: float) -> float:
    """Return a value held within [0, 1]."""
    return min(1.0, max(0.0, value))


def reach(product: LoanProduct, region_code: str) -> list[tuple[Authority, float]]:
    """Return (authority, what it may decide in fen) of each branch that serves a region, the nearest first.

    A product that states no branches is served wherever it is sold, by whoever decides there.
    """
    if product.branches:
        return [(level, branch.approval_limit_fen) for level, branch in serving(product.branches, region_code)]
    levels = [level for code in product.regions if (level := authority(code, region_code)) is not None]
    return [(level, float("inf")) for level in sorted(levels, key=LEVELS.index)]


def region(product: LoanProduct, facts: Facts, policy: Policy) -> float:
    """Return the region fit: nearness of the serving branch, and of the nearest one that may decide the amount.

    A district's branch that may lend 1 m yuan, a city's that may lend 10 m, 3 m asked: 0.6 x 1 + 0.4 x 0.85 = 0.94.
    """
    code, asked = facts.get("region_code"), facts.get("amount_fen")
    if not isinstance(code, str) or not isinstance(asked, (int, float)):
        return UNKNOWN
    served = reach(product, code)
    nearest = policy.near[served[0][0] if served else Authority.NONE]
    deciding = next((policy.near[level] for level, limit in served if limit >= asked), policy.near[Authority.NONE])
    return (1 - policy.deciding_share) * nearest + policy.deciding_share * deciding


def rule(found: Sequence[Verdict], policy: Policy) -> float:
    """Return the rule fit: the weight of passed rules of all (unknown counts half), and the mean room to the limits of numbers.

    Region and risk have fits of their own. 9 of 10 rules passed and full room: 0.8 x 0.9 + 0.2 x 1 = 0.92.
    """
    own = [v for v in found if v.rule.kind not in APART]
    share = sum(v.rule.weight * POINTS[v.outcome] for v in own) / sum(v.rule.weight for v in own)
    rooms = [room(v.rule, v.margin, policy) for v in own if isinstance(v.rule, Rule) and has_room(v.rule)]
    comfort = sum(rooms) / len(rooms) if rooms else 1.0
    return (1 - policy.comfort_share) * share + policy.comfort_share * comfort


def has_room(criterion: Rule) -> bool:
    """Return whether a criterion's margin counts: of numbers and dates of the need and the firm; a branch's limit is in the region fit."""
    return is_ordered(criterion.fact) and FACTS[criterion.fact].about is not Subject.BRANCH


def room(criterion: Rule, margin: float | None, policy: Policy) -> float:
    """Return how far inside its limit a value lies: 0 at the limit and beyond, 1 from `full` on; a limit of zero is met in full or not."""
    if margin is None:
        return UNKNOWN
    full = full_room(criterion, policy)
    return float(margin >= 0) if full == 0 else clipped(margin / full)


def full_room(criterion: Rule, policy: Policy) -> float:
    """Return the margin that counts as full: half of the limit; of a range half of it; of dates a year."""
    if FACTS[criterion.fact].unit is Unit.DATE:
        return policy.full_room_days
    if criterion.operator is Operator.BETWEEN and isinstance(criterion.limit, tuple):
        low, high = (float(end) for end in criterion.limit)
        return policy.full_room * (high - low)
    assert not isinstance(criterion.limit, (tuple, str))
    return policy.full_room * abs(criterion.limit)


def risk(product: LoanProduct, facts: Facts, policy: Policy) -> float:
    """Return the risk fit: the bank's appetite, the expected loss against what the rate leaves, the tax grade.

    Probability 4 % against at most 20 %, unsecured (65 % lost), 7 % asked, 2 % funding, grade B: 0.5 x 0.8 + 0.3 x (1 - 260/500) +
    0.2 x 0.85 = 0.714.
    """
    probability, most = facts.get("default_probability"), facts.get("max_annual_rate_bp")
    appetite = cover = UNKNOWN
    if isinstance(probability, (int, float)):
        appetite = clipped(1 - probability / product.max_default_probability)
        charged = min(product.max_annual_rate_bp, most) if isinstance(most, (int, float)) else product.max_annual_rate_bp
        left = charged + product.yearly_fee_bp - policy.funding_bp
        lost = BP * probability * loss(product, facts.get("guarantee_modes"), policy)
        cover = clipped(1 - lost / left) if left > 0 else 0.0
    return policy.appetite_share * appetite + policy.cover_share * cover + policy.grade_share * grade(facts, policy)


def grade(facts: Facts, policy: Policy) -> float:
    """Return the points of the tax grade."""
    return policy.grade_points.get(str(facts.get("tax_grade")), UNKNOWN)


def loss(product: LoanProduct, offered: Value | None, policy: Policy) -> float:
    """Return the share lost at default: of the modes that both sides accept the safest one's, else the product's worst."""
    modes = offered if isinstance(offered, tuple) else ()
    shared = [policy.loss_given_default[mode] for mode in product.guarantee_modes if mode in modes]
    return min(shared) if shared else max(policy.loss_given_default[mode] for mode in product.guarantee_modes)


def rate_cut_bp(product: LoanProduct, facts: Facts) -> int:
    """Return what a product takes off the rate for the firm's green grade."""
    return dict(product.green_rate_cut_bp).get(str(facts.get("green_grade")), 0)


def all_in_bp(product: LoanProduct, facts: Facts) -> int:
    """Return the lowest yearly cost in basis points: rate and fee, less the green cut."""
    return product.min_annual_rate_bp + product.yearly_fee_bp - rate_cut_bp(product, facts)


def price(product: LoanProduct, facts: Facts, policy: Policy) -> float:
    """Return the price fit: what the lowest cost saves of the most that the firm would pay; 4 % of at most 5 %: 0.2 / 0.5 = 0.4."""
    most = facts.get("max_annual_rate_bp")
    if not isinstance(most, (int, float)) or most <= 0:
        return UNKNOWN
    return clipped((most - all_in_bp(product, facts)) / (policy.full_saving * most))


def capacity(product: LoanProduct, facts: Facts, policy: Policy) -> float:
    """Return how much is left to lend: nothing beyond the amount 0, ten times the amount 1."""
    asked = facts.get("amount_fen")
    if product.capacity_left_fen is None or not isinstance(asked, (int, float)) or asked <= 0:
        return UNKNOWN
    return clipped((product.capacity_left_fen / asked - 1) / (policy.capacity_times - 1))


def green(product: LoanProduct, facts: Facts) -> float:
    """Return 1 for a product that cuts the rate for the firm's grade, 0.5 where the grade is unknown and some grade has a cut, else 0."""
    if facts.get("green_grade") is None:
        return UNKNOWN if product.green_rate_cut_bp else 0.0
    return float(rate_cut_bp(product, facts) > 0)
