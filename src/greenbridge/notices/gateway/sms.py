"""Text messages through the city's gateway: one signed POST each, behind a Protocol with its Fake."""

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from greenbridge.kit import logs
from greenbridge.kit.exchange import Key, Signed
from greenbridge.notices.gateway.mail import MOST_KEPT, NotSent

# Another attempt may be taken: the gateway does not know us yet, is busy, or too slow.
_PASSING = frozenset({401, 403, 408, 425, 429})


class SmsGateway(Protocol):
    """Sends a text message; a city connects its operator's gateway here."""

    async def send(self, to: str, text: str, message_id: str) -> None:
        """Hand a text to the gateway; raises NotSent. `message_id` stays the same when it is tried again."""
        ...


@dataclass(frozen=True, slots=True)
class HttpSms:
    """A gateway that takes `{"to", "text", "message_id"}`, signed as departments' requests are (RFC 9421, Ed25519, body covered).

    Any 2xx: taken. A 4xx is for good, but for 401, 403, 408, 425 and 429.
    """

    url: str
    key: Key
    seconds: float = 20.0

    async def send(self, to: str, text: str, message_id: str) -> None:
        """Hand a text to the gateway; raises NotSent."""
        body = json.dumps({"to": to, "text": text, "message_id": message_id}, ensure_ascii=False).encode()
        headers = {"content-type": "application/json"}
        try:
            async with asyncio.timeout(self.seconds), httpx.AsyncClient(trust_env=False, timeout=self.seconds) as client:
                answer = await client.post(self.url, content=body, headers=headers, auth=Signed(self.key))
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise NotSent(type(error).__name__) from None
        if not answer.is_success:
            raise NotSent(f"the gateway answered {answer.status_code}", final=answer.is_client_error and answer.status_code not in _PASSING)


@dataclass(slots=True)
class FakeSms:
    """Keeps the last texts that it was given, and says so in the log without the number: for tests and demonstrations."""

    sent: deque[tuple[str, str, str]] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))

    async def send(self, to: str, text: str, message_id: str) -> None:
        """Keep a text."""
        self.sent.append((to, text, message_id))
        logs.get().info("text message kept: a demonstration sends none", message_id=message_id)
