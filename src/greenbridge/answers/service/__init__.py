"""Answers: a bank sees open needs and answers, the firm chooses."""

from greenbridge.answers.service.answering import claim, decline, expire, offer, totals
from greenbridge.answers.service.choosing import accept, agree, agreeing, of_need
from greenbridge.answers.service.feed import feed
from greenbridge.answers.service.outcomes import feedback, loans
from greenbridge.answers.service.seeing import of_bank, open_need, overview, work_list

__all__ = [
    "accept",
    "agree",
    "agreeing",
    "claim",
    "decline",
    "expire",
    "feed",
    "feedback",
    "loans",
    "of_bank",
    "of_need",
    "offer",
    "open_need",
    "overview",
    "totals",
    "work_list",
]
