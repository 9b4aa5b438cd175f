"""After the firm has accepted: approval, contract, payments out and back, arrears; the need follows."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.answers import rules, store
from greenbridge.answers.rules import life
from greenbridge.answers.service.answering import banks_own
from greenbridge.answers.service.shared import happen, stop, tell_firm
from greenbridge.answers.values import (
    LOAN_STATE_NAMES,
    Answer,
    AnswerEvent,
    AnswerGuard,
    AnswerStatus,
    LoanEvent,
    LoanGuard,
    LoanState,
    Step,
)
from greenbridge.audit import service as audit
from greenbridge.kit import database, states
from greenbridge.kit.calendar import business_date, same_day_after
from greenbridge.kit.errors import Conflict, Invalid
from greenbridge.kit.text import Text
from greenbridge.needs import service as needs
from greenbridge.needs.values import Need, NeedEvent, NeedGuard, NeedStatus

MOST_RATE_BP = 2_400


async def approve(session: AsyncSession, actor: Actor, answer_id: UUID, amount_fen: int, annual_rate_bp: int, now: datetime) -> Answer:
    """Report the approval: no more than was offered, and at what rate; both are compared with the offer in the league."""
    answer, need = await banks_own(session, actor, answer_id)
    offered = answer.offer.amount_fen if answer.offer else 0
    if answer.status is AnswerStatus.CHOSEN and not 0 < amount_fen <= offered:
        raise Invalid.at(
            "wrong-approval", "amount_fen", "批准金额应大于零，不高于报价。", "More than nothing, and no more than was offered."
        )
    if not 0 < annual_rate_bp <= MOST_RATE_BP:
        raise Invalid.at(
            "wrong-approval", "annual_rate_bp", "年利率应大于 0，不超过 24 %。", "The yearly rate is above 0 and at most 24 %."
        )
    columns = {"approved_fen": amount_fen, "approved_rate_bp": annual_rate_bp}
    told = {"amount_fen": amount_fen, "rate_bp": annual_rate_bp}
    done = await happen(
        session, answer, AnswerEvent.APPROVE, now, {AnswerGuard.WITHIN_OFFER}, account_id=actor.account_id, columns=columns, **told
    )
    await tell_firm(session, need, "loan.approved", now, answer, **told)
    return done


async def sign(session: AsyncSession, actor: Actor, answer_id: UUID, contract_number: str, now: datetime) -> Answer:
    """Report the signed contract by its number."""
    answer, need = await banks_own(session, actor, answer_id)
    number = contract_number.strip()
    if not 3 <= len(number) <= 60 or not number.isprintable():
        raise Invalid.at(
            "wrong-contract", "contract_number", "请填写 3 至 60 字的合同编号。", "A contract's number has 3 to 60 characters."
        )
    holds, columns = {AnswerGuard.HAS_CONTRACT}, {"contract_number": number}
    done = await happen(session, answer, AnswerEvent.SIGN, now, holds, account_id=actor.account_id, columns=columns, contract=number)
    await tell_firm(session, need, "loan.signed", now, answer, contract_number=number)
    return done


def _must_be_past(paid_on: date, now: datetime) -> None:
    if paid_on > business_date(now):
        raise Invalid.at("wrong-day", "paid_on", "日期不能晚于今天。", "The day lies in the future.")


async def pay_out(session: AsyncSession, actor: Actor, answer_id: UUID, amount_fen: int, paid_on: date, now: datetime) -> Answer:
    """Report money paid out, all of it or a part; together no more than was approved. The need follows."""
    answer, need = await banks_own(session, actor, answer_id)
    _must_be_past(paid_on, now)
    deal = answer.contract
    paid, whole = deal.disbursed_fen + amount_fen, deal.disbursed_fen + amount_fen >= (deal.approved_fen or 0)
    if answer.status in {AnswerStatus.SIGNED, AnswerStatus.DISBURSED} and not 0 < amount_fen <= rules.drawable_fen(answer):
        raise Invalid.at(
            "wrong-payment",
            "amount_fen",
            "放款金额应大于零，累计不超过批准金额（循环贷款按未还本金计）。",
            "More than nothing, together at most what was approved (of a revolving loan: owed at once).",
        )
    if deal.state in {LoanState.REPAID, LoanState.REPAID_EARLY}:
        raise Conflict("loan-state", "贷款已结清。", "The loan is repaid.")
    first = deal.first_paid_on or paid_on
    state = deal.state or _loan(None, LoanEvent.START, {LoanGuard.PAID_OUT})
    columns = {"disbursed_fen": paid, "first_paid_on": min(first, paid_on), "loan_state": state.value}
    told = {"amount_fen": amount_fen, "paid_on": paid_on.isoformat()}
    done = await happen(
        session, answer, AnswerEvent.PAY_OUT, now, {AnswerGuard.WITHIN_APPROVAL}, account_id=actor.account_id, columns=columns, **told
    )
    await store.add_payment(session, answer, "disbursed", paid_on, amount_fen, 0, now)
    if whole or rules.revolves(answer):  # a fen of a loan is not the loan; a revolving one the firm draws when it wants to
        await stop(session, need.id, now, steps=(Step.LEND,), answer_id=answer.id)
    event = NeedEvent.PAY_ALL if whole else NeedEvent.PAY_PART
    if need.status is not NeedStatus.DISBURSED:  # what is drawn again was paid out before
        async with database.as_platform(session):  # a bank may not move a firm's need by itself
            await needs.happen(session, need, event, now, {NeedGuard.ALL_PAID_OUT} if whole else (), amount_fen=amount_fen)
    await tell_firm(session, need, "loan.disbursed", now, answer, amount_fen=amount_fen, disbursed_on=paid_on.isoformat())
    return done


async def repay(
    session: AsyncSession, actor: Actor, answer_id: UUID, principal_fen: int, interest_fen: int, paid_on: date, now: datetime
) -> Answer:
    """Report money paid back. With the last of the principal the loan is repaid, early where its term is not over, and the need closed; a
    revolving one stands until its term is over, or the bank closes it.
    """
    answer, need = await banks_own(session, actor, answer_id)
    _must_be_past(paid_on, now)
    deal, owed = answer.contract, answer.contract.disbursed_fen - answer.contract.repaid_fen
    if answer.status is not AnswerStatus.DISBURSED or deal.state is None or answer.offer is None:
        raise Conflict("loan-state", "没有未结清的放款。", "Nothing that was paid out is open.")
    if principal_fen < 0 or interest_fen < 0 or principal_fen + interest_fen == 0 or principal_fen > owed:
        raise Invalid.at(
            "wrong-payment", "amount_fen", "还款金额应大于零，本金不超过未还本金。", "More than nothing; principal at most what is owed."
        )
    await store.add_payment(session, answer, "repaid", paid_on, principal_fen, interest_fen, now)
    left, overdue = owed - principal_fen, min(deal.overdue_fen, owed - principal_fen)
    if left or (rules.revolves(answer) and not _term_over(answer, paid_on)):
        caught_up = deal.state is LoanState.OVERDUE and not overdue
        state = _loan(deal.state, LoanEvent.CATCH_UP, set()) if caught_up else deal.state
        repaid = deal.repaid_fen + principal_fen
        changed = await store.change(session, answer.id, repaid_fen=repaid, overdue_fen=overdue, loan_state=state.value)
        told = {"principal_fen": principal_fen, "interest_fen": interest_fen, "paid_on": paid_on.isoformat()}
        await audit.record(session, "loan.paid_back", f"answer:{answer.id}", now, account_id=actor.account_id, **told)
        return changed
    return await _repaid(session, actor, answer, need, paid_on, now)


async def close(session: AsyncSession, actor: Actor, answer_id: UUID, on: date, now: datetime) -> Answer:
    """Report that a revolving loan is at an end of which nothing is owed: nothing will be drawn again."""
    answer, need = await banks_own(session, actor, answer_id)
    _must_be_past(on, now)
    deal = answer.contract
    if answer.status is not AnswerStatus.DISBURSED or deal.state is None:
        raise Conflict("loan-state", "没有未结清的放款。", "Nothing that was paid out is open.")
    if deal.disbursed_fen > deal.repaid_fen:
        raise Conflict("loan-state", "本金尚未还清，不能结清。", "Principal is owed still.")
    return await _repaid(session, actor, answer, need, on, now)


def _term_over(answer: Answer, on: date) -> bool:
    return answer.offer is not None and on >= same_day_after(answer.contract.first_paid_on or on, answer.offer.term_months)


async def _repaid(session: AsyncSession, actor: Actor, answer: Answer, need: Need, on: date, now: datetime) -> Answer:
    """End a loan of which nothing is owed any more, and its need."""
    deal = answer.contract
    assert deal.state is not None
    early = not _term_over(answer, on) and deal.state is LoanState.PERFORMING
    event = LoanEvent.REPAY_EARLY if early else LoanEvent.REPAY
    state = _loan(deal.state, event, {LoanGuard.NOTHING_OWED})
    columns = {"repaid_fen": deal.disbursed_fen, "loan_state": state.value, "overdue_fen": 0}
    holds = {AnswerGuard.NOTHING_OWED}
    done = await happen(session, answer, AnswerEvent.CLOSE, now, holds, account_id=actor.account_id, columns=columns, state=state.value)
    await stop(session, need.id, now, answer_id=answer.id)
    async with database.as_platform(session):
        await needs.happen(session, need, NeedEvent.REPAY, now, {NeedGuard.NOTHING_OWED})
    await tell_firm(session, need, "loan.repaid", now, answer, contract_number=deal.number, early=early)
    return done


async def fall_overdue(session: AsyncSession, actor: Actor, answer_id: UUID, amount_fen: int, now: datetime) -> Answer:
    """Report that so much is overdue now; of a loan that is overdue already, how much it is by now."""
    answer, need = await banks_own(session, actor, answer_id)
    owed = answer.contract.disbursed_fen - answer.contract.repaid_fen
    if answer.status is AnswerStatus.DISBURSED and not 0 < amount_fen <= owed:
        raise Invalid.at(
            "wrong-arrears", "amount_fen", "逾期金额应大于零，不超过未还本金。", "More than nothing, at most the principal that is owed."
        )
    done = await _move_loan(session, actor, answer, LoanEvent.FALL_OVERDUE, now, amount_fen)
    await tell_firm(session, need, "loan.overdue", now, answer, amount_fen=amount_fen)
    return done


async def catch_up(session: AsyncSession, actor: Actor, answer_id: UUID, now: datetime) -> Answer:
    """Report that nothing is overdue any more."""
    answer, _ = await banks_own(session, actor, answer_id)
    return await _move_loan(session, actor, answer, LoanEvent.CATCH_UP, now, 0)


async def _move_loan(session: AsyncSession, actor: Actor, answer: Answer, event: LoanEvent, now: datetime, overdue_fen: int) -> Answer:
    if answer.contract.state is None:
        raise Conflict("loan-state", "没有未结清的放款。", "Nothing that was paid out is open.")
    state = _loan(answer.contract.state, event, set())
    changed = await store.change(session, answer.id, loan_state=state.value, overdue_fen=overdue_fen)
    subject, told = f"answer:{answer.id}", {"overdue_fen": overdue_fen}
    await audit.record(session, f"loan.{event.value}", subject, now, account_id=actor.account_id, **told)
    return changed


def _loan(state: LoanState | None, event: LoanEvent, holds: set[LoanGuard]) -> LoanState:
    found = states.step(life.LOAN, state, event, frozenset(holds))
    if isinstance(found, states.Refusal):
        name = LOAN_STATE_NAMES[state] if state else Text("尚未放款", "not paid out")
        raise Conflict("loan-state", f"贷款当前“{name.zh}”，不能进行此操作。", f"The loan is now: {name.en}; this cannot be done.")
    return found


async def payments(session: AsyncSession, answer: Answer) -> list[tuple[str, date, int, int]]:
    """Return (disbursed or repaid, day, principal, interest) of an answer that the caller may see."""
    return await store.payments(session, answer.id)
