"""One catalogue and its applicants in the forms that the engines of the benchmark read. Fourteen criteria a product; all is generated."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from greenbridge.catalog.values import Bank, LoanProduct, Operator, Rule
from greenbridge.needs.values import GuaranteeMode, Purpose
from tests.builders import a_product

CITIES = ("330500", "330400", "330100", "330200")
DISTRICTS = {"330500": "330502", "330400": "330402", "330100": "330102", "330200": "330203"}
PURPOSES = tuple(Purpose)
MODES = tuple(GuaranteeMode)
GRADES = ("A", "B", "M", "C", "D")
WAN = 1_000_000
# (fact, "least" or "most", limits to draw from)
NUMBERS: tuple[tuple[str, str, tuple[float, ...]], ...] = (
    ("amount_fen", "least", tuple(w * WAN for w in (1, 5, 10, 20, 50))),
    ("amount_fen", "most", tuple(w * WAN for w in (100, 300, 500, 1000, 3000))),
    ("term_months", "least", (1, 3, 6, 12)),
    ("term_months", "most", (12, 24, 36, 60)),
    ("max_annual_rate_bp", "least", tuple(range(300, 560, 10))),
    ("firm_age_months", "least", (0, 6, 12, 24, 36, 60)),
    ("revenue_12m_fen", "least", tuple(w * WAN for w in (0, 50, 100, 200, 500, 1000))),
    ("void_share_12m", "most", (0.05, 0.1, 0.15, 0.2, 0.3)),
    ("defendant_cases_24m", "most", (0, 1, 2, 5)),
    ("default_probability", "most", (0.05, 0.1, 0.15, 0.2, 0.3)),
)
WORDS = {"city": CITIES, "purpose": PURPOSES, "guarantee_mode": MODES, "tax_grade": GRADES}


class World:
    """`n` products; `limits[fact, end][i]` and `allowed[word][i]` are what product i asks."""

    def __init__(self, n: int, seed: int = 5) -> None:
        rng = np.random.default_rng(seed)
        self.n = n
        self.limits = {(fact, end): rng.choice(options, n) for fact, end, options in NUMBERS}
        self.allowed = {
            word: [sorted(rng.choice(options, rng.integers(2, len(options)), replace=False)) for _ in range(n)]
            for word, options in WORDS.items()
        }
        self.products = [self._product(i) for i in range(n)]

    def _product(self, i: int) -> LoanProduct:
        at = {key: limits[i].item() for key, limits in self.limits.items()}
        entry = (
            Rule("firm_age_months", Operator.AT_LEAST, at["firm_age_months", "least"]),
            Rule("revenue_12m_fen", Operator.AT_LEAST, at["revenue_12m_fen", "least"]),
            Rule("void_share_12m", Operator.AT_MOST, at["void_share_12m", "most"]),
            Rule("defendant_cases_24m", Operator.AT_MOST, at["defendant_cases_24m", "most"]),
            Rule("tax_grade", Operator.IN, tuple(map(str, self.allowed["tax_grade"][i]))),
        )
        return replace(
            a_product(),
            code=f"P{i:05d}",
            bank=Bank(f"GB{i % 159:03d}", f"银行{i % 159}"),
            min_amount_fen=int(at["amount_fen", "least"]),
            max_amount_fen=int(at["amount_fen", "most"]),
            min_term_months=int(at["term_months", "least"]),
            max_term_months=int(at["term_months", "most"]),
            min_annual_rate_bp=int(at["max_annual_rate_bp", "least"]),
            purposes=tuple(map(Purpose, self.allowed["purpose"][i])),
            guarantee_modes=tuple(map(GuaranteeMode, self.allowed["guarantee_mode"][i])),
            regions=tuple(map(str, self.allowed["city"][i])),
            max_default_probability=at["default_probability", "most"],
            entry_rules=entry,
        )

    def frame(self) -> pl.DataFrame:
        """The catalogue as a table: limits as numbers, lists as bit masks of their words."""
        columns: dict[str, Any] = {"code": [p.code for p in self.products]}
        columns |= {f"{fact}_{end}": limits.astype(float) for (fact, end), limits in self.limits.items()}
        for word, options in WORDS.items():
            columns[word] = [sum(1 << options.index(one) for one in held) for held in self.allowed[word]]
        return pl.DataFrame(columns)

    def decision_table(self) -> str:
        """The catalogue as one decision table of GoRules zen, collecting every row that holds."""
        inputs = [(f"{fact}_{end}", fact, ">=" if end == "least" else "<=") for fact, end, _ in NUMBERS]
        columns = [{"id": key, "name": key, "type": "expression", "field": field} for key, field, _ in inputs]
        columns += [{"id": word, "name": word, "type": "expression", "field": word} for word in WORDS]
        rows = []
        for i, product in enumerate(self.products):
            row = {key: f"{sign} {self.limits[field, key.rpartition('_')[2]][i].item():g}" for key, field, sign in inputs}
            row |= {key: f"{sign} {self.limits[field, key.rpartition('_')[2]][i].item()}" for key, field, sign in inputs}
            row |= {word: ", ".join(json.dumps(str(one)) for one in self.allowed[word][i]) for word in WORDS}
            rows.append({"_id": str(i), "code": json.dumps(product.code), **row})
        table = {"hitPolicy": "collect", "rules": rows, "inputs": columns,
                 "outputs": [{"id": "code", "name": "code", "type": "expression", "field": "code"}]}  # fmt: skip
        nodes = [
            {"id": "in", "name": "in", "type": "inputNode"},
            {"id": "table", "name": "table", "type": "decisionTableNode", "content": table},
            {"id": "out", "name": "out", "type": "outputNode"},
        ]
        edges = [
            {"id": "a", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "b", "sourceId": "table", "targetId": "out", "type": "edge"},
        ]
        return json.dumps({"nodes": nodes, "edges": edges})


def applicants(n: int, seed: int = 9) -> pl.DataFrame:
    """`n` applicants as a table; every word is an index into WORDS."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        "amount_fen": rng.choice([20, 50, 80, 100, 300, 500, 1000], n) * float(WAN),
        "term_months": rng.choice([6.0, 12, 24, 36], n),
        "max_annual_rate_bp": rng.choice([380.0, 420, 450, 480, 520, 600], n),
        "firm_age_months": rng.integers(1, 240, n).astype(float),
        "revenue_12m_fen": np.round(rng.lognormal(20.5, 1.5, n)),
        "void_share_12m": rng.beta(1, 12, n),
        "defendant_cases_24m": rng.poisson(0.4, n).astype(float),
        "default_probability": rng.beta(1, 12, n),
    }
    return pl.DataFrame(columns | {word: rng.integers(0, len(options), n) for word, options in WORDS.items()})


def facts_of(row: dict[str, Any]) -> dict[str, Any]:
    """One applicant in the facts of the rule language."""
    numbers = {name: value for name, value in row.items() if name not in WORDS}
    words = {word: str(options[row[word]]) for word, options in WORDS.items()}
    return {**numbers, "region_code": DISTRICTS[words["city"]], "purpose": words["purpose"], "guarantee_modes": (words["guarantee_mode"],),
            "tax_grade": words["tax_grade"], "collateral": ()}  # fmt: skip


def zen_of(row: dict[str, Any]) -> dict[str, Any]:
    """One applicant as the decision table reads it."""
    return {**row, **{word: str(options[row[word]]) for word, options in WORDS.items()}}
