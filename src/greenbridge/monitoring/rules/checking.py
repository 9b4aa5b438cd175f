"""What a check of a model comes to: what banks did by band, what is beyond its limit, what opens and what is over."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from greenbridge.answers.values import AnswerFeedback
from greenbridge.kit.calendar import business_date
from greenbridge.kit.text import Text
from greenbridge.monitoring.values import (
    AlertKind,
    BandFeedback,
    Drift,
    Finding,
    ModelAlert,
    ModelCheck,
    ModelPolicy,
    Ripeness,
)
from greenbridge.scoring.values import KeptScore

SCORE = Text("违约概率", "Probability of default")
TODO: Mapping[AlertKind, Text] = {
    AlertKind.SCORE_DRIFT: Text(
        "先看下表中哪些特征在移动，再查相应部门的交付；确属客群变化的，用新数据训练挑战者模型。",
        "See which features moved, then check the deliveries they come from; if the firms themselves changed, train a challenger.",
    ),
    AlertKind.FEATURE_DRIFT: Text(
        "查看该特征的缺失率和来源交付是否改变；排除数据问题后再判断客群变化。",
        "Check whether missing values or its deliveries changed; only then think of a change of the firms.",
    ),
    AlertKind.CALIBRATION: Text(
        "在授信政策新版本的 [place] 中写入该批次的预测与实际，定价和限额随之换算；再用已到期批次重新校准模型。",
        "Name this vintage in [place] of a new edition of the underwriting policy: price and limits follow. Then calibrate anew.",
    ),
    AlertKind.DISCRIMINATION: Text(
        "与挑战者模型在同一批次上比较，必要时退回上一版本。",
        "Compare with the challenger on the same vintage; if need be, go back to the version before.",
    ),
}
KINDS: Mapping[AlertKind, Text] = {
    AlertKind.SCORE_DRIFT: Text("评分分布漂移", "Drift of the score"),
    AlertKind.FEATURE_DRIFT: Text("特征漂移", "Drift of a feature"),
    AlertKind.CALIBRATION: Text("概率与实际不符", "Probabilities off"),
    AlertKind.DISCRIMINATION: Text("区分能力不足", "Too little discrimination"),
}


def feedback(found: Iterable[AnswerFeedback], scores: Sequence[KeptScore]) -> tuple[BandFeedback, ...]:
    """Return what banks did by the band that a firm had when the bank answered, safest first, unknown last.

    The band is that of the newest score as of the day of the answer or before. Not a label: a decline is the bank's decision and says
    nothing of whether the firm would have paid.
    """
    by_firm: dict[UUID, list[KeptScore]] = {}
    for score in sorted(scores, key=lambda score: score.as_of):
        by_firm.setdefault(score.enterprise_id, []).append(score)
    states: dict[str | None, Counter[str]] = {}
    reasons: dict[str | None, Counter[str]] = {}
    for answer in found:
        band = band_on(by_firm.get(answer.enterprise_id, ()), business_date(answer.claimed_at))
        states.setdefault(band, Counter())[answer.status] += 1
        reasons.setdefault(band, Counter()).update(answer.reasons)
    order = sorted(states, key=lambda band: (band is None, band or ""))
    return tuple(BandFeedback(band, dict(states[band]), dict(reasons[band].most_common())) for band in order)


def band_on(scores: Sequence[KeptScore], day: date) -> str | None:
    """Return the band of the newest of scores, oldest first, as of a day or before."""
    return next((score.band for score in reversed(scores) if score.as_of <= day), None)


def findings(check: ModelCheck, policy: ModelPolicy) -> tuple[Finding, ...]:
    """Return what is beyond its limit: a score that moved, a feature that shifted, the newest ripe vintage off or blunt."""
    found = []
    if check.score and check.score.value is not None and check.score.drift in {Drift.MOVED, Drift.SHIFTED}:
        found.append(Finding(AlertKind.SCORE_DRIFT, check.score.name, check.score.value, policy.moved))
    found += [
        Finding(AlertKind.FEATURE_DRIFT, one.name, one.value, policy.shifted)
        for one in check.features
        if one.drift is Drift.SHIFTED and one.value is not None
    ]
    ripe = [vintage for vintage in check.vintages if vintage.ripeness is Ripeness.RIPE]
    if ripe:
        newest = max(ripe, key=lambda vintage: vintage.month)
        if newest.calibrated is False and newest.predicted is not None and newest.observed is not None:
            limit = newest.observed.low if newest.predicted < newest.observed.low else newest.observed.high
            found.append(Finding(AlertKind.CALIBRATION, newest.month.isoformat(), newest.predicted, limit))
        if newest.auc and newest.auc.high < policy.least_auc:
            found.append(Finding(AlertKind.DISCRIMINATION, newest.month.isoformat(), newest.auc.value, policy.least_auc))
    return tuple(found)


def changed(open_now: Sequence[ModelAlert], found: Sequence[Finding]) -> tuple[list[Finding], list[ModelAlert]]:
    """Return (findings to open an alert for, alerts that are over): one alert for each kind and subject, however often it is found."""
    standing = {(alert.finding.kind, alert.finding.subject) for alert in open_now}
    still = {(finding.kind, finding.subject) for finding in found}
    return (
        [finding for finding in found if (finding.kind, finding.subject) not in standing],
        [alert for alert in open_now if (alert.finding.kind, alert.finding.subject) not in still],
    )
