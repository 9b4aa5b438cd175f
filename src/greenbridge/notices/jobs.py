"""Timed work of notices: the loop that hands events on and delivers them, in a process of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit import database, logs, outward
from greenbridge.kit.clock import SystemClock
from greenbridge.notices import service
from greenbridge.notices.gateway import FakeMailer, FakeSms, Sealed, SmtpMailer
from greenbridge.notices.service import Outside
from greenbridge.settings import Settings

PAUSE_SECONDS, HANDS = 0.5, 4


def outside(settings: Settings) -> Outside:
    """Return the outside as the settings name it; without a mail server nothing leaves the machine."""
    mailer = SmtpMailer(settings.smtp_url, settings.mail_from) if settings.smtp_url else FakeMailer()
    reach = outward.Reach(allow_loopback=settings.demonstration)
    return Outside(reach, Sealed(settings.secret), mailer, FakeSms(), SystemClock(), settings.public_url)


async def _for_ever(name: str, sessions: database.Sessions, work: Callable[[AsyncSession], Awaitable[object]]) -> None:
    """Do a piece of work, each in a transaction of its own, as long as there is some; then pause. An error is logged, and costs a pause."""
    while True:
        try:
            async with sessions.begin() as session:
                done = await work(session)
        except Exception:  # noqa: BLE001  the next piece may do; a loop that ends delivers nothing any more
            logs.get().exception("delivery failed", work=name)
            done = None
        if not done:
            await asyncio.sleep(PAUSE_SECONDS)


async def run(sessions: database.Sessions, to: Outside) -> None:
    """Hand events on and deliver them until cancelled."""
    in_hand: dict[UUID, int] = {}
    works: list[tuple[str, Callable[[AsyncSession], Awaitable[object]]]] = [
        ("relay", lambda session: service.relay(session, to.public_url, to.wall.now())),
        ("messages", lambda session: service.send_one(session, to)),
        *[("webhooks", lambda session: service.deliver_one(session, to, in_hand))] * HANDS,
    ]
    async with asyncio.TaskGroup() as group:
        for name, work in works:
            group.create_task(_for_ever(name, sessions, work))


async def serve(settings: Settings, url: str) -> None:
    """Run the loop of a process until cancelled."""
    engine = database.make_engine(url)
    try:
        logs.get().info("deliverer started", mail=settings.smtp_url is not None)
        await run(database.make_sessions(engine), outside(settings))
    finally:
        await engine.dispose()
