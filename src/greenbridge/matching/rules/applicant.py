"""What is known of a firm and its need, in the words that product rules use. What is not known stays unknown."""

import math
from collections.abc import Collection, Sequence
from datetime import date

from greenbridge.catalog.values import Applicant, Value
from greenbridge.facts.rules import items
from greenbridge.facts.rules.register import representative_changes
from greenbridge.facts.values import Fact, Floats, Series
from greenbridge.kit.calendar import add_months, whole_months
from greenbridge.needs.values import NeedDraft
from greenbridge.peers.values import Profile
from greenbridge.scoring.rules import features

TWO_YEARS = 24


def applicant(
    draft: NeedDraft,
    region_code: str,
    known: Sequence[Fact],
    series: Series,
    default_probability: float | None,
    delivered: Collection[str],
    today: date,
    profile: Profile | None = None,
    green_grade: str | None = None,
) -> Applicant:
    """Return the applicant. `series` holds one firm; `delivered` names the items of which any department data came; `profile` is the
    firm as it is compared with its peers.

    A firm without a court case is at zero cases only if the courts delivered at all; else the number is unknown.
    """
    facts: dict[str, Value | None] = {
        "amount_fen": draft.amount_fen,
        "term_months": draft.term_months,
        "max_annual_rate_bp": draft.max_annual_rate_bp,
        "purpose": draft.purpose.value,
        "guarantee_modes": tuple(mode.value for mode in draft.guarantee_modes),
        "collateral": tuple(kind.value for kind in draft.collateral),
        "first_loan": draft.first_loan,
        "region_code": region_code,
        "default_probability": default_probability,
        "green_grade": green_grade,
    }
    if profile is not None:
        found, staff = profile.industry, profile.values.get("staff_count")
        facts["industry"] = f"{found.section}{found.code}" if found else None
        facts["enterprise_size"] = profile.sizing.size.value if profile.sizing.size else None
        facts["insured_staff"] = staff
    facts |= _registered(known, today) | _invoiced(series, draft.amount_fen) | _recorded(known, delivered, today) | _power(known)
    return Applicant(facts)


def _registered(known: Sequence[Fact], today: date) -> dict[str, Value | None]:
    registration = next((f for f in known if f.item == items.REGISTRATION), None)
    found: dict[str, Value | None] = {}
    if registration:
        established = registration.values.get("established")
        changes = [f.values["changed_on"] for f in representative_changes(f for f in known if f.item == items.CHANGES)]
        changed = max([*changes, registration.values.get("legal_representative_changed_on") or ""])
        found["established_on"] = established or None
        found["firm_age_months"] = whole_months(date.fromisoformat(established), today) if established else None
        found["legal_representative_unchanged_months"] = whole_months(date.fromisoformat(changed), today) if changed else None
    grade = max((f for f in known if f.item == items.TAX_GRADE), key=lambda f: f.valid_from, default=None)
    found["tax_grade"] = grade.values["grade"] if grade else None
    return found


def _invoiced(series: Series, amount_fen: int) -> dict[str, Value | None]:
    a = series.monthly

    def one(values: Floats) -> float | None:
        return None if math.isnan(values[0]) else float(values[0])

    revenue = one(features.total(a["sales_net"]))
    output_tax, input_tax = one(features.total(a["sales_tax"])), one(features.total(a["purchase_tax"]))
    vat = None if output_tax is None else output_tax - (input_tax or 0.0)
    before = one(features.total(a["sales_net"], 12, 12))
    counts = a["sales_count"][0]
    history = sum(not math.isnan(c) for c in counts)
    top1, top5, kept = (one(series.yearly[f"customer_{name}"][:, -1]) for name in ("top1_share", "top5_share", "kept_share"))
    return {
        "revenue_12m_fen": revenue,
        "vat_12m_fen": vat,
        "sales_active_months_12": float(sum(c > 0 for c in counts[-12:])) if history else None,
        "sales_zero_months_24": float(sum(c == 0 for c in counts[-24:])) if history else None,
        "invoice_history_months": float(history) if history else None,
        "void_share_12m": one(features.void_share(a)),
        "revenue_growth_12m": revenue / before - 1 if revenue is not None and before and before > 0 else None,
        "customer_top1_share": top1,
        "customer_top5_share": top5,
        "customer_kept_share": kept,
        "amount_to_revenue": amount_fen / revenue if revenue and revenue > 0 else None,
        "amount_to_vat": amount_fen / vat if vat and vat > 0 else None,
    }


def _recorded(known: Sequence[Fact], delivered: Collection[str], today: date) -> dict[str, Value | None]:
    since = add_months(today, -TWO_YEARS)
    found: dict[str, Value | None] = {}
    if items.JUDGMENTS in delivered:
        judged = [f for f in known if f.item == items.JUDGMENTS and f.values.get("role") == "defendant"]
        found["defendant_cases_24m"] = float(sum(f.valid_from >= since for f in judged))
    if items.ENFORCEMENT in delivered:
        found["open_enforcements"] = float(sum(f.item == items.ENFORCEMENT and _still_open(f, "closed_on", today) for f in known))
    if items.DISHONESTY in delivered:
        found["dishonesty_listed"] = any(f.item == items.DISHONESTY and _still_open(f, "removed_on", today) for f in known)
    if items.PENALTIES in delivered:
        found["penalties_24m"] = float(sum(f.item == items.PENALTIES and f.valid_from >= since for f in known))
    if items.TAX_ARREARS in delivered:
        owed = [f for f in known if f.item == items.TAX_ARREARS and _still_open(f, "cleared_on", today)]
        found["tax_arrears_fen"] = float(sum(f.values.get("amount_fen") or 0 for f in owed))
    for name, item in (("abnormal_listed", items.ABNORMAL_LIST), ("severe_listed", items.SEVERE_LIST)):
        if item in delivered:
            found[name] = any(f.item == item and _still_open(f, "removed_on", today) for f in known)
    return found


def _still_open(fact: Fact, end: str, today: date) -> bool:
    ended = fact.values.get(end)
    return not ended or date.fromisoformat(ended) > today


def _power(known: Sequence[Fact]) -> dict[str, Value | None]:
    months = sorted((f for f in known if f.item == items.ELECTRICITY), key=lambda f: f.valid_from)
    usage = [float(f.values["usage_kwh"]) for f in months][-TWO_YEARS:]
    if len(usage) < TWO_YEARS or not sum(usage[:12]):
        return {"electricity_growth_12m": None}
    return {"electricity_growth_12m": sum(usage[12:]) / sum(usage[:12]) - 1}
