"""Pages of answers: the firm's and the officer's."""

from greenbridge.answers.pages.firm import FirmAnswerPages
from greenbridge.answers.pages.officer import OfficerPages

__all__ = ["FirmAnswerPages", "OfficerPages"]
