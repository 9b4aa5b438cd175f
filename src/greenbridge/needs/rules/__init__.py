"""What a need may say, and how it moves."""

from datetime import date

from greenbridge.kit.calendar import add_working_days
from greenbridge.kit.errors import Conflict, FieldProblem
from greenbridge.kit.states import Refusal
from greenbridge.kit.text import Text
from greenbridge.needs.rules import life
from greenbridge.needs.values import (
    NEED_GUARD_NAMES,
    NEED_STATUS_NAMES,
    Collateral,
    GuaranteeMode,
    NeedDraft,
    NeedGuard,
    NeedStatus,
    Publishing,
)

MAX_AMOUNT_FEN = 100_000_000_000  # 1 bn yuan: more is no small firm's need
MAX_RATE_BP = 2_400  # the ceiling that courts protect has been four times the LPR; above 24 % is a typing error
MAX_TERM_MONTHS = 360


def is_open(status: NeedStatus) -> bool:
    """Return whether banks may still answer."""
    return status in life.OPEN


def refusal(found: Refusal[NeedStatus, NeedGuard]) -> Conflict:
    """Return the problem that says why an event cannot happen to a need."""
    if found.guard is not None:
        what = NEED_GUARD_NAMES[found.guard]
        return Conflict("need-state", f"条件不满足：{what.zh}。", f"This must be so first: {what.en}.")
    state = NEED_STATUS_NAMES[found.state] if found.state else Text("不存在", "not there")
    return Conflict("need-state", f"需求当前“{state.zh}”，不能进行此操作。", f"The need is now: {state.en}; this cannot be done.")


def window_end(policy: Publishing, published_on: date) -> date:
    """Return the last day of a sealed window, of 2026-03-10 with 3 working days 2026-03-13. Raises Problem for an unknown year."""
    return add_working_days(published_on, policy.sealed_working_days)


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
