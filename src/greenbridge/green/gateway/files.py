"""A store of uploads outside the database: S3 or what speaks its protocol, over PyArrow's client (SigV4)."""

import asyncio
from typing import Any, Protocol
from urllib.parse import urlsplit

from greenbridge.kit.errors import Problem


class Files(Protocol):
    """Keeps bytes under a key. The same key gets the same bytes: it holds their hash."""

    async def put(self, key: str, content: bytes) -> None:
        """Keep bytes; raises Problem where the store does not answer."""
        ...

    async def get(self, key: str) -> bytes:
        """Return bytes; raises Problem where they are not there, or the store does not answer."""
        ...


class FakeFiles:
    """A store in memory, for tests."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def put(self, key: str, content: bytes) -> None:
        """Keep bytes."""
        self.kept[key] = content

    async def get(self, key: str) -> bytes:
        """Return bytes."""
        if key not in self.kept:
            raise _failed("no such key")
        return self.kept[key]


class S3Files:
    """`s3://bucket/folder`, at Amazon's or at an `endpoint` such as https://minio.example:9000.

    Credentials come from where AWS clients look for them (AWS_ACCESS_KEY_ID ..., a profile, the machine's role).
    """

    def __init__(self, address: str, endpoint: str | None) -> None:
        parts = urlsplit(address)
        if parts.scheme != "s3" or not parts.netloc:
            raise ValueError(f"GREENBRIDGE_EVIDENCE_STORE must be like s3://bucket/folder, not {address!r}.")
        self._folder = f"{parts.netloc}/{parts.path.strip('/')}".rstrip("/")
        self._endpoint = urlsplit(endpoint) if endpoint else None
        self._made: Any = None

    @property
    def _client(self) -> Any:
        if self._made is None:
            from pyarrow import fs  # noqa: PLC0415  takes a while, and most installations keep files in the database

            options: dict[str, Any] = {"connect_timeout": 5, "request_timeout": 20, "allow_delayed_open": True}
            if self._endpoint:
                options |= {"endpoint_override": self._endpoint.netloc, "scheme": self._endpoint.scheme, "region": "us-east-1"}
            self._made = fs.S3FileSystem(**options)
        return self._made

    async def put(self, key: str, content: bytes) -> None:
        """Keep bytes, in a thread."""

        def write() -> None:
            with self._client.open_output_stream(f"{self._folder}/{key}") as stream:
                stream.write(content)

        await _in_thread(write)

    async def get(self, key: str) -> bytes:
        """Return bytes, in a thread."""

        def read() -> bytes:
            with self._client.open_input_stream(f"{self._folder}/{key}") as stream:
                found: bytes = stream.read()
                return found

        found: bytes = await _in_thread(read)
        return found


async def _in_thread(work: Any) -> Any:
    try:
        return await asyncio.to_thread(work)
    except OSError as error:
        raise _failed(str(error)) from error


def _failed(why: str) -> Problem:
    problem = Problem(
        "evidence-store", "存放证明材料的对象存储没有应答，请稍后重试。", f"The store of uploads does not answer: {why[:200]}"
    )
    problem.status = 503
    return problem


def files_of(address: str | None, endpoint: str | None) -> Files | None:
    """Return the store that settings name; None: uploads lie in the database."""
    return S3Files(address, endpoint) if address else None
