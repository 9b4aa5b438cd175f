"""A proposal as JSON in both languages, and as the waterfall of its price."""

from collections.abc import Mapping
from typing import Any

from greenbridge.kit import charts
from greenbridge.kit.text import Text
from greenbridge.underwriting.values import ADVICE_NAMES, Cap, Made, Price, Proposal

RATE = charts.Unit(Text("%", "%"), 100)
RATE_OF = Text("建议年利率的构成", "How the rate is built up")


def _text(value: Text | None) -> dict[str, str] | None:
    return None if value is None else {"zh": value.zh, "en": value.en}


def made_json(made: Made) -> dict[str, Any]:
    """Return a proposal with the versions of all that it was made from."""
    return {
        "need_id": str(made.need_id),
        "enterprise_id": str(made.enterprise_id),
        "versions": {
            "report": made.report_number,
            "as_of": made.as_of.isoformat(),
            "known_at": made.known_at.isoformat(),
            "model": made.model_version,
            "policy": made.proposal.policy_version,
            "product": {"code": made.proposal.product_code, "version": made.proposal.product_version},
        },
        **proposal_json(made.proposal),
    }


def proposal_json(p: Proposal) -> dict[str, Any]:
    """Return a proposal; amounts in fen, rates in basis points a year."""
    return {
        "product_code": p.product_code,
        "advice": p.advice.value,
        "advice_text": _text(ADVICE_NAMES[p.advice]),
        "reasons": [_text(reason) for reason in p.reasons],
        "guarantee_mode": p.mode.value,
        "default_probability_as_priced": None if p.probability is None else round(p.probability, 6),
        "default_probability_text": _text(p.probability_text),
        "limit_fen": p.limit_fen,
        "binding": p.binding,
        "caps": [_cap(cap) for cap in p.caps],
        "price": _price(p.price) if p.price else None,
        "term_months": p.tenor.months,
        "term_text": _text(p.tenor.text),
        "conditions": [{"key": c.key, "text": _text(c.text), "reason": _text(c.reason)} for c in p.conditions],
    }


def _cap(cap: Cap) -> dict[str, Any]:
    inputs = [{"label": _text(one.label), "value": _text(one.value)} for one in cap.inputs]
    return {
        "key": cap.key,
        "label": _text(cap.label),
        "amount_fen": cap.amount_fen,
        "known": cap.known,
        "text": _text(cap.text),
        "inputs": inputs,
    }


def _price(price: Price) -> dict[str, Any]:
    return {
        "annual_rate_bp": price.rate_bp,
        "lpr": {
            "tenor": price.benchmark.tenor,
            "annual_rate_bp": price.benchmark.annual_rate_bp,
            "quoted_on": price.benchmark.quoted_on.isoformat(),
        },
        "spread_bp": price.spread_bp,
        "cost_bp": price.cost_bp,
        "low_bp": price.low_bp,
        "high_bp": price.high_bp,
        "components": [{"key": c.key, "label": _text(c.label), "bp": c.bp, "text": _text(c.text)} for c in price.components],
    }


def waterfall(price: Price) -> charts.Waterfall:
    """Return the price from the cost of funds to the rate asked; what rounding and bounds add is a step of its own."""
    first, *rest = price.components
    steps = [charts.Step(part.label, part.bp) for part in rest if part.bp]
    if left := price.rate_bp - price.cost_bp:
        steps.append(charts.Step(left_over(price.rate_bp, price.cost_bp, price.low_bp, price.high_bp), left))
    result = Text("建议年利率", "Rate")
    return charts.Waterfall(RATE_OF, RATE, first.bp, tuple(steps), price.rate_bp, first.label, result, higher_is_better=False, width=560)


def left_over(rate_bp: int, cost_bp: int, low_bp: int, high_bp: int) -> Text:
    """Return what makes the rate differ from the cost. `left_over(445, 442, 400, 700)` is rounding."""
    if rate_bp == low_bp and cost_bp < low_bp:
        return Text("产品利率下限", "Product's lowest rate")
    if cost_bp > high_bp:
        return Text("利率上限", "Highest rate")
    return Text("取整", "Rounding")


def _remainder(price: Mapping[str, Any], language: str) -> list[str]:
    """Return the last lines of a price, so that the parts add up to the rate: what rounding and bounds add, and the rate."""
    rate, cost = price["annual_rate_bp"], price["cost_bp"]
    why = left_over(rate, cost, price["low_bp"], price["high_bp"])
    left = [f"    {(rate - cost) / 100:>10,.2f}  {why.zh if language == 'zh' else why.en}"] if rate != cost else []
    return [*left, f"  = {rate / 100:>10,.2f}  {'建议年利率' if language == 'zh' else 'Rate'}"]


def lines(document: Mapping[str, Any], language: str) -> list[str]:
    """Return a proposal on the wire as lines of text for a terminal."""
    zh = language == "zh"
    price, amount = document["price"], document["limit_fen"] / 1_000_000
    head = f"{document['product_code']}  {document['advice_text'][language]}  {amount:g} {'万元' if zh else 'x10k yuan'}"
    if price:
        head += f"  {price['annual_rate_bp'] / 100:.2f} % (LPR {price['lpr']['tenor']} {price['spread_bp']:+d} bp)"
    told = [f"{head}  {document['term_months']} {'个月' if zh else 'months'}"]
    told += [f"  · {reason[language]}" for reason in document["reasons"]]
    told += [f"  {'额度测算' if zh else 'Caps'}:"]
    for cap in document["caps"]:
        sign = "→" if cap["key"] == document["binding"] else "?" if not cap["known"] else " "
        told.append(f"  {sign} {cap['amount_fen'] / 1_000_000:>10,.2f}  {cap['label'][language]}: {cap['text'][language]}")
    if price:
        told += [f"  {'价格构成' if zh else 'Price'}:"]
        told += [f"    {part['bp'] / 100:>10,.2f}  {part['label'][language]}: {part['text'][language]}" for part in price["components"]]
        told += _remainder(price, language)
    told += [f"  {'条件' if zh else 'Conditions'}:"] if document["conditions"] else []
    told += [f"    - {c['text'][language]} ({c['reason'][language]})" for c in document["conditions"]]
    return told
