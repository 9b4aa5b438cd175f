"""A report's content laid out in one language: every value in words, charts drawn. The page and the PDF only place it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from greenbridge.kit.calendar import SHANGHAI
from greenbridge.kit.charts import Chart, svg
from greenbridge.kit.codes import region_name
from greenbridge.kit.text import Language, Text
from greenbridge.reports.rules import figures
from greenbridge.reports.values import UNIT_NAMES

Content = Mapping[str, Any]
AT_LEAST = {"months": 12, "peers": 99}  # rows that stand on paper too
NUMERIC = frozenset({"fen", "share", "count", "records", "persons", "kwh", "m3", "kwh_per_wan", "ratio", "months", "firms"})
WORDS: Mapping[str, Text] = {
    "title": Text("企业信用报告", "Enterprise credit report"),
    "item": Text("项目", "Item"),
    "value": Text("内容", "Value"),
    "period": Text("期间", "Period"),
    "source": Text("来源", "Source"),
    "as_of": Text("截至", "As of"),
    "fresh": Text("及时", "fresh"),
    "stale": Text("过期", "stale"),
    "sensitivity": Text("敏感度", "Sensitivity"),
    "generated": Text("生成的演示数据", "Generated demonstration data"),
    "generated_short": Text("生成", "generated"),
    "summary": Text("摘要", "Summary"),
    "flags": Text("风险提示", "Red flags"),
    "no_flags": Text("没有发现风险提示。", "No red flag was found."),
    "changes": Text("近 12 个月的变化", "Changes in 12 months"),
    "no_changes": Text("没有值得一提的变化。", "No notable change."),
    "severe": Text("严重", "severe"),
    "attention": Text("关注", "attention"),
    "improved": Text("改善", "better"),
    "worsened": Text("变差", "worse"),
    "checked": Text("已核对、未发现", "Checked, nothing found"),
    "unknown": Text("数据未到、无法核对", "Not known"),
    "withheld": Text("不可见", "Withheld"),
    "probability": Text("违约概率", "Probability of default"),
    "no_score": Text("违约概率未知：发票历史不足，税务数据到齐后可得。", "Probability of default unknown: too little invoice history."),
    "model": Text("模型", "Model"),
    "known_share": Text("已知特征", "Features known"),
    "points": Text("评分", "Score"),
    "points_held": Text("（到达评分边界）", " (at the scale's bound)"),
    "raises": Text("推高风险的主要因素", "What raises the risk most"),
    "no_raises": Text("没有明显推高风险的因素。", "Nothing raises the risk noticeably."),
    "lowers": Text("降低风险的主要因素", "What lowers the risk most"),
    "no_lowers": Text("没有明显降低风险的因素。", "Nothing lowers the risk noticeably."),
    "usual": Text("训练企业中位数", "median of the firms learnt from"),
    "caveat": Text("由模型训练样本推得，仅供参考，不作为唯一依据。", "Learnt from the model's sample: a support, never the only ground."),
    "green": Text("绿色等级", "Green grade"),
    "public_credit": Text("公共信用评价", "Public credit evaluation"),
    "not_rated": Text("未评定", "Not rated"),
    "coverage": Text("数据覆盖", "Data coverage"),
    "page_of": Text("第 {} 页，共 {} 页", "Page {} of {}"),
    "verify": Text("扫码核验真伪", "Scan to verify"),
    "root": Text("默克尔根", "Merkle root"),
    "key": Text("签名密钥", "Signing key"),
    "objection": Text("异议与修复", "Objection and repair"),
    "use": Text("用途与限制", "Permitted use"),
    "more": Text("共 {} 条，显示前 {} 条。", "{} in all; the first {} are shown."),
    "law": Text("公示规则", "Showing rule"),
    "disputed": Text("⚠ 企业自 {} 起提出异议，正在核查", "⚠ Disputed by the firm since {}, under review"),
    "disputed_part": Text("⚠ 其中有企业自 {} 起提出异议的记录，正在核查", "⚠ Includes a record disputed by the firm since {}, under review"),
}  # fmt: skip


def laid_out(content: Content, language: Language, most_rows: int = 36) -> dict[str, Any]:
    """Return cover, summary and sections with every text in one language; charts as SVG, in their sections.

    A table has its newest `most_rows` rows: paper is shorter than a page of the web, and its charts carry the months.
    """

    def say(text: Any) -> str:
        return str(text[language]) if isinstance(text, Mapping) else str(text)

    charts = figures.figures(content)
    return {
        "language": language,
        "words": {key: text.in_(language) for key, text in WORDS.items()},
        "name": content["enterprise"]["name"],
        "generated": content["enterprise"]["origin"] == "generated",
        "cover": _cover(content, language),
        "use": say(content["use"]),
        "objection": say(content["objection"]),
        "reader": _reader(content["reader"], language),
        "score": _score(content, language),
        "summary": _summary(content["summary"], language),
        "summary_charts": [_drawn(chart, language) for chart in charts.get("summary", ())],
        "sections": [
            _section(s, [_drawn(c, language) for c in charts.get(s["key"], ())], language, most_rows) for s in content["sections"]
        ],
    }


def _drawn(chart: Chart, language: Language) -> dict[str, Any]:
    return {"svg": svg(chart, language), "wide": chart.width > figures.WIDE}


def _cover(content: Content, language: Language) -> list[tuple[str, str]]:
    """Return (label, value) of the head: whose report, as of when, from what, made with what."""
    cut, versions, firm = content["data_cut"], content["versions"], content["enterprise"]
    delivered = _instant(cut["newest_delivery"]) if cut["newest_delivery"] else "—"
    rows = [
        (Text("统一社会信用代码", "Social credit code"), firm["uscc"]),
        (Text("所在地区", "District"), region_name(firm["region_code"]) if firm["region_code"] else "—"),
        (Text("报告截至日", "As of"), content["as_of"]),
        (Text("数据获知时间", "Known at"), _instant(content["known_at"])),
        (Text("发票数据至", "Invoices until"), cut["last_invoice_month"] or "—"),
        (Text("最近一次交付", "Newest delivery"), delivered),
        (Text("版本", "Versions"), " · ".join((f"schema {versions['schema']}", versions["catalogue"], versions["model"]))),
    ]
    return [(label.in_(language), str(value)) for label, value in rows]


def _instant(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _reader(reader: Content | None, language: Language) -> str:
    """Return who reads, for the cover and the watermark; the platform itself where nobody is named."""
    if reader is None:
        return Text("绿桥平台运维", "Greenbridge operations").in_(language)
    parts = [reader["organisation"], *(reader[key][language] for key in ("purpose", "step", "function") if reader[key]), reader["login"]]
    return " · ".join(part for part in parts if part)


def _score(content: Content, language: Language) -> dict[str, Any]:
    found, why = content["score"], content["score_withheld"]
    if why:
        return {"withheld": why["text"][language], "band": None}
    if not found:
        return {"withheld": None, "band": None}
    return {
        "withheld": None,
        "band": found["band"],
        "probability": f"{found['default_probability']:.1%}",
        "meaning": found["meaning"][language],
        "model": found["model_version"],
        "known_share": f"{found['known_share']:.0%}",
        "points": _points(found, language),
        "band_meaning": found["band_meaning"][language] if "band_meaning" in found else "",
        **{
            effect: [_reason(r, language) for r in found["reasons"] if r.get("effect", "raises") == effect]
            for effect in ("raises", "lowers")
        },
    }


def _points(found: Content, language: Language) -> str:
    """Return the points, and that they stand at a bound; empty for a report of schema 2.0, which has none."""
    if "points" not in found:
        return ""
    return f"{found['points']}{WORDS['points_held'].in_(language) if found['points_held'] else ''}"


def _reason(reason: Content, language: Language) -> str:
    """Return a reason's sentence; of a report of schema 2.0, which has none, the value and what is usual."""
    if "sentence" in reason:
        return str(reason["sentence"][language])
    value, usual = (_plain(reason[key], reason["unit"], language) for key in ("value", "usual"))
    return f"{reason['label'][language]} {value} ({WORDS['usual'].in_(language)} {usual})"


