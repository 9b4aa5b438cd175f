"""Subsidies: what a loan would bring, claims from the firm to the payment, clawback, the ledger, the export."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Origin
from greenbridge.green import gateway
from greenbridge.green.rules import subsidy, wire
from greenbridge.green.service.steps import firm_of
from greenbridge.green.store import cases
from greenbridge.green.store import subsidies as store
from greenbridge.green.values import (
    CLAIM_EVENT_NAMES,
    CLAIM_STATE_NAMES,
    Account,
    Case,
    Claim,
    ClaimEvent,
    ClaimState,
    ClaimStep,
    Entitlement,
    Forecast,
    Loan,
    Posting,
    Segment,
    Subject,
    SubsidyPolicy,
)
from greenbridge.kit import database, outbox, sheets
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, FieldProblem, Forbidden, Invalid, NotFound
from greenbridge.kit.text import Text
from greenbridge.reference import service as reference
from greenbridge.reference.values import Tenor

LIVE = frozenset(ClaimState) - {ClaimState.REJECTED, ClaimState.WITHDRAWN}
LEAST_NOTE = 10
NOTED = frozenset({ClaimEvent.REJECT, ClaimEvent.CLAW_BACK})


@dataclass(frozen=True, slots=True)
class Ledger:
    """The book as it stands: balances by account (they sum to 0), and its postings."""

    balances: dict[Account, int]
    postings: list[tuple[UUID, int, Account, Account, int, datetime]]


def policy(day: date) -> SubsidyPolicy:
    """Return the subsidy in force on a day. Raises Conflict where none is."""
    found = subsidy.in_force(gateway.subsidy_policies(), day)
    if found is None:
        raise Conflict("no-policy", "当日没有有效的贴息政策。", "No subsidy is in force on that day.")
    return found


async def base_rate(session: AsyncSession, rule: SubsidyPolicy, day: date) -> int:
    """Return the base rate of a policy on a day, basis points. Raises Conflict where it goes by a quote that is not there yet."""
    quote = await reference.lpr(session, day, Tenor.ONE_YEAR)
    found = subsidy.base_rate(rule, quote.annual_rate_bp if quote else None)
    if found is None:
        raise Conflict("no-quote", "当日没有贷款市场报价利率。", "There is no loan prime rate on that day.")
    return found


async def forecast(session: AsyncSession, grade: str | None, principal_fen: int, days: int, on: date) -> Forecast:
    """Return what a loan would bring under a grade, by the policy of a day: for the comparison of offers."""
    rule = policy(on)
    return subsidy.forecast(rule, await base_rate(session, rule, on), grade, principal_fen, days, on)


async def of_loan(session: AsyncSession, enterprise_id: UUID, loan: Loan, now: datetime) -> Entitlement:
    """Return what a loan has earned until today, for a caller that has checked who asks."""
    day = business_date(now)
    rule = policy(day)
    taken = await _taken(session, enterprise_id)
    return await _earned(session, enterprise_id, loan, rule, await base_rate(session, rule, loan.drawn_on), day, taken, project_id=None)


async def _taken(session: AsyncSession, enterprise_id: UUID) -> dict[int, int]:
    """Return calendar year -> what a firm has of its cap by live claims; of one that was recovered, what its certificates still bear."""
    segments: list[Segment] = []
    for c in await store.of_enterprise(session, enterprise_id):
        if c.state is ClaimState.RECOVERED:
            rule = _rule_of(c)
            segments += (await _earned(session, enterprise_id, c.loan, rule, c.base_rate_bp, c.until, project_id=c.project_id)).segments
        elif c.state in LIVE:
            segments += c.segments
    return subsidy.taken_by(segments)


async def _earned(
    session: AsyncSession,
    enterprise_id: UUID,
    loan: Loan,
    rule: SubsidyPolicy,
    rate_bp: int,
    until: date,
    taken: Mapping[int, int] = subsidy.NOTHING_TAKEN,
    *,
    project_id: UUID | None,
) -> Entitlement:
    held = await cases.certificates(session, enterprise_id=enterprise_id)
    certified = subsidy.periods(c for c in held if (c.case_id == project_id if project_id else c.subject is Subject.ENTERPRISE))
    return subsidy.entitlement(rule, rate_bp, loan, certified, until, taken)


async def claim(session: AsyncSession, actor: Actor, loan: Loan, now: datetime, project_id: UUID | None = None) -> Claim:
    """Claim for a loan of the actor's firm, by its own certificates or those of one of its projects: one claim a loan, over all firms.

    Raises Invalid with each wrong field, Conflict.
    """
    firm, day = await firm_of(session, actor), business_date(now)
    rule = policy(day)
    problems = subsidy.loan_problems(loan, day, rule)
    if loan.bank_id and loan.bank_id not in {bank.id for bank in await accounts.banks(session)}:
        problems = (FieldProblem("bank", Text("平台上没有该银行。", "There is no such bank on the platform.")), *problems)
    if project_id and project_id not in {c.id for c in await projects(session, firm.id)}:
        problems = (FieldProblem("project", Text("请选择本企业持证的绿色项目。", "Choose a certified project of the firm.")), *problems)
    if problems:
        raise Invalid("wrong-loan", "请检查借款信息。", "Check what is said of the loan.", fields=problems)
    await database.lock(session, f"subsidy:{firm.id}")
    rate_bp = await base_rate(session, rule, loan.drawn_on)
    earned = await _earned(session, firm.id, loan, rule, rate_bp, day, await _taken(session, firm.id), project_id=project_id)
    if earned.amount_fen <= 0:
        zh = "该笔贷款存续期间没有可以贴息的绿色等级，或已达年度上限。"
        raise Conflict("nothing-earned", zh, "No grade with a subsidy was certified while the loan was out, or the year's cap is reached.")
    number = await cases.number(session, "subsidy_claim_number", "S", day)
    until = max(s.last for s in earned.segments)
    about = (loan, until, rule.version, rate_bp, earned, now, actor.account_id, actor.login)
    claim_id = await store.add(
        session, number, (firm.id, firm.uscc, firm.name), *about, generated=firm.origin is Origin.GENERATED, project_id=project_id
    )
    if claim_id is None:
        raise Conflict(
            "loan-claimed",
            "该笔贷款已申报过贴息；如非本企业申报，请联系平台。",
            "This loan was claimed for already; if not by you, tell the platform.",
        )
    await audit.record(
        session, "subsidy.claimed", f"subsidy:{claim_id}", now, account_id=actor.account_id, loan=loan.reference, fen=earned.amount_fen
    )
    found = await store.find(session, claim_id, own=True)
    assert found is not None
    return found


async def projects(session: AsyncSession, enterprise_id: UUID) -> list[Case]:
    """Return a firm's projects that have or had a certificate: a loan may be claimed for by theirs."""
    held = {c.case_id for c in await cases.certificates(session, enterprise_id=enterprise_id)}
    return [c for c in await cases.of_enterprise(session, enterprise_id, Subject.PROJECT) if c.id in held]


