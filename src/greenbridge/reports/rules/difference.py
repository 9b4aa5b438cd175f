"""What changed between two reports of one firm, in words."""

from collections.abc import Mapping
from typing import Any

from greenbridge.kit.money import in_wan
from greenbridge.kit.text import Text
from greenbridge.reports.values import UNIT_NAMES

Content = Mapping[str, Any]
NOT_THERE = Text("无", "none")


def difference(before: Content, after: Content) -> list[Text]:
    """Return sentences on what became known, changed or went away from one report to another, in the order of the report.

    Raises ValueError for reports of two firms. Equal contents give no sentence; sources and dates of delivery are not compared.
    """
    if before["enterprise"]["uscc"] != after["enterprise"]["uscc"]:
        raise ValueError("The reports are of two firms.")
    found = []
    if before["as_of"] != after["as_of"]:
        found.append(Text(f"截至日由 {before['as_of']} 变为 {after['as_of']}", f"As of {before['as_of']}, then {after['as_of']}"))
    found += _score(before, after)
    for name, zh, en in (("flags", "风险提示", "Red flag"), ("changes", "变化提示", "Change")):
        found += _findings(before["summary"][name], after["summary"][name], zh, en)
    earlier = {section["key"]: section for section in before["sections"]}
    for section in after["sections"]:
        found += _section(earlier.get(section["key"], {"facts": [], "tables": []}), section)
    return found


def _score(before: Content, after: Content) -> list[Text]:
    was, now = (report["score"] and (report["score"]["band"], report["score"]["default_probability"]) for report in (before, after))
    if was == now or before["score_withheld"] or after["score_withheld"]:  # what is closed to one of the readers has not changed by that
        return []
    zh = [f"{one[0]} 级 {one[1]:.1%}" if one else "未知" for one in (was, now)]
    en = [f"{one[0]} {one[1]:.1%}" if one else "unknown" for one in (was, now)]
    return [Text(f"违约概率由 {zh[0]} 变为 {zh[1]}", f"Probability of default: {en[0]}, then {en[1]}")]


def _findings(before: Content, after: Content, zh: str, en: str) -> list[Text]:
    """Return findings that are new, moved or gone; gone is what was looked at again and not found, not what is unknown or withheld."""
    was, now = ({one["key"]: one["text"] for one in part["found"]} for part in (before, after))
    looked, closed = {one["key"] for one in after["clear"]}, {one["key"] for one in before["withheld"]}
    gone = [Text(f"{zh}消除：{t['zh']}", f"{en} gone: {t['en']}") for key, t in was.items() if key in looked]
    new = [Text(f"{zh}新增：{t['zh']}", f"{en} new: {t['en']}") for key, t in now.items() if key not in was and key not in closed]
    moved = [
        Text(f"{zh}：{was[key]['zh']} → {text['zh']}", f"{en}: {was[key]['en']} -> {text['en']}")
        for key, text in now.items()
        if key in was and was[key] != text
    ]
    return [*new, *moved, *gone]


def _section(before: Content, after: Content) -> list[Text]:
    title = after["title"]
    was, now = ({line["key"]: line for line in section["facts"]} for section in (before, after))
    found = []
    for key in dict.fromkeys((*was, *now)):
        old, new = was.get(key), now.get(key)
        if (old and (old["value"], old["withheld"])) != (new and (new["value"], new["withheld"])):
            label = (new or old or {})["label"]
            a, b = _shown(old), _shown(new)
            found.append(Text(f"{title['zh']}·{label['zh']}：{a.zh} → {b.zh}", f"{title['en']}, {label['en']}: {a.en} -> {b.en}"))
    found += _marked_lines(title, was, now)
    earlier = {table["key"]: table for table in before["tables"]}
    for table in after["tables"]:
        found += _table(title, earlier.pop(table["key"], None), table)
    gone = [t for t in earlier.values() if t["rows"]]
    found += [Text(f"{title['zh']}·{t['title']['zh']}：不再显示", f"{title['en']}, {t['title']['en']}: shown no more") for t in gone]
    return found


