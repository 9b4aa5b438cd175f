"""Slots, what an offer may say, and what a bank sees before it has a slot."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TypeVar

from greenbridge.answers.rules import life
from greenbridge.answers.values import (
    ANSWER_GUARD_NAMES,
    ANSWER_STATUS_NAMES,
    Answer,
    AnswerGuard,
    AnswerStatus,
    Band,
    DeclineReason,
    Offer,
    Outline,
)
from greenbridge.catalog.values import REPAYMENT_NAMES, LoanProduct, Repayment
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, FieldProblem
from greenbridge.kit.money import in_percent, in_wan
from greenbridge.kit.states import Refusal
from greenbridge.kit.text import Text
from greenbridge.needs.values import Need, NeedDraft, NeedStatus

Key = TypeVar("Key", bound=Hashable)
OFFER_DAYS = 15
CHOICE_DAYS = 5  # what a firm has to choose in where an offer comes with the need's last days


def takes_slot(status: AnswerStatus) -> bool:
    """Return whether an answer holds one of the need's slots: one that was not chosen, declined, returned or expired does not."""
    return status not in life.FREE


def free_slot(taken: Collection[int], slots: int, kept: int = 0) -> int | None:
    """Return the lowest free slot, or None when all are taken or kept for banks that were asked and have not said a word yet."""
    if len(taken) + kept >= slots:
        return None
    return next((slot for slot in range(1, slots + 1) if slot not in taken), None)


def window_over(need: Need, now: datetime) -> bool:
    """Return whether the time of a sealed window is over; False where there was none."""
    return need.window_closes_at is not None and now >= need.window_closes_at


def shut(need: Need, answers: Sequence[Answer], now: datetime) -> bool:
    """Return whether a sealed need keeps banks out: its window is over, and the offers made in it are what its firm chooses from.

    When none of them is left the need is opened again, and is a need like any other from then on.
    """
    if need.window_closes_at is None or now < need.window_closes_at or need.status in {NeedStatus.REOPENED, NeedStatus.ESCALATED}:
        return False
    standing = [answer for answer in answers if answer.status in life.BEFORE]
    return not standing or any(answer.claimed_at < need.window_closes_at for answer in standing)


def last_day(need: Need) -> date | None:
    """Return the last day of a sealed window; None where there is none."""
    return business_date(need.window_closes_at) - timedelta(days=1) if need.window_closes_at else None


def open_window_ends(need: Need, now: datetime) -> date | None:
    """Return the last day of a sealed window that is open; None where there is none, or none any more."""
    return None if window_over(need, now) else last_day(need)


def refusal(found: Refusal[AnswerStatus, AnswerGuard]) -> Conflict:
    """Return the problem that says why an event cannot happen to an answer."""
    if found.guard is not None:
        what = ANSWER_GUARD_NAMES[found.guard]
        return Conflict(_CODES.get(found.guard, "answer-state"), f"条件不满足：{what.zh}。", f"This must be so first: {what.en}.")
    state = ANSWER_STATUS_NAMES[found.state] if found.state else Text("不存在", "not there")
    return Conflict("answer-state", f"应答当前“{state.zh}”，不能进行此操作。", f"The answer is now: {state.en}; this cannot be done.")


_CODES = {
    AnswerGuard.NEED_OPEN: "need-not-open",
    AnswerGuard.IN_TIME: "too-late",
    AnswerGuard.OFFER_STANDS: "offer-over",
    AnswerGuard.WINDOW_OVER: "sealed",
    AnswerGuard.REASONS_GIVEN: "wrong-decline",
}


def last_valid_day(need: Need, act_by: date) -> date:
    """Return how long an offer may stand: until some days after the need's last day, or after the bank's, which may come later."""
    return max(need.open_until, act_by) + timedelta(days=CHOICE_DAYS)


def offer_problems(offer: Offer, product: LoanProduct | None, draft: NeedDraft, today: date, last: date) -> tuple[FieldProblem, ...]:
    """Return what keeps an offer from being made: it must lie inside the product's frame and not above what was asked. `last`: the last
    day until which it may stand.
    """
    found = []

    def refuse(field: str, zh: str, en: str) -> None:
        found.append(FieldProblem(field, Text(zh, en)))

    if product is None:
        refuse("product_code", "本行没有这个在售产品", "Your bank lists no such product")
        return tuple(found)
    if not product.min_amount_fen <= offer.amount_fen <= product.max_amount_fen:
        low, high = in_wan(product.min_amount_fen), in_wan(product.max_amount_fen)
        refuse("amount_fen", f"产品金额为 {low} 至 {high} 万元", f"The product lends {low} to {high} x10k yuan")
    elif offer.amount_fen > draft.amount_fen:
        refuse(
            "amount_fen",
            f"高于企业申请的 {in_wan(draft.amount_fen)} 万元",
            f"More than the {in_wan(draft.amount_fen)} x10k yuan asked for",
        )
    if not product.min_annual_rate_bp <= offer.annual_rate_bp <= product.max_annual_rate_bp:
        low, high = in_percent(product.min_annual_rate_bp), in_percent(product.max_annual_rate_bp)
        refuse("annual_rate_bp", f"产品年利率为 {low} % 至 {high} %", f"The product's rate is {low} % to {high} %")
    if not product.min_term_months <= offer.term_months <= product.max_term_months:
        low_term, high_term = product.min_term_months, product.max_term_months
        refuse(
            "term_months",
            f"产品期限为 {low_term} 至 {high_term} 个月",
            f"The product's term is {low_term} to {high_term} months",
        )
    found += _price_problems(offer, product)
    if offer.valid_until < today:
        refuse("valid_until", "有效期不能早于今天", "The offer would be over already")
    elif offer.valid_until > last:
        refuse("valid_until", f"有效期不能晚于 {last}", f"An offer to this need may stand until {last} at most")
    return tuple(found)


