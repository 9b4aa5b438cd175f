"""HTML pages of the green rating: the firm's, the reviewer's, the operator's, everybody's."""

from greenbridge.green.pages.firm import FirmGreenPages
from greenbridge.green.pages.operator import GreenBoardPages
from greenbridge.green.pages.public import GreenFilePages, GreenPublicPages
from greenbridge.green.pages.reviewer import ReviewPages

__all__ = ["FirmGreenPages", "GreenBoardPages", "GreenFilePages", "GreenPublicPages", "ReviewPages"]
