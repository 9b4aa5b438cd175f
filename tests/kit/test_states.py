from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbridge.answers.rules import life as answer_life
from greenbridge.kit.states import Machine, Refusal, Transition, replay, step
from greenbridge.kit.text import Text
from greenbridge.needs.rules import life as need_life

MACHINES = [need_life.MACHINE, answer_life.ANSWER, answer_life.REQUEST, answer_life.LOAN]
WHO = Text("人", "who")


class Lamp(StrEnum):
    OFF = "off"
    ON = "on"
    BROKEN = "broken"


class Deed(StrEnum):
    MAKE = "make"
    PRESS = "press"
    DROP = "drop"


class If(StrEnum):
    POWER = "power"


LAMP = Machine(
    "lamp",
    tuple(Lamp),
    Transition((), Deed.MAKE, Lamp.OFF, WHO),
    (
        Transition((Lamp.OFF,), Deed.PRESS, Lamp.ON, WHO, (If.POWER,)),
        Transition((Lamp.ON,), Deed.PRESS, Lamp.OFF, WHO),
        Transition((Lamp.OFF, Lamp.ON), Deed.DROP, Lamp.BROKEN, WHO),
    ),
)


def test_a_step_asks_the_table_and_its_guards():
    assert step(LAMP, None, Deed.MAKE, frozenset()) == Lamp.OFF
    assert step(LAMP, Lamp.OFF, Deed.PRESS, frozenset({If.POWER})) == Lamp.ON
    assert step(LAMP, Lamp.OFF, Deed.PRESS, frozenset()) == Refusal(Lamp.OFF, If.POWER)
    assert step(LAMP, Lamp.BROKEN, Deed.PRESS, frozenset({If.POWER})) == Refusal(Lamp.BROKEN, None)
    assert step(LAMP, None, Deed.PRESS, frozenset({If.POWER})) == Refusal(None, None)
    assert LAMP.final == {Lamp.BROKEN}
    assert set(LAMP.possible(Lamp.ON)) == {Deed.PRESS, Deed.DROP}


def test_a_history_folds_to_its_state():
    assert replay(LAMP, []) is None
    assert replay(LAMP, [Deed.MAKE, Deed.PRESS, Deed.DROP]) == Lamp.BROKEN
    with pytest.raises(ValueError, match="press cannot follow broken"):
        replay(LAMP, [Deed.MAKE, Deed.DROP, Deed.PRESS])


def test_a_table_that_is_no_machine_is_refused():
    begin = Transition((), Deed.MAKE, Lamp.OFF, WHO)
    with pytest.raises(ValueError, match="two ways out of off by press"):
        Machine("two", (Lamp.OFF, Lamp.ON), begin, (Transition((Lamp.OFF,), Deed.PRESS, Lamp.ON, WHO),) * 2)
    with pytest.raises(ValueError, match="nothing reaches"):
        Machine("island", tuple(Lamp), begin, (Transition((Lamp.OFF,), Deed.PRESS, Lamp.ON, WHO),))


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
@given(data=st.data())
def test_nothing_leaves_a_final_state_whatever_holds(machine, data):
    final = data.draw(st.sampled_from(sorted(machine.final)))
    event = data.draw(st.sampled_from(sorted({way.event for way in machine.transitions})))
    holds = frozenset(guard for way in (machine.begin, *machine.transitions) for guard in way.guards)
    assert step(machine, final, event, holds) == Refusal(final, None)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
@given(data=st.data())
def test_more_that_holds_never_refuses_what_was_possible(machine, data):
    state = data.draw(st.sampled_from(machine.states))
    event = data.draw(st.sampled_from(sorted({way.event for way in machine.transitions})))
    guards = sorted({guard for way in machine.transitions for guard in way.guards})
    few = frozenset(data.draw(st.sets(st.sampled_from(guards)))) if guards else frozenset()
    found = step(machine, state, event, few)
    if not isinstance(found, Refusal):
        assert step(machine, state, event, frozenset(guards)) == found


def test_the_final_states_are_those_of_the_domain():
    assert {state.value for state in need_life.MACHINE.final} == {"closed", "withdrawn", "expired"}
    assert {s.value for s in answer_life.ANSWER.final} == {"closed", "not_chosen", "declined", "returned", "expired"}
    assert {s.value for s in answer_life.REQUEST.final} == {"taken", "refused", "lapsed", "void"}
    assert {s.value for s in answer_life.LOAN.final} == {"repaid", "repaid_early"}


def test_the_page_in_docs_is_written_from_the_tables():
    from tests.answers.life_document import FILE, document

    assert FILE.read_text(encoding="utf-8") == document(), "renew it: python -m tests.answers.life_document"
