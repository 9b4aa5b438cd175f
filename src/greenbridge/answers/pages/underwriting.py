"""The panel of proposals on the page of a need: what is shown, and what the officer's form says."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.answers.values import OpenNeed
from greenbridge.catalog.values import Eligibility
from greenbridge.consents.values import WorkStep
from greenbridge.kit.calendar import SHANGHAI
from greenbridge.kit.errors import FieldProblem, Invalid
from greenbridge.kit.money import bp_from_percent, fen_from_wan
from greenbridge.kit.text import Language, Text
from greenbridge.needs import service as needs
from greenbridge.reports.values import CreditReport
from greenbridge.scoring.gateway import DefaultModel
from greenbridge.underwriting import service as underwriting
from greenbridge.underwriting.values import ADVICE_NAMES, OVERRIDE_REASON_NAMES, Decision, Made, OverrideReason, Terms

OWN = "own_"  # the form's names: the offer beside it has an amount, a rate and a term too


async def shown(
    session: AsyncSession, actor: Actor, seen: OpenNeed, report: CreditReport | None, step: WorkStep, model: DefaultModel, now: datetime
) -> tuple[list[Made], list[Decision]]:
    """Return the proposals of the report that stands on the page, best first, and the bank's earlier decisions; both may be empty."""
    if report is None or seen.draft is None or step not in underwriting.STEPS:
        return [], []
    fitting = [product for product, answer in seen.products if answer is not Eligibility.NOT_ELIGIBLE]
    found = await underwriting.of_report(session, await needs.get(session, seen.need_id), report, fitting, model)
    return found, await underwriting.decisions(session, actor, seen.need_id, now)


def words(proposals: Sequence[Made], decided: Sequence[Decision], language: Language) -> dict[str, Any]:
    """Return what the template needs."""
    return {
        "proposals": [(made, underwriting.proposal_id(made), underwriting.waterfall(made, language)) for made in proposals],
        "decided": decided,
        "advice_names": ADVICE_NAMES,
        "can_accept": underwriting.accepted,
        "override_reasons": OVERRIDE_REASON_NAMES,
        "shanghai": SHANGHAI,
    }


async def decide(
    session: AsyncSession, actor: Actor, need_id: UUID, form: Mapping[str, str], reasons: Sequence[Any], model: DefaultModel, now: datetime
) -> Decision:
    """Keep the decision that was typed; a problem names the form's own fields."""
    override = _typed(form) if form.get("choice") == "override" else None
    known = {str(reason) for reason in reasons} & set(OverrideReason)
    chosen = [reason for reason in OverrideReason if reason in known]
    given, note = form.get("proposal_id", ""), form.get(f"{OWN}note", "")
    try:
        return await underwriting.decide(session, actor, need_id, given, model, now, override=override, reasons=chosen, note=note)
    except Invalid as problem:
        fields = tuple(FieldProblem(f"{OWN}{f.field}", f.message) for f in problem.fields)
        raise Invalid(problem.code, problem.detail.zh, problem.detail.en, fields=fields) from problem


def _typed(form: Mapping[str, str]) -> Terms:
    """Return the terms typed: amount in 万元, rate in per cent, months; an amount of 0 needs no more."""
    found: list[FieldProblem] = []

    def read(field: str, convert: Any, zh: str, en: str) -> int:
        try:
            value = int(convert(form.get(f"{OWN}{field}", "")))
        except ValueError:
            value = -1
        if value < 0:
            found.append(FieldProblem(f"{OWN}{field}", Text(zh, en)))
        return value

    amount = read("amount_fen", fen_from_wan, "请填写金额，例如 200；不授信填 0", "Type an amount, such as 200; 0 for none")
    if amount == 0:
        return Terms(0, None, None)
    rate = read("annual_rate_bp", bp_from_percent, "请填写利率，例如 4.35", "Type a rate, such as 4.35")
    term = read("term_months", int, "请填写整月数，例如 12", "Type whole months, such as 12")
    if found:
        raise Invalid("wrong-decision", "请检查改定的内容。", "Check the terms and reasons.", fields=tuple(found))
    return Terms(amount, rate, term)
