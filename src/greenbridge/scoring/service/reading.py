"""What a model reads of firms: their invoice series, and what departments and the platform itself recorded."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.enterprises.values import Enterprise
from greenbridge.facts import service as facts
from greenbridge.facts.values import Series
from greenbridge.kit import database
from greenbridge.needs import service as needs
from greenbridge.scoring.gateway import DefaultModel
from greenbridge.scoring.rules import features as rules
from greenbridge.scoring.values import Arrays, Floats


async def recorded(session: AsyncSession, firms: Sequence[Enterprise], model: DefaultModel, as_of: date, now: datetime) -> Arrays:
    """Return the arrays that a model reads beside the series, one row a firm, as of a day and known at an instant; a model of invoices
    alone reads none, and asks nothing.
    """
    arrays: dict[str, Floats] = {}
    if wanted := rules.items_of(model.features):
        usccs = [firm.uscc for firm in firms]
        known = await facts.facts_of(session, usccs, as_of, now, wanted)
        delivered = set(await facts.coverage(session, now))
        arrays |= rules.arrays_of([known[uscc] for uscc in usccs], delivered, as_of, model.features)
    if rules.reads_platform(model.features):
        async with database.as_platform(session):  # a firm's score is the same for all who may see it; a bank sees not all of its needs
            published = await needs.histories(session, [firm.id for firm in firms], now)
        arrays |= rules.platform([published[firm.id] for firm in firms], [firm.verified_at for firm in firms], as_of)
    return arrays


def inputs(series: Series, more: Arrays, model: DefaultModel) -> Floats:
    """Return float[n_firms, n_features] as a model reads them, by the formulas that it learnt from."""
    return rules.compute({**series.monthly, **series.yearly, **more}, model.features, model.edition)
