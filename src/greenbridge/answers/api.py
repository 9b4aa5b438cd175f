"""JSON routes of answers: the bank's side and the firm's side."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.answers import service
from greenbridge.answers.schemas import AcceptanceIn, AmountCount, AnswerOut, BandOut, DeclineIn, FeedOut, OfferIn, OpenNeedOut
from greenbridge.consents.schemas import NarrowingIn
from greenbridge.kit import idempotency
from greenbridge.kit.web import Deps, IdempotencyKeyHeader, Now, Session


class BankAnswersApi(Controller):
    """Open needs and the bank's answers."""

    path = "/api/v1"
    tags = ("answers",)
    guards = (only(Role.OFFICER),)

    @get("/open-needs")
    async def work_list(
        self,
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
        limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
        offset: Annotated[int, QueryParameter(ge=0, le=1_000_000)] = 0,
    ) -> list[OpenNeedOut]:
        """List open needs, newest first; a firm's name comes only after it has agreed."""
        found = await service.work_list(session, request.user, deps.model, now, limit=limit, offset=offset)
        return [OpenNeedOut.of(seen) for seen in found]

    @get("/open-needs/feed")
    async def feed(
        self,
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
        cursor: Annotated[str | None, QueryParameter(max_length=200)] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    ) -> FeedOut:
        """Read open needs on from a cursor, oldest first, anonymous; a program asks again with `next_cursor`."""
        found, following = await service.feed(session, request.user, deps.model, now, cursor=cursor, limit=limit)
        return FeedOut(items=[OpenNeedOut.of(seen) for seen in found], next_cursor=following)

    @get("/open-needs/overview")
    async def overview(self, request: Caller, session: Session, now: Now) -> list[AmountCount]:
        """Count the open needs by amount; counts below ten are not told."""
        found = await service.overview(session, request.user, now)
        return [AmountCount(amount_fen=BandOut.of(band), needs=n) for band, n in found]

    @get("/open-needs/{need_id:uuid}")
    async def open_need(self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> OpenNeedOut:
        """Return one open need, or one that the bank has answered."""
        return OpenNeedOut.of(await service.open_need(session, request.user, need_id, deps.model, now))

    @post("/open-needs/{need_id:uuid}/answers")
    async def claim(
        self,
        need_id: FromPath[UUID],
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
        idempotency_key: IdempotencyKeyHeader = None,
    ) -> Response[AnswerOut]:
        """Claim a slot for the caller's bank."""

        async def act() -> dict[str, Any]:
            answer = await service.claim(session, request.user, need_id, deps.model, now)
            return AnswerOut.of(answer).model_dump(mode="json")

        kept, replayed = await idempotency.once(session, request.user.account_id, idempotency_key, {"claim": str(need_id)}, act, now)
        headers = {"Idempotency-Replayed": "true"} if replayed else {}
        return Response(AnswerOut.model_validate(kept), status_code=200 if replayed else 201, headers=headers)

    @post("/answers/{answer_id:uuid}/offer", status_code=200)
    async def offer(self, answer_id: FromPath[UUID], data: JSONBody[OfferIn], request: Caller, session: Session, now: Now) -> AnswerOut:
        """Make an offer."""
        return AnswerOut.of(await service.offer(session, request.user, answer_id, data.offer(), data.note, now))

    @post("/answers/{answer_id:uuid}/decline", status_code=200)
    async def decline(self, answer_id: FromPath[UUID], data: JSONBody[DeclineIn], request: Caller, session: Session, now: Now) -> AnswerOut:
        """Decline with reason codes."""
        return AnswerOut.of(await service.decline(session, request.user, answer_id, data.reasons, data.note, now))


class FirmAnswersApi(Controller):
    """The firm's side of answers."""

    path = "/api/v1"
    tags = ("answers",)
    guards = (only(Role.ENTERPRISE),)

    @get("/needs/{need_id:uuid}/answers")
    async def of_need(self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> list[AnswerOut]:
        """List the banks' answers to the caller's need."""
        return [AnswerOut.of(view.answer, view) for view in await service.of_need(session, request.user, need_id, now)]

    @post("/answers/{answer_id:uuid}/agreement", status_code=200)
    async def agree(
        self, answer_id: FromPath[UUID], request: Caller, session: Session, now: Now, data: JSONBody[NarrowingIn | None] = None
    ) -> AnswerOut:
        """Agree that the answering bank learns who asks and reads the report; a body narrows what it sees."""
        return AnswerOut.of(await service.agree(session, request.user, answer_id, now, data.narrowing() if data else None))

    @post("/answers/{answer_id:uuid}/acceptance", status_code=200)
    async def accept(
        self, answer_id: FromPath[UUID], request: Caller, session: Session, now: Now, data: JSONBody[AcceptanceIn | None] = None
    ) -> AnswerOut:
        """Accept an offer: the bank reads on until it pays out, with `post_loan` afterwards too."""
        return AnswerOut.of(await service.accept(session, request.user, answer_id, now, post_loan=bool(data and data.post_loan)))
