"""Wire types of consents, views and reads."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from greenbridge.accounts.values import StaffFunction
from greenbridge.consents.values import ConsentView, Narrowing, Purpose, Read, ReadKind, View, WorkStep
from greenbridge.kit.wire import Closed


class NarrowingIn(Closed):
    """What a firm grants less than the purpose's template allows; what is left out stays as the template has it.

    `withheld`: items (`tax.paid`) and fields (`tax.paid.paid`) that the bank shall not see.
    """

    max_level: int | None = None
    months: int | None = None
    days: int | None = None
    max_reads: int | None = None
    functions: list[StaffFunction] | None = None
    withheld: list[str] = []

    def narrowing(self) -> Narrowing:
        """Return the value."""
        functions = None if self.functions is None else tuple(self.functions)
        return Narrowing(self.max_level, self.months, self.days, self.max_reads, functions, frozenset(self.withheld))


class ConsentOut(Closed):
    """A consent. A bank is not told whose it is here: the need it was granted for says so as long as the consent stands."""

    id: UUID
    number: str
    bank: str
    purpose: Purpose
    steps: list[WorkStep]
    functions: list[StaffFunction]
    max_level: int
    months: int
    withheld: list[str]
    max_reads: int
    reads: int
    last_read_at: datetime | None
    template_version: str
    basis: str
    granted_at: datetime
    expires_on: date
    ended_at: datetime | None
    replaced_by: UUID | None
    receipt_due_on: date | None
    receipt_at: datetime | None

    @classmethod
    def of(cls, view: ConsentView) -> "ConsentOut":
        """Return the wire form."""
        c = view.consent
        return cls(
            id=c.id,
            number=c.number,
            bank=view.bank_name,
            purpose=c.purpose,
            steps=list(c.steps),
            functions=list(c.functions),
            max_level=c.scope.max_level,
            months=c.scope.months,
            withheld=sorted(c.scope.withheld),
            max_reads=c.max_reads,
            reads=view.reads,
            last_read_at=view.last_read_at,
            template_version=c.template_version,
            basis=c.basis,
            granted_at=c.granted_at,
            expires_on=c.expires_on,
            ended_at=c.ended_at,
            replaced_by=c.replaced_by,
            receipt_due_on=c.receipt_due_on,
            receipt_at=c.receipt_at,
        )


class ReadOut(Closed):
    """Who read which fields of the firm."""

    at: datetime
    organisation: str
    login: str
    function: StaffFunction | None
    purpose: Purpose | None
    step: WorkStep | None
    consent_id: UUID | None
    kind: ReadKind
    report_number: str | None
    fields: list[str]

    @classmethod
    def of(cls, read: Read) -> "ReadOut":
        """Return the wire form."""
        return cls(
            at=read.at,
            organisation=read.organisation_name,
            login=read.login,
            function=read.function,
            purpose=read.purpose,
            step=read.step,
            consent_id=read.consent_id,
            kind=read.kind,
            report_number=read.report_number,
            fields=list(read.fields),
        )


class StaffViewIn(Closed):
    """What a staff function sees at a step: up to a sensitivity, without the hidden items and fields."""

    max_level: int
    hidden: list[str] = []


class StaffViewOut(StaffViewIn):
    """A bank's view of a step and function; `cap` is the highest level that the purpose's template allows there."""

    step: WorkStep
    function: StaffFunction
    cap: int
    set_at: datetime | None
    revision: int = Field(description="In quotes, what If-Match of a change says")

    @classmethod
    def of(cls, view: View, cap: int, revision: int) -> "StaffViewOut":
        """Return the wire form."""
        hidden = sorted(view.hidden)
        return cls(
            step=view.step, function=view.function, max_level=view.max_level, hidden=hidden, cap=cap, set_at=view.set_at, revision=revision
        )
