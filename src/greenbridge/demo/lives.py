"""Needs in every state of their lives: banks claim, offer, decline and lend, firms choose and judge, time passes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from greenbridge.accounts.values import Actor
from greenbridge.answers import rules as answer_rules
from greenbridge.answers import service as answers
from greenbridge.answers.values import BankEvent, DeclineReason, Demand, Offer, RatingReason, Report
from greenbridge.catalog.values import Eligibility
from greenbridge.consents.values import WorkStep
from greenbridge.demo.values import Advance, Stage
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict
from greenbridge.matching.values import Match, MatchRun
from greenbridge.needs.values import Mode, Need
from greenbridge.reports import service as reports

# How the life of a firm's need goes, in turn; the first firm's waits with its offers for whoever tries the pages.
PLOTS = (
    "returned", "offered", "chosen", "disbursed", "closed", "surveying", "action_required", "approved", "signed", "partly",
    "overdue", "withdrawn", "sealed", "escalated", "direct", "late", "published",
)  # fmt: skip
# Days ago that such a need was published.
AGE = {
    "returned": 9, "chosen": 4, "disbursed": 60, "closed": 85, "surveying": 1, "action_required": 2, "approved": 6, "signed": 8,
    "partly": 20, "overdue": 80, "withdrawn": 5, "escalated": 45, "late": 32,
}  # fmt: skip
FAR = ("chosen", "approved", "signed", "partly", "disbursed", "overdue", "closed", "late", "returned")


def plot(number: int) -> str:
    """Return how the life of the need of the firm of that number goes, from 0."""
    return "offered" if number == 0 else PLOTS[number % len(PLOTS)]


def mode(number: int) -> Mode:
    """Return how banks come to it."""
    return {"sealed": Mode.SEALED, "direct": Mode.DIRECT}.get(plot(number), Mode.GRAB)


@dataclass(frozen=True, slots=True)
class Life:
    """One need and who has to do with it."""

    stage: Stage
    firm: Actor
    need: Need
    officers: dict[str, Actor]
    rng: np.random.Generator

    def officer_of(self, bank_id: UUID) -> Actor:
        """Return the officer of a bank."""
        return next(officer for officer in self.officers.values() if officer.organisation.id == bank_id)

    async def report(self, answer_id: UUID, officer: Actor, at: datetime, said: Report) -> None:
        """Let a bank report a step."""
        async with self.stage.sessions.begin() as session:
            await answers.report(session, officer, answer_id, said, at)

    async def read(self, bank_id: UUID, step: WorkStep) -> None:
        """Let the bank's officer read the report that the firm has agreed to."""
        async with self.stage.sessions.begin() as session:
            now, press = self.stage.clock.now(), self.stage.press
            await reports.for_actor(session, self.officer_of(bank_id), self.need.enterprise_id, press, now, step=step)


async def live(
    stage: Stage, published: Sequence[tuple[Actor, Need]], runs: dict[UUID, MatchRun], officers: dict[str, Actor], advance: Advance
) -> int:
    """Let every need live; return the offers made. In the end time is let do what is due."""
    offers = 0
    for number, (firm, need) in enumerate(published):
        rng = np.random.default_rng((stage.seed, 13, number))
        offers += await _one(Life(stage, firm, need, officers, rng), plot(number), runs[need.id], first=number == 0)
        advance(1)
    for _, need in published:
        for _ in range(3):  # what has long been due comes one after the other: a wait, its end, the next bank
            async with stage.sessions.begin() as session:
                await answers.tick(session, need.id, stage.model, stage.clock.now())
    return offers


async def _one(life: Life, how: str, run: MatchRun, *, first: bool) -> int:
    begun = life.need.published_at
    if how == "published":
        return 0
    if how == "escalated":  # nobody comes: the platform asks one bank after the other, then the operator must act
        for days in range(0, AGE[how] - 5, 4):
            async with life.stage.sessions.begin() as session:
                await answers.tick(session, life.need.id, life.stage.model, begun + timedelta(days=days))
        return 0
    fitting = _best_per_bank(run)[: life.need.slots]
    if how == "direct":
        async with life.stage.sessions.begin() as session:
            if fitting:
                await answers.request(session, life.firm, life.need.id, fitting[0].product.code, life.stage.model, begun)
        return 0
    made = [await _bank(life, m, how, begun) for m in fitting]
    good = [answer_id for answer_id in made if answer_id]
    if first and good:
        async with life.stage.sessions.begin() as session:
            agreed = await answers.agree(session, life.firm, good[0], life.stage.clock.now())
        await life.read(agreed.bank_id, WorkStep.SURVEY)
    if how == "withdrawn":
        async with life.stage.sessions.begin() as session:
            await answers.withdraw(session, life.firm, life.need.id, begun + timedelta(days=2))
    if how in FAR and good:
        await _lend(life, how, begun + timedelta(days=2))
    return len(good)


def _best_per_bank(run: MatchRun) -> list[Match]:
    best: dict[str, Match] = {}
    for found in run.matches:
        if found.eligibility is not Eligibility.NOT_ELIGIBLE:
            best.setdefault(found.product.bank.code, found)
    return list(best.values())


