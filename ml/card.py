"""What an artifact says of itself: data, protocol, figures, segments, limits. `card.json` is written from it."""

from typing import Any

import numpy as np

from greenbridge.kit.text import Text
from greenbridge.scoring.rules.distributions import counts
from greenbridge.scoring.rules.features import EDITION
from ml import benchmark, calibrating, measures
from ml.champion import Champion
from ml.dataset import Dataset
from ml.dataset_card import text
from ml.evaluate import METRICS, Evaluation

IMBALANCE = {
    "zh": "所有划分按类别分层；样本不增不减，不加权，先验不变；排序由提升树学习，概率由折外边际校准；指标不用准确率。",
    "en": "All splits are stratified; no row is repeated, dropped or weighted, so the base rate stays; ranking is learnt by the trees and the"
    " probability by calibration of held-out margins; accuracy is not used.",
}


# Two figures of one model: an AUC of each split, and one of all held-out rows together, which compares rows of different fits.
BY_SPLIT = {
    "zh": "各划分留出样本的 AUC 的平均（± 为各划分之间的标准差）：与基线比较、与目标比较用这个数",
    "en": "mean over the splits of the AUC of their held-out rows (± is the spread between splits): what baselines and goals are compared by",
}
POOLED = {
    "zh": "所有留出样本合在一起算一次，多次留出的取平均概率；区间为 500 次自助抽样",
    "en": "all held-out rows taken together once, a row held out more than once with its mean probability; interval of 500 bootstrap samples",
}


def binned(values: Any) -> dict[str, Any]:
    """Return the deciles of the known values, and how many values lie in the bins that the inner ones make, the missing last.

    What monitoring compares a city's firms with. Ten values 1 to 10: the inner deciles 1.9, 2.8 and so on, one value in each bin.
    """
    known = values[~np.isnan(values)]
    quantiles = [round(float(q), 6) for q in np.quantile(known, np.linspace(0, 1, 11))] if len(known) else []
    return {"quantiles": quantiles, "counts": [int(n) for n in counts(values, np.unique(quantiles[1:-1]))]}


def both(value: Any) -> dict[str, str]:
    """Return words of a dataset card as they stand in JSON."""
    found = text(value)
    return {"zh": found.zh, "en": found.en}


def describe(data: Dataset, model: Champion, evaluation: Evaluation) -> dict[str, Any]:
    """Return the card; hashes of the files are added where they are written."""
    card, y = data.card, data.y
    rows, probability = evaluation.held_out(evaluation.ours)
    told, base = y[rows], float(y.mean())
    slope = calibrating.platt(_logit(probability), told)
    return {
        "version": card.version,
        "title": both(card.raw.get("title", card.name)),
        "purpose": both(card.raw.get("purpose", card.raw.get("title", card.name))),
        "data": {
            "source": both(card.get("data", "description", card.name)), "dates": both(card.get("data", "dates", "")),
            "firms" if "accepted_invoices" in data.facts else "rows_used": len(y), "defaulted": int(y.sum()), "base_rate": round(base, 4), **data.facts,
        },
        "protocol": benchmark.protocol(card, len(evaluation.splits)) + "; parameters, rounds and calibration are chosen inside each training part",
        "class_imbalance": IMBALANCE,
        "parameters": model.search,
        "metrics": {name: _figures(evaluation, name) for name in evaluation.outcomes},
        "metrics_of": BY_SPLIT,
        "intervals": measures.intervals(told, probability, card.protocol.seed),
        "intervals_of": POOLED,
        "score": binned(probability),
        "features_edition": EDITION,
        "published": list(card.raw.get("published", ())),
        "goals": benchmark.goals(evaluation),
        "calibration": dict(model.calibration),
        "held_out_calibration": {
            "slope": round(slope.slope, 3), "intercept": round(slope.intercept, 3), "bands": measures.reliability(told, probability),
        },
        "lift": measures.lift(told, probability),
        "stability": stability(evaluation),
        "decision_cut": round(base, 4),
        "segments": segments(evaluation, base),
        "bands": dict(card.bands),
        "features": features(data, model),
        "left_out": {name: both_text(reason) for name, reason in data.left_out.items()},
        "encoding": model.encoder.table(),
        "intended_use": [both(use) for use in card.raw.get("intended_use", ())],
        "not_intended_use": [both(use) for use in card.raw.get("not_intended_use", ())],
        "limits": [both(limit) for limit in card.raw.get("limits", ())],
    }  # fmt: skip


def both_text(words: Text) -> dict[str, str]:
    """Return a Text as it stands in JSON."""
    return {"zh": words.zh, "en": words.en}


def _logit(probability: Any) -> Any:
    p = np.clip(probability, measures.EDGE, 1 - measures.EDGE)
    return np.log(p / (1 - p))


