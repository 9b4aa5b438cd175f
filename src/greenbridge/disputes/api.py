"""JSON routes of objections."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.disputes import service
from greenbridge.disputes.schemas import AnswerIn, NewObjection, ObjectionOut
from greenbridge.kit.web import Now, Session


class ObjectionsApi(Controller):
    """A firm's objections, and the operator's answers."""

    path = "/api/v1/objections"
    tags = ("objections",)

    @post(guards=[only(Role.ENTERPRISE)])
    async def raise_one(self, data: JSONBody[NewObjection], request: Caller, session: Session, now: Now) -> ObjectionOut:
        """Object to a record of the caller's firm: it is marked at once."""
        return ObjectionOut.of(await service.object_to(session, request.user, data.item, data.key, data.draft(), now))

    @get(guards=[only(Role.ENTERPRISE, Role.OPERATOR)])
    async def listed(self, request: Caller, session: Session, now: Now) -> list[ObjectionOut]:
        """List the objections of the caller's firm, newest first; to the operator what waits for an answer, the most urgent first."""
        if request.user.role is Role.OPERATOR:
            return [ObjectionOut.of(one.objection) for one in await service.waiting(session, now)]
        firm = await service.firm_of(session, request.user)
        return [ObjectionOut.of(one) for one in await service.of_enterprise(session, firm.id)]

    @post("/{objection_id:uuid}/withdrawal", status_code=200, guards=[only(Role.ENTERPRISE)])
    async def withdraw(self, objection_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> ObjectionOut:
        """Withdraw an objection: its mark goes."""
        return ObjectionOut.of(await service.withdraw(session, request.user, objection_id, now))

    @post("/{objection_id:uuid}/answer", status_code=200, guards=[only(Role.OPERATOR)])
    async def answer(
        self, objection_id: FromPath[UUID], data: JSONBody[AnswerIn], request: Caller, session: Session, now: Now
    ) -> ObjectionOut:
        """Answer an objection; an outcome that says more than the record's present version shows is refused."""
        return ObjectionOut.of(await service.answer(session, request.user, objection_id, data.value(), now))