def _table(title: Content, before: Content | None, after: Content) -> list[Text]:
    """Return how many rows of a table are new and how many went away; a row is what its cells say, by their columns."""
    closed = {column["key"] for table in (before, after) if table for column in table["columns"] if column["withheld"]}
    old, new = _rows(before, closed), _rows(after, closed)
    more, less = len([row for row in new if row not in old]), len([row for row in old if row not in new])
    name = Text(f"{title['zh']}·{after['title']['zh']}", f"{title['en']}, {after['title']['en']}")
    marks = _marks_moved(name, _marked(before, old), _marked(after, new))
    if not more and not less:
        return marks
    zh = "，".join(word for word in (f"新增 {more} 条" if more else "", f"减少 {less} 条" if less else "") if word)
    en = ", ".join(word for word in (f"{more} more" if more else "", f"{less} fewer" if less else "") if word)
    return [Text(f"{name.zh}：{zh}", f"{name.en}: {en}"), *marks]


def _marked(table: Content | None, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that the firm objects to; a report before schema 2.1 has no marks."""
    return [rows[mark["row"]] for mark in (table or {}).get("disputed", ())]


def _marks_moved(name: Text, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[Text]:
    """Return how many records became marked as disputed, and how many marks went."""
    came, went = len([row for row in after if row not in before]), len([row for row in before if row not in after])
    found = [Text(f"{name.zh}：企业对 {came} 条提出异议", f"{name.en}: {came} disputed by the firm")] if came else []
    return [*found, *([Text(f"{name.zh}：{went} 条的异议标注消除", f"{name.en}: the mark of {went} is gone")] if went else [])]


def _marked_lines(title: Content, was: Mapping[str, Any], now: Mapping[str, Any]) -> list[Text]:
    """Return whose marks came or went, of the lines that both reports show: one sentence for all of a section."""
    both = [(was[key], now[key]) for key in now if key in was and not was[key]["withheld"] and not now[key]["withheld"]]
    found = []
    for zh, en, one, other in (("企业提出异议", "disputed by the firm", 1, 0), ("异议标注消除", "the mark of an objection is gone", 0, 1)):
        moved = [pair[one]["label"] for pair in both if pair[one].get("disputed_since") and not pair[other].get("disputed_since")]
        if moved:
            names = "、".join(label["zh"] for label in moved), ", ".join(label["en"] for label in moved)
            found.append(Text(f"{title['zh']}·{names[0]}：{zh}", f"{title['en']}, {names[1]}: {en}"))
    return found


def _rows(table: Content | None, closed: set[str]) -> list[dict[str, Any]]:
    """Return the rows by column, without those that are closed in either report."""
    if table is None:
        return []
    keys = [column["key"] for column in table["columns"]]
    return [{key: cell for key, cell in zip(keys, row, strict=True) if cell is not None and key not in closed} for row in table["rows"]]


def _shown(line: Content | None) -> Text:
    """Return a fact's value with its unit and period, in words."""
    if line is None:
        return NOT_THERE
    if line["withheld"]:
        return Text(line["withheld"]["text"]["zh"], line["withheld"]["text"]["en"])
    value, unit = line["value"], line["unit"]
    if isinstance(value, dict):
        zh, en = value["zh"], value["en"]
    elif unit == "share":
        zh = en = f"{value:.1%}"
    elif unit == "fen" and not isinstance(value, str):
        zh, en = f"{in_wan(value)} 万元", f"{in_wan(value)} x10k yuan"
    else:
        name = UNIT_NAMES.get(unit)
        zh, en = (f"{value} {name.zh}".strip(), f"{value} {name.en}".strip()) if name else (str(value), str(value))
    period = line.get("period")
    return Text(f"{zh}（{period['zh']}）", f"{en} ({period['en']})") if period else Text(zh, en)
