"""A firm's industry and size."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from greenbridge.peers.values import Industry, Size, SizeClass, SizePolicy, Sizing
from greenbridge.reference.values import IndustryGuess

Classify = Callable[[str, str | None], IndustryGuess | None]
_CODE = re.compile(r"[A-T]?(\d{2,4})")
GONE = frozenset({"deregistered", "revoked", "moved_out"})
ABOVE_MICRO = (Size.LARGE, Size.MEDIUM, Size.SMALL)


def trading(registration: Mapping[str, Any] | None) -> bool:
    """Return whether a firm counts among peers: the register does not say that it is gone. Without a registration it counts."""
    return registration is None or registration.get("state") not in GONE


def industry(registration: Mapping[str, Any] | None, sections: Mapping[str, str], classify: Classify) -> Industry | None:
    """Return a firm's industry: the delivered code where its division exists, else what name and scope speak for; None: neither.

    `sections` maps divisions to letters. "C1742" and "1742" are division 17 of section C; "纺织" is no code, so that the words decide.
    """
    if registration is None:
        return None
    delivered = _CODE.fullmatch(str(registration.get("industry") or "").strip())
    if delivered and (section := sections.get(delivered[1][:2])):
        return Industry(section, delivered[1], derived=False)
    guess = classify(registration.get("name") or "", registration.get("business_scope"))
    return Industry(guess.section, guess.division, derived=True) if guess else None


def size(policy: SizePolicy, of: Industry | None, known: Mapping[str, float | None]) -> Sizing:
    """Return a firm's size: the largest of which it reaches every lower limit, micro when it reaches none.

    An unknown indicator is left out and named in `missing`; none known, or no limits for the industry: no size. A spinner with
    120 staff and 15 m yuan of revenue is small (medium needs 300 and 20 m); with revenue unknown it is small by its staff.
    """
    limits = _class_of(policy, of)
    if limits is None:
        return Sizing(None)
    used = {name: value for name in limits.limits if (value := known.get(name)) is not None}
    missing = tuple(name for name in limits.limits if name not in used)
    if not used:
        return Sizing(None, missing)
    reached = (s for rank, s in enumerate(ABOVE_MICRO) if all(value >= limits.limits[name][rank] for name, value in used.items()))
    return Sizing(next(reached, Size.MICRO), missing)


def _class_of(policy: SizePolicy, of: Industry | None) -> SizeClass | None:
    """Return the class with the longest code that the industry's begins with."""
    if of is None:
        return None
    found = [(len(code), c) for c in policy.classes for code in c.codes if of.code.startswith(code)]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def indicators(
    sales_fen: float | None, insured: float | None, registration: Mapping[str, Any] | None, annual_report: Mapping[str, Any] | None
) -> dict[str, float | None]:
    """Return staff, revenue and assets as far as they are known.

    Staff: insured heads, else those of the annual report, else the register's. Revenue: net sales of 12 months, else the annual
    report's. Assets: the annual report's.
    """
    report, registered = annual_report or {}, registration or {}
    return {
        "staff": _first(insured, report.get("staff_count"), registered.get("staff_count")),
        "revenue_fen": _first(sales_fen, report.get("revenue_fen")),
        "assets_fen": _first(report.get("assets_fen")),
    }


def _first(*values: Any) -> float | None:
    return next((float(value) for value in values if value is not None), None)
