"""HTML pages of collateral: the firm's pledges, the officer's, the operator's board."""

from greenbridge.collateral.pages.firm import FirmPledgePages
from greenbridge.collateral.pages.officer import OfficerPledgePages
from greenbridge.collateral.pages.operator import PledgeBoardPages

__all__ = ["FirmPledgePages", "OfficerPledgePages", "PledgeBoardPages"]
