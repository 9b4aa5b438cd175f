"""The interest subsidy on green loans: policy, loans, claims and the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from greenbridge.kit.text import Text


@dataclass(frozen=True, slots=True)
class Share:
    """What a grade brings: a share of the interest at the base rate, in basis points (1,200 = 12 %). `verified`: confirmed by a source."""

    grade: str
    share_bp: int
    verified: bool
    source: str


class BaseKind(StrEnum):
    """Where the base rate comes from."""

    BENCHMARK = "benchmark"
    LPR_1Y = "lpr_1y"


@dataclass(frozen=True, slots=True)
class SubsidyPolicy:
    """The subsidy of one edition. Caps are ours where `caps_verified` is False. Rates in basis points a year, amounts in fen."""

    version: str
    in_force_from: date
    in_force_to: date | None
    source: str
    shares: tuple[Share, ...]
    base: BaseKind
    base_rate_bp: int
    base_source: str
    max_principal_fen: int
    max_year_fen: int
    max_days: int
    claim_within_days: int
    caps_verified: bool

    def share(self, grade: str | None) -> Share | None:
        """Return what a grade brings, None where nothing."""
        return next((s for s in self.shares if s.grade == grade), None)


@dataclass(frozen=True, slots=True)
class Loan:
    """A loan as whoever disbursed it tells it. `reference` is the bank's own number of it. `repaid_on` None: still out."""

    reference: str
    principal_fen: int
    drawn_on: date
    repaid_on: date | None
    bank_id: UUID | None = None
    bank: str = ""


@dataclass(frozen=True, slots=True)
class ReportedLoan:
    """A loan as its bank reported it to the platform, and whose it is."""

    enterprise_id: UUID
    loan: Loan


class Agreement(StrEnum):
    """How a claim agrees with what banks reported."""

    AGREES = "agrees"
    DIFFERS = "differs"
    ANOTHERS = "anothers"
    NOT_REPORTED = "not_reported"


AGREEMENT_NAMES: Mapping[Agreement, Text] = {
    Agreement.AGREES: Text("与银行报送一致", "Agrees with the bank's report"),
    Agreement.DIFFERS: Text("与银行报送不符", "Differs from the bank's report"),
    Agreement.ANOTHERS: Text("银行报送为其他企业的贷款", "The bank reports it as another firm's loan"),
    Agreement.NOT_REPORTED: Text("银行未在平台报送", "Not reported on the platform"),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A claim beside the bank's report; `differs` says what the bank reported otherwise."""

    agreement: Agreement
    differs: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """Days (both ends counted) on which a grade was certified."""

    grade: str
    first: date
    last: date
    certificate_number: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """Part of a loan's days under one grade, and what it brings."""

    grade: str
    first: date
    last: date
    days: int
    share_bp: int
    amount_fen: int
    certificate_number: str = ""


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a loan brings: `amount_fen` is the sum of segments, cut by the caps; `capped_by` says which cut."""

    amount_fen: int
    days: int
    principal_fen: int
    segments: tuple[Segment, ...]
    capped_by: tuple[Text, ...]


class ClaimState(StrEnum):
    """Where a claim stands. Final: rejected, withdrawn; and recovered, until more turns out to be over."""

    CLAIMED = "claimed"
    CHECKED = "checked"
    APPROVED = "approved"
    PAID = "paid"
    CLAWED_BACK = "clawed_back"
    RECOVERED = "recovered"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


CLAIM_FINAL = frozenset({ClaimState.REJECTED, ClaimState.WITHDRAWN})
CLAIM_STATE_NAMES: Mapping[ClaimState, Text] = {
    ClaimState.CLAIMED: Text("已申报", "Claimed"),
    ClaimState.CHECKED: Text("已核验", "Checked"),
    ClaimState.APPROVED: Text("已审定", "Approved"),
    ClaimState.PAID: Text("已拨付", "Paid"),
    ClaimState.CLAWED_BACK: Text("追回中", "Being clawed back"),
    ClaimState.RECOVERED: Text("已收回", "Recovered"),
    ClaimState.REJECTED: Text("不予补贴", "Rejected"),
    ClaimState.WITHDRAWN: Text("已撤回", "Withdrawn"),
}


class ClaimEvent(StrEnum):
    """What may happen to a claim."""

    CLAIM = "claim"
    CHECK = "check"
    APPROVE = "approve"
    PAY = "pay"
    CLAW_BACK = "claw_back"
    RECOVER = "recover"
    REJECT = "reject"
    WITHDRAW = "withdraw"


CLAIM_EVENT_NAMES: Mapping[ClaimEvent, Text] = {
    ClaimEvent.CLAIM: Text("申报", "Claim"),
    ClaimEvent.CHECK: Text("核验", "Check"),
    ClaimEvent.APPROVE: Text("审定", "Approve"),
    ClaimEvent.PAY: Text("拨付", "Pay"),
    ClaimEvent.CLAW_BACK: Text("追回", "Claw back"),
    ClaimEvent.RECOVER: Text("确认收回", "Recover"),
    ClaimEvent.REJECT: Text("不予补贴", "Reject"),
    ClaimEvent.WITHDRAW: Text("撤回", "Withdraw"),
}


class Account(StrEnum):
    """Accounts of the ledger. `budget`: the finance bureau's money; `payable`: promised; `paid`: with firms; `receivable`: to come back."""

    BUDGET = "budget"
    PAYABLE = "payable"
    PAID = "paid"
    RECEIVABLE = "receivable"


ACCOUNT_NAMES: Mapping[Account, Text] = {
    Account.BUDGET: Text("财政预算", "Budget"),
    Account.PAYABLE: Text("已审定待拨付", "Approved, to be paid"),
    Account.PAID: Text("已拨付企业", "Paid to firms"),
    Account.RECEIVABLE: Text("应追回", "To be recovered"),
}


@dataclass(frozen=True, slots=True)
class Posting:
    """Money that goes from one account (credited) to another (debited): two equal entries, so that no posting is out of balance."""

    claim_id: UUID
    seq: int
    credit: Account
    debit: Account
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim for one loan; `state` and `changed_at` are those of its last event. `amount_fen`: what was claimed, by the policy then.

    `project_id`: the case of the project whose certificates bear it, with its title; None: the firm's own do. `recoverable_fen`: what
    is being clawed back, or was; `recovered_fen`: what of it came back.
    """

    id: UUID
    number: str
    enterprise_id: UUID
    uscc: str
    name: str
    loan: Loan
    until: date
    policy: str
    base_rate_bp: int
    amount_fen: int
    segments: tuple[Segment, ...]
    state: ClaimState
    seq: int
    claimed_at: datetime
    changed_at: datetime
    recoverable_fen: int = 0
    recovered_fen: int = 0
    generated: bool = False
    project_id: UUID | None = None
    project: str = ""


@dataclass(frozen=True, slots=True)
class ClaimStep:
    """An event of a claim as it is kept."""

    seq: int
    event: ClaimEvent
    state: ClaimState
    at: datetime
    account: str
    note: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a loan would bring under a grade, if the grade stands all its days."""

    grade: str
    principal_fen: int
    days: int
    base_rate_bp: int
    share_bp: int
    verified: bool
    amount_fen: int
    policy: str
