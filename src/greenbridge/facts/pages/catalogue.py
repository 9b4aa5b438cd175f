"""The data catalogue: what departments deliver, by whose law, for how long."""

from collections.abc import Mapping
from typing import Any

from litestar import Controller, get
from litestar.params import FromQuery
from litestar.response import Template

from greenbridge.accounts.guards import Caller
from greenbridge.facts import service
from greenbridge.facts.values import KIND_NAMES, OPENNESS_NAMES, SENSITIVITY_NAMES
from greenbridge.kit.text import Text
from greenbridge.kit.web import page

UNIT_NAMES: Mapping[str, Text] = {
    "yuan": Text("元", "yuan"),
    "persons": Text("人", "persons"),
    "count": Text("个", "count"),
    "year": Text("年", "year"),
    "m3": Text("立方米", "m³"),
    "m2": Text("平方米", "m²"),
    "kwh": Text("千瓦时", "kWh"),
    "percent": Text("%", "%"),
    "share": Text("比例", "share"),
}


def filtered(document: Mapping[str, Any], q: str, department: str) -> list[dict[str, Any]]:
    """Return the catalogue's categories with the items that a word and a department leave; each says which `found` fields hold it.

    A word is looked for in codes, names, spellings and the department; an empty one leaves everything.
    """
    word = q.strip().casefold()
    kept = []
    for category in document["categories"]:
        rows = []
        for item in category["items"]:
            if department and item["department"]["code"] != department:
                continue
            found = {f["name"] for f in item["fields"] if word and word in _words(f["name"], f["label"], *f["names"])}
            own = _words(item["code"], item["label"], item["department"], category["label"], item["legal_basis"])
            if not word or word in own or found:
                rows.append({**item, "found": found})
        if rows:
            kept.append({**category, "items": rows})
    return kept


def _words(*parts: Any) -> str:
    flat = [word for part in parts for word in ((part["zh"], part["en"]) if isinstance(part, Mapping) else (part,))]
    return "\n".join(flat).casefold()


class CataloguePages(Controller):
    """What departments deliver, by whose law, for how long: open to everybody."""

    include_in_schema = False

    @get("/catalogue")
    async def whole(self, request: Caller, q: FromQuery[str] = "", department: FromQuery[str] = "") -> Template:
        document = service.catalogue_document()
        return page(
            request,
            "catalogue.html",
            document=document,
            found=filtered(document, q, department),
            known=service.catalogue(),
            q=q.strip(),
            department=department,
            sensitivities=SENSITIVITY_NAMES,
            openness=OPENNESS_NAMES,
            kinds=KIND_NAMES,
            units=UNIT_NAMES,
            reason_text=service.reason_text,
        )
