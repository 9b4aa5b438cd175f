"""JSON routes of notices and webhooks."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter, QueryParameter

from greenbridge.accounts.guards import Caller, only, signed_in
from greenbridge.accounts.values import Role
from greenbridge.kit.paging import After, Limit, cut
from greenbridge.kit.web import Deps, Session, language_of, must_match, tagged
from greenbridge.notices import service
from greenbridge.notices.schemas import DeliveryOut, DeliveryPage, EndpointIn, EndpointOut, NoticeOut, NoticePage, UnreadOut
from greenbridge.notices.values import DeliveryState

Number = Annotated[int, PathParameter(ge=1, le=2**53 - 1)]


class NoticesApi(Controller):
    """A person's inbox."""

    path = "/api/v1/notices"
    tags = ("notices",)
    guards = (signed_in,)

    @get()
    async def inbox(self, request: Caller, session: Session, limit: Limit = 50, cursor: After = None) -> NoticePage:
        """List the caller's notices, newest first."""
        found = await service.inbox(session, request.user, language_of(request), limit=limit + 1, after=cursor)
        page, more = cut(found, limit, lambda line: str(line.id))
        return NoticePage(items=[NoticeOut.of(line) for line in page], next_cursor=more)

    @get("/unread")
    async def unread(self, request: Caller, session: Session) -> UnreadOut:
        """Count the caller's new notices."""
        return UnreadOut(unread=await service.unread(session, request.user))

    @post("/read", status_code=200)
    async def read(self, request: Caller, session: Session, deps: Deps) -> UnreadOut:
        """Mark all of the caller's notices as read."""
        await service.read_all(session, request.user, deps.wall.now())
        return UnreadOut(unread=0)


class WebhooksApi(Controller):
    """Where a bank's systems are called, and what was delivered."""

    path = "/api/v1"
    tags = ("webhooks",)
    guards = (only(Role.BANK_ADMINISTRATOR),)

    @get("/webhooks")
    async def listed(self, request: Caller, session: Session, deps: Deps) -> list[EndpointOut]:
        """List the bank's endpoints, each with its last 24 hours."""
        now = deps.wall.now()
        found = await service.endpoints(session, request.user)
        return [EndpointOut.of(endpoint, await service.health(session, endpoint, now)) for endpoint in found]

    @post("/webhooks")
    async def create(self, data: JSONBody[EndpointIn], request: Caller, session: Session, deps: Deps) -> Response[EndpointOut]:
        """Add an endpoint; its secret is told in this answer alone."""
        made, secret = await service.create(
            session, request.user, data.url, data.topics, deps.sealed, deps.wall.now(), demonstration=deps.settings.demonstration
        )
        return tagged(EndpointOut.of(made, secret=secret), made.revision, status_code=201)

    @get("/webhooks/{endpoint_id:uuid}")
    async def one(self, endpoint_id: FromPath[UUID], request: Caller, session: Session, deps: Deps) -> Response[EndpointOut]:
        """Return an endpoint with its last 24 hours."""
        found = await service.endpoint(session, request.user, endpoint_id)
        return tagged(EndpointOut.of(found, await service.health(session, found, deps.wall.now())), found.revision)

    @put("/webhooks/{endpoint_id:uuid}")
    async def change(
        self, endpoint_id: FromPath[UUID], data: JSONBody[EndpointIn], request: Caller, session: Session, deps: Deps
    ) -> Response[EndpointOut]:
        """Change an endpoint, pause it, or take it up again."""
        changed = await service.change(
            session,
            request.user,
            endpoint_id,
            data.url,
            data.topics,
            must_match(request),
            deps.wall.now(),
            active=data.active,
            demonstration=deps.settings.demonstration,
        )
        return tagged(EndpointOut.of(changed), changed.revision)

    @delete("/webhooks/{endpoint_id:uuid}")
    async def remove(self, endpoint_id: FromPath[UUID], request: Caller, session: Session, deps: Deps) -> None:
        """Take an endpoint out."""
        await service.remove(session, request.user, endpoint_id, deps.wall.now())

    @post("/webhooks/{endpoint_id:uuid}/rotation", status_code=200)
    async def rotate(self, endpoint_id: FromPath[UUID], request: Caller, session: Session, deps: Deps) -> EndpointOut:
        """Give a new secret, told in this answer alone; the former one signs beside it for a day."""
        changed, secret = await service.rotate(session, request.user, endpoint_id, deps.sealed, deps.wall.now())
        return EndpointOut.of(changed, secret=secret)

    @post("/webhooks/{endpoint_id:uuid}/test")
    async def test(self, endpoint_id: FromPath[UUID], request: Caller, session: Session, deps: Deps) -> DeliveryOut:
        """Send a test message."""
        return DeliveryOut.of(await service.test(session, request.user, endpoint_id, deps.wall.now()))

    @get("/webhook-deliveries")
    async def deliveries(
        self,
        request: Caller,
        session: Session,
        status: FromQuery[DeliveryState | None] = None,
        endpoint_id: FromQuery[UUID | None] = None,
        cursor: Annotated[int | None, QueryParameter(ge=1, le=2**53 - 1)] = None,
        limit: Limit = 50,
    ) -> DeliveryPage:
        """List deliveries, newest first; `status=dead` lists the dead letters."""
        found = await service.deliveries(session, request.user, state=status, endpoint_id=endpoint_id, before=cursor, limit=limit + 1)
        more = len(found) > limit
        return DeliveryPage(items=[DeliveryOut.of(d) for d in found[:limit]], next_cursor=str(found[limit - 1].id) if more else None)

    @get("/webhook-deliveries/{delivery_id:int}")
    async def delivery(self, delivery_id: Number, request: Caller, session: Session) -> DeliveryOut:
        """Return a delivery with its body and attempts."""
        found, attempts = await service.delivery(session, request.user, delivery_id)
        return DeliveryOut.of(found, attempts)

    @post("/webhook-deliveries/{delivery_id:int}/replay")
    async def replay(self, delivery_id: Number, request: Caller, session: Session, deps: Deps) -> DeliveryOut:
        """Send a message again under its own id; one that is still waiting is sent anyway (409)."""
        return DeliveryOut.of(await service.replay(session, request.user, delivery_id, deps.wall.now()))
