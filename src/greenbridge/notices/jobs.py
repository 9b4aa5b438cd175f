"""Timed work of notices: the loop that hands events on and delivers them, in a process of its own."""

import asyncio
from collections.abc import Awaitable, Callable

from greenbridge.kit import database, logs, outward
from greenbridge.kit.clock import SystemClock
from greenbridge.kit.exchange import Key
from greenbridge.kit.keys import kept_key
from greenbridge.kit.sealed import Sealed
from greenbridge.notices import service
from greenbridge.notices.gateway import FakeMailer, FakeSms, HttpSms, Mailer, SmsGateway, SmtpMailer
from greenbridge.notices.service import Outside
from greenbridge.settings import Settings

PAUSE_SECONDS = 0.5


def outside(settings: Settings) -> Outside:
    """Return the outside as the settings name it. What they do not name is not there; in a demonstration a fake keeps what it is given."""
    mailer: Mailer | None = FakeMailer() if settings.demonstration else None
    sms: SmsGateway | None = FakeSms() if settings.demonstration else None
    if settings.smtp_url:
        mailer = SmtpMailer(settings.smtp_url, settings.mail_from)
    if settings.sms_gateway:
        sms = HttpSms(settings.sms_gateway, Key(kept_key(settings.data_dir)))
    reach = outward.Reach(allow_loopback=settings.demonstration)
    return Outside(reach, Sealed(settings.secret), mailer, sms, SystemClock(), settings.public_url)


async def _for_ever(name: str, work: Callable[[], Awaitable[object]]) -> None:
    """Do a piece of work as long as there is some; then pause. An error is logged, and costs a pause."""
    while True:
        try:
            done = await work()
        except Exception:  # noqa: BLE001  the next piece may do; a loop that ends delivers nothing any more
            logs.get().exception("delivery failed", work=name)
            done = None
        if not done:
            await asyncio.sleep(PAUSE_SECONDS)


async def run(sessions: database.Sessions, to: Outside) -> None:
    """Hand events on and deliver them until cancelled."""

    async def relay() -> int:
        async with sessions.begin() as session:
            return await service.relay(session, to.public_url, to.wall.now())

    async with asyncio.TaskGroup() as group:
        group.create_task(_for_ever("relay", relay))
        group.create_task(_for_ever("messages", lambda: service.send_one(sessions, to)))
        group.create_task(service.deliver_for_ever(sessions, to, PAUSE_SECONDS))


async def serve(settings: Settings, url: str) -> None:
    """Run the loop of a process until cancelled."""
    engine = database.make_engine(url)
    try:
        to = outside(settings)
        logs.get().info("deliverer started", mail=to.mailer is not None, sms=to.sms is not None)
        await run(database.make_sessions(engine), to)
    finally:
        await engine.dispose()
