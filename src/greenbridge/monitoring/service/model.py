"""Checking the model that scores: drift, vintages, what banks did; alerts that open and close."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.answers import service as answers
from greenbridge.answers.values import AnswerFeedback
from greenbridge.audit import service as audit
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import EnterpriseStatus, Origin
from greenbridge.facts import service as facts
from greenbridge.kit.calendar import business_date, month_start
from greenbridge.kit.errors import Forbidden, Invalid
from greenbridge.kit.text import Text
from greenbridge.monitoring import gateway, store
from greenbridge.monitoring.rules import backtest, checking, drift
from greenbridge.monitoring.values import BandFeedback, ModelAlert, ModelCheck, ModelPolicy, Psi, Vintage
from greenbridge.scoring import service as scoring
from greenbridge.scoring.values import SCORE, Distribution, ModelState, ModelVersion

MOST_VINTAGES = 36
MOST_CHECKS = 400
WATCHED = (ModelState.CHAMPION, ModelState.CHALLENGER)
Records = dict[UUID, tuple[tuple[date, date | None], ...]]


@dataclass(frozen=True, slots=True)
class Board:
    """What the operator sees of the models: the champion's newest check of each day, newest first, each challenger's newest, alerts.
    `generated`: of a demonstration.
    """

    checks: Sequence[ModelCheck]
    challengers: Sequence[ModelCheck]
    alerts: Sequence[ModelAlert]
    over: Sequence[ModelAlert]
    policy: ModelPolicy
    generated: bool

    @property
    def newest(self) -> ModelCheck | None:
        return self.checks[0] if self.checks else None


async def score_all(session: AsyncSession, artifacts: Path, as_of: date | None, now: datetime) -> int:
    """Score every verified firm as of a day (None: today) with the champion and its challengers, in bulk; return how many the champion's
    run holds. Those that a bank has lent to are scored with reasons too: the watch-list says why a borrower got worse.

    Without it the model would be watched on those firms only of which somebody happened to ask for a report.
    """
    day = as_of or business_date(now)
    champion = await scoring.champion(session, artifacts, now)
    await scoring.score_city(session, artifacts, now, day)
    owing = await answers.borrowers(session)
    borrowers = [firm for firm in await enterprises.every(session) if firm.id in owing and firm.status is EnterpriseStatus.VERIFIED]
    await scoring.score(session, borrowers, champion, day, now)
    return len(await scoring.run_scores(session, champion.version, day))


async def check(session: AsyncSession, cards: Path, as_of: date | None, now: datetime) -> ModelCheck | None:
    """Check the champion and its challengers as of a day (None: today), keep the checks, open and close the champion's alerts; return
    its check, None where it was not run yet.

    `cards`: the folder of models, for what the training cards say of features. A check of an earlier day changes no alerts.
    """
    today = business_date(now)
    day = as_of or today
    if day > today:
        raise Invalid.at("future-date", "as_of", "检查日期不能晚于今天。", "The model cannot be checked for a day ahead.")
    policy, of_champion = gateway.model_policy(day), None
    given = await answers.feedback(session)
    happened = await _happened(session, given, day, now, policy)
    for model in await scoring.models(session):
        if model.state not in WATCHED:
            continue
        found = await _check(session, model, gateway.card(cards, model.version), given, happened, day, now, policy)
        if found is None:
            continue
        await store.add_check(session, found)
        if model.state is ModelState.CHAMPION:
            of_champion = found
            if day == today:
                await _alert(session, found, policy, now)
    return of_champion


async def _check(
    session: AsyncSession,
    model: ModelVersion,
    card: Mapping[str, Any],
    given: Sequence[AnswerFeedback],
    happened: Records,
    day: date,
    now: datetime,
    policy: ModelPolicy,
) -> ModelCheck | None:
    days = await scoring.run_days(session, model.version, day, now)
    if not days:
        return None
    recent_day = days[-1] if days[-1] > day - timedelta(days=policy.recent_days) else None
    learnt = scoring.learnt_distributions(card)
    # Firms of the first run compared with themselves would say nothing.
    first = await scoring.run_distributions(session, model.version, days[0]) if days[0] != recent_day else {}
    recent = await scoring.run_distributions(session, model.version, recent_day) if recent_day else {}
    by_first = None if SCORE in learnt else days[0]
    score = drift.measured(SCORE, checking.SCORE, learnt.get(SCORE) or first.get(SCORE), recent.get(SCORE), policy)
    champion = model.state is ModelState.CHAMPION
    return ModelCheck(
        day,
        now,
        model.version,
        policy.version,
        by_first,
        by_first,
        recent_day,
        recent_day,
        score,
        _features(card, {**first, **learnt}, recent, policy),
        await _vintages(session, model.version, days, happened, day, policy),
        await _feedback(session, model.version, days, given, day, now) if champion else (),
        model.state.value,
    )


def _features(
    card: Mapping[str, Any], reference: Mapping[str, Distribution], recent: Mapping[str, Distribution], policy: ModelPolicy
) -> tuple[Psi, ...]:
    """Return the index of each feature: against the training firms where the card describes them, else against the first run."""
    described = {feature["name"]: feature for feature in card.get("features", ())}
    names = list(described) or sorted({*reference, *recent} - {SCORE})
    found = []
    for name in names:
        told = described.get(name, {})
        label = Text(told["label"]["zh"], told["label"]["en"]) if "label" in told else Text(name, name)
        found.append(drift.measured(name, label, reference.get(name), recent.get(name), policy))
    return tuple(sorted(found, key=lambda psi: (psi.value is None, -(psi.value or 0.0), psi.name)))


def _last_of_months(days: Sequence[date]) -> list[date]:
    """Return the last of the days of each month, of the newest months."""
    return list({month_start(day): day for day in sorted(days)}.values())[-MOST_VINTAGES:]


async def _vintages(
    session: AsyncSession, version: str, days: Sequence[date], happened: Records, day: date, policy: ModelPolicy
) -> tuple[Vintage, ...]:
    found = []
    for scored_on in _last_of_months(days):  # one month in memory at a time
        scored = {one.enterprise_id: (scored_on, one.default_probability) for one in await scoring.run_scores(session, version, scored_on)}
        found.append(backtest.vintage(month_start(scored_on), version, scored, happened, day, policy))
    return tuple(found)


async def _feedback(
    session: AsyncSession, version: str, days: Sequence[date], given: Sequence[AnswerFeedback], day: date, now: datetime
) -> tuple[BandFeedback, ...]:
    """Return what banks did by the band of the firms' scores, of reports and of the runs."""
    answered = [one for one in given if business_date(one.claimed_at) <= day]
    firms = sorted({one.enterprise_id for one in answered}, key=str)
    scores = await scoring.kept_months(session, day, now, firms, version=version)
    for scored_on in _last_of_months(days):
        scores += await scoring.run_scores(session, version, scored_on, firms)
    return checking.feedback(answered, scores)


