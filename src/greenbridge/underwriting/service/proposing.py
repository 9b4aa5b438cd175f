"""Proposals made from a credit report as its reader may see it: nothing else of the firm is read, so nothing withheld is used."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.catalog import service as catalog
from greenbridge.catalog.values import LoanProduct
from greenbridge.consents.values import WorkStep
from greenbridge.kit import charts
from greenbridge.kit.canonical import canonical
from greenbridge.kit.errors import Conflict, Forbidden
from greenbridge.kit.text import Language
from greenbridge.needs import service as needs
from greenbridge.needs.values import GuaranteeMode, Need
from greenbridge.reference import service as reference
from greenbridge.reference.values import Tenor
from greenbridge.reports import service as reports
from greenbridge.reports.gateway import Press
from greenbridge.reports.values import CreditReport
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import DefaultModel
from greenbridge.underwriting import gateway
from greenbridge.underwriting.rules import proposal as rules
from greenbridge.underwriting.rules import wire
from greenbridge.underwriting.rules.evidence import evidence
from greenbridge.underwriting.values import Advice, Benchmark, Made

# A firm lets a bank read for a loan that it asks for; what is read to watch a loan is not for a new one.
STEPS = (WorkStep.SURVEY, WorkStep.APPROVAL)
_ORDER = {Advice.LEND: 0, Advice.WITH_CONDITIONS: 0, Advice.REFER: 1, Advice.NOT_ADVISED: 2}


async def for_actor(
    session: AsyncSession, actor: Actor, need_id: UUID, press: Press, now: datetime, step: WorkStep, debt_service_fen: int | None = None
) -> list[Made]:
    """Make the report that the officer may read at a work step, and of it the proposals of the bank's products, best first."""
    if step not in STEPS:
        raise Forbidden("wrong-step", "授信建议仅用于调查和审批环节。", "Proposals are for the steps of survey and approval.")
    need = await needs.get(session, need_id)
    report = await reports.for_actor(session, actor, need.enterprise_id, press, now, step=step)
    return await of_report(session, need, report, await catalog.listed(session, actor), press.model, debt_service_fen)


async def of_report(
    session: AsyncSession,
    need: Need,
    report: CreditReport,
    products: Sequence[LoanProduct],
    model: DefaultModel,
    debt_service_fen: int | None = None,
) -> list[Made]:
    """Return the proposals of the products that suit the need, best first, from a report that the caller was allowed to make.

    The same report, need, products, policy and quotes give the same proposals. Raises Conflict for another firm's or model's report.
    """
    content = report.content
    if report.enterprise_id != need.enterprise_id:
        raise Conflict("other-firm", "报告与需求不属于同一企业。", "The report is of another firm than the need.")
    known_at = datetime.fromisoformat(content["known_at"])
    # The report was scored by the champion of its instant; the model at hand is the one that this worker was started with.
    model = await scoring.model_at(session, model, known_at)
    if content["versions"]["model"] != model.version:
        raise Conflict("other-model", "报告使用的模型已更换，请重新打开。", "The report was made with another model; open it again.")
    policy = gateway.policy(report.as_of)
    known = evidence(content, debt_service_fen)
    found = []
    for product in products:
        if not rules.suits(need.draft, product, policy):
            continue
        tenor = Tenor(rules.benchmark_tenor(rules.tenor(need.draft, product, policy).months))
        quote = await reference.lpr(session, report.as_of, tenor)
        if quote is None:
            raise Conflict("no-lpr", "报告日期没有贷款市场报价利率。", "No loan prime rate was quoted on the report's day.")
        benchmark = Benchmark(tenor.value, quote.annual_rate_bp, quote.on)
        made = rules.proposal(known, need.draft, product, benchmark, policy)
        found.append(Made(need.id, need.enterprise_id, report.number, report.as_of, known_at, model.version, made))
    return sorted(found, key=_rank)


def _rank(made: Made) -> tuple[int, int, int, str]:
    p = made.proposal
    return _ORDER[p.advice], -p.limit_fen, p.price.rate_bp if p.price else 0, p.product_code


def proposal_id(made: Made) -> str:
    """Return report, product and 16 signs that stand for a proposal to the last figure: `R260310-7KQ2M4XW.GB02-INV.1f3a...`.

    An officer decides on what was shown, or not at all.
    """
    digest = hashlib.sha256(canonical(wire.made_json(made))).hexdigest()[:16]
    return f"{made.report_number}.{made.proposal.product_code}.{digest}"


def waterfall(made: Made, language: Language) -> str | None:
    """Return how a proposal's rate is built up, as SVG; None where the price is unknown."""
    return charts.svg(wire.waterfall(made.proposal.price), language) if made.proposal.price else None


def lines(made: Made, language: Language) -> list[str]:
    """Return a proposal as lines of text."""
    return wire.lines(wire.made_json(made), language)


def document(made: Made) -> dict[str, Any]:
    """Return a proposal as JSON, with its id and all versions."""
    return {"proposal_id": proposal_id(made), **wire.made_json(made)}


def advance_rate(mode: GuaranteeMode, on: date) -> float | None:
    """Return what is lent on one yuan of security's value by the policy in force on a day; None where nothing is valued."""
    terms = gateway.policy(on).security.get(mode)
    return terms.advance_rate if terms else None
