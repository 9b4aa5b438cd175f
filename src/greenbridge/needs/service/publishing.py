"""Publishing a need, after the five points."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise, EnterpriseStatus
from greenbridge.facts import service as facts
from greenbridge.kit import states
from greenbridge.kit.calendar import business_date, day_start
from greenbridge.kit.errors import Conflict, Invalid, NotFound
from greenbridge.needs import gateway, rules, store
from greenbridge.needs.rules import knowing, life, points
from greenbridge.needs.service.moving import record
from greenbridge.needs.values import Finding, Happened, Mode, Need, NeedDraft, NeedEvent, NeedGuard, NeedStatus


async def check(
    session: AsyncSession, enterprise: Enterprise, draft: NeedDraft, now: datetime, known_at: datetime | None = None
) -> Sequence[Finding]:
    """Return the five points of a need that the firm would publish now, from the departments' records as known then."""
    today, known_at = business_date(now), known_at or now
    records = (await facts.facts_of(session, [enterprise.uscc], today, known_at, knowing.ASKED))[enterprise.uscc]
    series = await facts.series(session, [enterprise.uscc], today, known_at)
    delivered = set(await facts.coverage(session, known_at))
    others = [need for need in await store.of_enterprise(session, enterprise.id) if rules.is_open(need.status)]
    known = knowing.known(records, series, delivered, sum(need.draft.amount_fen for need in others), today)
    return points.findings(known, draft, gateway.policy(today))


async def publish(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    draft: NeedDraft,
    now: datetime,
    *,
    profile: str = "default",
    draft_id: UUID | None = None,
    known_at: datetime | None = None,
) -> Need:
    """Publish a need of the actor's verified firm. Raises Invalid with each wrong field, Conflict when not verified or barred by a point.

    `draft_id`: the form that was put aside, which is used up. `known_at`: as of when the five points are known, for what is taken over
    from earlier.
    """
    enterprise = await enterprises.own(session, actor, enterprise_id)
    if enterprise.status is not EnterpriseStatus.VERIFIED:
        raise Conflict("not-verified", "企业尚未通过实名核验，不能发布需求。", "The firm is not verified and may not publish.")
    kept = await store.find_draft(session, draft_id, for_update=True) if draft_id else None
    if draft_id and (kept is None or kept.enterprise_id != enterprise.id):
        raise NotFound("no-draft", "没有这份草稿。", "There is no such draft.")
    if found := rules.problems(draft):
        raise Invalid("wrong-need", "请检查需求内容。", "Check what the need says.", fields=found)
    findings = await check(session, enterprise, draft, now, known_at)
    holds = {NeedGuard.GOOD_FORM} | (set() if points.barred(findings) else {NeedGuard.NOT_BARRED})
    step = states.step(life.MACHINE, NeedStatus.DRAFT, NeedEvent.PUBLISH, frozenset(holds))
    if isinstance(step, states.Refusal):
        why = [text for finding in findings if finding.bars for text in finding.because]
        zh, en = "；".join(text.zh for text in why), "; ".join(text.en for text in why)
        raise Conflict("barred", f"不能发布需求：{zh}。", f"The need cannot be published: {en}.")
    today = business_date(now)
    policy = gateway.policy(today)
    sealed = draft.mode is Mode.SEALED
    closes_at = day_start(rules.window_end(policy, today) + timedelta(days=1)) if sealed else None
    need = await store.add(
        session,
        kept.id if kept else None,
        enterprise.id,
        enterprise.region_code,
        draft,
        policy,
        findings,
        profile=profile,
        now=now,
        today=today,
        open_until=today + timedelta(days=policy.open_days),
        window_closes_at=closes_at,
    )
    if kept:
        await store.drop_draft(session, kept.id)
    else:
        await store.add_event(session, need.id, enterprise.id, Happened(now, NeedEvent.SAVE, None, NeedStatus.DRAFT, actor.account_id, {}))
    said = {"amount_fen": draft.amount_fen, "mode": draft.mode.value, "policy": policy.version}
    published = Happened(now, NeedEvent.PUBLISH, NeedStatus.DRAFT, step, actor.account_id, said)
    await record(session, need.id, enterprise.id, published)
    return need
