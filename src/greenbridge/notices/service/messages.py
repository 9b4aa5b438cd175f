"""E-mails and text messages: taken for a lease, sent outside of any transaction, recorded."""

import asyncio
from datetime import timedelta

from greenbridge.kit import logs
from greenbridge.kit.database import Sessions
from greenbridge.notices import rules
from greenbridge.notices.gateway import NotSent, load_retries
from greenbridge.notices.service.outside import Outside
from greenbridge.notices.store import people
from greenbridge.notices.values import Channel, Message, MessageState

# The lease is longer than a message may take: a process that is killed leaves its messages to the next one after so long.
MOST_SECONDS, LEASE = 60, timedelta(seconds=120)


async def send_one(sessions: Sessions, outside: Outside) -> bool:
    """Send one due e-mail or text message; False when none is due. Whatever one message does, the next one has its turn."""
    async with sessions.begin() as session:
        message = await people.take_message(session, outside.wall.now(), LEASE)
    if message is None:
        return False
    state, problem, final = await _sent(outside, message)
    now = outside.wall.now()
    again = None if final else rules.next_try(load_retries(), message.attempts + 1, now)
    if state is MessageState.PENDING and again is None:
        state = MessageState.DEAD
    async with sessions.begin() as session:
        await people.end_message(session, message.id, state, again or now, problem)
    return True


async def _sent(outside: Outside, message: Message) -> tuple[MessageState, str, bool]:
    """Return (what became of a message, why it was not sent, whether that is for good)."""
    key = f"notice-{message.id}"
    try:
        async with asyncio.timeout(MOST_SECONDS):
            if message.channel is Channel.EMAIL and outside.mailer is not None:
                await outside.mailer.send(message.address, message.subject, message.text, key)
            elif message.channel is Channel.SMS and outside.sms is not None:
                await outside.sms.send(message.address, message.text, key)
            else:
                return MessageState.NO_GATEWAY, "no gateway is connected", True
    except NotSent as error:
        return MessageState.PENDING, str(error), error.final
    except Exception as error:  # noqa: BLE001  one message that nobody foresaw must not stop all others
        logs.get().exception("message not sent", message=message.id)
        return MessageState.PENDING, type(error).__name__, False
    return MessageState.SENT, "", True
