"""The lives of an answer, of a request and of a loan, as tables."""

from greenbridge.answers.values import AnswerEvent as E
from greenbridge.answers.values import AnswerGuard as G
from greenbridge.answers.values import AnswerStatus as S
from greenbridge.answers.values import LoanEvent, LoanGuard, LoanState, RequestEvent, RequestState
from greenbridge.kit.states import Machine, Transition
from greenbridge.kit.text import Text

FIRM, BANK, CLOCK = Text("企业", "firm"), Text("银行", "bank"), Text("时钟", "clock")
RELEASING = Text("企业或平台运营", "firm or operator")
# Before the firm has chosen: the bank works on it.
BEFORE = (S.CLAIMED, S.SURVEYING, S.ACTION_REQUIRED, S.OFFERED)
# The firm has chosen, and it is, or became, a loan.
LOANS = (S.CHOSEN, S.APPROVED, S.SIGNED, S.DISBURSED, S.CLOSED)
# It holds no slot: a need that is opened again has all of them.
FREE = (S.NOT_CHOSEN, S.DECLINED, S.RETURNED, S.EXPIRED)

ANSWER: Machine[S, E, G] = Machine(
    "answer",
    tuple(S),
    Transition((), E.CLAIM, S.CLAIMED, BANK, (G.NEED_OPEN, G.BANK_IS_NEW, G.SLOT_FREE, G.PRODUCT_FITS)),
    (
        Transition((S.CLAIMED,), E.CONTACT, S.SURVEYING, BANK, (G.IN_TIME,)),
        Transition((S.CLAIMED, S.SURVEYING), E.DEMAND, S.ACTION_REQUIRED, BANK, (G.IN_TIME,)),
        Transition((S.ACTION_REQUIRED,), E.SUPPLY, S.SURVEYING, FIRM),
        Transition((S.CLAIMED, S.SURVEYING), E.OFFER, S.OFFERED, BANK, (G.NEED_OPEN, G.IN_TIME, G.TERMS_FIT)),
        Transition((S.OFFERED,), E.CHOOSE, S.CHOSEN, FIRM, (G.WINDOW_OVER, G.OFFER_STANDS)),
        Transition((*BEFORE,), E.PASS_OVER, S.NOT_CHOSEN, FIRM),
        Transition((S.CHOSEN,), E.APPROVE, S.APPROVED, BANK, (G.WITHIN_OFFER,)),
        Transition((S.APPROVED,), E.SIGN, S.SIGNED, BANK, (G.HAS_CONTRACT,)),
        Transition((S.SIGNED, S.DISBURSED), E.PAY_OUT, S.DISBURSED, BANK, (G.WITHIN_APPROVAL,)),
        Transition((S.DISBURSED,), E.CLOSE, S.CLOSED, BANK, (G.NOTHING_OWED,)),
        Transition((*BEFORE, S.CHOSEN), E.DECLINE, S.DECLINED, BANK, (G.REASONS_GIVEN,)),
        Transition((S.ACTION_REQUIRED, S.APPROVED, S.SIGNED), E.RETURN, S.RETURNED, BANK, (G.REASONS_GIVEN,)),
        Transition((S.CLAIMED, S.SURVEYING, S.OFFERED), E.EXPIRE, S.EXPIRED, CLOCK, (G.PAST_DUE,)),
        # Who was chosen and let the day of lending pass keeps its firm no longer than the firm or the operator lets it.
        Transition((S.CHOSEN, S.APPROVED, S.SIGNED), E.EXPIRE, S.EXPIRED, RELEASING, (G.PAST_DUE,)),
    ),
)
REQUEST: Machine[RequestState, RequestEvent, G] = Machine(
    "request",
    tuple(RequestState),
    Transition((), RequestEvent.ASK, RequestState.WAITING, FIRM, (G.NEED_OPEN, G.BANK_IS_NEW, G.SLOT_FREE, G.PRODUCT_FITS)),
    (
        Transition((RequestState.WAITING,), RequestEvent.TAKE, RequestState.TAKEN, BANK),
        Transition((RequestState.WAITING,), RequestEvent.REFUSE, RequestState.REFUSED, BANK, (G.REASONS_GIVEN,)),
        Transition((RequestState.WAITING,), RequestEvent.LAPSE, RequestState.LAPSED, CLOCK, (G.PAST_DUE,)),
        Transition((RequestState.WAITING,), RequestEvent.CANCEL, RequestState.VOID, CLOCK),
    ),
)
LOAN: Machine[LoanState, LoanEvent, LoanGuard] = Machine(
    "loan",
    tuple(LoanState),
    Transition((), LoanEvent.START, LoanState.PERFORMING, BANK, (LoanGuard.PAID_OUT,)),
    (
        # Of an overdue loan it says how much is overdue now: more than before, or less.
        Transition((LoanState.PERFORMING, LoanState.OVERDUE), LoanEvent.FALL_OVERDUE, LoanState.OVERDUE, BANK),
        Transition((LoanState.OVERDUE,), LoanEvent.CATCH_UP, LoanState.PERFORMING, BANK),
        Transition((LoanState.PERFORMING, LoanState.OVERDUE), LoanEvent.REPAY, LoanState.REPAID, BANK, (LoanGuard.NOTHING_OWED,)),
        Transition((LoanState.PERFORMING,), LoanEvent.REPAY_EARLY, LoanState.REPAID_EARLY, BANK, (LoanGuard.NOTHING_OWED,)),
    ),
)
FINAL = ANSWER.final
