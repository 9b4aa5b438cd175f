"""Open needs as a stream that a bank's program reads on from where it was."""

import base64
import binascii
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.answers.service.seeing import _behind, _seen
from greenbridge.answers.service.shared import must_be_officer
from greenbridge.answers.values import OpenNeed
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Invalid
from greenbridge.needs import service as needs
from greenbridge.needs.values import Mode, Need
from greenbridge.scoring.gateway import DefaultModel


def _cursor(need: Need) -> str:
    return base64.urlsafe_b64encode(f"{need.published_at.isoformat()} {need.number}".encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[datetime, str]:
    """Return (published_at, number) that a cursor stands for; raises Invalid for one that is not ours."""
    try:
        at, _, number = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
        place = datetime.fromisoformat(at)
    except (ValueError, binascii.Error):
        place, number = datetime.min, ""  # noqa: DTZ901  without a zone: no cursor of ours
    if place.tzinfo is None or not number.isprintable():
        raise Invalid.at("wrong-cursor", "cursor", "游标无效，请从头读取。", "This cursor is not ours; begin anew without one.")
    return place, number


async def feed(
    session: AsyncSession, actor: Actor, model: DefaultModel, now: datetime, *, cursor: str | None, limit: int
) -> tuple[list[OpenNeed], str | None]:
    """Return (open needs after the cursor, oldest first, as the officer's bank may see them; the next cursor).

    The cursor stays good when there is nothing new: whoever asks again with it gets what was published since.
    """
    must_be_officer(actor)
    after = _place(cursor) if cursor else None
    async with database.as_platform(session):  # the exact terms of needs that it has not answered are closed to a bank
        found = await needs.open_after(session, business_date(now), after, limit, (Mode.GRAB, Mode.SEALED))
        behind = await _behind(session, found, model, now)
    return [await _seen(session, actor, one, now) for one in behind], _cursor(found[-1]) if found else cursor