async def _happened(session: AsyncSession, given: Sequence[AnswerFeedback], day: date, now: datetime, policy: ModelPolicy) -> Records:
    """Return firm -> (began, closed) of what counts as a default: public records, and what banks report once answers carry it."""
    ids = {firm.uscc: firm.id for firm in await enterprises.every(session)}
    known = facts.catalogue().items
    found: Records = {}
    for uscc, records in (await facts.of_all(session, policy.labels, day, now)).items():
        if firm := ids.get(uscc):
            spans = ((fact.valid_from, fact.values.get(known[fact.item].closed_by or "")) for fact in records)
            found[firm] = tuple((began, date.fromisoformat(closed) if closed else None) for began, closed in spans)
    for one in given:
        if one.status in policy.bad_states and one.since:
            found[one.enterprise_id] = (*found.get(one.enterprise_id, ()), (business_date(one.since), None))
    return found


async def _alert(session: AsyncSession, found: ModelCheck, policy: ModelPolicy, now: datetime) -> None:
    """Open and close the champion's alerts; those of a champion before it are over."""
    standing = await store.open_alerts(session, None)
    opening, over = checking.changed([a for a in standing if a.model_version == found.model_version], checking.findings(found, policy))
    over += [alert for alert in standing if alert.model_version != found.model_version]
    for alert in over:
        await store.close_alert(session, alert.id, now)
    opened = [await store.open_alert(session, found.model_version, finding, now) for finding in opening]
    for word, alerts in (("closed", over), ("opened", opened)):
        for alert in alerts:
            about: dict[str, Any] = {"kind": alert.finding.kind.value, "of": alert.finding.subject, "value": round(alert.finding.value, 6)}
            await audit.record(session, f"model.alert.{word}", f"model:{alert.model_version}", now, **about)


async def board(session: AsyncSession, actor: Actor, now: datetime) -> Board:
    """Return what the operator sees of the model. Raises Forbidden for others."""
    if actor.role is not Role.OPERATOR:
        raise Forbidden("not-the-operator", "只有平台运营可以查看。", "Only the operator may see this.")
    standing = [model for model in await scoring.models(session) if model.state in WATCHED]
    by_state = {state: [await store.checks(session, m.version, MOST_CHECKS) for m in standing if m.state is state] for state in WATCHED}
    found = next(iter(by_state[ModelState.CHAMPION]), [])
    challengers = [checks[0] for checks in by_state[ModelState.CHALLENGER] if checks]
    alerts, over = await store.open_alerts(session, None), await store.closed_alerts(session, 10)
    firms = await enterprises.every(session, limit=1)
    generated = any(firm.origin is Origin.GENERATED for firm in firms)
    return Board(found, challengers, alerts, over, gateway.model_policy(business_date(now)), generated)
