"""Part 3: what the firm sells, buys, pays and uses."""

from datetime import date

from greenbridge.facts.rules import items
from greenbridge.kit.calendar import add_months
from greenbridge.kit.text import Text
from greenbridge.reports.rules import records
from greenbridge.reports.rules.sections.build import YEAR, by_month, newest, period, section, year_sum
from greenbridge.reports.rules.sections.invoices import SUMS, figure_lines, months_table
from greenbridge.reports.values import Line, Material, Section
from greenbridge.scoring.rules import features

WANTED = (
    "tax.paid", "social_insurance.payments", "social_insurance.enrolments", "housing_fund.payments", "utilities.electricity", "utilities.water",
    "utilities.gas", "customs.trade", "real_estate.ownership", "real_estate.mortgages", "intellectual_property.patents",
    "intellectual_property.trademarks", "platform.record_counts",
)  # fmt: skip
# Sums of twelve months of records: item, stored field, catalogue field, key, label, unit.
SUMMED: tuple[tuple[str, str, str, str, Text, str], ...] = (
    (items.TAX_PAID, "paid_fen", "paid", "tax_paid_12m", Text("实缴税款", "Tax paid"), "fen"),
    (items.ELECTRICITY, "usage_kwh", "usage_kwh", "electricity_12m", Text("用电量", "Electricity"), "kwh"),
    ("utilities.water", "usage_m3", "usage_m3", "water_12m", Text("用水量", "Water"), "m3"),
    ("utilities.gas", "usage_m3", "usage_m3", "gas_12m", Text("用气量", "Gas"), "m3"),
)


def operation(material: Material) -> Section:
    """Return VAT of the last months, taxes paid, head count, utilities against sales."""
    lines = [*figure_lines(material), *_sums(material), _power_per_sales(material), *_head_count(material)]
    title = Text("税务与经营", "Tax and operation")
    return section("tax_and_operation", title, material, WANTED, items.VAT_INVOICES, lines=lines, tables=months_table(material))


def _sums(material: Material) -> list[Line]:
    """Return sums over the twelve months that end with the newest record; unknown where a month of them is missing."""
    lines = []
    for item, stored, field, key, label, unit in SUMMED:
        months = by_month(material, item, stored)
        last = max(months, default=None)
        first = add_months(last or material.as_of.replace(day=1), 1 - YEAR)
        value = year_sum(months, last)
        found = newest(records.of(material, item))
        source = records.of_fact(material, found) if value is not None and found else None
        when = period(first, last) if last and value is not None else None
        figure = round(value) if value is not None else None
        of_year = (
            fact for fact in records.of(material, item) if figure is not None and last and first <= fact.valid_from.replace(day=1) <= last
        )
        reads, disputed = (f"{item}.{field}", f"{item}.month"), records.disputed(material, of_year)
        lines.append(Line(key, label, figure, unit, reads, source, first, period=when, disputed=disputed))
    return lines


def _power_per_sales(material: Material) -> Line:
    """Return electricity against sales of the same twelve months: `12,000 kWh on 600,000 yuan are 200 kWh per 10,000 yuan`."""
    last = material.series.last_month
    months = by_month(material, items.ELECTRICITY, "usage_kwh")
    power = year_sum(months, last)
    sales = float(features.total(material.series.monthly["sales_net"])[0]) if last else 0.0
    value = round(power / (sales / 1_000_000), 2) if power is not None and sales > 0 else None
    found = newest(records.of(material, items.ELECTRICITY))
    source = records.of_fact(material, found) if value is not None and found else None
    first = add_months(last, 1 - YEAR) if last else None
    when = period(first, last) if first and last and value is not None else None
    reads = (f"{items.ELECTRICITY}.usage_kwh", f"{items.ELECTRICITY}.month", *SUMS)
    return Line("power_per_sales", Text("单位销售额用电", "Electricity per sales"), value, "kwh_per_wan", reads, source, first, period=when)


def head_counts(material: Material) -> dict[date, float]:
    """Return month -> persons insured: the largest of its kinds of insurance."""
    found: dict[date, float] = {}
    for fact in records.of(material, items.SOCIAL_INSURANCE):
        if (staff := fact.values.get("staff_count")) is not None:
            month = fact.valid_from.replace(day=1)
            found[month] = max(found.get(month, 0.0), staff)
    return found


def _head_count(material: Material) -> list[Line]:
    counts = head_counts(material)
    last = max(counts, default=None)
    found = newest(records.of(material, items.SOCIAL_INSURANCE))
    source = records.of_fact(material, found) if found and last else None
    reads = (f"{items.SOCIAL_INSURANCE}.staff_count", f"{items.SOCIAL_INSURANCE}.month")
    before = counts.get(add_months(last, -YEAR)) if last else None
    change = round(counts[last] - before) if last and before is not None else None
    first = add_months(last, -YEAR) if last else add_months(material.as_of.replace(day=1), -YEAR)
    now = period(last, last) if last else None
    of_month = (fact for fact in records.of(material, items.SOCIAL_INSURANCE) if fact.valid_from.replace(day=1) == last)
    disputed = records.disputed(material, of_month)
    return [
        Line("head_count", Text("社保参保人数", "Persons insured"), round(counts[last]) if last else None, "persons", reads, source, last, period=now, disputed=disputed),
        Line(
            "head_count_change",
            Text("参保人数较一年前", "Persons insured against a year ago"),
            change,
            "persons",
            reads,
            source if change is not None else None,
            first,
            period=period(first, last) if last and change is not None else None,
        ),
    ]  # fmt: skip
