"""The register of models: states, acts, versions."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from greenbridge.kit.text import Text


class ModelState(StrEnum):
    """Where a version stands. Banks see the champion's scores; a challenger scores in the shadow; a draft and a retired one do not."""

    DRAFT = "draft"
    CHALLENGER = "challenger"
    CHAMPION = "champion"
    RETIRED = "retired"


class ModelAct(StrEnum):
    """What is done to a version."""

    REGISTER = "register"
    CHALLENGE = "challenge"
    PROMOTE = "promote"
    DISPLACE = "displace"  # another one was promoted
    RETIRE = "retire"
    WITHDRAW = "withdraw"  # a champion rolled back
    REINSTATE = "reinstate"  # the one before it, by that roll-back


@dataclass(frozen=True, slots=True)
class ModelEvent:
    """One act on a version: from which state (None: not registered) to which, who (a user of the machine) and why."""

    number: int
    version: str
    sha256: str
    act: ModelAct
    before: ModelState | None
    after: ModelState
    at: datetime
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A registered version as it stands, with its history, oldest first."""

    version: str
    sha256: str
    state: ModelState
    history: tuple[ModelEvent, ...]

    @property
    def since(self) -> datetime:
        """Return since when it stands so."""
        return self.history[-1].at


MODEL_STATE_NAMES = {
    ModelState.DRAFT: Text("草稿", "Draft"),
    ModelState.CHALLENGER: Text("挑战者", "Challenger"),
    ModelState.CHAMPION: Text("冠军", "Champion"),
    ModelState.RETIRED: Text("已退役", "Retired"),
}


MODEL_ACT_NAMES = {
    ModelAct.REGISTER: Text("登记", "Registered"),
    ModelAct.CHALLENGE: Text("列为挑战者", "Made a challenger"),
    ModelAct.PROMOTE: Text("升为冠军", "Promoted"),
    ModelAct.DISPLACE: Text("被取代", "Displaced"),
    ModelAct.RETIRE: Text("退役", "Retired"),
    ModelAct.WITHDRAW: Text("回退撤下", "Rolled back"),
    ModelAct.REINSTATE: Text("回退恢复", "Reinstated"),
}
