"""Train the default model: `python -m ml.train --data DIR` writes ml/artifacts/<version>/ (model.txt, card.json, CARD.md)."""

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from greenbridge.facts.rules.series import N_MONTHS
from greenbridge.scoring.rules import features
from ml import data, evaluate
from ml.card import markdown

VERSION = "vat-default-1"
BANDS = {"A": 0.05, "B": 0.1, "C": 0.2, "D": 0.4, "E": 1.01}
LIMITS = [
    "123 firms, 27 of them in default: the spread of the AUC is wide; differences of a few hundredths mean nothing.",
    "The firms are masked small firms of one bank's customers; their default rate (22 %) is not that of all small firms, so the"
    " probability is to be read as a rank with a scale, until it is calibrated on the city's own loans.",
    "The date of default is unknown. A firm may have fallen silent because it defaulted: see the figures without activity features.",
    "Only VAT invoices are read: no balance sheet, no courts, no utilities.",
    "Not for natural persons; not for a decision without a person. The bank decides.",
]
LEFT_OUT = {
    "credit_rating": "24 of the 27 defaults are rated D: the rating was given with the outcome in view.",
    "months_since_last_invoice": "It carries the outcome: a firm that defaulted stops invoicing.",
}


def train(folder: Path) -> tuple[dict[str, Any], str]:
    """Return (card, model text) for the labelled firms in `folder`; the same data gives the same bytes."""
    labelled = data.load(folder)
    arrays = {**labelled.series.monthly, **labelled.series.yearly}
    x, y = features.compute(arrays), labelled.defaulted
    directions = [feature.direction for feature in features.FEATURES]
    quiet = [i for i, feature in enumerate(features.FEATURES) if not feature.activity]
    print(f"{len(y)} firms, {int(y.sum())} defaulted, {labelled.invoices} invoices, {x.shape[1]} features; cross-validating")
    results = {
        "ours: LightGBM, monotone stumps, calibrated": evaluate.cross_validate(x, y, evaluate.monotone(directions)),
        "ours, without activity features": evaluate.cross_validate(x[:, quiet], y, evaluate.monotone([directions[i] for i in quiet])),
        "baseline: logistic regression": evaluate.cross_validate(x, y, evaluate.logistic),
        "baseline: untuned LightGBM": evaluate.cross_validate(x, y, evaluate.untuned),
    }
    ours = next(iter(results.values()))
    booster, slope, intercept = evaluate.calibrated(x, y, directions)
    model = booster.model_to_string()
    importance = booster.feature_importance("gain")
    mean_oof = ours.oof.mean(axis=0)
    held_out_slope, held_out_intercept = evaluate.platt(np.log(mean_oof / (1 - mean_oof)), y)
    medians = np.nanmedian(x, axis=0)
    card = {
        "version": VERSION,
        "purpose": "Probability that a small firm defaults, from its VAT invoices, to support a loan officer's judgement.",
        "data": {
            "source": "CUMCM 2020 problem C, appendix 1: 123 masked Chinese small firms with credit history and their VAT invoices",
            "firms": len(y),
            "defaulted": int(y.sum()),
            "accepted_invoices": labelled.invoices,
            "invoices_from": "2016-10",
            "features_cut_at": data.CUT.isoformat(),
            "months_read": N_MONTHS,
        },
        "protocol": f"{evaluate.FOLDS} stratified folds x {evaluate.REPEATS} repeats, seed {evaluate.SEED}; calibration inside the folds",
        "parameters": {**evaluate.PARAMETERS, "rounds": evaluate.ROUNDS},
        "metrics": {name: result.table() for name, result in results.items()},
        "calibration": {"slope": slope, "intercept": intercept},
        "held_out_calibration": {
            "slope": round(held_out_slope, 3),
            "intercept": round(held_out_intercept, 3),
            "bands": evaluate.reliability(y, mean_oof),
        },
        "bands": BANDS,
        "features": [
            {
                "name": feature.name,
                "label": {"zh": feature.label.zh, "en": feature.label.en},
                "unit": feature.unit,
                "direction": feature.direction,
                "activity": feature.activity,
                "median": float(medians[i]),
                "known_share": round(float((~np.isnan(x[:, i])).mean()), 4),
                "gain": round(float(importance[i]), 2),
            }
            for i, feature in enumerate(features.FEATURES)
        ],
        "left_out": LEFT_OUT,
        "limits": LIMITS,
        "model_sha256": hashlib.sha256(model.encode()).hexdigest(),
    }
    return card, model


def main() -> None:
    """Train and write the artifact."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds cumcm2020c/ and zhejiang_registry/")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "artifacts")
    options = parser.parse_args()
    card, model = train(options.data)
    folder = options.out / VERSION
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.txt").write_text(model, encoding="utf-8")
    (folder / "card.json").write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (folder / "CARD.md").write_text(markdown(card), encoding="utf-8")
    (options.out / "current").write_text(VERSION + "\n", encoding="utf-8")
    for name, figures in card["metrics"].items():
        print(f"{name:45} AUC {figures['auc_mean']:.3f} +- {figures['auc_std']:.3f}  Brier {figures['brier']:.3f}  KS {figures['ks']:.3f}")


if __name__ == "__main__":
    main()
