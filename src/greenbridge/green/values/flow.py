"""A green case: what is rated, where it stands, what may happen to it, and the certificate at its end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from greenbridge.kit.text import Text

CERTIFICATE_FORMAT = "greenbridge-green-certificate/1"


class Subject(StrEnum):
    """What a case is about."""

    ENTERPRISE = "enterprise"
    PROJECT = "project"


SUBJECT_NAMES: Mapping[Subject, Text] = {
    Subject.ENTERPRISE: Text("绿色企业", "Green enterprise"),
    Subject.PROJECT: Text("绿色项目", "Green project"),
}
SCHEME_OF: Mapping[Subject, str] = {Subject.ENTERPRISE: "green-enterprise", Subject.PROJECT: "green-project"}


class State(StrEnum):
    """Where a case stands. From `rejected` on all are final, but that forged evidence may be found later with what was certified."""

    DRAFT = "draft"
    RATED = "rated"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    OBJECTED = "objected"
    CERTIFIED = "certified"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    ANNULLED = "annulled"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    REMOVED = "removed"
    FORGED = "forged"


FINAL = frozenset({State.REJECTED, State.WITHDRAWN, State.ANNULLED, State.SUPERSEDED, State.EXPIRED, State.REMOVED, State.FORGED})
STATE_NAMES: Mapping[State, Text] = {
    State.DRAFT: Text("自评填报", "Self-report"),
    State.RATED: Text("系统已评", "Rated by the system"),
    State.IN_REVIEW: Text("第三方评审", "Third-party review"),
    State.PUBLISHED: Text("公示中", "Published"),
    State.OBJECTED: Text("公示异议核查", "Objection looked into"),
    State.CERTIFIED: Text("已认证入库", "Certified, in the pool"),
    State.REJECTED: Text("评审未通过", "Rejected by the review"),
    State.WITHDRAWN: Text("已撤回", "Withdrawn"),
    State.ANNULLED: Text("异议成立，未认证", "Objection upheld"),
    State.SUPERSEDED: Text("已由续评替代", "Superseded by its renewal"),
    State.EXPIRED: Text("已到期", "Expired"),
    State.REMOVED: Text("已移出绿色库", "Removed from the pool"),
    State.FORGED: Text("材料造假，已撤销", "Forged evidence, revoked"),
}


class Event(StrEnum):
    """What may happen to a case."""

    OPEN = "open"
    SUBMIT = "submit"
    REVISE = "revise"
    REQUEST_REVIEW = "request_review"
    CONFIRM = "confirm"
    CHANGE = "change"
    REJECT = "reject"
    OBJECT = "object"
    DISMISS = "dismiss"
    UPHOLD = "uphold"
    CERTIFY = "certify"
    DOWNGRADE = "downgrade"
    REMOVE = "remove"
    EXPIRE = "expire"
    SUPERSEDE = "supersede"
    FIND_FORGERY = "find_forgery"
    WITHDRAW = "withdraw"


EVENT_NAMES: Mapping[Event, Text] = {
    Event.OPEN: Text("开始自评", "Self-report begun"),
    Event.SUBMIT: Text("提交自评，系统评级", "Submitted and rated"),
    Event.REVISE: Text("修改自评", "Self-report taken up again"),
    Event.REQUEST_REVIEW: Text("申请第三方评审", "Review asked for"),
    Event.CONFIRM: Text("评审确认", "Confirmed by the reviewer"),
    Event.CHANGE: Text("评审调整后通过", "Passed with changes"),
    Event.REJECT: Text("评审不予通过", "Rejected by the reviewer"),
    Event.OBJECT: Text("收到公示异议，计时暂停", "Objection received, the clock stands"),
    Event.DISMISS: Text("异议不成立，继续公示", "Objection dismissed, the clock goes on"),
    Event.UPHOLD: Text("异议成立", "Objection upheld"),
    Event.CERTIFY: Text("公示期满，颁发证书", "Certified after publicity"),
    Event.DOWNGRADE: Text("因事件降级", "Downgraded by an event"),
    Event.REMOVE: Text("因事件移出绿色库", "Removed by an event"),
    Event.EXPIRE: Text("证书到期", "The certificate ran out"),
    Event.SUPERSEDE: Text("续评完成", "Renewed"),
    Event.FIND_FORGERY: Text("认定材料造假", "Forged evidence found"),
    Event.WITHDRAW: Text("企业撤回", "Withdrawn by the firm"),
}


class Speaker(StrEnum):
    """Who makes an event happen."""

    FIRM = "firm"
    REVIEWER = "reviewer"
    OPERATOR = "operator"
    PUBLIC = "public"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Case:
    """One firm's or project's way through the rating. `state`, `rating_id` and `changed_at` are those of its last event.

    `project`: title and planned investment in fen, empty for an enterprise. `catalogue_version`: edition of the catalogue that the
    confirmed item was found in.
    """

    id: UUID
    number: str
    enterprise_id: UUID
    uscc: str
    name: str
    subject: Subject
    business_class: str
    project: Mapping[str, Any]
    catalogue_code: str | None
    catalogue_name: str | None
    catalogue_version: str | None
    reviewer_id: UUID | None
    renews: UUID | None
    generated: bool
    state: State
    seq: int
    changed_at: datetime
    rating_id: UUID | None

    @property
    def title(self) -> str:
        """What is rated, in words: the project, or the firm."""
        return str(self.project.get("title") or self.name)

    @property
    def is_final(self) -> bool:
        """Whether nothing can happen any more."""
        return self.state in FINAL


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as it is kept. `account`: log-in, empty for the clock."""

    seq: int
    event: Event
    state: State
    at: datetime
    account: str
    detail: Mapping[str, Any]
    rating_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Rated:
    """A rating as it is kept: its document (schemes.rating_json with the chain of evidence) and the inputs that made it."""

    id: UUID
    case_id: UUID
    scheme: str
    scheme_version: str
    scheme_status: str
    as_of: date
    rated_at: datetime
    grade: str
    points: float
    coverage: float
    content: Mapping[str, Any]
    inputs: Mapping[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """A signed certificate. `ended_on`: its last day where it was ended early; a day before `valid_from`: it never held."""

    number: str
    case_id: UUID
    enterprise_id: UUID
    subject: Subject
    grade: str
    points: float
    coverage: float
    valid_from: date
    valid_to: date
    content: Mapping[str, Any]
    head: Mapping[str, Any]
    seed: str
    signature: Mapping[str, str]
    recorded_at: datetime
    ended_on: date | None = None
    end_reason: str = ""

    @property
    def last_day(self) -> date:
        """The last day on which it holds."""
        return min(self.valid_to, self.ended_on) if self.ended_on else self.valid_to

    def holds(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.valid_from <= day <= self.last_day


@dataclass(frozen=True, slots=True)
class GreenStanding:
    """What is known of a firm's green rating on a day: the certified grade where there is one, else where its case stands.

    `grade`, `points`, `coverage` and the certificate's fields are None until there is one; `state` is that of the certified case, or of
    the newest one on its way.
    """

    enterprise_id: UUID
    state: State
    grade: str | None
    points: float | None
    coverage: float | None
    certificate_number: str | None
    valid_from: date | None
    valid_to: date | None
    catalogue_version: str | None
    scheme: str | None
    scheme_version: str | None
    scheme_status: str | None


@dataclass(frozen=True, slots=True)
class Publicity:
    """How a publicity period stands. `used`: working days that counted. `ends_on`: None while an objection stops the clock, or where the
    holidays of a year are not known yet.
    """

    days: int
    used: int
    ends_on: date | None
    stopped: bool


@dataclass(frozen=True, slots=True)
class FlowPolicy:
    """Numbers of the flow, of one edition. `veto_years`: how long a finding of forgery bars."""

    version: str
    in_force_from: date
    source: str
    publicity_days: int
    valid_months: int
    renew_before_days: int
    forgery_years: int
    fine_low: float
    fine_high: float
    fine_source: str
    green_grades: tuple[str, ...]
    pledge: Text
