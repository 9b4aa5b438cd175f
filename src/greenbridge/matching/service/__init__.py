"""Matching needs with products, in both directions."""

from greenbridge.matching.rules.dryrun import DAILY_BUDGET
from greenbridge.matching.rules.dryrun import OVERLAPS as MOST_OVERLAPS
from greenbridge.matching.rules.words import margin_text, rule_label
from greenbridge.matching.service.adhoc import batch, of_draft, ranked, stated, stated_by_many
from greenbridge.matching.service.beyond import explained, of_bank
from greenbridge.matching.service.drafts import drafts_left, dry_run
from greenbridge.matching.service.engines import Desk, Engine, compiled, desk, explain
from greenbridge.matching.service.exposure import audit, behaviour_of, note_behaviour
from greenbridge.matching.service.making import make
from greenbridge.matching.service.matching import count, for_actor, of_need, plans_of
from greenbridge.matching.service.reaching import fitting, reach, subscribe
from greenbridge.matching.service.renewing import due, finish, look, rematch
from greenbridge.matching.service.summary import summary

__all__ = [
    "DAILY_BUDGET",
    "MOST_OVERLAPS",
    "Desk",
    "Engine",
    "audit",
    "batch",
    "behaviour_of",
    "compiled",
    "count",
    "desk",
    "drafts_left",
    "dry_run",
    "due",
    "explain",
    "explained",
    "finish",
    "fitting",
    "for_actor",
    "look",
    "make",
    "margin_text",
    "note_behaviour",
    "of_bank",
    "of_draft",
    "of_need",
    "plans_of",
    "ranked",
    "reach",
    "rematch",
    "rule_label",
    "stated",
    "stated_by_many",
    "subscribe",
    "summary",
]
