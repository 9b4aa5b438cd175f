"""Pages of matching: the firm's, the bank's, the operator's."""

from greenbridge.matching.pages.bank import BankMatchPages
from greenbridge.matching.pages.firm import MatchPages
from greenbridge.matching.pages.operator import ExposurePages

__all__ = ["BankMatchPages", "ExposurePages", "MatchPages"]
