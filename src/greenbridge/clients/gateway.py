"""Keys and signatures of tokens (joserfc), clients' key sets from their own addresses, the table of scopes."""

import asyncio
import hashlib
import json
import tomllib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

from greenbridge.accounts.values import Role
from greenbridge.clients import rules
from greenbridge.clients.values import Operation, ScopeTable
from greenbridge.kit import outward, signing
from greenbridge.kit.errors import Invalid
from greenbridge.kit.keyring import KeyRing
from greenbridge.kit.text import Text

SCOPES = Path(__file__).parent / "policy" / "scopes.toml"
_KINDS: Mapping[str, Any] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_MEMBERS = ("kty", "crv", "x", "y", "n", "e", "kid")  # `alg` and `use` are not asked: the accepted algorithms are all for signing
_KEYS_KEPT, _NOT_ASKED_AGAIN = timedelta(minutes=5), timedelta(seconds=30)
# A key that was retired signs no more; what it signed before lives no longer than this.
_RETIRED_KEPT = timedelta(seconds=rules.ACCESS_SECONDS + rules.LEEWAY_SECONDS)
_MAX_KEY_SET_BYTES = 65_536
_SERVER_ALGORITHM = "Ed25519"  # RFC 9864; the key ring calls the same EdDSA


class BadToken(Exception):
    """What was signed does not hold, or cannot be read; the message says why."""


def scope_table(path: Path = SCOPES) -> ScopeTable:
    """Return the table of scopes and operations; raises KeyError or ValueError for a file that is wrong."""
    with path.open("rb") as file:
        found = tomllib.load(file)
    scopes = {name: Text(words["zh"], words["en"]) for name, words in found["scopes"].items()}
    operations = {call: Operation(line["scope"], Role(line["as"])) for call, line in found["operations"].items()}
    if unknown := {operation.scope for operation in operations.values()} - scopes.keys() - {""}:
        raise ValueError(f"{path.name} names scopes that it does not describe: {sorted(unknown)}")
    return ScopeTable(scopes, operations)


def _key(public: Mapping[str, Any]) -> Key:
    """Return a public key; raises BadToken for one that cannot be read or is too short."""
    try:
        key: Any = _KINDS[public["kty"]].import_key({name: public[name] for name in _MEMBERS if name in public})
        if public["kty"] == "RSA" and key.public_key.key_size < rules.MIN_RSA_BITS:
            raise BadToken("an RSA key has at least 2048 bits")
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise BadToken(f"a key cannot be read: {error}") from None
    return key  # type: ignore[no-any-return]


def must_be_readable(jwks: Mapping[str, Any]) -> None:
    """Raise Invalid unless each key of a set can be read and is long enough."""
    for public in jwks["keys"]:
        try:
            _key(public)
        except BadToken:
            raise Invalid.at(
                "wrong-key", "jwks", f"密钥 {public['kid']} 无法读取或过短。", f"Key {public['kid']} cannot be read."
            ) from None


