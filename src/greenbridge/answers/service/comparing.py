"""Offers side by side by what they cost, all in; the timeline of a need."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor
from greenbridge.answers import rules, store
from greenbridge.answers.rules import costs, deadlines, life
from greenbridge.answers.service.choosing import of_need
from greenbridge.answers.values import AnswerHappened, AnswerView, Compared, DeadlineState, Instalment, Offer, Waiting
from greenbridge.green import service as green
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, NotFound
from greenbridge.matching import service as matching
from greenbridge.needs import service as needs
from greenbridge.needs.values import Happened, Need
from greenbridge.scoring.gateway import DefaultModel


async def compare(
    session: AsyncSession, actor: Actor, need_id: UUID, model: DefaultModel, now: datetime
) -> tuple[Need, list[Compared], list[AnswerView]]:
    """Return the actor's need, its offers, and the answers without an offer. First the bank that was chosen, then the offers that can be
    accepted by all-in cost, cheapest first, which alone have a place, then those that are over.

    As if every offer were paid out today, and as if the firm's certified green grade stood all its days. Equal cost: the better fit
    first, then the larger amount.
    """
    need = await needs.own(session, actor, need_id)
    views = await of_need(session, actor, need_id, now)
    offered = [view for view in views if view.answer.offer is not None]
    fits = {m.product.code: m.fit.total for m in (await matching.of_need(session, need, model, now)).matches} if offered else {}
    today = business_date(now)
    held = await green.standing(session, need.enterprise_id, today, now) if offered else None
    rows = []
    for view in offered:
        if terms := view.answer.offer:
            helped = await _subsidy(session, held.grade, terms, today) if held else None
            share = min(1.0, terms.amount_fen / need.draft.amount_fen)
            above = terms.annual_rate_bp > need.draft.max_annual_rate_bp
            rows.append(Compared(view, costs.cost(terms, today, helped), None, fits.get(terms.product_code), share, above))
    rows.sort(key=lambda r: (_rate(r), -(r.fit or 0), -(r.view.answer.offer.amount_fen if r.view.answer.offer else 0)))
    live = [replace(r, place=place) for place, r in enumerate((r for r in rows if rules.stands(r.view.answer, today)), start=1)]
    chosen = [r for r in rows if r.view.answer.status in life.LOANS]
    over = [r for r in rows if r.view.answer.status not in life.LOANS and not rules.stands(r.view.answer, today)]
    return need, chosen + live + over, [view for view in views if view.answer.offer is None]


async def _subsidy(session: AsyncSession, grade: str | None, terms: Offer, today: date) -> int | None:
    """Return what the green subsidy would come to, in fen; None without a certified grade, or where no policy or quote is in force."""
    days = sum((line.due_on - today).days for line in costs.amortisation(terms, today)[-1:])
    try:
        return (await green.forecast(session, grade, terms.amount_fen, days, today)).amount_fen if grade else None
    except Conflict:
        return None


def _rate(row: Compared) -> float:
    return row.cost.effective_annual_rate if row.cost.effective_annual_rate is not None else float("inf")


async def amortisation(session: AsyncSession, actor: Actor, answer_id: UUID, now: datetime) -> tuple[AnswerView, Sequence[Instalment]]:
    """Return an offer to the actor's need with its table, from the first payment out, or from today; of a loan as it was approved."""
    answer = await store.find(session, answer_id)
    try:
        views = await of_need(session, actor, answer.need_id, now) if answer else []
    except NotFound:
        views = []
    view = next((v for v in views if v.answer.id == answer_id and v.answer.offer is not None), None)
    terms = costs.as_approved(view.answer) if view else None
    if view is None or terms is None:
        raise NotFound("no-answer", "没有这条应答。", "There is no such answer.")
    return view, costs.amortisation(terms, view.answer.contract.first_paid_on or business_date(now))


async def timeline(
    session: AsyncSession, actor: Actor, need_id: UUID
) -> tuple[list[Happened | AnswerHappened], list[tuple[datetime, str]]]:
    """Return what happened to the actor's need and its answers, oldest first, and the operator's words; while a window is sealed nothing of
    the answers.
    """
    need = await needs.own(session, actor, need_id)
    names = {bank.id: bank.name for bank in await accounts.banks(session)}
    found: list[Happened | AnswerHappened] = list(await needs.history(session, need.id))
    if not need.sealed:
        for bank_id, one in await store.events(session, need.id):
            found.append(AnswerHappened(one.at, one.answer_id, one.event, one.source, one.target, one.detail, names[bank_id]))
    return sorted(found, key=lambda one: one.at), await store.operator_answers(session, need.id)


async def owed(session: AsyncSession, actor: Actor, need_id: UUID, now: datetime) -> list[Waiting]:
    """Return what somebody owes the actor's need now, the most urgent first; nothing of banks while its window is sealed."""
    need = await needs.own(session, actor, need_id)
    if need.sealed:
        return []
    names = {bank.id: bank.name for bank in await accounts.banks(session)}
    running = [one for one in await store.deadlines_of(session, need.id) if one.state is DeadlineState.RUNNING]
    return [
        Waiting(
            one,
            need.number,
            names.get(one.bank_id) if one.bank_id else None,
            deadlines.days_left(one.due_on, business_date(now)),
            need.status,
        )
        for one in sorted(running, key=lambda one: one.due_on)
    ]
