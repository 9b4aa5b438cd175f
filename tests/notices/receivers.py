"""A bank's endpoint as tests need it: keeps what it gets, answers as told, checks signatures as any receiver would."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Self

from standardwebhooks import Webhook

from greenbridge.kit.clock import SystemClock
from greenbridge.kit.outward import Reach
from greenbridge.kit.sealed import Sealed
from greenbridge.notices.gateway import FakeMailer, FakeSms
from greenbridge.notices.service import Outside


@dataclass
class Receiver:
    """`answers`: the statuses to give, one a request; the last one for ever."""

    answers: list[int] = field(default_factory=lambda: [204])
    got: list[tuple[dict[str, str], str]] = field(default_factory=list)
    headers: str = ""
    server: Any = None

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        await self.server.wait_closed()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/hook"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.splitlines()[1:] if line)}
        body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
        self.got.append((headers, body))
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        writer.write(f"HTTP/1.1 {status} X\r\n{self.headers}content-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    def checked(self, index: int, secret: str) -> Any:
        headers, body = self.got[index]
        return Webhook(secret).verify(body, headers)


class Wall(SystemClock):
    """The machine's clock, ahead by as much as a test says."""

    ahead: Any = None

    def now(self) -> Any:
        return super().now() + self.ahead if self.ahead else super().now()


def an_outside(secret: str, wall: Any = None, *, allow_loopback: bool = True) -> Outside:
    return Outside(Reach(allow_loopback, seconds=3), Sealed(secret), FakeMailer(), FakeSms(), wall or Wall(), "http://127.0.0.1:8000")
