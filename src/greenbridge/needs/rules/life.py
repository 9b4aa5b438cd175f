"""The life of a need, as a table: what may happen, from where to where, under which condition."""

from greenbridge.kit.states import Machine, Transition
from greenbridge.kit.text import Text
from greenbridge.needs.values import NeedEvent as E
from greenbridge.needs.values import NeedGuard as G
from greenbridge.needs.values import NeedStatus as S

FIRM, BANK, OPERATOR, CLOCK = Text("企业", "firm"), Text("银行", "bank"), Text("平台运营", "operator"), Text("时钟", "clock")
FAILING = Text("银行；逾期未放款时企业或平台运营", "bank; firm or operator once it is late to lend")
# Banks may claim a slot: also of a need that the operator looks after, for nobody is helped by shutting them out.
OPEN = (S.PUBLISHED, S.IN_ANSWER, S.ESCALATED, S.REOPENED)
WAITING = (S.PUBLISHED, S.ESCALATED, S.REOPENED)
# The firm has chosen, and something is still to come.
LENDING = (S.OFFER_ACCEPTED, S.PARTLY_DISBURSED, S.DISBURSED)

MACHINE: Machine[S, E, G] = Machine(
    "need",
    tuple(S),
    Transition((), E.SAVE, S.DRAFT, FIRM),
    (
        Transition((S.DRAFT,), E.SAVE, S.DRAFT, FIRM),
        Transition((S.DRAFT,), E.PUBLISH, S.PUBLISHED, FIRM, (G.GOOD_FORM, G.NOT_BARRED)),
        Transition((*WAITING, S.IN_ANSWER), E.CLAIM, S.IN_ANSWER, BANK, (G.OPEN_TODAY,)),
        Transition((S.IN_ANSWER,), E.LOSE_ANSWERS, S.REOPENED, BANK, (G.NO_ANSWER_LEFT,)),
        Transition((S.IN_ANSWER,), E.ACCEPT, S.OFFER_ACCEPTED, FIRM),
        Transition((S.OFFER_ACCEPTED,), E.FAIL, S.REOPENED, FAILING),
        Transition((S.OFFER_ACCEPTED, S.PARTLY_DISBURSED), E.PAY_PART, S.PARTLY_DISBURSED, BANK),
        Transition((S.OFFER_ACCEPTED, S.PARTLY_DISBURSED), E.PAY_ALL, S.DISBURSED, BANK, (G.ALL_PAID_OUT,)),
        Transition((S.PARTLY_DISBURSED, S.DISBURSED), E.REPAY, S.CLOSED, BANK, (G.NOTHING_OWED,)),
        Transition((S.PUBLISHED, S.REOPENED), E.ESCALATE, S.ESCALATED, CLOCK, (G.NO_ANSWER_LEFT, G.NOBODY_LEFT_TO_ASK)),
        Transition((S.ESCALATED,), E.REOPEN, S.REOPENED, OPERATOR),
        Transition((S.DRAFT, *OPEN), E.WITHDRAW, S.WITHDRAWN, FIRM),
        Transition(OPEN, E.EXPIRE, S.EXPIRED, CLOCK, (G.TIME_IS_OVER, G.WAS_ANSWERED)),
    ),
)
FINAL = MACHINE.final
