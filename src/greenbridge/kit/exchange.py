"""The departments' protocol, version 1, on the wire: the head of a page and signed requests (docs/departments-protocol.md)."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ED25519

from greenbridge.kit.errors import NotSignedIn

JSON_LINES = "application/jsonl"
PARQUET = "application/vnd.apache.parquet"
CLIENT = "greenbridge"  # the key id under which a department keeps the platform's public key
DIGEST = "Content-Digest"
COVERED = ("@method", "@authority", "@path", "@query")
OLDEST = timedelta(minutes=5)
_TRUTH = {"?1": True, "?0": False}


@dataclass(frozen=True, slots=True)
class PageHead:
    """What the headers of one page say. `since` is the cursor that was asked for, `next` the one after this page."""

    since: str
    next: str
    count: int
    columns: tuple[str, ...]
    last: bool
    stated_at: datetime
    generated: bool

    def headers(self) -> dict[str, str]:
        """Return the headers. `PageHead("", "c1", 2, ("税额",), True, ...)` has `Greenbridge-Columns: %E7%A8%8E%E9%A2%9D`."""
        return {
            "Greenbridge-Since": self.since,
            "Greenbridge-Next": self.next,
            "Greenbridge-Count": str(self.count),
            "Greenbridge-Columns": ",".join(quote(column, safe="") for column in self.columns),
            "Greenbridge-Last": "?1" if self.last else "?0",
            "Greenbridge-Stated-At": self.stated_at.isoformat(),
            "Greenbridge-Generated": "?1" if self.generated else "?0",
        }

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "PageHead":
        """Return the head that headers (of any case) spell; raises ValueError naming the one that is missing or unreadable."""
        name = ""
        try:
            since, after = headers[name := "Greenbridge-Since"], headers[name := "Greenbridge-Next"]
            count = int(headers[name := "Greenbridge-Count"])
            columns = headers[name := "Greenbridge-Columns"]
            last = _TRUTH[headers[name := "Greenbridge-Last"]]
            stated_at = datetime.fromisoformat(headers[name := "Greenbridge-Stated-At"])
            generated = _TRUTH[headers[name := "Greenbridge-Generated"]]
        except (KeyError, ValueError):
            raise ValueError(name) from None
        if stated_at.tzinfo is None:
            raise ValueError("Greenbridge-Stated-At")
        names = tuple(unquote(column) for column in columns.split(",") if column)
        return cls(since, after, count, names, last, stated_at, generated)


@dataclass(frozen=True, slots=True)
class Key:
    """Who asks: the private key, and the name under which departments keep its public half."""

    private: Ed25519PrivateKey
    key_id: str = CLIENT


class Signed(httpx.Auth):
    """Signs every request (RFC 9421, Ed25519) with its body, if it has one; each attempt anew with the time of its making."""

    requires_request_body = True

    def __init__(self, key: Key) -> None:
        self._key_id = key.key_id
        resolver = MappingKeyResolver(public_keys={}, private_keys={key.key_id: key.private})
        self._signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=resolver)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign one request and send it."""
        self._signer.sign(request, key_id=self._key_id, covered_component_ids=COVERED, body=request.content or None)
        yield request


@dataclass(frozen=True, slots=True)
class Received:
    """A request as the verifier wants to see it. The scheme is not signed: a proxy may end TLS."""

    method: str
    url: str
    headers: Mapping[str, str]


def verify(request: Received, public_keys: Mapping[str, Ed25519PublicKey], body: bytes | None = None) -> None:
    """Check that one of the known clients signed this request, with its body if it has one, within five minutes; raises NotSignedIn."""
    resolver = MappingKeyResolver(public_keys=public_keys, private_keys={})
    verifier = HTTPMessageVerifier(signature_algorithm=ED25519, key_resolver=resolver)
    try:
        verifier.verify(request, max_age=OLDEST, require_components=COVERED, body=body or None)
    except HTTPMessageSignaturesException as error:
        raise NotSignedIn("bad-signature", f"请求签名无效：{error}。", f"The request's signature is not valid: {error}.") from None
