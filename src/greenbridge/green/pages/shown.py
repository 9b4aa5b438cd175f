"""What the pages of all sides share: words, and a case laid out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from greenbridge.green.rules import words
from greenbridge.green.service import CaseView
from greenbridge.green.values import (
    CLAIM_EVENT_NAMES,
    CLAIM_STATE_NAMES,
    EVENT_NAMES,
    PLACE_NAMES,
    STATE_NAMES,
    SUBJECT_NAMES,
)
from greenbridge.kit.calendar import SHANGHAI
from greenbridge.kit.text import Language, Text
from greenbridge.schemes import service as schemes
from greenbridge.schemes.values import STATUS_NAMES, InputName

AUTHORS = {
    "firm": Text("企业填报并承诺", "Stated by the firm"),
    "reviewer": Text("第三方评审", "Reviewer"),
    "department": Text("部门数据", "Department"),
    "platform": Text("平台记录", "Platform"),
}
WORDS: dict[str, Any] = {
    "states": STATE_NAMES,
    "events": EVENT_NAMES,
    "subjects": SUBJECT_NAMES,
    "claim_states": CLAIM_STATE_NAMES,
    "claim_events": CLAIM_EVENT_NAMES,
    "places": PLACE_NAMES,
    "authors": AUTHORS,
    "statuses": STATUS_NAMES,
    "steps": words.STEPS,
    "step_of": words.step_of,
    "back": words.back,
    "shanghai": SHANGHAI,
    "moment": lambda at: datetime.fromisoformat(at).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
}


def laid_out(
    book: schemes.Book, view: CaseView, content: dict[str, Any], language: Language, names: Sequence[InputName] = ()
) -> dict[str, Any]:
    """Return a case's rating in lines with bars, by the edition that made it; `names`: values with fields to fill in."""
    scheme = book.edition(content["scheme"], content["version"])
    asked = [name.name for name in names]
    vocabulary = schemes.vocabulary()
    return {
        "scheme": scheme,
        "rating": content,
        "grade": scheme.grade_named(content["grade"]),
        "groups": words.groups(scheme, content, view.statements, vocabulary, language, asked),
        "others": words.others(scheme, view.statements, vocabulary, language, asked),
        "kind": scheme.business_class(content["business_class"]),
    }
