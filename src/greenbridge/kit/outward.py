"""Calls to addresses that users name: only public ones are reached, at the address that was checked, and no redirect is followed."""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from urllib.parse import urlsplit

import httpx

from greenbridge.kit.errors import Invalid

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
# Ways to write an IPv4 address inside an IPv6 one: 6to4, Teredo and NAT64 lead to whatever IPv4 address they hold.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")
MAX_URL = 500


class Unreachable(Exception):
    """Nothing was got from an address; the message says why, and nothing of what the network holds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is cut at the asked size; `took_ms` milliseconds."""

    status: int
    body: bytes
    took_ms: int
    headers: Mapping[str, str] = field(default_factory=dict)


def is_public(address: IpAddress) -> bool:
    """Return whether an address is somebody's in the open internet: not private, loopback, link-local, metadata, shared, multicast.

    An IPv6 address that carries an IPv4 one is as public as that one. `is_public(ip_address("169.254.169.254"))` is False.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64_LOCAL:
            return False
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _wrong(field_name: str, zh: str, en: str) -> Invalid:
    return Invalid.at("wrong-address", field_name, zh, en)


def must_be_callable(url: str, field_name: str, *, allow_loopback: bool = False) -> None:
    """Raise Invalid unless an address may be registered: https, a host, no user; a host that is a number must be public.

    What a name leads to is asked when it is called, each time: it may lead elsewhere tomorrow.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, parts, port = None, urlsplit(""), None
    if not host or len(url) > MAX_URL or parts.username is not None or parts.fragment or any(c.isspace() or ord(c) < 32 for c in url):
        raise _wrong(field_name, "请填写完整的 https 地址。", "Give a whole https address.")
    local = allow_loopback and host in {"127.0.0.1", "localhost", "::1"}
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise _wrong(field_name, "地址须以 https:// 开头。", "The address must begin with https://.")
    if port == 0:
        raise _wrong(field_name, "端口不正确。", "The port is wrong.")
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        if not local and (host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host):
            raise _wrong(field_name, "不能使用内部主机名。", "A host inside a network cannot be called.") from None
        return
    if not local and not is_public(number):
        raise _wrong(field_name, "不能使用内网、本机或保留地址。", "A private, loopback, link-local or reserved address cannot be called.")


async def _resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host by the system's resolver; raises Unreachable."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable("the host has no address") from None
    return [str(entry[4][0]) for entry in found]


@dataclass(frozen=True, slots=True)
class Reach:
    """Calls outward. `allow_loopback` is for demonstrations and tests: this machine itself, no other private address."""

    allow_loopback: bool = False
    seconds: float = 10.0

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body; raises Unreachable."""
        return await self._call("POST", url, body, headers, most_bytes=4096)

    async def get(self, url: str, *, most_bytes: int) -> Answer:
        """Fetch an address; raises Unreachable, also for an answer longer than `most_bytes`."""
        answer = await self._call("GET", url, b"", {"accept": "application/json"}, most_bytes=most_bytes + 1)
        if len(answer.body) > most_bytes:
            raise Unreachable("the answer is too long")
        return answer

    async def _call(self, method: str, url: str, body: bytes, headers: Mapping[str, str], *, most_bytes: int) -> Answer:
        started = perf_counter()
        try:
            async with asyncio.timeout(self.seconds):
                status, got, kept = await self._exchange(method, url, body, headers, most_bytes)
        except TimeoutError:
            raise Unreachable(f"no answer within {self.seconds:g} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Unreachable(type(error).__name__) from None
        return Answer(status, kept, round((perf_counter() - started) * 1000), got)

    async def _exchange(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], most_bytes: int
    ) -> tuple[int, Mapping[str, str], bytes]:
        pinned, host = await self._pinned(httpx.URL(url))
        named = {**headers, "host": httpx.URL(url).netloc.decode()}
        # No proxy and no environment: a proxy would look the name up again. The certificate is checked against the name.
        async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=self.seconds) as client:
            extensions = {"sni_hostname": host}
            async with client.stream(method, pinned, content=body or None, headers=named, extensions=extensions) as response:
                kept = bytearray()
                async for piece in response.aiter_raw():
                    kept += piece
                    if len(kept) >= most_bytes:
                        break
                return response.status_code, dict(response.headers), bytes(kept[:most_bytes])

    async def _pinned(self, url: httpx.URL) -> tuple[httpx.URL, str]:
        """Return the address with its host replaced by the number that was checked, and the host. Raises Unreachable.

        All numbers of the name must be public: of several, an attacker's resolver would have us take the one that is not.
        """
        port = url.port or (443 if url.scheme == "https" else 80)
        numbers = [ipaddress.ip_address(found.split("%")[0]) for found in await _resolved(url.host, port)]
        allowed = [is_public(n) or (self.allow_loopback and n.is_loopback) for n in numbers]
        if not numbers or not all(allowed):
            raise Unreachable("the host leads to an address that is not public")
        if url.scheme != "https" and not (self.allow_loopback and numbers[0].is_loopback):
            raise Unreachable("only https is called")
        return url.copy_with(host=str(numbers[0])), url.host