async def _bank(life: Life, found: Match, how: str, begun: datetime) -> UUID | None:
    """Claim, and survey, ask, decline or offer; return the answer with an offer."""
    officer, chance = life.officers[found.product.bank.code], float(life.rng.random())
    stage, later = life.stage, AGE.get(how, 0) > 0
    claimed_at = begun + timedelta(hours=round(1 + 6 * chance)) if later else begun
    async with stage.sessions.begin() as session:
        try:
            claimed = await answers.claim(session, officer, life.need.id, stage.model, claimed_at)
        except Conflict:  # its product did not stand yet in that life's past
            return None
    if later:
        await life.report(claimed.id, officer, claimed_at + timedelta(hours=2), Report(BankEvent.CONTACT))
    if how == "surveying":
        return None
    if how == "action_required" and chance < 0.7:
        asked = (Demand.FINANCIAL_STATEMENTS, Demand.SALES_CONTRACTS)
        await life.report(claimed.id, officer, claimed_at + timedelta(hours=3), Report(BankEvent.DEMAND, asked))
        return None
    async with stage.sessions.begin() as session:
        at = begun + timedelta(days=1, hours=round(4 * chance)) if later else begun
        if chance < 0.2:
            reason = DeclineReason.NO_CAPACITY if found.fit.risk > 0.5 else DeclineReason.DEFAULT_RISK
            await answers.decline(session, officer, claimed.id, [reason], "", at)
            return None
        return (await answers.offer(session, officer, claimed.id, _terms(life, found, at), "", at)).id


def _terms(life: Life, found: Match, at: datetime) -> Offer:
    """Return the product's terms, priced by risk fit; one in three wants a guarantee that costs."""
    product, draft = found.product, life.need.draft
    spread = product.max_annual_rate_bp - product.min_annual_rate_bp
    rate = round(product.min_annual_rate_bp + spread * (1 - found.fit.risk) * 0.8)
    until = min(business_date(at) + timedelta(days=answer_rules.OFFER_DAYS), life.need.open_until)
    guarantee = 50 if life.rng.random() < 1 / 3 else 0
    way = product.repayment[int(life.rng.integers(len(product.repayment)))]
    return Offer(product.code, draft.amount_fen, rate, draft.term_months, until, way, guarantee_yearly_bp=guarantee)


async def _lend(life: Life, how: str, at: datetime) -> None:
    """Accept the cheapest offer and go as far as the plot says, a step a day."""
    async with life.stage.sessions.begin() as session:
        _, rows, _ = await answers.compare(session, life.firm, life.need.id, life.stage.model, at)
        if not rows:
            return
        best = rows[0].view.answer
        watched = life.rng.random() < 0.8
        await answers.accept(session, life.firm, best.id, at, post_loan=watched)
    await life.read(best.bank_id, WorkStep.APPROVAL)
    officer, offered = life.officer_of(best.bank_id), best.offer
    if offered is None or how in {"chosen", "late"}:
        return
    day = timedelta(days=1)
    amount = offered.amount_fen if life.rng.random() < 0.8 else offered.amount_fen // 5 * 4
    rate = offered.annual_rate_bp + (20 if life.rng.random() < 0.15 else 0)
    await life.report(best.id, officer, at + day, Report(BankEvent.APPROVE, amount_fen=amount, annual_rate_bp=rate))
    if how == "returned":
        await life.report(best.id, officer, at + 2 * day, Report(BankEvent.RETURN, reasons=(DeclineReason.REGISTRATION_FAILED,)))
        return
    if how == "approved":
        return
    number = f"演示-{life.need.number}"
    await life.report(best.id, officer, at + 2 * day, Report(BankEvent.SIGN, contract_number=number))
    if how == "signed":
        return
    paid = amount // 2 if how == "partly" else amount
    await life.report(best.id, officer, at + 3 * day, Report(BankEvent.PAY_OUT, amount_fen=paid, paid_on=business_date(at + 3 * day)))
    if how == "partly":
        return
    month, part = timedelta(days=30), amount // offered.term_months
    interest = amount * offered.annual_rate_bp // 120_000
    back = at + 3 * day + month
    repaid = Report(BankEvent.REPAY, principal_fen=part, interest_fen=interest, paid_on=business_date(back))
    await life.report(best.id, officer, back, repaid)
    if how == "overdue":
        await life.report(best.id, officer, back + 40 * day, Report(BankEvent.FALL_OVERDUE, amount_fen=part + interest))
    if how == "closed":
        last = Report(BankEvent.REPAY, principal_fen=amount - part, interest_fen=interest, paid_on=business_date(back + month))
        await life.report(best.id, officer, back + month, last)
    async with life.stage.sessions.begin() as session:
        held = rate == offered.annual_rate_bp and amount == offered.amount_fen
        why = [RatingReason.AS_PROMISED, RatingReason.QUICK] if held else [RatingReason.LESS_THAN_OFFERED]
        await answers.rate(session, life.firm, best.id, 5 if held else 3, why, back)
