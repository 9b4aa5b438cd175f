"""JSON routes of answers: the bank's side and the firm's side."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.answers import service
from greenbridge.answers.schemas import (
    AcceptanceIn,
    AmountCount,
    AnswerOut,
    BandOut,
    ComparedOut,
    DeclineIn,
    FeedOut,
    HappenedOut,
    InstalmentOut,
    OfferIn,
    OpenNeedOut,
    RatingIn,
    RatingOut,
    ReasonsIn,
    RequestIn,
    RequestOut,
    StandingOut,
    StepIn,
    WaitingOut,
    WordsIn,
)
from greenbridge.consents.schemas import NarrowingIn
from greenbridge.consents.values import WorkStep
from greenbridge.kit.web import Deps, Now, Session
from greenbridge.needs.schemas import FindingOut, NeedOut


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

    @get("/open-needs/{need_id:uuid}/points")
    async def points(
        self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps, step: FromQuery[WorkStep] = WorkStep.SURVEY
    ) -> list[FindingOut]:
        """Return the five points of an answered need whose firm has agreed; it counts as a read of the firm."""
        return [FindingOut.of(found) for found in await service.points(session, request.user, need_id, step, deps.model, now)]

    @post("/open-needs/{need_id:uuid}/answers")
    async def claim(
        self,
        need_id: FromPath[UUID],
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
    ) -> AnswerOut:
        """Claim a slot for the caller's bank."""
        return AnswerOut.of(await service.claim(session, request.user, need_id, deps.model, now))

    @post("/answers/{answer_id:uuid}/offer", status_code=200)
    async def offer(self, answer_id: FromPath[UUID], data: JSONBody[OfferIn], request: Caller, session: Session, now: Now) -> AnswerOut:
        """Make an offer."""
        return AnswerOut.of(await service.offer(session, request.user, answer_id, data.offer(), data.note, now))

    @get("/requests")
    async def requests(self, request: Caller, session: Session) -> list[RequestOut]:
        """List what the caller's bank is asked and has not dealt with, the most urgent first."""
        return [RequestOut.of(one) for one in await service.requests_of_bank(session, request.user)]

    @post("/requests/{request_id:uuid}/refusal", status_code=200)
    async def refuse(
        self, request_id: FromPath[UUID], data: JSONBody[ReasonsIn], request: Caller, session: Session, now: Now
    ) -> RequestOut:
        """Refuse what the bank was asked, with reason codes; to take it, claim the need."""
        return RequestOut.of(await service.refuse(session, request.user, request_id, data.reasons, now))

    @get("/due")
    async def due(self, request: Caller, session: Session, now: Now) -> list[WaitingOut]:
        """List what the caller's bank owes, the most urgent first."""
        return [WaitingOut.of(one) for one in await service.due(session, request.user, now)]

    @post("/answers/{answer_id:uuid}/steps", status_code=200)
    async def step(self, answer_id: FromPath[UUID], data: JSONBody[StepIn], request: Caller, session: Session, now: Now) -> AnswerOut:
        """Report the next step of an answer or its loan: contact, demand, approve, sign, pay out, repay, arrears, return."""
        return AnswerOut.of(await service.report(session, request.user, answer_id, data.report(), now))

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
        """List the banks' answers to the caller's need; none while its window is sealed."""
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

    @post("/needs/{need_id:uuid}/withdrawal", status_code=200)
    async def withdraw(self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> NeedOut:
        """Withdraw a need; what banks had begun ends with it."""
        return NeedOut.of(await service.withdraw(session, request.user, need_id, now))

    @post("/needs/{need_id:uuid}/requests")
    async def ask(
        self, need_id: FromPath[UUID], data: JSONBody[RequestIn], request: Caller, session: Session, now: Now, deps: Deps
    ) -> RequestOut:
        """Ask the bank of a product."""
        return RequestOut.of(await service.request(session, request.user, need_id, data.product_code, deps.model, now))

    @get("/needs/{need_id:uuid}/requests")
    async def asked(self, need_id: FromPath[UUID], request: Caller, session: Session) -> list[RequestOut]:
        """List the banks that were asked for the caller's need."""
        return [RequestOut.of(one, bank) for one, bank in await service.requests_of(session, request.user, need_id)]

    @get("/needs/{need_id:uuid}/timeline")
    async def timeline(self, need_id: FromPath[UUID], request: Caller, session: Session) -> list[HappenedOut]:
        """List what happened to the caller's need, oldest first."""
        found, _ = await service.timeline(session, request.user, need_id)
        return [HappenedOut.of(one) for one in found]

    @get("/needs/{need_id:uuid}/offers")
    async def compare(self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> list[ComparedOut]:
        """Compare the offers by what they cost, all in, cheapest first."""
        _, found, _ = await service.compare(session, request.user, need_id, deps.model, now)
        return [ComparedOut.of(row) for row in found]

    @get("/answers/{answer_id:uuid}/amortisation")
    async def amortisation(self, answer_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> list[InstalmentOut]:
        """Return the amortisation table of an offer."""
        _, table = await service.amortisation(session, request.user, answer_id, now)
        return [InstalmentOut(**{name: getattr(line, name) for name in InstalmentOut.model_fields}) for line in table]

    @post("/answers/{answer_id:uuid}/supply", status_code=200)
    async def supply(self, answer_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> AnswerOut:
        """Say that what the bank asked for has been handed in."""
        return AnswerOut.of(await service.supply(session, request.user, answer_id, now))

    @post("/answers/{answer_id:uuid}/rating")
    async def rate(self, answer_id: FromPath[UUID], data: JSONBody[RatingIn], request: Caller, session: Session, now: Now) -> RatingOut:
        """Judge the bank, once."""
        return RatingOut.of(await service.rate(session, request.user, answer_id, data.stars, data.reasons, now))


class ReleaseApi(Controller):
    """A chosen bank that is late is let go."""

    path = "/api/v1"
    tags = ("answers",)
    guards = (only(Role.ENTERPRISE, Role.OPERATOR),)

    @post("/answers/{answer_id:uuid}/release", status_code=200)
    async def release(self, answer_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> AnswerOut:
        """Let go of the chosen bank that has not paid out in time; the need is open to all banks again."""
        return AnswerOut.of(await service.release(session, request.user, answer_id, now))


class DeadlinesApi(Controller):
    """What the operator sees to."""

    path = "/api/v1"
    tags = ("answers",)
    guards = (only(Role.OPERATOR),)

    @get("/deadlines")
    async def board(self, request: Caller, session: Session, now: Now) -> list[WaitingOut]:
        """List all that somebody owes a need, late first."""
        return [WaitingOut.of(one) for one in await service.board(session, request.user, now)]

    @post("/escalated-needs/{need_id:uuid}/requests")
    async def assign(
        self, need_id: FromPath[UUID], data: JSONBody[RequestIn], request: Caller, session: Session, now: Now, deps: Deps
    ) -> RequestOut:
        """Open an escalated need again and ask a bank for it."""
        return RequestOut.of(await service.assign(session, request.user, need_id, data.product_code, deps.model, now))

    @post("/escalated-needs/{need_id:uuid}/answer", status_code=204)
    async def reply(self, need_id: FromPath[UUID], data: JSONBody[WordsIn], request: Caller, session: Session, now: Now) -> None:
        """Answer the firm of an escalated need."""
        await service.reply(session, request.user, need_id, data.text, now)


class LeagueApi(Controller):
    """Banks side by side."""

    path = "/api/v1"
    tags = ("answers",)
    guards = (only(Role.ENTERPRISE, Role.OFFICER, Role.BANK_ADMINISTRATOR, Role.OPERATOR),)

    @get("/league")
    async def league(self, session: Session, now: Now) -> list[StandingOut]:
        """List the banks, best first, with how many dealings each figure rests on."""
        standings, _ = await service.league(session, now)
        return [StandingOut.of(one) for one in standings]
