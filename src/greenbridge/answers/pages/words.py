"""Words that the pages of both sides use."""

from typing import Any

from greenbridge.answers.values import (
    ANSWER_EVENT_NAMES,
    ANSWER_STATUS_NAMES,
    DECLINE_REASON_NAMES,
    DEMAND_NAMES,
    LOAN_STATE_NAMES,
    RATING_REASON_NAMES,
    REQUEST_STATE_NAMES,
    STEP_NAMES,
)
from greenbridge.catalog.values import REPAYMENT_NAMES, Eligibility
from greenbridge.kit.text import Text
from greenbridge.needs.values import COLLATERAL_NAMES, GUARANTEE_MODE_NAMES, NEED_STATUS_NAMES, PURPOSE_NAMES

ELIGIBILITY_NAMES = {
    Eligibility.ELIGIBLE: Text("符合", "Fits"),
    Eligibility.CONDITIONAL: Text("待补充数据", "Data missing"),
    Eligibility.NOT_ELIGIBLE: Text("不符合", "Does not fit"),
}
WORDS: dict[str, Any] = {
    "statuses": ANSWER_STATUS_NAMES,
    "need_statuses": NEED_STATUS_NAMES,
    "purposes": PURPOSE_NAMES,
    "modes": GUARANTEE_MODE_NAMES,
    "kinds": COLLATERAL_NAMES,
    "decline_reasons": DECLINE_REASON_NAMES,
    "eligibilities": ELIGIBILITY_NAMES,
    "repayments": REPAYMENT_NAMES,
    "loan_states": LOAN_STATE_NAMES,
    "step_titles": STEP_NAMES,
    "demand_names": DEMAND_NAMES,
    "rating_reasons": RATING_REASON_NAMES,
    "request_states": REQUEST_STATE_NAMES,
    "answer_events": ANSWER_EVENT_NAMES,
}
