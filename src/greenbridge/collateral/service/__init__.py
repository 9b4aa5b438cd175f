"""Collateral: offer, accept, release and check pledges; register mortgages and ask the register."""

from greenbridge.collateral.gateway import FakeRegistry, HttpRegistry, LandRegistry, policies
from greenbridge.collateral.service.answering import accept, decline, end_overdue, hand_over, release
from greenbridge.collateral.service.checking import check
from greenbridge.collateral.service.exchanging import exchange
from greenbridge.collateral.service.limits import TooOften, policy
from greenbridge.collateral.service.offering import none, offer, withdraw
from greenbridge.collateral.service.registering import (
    answer_of,
    ask,
    discard,
    draft,
    of_mine,
    of_pledge,
    queries,
    request_cancellation,
    submit,
)
from greenbridge.collateral.service.safe import Safe, rotate, safe
from greenbridge.collateral.service.seeing import lending, mine, one, overview, summary

__all__ = [
    "FakeRegistry",
    "HttpRegistry",
    "LandRegistry",
    "Safe",
    "TooOften",
    "accept",
    "answer_of",
    "ask",
    "check",
    "decline",
    "discard",
    "draft",
    "end_overdue",
    "exchange",
    "hand_over",
    "lending",
    "mine",
    "none",
    "of_mine",
    "of_pledge",
    "offer",
    "one",
    "overview",
    "policies",
    "policy",
    "queries",
    "release",
    "request_cancellation",
    "rotate",
    "safe",
    "submit",
    "summary",
    "withdraw",
]
