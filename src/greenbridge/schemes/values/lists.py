"""Lists of firms that are pushed to banks: who stands on one, and since when."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

# A scheme whose best grade has this code is a list: firms of that grade are pushed to the banks that subscribed.
LISTED = "listed"


@dataclass(frozen=True, slots=True)
class Member:
    """A firm that lets itself be rated by a list's scheme and named to its subscribers."""

    enterprise_id: UUID
    organisation_id: UUID
    uscc: str
    name: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A firm on a list. `pushed`: to how many banks it was sent when it came on."""

    enterprise_id: UUID
    list_code: str
    uscc: str
    name: str
    scheme_version: str
    points: float
    coverage: float
    entered_at: datetime
    pushed: int


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a nightly push did."""

    rated: int
    entered: int
    left: int
    sent: int
