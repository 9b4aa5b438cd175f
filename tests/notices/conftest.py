"""What publishers of other domains start from."""

from tests.answers.conftest import officer_of, town
from tests.collateral.conftest import box, firm, officers
from tests.disputes.test_disputes import firm as objector
from tests.green.conftest import place

__all__ = ["box", "firm", "objector", "officer_of", "officers", "place", "town"]
