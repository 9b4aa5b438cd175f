"""Use cases of notices."""

from greenbridge.notices.service.delivering import Outside, deliver_one, send_one
from greenbridge.notices.service.endpoints import (
    attempts,
    change,
    create,
    deliveries,
    delivery,
    endpoint,
    endpoints,
    health,
    remove,
    replay,
    rotate,
    test,
)
from greenbridge.notices.service.inbox import choose, inbox, open_notice, read_all, unread, wishes
from greenbridge.notices.service.relay import relay

__all__ = [
    "Outside",
    "attempts",
    "change",
    "choose",
    "create",
    "deliver_one",
    "deliveries",
    "delivery",
    "endpoint",
    "endpoints",
    "health",
    "inbox",
    "open_notice",
    "read_all",
    "relay",
    "remove",
    "replay",
    "rotate",
    "send_one",
    "test",
    "unread",
    "wishes",
]
