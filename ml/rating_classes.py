"""Cuts from probability to rating for firms without one: `python -m ml.rating_classes --data DIR` prints them and how far they agree."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import cohen_kappa_score

from greenbridge.scoring.rules import features
from ml import data, evaluate
from ml.train import VERSION

RATINGS = "ABCD"


def main() -> None:
    """Learn the cuts on the rated firms' out-of-fold probabilities; of the ratings only their shares are used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds cumcm2020c/")
    folder = parser.parse_args().data
    labelled = data.load(folder)
    x = features.compute({**labelled.series.monthly, **labelled.series.yearly})
    directions = [feature.direction for feature in features.FEATURES]
    held_out = evaluate.cross_validate(x, labelled.defaulted, evaluate.monotone(directions)).oof.mean(axis=0)
    rated = pd.read_parquet(folder / "cumcm2020c" / "with_history_enterprises.parquet", columns=["credit_rating"])["credit_rating"]
    given = np.array([RATINGS.index(letter.strip()) for letter in rated])
    shares = np.bincount(given, minlength=4).cumsum()[:-1] / len(given)
    cuts = np.quantile(held_out, shares)
    assigned = np.searchsorted(cuts, held_out, side="right")
    print(f"{VERSION}: {len(given)} firms, cuts {np.round(cuts, 4).tolist()}")
    print(f"same rating {np.mean(assigned == given):.2f}, one apart or less {np.mean(abs(assigned - given) <= 1):.2f}, "
          f"kappa (quadratic) {cohen_kappa_score(given, assigned, weights='quadratic'):.2f}")  # fmt: skip
    print("given, then assigned A B C D")
    for i, letter in enumerate(RATINGS):
        print(letter, *(f"{n:4d}" for n in np.bincount(assigned[given == i], minlength=4)))


if __name__ == "__main__":
    main()
