"""The table of ours, challenger and baselines on the same splits: `python -m ml.benchmark [CARD.toml ...] [--json]`."""

import argparse
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd

from ml import baselines, champion, dataset, evaluate, scorecard
from ml.dataset_card import CardError, DatasetCard, read

CARDS = Path(__file__).parent / "cards"
OURS, CHALLENGER, LOGISTIC, UNTUNED = (
    "ours: LightGBM, constrained, tuned, calibrated", "challenger: scorecard", "baseline: logistic regression", "baseline: untuned LightGBM",
)  # fmt: skip
LEVEL = 4


def models(card: DatasetCard, trials: int | None = None) -> list[evaluate.Model]:
    """Return ours and what it is compared with, as the card fills in the unknown."""
    trees, linear = card.get("imputation", "trees", "none"), card.get("imputation", "linear", "median")
    trials = trials or card.get("tuning", "trials")

    def ours(frame: pd.DataFrame, y: dataset.Labels, columns: tuple[dataset.Column, ...], imputation: str, seed: int) -> champion.Champion:
        return champion.fit(frame, y, columns, imputation, seed, trials)

    return [
        evaluate.Model(OURS, ours, trees),
        evaluate.Model(CHALLENGER, scorecard.fit, trees),
        evaluate.Model(LOGISTIC, baselines.logistic, linear),
        evaluate.Model(UNTUNED, baselines.untuned, trees),
    ]


def protocol(card: DatasetCard, splits: int) -> str:
    """Return the protocol in words."""
    p = card.protocol
    told = {
        "kfold": f"{p.folds} stratified folds x {p.repeats}, seed {p.seed}",
        "holdout": f"{splits} stratified hold-outs of {p.test_share:.0%}, seed {p.seed}",
        "column": f"fixed split by {p.column}", "files": f"test files {', '.join(p.test)}", "time": f"{p.column} before {p.cut} / from then on",
    }  # fmt: skip
    return told[p.kind]


def result(evaluation: evaluate.Evaluation) -> dict[str, Any]:
    """Return the figures of one card: a row per model, paired differences, published figures, goals."""
    data, card = evaluation.dataset, evaluation.dataset.card
    rows = []
    for name, outcome in evaluation.outcomes.items():
        row: dict[str, Any] = {"model": name}
        for metric in evaluate.METRICS:
            row[f"{metric}_mean" if metric == "auc" else metric] = round(outcome.mean(metric), LEVEL)
            if metric == "auc":
                row["auc_std"] = round(outcome.std("auc"), LEVEL)
        if outcome is not evaluation.ours:
            # A single split has no spread.
            row["ours_minus_this"] = {k: round(v, LEVEL) for k, v in evaluation.against(outcome).items() if not math.isnan(v)}
        rows.append(row)
    return {
        "dataset": card.name, "rows": len(data.y), "positives": int(data.y.sum()), "features": len(data.columns),
        "protocol": protocol(card, len(evaluation.splits)), "splits": len(evaluation.splits), "models": rows,
        "published": list(card.raw.get("published", ())), "goals": goals(evaluation),
    }  # fmt: skip


def goals(evaluation: evaluate.Evaluation) -> list[dict[str, Any]]:
    """Return each goal of the card with what was reached."""
    ours, found = evaluation.ours, []
    for key, goal in evaluation.dataset.card.raw.get("goals", {}).items():
        other = {"over_logistic": LOGISTIC, "over_untuned": UNTUNED}.get(key)
        reached = evaluation.against(evaluation.outcomes[other])["mean"] if other else ours.mean("auc")
        found.append({"goal": key, "at_least": goal, "reached": round(reached, LEVEL), "met": reached >= goal})
    return found


def told(found: dict[str, Any]) -> str:
    """Return one card's table to read."""
    lines = [
        f"\n{found['dataset']}: {found['rows']} rows, {found['positives']} positive, {found['features']} features; {found['protocol']}"
    ]
    lines.append(f"  {'model':48} {'AUC':>7} {'+-':>6} {'KS':>6} {'Brier':>7} {'logloss':>8}   ours less this: mean +- spread [95 %]")
    for row in found["models"]:
        line = (
            f"  {row['model']:48} {row['auc_mean']:7.4f} {row['auc_std']:6.4f} {row['ks']:6.3f} {row['brier']:7.4f} {row['log_loss']:8.4f}"
        )
        if paired := row.get("ours_minus_this"):
            line += f"   {paired['mean']:+.4f} +- {paired['std']:.4f}"
            line += f" [{paired['low']:+.4f}, {paired['high']:+.4f}]" if "low" in paired else ""
        lines.append(line)
    lines += [f"  cited: {p['model']:41} {p['auc']:7.4f} {p.get('spread', float('nan')):6.4f}   {p['source']}" for p in found["published"]]
    lines += [f"  goal {g['goal']} >= {g['at_least']}: {g['reached']:.4f} {'met' if g['met'] else 'NOT MET'}" for g in found["goals"]]
    return "\n".join(lines)


def run(path: Path, folder: Path | None, trials: int | None = None) -> dict[str, Any]:
    """Return the figures of one card. Raises CardError."""
    card = read(path)
    data = dataset.load(card, folder)
    return result(evaluate.run(data, models(card, trials), say))


def say(line: str) -> None:
    """Print progress where it does not mix with results."""
    print(line, file=sys.stderr, flush=True)


def data_folder(given: Path | None) -> Path | None:
    """Return the folder named on the command line, or by GREENBRIDGE_REAL_DATA."""
    named = given or os.environ.get("GREENBRIDGE_REAL_DATA")
    return Path(named).resolve() if named else None


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 0, or 2 with one sentence when a card or its data is wrong."""
    parser = argparse.ArgumentParser(prog="python -m ml.benchmark", description=__doc__)
    parser.add_argument("cards", nargs="*", type=Path, help="dataset cards; without any, all that ship (ml/cards)")
    parser.add_argument("--data", type=Path, help="where the cards' files are; else GREENBRIDGE_REAL_DATA")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    try:
        found = []
        for path in options.cards or sorted(CARDS.glob("*.toml")):
            start = time.monotonic()
            found.append(run(path, data_folder(options.data)))
            say(f"  {path.stem}: done in {time.monotonic() - start:.0f} s")
            if not options.json:
                print(told(found[-1]), flush=True)
    except CardError as problem:
        print(problem, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
