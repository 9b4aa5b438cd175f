"""Part 1: who the firm is."""

from datetime import date

from greenbridge.facts.rules import items
from greenbridge.kit.calendar import whole_months
from greenbridge.kit.codes import region_name
from greenbridge.kit.text import Text
from greenbridge.reports.rules import records
from greenbridge.reports.rules.sections.build import section
from greenbridge.reports.values import Line, Material, Section

WANTED = (
    "registration.changes", "registration.branches", "annual_report.report", "licences.licences", "licences.qualifications",
    "environment.discharge_permit",
)  # fmt: skip


def registration(material: Material) -> Section:
    """Return what the market regulator registered."""
    found = records.of(material, items.REGISTRATION)
    values = found[0].values if found else {}
    described = records.of_fact(material, found[0]) if found else None
    uscc = material.enterprise.uscc if found else None
    marked = records.disputed(material, found[:1])
    code = Text("统一社会信用代码", "Social credit code")
    lines = [Line("uscc", code, uscc, "", (f"{items.REGISTRATION}.uscc",), described, disputed=marked)]
    for field in material.items[items.REGISTRATION].fields:
        if field.name == "uscc":
            continue
        value = records.shown(field, values)
        if field.name == "reg_region_code" and value:
            value = region_name(str(value))
        reads = (f"{items.REGISTRATION}.{field.name}",)
        source = described if value is not None else None
        lines.append(Line(field.name, field.label, value, records.column_unit(field), reads, source, disputed=marked))
    established = values.get("established")
    months = whole_months(date.fromisoformat(established), material.as_of) if established else None
    reads = (f"{items.REGISTRATION}.established",)
    source = described if months is not None else None
    lines.append(Line("firm_age_months", Text("成立时间", "Age"), months, "months", reads, source, disputed=marked))
    return section("registration", Text("登记信息", "Registration"), material, WANTED, items.REGISTRATION, lines=lines)
