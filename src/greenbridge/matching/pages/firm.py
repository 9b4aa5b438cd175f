"""The matches of a need."""

from uuid import UUID

from litestar import Controller, get
from litestar.params import FromPath
from litestar.response import Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import Eligibility, Outcome
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Origin
from greenbridge.kit.calendar import business_date
from greenbridge.kit.web import Deps, Now, Session, page
from greenbridge.matching import service
from greenbridge.matching.pages.places import places
from greenbridge.matching.rules.words import amount, sentence
from greenbridge.matching.rules.words_of_plans import deliverer, step_sentence
from greenbridge.matching.values import BASIS_NAMES, PARTS, StepKind
from greenbridge.needs import rules as need_rules
from greenbridge.needs import service as needs
from greenbridge.needs.values import GUARANTEE_MODE_NAMES, NEED_STATUS_NAMES, PURPOSE_NAMES

SHOWN = 100  # of each group: a page of thousands of products helps nobody


class MatchPages(Controller):
    """Which products fit, why, what is missing, what to change first."""

    include_in_schema = False

    @get("/enterprise/needs/{need_id:uuid}", guards=[only(Role.ENTERPRISE)])
    async def matches(self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Template:
        need = await needs.own(session, request.user, need_id)
        run = await service.for_actor(session, request.user, need_id, deps.model, now)
        engine = await service.compiled(session, business_date(now))
        plans, missing = await service.plans_of(session, run, now)
        groups = [(kind, [m for m in run.matches if m.eligibility is kind][:SHOWN]) for kind in Eligibility]
        shown = [m for _, matches in groups for m in matches]
        return page(
            request,
            "matches.html",
            need=need,
            generated=(await enterprises.get(session, need.enterprise_id)).origin is Origin.GENERATED,
            run=run,
            groups=[(kind, run.counts[kind], matches) for kind, matches in groups],
            verdicts={m.product.code: service.explain(m.product, run.facts) for m in shown},
            plans=[(one, places(one, need_id)) for one in plans if one.steps[0].kind is not StepKind.DELIVERY],
            awaited=[one for one in plans if one.steps[0].kind is StepKind.DELIVERY],
            deliverer=deliverer,
            missing=missing,
            products={p.code: p for p in engine.edition.products},
            facts=FACTS,
            parts=PARTS,
            weights=engine.policy.weights,
            behaviour=await service.behaviour_of(session),
            bases=BASIS_NAMES,
            sentence=sentence,
            step_sentence=step_sentence,
            amount=amount,
            Outcome=Outcome,
            statuses=NEED_STATUS_NAMES,
            purposes=PURPOSE_NAMES,
            modes=GUARANTEE_MODE_NAMES,
            may_ask=need_rules.is_open(need.status) and not need.sealed,
        )
