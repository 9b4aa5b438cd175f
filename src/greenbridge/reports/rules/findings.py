"""The summary's sentences: red flags, and what became better or worse in twelve months. Each says its number, unit and period."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from greenbridge.facts.rules import items
from greenbridge.facts.rules.register import representative_changes
from greenbridge.facts.values import Shape
from greenbridge.kit.calendar import add_months
from greenbridge.kit.money import in_wan
from greenbridge.kit.text import Text
from greenbridge.reports.rules import records
from greenbridge.reports.rules.sections.adverse import INSURANCES, UNPAID
from greenbridge.reports.rules.sections.build import YEAR, amounts
from greenbridge.reports.rules.sections.invoices import SUMS, known
from greenbridge.reports.rules.sections.operation import head_counts
from greenbridge.reports.values import Finding, Level, Material
from greenbridge.scoring.rules import features

Holds = Callable[[Mapping[str, Any]], bool]
# From where a figure is worth a sentence. Void and concentration after 123 real firms (docs/decisions/0018-credit-report.md).
MANY_VOID, CONCENTRATED, FALL, SILENT = 0.15, 0.5, -0.3, 3
NOTABLE_CHANGE, NOTABLE_POINTS = 0.1, 0.02


def flags(material: Material) -> list[Finding]:
    """Return every red flag that is looked for, raised or not, the severest first."""
    severe, attention = Level.SEVERE, Level.ATTENTION

    def still(field: str) -> Holds:
        return lambda values: not values.get(field)

    def of_records(key: str, level: Level, label: Text, item: str, field: str, holds: Holds, amount: str = "") -> Finding:
        reads = tuple(f"{item}.{name}" for name in (field, amount) if name)
        found = [fact for fact in records.of(material, item) if holds(fact.values)]
        text = None
        if found:
            total, told = amounts(found, amount) if amount else (None, 0)
            some = "" if told == len(found) else f"（{told} 条有金额）", "" if told == len(found) else f" ({told} with an amount)"
            zh, en = (f"，涉及 {in_wan(total)} 万元{some[0]}", f", {in_wan(total)} x10k yuan{some[1]}") if total else ("", "")
            text = Text(f"{label.zh}：{len(found)} 条{zh}", f"{label.en}: {len(found)} records{en}")
        # Of a register or a grade that the firm has none of on the day nothing is known; of a list, that it is not on it.
        known = bool(records.of(material, item)) if material.items[item].shape is Shape.STATE else item in material.coverage
        return Finding(key, label, level, reads, text, known, disputed=records.disputed(material, found))

    return [
        of_records("not_active", severe, Text("登记状态异常", "Not in business"), items.REGISTRATION, "state", lambda v: v.get("state") not in {None, "active"}),
        of_records("dishonesty", severe, Text("在列失信被执行人", "Listed as dishonest debtor"), items.DISHONESTY, "removed_on", still("removed_on")),
        of_records("bankruptcy", severe, Text("破产案件未结", "Bankruptcy open"), "courts.bankruptcy", "closed_on", still("closed_on")),
        of_records("severe_list", severe, Text("在列严重违法失信名单", "On the severe list"), "annual_report.severe_illegal_list", "removed_on", still("removed_on")),
        of_records("major_tax", severe, Text("重大税收违法", "Major tax illegality"), "tax.major_illegality", "removed_on", still("removed_on"), "amount"),
        of_records("enforcement", severe, Text("执行案件未结", "Enforcement open"), items.ENFORCEMENT, "closed_on", still("closed_on"), "amount"),
        of_records("limits", severe, Text("限制消费未解除", "Consumption limited"), "courts.consumption_limits", "lifted_on", still("lifted_on")),
        of_records("environment", severe, Text("环境信用为红或黑", "Environmental credit red or black"), "environment.credit", "colour", lambda v: v.get("colour") in {"red", "black"}),
        of_records("tax_arrears", severe, Text("欠税未清缴", "Tax in arrears"), items.TAX_ARREARS, "cleared_on", still("cleared_on"), "amount"),
        of_records("abnormal", attention, Text("在列经营异常名录", "On the abnormal list"), items.ABNORMAL_LIST, "removed_on", still("removed_on")),
        of_records("seized", attention, Text("不动产被查封", "Real estate seized"), "real_estate.seizures", "released_on", still("released_on")),
        of_records("pledged", attention, Text("股权已出质", "Equity pledged"), "registration.equity_pledges", "released_on", still("released_on"), "amount"),
        _newest_grade(material, "tax_grade", attention, Text("纳税信用为 C 或 D", "Tax credit C or D"), items.TAX_GRADE, "grade", {"C", "D"}),
        _newest_grade(material, "customs", attention, Text("海关失信企业", "Dishonest with the customs"), "customs.credit", "grade", {"dishonest"}),
        _insurance(material), _unpaid(material), _new_representative(material), *_of_sales(material),
    ]  # fmt: skip


def _newest_grade(material: Material, key: str, level: Level, label: Text, item: str, field: str, bad: set[str]) -> Finding:
    newest = next(iter(records.of(material, item)), None)
    value = newest.values.get(field) if newest else None
    text = Text(f"{label.zh}：{value}", f"{label.en}: {value}") if value in bad else None
    disputed = records.disputed(material, [newest] if newest else ())
    return Finding(key, label, level, (f"{item}.{field}",), text, value is not None, disputed=disputed)


def _insurance(material: Material) -> Finding:
    code, label = "social_insurance.arrears", Text("社保欠缴", "Social insurance in arrears")
    newest = records.of(material, code)[:1]
    owed, told = amounts(newest, *INSURANCES)
    text = Text(f"{label.zh} {in_wan(owed)} 万元", f"{label.en}: {in_wan(owed)} x10k yuan") if owed else None
    known = bool(told) if newest else code in material.coverage  # the list of those in arrears has nothing on the firm
    reads, disputed = tuple(f"{code}.{name}" for name in INSURANCES), records.disputed(material, newest)
    return Finding("insurance", label, Level.ATTENTION, reads, text, known, disputed=disputed)


def _unpaid(material: Material) -> Finding:
    label = Text("水电气欠费", "Utilities unpaid")
    newest = [facts[0] for item in UNPAID if (facts := records.of(material, item))]
    owed, told = amounts(newest, "unpaid")
    text = Text(f"{label.zh} {in_wan(owed)} 万元", f"{label.en}: {in_wan(owed)} x10k yuan") if owed else None
    reads, disputed = tuple(f"{item}.unpaid" for item in UNPAID), records.disputed(material, newest)
    return Finding("utilities", label, Level.ATTENTION, reads, text, told > 0, disputed=disputed)


def _new_representative(material: Material) -> Finding:
    label = Text("近 12 个月变更法定代表人", "New legal representative within 12 months")
    newest = next(iter(records.of(material, items.REGISTRATION)), None)
    stated = {str(day): newest for day in [newest.values.get("legal_representative_changed_on") if newest else None] if day}
    entered = {str(fact.values.get("changed_on") or ""): fact for fact in representative_changes(records.of(material, items.CHANGES))}
    changed = max([*stated, *entered], default="")
    recent = changed > add_months(material.as_of, -YEAR).isoformat()
    text = Text(f"法定代表人于 {changed} 变更", f"The legal representative changed on {changed}") if recent else None
    # The register's own line may leave the day out: that says nothing. The list of changes says that there was none.
    known = bool(stated) or items.CHANGES in material.coverage
    reads = (
        f"{items.REGISTRATION}.legal_representative_changed_on",
        *(f"{items.CHANGES}.{name}" for name in ("matter", "changed_on", "result")),
    )
    disputed = records.disputed(material, [fact for fact in (stated.get(changed), entered.get(changed)) if fact])
    return Finding("representative", label, Level.ATTENTION, reads, text, known, disputed=disputed)


def _of_sales(material: Material) -> list[Finding]:
    last, a = material.series.last_month, {**material.series.monthly, **material.series.yearly}
    have = known(material)

    def one(key: str, label: Text, months: int, value: float, raised: bool, words: Callable[[], Text]) -> Finding:
        since = add_months(last, 1 - months) if last else None
        there = have and not np.isnan(value)
        return Finding(key, label, Level.ATTENTION, SUMS, words() if there and raised else None, there, since)

    void = float(features.void_share(a)[0]) if have else np.nan
    growth = float(features.ratio(features.total(a["sales_net"]), features.total(a["sales_net"], YEAR, YEAR))[0] - 1) if have else np.nan
    top = float(a["customer_top1_share"][0, -1]) if have else np.nan
    silent = _silent_months(a["sales_count"][0]) if have else 0
    year = features.whole_years(last)[0] if last else 0
    return [
        one("void", Text("作废发票占比高", "Many void invoices"), 12, void, void > MANY_VOID, lambda: Text(
            f"近 12 个月作废金额占 {void:.1%}，高于 {MANY_VOID:.0%}", f"Void invoices were {void:.1%} of 12 months' amount, over {MANY_VOID:.0%}")),
        one("fall", Text("销售额大幅下降", "Sales fell sharply"), 24, growth, growth < FALL, lambda: Text(
            f"近 12 个月销售额同比下降 {-growth:.1%}", f"Sales of 12 months fell by {-growth:.1%} against the 12 months before")),
        one("silent", Text("连续无销售", "No sales lately"), 12, float(silent), silent >= SILENT, lambda: Text(
            f"最近连续 {silent} 个月没有销售发票", f"No sales invoice in the last {silent} months")),
        one("concentrated", Text("客户集中", "One large customer"), 36, top, top > CONCENTRATED, lambda: Text(
            f"{year} 年第一大客户占 {top:.1%}，高于 {CONCENTRATED:.0%}", f"The largest customer was {top:.1%} of sales in {year}, over {CONCENTRATED:.0%}")),
    ]  # fmt: skip


def _silent_months(counts: Any) -> int:
    """Return how many months up to the last one are without sales; `[3, 0, 0]` gives 2."""
    silent = 0
    for count in counts[::-1]:
        if np.isnan(count) or count > 0:
            break
        silent += 1
    return silent


def changes(material: Material) -> list[Finding]:
    """Return what became better or worse in twelve months, as far as it is notable; unchanged figures have no text."""
    last, a = material.series.last_month, material.series.monthly
    since = add_months(last, -23) if last else None
    found = []
    if known(material):
        now, before = (float(features.total(a["sales_net"], YEAR, skip)[0]) for skip in (0, YEAR))
        void = [float(features.void_share({k: v[:, : v.shape[1] - skip] for k, v in a.items()})[0]) for skip in (0, YEAR)]
        mean = [float(features.monthly_mean(a["sales_partners"][:, : 36 - skip])[0]) for skip in (0, YEAR)]
        found.append(_moved("sales", Text("近 12 个月销售额", "Sales, 12 months"), now, before, SUMS, since, up_is_better=True, fen=True))
        found.append(_points("void", Text("近 12 个月作废金额占比", "Void share, 12 months"), void[0], void[1], SUMS, since))
        found.append(_moved("customers", Text("月均客户数", "Customers a month"), mean[0], mean[1], SUMS, since, up_is_better=True))
    else:
        label = Text("销售、作废、客户", "Sales, void invoices, customers")
        found.append(Finding("sales", label, Level.IMPROVED, SUMS, None, known=False, since=since))
    found += [_staff(material), _grade_moved(material), *_adverse(material)]
    return found


def _moved(
    key: str,
    label: Text,
    now: float,
    before: float,
    reads: Sequence[str],
    since: date | None,
    *,
    up_is_better: bool,
    fen: bool = False,
) -> Finding:
    """Return a finding on a figure that moved by a tenth or more."""
    if np.isnan(now) or np.isnan(before) or before <= 0:
        return Finding(key, label, Level.IMPROVED, tuple(reads), None, known=False, since=since)
    change = now / before - 1
    level = Level.IMPROVED if (change > 0) == up_is_better else Level.WORSENED
    shown = [f"{in_wan(round(v))} 万元" if fen else f"{round(v, 1):g}" for v in (before, now)]
    en = [f"{in_wan(round(v))} x10k yuan" if fen else f"{round(v, 1):g}" for v in (before, now)]
    text = Text(f"{label.zh}由 {shown[0]} 变为 {shown[1]}（{change:+.1%}）", f"{label.en}: {en[0]} to {en[1]} ({change:+.1%})")
    return Finding(key, label, level, tuple(reads), text if abs(change) >= NOTABLE_CHANGE else None, since=since)


def _points(key: str, label: Text, now: float, before: float, reads: Sequence[str], since: date | None) -> Finding:
    """Return a finding on a share that moved by two points or more; less is better."""
    if np.isnan(now) or np.isnan(before):
        return Finding(key, label, Level.IMPROVED, tuple(reads), None, known=False, since=since)
    text = Text(f"{label.zh}由 {before:.1%} 变为 {now:.1%}", f"{label.en}: {before:.1%} to {now:.1%}")
    level = Level.WORSENED if now > before else Level.IMPROVED
    return Finding(key, label, level, tuple(reads), text if abs(now - before) >= NOTABLE_POINTS else None, since=since)


def _staff(material: Material) -> Finding:
    reads = tuple(f"{items.SOCIAL_INSURANCE}.{name}" for name in ("staff_count", "month"))
    counts = head_counts(material)
    last = max(counts, default=None)
    before = counts.get(add_months(last, -YEAR)) if last else None
    since = add_months(last or material.as_of.replace(day=1), -YEAR)
    label = Text("参保人数", "Persons insured")
    if last is None or before is None:
        return Finding("staff", label, Level.IMPROVED, reads, None, known=False, since=since)
    return _moved("staff", label, counts[last], before, reads, since, up_is_better=True)


def _grade_moved(material: Material) -> Finding:
    """Return whether the tax grade rose or fell from one year to the next; A is best, then B, M, C, D."""
    label, order = Text("纳税信用等级", "Tax credit grade"), "ABMCD"
    reads = tuple(f"{items.TAX_GRADE}.{name}" for name in ("grade", "year"))
    grades = {f.values["year"]: f.values["grade"] for f in records.of(material, items.TAX_GRADE) if {"year", "grade"} <= f.values.keys()}
    newest = sorted(grades, reverse=True)[:2]
    if len(newest) < 2:
        return Finding("grade", label, Level.IMPROVED, reads, None, known=False)
    now, before = grades[newest[0]], grades[newest[1]]
    level = Level.IMPROVED if order.index(now) < order.index(before) else Level.WORSENED
    text = Text(
        f"{label.zh}由 {before}（{newest[1]:.0f} 年度）变为 {now}（{newest[0]:.0f} 年度）",
        f"{label.en}: {before} ({newest[1]:.0f}) to {now} ({newest[0]:.0f})",
    )
    of_both = (f for f in records.of(material, items.TAX_GRADE) if f.values.get("year") in newest)
    disputed = records.disputed(material, of_both)
    return Finding("grade", label, level, reads, text if now != before else None, disputed=disputed)


def _adverse(material: Material) -> list[Finding]:
    """Return new judgments as defendant, enforcement cases and penalties of the last twelve months."""
    since = add_months(material.as_of, -YEAR)
    kinds = (
        ("new_judgments", Text("新增作为被告的裁判", "New judgments as defendant"), items.JUDGMENTS, "decided_on", "defendant"),
        ("new_enforcement", Text("新增执行案件", "New enforcement cases"), items.ENFORCEMENT, "filed_on", None),
        ("new_penalties", Text("新增行政处罚", "New penalties"), items.PENALTIES, "decided_on", None),
    )
    found = []
    for key, label, item, day, role in kinds:
        new = [f for f in records.of(material, item) if str(f.values.get(day) or "") > since.isoformat() and f.values.get("role") == role]
        text = Text(f"近 12 个月{label.zh} {len(new)} 条", f"{label.en} in 12 months: {len(new)}") if new else None
        reads = tuple(f"{item}.{name}" for name in ((day, "role") if role else (day,)))
        disputed = records.disputed(material, new)
        found.append(Finding(key, label, Level.WORSENED, reads, text, item in material.coverage, since=since, disputed=disputed))
    return found
