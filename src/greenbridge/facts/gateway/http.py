"""Departments that are asked over HTTP: signed, paged, checked, retried, and left alone for a while when they fail."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
import stamina
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from greenbridge.facts.gateway.pages import Asked, Drifted, Page, Unusable, checked
from greenbridge.facts.gateway.spool import Spool
from greenbridge.facts.values import Delivery
from greenbridge.kit.errors import Problem
from greenbridge.kit.exchange import JSON_LINES, PARQUET, Key, Signed
from greenbridge.kit.text import Text

_MEDIA = {"jsonl": JSON_LINES, "parquet": PARQUET}
_TRANSIENT = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class Feed:
    """One item of one department. `url` is the base before /v1; `remote` is the department's own name of the item, if it is another.

    `columns` are the columns expected, in the department's names; without them, those of the first page are. `format` is
    "jsonl" or "parquet"; `page_size` counts rows. `constants`, `renames`, `subjects` go into the delivery.
    """

    item: str
    url: str
    constants: Mapping[str, str] = field(default_factory=dict)
    renames: Mapping[str, str] = field(default_factory=dict)
    subjects: Mapping[str, str] = field(default_factory=dict)
    format: str = "jsonl"
    page_size: int = 5000
    columns: tuple[str, ...] = ()
    remote: str | None = None

    @property
    def source(self) -> str:
        """The department's name of the item."""
        return self.remote or self.item


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to connect, between two pieces of an answer, and for one page in all; bytes that a page may have."""

    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    page_seconds: float = 120.0
    page_bytes: int = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a page is asked for, with waits in seconds that double and jitter; and the breaker of each department.

    After `breaker_failures` pages in a row that failed for good the department is left alone for `recovery_seconds`.
    """

    attempts: int = 5
    wait_initial: float = 0.5
    wait_max: float = 20.0
    wait_jitter: float = 1.0
    breaker_failures: int = 3
    recovery_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull brought: a delivery whose content is a spooled file (its reader's to remove), and where to go on."""

    delivery: Delivery
    next_cursor: str
    pages: int
    retries: int


class DepartmentProblem(Problem):
    """A department did not answer, or not as agreed."""

    status = 502
    title = Text("部门接口异常", "A department's service fails")


class HttpGateway:
    """Asks departments. Keep one for all pulls: it remembers which departments are failing. Close it with `async with`."""

    def __init__(
        self,
        feeds: Iterable[Feed],
        key: Key,
        *,
        client: httpx.AsyncClient | None = None,
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
    ) -> None:
        self.feeds = tuple(feeds)
        self._client, self._own = client or httpx.AsyncClient(), client is None
        self._signed = Signed(key)
        self._timeouts, self._retries = timeouts or Timeouts(), retries or Retries()
        self._breakers = AsyncCircuitBreakerFactory(
            self._retries.breaker_failures,
            self._retries.recovery_seconds,
            exclude=[DepartmentProblem, Drifted],  # the department is there; what it says is another matter
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the client unless it was given."""
        if self._own:
            await self._client.aclose()

    async def pull(self, feed: Feed, since: str | None, folder: Path) -> Pulled | None:
        """Return all that a department has stated since a cursor, as one delivery; None when nothing is new.

        The content is a new file in `folder`; nothing stays there after a failure. Its `stated_at` is the latest of its
        pages': earlier nobody could know all of it. Raises DepartmentProblem: `department-unavailable` (left alone for a
        while), `department-failed` (all attempts failed), `department-refused` (our request is wrong), `schema-drift`.
        """
        asked = Asked(feed.source, since or "", expected=feed.columns)
        stated: list[datetime] = []
        generated, pages, retries = False, 0, 0
        with Spool(folder, feed.item, feed.format) as spool:
            while True:
                page, failures = await self._page(feed, asked)
                pages, retries = pages + 1, retries + failures
                if page.head.count:
                    spool.add(page.content)
                    stated.append(page.head.stated_at)
                    generated |= page.head.generated
                if page.head.last:
                    break
                asked = asked.after(page.head)
        if spool.path is None:
            return None
        delivery = Delivery(
            feed.item,
            f"{feed.source}.{feed.format}",
            spool.path,
            constants=feed.constants,
            renames=feed.renames,
            subjects=feed.subjects,
            generated=generated,
            batch_key=f"{feed.source}@{feed.url}:{since or ''}..{page.head.next}",
            stated_at=max(stated),
        )
        return Pulled(delivery, page.head.next, pages, retries)

    async def _page(self, feed: Feed, asked: Asked) -> tuple[Page, int]:
        """Return a page that passed every check, and how many attempts failed before; raises DepartmentProblem."""
        waits = self._retries
        breaker = await self._breakers.get_breaker(feed.url)
        try:
            async with breaker:
                async for attempt in stamina.retry_context(
                    on=Unusable,
                    attempts=waits.attempts,
                    timeout=None,
                    wait_initial=waits.wait_initial,
                    wait_max=waits.wait_max,
                    wait_jitter=waits.wait_jitter,
                ):
                    with attempt:
                        page, failures = await self._attempt(feed, asked), attempt.num - 1
        except OpenedState:
            raise self._unavailable(feed) from None
        except Drifted as drift:
            raise DepartmentProblem("schema-drift", f"{feed.url}：{drift.text.zh}", f"{feed.url}: {drift.text.en}") from None
        except Unusable as failure:
            zh, en = f"{feed.url} 多次请求失败：{failure.text.zh}", f"{feed.url} failed again and again: {failure.text.en}"
            raise DepartmentProblem("department-failed", zh, en) from None
        return page, failures

    def _unavailable(self, feed: Feed) -> DepartmentProblem:
        seconds = self._retries.recovery_seconds
        problem = DepartmentProblem(
            "department-unavailable",
            f"{feed.url} 连续失败，暂停请求（至多 {seconds:g} 秒）。",
            f"{feed.url} failed repeatedly and is left alone for up to {seconds:g} seconds.",
        )
        problem.status = 503
        return problem

    async def _attempt(self, feed: Feed, asked: Asked) -> Page:
        """Ask once; raises Unusable for what another attempt may mend, DepartmentProblem for what it cannot."""
        media = _MEDIA[feed.format]
        url = f"{feed.url.rstrip('/')}/v1/items/{quote(feed.source, safe='')}/records"
        try:
            async with asyncio.timeout(self._timeouts.page_seconds):
                response, body = await self._fetched(url, {"since": asked.since, "page_size": feed.page_size}, media)
        except (TimeoutError, httpx.TimeoutException):
            raise Unusable("请求超时", "the request timed out") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unusable(f"连接失败（{error}）", f"the connection failed ({error})") from None
        if response.status_code >= 500 or response.status_code in _TRANSIENT:
            raise Unusable(f"返回 {response.status_code}", f"it answered {response.status_code}")
        if response.status_code != 200:
            raise _refused(feed, response.status_code, body)
        return checked(asked, media, response.headers, body)

    async def _fetched(self, url: str, params: dict[str, Any], media: str) -> tuple[httpx.Response, bytes]:
        """Return the answer and its body. The digest is over what travels: no compression is asked for."""
        limits = httpx.Timeout(self._timeouts.read_seconds, connect=self._timeouts.connect_seconds)
        headers = {"accept": media, "accept-encoding": "identity"}
        async with self._client.stream("GET", url, params=params, headers=headers, auth=self._signed, timeout=limits) as response:
            body = bytearray()
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > self._timeouts.page_bytes:
                    raise Unusable("单页过大", "a page is too large")
            return response, bytes(body)


def _refused(feed: Feed, status: int, body: bytes) -> DepartmentProblem:
    said = body[:300].decode(errors="replace")
    return DepartmentProblem(
        "department-refused",
        f"{feed.url} 拒绝了对 {feed.source} 的请求（{status}）：{said}",
        f"{feed.url} refused the request for {feed.source} ({status}): {said}",
    )
