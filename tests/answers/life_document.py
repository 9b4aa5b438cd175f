"""Writes docs/life-of-a-need.md from the tables that the service runs on: `python -m tests.answers.life_document`."""

from pathlib import Path
from typing import Any

from greenbridge.answers import gateway
from greenbridge.answers.rules import life as answer_life
from greenbridge.answers.values import (
    ANSWER_EVENT_NAMES,
    ANSWER_GUARD_NAMES,
    ANSWER_STATUS_NAMES,
    LOAN_EVENT_NAMES,
    LOAN_GUARD_NAMES,
    LOAN_STATE_NAMES,
    REQUEST_EVENT_NAMES,
    REQUEST_STATE_NAMES,
    STEP_NAMES,
    Step,
)
from greenbridge.kit.states import Machine
from greenbridge.needs.rules import life as need_life
from greenbridge.needs.values import NEED_EVENT_NAMES, NEED_GUARD_NAMES, NEED_STATUS_NAMES
from greenbridge.settings import home

FILE = home() / "docs" / "life-of-a-need.md"
HEAD = """# The life of a need

Four state machines, each one table in the code (`needs/rules/life.py`, `answers/rules/life.py`), asked by one step and replayed by one
fold (`kit/states.py`). This page is written from them: `python -m tests.answers.life_document`; a test compares. Nothing leaves a final
state (double circle). Each step is a row of a history that is only appended to, and an event in the audit chain.
"""
MACHINES: list[tuple[str, Machine[Any, Any, Any], Any, Any, Any]] = [
    ("A need", need_life.MACHINE, NEED_STATUS_NAMES, NEED_EVENT_NAMES, NEED_GUARD_NAMES),
    ("A bank's answer", answer_life.ANSWER, ANSWER_STATUS_NAMES, ANSWER_EVENT_NAMES, ANSWER_GUARD_NAMES),
    ("A request to one bank", answer_life.REQUEST, REQUEST_STATE_NAMES, REQUEST_EVENT_NAMES, ANSWER_GUARD_NAMES),
    ("A loan", answer_life.LOAN, LOAN_STATE_NAMES, LOAN_EVENT_NAMES, LOAN_GUARD_NAMES),
]


def diagram(machine: Machine[Any, Any, Any]) -> str:
    """Return the machine as a Mermaid diagram; events between the same two states share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = {("[*]", machine.begin.target.value): [machine.begin.event.value]}
    for way in machine.transitions:
        for source in way.sources:
            arrows.setdefault((source.value, way.target.value), []).append(way.event.value)
    lines = [f"    {source} --> {target}: {', '.join(events)}" for (source, target), events in arrows.items()]
    ends = [f"    {state.value} --> [*]" for state in machine.states if state in machine.final]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, *ends, "```"])


def table(machine: Machine[Any, Any, Any], states: Any, events: Any, guards: Any) -> str:
    """Return the machine's transitions, one a row."""
    rows = ["| event | from | to | by | only if |", "|---|---|---|---|---|"]
    for way in (machine.begin, *machine.transitions):
        sources = ", ".join(f"`{state.value}`" for state in way.sources) or "(nothing)"
        only = "; ".join(guards[guard].en for guard in way.guards)
        name = events[way.event]
        rows.append(f"| `{way.event.value}` {name.zh} / {name.en} | {sources} | `{way.target.value}` | {way.by.en} | {only} |")
    words = ["| state | |", "|---|---|"]
    for state in machine.states:
        mark = " (final)" if state in machine.final else ""
        words.append(f"| `{state.value}` | {states[state].zh} / {states[state].en}{mark} |")
    return "\n".join(words) + "\n\n" + "\n".join(rows)


def deadlines() -> str:
    """Return the profiles of deadlines side by side, in working days."""
    profiles = list(gateway.profiles().values())
    rows = ["| step | " + " | ".join(f"`{p.name}`" for p in profiles) + " |", "|---|" + "---|" * len(profiles)]
    rows += [f"| {STEP_NAMES[s].zh} / {STEP_NAMES[s].en} | " + " | ".join(str(p.days[s]) for p in profiles) + " |" for s in Step]
    return "\n".join([*rows, "", *(f"- `{p.name}`: {p.source}." for p in profiles)])


def document() -> str:
    """Return the page."""
    parts = [HEAD]
    for title, machine, states, events, guards in MACHINES:
        parts += [f"## {title}\n", diagram(machine) + "\n", table(machine, states, events, guards) + "\n"]
    return "\n".join([*parts, "## Deadlines, in mainland working days\n", deadlines() + "\n"])


def write(file: Path = FILE) -> None:
    """Write the page."""
    file.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    write()
