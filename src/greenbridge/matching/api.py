"""JSON routes of matches."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.guards import Caller, only, signed_in
from greenbridge.accounts.values import Role
from greenbridge.catalog.schemas import ProductFile
from greenbridge.kit import database, idempotency
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Forbidden, NotFound
from greenbridge.kit.web import Deps, Now, Session, language_of
from greenbridge.matching import service
from greenbridge.matching.schemas import (
    AskBatch,
    AskMatches,
    BatchOut,
    DryRunOut,
    ExplainedOut,
    ExposureOut,
    FittingNeedOut,
    FittingNeedsOut,
    MatchRunOut,
    PlansOut,
    ProductReachOut,
    SubscriptionIn,
)
from greenbridge.matching.values import Subscription

Limit = Annotated[int, QueryParameter(ge=1, le=500)]


def json_answer(head: dict[str, object], matches: bytes) -> Response[Any]:
    """Return an answer whose matches are JSON already."""
    return Response(msgspec.json.encode(head)[:-1] + b',"matches":' + matches + b"}", media_type="application/json")


async def _desk(request: Caller, now: datetime) -> service.Desk:
    """Return the compiled list, kept until it changes (kit/watch.py): a question that states its facts asks the database nothing."""
    day = business_date(now)

    async def ask() -> service.Desk:
        async with database.of_request(request) as session:
            return await service.desk(session, day)

    found: service.Desk = await request.app.state.watch.kept("catalogue", day, ask)
    return found


async def _saved(session: AsyncSession, request: Caller, need_id: UUID, most: int, now: datetime) -> Response[Any]:
    run = await service.for_actor(session, request.user, need_id, request.app.state.model, now)
    engine = await service.compiled(session, business_date(now))
    head = {
        "need_id": run.need_id,
        "made_at": run.made_at,
        "policy_version": run.policy_version,
        "model_version": run.model_version,
        "catalogue": run.catalogue,
        "counts": run.counts,
    }
    return json_answer(head, engine.explainer.of_matches(run.matches[:most], run.facts, language_of(request)))


class MatchesApi(Controller):
    """Matches of a need, and of terms that are not saved."""

    path = "/api/v1"
    tags = ("matches",)

    @get("/needs/{need_id:uuid}/matches", guards=[only(Role.ENTERPRISE)])
    async def matches(
        self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now, limit: Limit = 100
    ) -> Response[MatchRunOut]:
        """Return the products ranked for the caller's need, each rule with its verdict."""
        return await _saved(session, request, need_id, limit, now)

    @get("/needs/{need_id:uuid}/matches/{product_code:str}", guards=[only(Role.ENTERPRISE)])
    async def explained(
        self, need_id: FromPath[UUID], product_code: FromPath[str], request: Caller, session: Session, now: Now, deps: Deps
    ) -> ExplainedOut:
        """Explain one product for the caller's need: its place, its fits, every rule."""
        run = await service.for_actor(session, request.user, need_id, deps.model, now)
        engine = await service.compiled(session, business_date(now))
        found = await service.explained(session, run, product_code, now)
        if found is None:
            raise NotFound("no-product", "没有这个产品。", "There is no such product.")
        past = (await service.behaviour_of(session)).get(found.product.bank.code)
        return ExplainedOut.explained(found, run, engine.policy, past, language_of(request))

    @get("/needs/{need_id:uuid}/plans", guards=[only(Role.ENTERPRISE)])
    async def plans(self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> PlansOut:
        """Return what the caller can change so that products open, each plan re-run on the engine, and which data is waited for."""
        run = await service.for_actor(session, request.user, need_id, deps.model, now)
        return PlansOut.of(*await service.plans_of(session, run, now), language_of(request))

    @post("/matches", guards=[signed_in], status_code=200)
    async def match(self, data: JSONBody[AskMatches], request: Caller) -> Response[MatchRunOut]:
        """Match a saved need or terms of the caller's own firm, or facts that the caller states of nobody in particular.

        Only the first is kept. Facts that are not stated are unknown. People of a bank see their own bank's products only.
        """
        idempotency.must_be_key(request.headers.get(idempotency.KEY_HEADER))
        state, language = request.app.state, language_of(request)
        now: datetime = state.clock.now()
        if data.facts is None:
            if request.user.role is not Role.ENTERPRISE:
                raise Forbidden("not-a-firm", "只有企业可以匹配自己的需求。", "Only a firm matches needs of its own; others state facts.")
            async with database.of_request(request) as session:
                if data.need_id is not None:
                    return await _saved(session, request, data.need_id, data.limit, now)
                assert data.need is not None
                facts = await service.of_draft(session, request.user, data.need.draft(), state.model, now)
        else:
            facts = service.stated(data.facts)
        desk = await _desk(request, now)
        found = service.ranked(desk, request.user, facts, most=data.limit, refused=data.refused)
        engine = desk.engine
        head = {
            "need_id": None,
            "made_at": now,
            "policy_version": engine.policy.version,
            "model_version": state.model.version,
            "catalogue": engine.edition.digest,
        }
        return json_answer(head, engine.explainer.encoded(found, facts, language))

    @post("/matches/batch", guards=[signed_in], status_code=200)
    async def batch(self, data: JSONBody[AskBatch], request: Caller, session: Session, now: Now) -> list[BatchOut]:
        """Return which products take each of up to 1,000 applicants, by stated facts; nothing is kept. Banks see their own products."""
        found = await service.batch(session, request.user, service.stated_by_many(data.applicants), now)
        return [BatchOut(eligible=eligible, conditional=conditional) for eligible, conditional in found]

    @post("/products/dry-runs", guards=[only(Role.BANK_ADMINISTRATOR)], status_code=200, tags=["products"])
    async def dry_run(self, data: JSONBody[ProductFile], request: Caller, session: Session, now: Now, deps: Deps) -> DryRunOut:
        """Try a draft of the caller's bank on the firms that have asked, in anonymous counts; nothing is listed."""
        key = f"dry run {deps.settings.secret}".encode()
        return DryRunOut.of(await service.dry_run(session, request.user, data, key, now))

    @get("/products/reach", guards=[only(Role.OFFICER, Role.BANK_ADMINISTRATOR)], tags=["products"])
    async def reach(self, request: Caller, session: Session, now: Now) -> list[ProductReachOut]:
        """Return each product of the caller's bank: how many open needs it fits, what the bank is told of new ones."""
        return [ProductReachOut.of(one) for one in await service.reach(session, request.user, now)]

    @get("/products/{code:str}/needs", guards=[only(Role.OFFICER)], tags=["products"])
    async def fitting(
        self,
        code: FromPath[str],
        request: Caller,
        session: Session,
        now: Now,
        cursor: FromQuery[str] = "",
        conditional: FromQuery[bool] = True,
        limit: Limit = 50,
    ) -> FittingNeedsOut:
        """Return open needs that a product of the caller's bank fits, newest first, published since it is listed as it stands."""
        _, found, more = await service.fitting(
            session, request.user, code, now, conditional=conditional, cursor=cursor or None, limit=limit
        )
        return FittingNeedsOut(needs=[FittingNeedOut.of(one) for one in found], next_cursor=more)

    @put("/products/{code:str}/subscription", guards=[only(Role.BANK_ADMINISTRATOR)], tags=["products"])
    async def subscribe(
        self, code: FromPath[str], data: JSONBody[SubscriptionIn], request: Caller, session: Session, now: Now
    ) -> SubscriptionIn:
        """Set what the caller's bank is told of a product: `match.new_fit`, once for each need and product. What fits already is in the
        list and is not told as new.
        """
        set_ = await service.subscribe(session, request.user, Subscription(code, on=data.on, conditional=data.conditional), now)
        return SubscriptionIn(on=set_.on, conditional=set_.conditional)

    @get("/exposure", guards=[only(Role.OPERATOR)], tags=["statistics"])
    async def exposure(self, session: Session) -> list[ExposureOut]:
        """Return what each product was shown against what its merit deserved."""
        return [ExposureOut.of(e) for e in await service.audit(session)]
