"""What an objection is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from greenbridge.facts.values import Fact
from greenbridge.kit.calendar import business_date
from greenbridge.kit.text import Text


class State(StrEnum):
    """Where an objection is; all but open are final."""

    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Event(StrEnum):
    """What can happen to an objection."""

    WITHDRAW = "withdraw"
    UPHOLD = "uphold"
    REJECT = "reject"


class Ground(StrEnum):
    """What the firm says is wrong with a record."""

    NOT_OURS = "not_ours"
    WRONG = "wrong"
    INCOMPLETE = "incomplete"
    OUTDATED = "outdated"
    OVER = "over"
    ANNULLED = "annulled"
    OTHER = "other"


class Outcome(StrEnum):
    """What became of the record: five ways to be right, and one to be told why not."""

    DELETED = "deleted"
    CORRECTED = "corrected"
    COMPLETED = "completed"
    DISPLAY_STOPPED = "display_stopped"
    DELISTED = "delisted"
    NOT_UPHELD = "not_upheld"


class Present(StrEnum):
    """How a record stands now, against the version that was disputed."""

    SAME = "same"
    CHANGED = "changed"
    TAKEN_BACK = "taken_back"
    LAPSED = "lapsed"


class Escalation(StrEnum):
    """How late an answer is: past the day it is due, past the last day that the law allows."""

    LATE = "late"
    OVERDUE = "overdue"


STATE_NAMES: Mapping[State, Text] = {
    State.OPEN: Text("核查中", "Under review"),
    State.UPHELD: Text("异议成立", "Upheld"),
    State.REJECTED: Text("异议不成立", "Not upheld"),
    State.WITHDRAWN: Text("已撤回", "Withdrawn"),
}
GROUND_NAMES: Mapping[Ground, Text] = {
    Ground.NOT_OURS: Text("不是本企业的记录", "Not about this firm"),
    Ground.WRONG: Text("内容有错误", "The content is wrong"),
    Ground.INCOMPLETE: Text("内容不完整", "The content is incomplete"),
    Ground.OUTDATED: Text("已履行或情况已变化，记录未更新", "Done or changed since, and not updated"),
    Ground.OVER: Text("已过公示期或应停止公示", "Past its showing period, or to be shown no more"),
    Ground.ANNULLED: Text("所依据的决定已撤销或变更", "The decision behind it was annulled or changed"),
    Ground.OTHER: Text("其他", "Other"),
}
OUTCOME_NAMES: Mapping[Outcome, Text] = {
    Outcome.DELETED: Text("已由提供部门撤回", "Taken back by its department"),
    Outcome.CORRECTED: Text("已更正", "Corrected"),
    Outcome.COMPLETED: Text("已补充", "Completed"),
    Outcome.DISPLAY_STOPPED: Text("停止展示", "Shown no more"),
    Outcome.DELISTED: Text("移出名单", "Taken off the list"),
    Outcome.NOT_UPHELD: Text("不成立，说明理由", "Not upheld, for the reason given"),
}
PRESENT_NAMES: Mapping[Present, Text] = {
    Present.SAME: Text("与异议时相同", "as it was when disputed"),
    Present.CHANGED: Text("部门已交付不同的内容", "its department has delivered another content"),
    Present.TAKEN_BACK: Text("部门已撤回", "its department has taken it back"),
    Present.LAPSED: Text("已不再展示", "shown no more"),
}
ESCALATION_NAMES: Mapping[Escalation, Text] = {
    Escalation.LATE: Text("答复逾期", "Answer late"),
    Escalation.OVERDUE: Text("超过最长期限", "Past the last day"),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """How long an answer may take, by law in force from a day on. Both in working days after the day of the objection."""

    version: str
    in_force_from: date
    source: Text
    answer_working_days: int
    last_working_days: int


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The day an answer is due, and the last day; None while the holidays of a year ahead are not known."""

    due_on: date | None
    last_on: date | None


@dataclass(frozen=True, slots=True)
class Objection:
    """A firm's objection to one version (`digest`) of a record about it. `corrected_by`: the delivery that put the record right."""

    id: UUID
    enterprise_id: UUID
    item: str
    key: str
    digest: str
    ground: Ground
    text: str
    policy: str
    raised_at: datetime
    raised_by: UUID
    deadlines: Deadlines
    state: State
    escalation: Escalation | None = None
    outcome: Outcome | None = None
    answer: str = ""
    closed_at: datetime | None = None
    closed_by: UUID | None = None
    corrected_by: UUID | None = None

    @property
    def since(self) -> date:
        """Return the business day from which the record is marked."""
        return business_date(self.raised_at)

    @property
    def number(self) -> str:
        """Return what people say on the telephone: the day, and the beginning of the id. Y260310-3FA2C1."""
        return f"Y{self.since:%y%m%d}-{self.id.hex[:6].upper()}"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a firm says against a record."""

    ground: Ground
    text: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The record of an objection as it stands now: the version that was disputed, the one that is shown (None: none), and the
    delivery that changed it or took it back.
    """

    present: Present
    disputed: Fact
    fact: Fact | None
    bringing: UUID | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the operator answers. `NOT_UPHELD` rejects; every other outcome upholds."""

    outcome: Outcome
    text: str

    @property
    def event(self) -> Event:
        """Return the event that the answer is."""
        return Event.REJECT if self.outcome is Outcome.NOT_UPHELD else Event.UPHOLD


@dataclass(frozen=True, slots=True)
class Waiting:
    """An objection with its firm, as it waits on the operator's list; `left`: working days until it is due, less than 0 when late."""

    objection: Objection
    uscc: str
    name: str
    left: int | None
    late: Escalation | None
