"""A person's inbox, and what the person wants to be told how."""

from typing import Any
from uuid import UUID

from litestar import Controller, MediaType, Response, get, post
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, signed_in
from greenbridge.kit.calendar import SHANGHAI
from greenbridge.kit.errors import Problem
from greenbridge.kit.paging import cut
from greenbridge.kit.text import Text
from greenbridge.kit.web import Deps, Session, language_of, page
from greenbridge.notices import service
from greenbridge.notices.values import Channel, Contact

_CHANNELS = {Channel.EMAIL: Text("邮件", "E-mail"), Channel.SMS: Text("短信", "Text message")}
_PAGE = 30
Form = dict[str, str]


class InboxPages(Controller):
    """What happened since the last visit."""

    path = "/notices"
    include_in_schema = False
    guards = (signed_in,)

    @get()
    async def inbox(self, request: Caller, session: Session, after: FromQuery[UUID | None] = None) -> Template:
        found = await service.inbox(session, request.user, language_of(request), limit=_PAGE + 1, after=after)
        lines, more = cut(found, _PAGE, lambda line: line.id)
        unread = await service.unread(session, request.user)
        return page(request, "notices.html", lines=lines, unread=unread, more=more, shanghai=SHANGHAI)

    @get("/unread", media_type=MediaType.JSON)
    async def unread(self, request: Caller, session: Session) -> dict[str, int]:
        return {"unread": await service.unread(session, request.user)}

    @post("/read")
    async def read(self, request: Caller, session: Session, deps: Deps) -> Redirect:
        await service.read_all(session, request.user, deps.wall.now())
        return Redirect("/notices", status_code=303)

    @post("/{notice_id:uuid}")
    async def open(self, notice_id: FromPath[UUID], request: Caller, session: Session, deps: Deps) -> Redirect:
        line = await service.open_notice(session, request.user, notice_id, deps.wall.now())
        return Redirect(line.link, status_code=303)

    @get("/preferences")
    async def preferences(self, request: Caller, session: Session, saved: FromQuery[bool] = False) -> Template:
        wishes = await service.wishes(session, request.user)
        return page(request, "notice_preferences.html", wishes=wishes, channels=_CHANNELS, form=_typed(wishes.contact), saved=saved)

    @post("/preferences")
    async def choose(self, data: URLEncodedBody[Form], request: Caller, session: Session) -> Response[Any]:
        wishes = await service.wishes(session, request.user)
        contact = Contact(data.get("email", "").strip(), data.get("phone", "").strip(), "en" if data.get("language") == "en" else "zh")
        wanted = {(subject, channel): f"{subject}.{channel.value}" in data for subject, channel in wishes.wanted}
        try:
            async with session.begin_nested():
                await service.choose(session, request.user, contact, wanted)
        except Problem as problem:
            shown = type(wishes)(contact, wishes.subjects, wanted)
            values = {"wishes": shown, "channels": _CHANNELS, "form": data, "saved": False, "problem": problem}
            return page(request, "notice_preferences.html", status_code=problem.status, **values)
        return Redirect("/notices/preferences?saved=true", status_code=303)


def _typed(contact: Contact) -> Form:
    return {"email": contact.email, "phone": contact.phone, "language": contact.language}
