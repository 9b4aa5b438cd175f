"""The firm that the policy's cases change."""

from datetime import date

from greenbridge.kit.text import Text
from greenbridge.needs.values import GuaranteeMode
from greenbridge.underwriting.values import Benchmark, Evidence, Flag, Month, OpenFlag
from tests.builders import a_draft, a_product

LPR = Benchmark("1Y", 300, date(2026, 2, 20))
YUAN = 100


def evidence(**changes):
    return Evidence(
        **{
            "default_probability": 0.016,
            "sales_12m_fen": 6_000_000 * YUAN,
            "vat_12m_fen": 390_000 * YUAN,
            "tax_grade": "A",
            "months": (Month(500_000 * YUAN, 250_000 * YUAN),) * 12,
            **changes,
        }
    )


def case_inputs(known):
    """Return (evidence, draft, product) of a case."""
    changes, draft, product = {}, a_draft(), a_product(max_default_probability=0.7)
    for name, value in known.items():
        if name == "nothing":
            changes = dict.fromkeys(("default_probability", "sales_12m_fen", "vat_12m_fen", "tax_grade")) | {"months": ()}
        elif name == "mode":
            draft = a_draft(guarantee_modes=(GuaranteeMode(value),))
            product = a_product(guarantee_modes=(GuaranteeMode(value),))
        elif name == "flag":
            changes["flags"] = (Flag(value, True, Text("执行案件未结：1 条", "Enforcement open: 1 records")),)
        elif name == "withheld_flag":
            changes["open_flags"] = (OpenFlag(value, Text("执行案件未结", "Enforcement open"), withheld=True),)
        else:
            changes[name.replace("_yuan", "_12m_fen")] = value * YUAN if name.endswith("_yuan") else value
    return evidence(**changes), draft, product