async def mine(session: AsyncSession, actor: Actor) -> list[Claim]:
    """Return the claims of the actor's firm, newest first."""
    return await store.of_enterprise(session, (await firm_of(session, actor)).id)


async def withdraw(session: AsyncSession, actor: Actor, claim_id: UUID, now: datetime) -> ClaimState:
    """Withdraw a claim of the actor's firm that nobody has checked yet: the loan may be claimed for again."""
    firm = await firm_of(session, actor)
    found = await store.find(session, claim_id, own=True)
    if found is None or found.enterprise_id != firm.id:
        raise _none()
    return await _step(session, found, ClaimEvent.WITHDRAW, now, actor, "")


def _none() -> NotFound:
    return NotFound("no-claim", "没有这份贴息申报。", "There is no such claim.")


async def decide(session: AsyncSession, actor: Actor, claim_id: UUID, event: ClaimEvent, note: str, now: datetime) -> ClaimState:
    """Check, approve, pay, reject, claw back or recover a claim as the operator. Who checked does not approve.

    Raises Conflict where the certificates bear less than what was claimed: a claim is not approved beyond what it earned.
    """
    if actor.role is not Role.OPERATOR:
        raise Forbidden("not-the-operator", "只有平台运营可以办理。", "Only the operator may do this.")
    if event in {ClaimEvent.CLAIM, ClaimEvent.WITHDRAW}:
        raise Forbidden("not-the-firm", "只有企业可以办理。", "Only the firm may do this.")
    await database.lock(session, f"subsidy:{claim_id}")
    found = await store.find(session, claim_id)
    if found is None:
        raise _none()
    if event in NOTED and len(note.strip()) < LEAST_NOTE:
        raise Invalid.at("no-reason", "note", "请写明理由（至少 10 个字）。", "Say why, in at least 10 characters.")
    if event in {ClaimEvent.CHECK, ClaimEvent.APPROVE, ClaimEvent.PAY} and await _overclaimed(session, found):
        raise Conflict(
            "not-earned",
            "证书已变化，申报金额超过应得金额，请不予补贴。",
            "The certificates changed: more is claimed than earned; reject it.",
        )
    if event is ClaimEvent.APPROVE:
        checked = next((s for s in await store.steps(session, claim_id) if s.event is ClaimEvent.CHECK), None)
        if checked and checked.account == actor.login:
            raise Forbidden("four-eyes", "核验人与审定人不能是同一人。", "Who checked a claim may not approve it.")
    if event is ClaimEvent.CLAW_BACK:
        return await _claw_back(session, found, note.strip(), now, actor)
    return await _step(session, found, event, now, actor, note.strip())


