"""The listed products, compiled once a version of the catalogue and of the policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.catalog import service as catalog
from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.values import Applicant, Edition, LoanProduct, Verdict
from greenbridge.kit import database
from greenbridge.matching import gateway
from greenbridge.matching.rules.bits import marked, places_of
from greenbridge.matching.rules.engine import Compiled
from greenbridge.matching.rules.explainer import Explainer
from greenbridge.matching.rules.scorer import Scorer
from greenbridge.matching.store import books
from greenbridge.matching.values import Behaviour, Facts, Policy


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

    def codes(self, bits: int) -> list[str]:
        """Return the codes of some products, a bit each."""
        return [self.edition.products[place].code for place in places_of(bits, self.compiled.n)]

    def of_bank(self, code: str) -> int:
        """Return which products are a bank's, a bit each."""
        return marked(place for place, product in enumerate(self.edition.products) if product.bank.code == code)


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """All that matching needs beside an applicant's facts: the compiled list, and how well banks answered so far (bank code -> score)."""

    engine: Engine
    behaviour: Mapping[str, float]


async def desk(session: AsyncSession, on: date) -> Desk:
    """Return the desk of a day."""
    engine = await compiled(session, on)
    async with database.as_platform(session):
        return Desk(engine, scores(await books.behaviour(session)))


def scores(behaviour: Mapping[str, Behaviour]) -> dict[str, float]:
    """Return bank -> its score."""
    return {bank: one.score for bank, one in behaviour.items()}


async def compiled(session: AsyncSession, on: date) -> Engine:
    """Return the listed products compiled, under the policy in force on a day; made once until one of them changes."""
    return _engine(await catalog.edition(session), gateway.policy(on).version)


@lru_cache(maxsize=3)
def _engine(edition: Edition, version: str) -> Engine:
    policy = next(one for one in gateway.policies() if one.version == version)
    scorer = Scorer(edition.products, policy)
    return Engine(edition, policy, Compiled(edition.products), scorer, Explainer(scorer))


def explain(product: LoanProduct, facts: Facts) -> tuple[Verdict, ...]:
    """Return every rule of a product with its answer: what was kept of a run makes it again."""
    return verdicts.verdicts(product, Applicant(facts))
