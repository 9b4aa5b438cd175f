"""The whole match answer as one would write it with FastAPI and GoRules zen, on the same database: the peer of the HTTP benchmark.

It does what ours does: it finds the bearer of the token in PostgreSQL, decides, ranks, explains the first twenty with the same fields and
the same sentences. It does less where that favours it: the rank is a price and a risk instead of eight parts, words and limits of the
catalogue are put into sentences beforehand, the answer is dumped as it is without a response model.
"""

import hashlib
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import zen
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import Rule
from greenbridge.matching.rules.words import amount, demand
from tests.bench.matching_worlds import World

WHO = text("""
    select a.id, a.login, a.role, o.code from sign_in s join account a on a.id = s.account_id join organisation o on o.id = a.organisation_id
    where s.secret_hash = :secret_hash and s.kind = 'token' and s.expires_at > :now
""")


def explaining(rule: Rule) -> Callable[[Any], dict[str, Any]]:
    """Return what answers one rule for a value, with all of the rule that can be said beforehand."""
    fact, asked = FACTS[rule.fact], demand(rule).zh
    limit = list(map(str, rule.limit)) if isinstance(rule.limit, tuple) else rule.limit
    head = {"fact": fact.name, "label": fact.label.zh, "operator": rule.operator.value}
    tail = {"limit": limit, "unit": fact.unit.value, "soft": rule.soft, "weight": rule.weight, "members": []}

    def explained(value: Any) -> dict[str, Any]:
        passed, margin = verdicts.compare(rule, tuple(value) if isinstance(value, list) else value)
        said = f"{fact.label.zh} {amount(fact.unit, tuple(value) if isinstance(value, list) else value).zh}，{asked}"
        return {**head, "outcome": "pass" if passed else "fail", "value": value, "margin": margin, "text": said, **tail}

    return explained


def zen_app(world: World, sessions: async_sessionmaker[AsyncSession], now: Any) -> FastAPI:
    """Return the application."""
    app, decision = FastAPI(), zen.ZenEngine().create_decision(world.decision_table())
    by_code = {product.code: i for i, product in enumerate(world.products)}
    limits = {key: values.tolist() for key, values in world.limits.items()}
    kept: dict[Rule, Callable[[Any], dict[str, Any]]] = {}
    rules = [[(rule.fact, kept.setdefault(rule, explaining(rule))) for rule in verdicts.all_rules(p) if isinstance(rule, Rule)]
             for p in world.products]  # fmt: skip
    bearer = HTTPBearer()

    async def session() -> AsyncIterator[AsyncSession]:
        async with sessions() as made:
            yield made

    async def caller(
        given: Annotated[HTTPAuthorizationCredentials, Depends(bearer)], asked: Annotated[AsyncSession, Depends(session)]
    ) -> Any:
        digest = hashlib.sha256(given.credentials.encode()).hexdigest()
        found = (await asked.execute(WHO, {"secret_hash": digest, "now": now})).first()
        if found is None:
            raise HTTPException(401)
        return found

    @app.post("/api/v1/matches")
    async def match(data: dict[str, Any], _: Annotated[Any, Depends(caller)]) -> JSONResponse:
        facts = data["facts"]
        asked = {**facts, "city": f"{facts['region_code'][:4]}00", "guarantee_mode": facts["guarantee_modes"][0]}
        places = [by_code[found["code"]] for found in decision.evaluate(asked)["result"]]
        rates, risks = limits["max_annual_rate_bp", "least"], limits["default_probability", "most"]
        scored = [(rates[i] / facts["max_annual_rate_bp"] + facts["default_probability"] / risks[i], i) for i in places]
        first = sorted(scored)[: data["limit"]]
        return JSONResponse({"matches": [explained(rank, i, score, facts) for rank, (score, i) in enumerate(first, start=1)]})

    def explained(rank: int, i: int, score: float, facts: dict[str, Any]) -> dict[str, Any]:
        product = world.products[i]
        return {
            "rank": rank,
            "score": score,
            "product_code": product.code,
            "product_version": product.version,
            "product": product.name,
            "bank": product.bank.name,
            "eligibility": "eligible",
            "min_annual_rate_bp": product.min_annual_rate_bp,
            "max_annual_rate_bp": product.max_annual_rate_bp,
            "verdicts": [answer(facts[fact]) for fact, answer in rules[i]],
        }

    return app
