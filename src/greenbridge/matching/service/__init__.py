"""Matching needs with products, in both directions."""

from greenbridge.matching.rules.words import margin_text, rule_label
from greenbridge.matching.service.adhoc import batch, of_draft, ranked, stated, stated_by_many
from greenbridge.matching.service.drafts import dry_run
from greenbridge.matching.service.engines import Desk, Engine, compiled, desk, explain
from greenbridge.matching.service.exposure import audit, behaviour_of, note_behaviour
from greenbridge.matching.service.matching import count, for_actor, make, of_need, plans_of, rematch
from greenbridge.matching.service.reaching import fitting, subscribe, subscriptions
from greenbridge.matching.service.summary import summary

__all__ = [
    "Desk",
    "Engine",
    "audit",
    "batch",
    "behaviour_of",
    "compiled",
    "count",
    "desk",
    "dry_run",
    "explain",
    "fitting",
    "for_actor",
    "make",
    "margin_text",
    "note_behaviour",
    "of_draft",
    "of_need",
    "plans_of",
    "ranked",
    "rematch",
    "rule_label",
    "stated",
    "stated_by_many",
    "subscribe",
    "subscriptions",
    "summary",
]