def verified(token: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims of a JWT signed by one of the keys; raises BadToken."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # joserfc warns of the name EdDSA, which most libraries of banks still write
            found = KeySet([_key(public) for public in keys.get("keys", ())])
            return dict(jwt.decode(token, found, algorithms=list(rules.ALGORITHMS)).claims)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise BadToken(f"the signature does not hold: {error}") from None


def unverified_claims(token: str) -> dict[str, Any]:
    """Return what a token says of itself before anything is checked: whose key is to be looked for. Raises BadToken."""
    try:
        claims = json.loads(jws.extract_compact(token.encode()).payload)
    except (JoseError, ValueError) as error:
        raise BadToken(f"no JWT: {error}") from None
    if not isinstance(claims, dict):
        raise BadToken("no JWT: its claims are no object")
    return claims


def key_id(token: str) -> str | None:
    """Return which key a token says that it is signed with; None where it says none, or is no token."""
    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
    except (JoseError, ValueError):
        return None
    return kid if isinstance(kid, str) else None


@dataclass(frozen=True, slots=True)
class _Fetched:
    """What an address said at `at`, and what came of the last attempt: its `problem`, empty where it went well."""

    at: datetime
    keys: Mapping[str, Any]
    tried_at: datetime
    problem: str = ""

    def serves(self, kid: str | None, now: datetime) -> bool:
        """Return whether it is not to be fetched again: it is new, or was just tried; a key that is not in it is looked for."""
        if now - self.tried_at < _NOT_ASKED_AGAIN:
            return True
        known = kid is None or kid in {key.get("kid") for key in self.keys.get("keys", ())}
        return known and not self.problem and now - self.at < _KEYS_KEPT


def proof_of_possession(proof: str) -> tuple[dict[str, Any], str]:
    """Return (claims, thumbprint of the key) of a DPoP proof, which carries its own public key (RFC 9449). Raises BadToken."""
    try:
        header = jws.extract_compact(proof.encode()).headers()
    except (JoseError, ValueError) as error:
        raise BadToken(f"no JWT: {error}") from None
    public = header.get("jwk")
    if header.get("typ") != "dpop+jwt" or not isinstance(public, dict) or rules.key_problem({"kid": "dpop", **public}):
        raise BadToken("a proof has typ dpop+jwt and a public jwk")
    key = _key(public)
    return verified(
        proof, {"keys": [{k: v for k, v in public.items() if k != "kid"} | {"kid": header.get("kid", "dpop")}]}
    ), key.thumbprint()


def token_hash(token: str) -> str:
    """Return `ath`: the SHA-256 of an access token, in base64url."""
    return signing.b64url(hashlib.sha256(token.encode("latin-1", "replace")).digest())


@dataclass(slots=True)
class Keys:
    """The server's signing keys, and the key sets that clients publish: each kept for five minutes, a failure for half a minute."""

    ring: KeyRing
    reach: outward.Reach
    _fetched: dict[str, _Fetched] = field(default_factory=dict)
    _fetching: dict[str, asyncio.Lock] = field(default_factory=dict)

    def signed(self, claims: Mapping[str, Any], now: datetime) -> str:
        """Return an access token (RFC 9068)."""
        key = self.ring.active(now)
        header = {"alg": _SERVER_ALGORITHM, "typ": "at+jwt", "kid": key.kid}
        return jwt.encode(header, dict(claims), OKPKey.import_key(dict(key.private)), algorithms=[_SERVER_ALGORITHM])

    def own(self, token: str, now: datetime) -> dict[str, Any]:
        """Return the claims of an access token that this server signed; raises BadToken."""
        return verified(token, self.published(now))

    def published(self, now: datetime) -> dict[str, Any]:
        """Return the server's key set (RFC 7517): the key that signs, and a retired one as long as a token of its may live."""
        keys = [key for key in self.ring.public_document(now)["keys"] if "crv" in key and not _is_over(key, now)]
        return {"keys": [{k: e[k] for k in ("kty", "crv", "x", "kid", "use")} | {"alg": _SERVER_ALGORITHM} for e in keys]}

    async def fetched(self, uri: str, kid: str | None, now: datetime) -> Mapping[str, Any]:
        """Return the public keys at a client's address, under the rule for calls outward. Raises BadToken.

        For a caller that holds no transaction: the address is its owner's, and may take its time. One asks at a time.
        """
        async with self._fetching.setdefault(uri, asyncio.Lock()):
            kept = self._fetched.get(uri)
            if kept is None or not kept.serves(kid, now):
                kept = self._fetched[uri] = await self._fetch(uri, kept, now)
        if not kept.keys:
            raise BadToken(kept.problem)
        return kept.keys

    async def _fetch(self, uri: str, kept: _Fetched | None, now: datetime) -> _Fetched:
        problem: str
        try:
            answer = await self.reach.get(uri, most_bytes=_MAX_KEY_SET_BYTES)
            found = json.loads(answer.body) if answer.status == HTTPStatus.OK else {}
            wrong = rules.keys_problem(found)
            problem = f"jwks_uri holds no key set: {wrong.en}" if wrong else ""
        except (outward.Unreachable, ValueError, RecursionError) as error:
            problem = f"jwks_uri cannot be read: {error}"
        if not problem:
            return _Fetched(now, found, now)
        # What was read a moment ago stays good: a stranger's token with an odd key id must not end it.
        good = kept is not None and now - kept.at < _KEYS_KEPT
        return _Fetched(kept.at if kept and good else now, kept.keys if kept and good else {}, now, problem)


def _is_over(key: Mapping[str, Any], now: datetime) -> bool:
    retired = key.get("retired_at")
    return retired is not None and now - datetime.fromisoformat(retired) >= _RETIRED_KEPT
