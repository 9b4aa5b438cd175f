"""The listed products, compiled once a version of the catalogue and of the policy."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.catalog import service as catalog
from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.values import Applicant, Edition, LoanProduct, Verdict
from greenbridge.matching import gateway
from greenbridge.matching.rules.engine import Compiled
from greenbridge.matching.rules.scorer import Scorer
from greenbridge.matching.rules.wire import Explainer
from greenbridge.matching.values import Facts, Policy


@dataclass(frozen=True, slots=True, eq=False)
class Engine:
    """A catalogue compiled for deciding and scoring under one policy."""

    edition: Edition
    policy: Policy
    compiled: Compiled
    scorer: Scorer
    explainer: Explainer

    def product(self, code: str) -> LoanProduct | None:
        """Return a listed product."""
        return next((product for product in self.edition.products if product.code == code), None)


async def compiled(session: AsyncSession, on: date) -> Engine:
    """Return the listed products compiled, under the policy in force on a day; made once until one of them changes."""
    return _engine(await catalog.edition(session), gateway.policy(on).version)


@lru_cache(maxsize=3)
def _engine(edition: Edition, version: str) -> Engine:
    policy = next(one for one in gateway.policies() if one.version == version)
    return Engine(edition, policy, Compiled(edition.products), Scorer(edition.products, policy), Explainer(edition.products))


def explain(product: LoanProduct, facts: Facts) -> tuple[Verdict, ...]:
    """Return every rule of a product with its answer: what was kept of a run makes it again."""
    return verdicts.verdicts(product, Applicant(facts))
