"""Generated models: trained on seeded noise, of any shape that a test asks for."""

import hashlib
import json
from pathlib import Path

import lightgbm
import numpy as np

from greenbridge.scoring.rules.features import FEATURES
from greenbridge.settings import home


def rows(n: int, n_features: int, seed: int, unknown: float = 0.15) -> np.ndarray:
    """Return float[n, n_features] with NaN, zeros, tiny and infinite values among them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, n_features))
    x[rng.random(x.shape) < unknown] = np.nan
    x[rng.random(x.shape) < 0.03] = 0.0
    x[rng.random(x.shape) < 0.01] = 1e-36
    x[rng.random(x.shape) < 0.01] = -np.inf
    x[rng.random(x.shape) < 0.01] = np.inf
    return x


def booster(trees: int, leaves: int, n_features: int, seed: int, *, n: int = 3000, unknown: float = 0.15, **parameters) -> lightgbm.Booster:
    rng = np.random.default_rng(seed + 1)
    x = rows(n, n_features, seed, unknown)
    signal = np.nan_to_num(x, nan=0.5, posinf=3, neginf=-3)[:, : max(1, n_features // 2)]
    y = signal @ rng.normal(size=signal.shape[1]) + np.where(np.isnan(x[:, 0]), 1, 0) + rng.normal(size=n) > 0
    settings = {
        "objective": "binary",
        "num_leaves": leaves,
        "min_data_in_leaf": 5,
        "verbosity": -1,
        "num_threads": 1,
        "seed": seed,
        **parameters,
    }
    return lightgbm.train(settings, lightgbm.Dataset(x, y.astype(int)), trees)


def folder(into: Path, version: str, model: lightgbm.Booster, **card) -> Path:
    """Write a model folder whose features are the first of FEATURES by name."""
    made = into / version
    made.mkdir(parents=True)
    (made / "model.txt").write_text(model.model_to_string())
    n = model.num_feature()
    named = [f.name for f in FEATURES][:n] + [f"x{i}" for i in range(max(0, n - len(FEATURES)))]
    features = [{"name": name, "median": 0.0} for name in named]
    (made / "card.json").write_text(
        json.dumps({"version": version, "calibration": {"slope": 1.0, "intercept": 0.0}, "features": features, **card})
    )
    return made


def artifacts(into: Path, *versions: str) -> Path:
    """Return a folder of artifacts with the shipped model under several names, the first one current; each calibrated a little apart.

    Page and challenger of the shipped one lie beside each, named with their hashes by its card.
    """
    shipped = home() / "ml" / "artifacts"
    shipped /= (shipped / "current").read_text().strip()
    for number, version in enumerate(versions):
        (into / version).mkdir(parents=True)
        card = json.loads((shipped / "card.json").read_text())
        calibration = {"kind": "logistic", "slope": 0.8, "intercept": -0.15 - 0.5 * number}
        files = {}
        for name in ("model.txt", "card.html", "scorecard.json"):
            (into / version / name).write_bytes((shipped / name).read_bytes())
            files[name] = hashlib.sha256((shipped / name).read_bytes()).hexdigest()
        told = {**card, "version": version, "calibration": calibration, "files": files}
        (into / version / "card.json").write_text(json.dumps(told))
    (into / "current").write_text(versions[0] + "\n")
    return into
