"""Matching without a saved need: terms of the moment, of the firm itself or of nobody."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import Subject, Value
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, FieldProblem, Invalid
from greenbridge.kit.text import Text
from greenbridge.matching.rules import ranking
from greenbridge.matching.rules import stated as can_state
from greenbridge.matching.rules.bits import places_of
from greenbridge.matching.rules.columns import columns
from greenbridge.matching.rules.ranking import Ranked
from greenbridge.matching.service import greens
from greenbridge.matching.service.engines import Desk, compiled
from greenbridge.matching.service.making import known
from greenbridge.matching.values import Facts
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
    green = await greens.kept(session, [firm], business_date(now), now)
    return (await known(session, [(firm, draft, firm.region_code)], model, now, green))[0].facts


def stated(given: Mapping[str, object], at: str = "facts") -> dict[str, Value | None]:
    """Return stated facts, checked by name, kind, words, range and code; facts of the branch are the product's and cannot be stated.

    Raises Invalid with the problem beside each field under `at`.
    """
    found, wrong = _stated(given, at)
    if wrong:
        raise Invalid("wrong-facts", "请检查所列事实。", "Check the facts.", fields=tuple(wrong))
    return found


def stated_by_many(given: Sequence[Mapping[str, object]]) -> list[dict[str, Value | None]]:
    """Return the stated facts of many applicants. Raises Invalid with the problems of all: `applicants.7.purpose`."""
    both = [_stated(one, f"applicants.{place}") for place, one in enumerate(given)]
    if wrong := tuple(problem for _, problems in both for problem in problems):
        raise Invalid("wrong-facts", "请检查所列事实。", "Check the facts.", fields=wrong)
    return [found for found, _ in both]


def _stated(given: Mapping[str, object], at: str) -> tuple[dict[str, Value | None], list[FieldProblem]]:
    found: dict[str, Value | None] = {}
    wrong: list[FieldProblem] = []
    for name, value in given.items():
        held = tuple(value) if isinstance(value, list) else value
        if can_state.surely(name, held):
            found[name] = held  # type: ignore[assignment]
            continue
        fact = FACTS.get(name)
        if fact is None or fact.about is Subject.BRANCH:
            allowed = ", ".join(sorted(n for n, f in FACTS.items() if f.about is not Subject.BRANCH))
            wrong.append(FieldProblem(f"{at}.{name}", Text(f"没有这个事实；可用：{allowed}", f"no such fact; allowed: {allowed}")))
        elif held is not None and (said := can_state.problem(fact, held)):
            wrong.append(FieldProblem(f"{at}.{name}", said))
        elif held is None or isinstance(held, (bool, int, float, str, tuple)):
            found[name] = held
    return found, wrong


def ranked(desk: Desk, actor: Actor, facts: Facts, *, most: int, refused: int) -> list[Ranked]:
    """Return the ranked products for some facts, to people of a bank their own: nothing is kept, and nobody's turn is used up."""
    engine = desk.engine
    within = engine.of_bank(actor.organisation.code) if _of_bank(actor) else None
    return ranking.ranked(engine.compiled, engine.scorer, facts, desk.behaviour, most=most, refused=refused, within=within)


def _of_bank(actor: Actor) -> bool:
    return actor.role in {Role.OFFICER, Role.BANK_ADMINISTRATOR}


async def batch(session: AsyncSession, actor: Actor, wanted: Sequence[Facts], now: datetime) -> list[tuple[list[str], list[str]]]:
    """Return, for each of many, (codes of the products that are eligible, codes that wait for data), to a bank's people of their own."""
    engine = await compiled(session, business_date(now))
    passable, unknown = engine.compiled.decide_many(columns(wanted))
    products = engine.edition.products
    own = actor.organisation.code if _of_bank(actor) else None

    def named(row: int) -> list[str]:
        found = (products[place] for place in places_of(row, len(products)))
        return [product.code for product in found if own is None or product.bank.code == own]

    rows = zip(passable, unknown, strict=True)
    whole = ((int.from_bytes(p.tobytes(), "little"), int.from_bytes(u.tobytes(), "little")) for p, u in rows)
    return [(named(p & ~u), named(p & u)) for p, u in whole]
