"""The register of models: acts as data, the state as a fold over them."""

from collections.abc import Sequence

from greenbridge.kit.errors import Conflict
from greenbridge.scoring.values import ModelAct, ModelEvent, ModelState, ModelVersion

DRAFT, CHALLENGER, CHAMPION, RETIRED = ModelState.DRAFT, ModelState.CHALLENGER, ModelState.CHAMPION, ModelState.RETIRED
# (state, act) -> state; None: not registered. What does not stand here cannot be done. Out of `retired` leads one act alone, which
# only a roll-back does: to the champion before.
TRANSITIONS: dict[tuple[ModelState | None, ModelAct], ModelState] = {
    (None, ModelAct.REGISTER): DRAFT,
    (DRAFT, ModelAct.CHALLENGE): CHALLENGER,
    (DRAFT, ModelAct.RETIRE): RETIRED,
    (CHALLENGER, ModelAct.PROMOTE): CHAMPION,
    (CHALLENGER, ModelAct.RETIRE): RETIRED,
    # A champion goes only when another comes: there is always one.
    (CHAMPION, ModelAct.DISPLACE): RETIRED,
    (CHAMPION, ModelAct.WITHDRAW): RETIRED,
    (RETIRED, ModelAct.REINSTATE): CHAMPION,
}


def next_state(state: ModelState | None, act: ModelAct, version: str) -> ModelState:
    """Return the state after an act. Raises Conflict with what can be done instead."""
    after = TRANSITIONS.get((state, act))
    if after is not None:
        return after
    possible = [known.value for (before, known) in TRANSITIONS if before is state]
    stands = state.value if state else "unregistered"
    instead = f"可以：{'、'.join(possible)}" if possible else "没有可做的操作"
    raise Conflict(
        "model-state",
        f"模型 {version} 现为 {stands}，不能 {act.value}；{instead}。",
        f"The model {version} is {stands}: it cannot {act.value}. Possible: {', '.join(possible) or 'nothing'}.",
    )


def versions(events: Sequence[ModelEvent]) -> tuple[ModelVersion, ...]:
    """Return the versions as they stand, the newest registered first."""
    histories: dict[str, list[ModelEvent]] = {}
    for event in events:
        histories.setdefault(event.version, []).append(event)
    return tuple(ModelVersion(name, own[0].sha256, own[-1].after, tuple(own)) for name, own in reversed(histories.items()))


def reign(events: Sequence[ModelEvent]) -> tuple[str, ...]:
    """Return the champions one above the other, the present one last: a promotion puts one on top, a roll-back takes it off.

    a promoted, b promoted: (a, b); then rolled back: (a,); then c promoted: (a, c).
    """
    found: list[str] = []
    for event in events:
        if event.act is ModelAct.PROMOTE:
            found.append(event.version)
        elif event.act is ModelAct.WITHDRAW:
            found.pop()
    return tuple(found)


def rolled_back(events: Sequence[ModelEvent]) -> tuple[str, str]:
    """Return (the champion that goes, the one that comes back). Raises Conflict where there was none before."""
    found = reign(events)
    if len(found) < 2:
        raise Conflict(
            "no-champion-before", "之前没有其他冠军模型，无法回退。", "There was no champion before this one: nothing to roll back to."
        )
    return found[-1], found[-2]
