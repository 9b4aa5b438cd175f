"""What a green loan brings, and what may happen to a claim."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from greenbridge.green.values import (
    Account,
    Agreement,
    BaseKind,
    Certificate,
    Claim,
    ClaimEvent,
    ClaimState,
    Comparison,
    Entitlement,
    Forecast,
    Loan,
    Period,
    ReportedLoan,
    Segment,
    SubsidyPolicy,
)
from greenbridge.kit.errors import FieldProblem
from greenbridge.kit.money import in_yuan
from greenbridge.kit.text import Text

BP = 10_000
YEAR_DAYS = 365
NOTHING_TAKEN: Mapping[int, int] = {}

TRANSITIONS: Mapping[tuple[ClaimState, ClaimEvent], ClaimState] = {
    (ClaimState.CLAIMED, ClaimEvent.CHECK): ClaimState.CHECKED,
    (ClaimState.CLAIMED, ClaimEvent.REJECT): ClaimState.REJECTED,
    (ClaimState.CLAIMED, ClaimEvent.WITHDRAW): ClaimState.WITHDRAWN,
    (ClaimState.CHECKED, ClaimEvent.APPROVE): ClaimState.APPROVED,
    (ClaimState.CHECKED, ClaimEvent.REJECT): ClaimState.REJECTED,
    (ClaimState.APPROVED, ClaimEvent.PAY): ClaimState.PAID,
    (ClaimState.APPROVED, ClaimEvent.REJECT): ClaimState.REJECTED,
    (ClaimState.PAID, ClaimEvent.CLAW_BACK): ClaimState.CLAWED_BACK,
    (ClaimState.CLAWED_BACK, ClaimEvent.CLAW_BACK): ClaimState.CLAWED_BACK,
    (ClaimState.CLAWED_BACK, ClaimEvent.RECOVER): ClaimState.RECOVERED,
    (ClaimState.RECOVERED, ClaimEvent.CLAW_BACK): ClaimState.CLAWED_BACK,
}
# (state before, event) -> from which account to which the money goes.
MOVES: Mapping[tuple[ClaimState, ClaimEvent], tuple[Account, Account]] = {
    (ClaimState.CHECKED, ClaimEvent.APPROVE): (Account.BUDGET, Account.PAYABLE),
    (ClaimState.APPROVED, ClaimEvent.REJECT): (Account.PAYABLE, Account.BUDGET),
    (ClaimState.APPROVED, ClaimEvent.PAY): (Account.PAYABLE, Account.PAID),
    (ClaimState.PAID, ClaimEvent.CLAW_BACK): (Account.PAID, Account.RECEIVABLE),
    (ClaimState.CLAWED_BACK, ClaimEvent.CLAW_BACK): (Account.PAID, Account.RECEIVABLE),
    (ClaimState.CLAWED_BACK, ClaimEvent.RECOVER): (Account.RECEIVABLE, Account.BUDGET),
    (ClaimState.RECOVERED, ClaimEvent.CLAW_BACK): (Account.PAID, Account.RECEIVABLE),
}
# What only part of may be moved: the rest stays with the firm.
OF_RECOVERABLE = frozenset({ClaimEvent.CLAW_BACK, ClaimEvent.RECOVER})
# What was paid out, whether it came back or not.
HAVING_BEEN_PAID = frozenset({ClaimState.PAID, ClaimState.CLAWED_BACK, ClaimState.RECOVERED})


def next_state(state: ClaimState, event: ClaimEvent) -> ClaimState | None:
    """Return where an event leads a claim, None where it cannot happen."""
    return TRANSITIONS.get((state, event))


def move(state: ClaimState, event: ClaimEvent, amount_fen: int, part_fen: int) -> tuple[Account, Account, int] | None:
    """Return (from, to, fen) of the money that an event moves, None where it moves none.

    `part_fen`: of a clawback what is over and not asked back yet, of a recovery what was asked back and has not come.
    """
    accounts = MOVES.get((state, event))
    moved = part_fen if event in OF_RECOVERABLE else amount_fen
    return (*accounts, moved) if accounts and moved > 0 else None


def amount(principal_fen: int, base_rate_bp: int, share_bp: int, days: int) -> int:
    """Return principal x base rate x share x days / 365, in whole fen, the rest dropped.

    5,000,000 yuan x 4.35 % x 12 % x 365 / 365 = 26,100 yuan: `amount(500_000_000, 435, 1200, 365) == 2_610_000`.
    """
    return principal_fen * base_rate_bp * share_bp * days // (BP * BP * YEAR_DAYS)


def by_year(first: date, last: date) -> dict[int, int]:
    """Return calendar year -> its days from a first to a last day, both counted; empty where the last comes before the first."""
    years = range(first.year, last.year + 1)
    days = {y: (min(last, date(y, 12, 31)) - max(first, date(y, 1, 1))).days + 1 for y in years}
    return {y: n for y, n in days.items() if n > 0}


def _within(wanted: Mapping[int, int], cap_fen: int, taken: Mapping[int, int]) -> int:
    """Return what is left of each calendar year's wanted (fen x 10,000 x 10,000 x 365) under the year's cap, in whole fen."""
    whole = BP * BP * YEAR_DAYS
    return sum(min(part, max(0, cap_fen - taken.get(year, 0)) * whole) for year, part in wanted.items()) // whole


def forecast(policy: SubsidyPolicy, base_rate_bp: int, grade: str | None, principal_fen: int, days: int, first: date) -> Forecast:
    """Return what a loan drawn on a day would bring under a grade, caps on principal, days and calendar year applied; 0 for a grade
    without a share.
    """
    share = policy.share(grade)
    counted, term = min(principal_fen, policy.max_principal_fen), min(max(days, 0), policy.max_days)
    share_bp = share.share_bp if share else 0
    years = by_year(first, first + timedelta(days=term - 1))
    brings = _within({y: counted * base_rate_bp * share_bp * n for y, n in years.items()}, policy.max_year_fen, {})
    verified = share.verified if share else True
    return Forecast(grade or "not_rated", principal_fen, term, base_rate_bp, share_bp, verified, brings, policy.version)


def periods(certificates: Iterable[Certificate]) -> tuple[Period, ...]:
    """Return the days under each certificate, first to last; where two meet the later one counts from its first day on."""
    found: list[Period] = []
    for c in sorted(certificates, key=lambda c: (c.valid_from, c.recorded_at)):
        if c.last_day < c.valid_from:
            continue
        if found and found[-1].last >= c.valid_from:
            before = found.pop()
            if before.first < c.valid_from:
                found.append(Period(before.grade, before.first, c.valid_from - timedelta(days=1), before.certificate_number))
        found.append(Period(c.grade, c.valid_from, c.last_day, c.number))
    return tuple(found)


def entitlement(
    policy: SubsidyPolicy,
    base_rate_bp: int,
    loan: Loan,
    certified: Sequence[Period],
    until: date,
    taken: Mapping[int, int] = NOTHING_TAKEN,
) -> Entitlement:
    """Return what a loan has earned until a day (included): each day of it under a certificate earns by that certificate's grade.

    The day of drawing counts, that of repayment does not (actual/365).
    `taken`: calendar year -> what the firm has had of its cap already. A loan of 365 days wholly under deep green earns as `amount`.
    """
    last = min(until, loan.repaid_on - timedelta(days=1) if loan.repaid_on else until)
    capped: list[Text] = []
    if (last - loan.drawn_on).days + 1 > policy.max_days:
        last = loan.drawn_on + timedelta(days=policy.max_days - 1)
        capped.append(Text(f"最长计 {policy.max_days} 天", f"at most {policy.max_days} days count"))
    principal = min(loan.principal_fen, policy.max_principal_fen)
    if principal < loan.principal_fen:
        capped.append(Text("本金超过上限的部分不计", "principal over the cap does not count"))
    segments = []
    wanted: dict[int, int] = {}
    for p in certified:
        first, end = max(p.first, loan.drawn_on), min(p.last, last)
        share = policy.share(p.grade)
        if first <= end and share:
            days = (end - first).days + 1
            brings = amount(principal, base_rate_bp, share.share_bp, days)
            segments.append(Segment(p.grade, first, end, days, share.share_bp, brings, p.certificate_number))
            for year, n in by_year(first, end).items():
                wanted[year] = wanted.get(year, 0) + principal * base_rate_bp * share.share_bp * n
    days = sum(s.days for s in segments)
    total = sum(s.amount_fen for s in segments)
    most = _within(wanted, policy.max_year_fen, taken)
    if total > most:
        capped.append(Text("超过每户每年（自然年）上限", "over the cap for a firm and calendar year"))
    return Entitlement(min(total, most), days, principal, tuple(segments), tuple(capped))


def taken_by(segments: Iterable[Segment]) -> dict[int, int]:
    """Return calendar year -> fen that segments brought; one over the turn of a year by its days."""
    found: dict[int, int] = {}
    for s in segments:
        for year, n in by_year(s.first, s.last).items():
            found[year] = found.get(year, 0) + s.amount_fen * n // s.days
    return found


def loan_problems(loan: Loan, today: date, policy: SubsidyPolicy) -> tuple[FieldProblem, ...]:
    """Return what is wrong with a loan that is claimed for."""
    found = []
    if loan.bank_id is None:
        found.append(FieldProblem("bank", Text("请选择放款银行。", "Choose the bank that lent the money.")))
    if not loan.reference.strip() or len(loan.reference) > 60:
        found.append(FieldProblem("reference", Text("请填写借据号（60 字以内）。", "Give the loan's reference, up to 60 characters.")))
    if loan.principal_fen <= 0:
        found.append(FieldProblem("principal", Text("本金应大于 0。", "The principal must be over 0.")))
    if loan.drawn_on > today:
        found.append(FieldProblem("drawn_on", Text("放款日不能晚于今天。", "The loan was not drawn yet.")))
    if loan.repaid_on and loan.repaid_on <= loan.drawn_on:
        found.append(FieldProblem("repaid_on", Text("还款日应晚于放款日。", "Repayment comes after drawing.")))
    if loan.repaid_on and loan.repaid_on > today:
        found.append(FieldProblem("repaid_on", Text("还款日不能晚于今天；未还清请留空。", "Repaid in the future: leave it empty.")))
    if loan.repaid_on and (today - loan.repaid_on).days > policy.claim_within_days:
        zh = f"应在还款后 {policy.claim_within_days} 天内申报。"
        found.append(FieldProblem("repaid_on", Text(zh, f"Claims end {policy.claim_within_days} days after repayment.")))
    return tuple(found)


def compared(claim: Claim, reported: Iterable[ReportedLoan]) -> Comparison:
    """Return how a claim agrees with banks' reports of loans of its bank and number."""
    told = [r for r in reported if (r.loan.bank_id, r.loan.reference) == (claim.loan.bank_id, claim.loan.reference)]
    own = next((r.loan for r in told if r.enterprise_id == claim.enterprise_id), None)
    if own is None:
        return Comparison(Agreement.ANOTHERS if told else Agreement.NOT_REPORTED)
    said, found = claim.loan, []
    if own.principal_fen != said.principal_fen:
        found.append(Text(f"本金：银行报送 {in_yuan(own.principal_fen)} 元", f"principal: the bank says {in_yuan(own.principal_fen)} yuan"))
    if own.drawn_on != said.drawn_on:
        found.append(Text(f"放款日：银行报送 {own.drawn_on}", f"drawn: the bank says {own.drawn_on}"))
    if own.repaid_on != said.repaid_on:
        zh, en = (f"还款日：银行报送 {own.repaid_on}", f"repaid: the bank says {own.repaid_on}") if own.repaid_on else (
            "还款日：银行报送未还清", "repaid: the bank says it is still out"
        )  # fmt: skip
        found.append(Text(zh, en))
    return Comparison(Agreement.DIFFERS if found else Agreement.AGREES, tuple(found))


def base_rate(policy: SubsidyPolicy, lpr_bp: int | None) -> int | None:
    """Return the base rate of a policy: its own benchmark, or the quote of the day; None where no quote is known."""
    return policy.base_rate_bp if policy.base is BaseKind.BENCHMARK else lpr_bp


def in_force(policies: Iterable[SubsidyPolicy], on: date) -> SubsidyPolicy | None:
    """Return the newest edition in force on a day."""
    found = (p for p in policies if p.in_force_from <= on and (p.in_force_to is None or on <= p.in_force_to))
    return max(found, key=lambda p: p.in_force_from, default=None)


def balances(postings: Iterable[tuple[Account, Account, int]]) -> dict[Account, int]:
    """Return account -> debits less credits, in fen; they sum to 0 whatever was posted."""
    found = dict.fromkeys(Account, 0)
    for credit, debit, fen in postings:
        found[credit] -= fen
        found[debit] += fen
    return found
