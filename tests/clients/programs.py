"""A bank's program as tests need it: keys, assertions, proofs."""

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from greenbridge.kit.signing import b64url
from tests.builders import token

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ISSUER = "http://127.0.0.1:8000"
ALL_SCOPES = [
    "products:read",
    "products:write",
    "needs:read",
    "answers:write",
    "loans:write",
    "reports:read",
    "consents:manage",
    "webhooks:manage",
]


def a_key(alg: str = "ES256", kid: str = "k1") -> tuple[Any, str, str]:
    """Return (private key, algorithm, kid)."""
    if alg == "PS256":
        return RSAKey.generate_key(2048, {"kid": kid}), alg, kid
    kind, curve = (ECKey, "P-256") if alg == "ES256" else (OKPKey, "Ed25519")
    return kind.generate_key(curve, {"kid": kid}), alg, kid


def public(key: tuple[Any, str, str]) -> dict[str, Any]:
    return {**key[0].as_dict(private=False), "kid": key[2]}


def signed(header: dict[str, Any], claims: dict[str, Any], key: tuple[Any, str, str]) -> str:
    return jwt.encode({"alg": key[1], **header}, claims, key[0], algorithms=[key[1]])


@dataclass
class Program:
    """A registered program with its key."""

    client: httpx.AsyncClient
    client_id: str
    key: tuple[Any, str, str]
    headers: dict[str, str] = field(default_factory=dict)

    def assertion(self, **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": self.client_id, "sub": self.client_id, "aud": f"{ISSUER}/oauth/token",
            "iat": now, "exp": now + 60, "jti": uuid4().hex,
        }  # fmt: skip
        return signed({"kid": self.key[2]}, {k: v for k, v in (claims | changes).items() if v is not None}, self.key)

    def form(self, assertion: str | None = None, **changes: str) -> dict[str, str]:
        form = {
            "grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion or self.assertion(),
        }  # fmt: skip
        return form | changes

    async def ask(self, form: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.client.post("/oauth/token", data=form or self.form(), headers=headers or {})

    async def signed_in(self, **changes: str) -> dict[str, str]:
        answer = await self.ask(self.form(**changes))
        assert answer.status_code == 200, answer.text
        return {"authorization": f"Bearer {answer.json()['access_token']}"}


def a_proof(key: tuple[Any, str, str], method: str, url: str, access: str | None = None, **changes: Any) -> str:
    claims: dict[str, Any] = {"htm": method, "htu": url, "iat": int(time.time()), "jti": uuid4().hex}
    if access:
        claims["ath"] = b64url(hashlib.sha256(access.encode()).digest())
    header = {"typ": "dpop+jwt", "jwk": {k: v for k, v in public(key).items() if k != "kid"}}
    return signed(header, claims | changes, key)


async def a_program(client: httpx.AsyncClient, login: str, scopes: list[str] | None = None, alg: str = "ES256", **changes: Any) -> Program:
    """Register a program as the administrator with this log-in."""
    key = a_key(alg)
    body = {"name": "核心系统", "scopes": scopes or ALL_SCOPES, "jwks": {"keys": [public(key)]}, **changes}
    answer = await client.post("/api/v1/clients", json=body, headers=await token(client, login))
    assert answer.status_code == 201, answer.text
    return Program(client, answer.json()["client_id"], key)
