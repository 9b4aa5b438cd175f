"""A generated town: firms and what its departments deliver about them. Seeded; the same seed gives the same bytes."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from greenbridge.demo import annual, conduct, contributions, environment, estates, inventions, justice, meters, registry, sales
from greenbridge.demo.firms import Firm, World
from greenbridge.demo.sheets import Sheet, noon
from greenbridge.facts.rules.items import VAT_INVOICES
from greenbridge.facts.values import Delivery

__all__ = ["Firm", "Town"]

SHEETS: tuple[Sheet, ...] = (
    *registry.SHEETS,
    *annual.SHEETS,
    *conduct.SHEETS,
    *justice.SHEETS,
    *contributions.SHEETS,
    *meters.SHEETS,
    *estates.SHEETS,
    *inventions.SHEETS,
    *environment.SHEETS,
)
LATER_DAYS = 31


class Town(World):
    """`count` firms as of `today`, and what the departments say of them."""

    def deliveries(self) -> Iterator[Delivery]:
        """Yield what the departments deliver, each in a format of its own, with some bad rows as real ones have.

        The register comes first, the invoices second.
        """
        first, *others = SHEETS
        yield first.delivery(self)
        yield sales.delivery(self)
        for sheet in others:
            yield sheet.delivery(self)

    def late_and_corrected(self) -> Iterator[Delivery]:
        """Yield the second round, a month later: late invoices, invoices void since, a lower fine, a withdrawn judgment."""
        stated_at = noon(self.today + timedelta(days=LATER_DAYS))
        yield sales.late(self, stated_at)
        yield sales.voided(self, stated_at)
        yield conduct.PENALTY_SHEET.restated(conduct.corrected(self), "market_penalties_corrected_gb18030.csv", stated_at)
        yield justice.JUDGMENT_SHEET.restated(justice.withdrawn(self), "court_judgments_withdrawn.jsonl", stated_at)

    def meant_bad(self) -> dict[str, Counter[str]]:
        """Return how many rows of the first round are meant to be refused, per item and reason."""
        invoices = Counter({reason: len(rows) for reason, rows in self.once(sales.spoils).items()})
        return {VAT_INVOICES: invoices} | {sheet.item: Counter(bad.reason for bad in sheet.bad) for sheet in SHEETS}
