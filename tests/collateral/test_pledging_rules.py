"""Rules of pledges and registrations: room, ranks, states; and that the database's guards say the same."""

import importlib.util
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from greenbridge.collateral.gateway import policies
from greenbridge.collateral.gateway.policy import cases
from greenbridge.collateral.rules import pledging, registering
from greenbridge.collateral.values import (
    AssetKind,
    Held,
    PledgeEvent,
    PledgeState,
    RegistrationEvent,
    RegistrationState,
    Sharing,
)
from greenbridge.kit.text import Text
from greenbridge.settings import home
from tests.collateral.assets import YUAN, a_pledge_draft

(POLICY,) = policies()
TODAY = date(2026, 3, 10)
KINDS = st.sampled_from(list(AssetKind))
FEN = st.integers(1, 500)


class Bank:
    """Stands in for an actor where only the organisation's id is asked."""

    class organisation:
        id = None


@pytest.mark.parametrize(("policy", "case"), cases(), ids=lambda one: str(one)[:40])
def test_the_policys_own_cases(policy, case):
    whole = int(case["whole_yuan"] * YUAN)
    standing = [Held(int(yuan * YUAN), whole, rank) for rank, yuan in enumerate(case["standing_yuan"], start=1)]
    found = pledging.fits(policy.kinds[AssetKind(case["kind"])], standing, whole, round(case["asked_yuan"] * YUAN))
    assert found is case["fits"]


def test_a_policy_names_every_kind_and_its_day_counts():
    assert set(POLICY.kinds) == set(AssetKind)
    assert pledging.in_force([POLICY], TODAY) is POLICY
    assert pledging.in_force([POLICY], POLICY.in_force_from - timedelta(days=1)) is None
    newer = replace(POLICY, version="later", in_force_from=TODAY)
    assert pledging.in_force([newer, POLICY], TODAY) is newer


class Asset(RuleBasedStateMachine):
    """One asset and its standing pledges, taken on and released in any order, the whole stated differently by each."""

    kind: AssetKind

    def __init__(self):
        super().__init__()
        self.standing: list[Held] = []

    @rule(amount=FEN, whole=FEN)
    def take(self, amount, whole):
        terms = POLICY.kinds[self.kind]
        if amount <= whole and pledging.fits(terms, self.standing, whole, amount):
            self.standing.append(Held(amount, whole, pledging.rank(self.standing)))

    @rule(place=st.integers(0, 30))
    def let_go(self, place):
        if self.standing:
            self.standing.pop(place % len(self.standing))

    @invariant()
    def never_beyond_the_whole(self):
        terms = POLICY.kinds[self.kind]
        assert sum(held.amount_fen for held in self.standing) <= min([held.whole_fen for held in self.standing], default=0)
        assert len(self.standing) <= (1 if terms.sharing is Sharing.WHOLE else terms.most)
        assert len({held.rank for held in self.standing}) == len(self.standing)


@pytest.mark.parametrize("kind", list(AssetKind))
def test_partial_pledges_never_add_up_to_more_than_the_whole(kind):
    machine = type(f"Asset{kind.value}", (Asset,), {"kind": kind})
    run_state_machine_as_test(machine, settings=settings(max_examples=40, stateful_step_count=15, deadline=None))


@settings(max_examples=100)
@given(KINDS, st.lists(st.tuples(FEN, FEN), max_size=4), FEN, FEN)
def test_asking_for_more_never_makes_room_and_one_more_pledge_never_either(kind, held, whole, amount):
    terms = POLICY.kinds[kind]
    standing = [Held(min(a, b), b, n) for n, (a, b) in enumerate(held, start=1)]
    if pledging.fits(terms, standing, whole, amount + 1):
        assert pledging.fits(terms, standing, whole, amount)
    if standing and pledging.fits(terms, standing, whole, amount):
        assert pledging.fits(terms, standing[1:], whole, amount)
    assert pledging.room_fen(terms, standing, whole) <= pledging.room_fen(
        terms, standing, whole + 1
    )  # stating more makes room for none of the rest
    assert pledging.room_fen(terms, standing, 10**9) <= max([min([h.whole_fen for h in standing], default=10**9)])


