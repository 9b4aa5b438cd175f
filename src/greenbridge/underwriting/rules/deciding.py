"""What an officer may decide on."""

from collections.abc import Collection

from greenbridge.catalog.values import LoanProduct
from greenbridge.kit.errors import FieldProblem
from greenbridge.kit.money import in_percent, in_wan
from greenbridge.kit.text import Text
from greenbridge.needs.values import NeedDraft
from greenbridge.underwriting.values import Advice, OverrideReason, Proposal, Terms

LEAST_NOTE, MOST_NOTE, MOST_REASONS = 5, 1_000, 4


def accepted(proposal: Proposal) -> Terms | None:
    """Return the terms of a proposal taken as it is; not to lend where that is its advice; None where a person must work it out."""
    if proposal.advice is Advice.NOT_ADVISED:
        return Terms(0, None, None)
    if proposal.advice is Advice.REFER or proposal.price is None:
        return None
    return Terms(proposal.limit_fen, proposal.price.rate_bp, proposal.tenor.months)


def override_problems(
    terms: Terms, reasons: Collection[OverrideReason], note: str, product: LoanProduct, draft: NeedDraft
) -> tuple[FieldProblem, ...]:
    """Return what is wrong with an override: it has one to four reasons and a note, and lies within the product and the need."""
    found = []

    def refuse(field: str, zh: str, en: str) -> None:
        found.append(FieldProblem(field, Text(zh, en)))

    if not 1 <= len(set(reasons)) <= MOST_REASONS:
        refuse("reasons", "请选择 1 至 4 个理由", "Choose one to four reasons")
    if not LEAST_NOTE <= len(note.strip()) <= MOST_NOTE:
        refuse("note", "请用 5 至 1000 字说明依据", "Say in 5 to 1000 characters what it rests on")
    if terms.amount_fen == 0:
        return tuple(found)
    most = min(product.max_amount_fen, draft.amount_fen)
    if not product.min_amount_fen <= terms.amount_fen <= most:
        low, high = in_wan(product.min_amount_fen), in_wan(most)
        refuse("amount_fen", f"额度为 0（不授信），或 {low} 至 {high} 万元", f"0 (not to lend), or {low} to {high} x10k yuan")
    if terms.annual_rate_bp is None or not product.min_annual_rate_bp <= terms.annual_rate_bp <= product.max_annual_rate_bp:
        low, high = in_percent(product.min_annual_rate_bp), in_percent(product.max_annual_rate_bp)
        refuse("annual_rate_bp", f"产品年利率为 {low} % 至 {high} %", f"The product's rate is {low} % to {high} %")
    if terms.term_months is None or not product.min_term_months <= terms.term_months <= product.max_term_months:
        short, long = product.min_term_months, product.max_term_months
        refuse("term_months", f"产品期限为 {short} 至 {long} 个月", f"The product's term is {short} to {long} months")
    return tuple(found)
