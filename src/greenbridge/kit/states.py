"""State machines as data: a frozen table of transitions, one step, and one fold over events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from typing import Generic, TypeVar

from greenbridge.kit.text import Text

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)
Guard = TypeVar("Guard", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Transition(Generic[State, Event, Guard]):
    """From where an event leads where. `guards` must all hold; `by`: who may cause it, for people who read the table."""

    sources: tuple[State, ...]
    event: Event
    target: State
    by: Text
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal(Generic[State, Guard]):
    """Why an event cannot happen: nothing leads from here (`guard` None), or a guard does not hold."""

    state: State | None
    guard: Guard | None


@dataclass(frozen=True, slots=True)
class Machine(Generic[State, Event, Guard]):
    """Transitions in one table. `begin`: where an event leads that makes the thing.

    Raises ValueError for a table with two ways out of one state by one event, or with a state that nothing reaches.
    """

    name: str
    states: tuple[State, ...]
    begin: Transition[State, Event, Guard]
    transitions: tuple[Transition[State, Event, Guard], ...]
    ways: Mapping[tuple[State, Event], Transition[State, Event, Guard]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Index the table and prove that it is one machine."""
        ways: dict[tuple[State, Event], Transition[State, Event, Guard]] = {}
        for transition in self.transitions:
            for source in transition.sources:
                if (source, transition.event) in ways:
                    raise ValueError(f"{self.name}: two ways out of {source} by {transition.event}")
                ways[source, transition.event] = transition
        object.__setattr__(self, "ways", ways)
        reached, found = {self.begin.target}, {self.begin.target}
        while found:
            found = {way.target for (source, _), way in ways.items() if source in found} - reached
            reached |= found
        if reached != set(self.states):
            raise ValueError(f"{self.name}: nothing reaches {sorted(set(self.states) - reached)}")

    @property
    def final(self) -> frozenset[State]:
        """Return the states that no event leaves."""
        return frozenset(self.states) - {source for source, _ in self.ways}

    def possible(self, state: State) -> tuple[Event, ...]:
        """Return the events that can happen in a state, guards aside."""
        return tuple(event for source, event in self.ways if source == state)


def step(
    machine: Machine[State, Event, Guard], state: State | None, event: Event, holds: frozenset[Guard]
) -> State | Refusal[State, Guard]:
    """Return the state after an event, or why it cannot happen. `holds`: the guards that are true now; None: there is nothing yet."""
    way = machine.begin if state is None and event == machine.begin.event else machine.ways.get((state, event)) if state else None
    if way is None:
        return Refusal(state, None)
    missing = next((guard for guard in way.guards if guard not in holds), None)
    return way.target if missing is None else Refusal(state, missing)


def replay(machine: Machine[State, Event, Guard], events: Iterable[Event]) -> State | None:
    """Return the state that recorded events lead to; None for none. Raises ValueError at the first that the table does not know: what was
    recorded has passed its guards, so they are not asked again.
    """

    def after(state: State | None, event: Event) -> State:
        way = machine.begin if state is None and event == machine.begin.event else machine.ways.get((state, event)) if state else None
        if way is None:
            raise ValueError(f"{machine.name}: {event} cannot follow {state}")
        return way.target

    found: State | None = reduce(after, events, None)
    return found
