"""What the overview pages show, gathered from the domains."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.answers import service as answers
from greenbridge.answers.values import AnswerStatus, Owner
from greenbridge.audit import service as audit
from greenbridge.catalog import service as catalog
from greenbridge.consents import service as consents
from greenbridge.disputes import service as disputes
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise
from greenbridge.facts import service as facts
from greenbridge.facts.values import Batch
from greenbridge.kit import database, jobs
from greenbridge.matching import service as matching
from greenbridge.needs import service as needs
from greenbridge.needs.values import KeptDraft, Need
from greenbridge.reports import service as reports

_BOARD_BATCHES = 12


@dataclass(frozen=True, slots=True)
class Figures:
    """The place in numbers. Amounts in fen."""

    firms: int
    facts: int
    reports: int
    products: int
    banks: int
    needs: int
    needs_fen: int
    matches: int
    offers: int
    accepted: int
    accepted_fen: int


@dataclass(frozen=True, slots=True)
class Board:
    """The operator's board: the newest deliveries, and how many alerts, doubts, failed pulls, overdue receipts and objections wait
    for the operator.
    """

    figures: Figures
    batches: list[Batch]
    job_runs: list[jobs.JobRun]
    chain_broken_at: int | None
    alerts: int
    doubts: int
    failed_pulls: int
    overdue_receipts: int
    objections: int
    late_objections: int
    escalated: int
    late_steps: int


@dataclass(frozen=True, slots=True)
class Overview:
    """An enterprise's overview: its needs with (answers, offers waiting for a choice)."""

    enterprise: Enterprise | None
    needs: list[tuple[Need, int, int]]
    drafts: list[KeptDraft]


async def figures(session: AsyncSession) -> Figures:
    """Return the place in numbers: public sums over all organisations."""
    async with database.as_platform(session):
        products = await catalog.listed(session)
        count, amount = await needs.totals(session)
        offers, accepted, accepted_fen = await answers.totals(session)
        return Figures(
            firms=await enterprises.count(session),
            facts=await facts.count(session),
            reports=await reports.count(session),
            products=len(products),
            banks=len({product.bank.code for product in products}),
            needs=count,
            needs_fen=amount,
            matches=await matching.count(session),
            offers=offers,
            accepted=accepted,
            accepted_fen=accepted_fen,
        )


async def board(session: AsyncSession, actor: Actor, now: datetime) -> Board:
    """Return the operator's board; the audit chain is verified as it is read."""
    waiting, due = await disputes.waiting(session, now), await answers.board(session, actor, now)
    return Board(
        await figures(session),
        await facts.batches(session, _BOARD_BATCHES),
        await jobs.latest(session),
        await audit.first_broken(session),
        len(await facts.alerts(session)),
        await facts.questions_count(session),
        sum(problem is not None for *_, problem in await facts.pulls(session)),
        len(await consents.overdue_receipts(session, now)),
        len(waiting),
        sum(one.late is not None for one in waiting),
        sum(one.deadline.owner is Owner.OPERATOR for one in due),
        sum(one.left < 0 for one in due),
    )


async def overview(session: AsyncSession, actor: Actor, now: datetime) -> Overview:
    """Return what waits for the enterprise."""
    enterprise = await enterprises.mine(session, actor)
    rows = []
    for need in await needs.of_enterprise(session, enterprise.id) if enterprise else []:
        views = await answers.of_need(session, actor, need.id, now)
        rows.append((need, len(views), sum(v.answer.status is AnswerStatus.OFFERED for v in views)))
    return Overview(enterprise, rows, await needs.drafts(session, actor))
