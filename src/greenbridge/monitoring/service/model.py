"""Checking the model that scores: drift, vintages, what banks did; alerts that open and close."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
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
from greenbridge.monitoring.values import Floats, ModelAlert, ModelCheck, ModelPolicy, Psi, Vintage
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import DefaultModel
from greenbridge.scoring.values import KeptScore

BATCH = 500
MOST_VINTAGES = 36
MOST_CHECKS = 400
Records = dict[UUID, tuple[tuple[date, date | None], ...]]


@dataclass(frozen=True, slots=True)
class Board:
    """What the operator sees of the model: the newest check of each day, newest first, and its alerts. `generated`: of a demonstration."""

    checks: Sequence[ModelCheck]
    alerts: Sequence[ModelAlert]
    over: Sequence[ModelAlert]
    policy: ModelPolicy
    generated: bool

    @property
    def newest(self) -> ModelCheck | None:
        return self.checks[0] if self.checks else None


async def score_all(session: AsyncSession, model: DefaultModel, as_of: date | None, now: datetime) -> int:
    """Score every verified firm as of a day (None: today) and keep the scores; return how many have one.

    Without it the model would be watched on those firms only of which somebody happened to ask for a report.
    """
    day = as_of or business_date(now)
    firms = [firm for firm in await enterprises.every(session) if firm.status is EnterpriseStatus.VERIFIED]
    done = 0
    for start in range(0, len(firms), BATCH):
        done += len(await scoring.score(session, firms[start : start + BATCH], model, day, now))
    return done


async def check(session: AsyncSession, cards: Any, as_of: date | None, now: datetime) -> ModelCheck | None:
    """Check the model that scored last as of a day (None: today), keep the check, open and close alerts; None: nothing was scored.

    `cards`: the folder of models, for what the training card says of features. A check of an earlier day changes no alerts.
    """
    today = business_date(now)
    day = as_of or today
    if day > today:
        raise Invalid.at("future-date", "as_of", "检查日期不能晚于今天。", "The model cannot be checked for a day ahead.")
    in_use = await scoring.model_in_use(session, now)
    if in_use is None or in_use[1] > day:
        return None
    (version, first), policy = in_use, gateway.model_policy(day)
    card = gateway.card(cards, version)
    window = (first, first + timedelta(days=policy.reference_days - 1), day - timedelta(days=policy.recent_days - 1), day)
    reference = await scoring.kept_between(session, version, window[0], window[1], now)
    # Firms that stand in both windows would be compared with themselves: before the first window is over there is nothing to compare.
    recent = await scoring.kept_between(session, version, window[2], window[3], now) if window[2] > window[1] else []
    scores = await scoring.kept_months(session, day, now, version=version)
    given = await answers.feedback(session)
    found = ModelCheck(
        day,
        now,
        version,
        policy.version,
        *window,
        _drift(checking.SCORE, "score", [one.default_probability for one in reference], recent, policy),
        _features(card, reference, recent, policy),
        await _vintages(session, scores, given, version, day, now, policy),
        checking.feedback([one for one in given if business_date(one.claimed_at) <= day], scores),
    )
    await store.add_check(session, found)
    if day == today:
        await _alert(session, found, policy, now)
    return found


def _drift(label: Text, name: str, reference: Sequence[float], recent: Sequence[KeptScore], policy: ModelPolicy) -> Psi:
    now = np.array([one.default_probability for one in recent], dtype=float)
    return drift.measured(name, label, np.array(reference, dtype=float), now, policy)


def _features(card: Mapping[str, Any], reference: Sequence[KeptScore], recent: Sequence[KeptScore], policy: ModelPolicy) -> tuple[Psi, ...]:
    """Return the index of each feature, against the training card where it has quantiles, else against the first scores."""
    described = {feature["name"]: feature for feature in card.get("features", ())}
    names = list(described) or sorted({name for one in reference for name in one.features})
    learnt = int(card.get("data", {}).get("firms", 0))
    found = []
    for name in names:
        told = described.get(name, {})
        label = Text(told["label"]["zh"], told["label"]["en"]) if "label" in told else Text(name, name)
        columns = (_column(reference, name), _column(recent, name))
        found.append(drift.measured(name, label, *columns, policy, told.get("quantiles"), learnt))
    return tuple(sorted(found, key=lambda psi: (psi.value is None, -(psi.value or 0.0), psi.name)))


def _column(kept: Sequence[KeptScore], name: str) -> Floats:
    values = (one.features.get(name) for one in kept)
    return np.array([np.nan if value is None else value for value in values], dtype=float)


async def _vintages(
    session: AsyncSession,
    scores: Sequence[KeptScore],
    given: Sequence[AnswerFeedback],
    version: str,
    day: date,
    now: datetime,
    policy: ModelPolicy,
) -> tuple[Vintage, ...]:
    months: dict[date, dict[UUID, tuple[date, float]]] = {}
    for score in scores:
        months.setdefault(month_start(score.as_of), {})[score.enterprise_id] = (score.as_of, score.default_probability)
    happened = await _happened(session, given, day, now, policy)
    newest = sorted(months)[-MOST_VINTAGES:]
    return tuple(backtest.vintage(month, version, months[month], happened, day, policy) for month in newest)


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
    opening, over = checking.changed(await store.open_alerts(session, found.model_version), checking.findings(found, policy))
    for alert in over:
        await store.close_alert(session, alert.id, now)
    opened = [await store.open_alert(session, found.model_version, finding, now) for finding in opening]
    for word, alerts in (("closed", over), ("opened", opened)):
        for alert in alerts:
            about: dict[str, Any] = {"kind": alert.finding.kind.value, "of": alert.finding.subject, "value": round(alert.finding.value, 6)}
            await audit.record(session, f"model.alert.{word}", f"model:{found.model_version}", now, **about)


async def board(session: AsyncSession, actor: Actor, now: datetime) -> Board:
    """Return what the operator sees of the model. Raises Forbidden for others."""
    if actor.role is not Role.OPERATOR:
        raise Forbidden("not-the-operator", "只有平台运营可以查看。", "Only the operator may see this.")
    in_use = await scoring.model_in_use(session, now)
    found = await store.checks(session, in_use[0], MOST_CHECKS) if in_use else []
    alerts, over = await store.open_alerts(session, None), await store.closed_alerts(session, 10)
    firms = await enterprises.every(session, limit=1)
    generated = any(firm.origin is Origin.GENERATED for firm in firms)
    return Board(found, alerts, over, gateway.model_policy(business_date(now)), generated)
