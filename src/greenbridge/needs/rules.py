"""What a need may say, and how it moves."""

from greenbridge.kit.errors import FieldProblem
from greenbridge.kit.text import Text
from greenbridge.needs.values import Collateral, GuaranteeMode, NeedDraft, NeedStatus

MAX_AMOUNT_FEN = 100_000_000_000  # 1 bn yuan: more is no small firm's need
MAX_RATE_BP = 2_400  # the ceiling that courts protect has been four times the LPR; above 24 % is a typing error
MAX_TERM_MONTHS = 360
OPEN_DAYS = 30

_NEXT: dict[NeedStatus, frozenset[NeedStatus]] = {
    NeedStatus.PUBLISHED: frozenset({NeedStatus.IN_ANSWER, NeedStatus.WITHDRAWN, NeedStatus.EXPIRED}),
    NeedStatus.IN_ANSWER: frozenset({NeedStatus.PUBLISHED, NeedStatus.OFFER_ACCEPTED, NeedStatus.WITHDRAWN, NeedStatus.EXPIRED}),
    NeedStatus.OFFER_ACCEPTED: frozenset({NeedStatus.CLOSED}),
    NeedStatus.WITHDRAWN: frozenset(),
    NeedStatus.EXPIRED: frozenset(),
    NeedStatus.CLOSED: frozenset(),
}


def may_become(status: NeedStatus, other: NeedStatus) -> bool:
    """Return whether a need may go from one state to another."""
    return other in _NEXT[status]


def is_open(status: NeedStatus) -> bool:
    """Return whether banks may still answer."""
    return status in {NeedStatus.PUBLISHED, NeedStatus.IN_ANSWER}


def problems(draft: NeedDraft) -> tuple[FieldProblem, ...]:
    """Return what keeps a need from being published; empty means good."""
    found = []

    def refuse(field: str, zh: str, en: str) -> None:
        found.append(FieldProblem(field, Text(zh, en)))

    if draft.amount_fen <= 0:
        refuse("amount_fen", "金额应大于零", "The amount must be more than nothing")
    elif draft.amount_fen > MAX_AMOUNT_FEN:
        refuse("amount_fen", "金额不超过 10 亿元", "The amount is at most 1 bn yuan")
    if not 0 < draft.max_annual_rate_bp <= MAX_RATE_BP:
        refuse("max_annual_rate_bp", "年利率应大于 0，不超过 24 %", "The yearly rate is above 0 and at most 24 %")
    if not 0 < draft.term_months <= MAX_TERM_MONTHS:
        refuse("term_months", "期限为 1 至 360 个月", "The term is 1 to 360 months")
    if not draft.guarantee_modes:
        refuse("guarantee_modes", "至少选择一种担保方式", "Choose at least one guarantee mode")
    if GuaranteeMode.MORTGAGE in draft.guarantee_modes and not {Collateral.REAL_ESTATE, Collateral.EQUIPMENT} & set(draft.collateral):
        refuse(
            "collateral",
            "选择抵押时，请说明抵押物（不动产或机器设备）",
            "A mortgage needs real estate or equipment as collateral",
        )
    return tuple(found)
