"""Publishing a need, moving it along, and what is known of it."""

from greenbridge.needs.service.drafts import discard, draft_of, drafts, save
from greenbridge.needs.service.moving import happen, move_on, opened, withdraw
from greenbridge.needs.service.publishing import check, publish
from greenbridge.needs.service.reading import (
    alive,
    find,
    get,
    histories,
    history,
    locked,
    of_enterprise,
    open_after,
    open_amounts,
    open_by_region,
    open_ones,
    own,
    totals,
)

__all__ = [
    "alive",
    "check",
    "discard",
    "draft_of",
    "drafts",
    "find",
    "get",
    "happen",
    "histories",
    "history",
    "locked",
    "move_on",
    "of_enterprise",
    "open_after",
    "open_amounts",
    "open_by_region",
    "open_ones",
    "opened",
    "own",
    "publish",
    "save",
    "totals",
    "withdraw",
]