def _price_problems(offer: Offer, product: LoanProduct) -> list[FieldProblem]:
    """Return what is wrong with the way of repayment and with what comes on top of the rate."""
    found = []
    if offer.repayment is not None and offer.repayment not in product.repayment:
        names = [REPAYMENT_NAMES[way] for way in product.repayment]
        ways_zh, ways_en = "、".join(name.zh for name in names), ", ".join(name.en for name in names)
        found.append(FieldProblem("repayment", Text(f"产品的还款方式为：{ways_zh}", f"The product is repaid by: {ways_en}")))
    if not 0 <= offer.upfront_fee_fen * 20 <= offer.amount_fen:
        found.append(FieldProblem("upfront_fee_fen", Text("一次性费用不超过金额的 5 %", "The fee is at most 5 % of the amount")))
    if not 0 <= offer.guarantee_yearly_bp <= 500:
        found.append(FieldProblem("guarantee_yearly_bp", Text("年担保费率为 0 至 5 %", "The guarantee costs 0 to 5 % a year")))
    return found


def stands(answer: Answer, today: date) -> bool:
    """Return whether an answer's offer can be accepted."""
    return answer.status is AnswerStatus.OFFERED and answer.offer is not None and answer.offer.valid_until >= today


def revolves(answer: Answer) -> bool:
    """Return whether an answer's loan may be drawn again when it was paid back."""
    return answer.offer is not None and answer.offer.repayment is Repayment.REVOLVING


def drawable_fen(answer: Answer) -> int:
    """Return how much may still be paid out: of 300 approved, 200 paid out and 50 paid back 100, of a revolving loan 150."""
    deal = answer.contract
    return (deal.approved_fen or 0) - deal.disbursed_fen + (deal.repaid_fen if revolves(answer) else 0)


def decline_problems(reasons: Collection[DeclineReason]) -> tuple[FieldProblem, ...]:
    """Return what is wrong with a decline: it names one to four reasons."""
    if not 1 <= len(set(reasons)) <= 4:
        return (FieldProblem("reasons", Text("请选择 1 至 4 个理由", "Choose one to four reasons")),)
    return ()


# What a bank sees of terms before it has claimed a slot. A figure lies in the band whose lower end it exceeds: 1 m yuan is in the
# band that ends with it.
K = 10  # a district, or a cell of a count, is shown from so many needs on
AMOUNT_BANDS_FEN = tuple(wan * 1_000_000 for wan in (0, 50, 100, 300, 500, 1000, 3000))
RATE_BANDS_BP = tuple(range(0, 2400, 100))
TERM_BANDS_MONTHS = (0, 6, 12, 24, 36, 60)


def band(value: int, ends: Sequence[int]) -> Band:
    """Return the band of a positive value. `band(12, (0, 6, 12, 24)) == Band(6, 12)`; above the last end there is no upper one."""
    return next((Band(low, high) for low, high in pairwise(ends) if low < value <= high), Band(ends[-1], None))


def outline(need: Need, open_in_district: int) -> Outline:
    """Return a need in bands; its district where at least K needs are open there, else its city."""
    draft = need.draft
    return Outline(
        band(draft.amount_fen, AMOUNT_BANDS_FEN),
        band(draft.max_annual_rate_bp, RATE_BANDS_BP),
        band(draft.term_months, TERM_BANDS_MONTHS),
        draft.purpose,
        draft.guarantee_modes,
        draft.collateral,
        need.region_code if open_in_district >= K else f"{need.region_code[:4]}00",
    )


def counted(groups: Mapping[Key, int], least: int = K) -> dict[Key, int | None]:
    """Return counts of which none below `least` is told (None). What is hidden is at least two cells and `least` in all, so that no
    total gives one away: the next smallest hide with them. `counted({"a": 40, "b": 12, "c": 3})` tells a alone.
    """
    hidden = {key for key, n in groups.items() if 0 < n < least}
    rest = sorted((n, index, key) for index, (key, n) in enumerate(groups.items()) if n >= least)
    while hidden and rest and (len(hidden) == 1 or sum(groups[key] for key in hidden) < least):
        hidden.add(rest.pop(0)[2])
    return {key: None if key in hidden else n for key, n in groups.items()}