def _figures(evaluation: Evaluation, name: str) -> dict[str, Any]:
    outcome = evaluation.outcomes[name]
    found: dict[str, Any] = {
        "auc_mean": round(outcome.mean("auc"), 4), "auc_std": round(outcome.std("auc"), 4),
        **{metric: round(outcome.mean(metric), 4) for metric in METRICS[1:]}, "gini": round(2 * outcome.mean("auc") - 1, 4),
    }  # fmt: skip
    if outcome is evaluation.ours:
        found["auc_by_split"] = [round(float(value), 4) for value in outcome.metrics[:, 0]]
    else:
        found["ours_minus_this"] = {k: round(v, 4) for k, v in evaluation.against(outcome).items() if not np.isnan(v)}
    return found


def stability(evaluation: Evaluation) -> dict[str, Any]:
    """Return AUC over time: features of earlier cuts by the same held-out models, or years of a column; else why there is none."""
    data, ours = evaluation.dataset, evaluation.ours
    rows, probability = evaluation.held_out(ours)
    column = data.card.get("stability", "column")
    if ours.earlier:
        found = [{"period": data.facts["features_cut_at"], "rows": len(rows), "auc": round(measures.auc(data.y[rows], probability), 4)}]
        for cut in sorted(ours.earlier, reverse=True):
            some, earlier = evaluation.held_out_earlier(ours, cut)
            found.append({"period": cut, "rows": len(some), "auc": round(measures.auc(data.y[some], earlier), 4)})
        how = {
            "zh": "同一批企业，特征改截至更早的日期；模型未见过这些企业。",
            "en": "The same firms with features cut earlier; the models had not seen these firms.",
        }
        return {"how": how, "periods": found[::-1]}
    if column in data.raw.columns:
        parted = data.raw[column].iloc[rows]
        values = sorted(parted.dropna().unique(), key=str)
        periods = [(value, (parted == value).to_numpy()) for value in values]
        found = [
            {"period": str(value), "rows": int(inside.sum()), "auc": round(measures.auc(data.y[rows][inside], probability[inside]), 4)}
            for value, inside in periods
            if inside.sum() >= measures.LEAST_ROWS and 0 < data.y[rows][inside].sum() < inside.sum()
        ]
        return {"how": {"zh": f"按 {column} 分期，留出样本。", "en": f"Held-out rows by {column}."}, "periods": found}
    why = data.card.get(
        "stability", "why_not", {"zh": "数据没有日期，无法按时间评估。", "en": "The data has no dates, so nothing can be said over time."}
    )
    return {"how": both(why), "periods": []}


def segments(evaluation: Evaluation, cut: float) -> list[dict[str, Any]]:
    """Return each segment's figures on held-out rows, with the largest gaps between those that are judged."""
    data = evaluation.dataset
    rows, probability = evaluation.held_out(evaluation.ours)
    found = []
    for segment in data.card.segments:
        if segment.column not in data.raw.columns:
            raise data.card.error("segments.column", f"names {segment.column!r}, which is no column of the data")
        values = data.raw[segment.column].iloc[rows].reset_index(drop=True)
        table = measures.segments(values, segment, data.y[rows], probability, cut)
        found.append({"name": both_text(segment.name), "column": segment.column, "rows": table, "gaps": measures.gaps(table)})
    return found


def _label(words: Text, how: str) -> dict[str, str]:
    """Return a feature's words; of a category of many values, which of its two numbers it is."""
    zh, en = {"target": ("（历史违约占比）", " (share of positives)"), "count": ("（出现次数）", " (how often seen)")}.get(how, ("", ""))
    return {"zh": words.zh + zh, "en": words.en + en}


def features(data: Dataset, model: Champion) -> list[dict[str, Any]]:
    """Return each column of the model with its words, direction, median, gain and the one cut that tells most."""
    x = model.encoder.transform(data.frame)
    gains = model.booster.feature_importance("gain")
    by_name = {column.name: column for column in data.columns}
    found = []
    for place, (name, encoded) in enumerate(zip(model.encoder.names, model.encoder.columns, strict=True)):
        column, values = by_name[encoded.source], x[:, place]
        known = values[~np.isnan(values)]
        cut = None if encoded.how == "code" else measures.best_cut(values, data.y)
        found.append({
            "name": name, "label": _label(column.label, encoded.how), "unit": column.unit, "group": column.group, "kind": column.kind,
            "direction": encoded.direction, "activity": column.activity, "median": float(np.median(known)) if len(known) else 0.0,
            "known_share": round(len(known) / len(values), 4), "gain": round(float(gains[place]), 2), "splits": [cut] if cut else [],
            **({} if encoded.how == "code" else binned(values)),
        })  # fmt: skip
    return found
