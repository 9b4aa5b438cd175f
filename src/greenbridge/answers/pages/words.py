"""Words that the pages of both sides use."""

from typing import Any

from greenbridge.answers.values import ANSWER_STATUS_NAMES, DECLINE_REASON_NAMES
from greenbridge.catalog.values import Eligibility
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
}
