"""Matching without a saved need: terms of the moment, of the firm itself or of nobody."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.catalog.rules import language
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import Subject, Value
from greenbridge.enterprises import service as enterprises
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, FieldProblem, Invalid
from greenbridge.kit.text import Text
from greenbridge.matching import store
from greenbridge.matching.rules import ranking
from greenbridge.matching.rules.bits import places_of
from greenbridge.matching.rules.columns import columns
from greenbridge.matching.service.engines import Engine, compiled
from greenbridge.matching.service.matching import known
from greenbridge.matching.values import Facts, Match
from greenbridge.needs import rules as need_rules
from greenbridge.needs.values import NeedDraft
from greenbridge.scoring.gateway import DefaultModel


async def of_draft(session: AsyncSession, actor: Actor, draft: NeedDraft, model: DefaultModel, now: datetime) -> Facts:
    """Return what is known of the actor's own firm, asking for these terms. Raises Conflict without a firm, Invalid for wrong terms."""
    firm = await enterprises.mine(session, actor)
    if firm is None:
        raise Conflict("no-firm", "请先登记企业。", "Register the firm first.")
    if found := need_rules.problems(draft):
        raise Invalid("wrong-need", "请检查需求内容。", "Check what the need says.", fields=found)
    return (await known(session, [(firm, draft, firm.region_code)], model, now))[0]


def stated(given: Mapping[str, object]) -> dict[str, Value | None]:
    """Return stated facts, checked by name and kind; facts of the branch are the product's and cannot be stated. Raises Invalid."""
    found: dict[str, Value | None] = {}
    wrong: list[FieldProblem] = []
    for name, value in given.items():
        fact = FACTS.get(name)
        held = tuple(value) if isinstance(value, list) else value
        if fact is None or fact.about is Subject.BRANCH:
            allowed = ", ".join(sorted(n for n, f in FACTS.items() if f.about is not Subject.BRANCH))
            wrong.append(FieldProblem(f"facts.{name}", Text(f"没有这个事实；可用：{allowed}", f"no such fact; allowed: {allowed}")))
        elif held is not None and not language.fits(held, fact.unit):
            kind = fact.unit.value
            wrong.append(FieldProblem(f"facts.{name}", Text(f"取值应为 {kind}", f"the value is no {kind}")))
        elif held is None or isinstance(held, (bool, int, float, str, tuple)):
            found[name] = held
    if wrong:
        raise Invalid("wrong-facts", "请检查所列事实。", "Check the facts.", fields=tuple(wrong))
    return found


async def ranked(session: AsyncSession, facts: Facts, now: datetime, *, most: int, refused: int) -> tuple[Engine, list[Match]]:
    """Return the ranked products for some facts: nothing is kept, and nobody's turn is used up."""
    engine = await compiled(session, business_date(now))
    async with database.as_platform(session):
        behaviour = await store.behaviour(session)
    return engine, ranking.rank(engine.compiled, engine.scorer, facts, behaviour, most=most, refused=refused)


async def batch(session: AsyncSession, wanted: Sequence[Facts], now: datetime) -> list[tuple[list[str], list[str]]]:
    """Return, for each of many, (codes of the products that are eligible, codes that wait for data)."""
    engine = await compiled(session, business_date(now))
    passable, unknown = engine.compiled.decide_many(columns(wanted))
    codes = [product.code for product in engine.edition.products]

    def named(row: int) -> list[str]:
        return [codes[place] for place in places_of(row, len(codes))]

    rows = zip(passable, unknown, strict=True)
    whole = ((int.from_bytes(p.tobytes(), "little"), int.from_bytes(u.tobytes(), "little")) for p, u in rows)
    return [(named(p & ~u), named(p & u)) for p, u in whole]
