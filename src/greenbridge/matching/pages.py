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
from greenbridge.kit.web import Deps, Now, Session, page
from greenbridge.matching import service
from greenbridge.matching.rules.ranking import WEIGHTS
from greenbridge.matching.rules.words import amount, sentence
from greenbridge.needs import service as needs
from greenbridge.needs.values import GUARANTEE_MODE_NAMES, NEED_STATUS_NAMES, PURPOSE_NAMES


class MatchPages(Controller):
    """Which products fit, why, and what is missing."""

    include_in_schema = False
    guards = (only(Role.ENTERPRISE),)

    @get("/enterprise/needs/{need_id:uuid}")
    async def matches(self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Template:
        need = await needs.own(session, request.user, need_id)
        run = await service.for_actor(session, request.user, need_id, deps.model, now)
        groups = [(kind, [m for m in run.matches if m.eligibility is kind]) for kind in Eligibility]
        return page(
            request,
            "matches.html",
            need=need,
            generated=(await enterprises.get(session, need.enterprise_id)).origin is Origin.GENERATED,
            run=run,
            groups=groups,
            facts=FACTS,
            weights=WEIGHTS,
            sentence=sentence,
            amount=amount,
            Outcome=Outcome,
            statuses=NEED_STATUS_NAMES,
            purposes=PURPOSE_NAMES,
            modes=GUARANTEE_MODE_NAMES,
        )
