"""Words and readings that the pages of both sides share."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from litestar import Response

from greenbridge.collateral.rules.identity import PARTS
from greenbridge.collateral.values import (
    EVENT_NAMES,
    EVIDENCE_NAMES,
    KIND_NAMES,
    ORDER_STATE_NAMES,
    REGISTRATION_NAMES,
    SHARING_NAMES,
    STATE_NAMES,
    AssetKind,
    PledgeState,
    PledgeView,
    RegistrationState,
    Stated,
)
from greenbridge.kit.calendar import SHANGHAI
from greenbridge.kit.canonical import canonical
from greenbridge.kit.errors import Invalid, NotFound
from greenbridge.kit.money import fen_from_wan
from greenbridge.kit.web import download

WORDS: dict[str, Any] = {
    "kinds": KIND_NAMES,
    "states": STATE_NAMES,
    "events": EVENT_NAMES,
    "evidences": EVIDENCE_NAMES,
    "registration_states": REGISTRATION_NAMES,
    "order_states": ORDER_STATE_NAMES,
    "sharings": SHARING_NAMES,
    "parts": PARTS,
    "shanghai": SHANGHAI,
    "PledgeState": PledgeState,
    "RegistrationState": RegistrationState,
}
Form = Mapping[str, str]


def kind_of(text: str) -> AssetKind:
    """Return the kind that a form or an address names; an invoice where it names none."""
    return AssetKind(text) if text in set(AssetKind) else AssetKind.INVOICE


def fen(form: Form, name: str) -> int:
    """Return an amount typed in 万元. Raises Invalid."""
    try:
        return fen_from_wan(form.get(name, ""))
    except ValueError:
        raise Invalid.at("wrong-amount", name, "请填写金额（万元）。", "Type an amount in 10,000 yuan.") from None


def stated_of(form: Form, *, whole_fen: int | None = None) -> Stated:
    """Return the asset that a form states. Raises Invalid for an amount that is none."""
    kind = kind_of(form.get("kind", ""))
    fields = {part.name: form.get(part.name, "") for part in PARTS[kind] if form.get(part.name, "").strip()}
    return Stated(kind, fields, fen(form, "whole_fen") if whole_fen is None else whole_fen)


def day_of(form: Form, name: str) -> date:
    """Return a date typed as 2026-09-01. Raises Invalid."""
    try:
        return date.fromisoformat(form.get(name, ""))
    except ValueError:
        raise Invalid.at("wrong-day", name, "请选择日期。", "Choose a day.") from None


def by_asset(views: Sequence[PledgeView]) -> list[tuple[PledgeView, list[PledgeView], int]]:
    """Return (first pledge, all pledges, share of the whole that stands in tenths of a per cent) of each asset, as listed."""
    groups: dict[str, list[PledgeView]] = {}
    for view in views:
        groups.setdefault(view.pledge.statement, []).append(view)
    for found in groups.values():
        found.sort(key=lambda view: (view.pledge.ended_at is not None, view.pledge.rank or 0))
    return [
        (found[0], found, round(1000 * sum(v.pledge.share for v in found if v.pledge.state is PledgeState.ACTIVE)))
        for found in groups.values()
    ]


def receipt_file(view: PledgeView, event: str) -> Response[bytes]:
    """Return a signed receipt as a file. Raises NotFound."""
    found = next((one for one in view.history if one.event.value == event and one.receipt), None)
    if found is None or found.receipt is None:
        raise NotFound("no-receipt", "没有这份回执。", "There is no such receipt.")
    return download(canonical(found.receipt), "application/json", f"receipt-{view.pledge.number}-{event}.json")
