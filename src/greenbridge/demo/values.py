"""What every stage of a demonstration works with."""

from collections.abc import Callable
from dataclasses import dataclass

from greenbridge.kit.clock import Clock
from greenbridge.kit.database import Sessions
from greenbridge.reports.gateway import Press
from greenbridge.scoring.gateway import DefaultModel
from greenbridge.settings import Settings

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """What every stage works with."""

    sessions: Sessions
    clock: Clock
    model: DefaultModel
    press: Press
    settings: Settings
    seed: int
