"""Proposals for officers and their decisions. Portfolios stand apart (`service.portfolio`): they load SciPy."""

from greenbridge.underwriting.rules.deciding import accepted
from greenbridge.underwriting.service.deciding import decide, decisions
from greenbridge.underwriting.service.proposing import STEPS, advance_rate, document, for_actor, lines, of_report, proposal_id, waterfall

__all__ = [
    "STEPS",
    "accepted",
    "advance_rate",
    "decide",
    "decisions",
    "document",
    "for_actor",
    "lines",
    "of_report",
    "proposal_id",
    "waterfall",
]
