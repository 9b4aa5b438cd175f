"""Words that both sides' pages use, and a record in words."""

from collections.abc import Callable, Mapping
from typing import Any

from greenbridge.disputes.values import ESCALATION_NAMES, GROUND_NAMES, OUTCOME_NAMES, PRESENT_NAMES, STATE_NAMES
from greenbridge.facts.values import Field, Item, Kind
from greenbridge.kit.calendar import SHANGHAI
from greenbridge.kit.codes import region_name
from greenbridge.kit.money import in_yuan
from greenbridge.kit.text import Text

WORDS: dict[str, Any] = {
    "states": STATE_NAMES,
    "grounds": GROUND_NAMES,
    "outcomes": OUTCOME_NAMES,
    "presents": PRESENT_NAMES,
    "escalations": ESCALATION_NAMES,
    "shanghai": SHANGHAI,
}
UNITS = {
    "percent": Text("%", "%"),
    "share": Text("（占比）", "(share)"),
    "persons": Text("人", "persons"),
    "kwh": Text("千瓦时", "kWh"),
    "m3": Text("立方米", "m³"),
    "m2": Text("平方米", "m²"),
}


def told(item: Item, values: Mapping[str, Any]) -> list[tuple[Text, Text]]:
    """Return (label, value in words) of a record's fields that have a value, in the catalogue's order."""
    found = ((field.label, _shown(field, values)) for field in item.fields if field.name != "uscc")
    return [(label, value) for label, value in found if value is not None]


def _shown(field: Field, values: Mapping[str, Any]) -> Text | None:
    if field.kind is Kind.YUAN:
        return _amount(field.name, values)
    value = values.get(field.name)
    if value is None:
        return None
    if field.kind is Kind.CHOICE:
        return Text(field.choice_name(value), str(value).replace("_", " "))
    if field.name in _SHOWN_AS:
        return _same(_SHOWN_AS[field.name](str(value)))
    unit = UNITS.get(field.unit)
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return Text(f"{shown} {unit.zh}", f"{shown} {unit.en}") if unit else _same(shown)


_SHOWN_AS: Mapping[str, Callable[[str], str]] = {"reg_region_code": region_name, "month": lambda day: day[:7]}


def _amount(name: str, values: Mapping[str, Any]) -> Text | None:
    if (foreign := values.get(f"{name}_foreign")) is not None:
        return _same(f"{foreign / 100:,.2f} {values.get(f'{name}_currency')}")
    fen = values.get(f"{name}_fen")
    return None if fen is None else Text(f"{in_yuan(fen)} 元", f"{in_yuan(fen)} yuan")


def _same(text: str) -> Text:
    return Text(text, text)