def _plain(value: float | None, unit: str, language: Language) -> str:
    if value is None:
        return Text("未知", "unknown").in_(language)
    return f"{value:.1%}" if unit == "share" else f"{value:.2f}"


def _summary(summary: Content, language: Language) -> dict[str, Any]:
    def part(found: Content) -> dict[str, Any]:
        return {
            "found": [(one["level"], one["text"][language]) for one in found["found"]],
            **{name: [one["label"][language] for one in found[name]] for name in ("clear", "unknown", "withheld")},
        }

    cover = summary["coverage"]
    labels = (
        ("with_data", Text("有记录", "with records")),
        ("no_records", Text("已提供、无记录", "delivered, none on the firm")),
        ("not_delivered", Text("部门未提供", "not delivered")),
        ("withheld", Text("不可见", "withheld")),
    )
    coverage = [(label.in_(language), cover[key]) for key, label in labels]
    rated = [_rated(key, summary.get(key), language) for key in ("green", "public_credit") if key == "green" or key in summary]
    return {"flags": part(summary["flags"]), "changes": part(summary["changes"]), "coverage": coverage, "ratings": rated}


def _rated(key: str, found: Content | None, language: Language) -> dict[str, Any]:
    """Return a scheme's rating in words; reports before schema 2.2 have none, and say so of the green grade."""
    if found is None:
        return {"key": key, "name": WORDS[key].in_(language), "grade": "", "text": WORDS["not_rated"].in_(language), "status": ""}
    rating, why = found["rating"], found["withheld"]
    return {
        "key": key,
        "name": found["name"][language],
        "grade": rating["grade"] if rating else "",
        "text": rating["sentence"][language] if rating else f"▒ {why['text'][language]}",
        "status": found["status"][language],
    }


