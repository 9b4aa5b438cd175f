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
from greenbridge.needs.values import Mode
from greenbridge.scoring.gateway import DefaultModel

MOST_DIGITS = 18  # what a bigint holds in any case
MARK = "listed-"  # of this kind of cursor: an older one is told to begin anew, and never misread


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"{MARK}{place}".encode()).decode().rstrip("=")


def _place(cursor: str) -> int:
    """Return the place in the list that a cursor stands for; raises Invalid for one that is not ours."""
    try:
        said = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        number = said.removeprefix(MARK)
    except (ValueError, binascii.Error):
        said = number = ""
    if not said.startswith(MARK) or not (number.isascii() and number.isdigit()) or len(number) > MOST_DIGITS:
        raise Invalid.at("wrong-cursor", "cursor", "游标无效，请从头读取。", "This cursor is not ours; begin anew without one.")
    return int(number)


async def feed(
    session: AsyncSession, actor: Actor, model: DefaultModel, now: datetime, *, cursor: str | None, limit: int
) -> tuple[list[OpenNeed], str | None]:
    """Return (open needs after the cursor, in the order of their listing, as the officer's bank may see them; the next cursor).

    The cursor stays good when there is nothing new: whoever asks again with it gets what was published or opened again since, and
    misses nothing. A need that was opened again comes again.
    """
    must_be_officer(actor)
    after = _place(cursor) if cursor else 0
    async with database.as_platform(session):  # the exact terms of needs that it has not answered are closed to a bank
        found = await needs.open_after(session, business_date(now), after, limit, (Mode.GRAB, Mode.SEALED))
        behind = await _behind(session, [need for _, need in found], model, now)
    return [await _seen(session, actor, one, now) for one in behind], _cursor(found[-1][0]) if found else cursor
