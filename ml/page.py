"""The model card as one self-contained page: Chinese with English beside it, plots inline, nothing fetched."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from greenbridge.settings import home
from ml import plots

DIRECTIONS = {1: "越大越险 riskier", -1: "越大越稳 safer", 0: "不限 free"}
STYLE = """
:root{--ink:#1b2a2f;--soft:#54646a;--paper:#fbfcfa;--card:#fff;--line:#dfe6e1;--brand:#0f6b4f;--tint:#e3f4ec;--danger:#b3261e}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e6eeea;--soft:#a3b3ac;--paper:#101815;--card:#17211e;--line:#2b3935;--brand:#5cc79b;--tint:#16382c;--danger:#f28b82}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:14px/1.6 "PingFang SC","Microsoft YaHei","Noto Sans SC",system-ui,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:960px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:28px;line-height:1.3;margin:0 0 4px}h2{font-size:20px;margin:40px 0 12px;padding-top:16px;border-top:1px solid var(--line)}h3{font-size:16px;margin:24px 0 8px}
.en{color:var(--soft);font-weight:400}h2 .en,h3 .en{font-size:14px;margin-left:8px}p{max-width:72ch;margin:8px 0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;background:var(--line);border:1px solid var(--line);margin:24px 0}
.figures div{background:var(--card);padding:14px 16px}.figures b{display:block;font-size:20px}.figures span{color:var(--soft)}
.pair{display:flex;flex-wrap:wrap;gap:24px}.scroll{overflow-x:auto;margin:12px 0 20px}
table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--line)}
th,td{padding:6px 10px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}th{font-weight:600;color:var(--soft)}
td.n,th.n{text-align:right;white-space:nowrap}tr.first td{background:var(--tint);font-weight:600}ul{padding-left:20px;max-width:80ch}code{font-size:12px;word-break:break-all}
.bad{color:var(--danger)}nav a{color:var(--brand);margin-right:16px}
"""
Words = Mapping[str, str]


def html(card: Mapping[str, Any], scorecard: Mapping[str, Any]) -> str:
    """Return the page of a card and its challenger."""
    parts = [
        _head(card), _performance(card), _calibration(card), _lift(card), _stability(card), _segments(card), _features(card),
        _use(card), _scorecard(scorecard), _files(card),
    ]  # fmt: skip
    charts = (home() / "src" / "greenbridge" / "static" / "charts.css").read_text(encoding="utf-8")
    title = escape(f"{card['title']['zh']} · {card['version']}")
    return (
        '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title>\n<style>{STYLE}{charts}</style></head>\n<body><main>\n" + "\n".join(parts) + "\n</main></body></html>\n"
    )


def both(words: Words) -> str:
    """Return words in Chinese with the English softly after them."""
    zh, en = escape(words["zh"]), escape(words["en"])
    return zh if words["zh"] == words["en"] else f'{zh} <span class="en">{en}</span>'


def title(zh: str, en: str, level: int = 2) -> str:
    """Return a heading."""
    return f'<h{level}>{zh}<span class="en">{en}</span></h{level}>'


def table(heads: Iterable[str], rows: Iterable[Iterable[Any]], *, first: bool = False) -> str:
    """Return a table; numbers and percentages are set to the right, None is a dash. `first` marks the first row."""
    names = list(heads)
    cells = [list(row) for row in rows]
    numeric = [any(not isinstance(row[i], str) or row[i].endswith("%") for row in cells) for i in range(len(names))]
    head = "".join(f"<th{' class=n' if right else ''}>{name}</th>" for name, right in zip(names, numeric, strict=True))
    body = ""
    for place, row in enumerate(cells):
        told = "".join(f"<td{' class=n' if right else ''}>{_cell(value)}</td>" for value, right in zip(row, numeric, strict=True))
        body += f"<tr{' class=first' if first and not place else ''}>{told}</tr>\n"
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>'


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{value:.1%}"


def _head(card: Mapping[str, Any]) -> str:
    data, at = card["data"], card["intervals"]
    n = data.get("firms", data.get("rows_used"))
    ours = next(iter(card["metrics"].values()))
    pooled = '<br><span class="en">合并 pooled</span>'
    figures = [
        (f"{ours['auc_mean']:.3f} ± {ours['auc_std']:.3f}", 'AUC<br><span class="en">各划分平均 mean of splits</span>'),
        (f"{at['auc']['value']:.3f}", f"AUC（{at['auc']['low']:.3f}–{at['auc']['high']:.3f}）{pooled}"),
        (f"{at['ks']['value']:.3f}", f"KS{pooled}"), (f"{at['brier']['value']:.3f}", f"Brier{pooled}"), (f"{n:,}", "样本 rows"), (f"{data['defaulted']:,}", f"违约 bad（{data['base_rate']:.1%}）"),
    ]  # fmt: skip
    boxes = "".join(f"<div><b>{value}</b><span>{name}</span></div>" for value, name in figures)
    facts = [
        f"<li>{both(data['source'])}</li>", f"<li>{both(data['dates'])}</li>" if data["dates"]["zh"] else "",
        f"<li>{both({'zh': '评估方法', 'en': 'Protocol'})}：{escape(card['protocol'])}</li>", f"<li>{both(card['class_imbalance'])}</li>",
    ]  # fmt: skip
    return (
        f"<h1>{escape(card['title']['zh'])}</h1><p class=en>{escape(card['title']['en'])} · <code>{escape(card['version'])}</code></p>"
        f"<p>{both(card['purpose'])}</p><div class=figures>{boxes}</div>{title('数据与方法', 'Data and protocol')}<ul>{''.join(facts)}</ul>"
    )


def _performance(card: Mapping[str, Any]) -> str:
    rows = []
    for name, m in card["metrics"].items():
        paired = m.get("ours_minus_this")
        told = "" if not paired else f"{paired['mean']:+.4f} ± {paired['std']:.4f}"
        told += f"（{paired['low']:+.4f}, {paired['high']:+.4f}）" if paired and "low" in paired else ""
        rows.append([escape(name), m["auc_mean"], m["auc_std"], m["gini"], m["ks"], m["brier"], m["log_loss"], told])
    rows += [
        [escape(f"cited: {p['model']}"), float(p["auc"]), p.get("spread"), None, None, None, None, escape(p["source"])]
        for p in card["published"]
    ]
    heads = ("模型 model", "AUC", "± 各划分", "Gini", "KS", "Brier", "log-loss", "本模型减此模型 ours less this（95%）")
    at = card["intervals"]
    told = "，".join(f"{name} {v['value']:.3f}（{v['low']:.3f}–{v['high']:.3f}）" for name, v in at.items())
    return (
        title("表现：模型未见过的企业", "Performance on firms that no model had seen") + table(heads, rows, first=True)
        + f"<p>上表 the table：{both(card['metrics_of'])}。</p><p>合并 pooled：{told}。{both(card['intervals_of'])}。</p>"
    )  # fmt: skip


def _calibration(card: Mapping[str, Any]) -> str:
    held = card["held_out_calibration"]
    heads = ("预测 predicted", "样本 rows", "平均预测 mean", "实际 observed", "95%")
    rows = [
        [
            f"{b['from']:.1%} – {b['to']:.1%}",
            b["rows"],
            _percent(b["predicted"]),
            _percent(b["observed"]),
            f"{b['low']:.1%} – {b['high']:.1%}",
        ]
        for b in held["bands"]
    ]
    told = f"留出样本上的校准斜率 slope {held['slope']}，截距 intercept {held['intercept']}（1 与 0 为完美）；方式 {card['calibration']['kind']}。"
    gains = plots.gains(card["lift"], card["data"]["base_rate"])
    return (
        title("校准与提升", "Calibration and lift")
        + f"<div class=pair>{plots.calibration(held['bands'])}{gains}</div><p>{told}</p>"
        + table(heads, rows)
    )


def _lift(card: Mapping[str, Any]) -> str:
    heads = ("最高风险部分 riskiest", "样本 rows", "违约 bad", "占全部违约 of all bad", "提升 lift")
    return table(heads, [[f"{r['riskiest_share']:.0%}", r["rows"], r["bad"], _percent(r["bad_share"]), r["lift"]] for r in card["lift"]])


def _stability(card: Mapping[str, Any]) -> str:
    found = card["stability"]
    drawn = plots.stability(found["periods"]) if found["periods"] else ""
    return title("时间稳定性", "Stability over time") + f"<p>{both(found['how'])}</p>{drawn}"


def _segments(card: Mapping[str, Any]) -> str:
    out = title("分群与公平", "Segments and fairness")
    cut = card["decision_cut"]
    out += (
        f"<p>以总体违约率 {cut:.1%} 为界，低于它视为通过。少于 30 家的分群不作判断。"
        f"<span class=en>Below the base rate a firm counts as approved; segments under 30 rows are not judged.</span></p>"
    )
    heads = (
        "分群 segment",
        "样本 n",
        "违约 bad",
        "AUC",
        "预测 predicted",
        "实际 observed",
        "通过 approved",
        "漏判违约 missed",
        "误拒良好 refused",
    )
    for segment in card["segments"]:
        rows: list[list[Any]] = []
        for r in segment["rows"]:
            head = [escape(str(r["segment"])), r["rows"], r["bad"]]
            judged = [r.get("auc"), *(_percent(r.get(key)) for key in ("predicted", "observed", "approved", "missed", "refused"))]
            rows.append([*head, *judged] if r["judged"] else [*head, None, None, None, None, None, "不判断 not judged"])
        gaps = segment["gaps"]
        names = {"approved": "通过率", "missed": "漏判", "refused": "误拒", "calibration": "校准"}
        told = "，".join(f"{names[key]} {value:.1%}" for key, value in gaps.items() if value is not None)
        out += f"<h3>{both(segment['name'])}</h3>" + table(heads, rows) + (f"<p>最大差距 largest gaps：{told}。</p>" if told else "")
    return out if card["segments"] else out + "<p>该数据卡没有定义分群。<span class=en>The data card names no segments.</span></p>"


def _features(card: Mapping[str, Any]) -> str:
    rows = []
    for f in card["features"]:
        split = f["splits"][0] if f["splits"] else None
        told = (
            f"&lt; {split['at']:g}：{split['default_rate_below']:.0%}（n={split['n_below']}）；其余：{split['default_rate_above']:.0%}（n={split['n_above']}）"
            if split else ""
        )  # fmt: skip
        rows.append(
            [
                both(f["label"]),
                escape(f["unit"]),
                DIRECTIONS[f["direction"]],
                _percent(f["known_share"]),
                f"{f['median']:.4g}",
                f["gain"],
                told,
            ]
        )
    heads = (
        "特征 feature",
        "单位 unit",
        "方向 direction",
        "已知 known",
        "中位数 median",
        "增益 gain",
        "最有区分的一刀：违约率 best cut: default rate",
    )
    left = "".join(f"<li><code>{escape(name)}</code>：{both(why)}</li>" for name, why in card["left_out"].items())
    out = title("特征", "Features") + plots.importance(card["features"]) + table(heads, rows)
    return out + (title("有意不用的列", "Left out on purpose", 3) + f"<ul>{left}</ul>" if left else "")


def _use(card: Mapping[str, Any]) -> str:
    out = ""
    for key, zh, en in (
        ("intended_use", "用途", "Intended use"),
        ("not_intended_use", "不作何用", "Not intended use"),
        ("limits", "局限", "Limits"),
    ):
        if card[key]:
            out += title(zh, en) + "<ul>" + "".join(f"<li>{both(words)}</li>" for words in card[key]) + "</ul>"
    return out


def _scorecard(scorecard: Mapping[str, Any]) -> str:
    rows = []
    for column in scorecard["columns"]:
        for place, b in enumerate(column["bins"]):
            name = escape(column["name"]) if not place else ""
            rows.append([name, escape(b["bin"]), b["rows"], _percent(b["default_rate"]), float(b["woe"]), b["points"]])
    heads = ("列 column", "区间 bin", "样本 rows", "违约率 default rate", "WoE", "分 points")
    told = (
        f"白盒评分卡：{scorecard['base_points']} 分对应好坏比 {scorecard['base_odds']}:1，每 {scorecard['points_to_double_the_odds']} 分好坏比翻一番；各列之分相加。"
        "<span class=en> The white box: points of all columns are added up.</span>"
    )
    return title("挑战者：评分卡", "Challenger: the scorecard") + f"<p>{told}</p>" + table(heads, rows)


def _files(card: Mapping[str, Any]) -> str:
    rows = [[escape(name), f"<code>{value}</code>"] for name, value in card["files"].items()]
    return title("文件", "Files") + table(("文件 file", "sha256"), rows)
