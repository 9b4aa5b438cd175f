"""Train and judge a model on any table: `python -m ml.train CARD.toml [--data DIR] [--out DIR]` writes an artifact.

The artifact is a folder named by the card's version: model.txt, card.json, card.html, scorecard.json, SHA256SUMS.
"""

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml import benchmark, champion, dataset, evaluate, page, scorecard
from ml.card import describe
from ml.dataset_card import CardError, DatasetCard, read

ARTIFACTS = Path(__file__).parent / "artifacts"


@dataclass(frozen=True, slots=True)
class Trained:
    """An artifact before it is written: the champion and the challenger on all rows, and the card."""

    model: str
    scorecard: dict[str, Any]
    card: dict[str, Any]
    evaluation: evaluate.Evaluation


def fit(data: dataset.Dataset, trials: int | None = None) -> tuple[champion.Champion, scorecard.Scorecard]:
    """Return the champion and the challenger, each trained on all rows of the data set."""
    card: DatasetCard = data.card
    imputation, seed = str(card.get("imputation", "trees", "none")), card.protocol.seed
    model = champion.fit(data.frame, data.y, data.columns, imputation, seed, trials or card.get("tuning", "trials"))
    return model, scorecard.fit(data.frame, data.y, data.columns, imputation, seed)


def train(path: Path, folder: Path | None, trials: int | None = None) -> Trained:
    """Return the artifact of a card. Raises CardError; the same data and seed give the same bytes."""
    card = read(path)
    data = dataset.load(card, folder)
    benchmark.say(f"{card.name}: {len(data.y)} rows, {int(data.y.sum())} positive, {len(data.columns)} features")
    evaluation = evaluate.run(data, benchmark.models(card, trials), benchmark.say)
    model, challenger = fit(data, trials)
    told = describe(data, model, evaluation)
    text = model.booster.model_to_string()
    told["model_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    return Trained(text, challenger.table(), told, evaluation)


def write(trained: Trained, out: Path) -> Path:
    """Write the artifact's files and their hashes; return its folder."""
    folder = out / str(trained.card["version"])
    folder.mkdir(parents=True, exist_ok=True)
    files = {"model.txt": trained.model, "scorecard.json": _json(trained.scorecard)}
    trained.card["files"] = {name: hashlib.sha256(content.encode()).hexdigest() for name, content in files.items()}
    files["card.html"] = page.html(trained.card, trained.scorecard)
    # The card names the page too, so that the fingerprint of model and card stands for all files.
    trained.card["files"]["card.html"] = hashlib.sha256(files["card.html"].encode()).hexdigest()
    files["card.json"] = _json(trained.card)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    sums = "".join(f"{hashlib.sha256(content.encode()).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    (folder / "SHA256SUMS").write_text(sums, encoding="utf-8")
    return folder


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Train, write and say what was reached; 0, or 2 with one sentence when the card or its data is wrong."""
    parser = argparse.ArgumentParser(prog="python -m ml.train", description=__doc__)
    parser.add_argument("card", type=Path, help="the dataset card (TOML); see docs/model-training.md")
    parser.add_argument("--data", type=Path, help="where the card's files are; else GREENBRIDGE_REAL_DATA")
    parser.add_argument("--out", type=Path, default=Path("artifacts"), help="where the artifact's folder is made (default: ./artifacts)")
    options = parser.parse_args(arguments)
    try:
        trained = train(options.card, benchmark.data_folder(options.data))
    except CardError as problem:
        print(problem, file=sys.stderr)
        return 2
    folder = write(trained, options.out)
    print(benchmark.told(benchmark.result(trained.evaluation)))
    print(f"\nwritten: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
