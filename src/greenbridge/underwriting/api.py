"""JSON routes of underwriting: proposals for a need, and the officer's decision."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.consents.values import WorkStep
from greenbridge.kit.web import Deps, Now, Session
from greenbridge.underwriting import service
from greenbridge.underwriting.schemas import DecisionIn, DecisionOut, ProposalOut


class UnderwritingApi(Controller):
    """Proposals and decisions."""

    path = "/api/v1/open-needs/{need_id:uuid}"
    tags = ("underwriting",)
    guards = (only(Role.OFFICER),)

    @get("/proposals")
    async def proposals(
        self,
        need_id: FromPath[UUID],
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
        step: FromQuery[WorkStep] = WorkStep.SURVEY,
        debt_service_fen: Annotated[int | None, QueryParameter(ge=0, le=10**13)] = None,
    ) -> list[ProposalOut]:
        """Make a credit report and of it the proposals of the bank's products, best first; it counts as one read of the report.

        `debt_service_fen`: what the firm pays on other loans a month, where the bank knows.
        """
        made = await service.for_actor(session, request.user, need_id, deps.press, now, step, debt_service_fen)
        return [ProposalOut.model_validate(service.document(one)) for one in made]

    @get("/decisions")
    async def decisions(self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> list[DecisionOut]:
        """List the bank's decisions on a need, newest first."""
        return [DecisionOut.of(decision) for decision in await service.decisions(session, request.user, need_id, now)]

    @post("/decisions")
    async def decide(
        self,
        need_id: FromPath[UUID],
        data: JSONBody[DecisionIn],
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
    ) -> DecisionOut:
        """Take a proposal as it is, or depart from it with reasons; `proposal_id` says which one was seen."""
        decision = await service.decide(
            session,
            request.user,
            need_id,
            data.proposal_id,
            deps.model,
            now,
            override=data.override(),
            reasons=data.reasons,
            note=data.note,
            debt_service_fen=data.debt_service_fen,
        )
        return DecisionOut.of(decision)
