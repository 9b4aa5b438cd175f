"""Pages of monitoring: the officer's watch-list, the operator's model page."""

from greenbridge.monitoring.pages.officer import WatchPages
from greenbridge.monitoring.pages.operator import CheckPages

__all__ = ["CheckPages", "WatchPages"]
