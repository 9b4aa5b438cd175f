"""The register of models: acts as data, the state as a fold over them."""

from collections.abc import Sequence

from greenbridge.kit.errors import Conflict
from greenbridge.kit.text import Text
from greenbridge.scoring.values import MODEL_STATE_NAMES, ModelAct, ModelEvent, ModelState, ModelVersion

DRAFT, CHALLENGER, CHAMPION, RETIRED = ModelState.DRAFT, ModelState.CHALLENGER, ModelState.CHAMPION, ModelState.RETIRED
# (state, act) -> state; None: not registered. What does not stand here cannot be done. Out of `retired` a person leads into the shadow
# of the champion again, and a roll-back to the champion before.
TRANSITIONS: dict[tuple[ModelState | None, ModelAct], ModelState] = {
    (None, ModelAct.REGISTER): DRAFT,
    (DRAFT, ModelAct.CHALLENGE): CHALLENGER,
    (DRAFT, ModelAct.RETIRE): RETIRED,
    (CHALLENGER, ModelAct.PROMOTE): CHAMPION,
    (CHALLENGER, ModelAct.RETIRE): RETIRED,
    (RETIRED, ModelAct.CHALLENGE): CHALLENGER,
    # A champion goes only when another comes: there is always one.
    (CHAMPION, ModelAct.DISPLACE): RETIRED,
    (CHAMPION, ModelAct.WITHDRAW): RETIRED,
    (RETIRED, ModelAct.REINSTATE): CHAMPION,
    (CHALLENGER, ModelAct.REINSTATE): CHAMPION,
}


# What a person can ask for, in words that follow 不能, 可以 and "can".
ASKED = {
    ModelAct.REGISTER: Text("登记", "be registered"),
    ModelAct.CHALLENGE: Text("列为挑战者", "be made a challenger"),
    ModelAct.PROMOTE: Text("升为冠军", "be promoted"),
    ModelAct.RETIRE: Text("退役", "be retired"),
}
ONLY_CHAMPION = Text("冠军只在另一模型升任或回退时退下", "A champion goes only when another is promoted, or by a roll-back")


def next_state(state: ModelState | None, act: ModelAct, version: str) -> ModelState:
    """Return the state after an act. Raises Conflict with what can be asked for instead."""
    after = TRANSITIONS.get((state, act))
    if after is not None:
        return after
    possible = [ASKED[known] for (before, known) in TRANSITIONS if before is state and known in ASKED]
    stands = MODEL_STATE_NAMES[state] if state else Text("未登记", "not registered")
    asked = ASKED.get(act, Text("变更", "be changed so"))
    if state is CHAMPION:
        instead = ONLY_CHAMPION
    else:
        instead = Text(f"可以{'、'.join(one.zh for one in possible)}", f"It can {' or '.join(one.en for one in possible)}")
    raise Conflict(
        "model-state",
        f"模型 {version} 现为“{stands.zh}”，不能{asked.zh}。{instead.zh}。",
        f"The model {version} cannot {asked.en}; it stands as: {stands.en.lower()}. {instead.en}.",
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
