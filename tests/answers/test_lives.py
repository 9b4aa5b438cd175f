"""Many banks, a firm, the operator and the clock do what comes to their minds; what must always be so is so.

Hypothesis drives the services on PostgreSQL: each example is one transaction that is rolled back at its end.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from greenbridge.accounts.values import Actor, Role
from greenbridge.answers import service, store
from greenbridge.answers.rules import life
from greenbridge.answers.values import (
    AnswerStatus,
    BankEvent,
    DeadlineState,
    DeclineReason,
    Demand,
    LoanState,
    Offer,
    RatingReason,
    Report,
    RequestState,
)
from greenbridge.catalog.values import Repayment
from greenbridge.facts.rules import items
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Problem
from greenbridge.kit.states import replay
from greenbridge.needs import rules as need_rules
from greenbridge.needs import service as needs
from greenbridge.needs.rules import life as need_life
from greenbridge.needs.values import Mode, NeedStatus
from tests.builders import a_draft, a_verified_firm, an_actor, deliver, steady_invoices, the_products
from tests.conftest import NOW

BANKS = ("GB01", "GB02", "GB03", "GB04", "GB06", "GB08")
PRODUCTS = {"GB01": "GB01-TAX", "GB02": "GB02-INV", "GB03": "GB03-INV", "GB04": "GB04-WCL", "GB06": "GB06-TAX", "GB08": "GB08-INV"}
BANK, SHARE = st.sampled_from(BANKS), st.sampled_from([0.25, 0.5, 1.0, 1.1])
REASON = st.sampled_from(list(DeclineReason))
# How lives begin: by chance alone few would come so far.
ALONE, ASKED_FOR, LATE = "left alone", "demanded", "late"
BEGUN = [
    *((Mode.GRAB, begun) for begun in ("fresh", ASKED_FOR, ALONE, "offered", LATE, "lent")),
    *((Mode.DIRECT, begun) for begun in ("fresh", ASKED_FOR, ALONE, LATE)),
    *((Mode.SEALED, begun) for begun in ("offered", ALONE)),
]
DEEDS = (
    "claim", "offer", "accept", "tick", "grab", "direct", "sealed", "asked", "demand", "supply", "return", "released", "assigned", "replied",
    "need in_answer", "answer offered", "answer disbursed",
)  # fmt: skip
# What was seen to happen over all examples: a machine that never got anywhere would prove nothing.
SEEN: Counter[str] = Counter()


@dataclass(frozen=True)
class Town:
    """Who has to do with needs, on one connection: every life is a savepoint of its transaction."""

    connection: AsyncConnection
    firm: Actor
    enterprise_id: UUID
    officers: dict[str, Actor]
    operator: Actor


async def a_town(connection: AsyncConnection) -> Town:
    async with AsyncSession(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
        await the_products(session, NOW)
        firm, enterprise = await a_verified_firm(session, NOW)
        await deliver(session, NOW, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
        grade = {"uscc": enterprise.uscc, "year": 2024, "grade": "A", "published_on": "2025-04-25"}
        await deliver(session, NOW, items.TAX_GRADE, grade)
        officers = {bank: await an_actor(session, NOW, Role.OFFICER, bank) for bank in BANKS}
        operator = await an_actor(session, NOW, Role.OPERATOR, "platform")
        await session.commit()
        return Town(connection, firm, enterprise.id, officers, operator)


class Undone(Exception):
    """What could be done is not."""


class Lives(RuleBasedStateMachine):
    """One need in one of three modes, six banks; it begins in the middle of a life too. The test sets what stands here."""

    town: "Town"
    model: object
    runner: asyncio.Runner
    mode: Mode
    begun: str

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.final_seen: dict[object, object] = {}

    def do(self, work):
        return self.runner.run(work)

    @initialize(
        profile=st.sampled_from(["default", "ZJ-135", "HZ-2019"]),
    )
    def begin(self, profile):
        mode, begun = self.mode, self.begun

        async def work():
            self.undone = await self.town.connection.begin_nested()
            self.session = AsyncSession(self.town.connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
            draft = replace(a_draft(amount_fen=40_000_000, max_annual_rate_bp=900), mode=mode)
            self.need = (await needs.publish(self.session, self.firm, self.town.enterprise_id, draft, NOW, profile=profile)).id

        self.firm, self.officers, self.operator = self.town.firm, self.town.officers, self.town.operator
        self.do(work())
        SEEN[mode.value] += 1
        self.go_ahead(mode, begun)

    def go_ahead(self, mode, begun):
        """Begin in the middle of a life."""
        if begun == ALONE:  # nobody comes, the operator must see to it
            for _ in range(11):
                self.time_passes(2)
            self.operate(words=True)
            self.operate(words=False)
        elif begun != "fresh":
            if mode is Mode.DIRECT:
                self.ask("GB02")
            self.banks_come(begun, ("GB02",) if mode is Mode.DIRECT else ("GB02", "GB03"))
        if begun in {LATE, "lent"}:
            self.accept()
        if begun == LATE:
            for _ in range(6):
                self.time_passes(3)
            self.release(by_operator=False)
        if begun == "lent":
            self.lend(1.0, BankEvent.APPROVE)
            self.lend(1.0, BankEvent.SIGN)
            self.lend(0.5, BankEvent.PAY_OUT)

    def banks_come(self, begun, banks):
        for bank in banks:
            self.claim(bank)
            if begun == ASKED_FOR:
                self.demand(bank)
            else:
                self.offer(bank, 520)
        if begun == ASKED_FOR:
            self.supply("GB02")
            self.give_back("GB03", DeclineReason.FIRM_UNREACHABLE)

    def teardown(self):
        async def work():
            await self.session.close()
            await self.undone.rollback()

        if hasattr(self, "session"):
            self.do(work())

    def attempt(self, name, make):
        """Let something happen, or be refused with a problem and leave nothing behind."""

        async def work():
            try:
                async with self.session.begin_nested():
                    await make()
            except Problem:
                SEEN[f"{name} refused"] += 1
                return
            SEEN[name] += 1

        self.do(work())

    async def answer(self, bank):
        """Return the bank's answer, or any id of nothing's: a bank may try whatever it likes."""
        found = [a for a in await store.of_need(self.session, self.need) if a.bank_id == self.officers[bank].organisation.id]
        return found[0] if found else None

    def by_bank(self, name, bank, act):
        async def make():
            if (answer := await self.answer(bank)) is not None:
                await act(self.officers[bank], answer)

        self.attempt(name, make)

    @rule(bank=BANK)
    def claim(self, bank):
        self.attempt("claim", lambda: service.claim(self.session, self.officers[bank], self.need, self.model, self.now))

    @rule(bank=BANK)
    def contact(self, bank):
        self.by_bank("contact", bank, lambda who, a: service.contact(self.session, who, a.id, self.now))

    @rule(bank=BANK)
    def demand(self, bank):
        self.by_bank("demand", bank, lambda who, a: service.demand(self.session, who, a.id, [Demand.SITE_VISIT], "", self.now))

    @rule(bank=BANK, rate=st.integers(400, 700))
    def offer(self, bank, rate):
        async def act(who, answer):
            need = await needs.get(self.session, self.need)
            until = min(business_date(self.now) + timedelta(days=12), need.open_until)
            terms = Offer(PRODUCTS[bank], 30_000_000, rate, 12, until)
            await service.offer(self.session, who, answer.id, terms, "", self.now)

        self.by_bank("offer", bank, act)

    @rule(bank=BANK, reason=REASON)
    def decline(self, bank, reason):
        self.by_bank("decline", bank, lambda who, a: service.decline(self.session, who, a.id, [reason], "", self.now))

    @rule(bank=BANK, reason=REASON)
    def give_back(self, bank, reason):
        self.by_bank("return", bank, lambda who, a: service.give_back(self.session, who, a.id, [reason], "", self.now))

    @rule(bank=BANK, reason=REASON)
    def refuse(self, bank, reason):
        async def make():
            for request in await service.requests_of_bank(self.session, self.officers[bank]):
                await service.refuse(self.session, self.officers[bank], request.id, [reason], self.now)

        self.attempt("refuse", make)

    @rule(share=SHARE, event=st.sampled_from([BankEvent.APPROVE, BankEvent.SIGN, BankEvent.PAY_OUT, BankEvent.PAY_OUT]))
    def lend(self, share, event):
        """The bank that was chosen goes on; whichever it is."""

        async def make():
            for answer in await store.of_need(self.session, self.need):
                if answer.status in life.LOANS and answer.offer:
                    whole = answer.contract.approved_fen or answer.offer.amount_fen
                    who = next(o for o in self.officers.values() if o.organisation.id == answer.bank_id)
                    said = Report(event, amount_fen=int(whole * share), annual_rate_bp=500, contract_number="HT-1")
                    await service.report(self.session, who, answer.id, said, self.now)

        self.attempt(event.value, make)

    @rule(
        share=SHARE, event=st.sampled_from([BankEvent.REPAY, BankEvent.REPAY, BankEvent.FALL_OVERDUE, BankEvent.CATCH_UP, BankEvent.CLOSE])
    )
    def pay_back(self, share, event):
        async def make():
            for answer in await store.of_need(self.session, self.need):
                if answer.status is AnswerStatus.DISBURSED:
                    owed = answer.contract.disbursed_fen - answer.contract.repaid_fen
                    who = next(o for o in self.officers.values() if o.organisation.id == answer.bank_id)
                    said = Report(event, amount_fen=1, principal_fen=int(owed * share), interest_fen=7)
                    await service.report(self.session, who, answer.id, said, self.now)

        self.attempt(event.value, make)

    @rule()
    def accept(self):
        async def make():
            _, rows, _ = await service.compare(self.session, self.firm, self.need, self.model, self.now)
            if rows:
                await service.accept(self.session, self.firm, rows[0].view.answer.id, self.now)

        self.attempt("accept", make)

    @rule(by_operator=st.booleans())
    def release(self, by_operator):
        async def make():
            for answer in await store.of_need(self.session, self.need):
                if answer.status in life.LOANS:
                    await service.release(self.session, self.operator if by_operator else self.firm, answer.id, self.now)
                    SEEN["released"] += 1

        self.attempt("release", make)

    @rule(bank=BANK)
    def supply(self, bank):
        self.by_bank("supply", bank, lambda _, a: service.supply(self.session, self.firm, a.id, self.now))

    @rule(bank=BANK)
    def rate(self, bank):
        self.by_bank("rate", bank, lambda _, a: service.rate(self.session, self.firm, a.id, 4, [RatingReason.CLEAR], self.now))

    @rule(bank=BANK)
    def ask(self, bank):
        code = PRODUCTS[bank]
        self.attempt("request", lambda: service.request(self.session, self.firm, self.need, code, self.model, self.now))

    @rule(sure=st.integers(0, 9))
    def withdraw(self, sure):
        if sure == 0:
            self.attempt("withdraw", lambda: service.withdraw(self.session, self.firm, self.need, self.now))

    @rule(days=st.sampled_from([0, 1, 1, 2, 3, 7, 20]))
    def time_passes(self, days):
        self.now += timedelta(days=days)
        if self.now > NOW + timedelta(days=240):  # the calendar knows no year after this one
            return

        async def work():
            for _ in range(4):
                await service.tick(self.session, self.need, self.model, self.now)

        self.do(work())
        SEEN["tick"] += 1
        self.do(self.check_that_somebody_owes_it())

    @rule(words=st.booleans())
    def operate(self, words):
        async def make():
            if words:
                await service.reply(self.session, self.operator, self.need, "目前没有合适的银行，请补充资料后再试。", self.now)
                SEEN["replied"] += 1
                return
            _, fitting = await service.escalated(self.session, self.operator, self.need, self.model, self.now)
            if fitting:
                code = fitting[0].product.code
                await service.assign(self.session, self.operator, self.need, code, self.model, self.now)
                SEEN["assigned"] += 1

        self.attempt("operate", make)

    async def check_that_somebody_owes_it(self):
        """No need stays without an answer: while it is open somebody has a clock, an offer lies there, or the operator has answered."""
        need = await needs.get(self.session, self.need)
        if need_rules.is_open(need.status):
            owed = [d for d in await store.deadlines_of(self.session, need.id) if d.closed_at is None]
            offered = [a for a in await store.of_need(self.session, need.id) if a.status is AnswerStatus.OFFERED]
            assert owed or offered or await store.operator_answers(self.session, need.id), need
        if need.status is NeedStatus.EXPIRED:
            SEEN["expired"] += 1
            answers, requests = await store.of_need(self.session, need.id), await store.requests_of(self.session, need.id)
            said = any(a.offer or a.reasons for a in answers) or any(r.state is RequestState.REFUSED for r in requests)
            assert said or await store.operator_answers(self.session, need.id)

    async def could(self, make):
        """Return whether something could be done now, and leave nothing behind."""
        try:
            async with self.session.begin_nested():
                await make
                raise Undone  # noqa: TRY301  it is how a savepoint is given up
        except Undone:
            return True
        except Problem:
            return False

    async def check_that_who_is_asked_can_act(self, answers, requests):
        """A bank that is asked may come in, and one that has come in may offer, each to the end of its own day."""
        today = business_date(self.now)
        officers = {officer.organisation.id: officer for officer in self.officers.values()}
        for request in requests:
            if request.state is RequestState.WAITING and request.due_on >= today and request.bank_id in officers:
                SEEN["asked"] += 1
                assert await self.could(service.claim(self.session, officers[request.bank_id], self.need, self.model, self.now)), request
        for answer in answers:
            if answer.status in {AnswerStatus.CLAIMED, AnswerStatus.SURVEYING} and answer.act_by >= today:
                officer = officers[answer.bank_id]
                terms = Offer(PRODUCTS[officer.organisation.code], 30_000_000, 520, 12, today + timedelta(days=1))
                assert await self.could(service.offer(self.session, officer, answer.id, terms, "", self.now)), answer
            if answer.status is AnswerStatus.ACTION_REQUIRED:
                assert await self.could(service.supply(self.session, self.firm, answer.id, self.now)), answer

    @invariant()
    def what_must_be_so(self):
        if hasattr(self, "session"):
            self.do(self.check())

    async def check(self):
        need = await needs.get(self.session, self.need)
        SEEN[f"need {need.status.value}"] += 1
        answers, requests = await store.of_need(self.session, need.id), await store.requests_of(self.session, need.id)
        # What is kept is the fold of what happened, and what happened is a way through the table.
        assert replay(need_life.MACHINE, [one.event for one in await needs.history(self.session, need.id)]) is need.status
        events = await store.events(self.session, need.id)
        for answer in answers:
            SEEN[f"answer {answer.status.value}"] += 1
            assert replay(life.ANSWER, [one.event for _, one in events if one.answer_id == answer.id]) is answer.status
        # Nothing leaves a final state.
        for thing, state, final in [(need.id, need.status, need_life.FINAL), *((a.id, a.status, life.FINAL) for a in answers)]:
            if thing in self.final_seen:
                assert state == self.final_seen[thing]
            elif state in final:
                self.final_seen[thing] = state
        # Slots: one for a bank, none twice, no more than there are.
        holding = [a.slot for a in answers if a.status not in life.FREE]
        assert len(holding) == len(set(holding)) <= need.slots
        assert len({a.bank_id for a in answers}) == len(answers)
        assert len({r.bank_id for r in requests}) == len(requests)
        # The need and its answers say the same.
        loans = [a for a in answers if a.status in life.LOANS]
        lending = {*need_life.LENDING, NeedStatus.CLOSED}
        assert len(loans) == (need.status in lending)
        if loans:
            deal = loans[0].contract
            again = deal.repaid_fen if loans[0].offer.repayment is Repayment.REVOLVING else 0
            assert 0 <= deal.repaid_fen <= deal.disbursed_fen <= (deal.approved_fen or 0) + again
            assert (deal.approved_fen or 0) <= loans[0].offer.amount_fen
            assert 0 <= deal.overdue_fen <= deal.disbursed_fen - deal.repaid_fen
            assert (deal.state is LoanState.OVERDUE) == (deal.overdue_fen > 0)
            assert (deal.state in {LoanState.REPAID, LoanState.REPAID_EARLY}) == (need.status is NeedStatus.CLOSED)
            full = deal.disbursed_fen and deal.disbursed_fen >= deal.approved_fen
            assert (need.status is NeedStatus.DISBURSED) <= bool(full)
        before = [a for a in answers if a.status in life.BEFORE]
        assert bool(before) == (need.status is NeedStatus.IN_ANSWER)
        if need.status in {*need_life.FINAL, *lending}:
            assert not [r for r in requests if r.state is RequestState.WAITING]
        if need.status in need_life.FINAL:
            assert not [d for d in await store.deadlines_of(self.session, need.id) if d.state is DeadlineState.RUNNING]
        await self.check_that_who_is_asked_can_act(answers, requests)
        # While it is sealed its firm sees nothing.
        if need.sealed and self.now < need.window_closes_at:
            assert await service.of_need(self.session, self.firm, need.id, self.now) == []


def test_lives(url, model):
    engine = create_async_engine(url, poolclass=NullPool)
    with asyncio.Runner() as runner:
        connection = runner.run(engine.connect().start())
        outer = runner.run(connection.begin().start())
        town = runner.run(a_town(connection))
        quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
        bounded = settings(max_examples=2, stateful_step_count=25, database=None, deadline=None, suppress_health_check=quiet)
        for number, (mode, begun) in enumerate(BEGUN):
            given = {"town": town, "model": model, "runner": runner, "mode": mode, "begun": begun}
            run_state_machine_as_test(seed(number)(type("Driven", (Lives,), given)), settings=bounded)
        runner.run(outer.rollback())
        runner.run(connection.close())
        runner.run(engine.dispose())
    print(sorted(SEEN.items()))
    for deed in DEEDS:
        assert SEEN[deed], f"no life ever came to: {deed}"
