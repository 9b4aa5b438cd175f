"""Objections: a firm raises and withdraws them, the operator answers; open ones mark their records."""

from greenbridge.disputes.gateway import policies
from greenbridge.disputes.service.answering import answer, escalate, standing, to_answer, waiting
from greenbridge.disputes.service.marking import OpenObjections, open_at
from greenbridge.disputes.service.objecting import disputable, firm_of, object_to, of_enterprise, own, policy, withdraw

__all__ = [
    "OpenObjections",
    "answer",
    "disputable",
    "escalate",
    "firm_of",
    "object_to",
    "of_enterprise",
    "open_at",
    "own",
    "policies",
    "policy",
    "standing",
    "to_answer",
    "waiting",
    "withdraw",
]