def _section(section: Content, charts: list[dict[str, Any]], language: Language, most_rows: int) -> dict[str, Any]:
    return {
        "key": section["key"],
        "title": section["title"][language],
        "status": section["status"],
        "note": section["note"][language] if section["note"] else None,
        "facts": [_fact(fact, language) for fact in section["facts"]],
        "disputed": _notes(section, language),
        "tables": [_table(table, language, most_rows) for table in section["tables"]],
        "charts": charts,
    }


def _notes(section: Content, language: Language) -> list[str]:
    """Return what is said once of the section's marked lines: a register's or a grade's line is of one record, a count is of several."""
    words = WORDS["disputed" if section["key"] in {"registration", "evaluations"} else "disputed_part"].in_(language)
    # Reports before schema 2.1 know no marks; they are laid out as they were.
    return [words.format(day) for day in sorted({fact["disputed_since"] for fact in section["facts"] if fact.get("disputed_since")})]


def _fact(fact: Content, language: Language) -> dict[str, Any]:
    source, unit = fact["source"], fact["unit"]
    shown = None if fact["withheld"] else cell(fact["value"], unit, language)
    if shown is not None and unit in UNIT_NAMES and unit != "share" and isinstance(fact["value"], int | float):
        shown = f"{shown} {UNIT_NAMES[unit].in_(language)}".rstrip()
    return {
        "label": fact["label"][language],
        "value": shown,
        "number": isinstance(fact["value"], int | float),
        "withheld": fact["withheld"]["text"][language] if fact["withheld"] else None,
        "period": fact["period"][language] if fact["period"] else "",
        "source": source["department"][language] if source else "",
        "valid_on": source["valid_on"] if source else "",
        "fresh": source["freshness"] == "fresh" if source else None,
        "generated": bool(source and source["generated"]),
        "sensitivity": fact["sensitivity"],
        "disputed": bool(fact.get("disputed_since")),
    }


