"""Who gets what, and why not: the newest runs of all needs, in counts."""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.values import Applicant, Eligibility, Outcome
from greenbridge.kit.calendar import business_date
from greenbridge.matching.rules import plan
from greenbridge.matching.rules.words import rule_label
from greenbridge.matching.service.engines import compiled
from greenbridge.matching.store import runs


async def summary(session: AsyncSession, now: datetime) -> dict[str, Any]:
    """Return, over every firm's newest matched need: how many get something, per product who and why not, what is missing, what a plan
    would open.
    """
    engine = await compiled(session, business_date(now))
    firms = await runs.newest_facts(session)
    per_product: dict[str, Counter[str]] = {p.code: Counter() for p in engine.edition.products}
    fails: dict[str, Counter[str]] = {p.code: Counter() for p in engine.edition.products}
    refusing, lacking, firms_by = Counter[str](), Counter[str](), Counter[str]()
    helped = steps = 0
    for facts in firms:
        kinds = set()
        for product in engine.edition.products:
            found = verdicts.verdicts(product, Applicant(facts))
            kind = verdicts.eligibility(found)
            kinds.add(kind)
            per_product[product.code][kind.value] += 1
            for v in found:
                if v.outcome is Outcome.FAIL and not v.rule.soft:
                    fails[product.code][v.rule.name] += 1
                    refusing[v.rule.name] += 1
        best = next(kind for kind in Eligibility if kind in kinds)
        firms_by[best.value] += 1
        lacking.update(plan.missing(engine.compiled, facts).keys())
        plans = plan.plans(engine.compiled, facts, engine.policy, most=1)
        helped += bool(plans)
        steps += len(plans[0].steps) if plans else 0
    return {
        "firms": len(firms),
        "products": len(engine.edition.products),
        "pairs": len(firms) * len(engine.edition.products),
        "firms_by_best": {kind.value: firms_by[kind.value] for kind in Eligibility},
        "refusing_rules": [{"rule": rule, "label": rule_label(rule).zh, "pairs": n} for rule, n in refusing.most_common(15)],
        "missing_facts": [{"fact": fact, "label": rule_label(fact).zh, "firms": n} for fact, n in lacking.most_common(15)],
        "firms_with_a_plan": helped,
        "steps_of_the_first_plan": round(steps / helped, 2) if helped else None,
        "per_product": [
            {
                "code": p.code,
                "name": p.name,
                "bank": p.bank.name,
                **{kind.value: per_product[p.code][kind.value] for kind in Eligibility},
                "refused_by": dict(fails[p.code].most_common(5)),
                "reasons": {rule_label(rule).zh: n for rule, n in fails[p.code].most_common(5)},
            }
            for p in engine.edition.products
        ],
    }
