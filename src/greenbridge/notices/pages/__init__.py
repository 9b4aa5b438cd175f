"""Pages of notices: a person's inbox, a bank's connection."""

from greenbridge.notices.pages.connection import ConnectionPages
from greenbridge.notices.pages.inbox import InboxPages

__all__ = ["ConnectionPages", "InboxPages"]
