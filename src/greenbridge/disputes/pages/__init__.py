"""HTML pages of objections: the firm's records and objections, the operator's list and answers."""

from greenbridge.disputes.pages.firm import FirmObjectionPages
from greenbridge.disputes.pages.operator import ObjectionPages

__all__ = ["FirmObjectionPages", "ObjectionPages"]
