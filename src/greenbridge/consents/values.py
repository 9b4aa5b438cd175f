"""Consents: what a firm lets a bank read, what a bank lets its staff read, and what was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from greenbridge.accounts.values import StaffFunction
from greenbridge.kit.text import Text


class Purpose(StrEnum):
    """What the data may be used for."""

    LOAN_REVIEW = "loan_review"
    POST_LOAN = "post_loan"


class WorkStep(StrEnum):
    """Where a bank's work on a loan stands."""

    SURVEY = "survey"
    APPROVAL = "approval"
    DISBURSEMENT = "disbursement"
    POST_LOAN = "post_loan"


class Withheld(StrEnum):
    """Why a field is not shown although it may be there."""

    BY_FIRM = "by_firm"
    BY_STEP = "by_step"
    BY_BANK = "by_bank"


class ReadKind(StrEnum):
    """Through what a firm's fields were read."""

    REPORT = "report"
    FACTS = "facts"
    NAMED = "named"  # name and code, with a need
    DELIVERY = "delivery"  # rows of a department's delivery, on the operator's pages


PURPOSE_NAMES = {Purpose.LOAN_REVIEW: Text("贷款审查", "Loan review"), Purpose.POST_LOAN: Text("贷后管理", "Post-loan management")}
WORK_STEP_NAMES = {
    WorkStep.SURVEY: Text("贷前调查", "Survey"),
    WorkStep.APPROVAL: Text("审批", "Approval"),
    WorkStep.DISBURSEMENT: Text("放款", "Disbursement"),
    WorkStep.POST_LOAN: Text("贷后", "Post-loan"),
}
WITHHELD_NAMES = {
    Withheld.BY_FIRM: Text("企业未授权", "Not agreed by the firm"),
    Withheld.BY_STEP: Text("本环节不可查阅", "Not open at this step"),
    Withheld.BY_BANK: Text("本行未向该岗位开放", "Not opened by the bank to this function"),
}
READ_KIND_NAMES = {
    ReadKind.REPORT: Text("信用报告", "Credit report"),
    ReadKind.FACTS: Text("数据明细", "Facts"),
    ReadKind.NAMED: Text("名称与代码", "Name and code"),
    ReadKind.DELIVERY: Text("部门交付的数据行", "Rows of a department's delivery"),
}
# What a consent tells in any case, to every function that may read at all: whose the data is. They cannot be withheld.
IDENTITY = frozenset({"registration.basic.uscc", "registration.basic.name"})


@dataclass(frozen=True, slots=True)
class Template:
    """What a consent of a purpose may allow at most, in force from a day; versioned policy.

    `levels`: work step -> staff function -> the highest sensitivity (1-5) it may read; a function that is not there reads nothing.
    """

    purpose: Purpose
    version: str
    in_force_from: date
    source: str
    max_days: int
    max_months: int
    max_reads: int
    max_reads_a_day: int
    receipt_working_days: int
    levels: Mapping[WorkStep, Mapping[StaffFunction, int]]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which fields: up to a sensitivity, of so many months back, without the `withheld` items (`tax.paid`) and fields (`tax.paid.paid`)."""

    max_level: int
    months: int
    withheld: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a firm grants less than the template allows; None: as the template has it."""

    max_level: int | None = None
    months: int | None = None
    days: int | None = None
    max_reads: int | None = None
    functions: tuple[StaffFunction, ...] | None = None
    withheld: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Consent:
    """Firm x bank x purpose x steps x functions x fields x number of reads x period. Valid through `expires_on`, unless ended before.

    `ended_at`: withdrawn, or replaced by a wider one (`replaced_by`). After a withdrawal the bank owes a receipt by `receipt_due_on`.
    `basis` says on which occasion it was granted (`need:N2603...`).
    """

    id: UUID
    number: str
    enterprise_id: UUID
    bank_id: UUID
    purpose: Purpose
    steps: tuple[WorkStep, ...]
    functions: tuple[StaffFunction, ...]
    scope: Scope
    max_reads: int
    template_version: str
    basis: str
    granted_at: datetime
    expires_on: date
    ended_at: datetime | None
    replaced_by: UUID | None
    receipt_due_on: date | None
    receipt_at: datetime | None


@dataclass(frozen=True, slots=True)
class View:
    """What a bank shows one staff function at one work step, within what consents allow: up to a level, without `hidden` items and
    fields.
    """

    step: WorkStep
    function: StaffFunction
    max_level: int
    hidden: frozenset[str]
    set_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """What one officer may read of one firm now: the consent, the template's cap at the step, the bank's own view.

    A preview has no consent.
    """

    consent_id: UUID | None
    purpose: Purpose
    step: WorkStep
    function: StaffFunction
    scope: Scope
    step_level: int
    view: View | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing may be read: a code and a sentence."""

    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class Read:
    """One row of the ledger: who read which fields of a firm, when, for what, under which consent."""

    at: datetime
    enterprise_id: UUID
    organisation_id: UUID | None
    organisation_name: str
    login: str
    function: StaffFunction | None
    purpose: Purpose | None
    step: WorkStep | None
    consent_id: UUID | None
    kind: ReadKind
    report_number: str | None
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DescribedItem:
    """A data item in words: its category, label, department, and fields as (name, label, sensitivity)."""

    code: str
    category: Text
    label: Text
    department: Text
    fields: tuple[tuple[str, Text, int], ...]


@dataclass(frozen=True, slots=True)
class ItemInWords:
    """What a reader sees of an item: labels of the shown and of the withheld fields."""

    label: Text
    department: Text
    shown: tuple[Text, ...]
    withheld: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class ConsentView:
    """A consent with what was done under it, for the firm or for the bank."""

    consent: Consent
    bank_name: str
    reads: int
    last_read_at: datetime | None
