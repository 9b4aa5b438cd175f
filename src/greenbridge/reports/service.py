"""Making a credit report: the firm's own, a consenting bank's, the command line's."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.consents import service as consents
from greenbridge.consents.service import Reading
from greenbridge.consents.values import IDENTITY, Access, ReadKind, WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise, EnterpriseStatus
from greenbridge.facts import service as facts
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, Forbidden, Invalid
from greenbridge.reports import store
from greenbridge.reports.rules import wire
from greenbridge.reports.values import CreditReport, Material
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import DefaultModel

EARLIEST = date(2000, 1, 1)  # no department delivers anything older


async def for_actor(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    model: DefaultModel,
    now: datetime,
    as_of: date | None = None,
    step: WorkStep = WorkStep.SURVEY,
) -> CreditReport:
    """Make a report for somebody who asks: the firm itself, or an officer whose bank has the firm's consent to the work step.

    An officer sees what consent, template and the bank's own view let through; the ledger keeps what that was.
    """
    day = as_of or business_date(now)
    if actor.role is Role.ENTERPRISE:
        enterprise = await enterprises.own(session, actor, enterprise_id)
        if enterprise.status is not EnterpriseStatus.VERIFIED:
            # A code and a name are public: before the check anybody could have typed them.
            raise Conflict("not-verified", "企业尚未通过实名核验，不能查阅报告。", "The firm is not verified and may not read its report.")
        return (await make(session, [enterprise], model, day, now, made_for=actor.account_id))[0]
    if actor.role is not Role.OFFICER:
        raise Forbidden("wrong-role", "您的角色不能查阅信用报告。", "Your role may not read credit reports.")
    async with consents.reading(session, actor, enterprise_id, step, ReadKind.REPORT, facts.levels(), now) as reading:
        if not reading.reaches(day, business_date(now)):
            raise Forbidden("day-not-agreed", "该报告日期超出企业授权的时间范围。", "The firm's consent does not reach back to that day.")
        enterprise = await enterprises.get(session, enterprise_id)
        report = (await make(session, [enterprise], model, day, now, made_for=actor.account_id, readings=[reading]))[0]
        reading.report_number = report.number
        reading.shown.update(IDENTITY)  # they stand above every report
    return report


async def for_operator(session: AsyncSession, firm: Enterprise, model: DefaultModel, as_of: date, now: datetime) -> CreditReport:
    """Make a whole report for whoever runs the platform, on its machine; the firm sees in its ledger that it was read."""
    reading = Reading(None, facts.levels())
    report = (await make(session, [firm], model, as_of, now, readings=[reading]))[0]
    await consents.record_operators(session, [firm.id], sorted(reading.shown), ReadKind.REPORT, now, report_number=report.number)
    return report


async def make(
    session: AsyncSession,
    firms: Sequence[Enterprise],
    model: DefaultModel,
    as_of: date,
    now: datetime,
    *,
    made_for: UUID | None = None,
    readings: Sequence[Reading] | None = None,
) -> list[CreditReport]:
    """Make and keep the reports of firms as of a day, in their order, each as its reading lets through (without: whole).

    The caller has checked who asks.
    """
    reports = []
    for index, material in enumerate(await _materials(session, firms, model, as_of, now)):
        content = wire.content(material, (readings[index] if readings else Reading(None, facts.levels())).withheld)
        score_id = material.score.id if material.score else None
        firm = material.enterprise
        reports.append(await store.add(session, firm.id, as_of, now, made_for, score_id, content, wire.digest(content)))
    return reports


async def _materials(session: AsyncSession, firms: Sequence[Enterprise], model: DefaultModel, as_of: date, now: datetime) -> list[Material]:
    """Gather what the reports of firms are assembled from, in a few queries for all of them."""
    if as_of < EARLIEST:
        raise Invalid.at("too-early", "as_of", f"报告日期不能早于 {EARLIEST}。", f"A report's day may not lie before {EARLIEST}.")
    if as_of > business_date(now):
        raise Invalid.at("future-date", "as_of", "报告日期不能晚于今天。", "A report's day may not lie ahead.")
    usccs = [firm.uscc for firm in firms]
    series = await facts.series(session, usccs, as_of, now)
    scores = await scoring.score_series(session, firms, series, model, as_of, now)
    found = await facts.facts_of(session, usccs, as_of, now)
    coverage = await facts.coverage(session, now)
    materials = []
    for index, firm in enumerate(firms):
        partners = await facts.counterparties(session, firm.uscc, as_of, now)
        known = (found[firm.uscc], series.of(index), partners, coverage, scores.get(firm.id), model.version, facts.catalogue().items)
        materials.append(Material(firm, as_of, business_date(now), *known))
    return materials


async def previews(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, model: DefaultModel, accesses: Sequence[Access], now: datetime
) -> list[Mapping[str, Any]]:
    """Return what the actor's own firm's report would show to readers, one content each; nothing is kept."""
    enterprise = await enterprises.own(session, actor, enterprise_id)
    if enterprise.status is not EnterpriseStatus.VERIFIED:
        raise Conflict("not-verified", "企业尚未通过实名核验，不能查阅报告。", "The firm is not verified and may not read its report.")
    (material,) = await _materials(session, [enterprise], model, business_date(now), now)
    return [wire.content(material, Reading(access, facts.levels()).withheld) for access in accesses]


async def count(session: AsyncSession) -> int:
    """Return how many reports were made."""
    return await store.count(session)
