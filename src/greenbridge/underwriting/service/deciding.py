"""The officer decides: takes a proposal as it is, or departs from it with reasons. Every version is kept."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.catalog import service as catalog
from greenbridge.catalog.values import LoanProduct
from greenbridge.consents import service as consents
from greenbridge.consents.values import WORK_STEP_NAMES
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, Forbidden, Invalid, NotFound
from greenbridge.needs import service as needs
from greenbridge.needs.values import Need
from greenbridge.reports import service as reports
from greenbridge.reports.values import CreditReport
from greenbridge.scoring.gateway import DefaultModel
from greenbridge.underwriting import gateway, store
from greenbridge.underwriting.rules import deciding, wire
from greenbridge.underwriting.service.proposing import STEPS, of_report
from greenbridge.underwriting.service.proposing import proposal_id as shown
from greenbridge.underwriting.values import Choice, Decision, Made, OverrideReason, Terms


async def decide(
    session: AsyncSession,
    actor: Actor,
    need_id: UUID,
    proposal_id: str,
    model: DefaultModel,
    now: datetime,
    *,
    override: Terms | None = None,
    reasons: Sequence[OverrideReason] = (),
    note: str = "",
    debt_service_fen: int | None = None,
) -> Decision:
    """Keep the decision of an officer on a proposal: as it is, or `override` with reasons and a note.

    The proposal is made again from the same report and must be, to the last figure, the one that the id names. Raises Invalid, Conflict.
    """
    report_number, _, rest = proposal_id.partition(".")
    product_code = rest.rpartition(".")[0]
    need, report = await _readable(session, actor, need_id, report_number, now)
    products = {product.code: product for product in await catalog.listed(session, actor)}
    made = await _again(session, need, report, product_code, proposal_id, model, products, debt_service_fen)
    if override is None:
        choice, terms = Choice.ACCEPTED, deciding.accepted(made.proposal)
        if terms is None:
            raise Conflict(
                "not-worked-out", "建议须人工测算，不能直接采纳；请改定并说明。", "A person must work it out; set the terms and say why."
            )
        reasons, note = (), note.strip()
    else:
        choice, terms, note = Choice.OVERRIDDEN, override, note.strip()
        if problems := deciding.override_problems(terms, reasons, note, products[product_code], need.draft):
            raise Invalid("wrong-decision", "请检查改定的内容。", "Check the terms and reasons.", fields=problems)
    chosen = tuple(dict.fromkeys(reasons))
    decision = await store.add(session, actor, made, wire.made_json(made), choice, chosen, note, terms, now)
    await audit.record(
        session,
        "underwriting.decided",
        f"need:{need.id}",
        now,
        account_id=actor.account_id,
        decision=str(decision.id),
        choice=choice.value,
        report=report.number,
        product=product_code,
    )
    return decision


async def decisions(session: AsyncSession, actor: Actor, need_id: UUID, now: datetime) -> list[Decision]:
    """Return the bank's decisions on a need, newest first, while the firm's consent stands.

    What a proposal was made from is for whoever decided on it: a colleague's function may see less of the firm.
    """
    _must_be_officer(actor)
    need = await needs.get(session, need_id)
    await _must_be_agreed(session, actor, need, now)
    found = await store.of_need(session, need.id, actor.organisation.id)
    return [one if one.decided_by == actor.account_id else replace(one, made=None) for one in found]


def _must_be_officer(actor: Actor) -> None:
    if actor.role is not Role.OFFICER:
        raise Forbidden("not-an-officer", "只有信贷员可以办理。", "Only a loan officer may do this.")


async def _must_be_agreed(session: AsyncSession, actor: Actor, need: Need, now: datetime) -> None:
    steps = await consents.named(session, actor, need.enterprise_id, now)
    if not set(STEPS) & set(steps):
        raise Forbidden("no-consent", "企业尚未授权贵行查阅。", "The firm has not agreed that your bank reads it.")


async def _readable(session: AsyncSession, actor: Actor, need_id: UUID, number: str, now: datetime) -> tuple[Need, CreditReport]:
    """Return the need and the report of its firm that this officer opened, young enough, with the firm's consent still standing."""
    _must_be_officer(actor)
    need = await needs.get(session, need_id)
    await _must_be_agreed(session, actor, need, now)
    report = await reports.of_number(session, number)
    reader = report.content["reader"] or {}
    allowed = {WORK_STEP_NAMES[step].zh for step in STEPS}
    if (
        report.enterprise_id != need.enterprise_id
        or (reader.get("organisation"), reader.get("login")) != (actor.organisation.name, actor.login)
        or reader["step"]["zh"] not in allowed
    ):
        raise NotFound("no-report", "没有这个编号的报告。", "There is no report of this number.")
    days = gateway.policy(report.as_of).valid_days
    if report.as_of + timedelta(days=days) < business_date(now):
        raise Conflict("old-report", f"报告已超过 {days} 天，请重新打开。", f"The report is older than {days} days; open it again.")
    return need, report


async def _again(
    session: AsyncSession,
    need: Need,
    report: CreditReport,
    product_code: str,
    shown_id: str,
    model: DefaultModel,
    products: dict[str, LoanProduct],
    debt_service_fen: int | None,
) -> Made:
    if product_code not in products:
        raise Invalid.at("no-product", "proposal_id", "本行没有这个在售产品", "Your bank lists no such product")
    found = await of_report(session, need, report, [products[product_code]], model, debt_service_fen)
    if not found:
        raise Invalid.at("not-suited", "proposal_id", "该产品不适合这条需求", "The product does not suit the need")
    if shown(found[0]) != shown_id:
        raise Conflict("proposal-changed", "建议已变化，请重新打开后再决定。", "The proposal has changed; open it again before you decide.")
    return found[0]