def _table(table: Content, language: Language, most_rows: int) -> dict[str, Any]:
    rows = table["rows"][: max(most_rows, AT_LEAST.get(table["key"], 0))]
    columns = table["columns"]
    closed = {i: column["withheld"]["text"][language] for i, column in enumerate(columns) if column["withheld"]}
    return {
        "key": table["key"],
        "title": table["title"][language],
        "columns": [(_head(column, language), column["unit"] in NUMERIC and not column["withheld"]) for column in columns],
        "rows": [[None if i in closed else cell(value, columns[i]["unit"], language) for i, value in enumerate(row)] for row in rows],
        "closed": closed,
        "disputed": {
            mark["row"]: WORDS["disputed"].in_(language).format(mark["since"])
            for mark in table.get("disputed", ())
            if mark["row"] < len(rows)
        },
        "withheld": next(iter(closed.values())) if len(closed) == len(columns) else None,
        "more": WORDS["more"].in_(language).format(table["count"], len(rows)) if table["count"] > len(rows) else None,
        "law": table["law"][language] if table["law"] else None,
        "generated": bool(table["source"] and table["source"]["generated"]),
    }


def _head(column: Content, language: Language) -> str:
    label, unit = column["label"][language], column["unit"]
    name = UNIT_NAMES[unit].in_(language) if unit in {"fen", "kwh", "m3", "persons"} else ""
    return f"{label}（{name}）" if name and language == "zh" else f"{label} ({name})" if name else label


def cell(value: Any, unit: str, language: Language) -> str:
    """Return a value in words. `cell(123_456_789, "fen", "zh") == "123.46"` (in 10,000 yuan); unknown is a dash."""
    if value is None:
        return "—"
    if isinstance(value, Mapping):
        return str(value[language])
    if isinstance(value, str):
        return value
    if unit == "fen":
        return f"{value / 1_000_000:,.2f}"
    if unit == "share":
        return f"{value:.1%}"
    return f"{value:,.2f}" if isinstance(value, float) and value != int(value) else f"{value:,.0f}"


def lines(laid: Mapping[str, Any], number: str) -> list[str]:
    """Return a report that is laid out as lines of text: what a terminal shows."""
    words, mark = laid["words"], {"severe": "!!", "attention": "! ", "improved": "+ ", "worsened": "- "}
    found = [f"{laid['name']}  {words['title']} {number}" + (f"  [{words['generated']}]" if laid["generated"] else "")]
    found += [f"  {label}  {value}" for label, value in laid["cover"]]
    score = laid["score"]
    found.append("")
    if score["withheld"]:
        found.append(f"{words['probability']}  {score['withheld']}")
    elif score["band"]:
        points = f"  {words['points']} {score['points']}" if score["points"] else ""
        found.append(f"{words['probability']} {score['probability']}  {score['band']}{points}  {score['meaning']}")
        for effect in ("raises", "lowers"):
            found += [words[effect], *(f"  {sentence}" for sentence in score[effect])] if score[effect] else [words["no_" + effect]]
    else:
        found.append(words["no_score"])
    for key in ("flags", "changes"):
        part = laid["summary"][key]
        found += ["", words[key], *(f"  {mark[level]} {text}" for level, text in part["found"])]
        if not part["found"]:
            found.append(f"     {words['no_' + key]}")
    for place, section in enumerate(laid["sections"], 1):
        found += ["", f"{place}. {section['title']}", *([f"   {section['note']}"] if section["note"] else [])]
        found += [f"   {note}" for note in section["disputed"]]
        for fact in section["facts"]:
            about = " · ".join(word for word in (fact["period"], fact["source"], fact["valid_on"]) if word)
            found.append(f"   {'⚠ ' if fact['disputed'] else ''}{fact['label']}: {fact['withheld'] or fact['value']}  [{about}]")
        for table in section["tables"]:
            found.append(f"   {table['title']}" + (f": {table['withheld']}" if table["withheld"] else ""))
            for place_of, row in enumerate(table["rows"]):
                found.append(f"     {' | '.join('▒' if cell is None else cell for cell in row)}")
                found += [f"       {table['disputed'][place_of]}"] if place_of in table["disputed"] else []
    return found