FINAL = set(PledgeState) - pledging.OPEN
FINAL_REGISTRATION = {RegistrationState.DISCARDED, RegistrationState.REJECTED, RegistrationState.CANCELLED}


@settings(max_examples=100)
@given(st.lists(st.sampled_from(list(PledgeEvent)), max_size=8))
def test_no_event_leaves_a_final_state_of_a_pledge(events):
    state, ended = PledgeState.OFFERED, False
    for event in events:
        following = pledging.next_state(state, event)
        assert not (ended and following)
        state = following or state
        ended = state in FINAL


@settings(max_examples=100)
@given(st.lists(st.sampled_from(list(RegistrationEvent)), max_size=10))
def test_no_event_leaves_a_final_state_of_a_registration(events):
    state, ended = RegistrationState.DRAFT, False
    for event in events:
        following = registering.next_state(state, event)
        assert not (ended and following)
        state = following or state
        ended = state in FINAL_REGISTRATION


def test_every_state_is_reached_and_only_the_open_ones_are_left():
    assert {PledgeState.OFFERED, *pledging.TRANSITIONS.values()} == set(PledgeState)
    assert {state for state, _ in pledging.TRANSITIONS} == pledging.OPEN
    assert {RegistrationState.DRAFT, *registering.TRANSITIONS.values()} == set(RegistrationState)
    assert {state for state, _ in registering.TRANSITIONS} == set(RegistrationState) - FINAL_REGISTRATION


def test_the_databases_guards_know_the_same_moves():
    first, later = a_migration("pledges_and_mortgages"), a_migration("what_a_bank_relies_on")
    assert set(first.PLEDGE_MOVES) == {(old.value, new.value) for (old, _), new in pledging.TRANSITIONS.items()}
    assert set(later.REGISTRATION_MOVES) == {(old.value, new.value) for (old, _), new in registering.TRANSITIONS.items()}
    assert later.FORMER_MOVES == first.REGISTRATION_MOVES


def a_migration(name):
    (file,) = (home() / "migrations" / "versions").glob(f"*_{name}.py")
    spec = importlib.util.spec_from_file_location(name, file)
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    return migration


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []),
        ({"amount_fen": 0}, ["amount_fen"]),
        ({"amount_fen": 1_000 * YUAN + 1}, ["amount_fen"]),
        ({"expires_on": TODAY}, ["expires_on"]),
        ({"expires_on": TODAY + timedelta(days=366)}, ["expires_on"]),
        ({"expires_on": TODAY + timedelta(days=365)}, []),
    ],
)
def test_what_keeps_a_pledge_from_being_offered(changes, wrong):
    found = pledging.problems(a_pledge_draft(Bank, **changes), POLICY, TODAY)
    assert [problem.field for problem in found] == wrong


def test_what_an_asset_carries_is_the_lower_rate_of_its_value_and_never_more_than_what_it_secures():
    terms = POLICY.kinds[AssetKind.REAL_ESTATE]
    names = Text("甲", "A")
    found = pledging.lending(terms, 1_000, 900, 0.6, [("P-1", names, 10_000), ("P-2", names, 400)])
    assert (found.loan_to_value, found.carries_fen) == (0.9, 600)
    assert [most for _, _, most in found.products] == [600, 400]
    assert pledging.lending(terms, 1_000, 500, None, []).carries_fen == 500
    assert pledging.lending(terms, 1_000, 900, None, []).carries_fen == 700


def test_waits_double_to_an_hour():
    assert [registering.wait(n).total_seconds() / 60 for n in (1, 2, 3, 6, 7, 50)] == [1, 2, 4, 32, 60, 60]
