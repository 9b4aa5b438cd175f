"""Cuts from probability to rating for firms without one: `python -m ml.rating_classes --data DIR` prints them and how far they agree."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import cohen_kappa_score

from ml import benchmark, dataset, dataset_card, evaluate

CARD = Path(__file__).parent / "cards" / "cumcm-default.toml"
RATINGS = "ABCD"


def main() -> None:
    """Learn the cuts on the rated firms' out-of-fold probabilities; of the ratings only their shares are used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds cumcm2020c/")
    folder = parser.parse_args().data
    card = dataset_card.read(CARD)
    evaluation = evaluate.run(dataset.load(card, folder), benchmark.models(card)[:1], benchmark.say)
    _, held_out = evaluation.held_out(evaluation.ours)
    rated = pd.read_parquet(folder / "cumcm2020c" / "with_history_enterprises.parquet", columns=["credit_rating"])["credit_rating"]
    given = np.array([RATINGS.index(letter.strip()) for letter in rated])
    shares = np.bincount(given, minlength=4).cumsum()[:-1] / len(given)
    cuts = np.quantile(held_out, shares)
    assigned = np.searchsorted(cuts, held_out, side="right")
    print(f"{card.version}: {len(given)} firms, cuts {np.round(cuts, 4).tolist()}")
    print(f"same rating {np.mean(assigned == given):.2f}, one apart or less {np.mean(abs(assigned - given) <= 1):.2f}, "
          f"kappa (quadratic) {cohen_kappa_score(given, assigned, weights='quadratic'):.2f}")  # fmt: skip
    print("given, then assigned A B C D")
    for i, letter in enumerate(RATINGS):
        print(letter, *(f"{n:4d}" for n in np.bincount(assigned[given == i], minlength=4)))


if __name__ == "__main__":
    main()
