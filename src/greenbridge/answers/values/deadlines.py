"""By when whom what is due of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from greenbridge.kit.text import Text
from greenbridge.needs.values import NeedStatus


class Step(StrEnum):
    """What has a deadline, and whose."""

    ACCEPT = "accept"
    CONTACT = "contact"
    OFFER = "offer"
    SUPPLY = "supply"
    LEND = "lend"
    OPERATE = "operate"


STEP_NAMES = {
    Step.ACCEPT: Text("受理", "Accept"),
    Step.CONTACT: Text("联系企业", "Contact the firm"),
    Step.OFFER: Text("报价或谢绝", "Offer or decline"),
    Step.SUPPLY: Text("企业补充材料", "The firm hands in papers"),
    Step.LEND: Text("放款", "Pay out"),
    Step.OPERATE: Text("平台答复", "The operator answers"),
}


class Owner(StrEnum):
    """Who must act."""

    BANK = "bank"
    BANKS = "banks"
    FIRM = "firm"
    OPERATOR = "operator"


class DeadlineState(StrEnum):
    """What became of a deadline. Missed ones of lending and of the operator stay on the board until they are done."""

    RUNNING = "running"
    MET = "met"
    MISSED = "missed"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Profile:
    """How many working days each step may take, and how many banks the platform asks before the operator must act."""

    name: str
    version: str
    title: Text
    source: str
    days: Mapping[Step, int]
    most_asked: int


@dataclass(frozen=True, slots=True)
class Deadline:
    """One step that somebody owes a need. `remind_on`: when half its working days have passed."""

    id: UUID
    need_id: UUID
    step: Step
    owner: Owner
    bank_id: UUID | None
    answer_id: UUID | None
    request_id: UUID | None
    started_on: date
    remind_on: date
    due_on: date
    state: DeadlineState
    reminded_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A deadline as the operator's board and a bank's work list show it. `left`: working days, below zero when late."""

    deadline: Deadline
    number: str
    bank_name: str | None
    left: int
    need_status: NeedStatus
