"""Small generated tables: marked as such, seeded, with a signal that a model can find."""

from pathlib import Path

import numpy as np
import pandas as pd

CARD = """
name = "generated-small"
[data]
files = ["{file}"]
[label]
column = "outcome"
positive = "bad"
[protocol]
kind = "kfold"
folds = 3
repeats = 1
seed = 7
[features]
types = {{ code = "categorical" }}
directions = {{ debt = 1, amount = -1 }}
[[leaks]]
columns = ["written_off"]
reason = "known afterwards"
[[segments]]
column = "sector"
[stability]
column = "year"
[tuning]
trials = 3
"""


def generated(n: int = 240, seed: int = 1) -> pd.DataFrame:
    """A table as delivered in life: money as text, dates, categories, gaps, an identifier, a constant and a leak."""
    rng = np.random.default_rng(seed)
    amount, debt = rng.lognormal(10, 1, n), rng.normal(size=n)
    sector = rng.choice(["trade", "industry", "services"], n)
    year = rng.integers(2015, 2020, n)
    margin = 1.6 * debt - 0.5 * (np.log(amount) - 10) + (sector == "trade") - 1.6
    bad = rng.random(n) < 1 / (1 + np.exp(-margin))
    return pd.DataFrame({
        "loan": [f"L{i:06d}" for i in range(n)],
        "amount": [f"${a:,.2f}" for a in amount],
        "debt": np.where(rng.random(n) < 0.1, np.nan, debt),
        "sector": np.where(rng.random(n) < 0.05, None, sector),
        "code": rng.integers(1, 40, n),
        "approved": [f"{day}/{month}/{y}" for day, month, y in zip(rng.integers(1, 28, n), rng.integers(1, 13, n), year, strict=True)],
        "year": year,
        "country": "CN",
        "written_off": np.where(bad, 1000.0, 0.0),
        "outcome": np.where(bad, "bad", "good"),
    })  # fmt: skip


def a_card(folder: Path) -> Path:
    generated().to_csv(folder / "generated.csv", index=False)
    path = folder / "card.toml"
    path.write_text(CARD.format(file="generated.csv"), encoding="utf-8")
    return path
