"""Use cases of notices."""

from greenbridge.notices.service.delivering import deliver_for_ever, deliver_one
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
from greenbridge.notices.service.messages import send_one
from greenbridge.notices.service.outside import Outside
from greenbridge.notices.service.relay import relay

__all__ = [
    "Outside",
    "attempts",
    "change",
    "choose",
    "create",
    "deliver_for_ever",
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
