"""Answers: a bank sees open needs and answers, the firm chooses, the bank lends; time and the operator see to it that all are answered."""

from greenbridge.answers.gateway import profile
from greenbridge.answers.service.answering import claim, contact, decline, demand, give_back, offer, totals
from greenbridge.answers.service.asking import refuse, request, requests_of, requests_of_bank
from greenbridge.answers.service.choosing import (
    accept,
    agree,
    agreeing,
    of_need,
    rate,
    ratings,
    sealed_offers,
    supply,
    withdraw,
)
from greenbridge.answers.service.clock import tick
from greenbridge.answers.service.comparing import amortisation, compare, owed, timeline
from greenbridge.answers.service.conduct import note_behaviour
from greenbridge.answers.service.feed import feed
from greenbridge.answers.service.lending import approve, catch_up, close, fall_overdue, pay_out, payments, repay, sign
from greenbridge.answers.service.operating import assign, board, escalated, league, replies, reply, tried
from greenbridge.answers.service.outcomes import borrowers, disbursed, feedback, loans
from greenbridge.answers.service.releasing import releasable, release
from greenbridge.answers.service.reporting import report
from greenbridge.answers.service.seeing import due, of_bank, open_need, overview, points, work_list

__all__ = [
    "accept",
    "agree",
    "agreeing",
    "amortisation",
    "approve",
    "assign",
    "board",
    "borrowers",
    "catch_up",
    "claim",
    "close",
    "compare",
    "contact",
    "decline",
    "demand",
    "disbursed",
    "due",
    "escalated",
    "fall_overdue",
    "feed",
    "feedback",
    "give_back",
    "league",
    "loans",
    "note_behaviour",
    "of_bank",
    "of_need",
    "offer",
    "open_need",
    "overview",
    "owed",
    "pay_out",
    "payments",
    "points",
    "profile",
    "rate",
    "ratings",
    "refuse",
    "releasable",
    "release",
    "repay",
    "replies",
    "reply",
    "report",
    "request",
    "requests_of",
    "requests_of_bank",
    "sealed_offers",
    "sign",
    "supply",
    "tick",
    "timeline",
    "totals",
    "tried",
    "withdraw",
    "work_list",
]
