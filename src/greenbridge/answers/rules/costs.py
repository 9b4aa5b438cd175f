"""What an offer costs, all in: instalments in whole fen, and the effective annual rate over the cash flows.

Interest follows 银发〔2005〕129号: whole months at a twelfth of the yearly rate, drawn days at 1/360. The effective annual rate is the
internal rate of return of 中国人民银行公告〔2021〕第3号, compounded, over actual days / 365 as XIRR counts them.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from scipy.optimize import brentq

from greenbridge.answers.values import Answer, Cost, Flow, Instalment, Offer
from greenbridge.catalog.values import Repayment
from greenbridge.kit.calendar import same_day_after

_BP = 10_000
_DAYS_OF_A_LENDING_YEAR = 360
LOWEST, HIGHEST = -0.99, 100.0


def _rounded(amount: Fraction) -> int:
    """Return whole fen, half a fen upward."""
    return int(amount + Fraction(1, 2)) if amount >= 0 else -int(-amount + Fraction(1, 2))


def amortisation(offer: Offer, starts_on: date) -> tuple[Instalment, ...]:
    """Return the table of an offer, by months from the day the money comes: principal parts sum to the amount, interest is never negative.

    100,000 fen at 12 % over 3 months in equal instalments: 33,002 + 1,000; 33,332 + 670; 33,666 + 337. The last line takes the remainder.
    """
    way = offer.repayment or Repayment.EQUAL_INSTALMENTS
    left, lines = offer.amount_fen, []
    monthly = Fraction(offer.annual_rate_bp, _BP * 12)
    yearly_fees = offer.yearly_fee_bp + offer.guarantee_yearly_bp
    level = _level_payment(offer.amount_fen, monthly, offer.term_months)
    before = starts_on
    for number in range(1, offer.term_months + 1):
        on, last = same_day_after(starts_on, number), number == offer.term_months
        days = (on - before).days
        if way is Repayment.REVOLVING:
            interest = _rounded(Fraction(left * offer.annual_rate_bp * days, _BP * _DAYS_OF_A_LENDING_YEAR))
        elif way is Repayment.AT_MATURITY:
            interest = _rounded(left * monthly * offer.term_months) if last else 0
        else:
            interest = _rounded(left * monthly)
        if last:
            principal = left
        elif way is Repayment.EQUAL_INSTALMENTS:
            principal = min(max(level - interest, 0), left)
        elif way is Repayment.EQUAL_PRINCIPAL:
            principal = offer.amount_fen // offer.term_months
        else:
            principal = 0
        # The yearly parts fall due at the start of each year of the loan, on what is owed then.
        fees = _rounded(Fraction(left * yearly_fees * min(12, offer.term_months - number + 1), _BP * 12)) if number % 12 == 1 else 0
        left -= principal
        lines.append(Instalment(number, on, principal, interest, fees, left))
        before = on
    return tuple(lines)


def _level_payment(amount_fen: int, monthly: Fraction, months: int) -> int:
    """Return the equal instalment: amount x i / (1 - (1 + i)^-n), whole fen; without interest the amount by months."""
    if monthly == 0:
        return amount_fen // months
    growth = (1 + monthly) ** months
    return _rounded(amount_fen * monthly * growth / (growth - 1))


def flows(offer: Offer, starts_on: date, subsidy_fen: int | None = None) -> tuple[Flow, ...]:
    """Return all money of an offer as the firm sees it. A year's fees are paid when it begins; a subsidy comes with the last payment."""
    table = amortisation(offer, starts_on)
    found = [Flow(starts_on, offer.amount_fen - offer.upfront_fee_fen)]
    for line in table:
        if line.fees_fen:
            found.append(Flow(same_day_after(starts_on, line.number - 1), -line.fees_fen))
        found.append(Flow(line.due_on, -line.principal_fen - line.interest_fen))
    if subsidy_fen:
        found.append(Flow(table[-1].due_on, subsidy_fen))
    return tuple(found)


def effective_annual_rate(money: Sequence[Flow]) -> float | None:
    """Return the yearly rate at which flows are worth nothing together: -1,000 fen due a year after +1,000 is 0.0, -1,050 is 0.05.

    None where no rate between -99 % and 10,000 % does it: nothing was lent, or nothing is paid back.
    """
    start = money[0].on

    def worth(rate: float) -> float:
        return float(sum(flow.fen * (1 + rate) ** (-(flow.on - start).days / 365) for flow in money))

    low, high = worth(LOWEST), worth(HIGHEST)
    if low * high > 0 or not any(flow.fen for flow in money):
        return None
    rate: float = brentq(worth, LOWEST, HIGHEST, xtol=1e-12, maxiter=500)
    return rate


def cost(offer: Offer, starts_on: date, subsidy_fen: int | None = None) -> Cost:
    """Return what an offer costs: interest and fees less the subsidy, and as a yearly rate."""
    table = amortisation(offer, starts_on)
    interest = sum(line.interest_fen for line in table)
    fees = offer.upfront_fee_fen + sum(line.fees_fen for line in table)
    rate = effective_annual_rate(flows(offer, starts_on, subsidy_fen))
    return Cost(rate, interest, fees, subsidy_fen, interest + fees - (subsidy_fen or 0), table)


def as_approved(answer: Answer) -> Offer | None:
    """Return an answer's offer for what was approved and at what rate, as soon as something was; None without an offer."""
    deal = answer.contract
    if answer.offer is None or deal.approved_fen is None or deal.approved_rate_bp is None:
        return answer.offer
    return replace(answer.offer, amount_fen=deal.approved_fen, annual_rate_bp=deal.approved_rate_bp)