async def _overclaimed(session: AsyncSession, found: Claim) -> int:
    """Return by how much a claim is over what it earned by the certificates as they stand, in fen; what was asked back is not."""
    rule = _rule_of(found)
    earned = await _earned(session, found.enterprise_id, found.loan, rule, found.base_rate_bp, found.until, project_id=found.project_id)
    return max(0, found.amount_fen - found.recoverable_fen - earned.amount_fen)


def _rule_of(found: Claim) -> SubsidyPolicy:
    rule = next((p for p in gateway.subsidy_policies() if p.version == found.policy), None)
    if rule is None:
        raise Conflict("no-policy", f"没有贴息政策 {found.policy}。", f"There is no subsidy policy {found.policy}.")
    return rule


async def _claw_back(session: AsyncSession, found: Claim, note: str, now: datetime, actor: Actor | None) -> ClaimState:
    over = await _overclaimed(session, found)
    if not over:
        raise Conflict("nothing-over", "按现有证书没有多拨的金额。", "By the certificates nothing was paid too much.")
    return await _step(session, found, ClaimEvent.CLAW_BACK, now, actor, note, over)


async def _step(
    session: AsyncSession, found: Claim, event: ClaimEvent, now: datetime, actor: Actor | None, note: str, over_fen: int = 0
) -> ClaimState:
    state = subsidy.next_state(found.state, event)
    if state is None:
        here, wanted = CLAIM_STATE_NAMES[found.state], CLAIM_EVENT_NAMES[event]
        zh, en = f"申报当前“{here.zh}”，不能“{wanted.zh}”。", f"The claim is now: {here.en}; this cannot be done: {wanted.en}."
        raise Conflict("claim-state", zh, en)
    account, login = (actor.account_id, actor.login) if actor else (None, "")
    if not await store.step(session, found.id, found.seq + 1, event, state, now, account, login, note):
        raise Conflict("claim-moved", "该申报刚刚发生变化，请刷新后重试。", "The claim has changed just now; load it again.")
    part = over_fen if event is ClaimEvent.CLAW_BACK else found.recoverable_fen - found.recovered_fen
    if moved := subsidy.move(found.state, event, found.amount_fen, part):
        await store.post(session, Posting(found.id, found.seq + 1, *moved), now)
    if state in {ClaimState.REJECTED, ClaimState.WITHDRAWN}:
        await store.end(session, found.id)
    if event not in {ClaimEvent.WITHDRAW, ClaimEvent.CHECK}:
        firm = await enterprises.get(session, found.enterprise_id)
        payload = {"claim_number": found.number, "event": event.value, "state": state.value, "amount_fen": found.amount_fen, "note": note}
        await outbox.publish(session, firm.organisation_id, "subsidy.decided", payload, now)
    await audit.record(session, f"subsidy.{event.value}", f"subsidy:{found.id}", now, account_id=account, state=state.value)
    return state


async def claw_back_of(session: AsyncSession, enterprise_id: UUID, note: str, now: datetime) -> int:
    """Claw back what the certificates of a firm bear no more, of all its paid claims; reject what was not paid yet. Return how many.

    For the platform, after a certificate was ended.
    """
    done = 0
    for own in await store.of_enterprise(session, enterprise_id):
        await database.lock(session, f"subsidy:{own.id}")
        found = await store.find(session, own.id)
        if found is None or not await _overclaimed(session, found):
            continue
        if subsidy.next_state(found.state, ClaimEvent.CLAW_BACK):
            await _claw_back(session, found, note, now, None)
        elif subsidy.next_state(found.state, ClaimEvent.REJECT):
            await _step(session, found, ClaimEvent.REJECT, now, None, note)
        else:
            continue
        done += 1
    return done


async def paid_of(session: AsyncSession, enterprise_id: UUID) -> int:
    """Return what a firm was paid, in fen, whether it came back or not."""
    return sum(c.amount_fen for c in await store.of_enterprise(session, enterprise_id) if c.state in subsidy.HAVING_BEEN_PAID)


async def every(session: AsyncSession) -> list[Claim]:
    """Return all claims, newest first, for the platform."""
    return await store.every(session)


async def steps(session: AsyncSession, claim_id: UUID) -> list[ClaimStep]:
    """Return a claim's steps, for a caller that has checked who asks."""
    return await store.steps(session, claim_id)


async def ledger(session: AsyncSession) -> Ledger:
    """Return the ledger, for the platform."""
    found = await store.postings(session)
    return Ledger(subsidy.balances((credit, debit, fen) for _, _, credit, debit, fen, _ in found), found)


def export(claims: Sequence[Claim], *, xlsx: bool = False) -> bytes:
    """Return the finance bureau's table as CSV or xlsx."""
    write = sheets.as_xlsx if xlsx else sheets.as_csv
    return write(wire.EXPORT_HEADERS, wire.export_rows(claims))
