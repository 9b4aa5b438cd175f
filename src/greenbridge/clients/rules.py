"""Whether a client's assertion, a proof of possession and a set of keys are what they must be; signatures are checked before."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from greenbridge.clients.values import Registration
from greenbridge.kit.errors import FieldProblem
from greenbridge.kit.text import Text

# RFC 9068 tokens live five minutes: what was taken from a client is worth nothing soon.
ACCESS_SECONDS = 300
# RFC 7523: an assertion is made for one request. Clocks of two machines differ by up to LEEWAY_SECONDS.
ASSERTION_SECONDS, PROOF_SECONDS, LEEWAY_SECONDS = 300, 60, 30
# FAPI 2.0, 5.4: PS256, ES256, EdDSA over Ed25519 (`Ed25519` is its name since RFC 9864).
ALGORITHMS = ("ES256", "PS256", "Ed25519", "EdDSA")
MAX_KEYS = 10
MIN_RSA_BITS = 2048
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_CURVES = {"EC": "P-256", "OKP": "Ed25519"}


def assertion_problem(claims: Mapping[str, Any], client_id: str, audiences: Collection[str], now: int) -> str | None:  # noqa: PLR0911  one sentence each
    """Return what is wrong with a client's assertion (RFC 7523, section 3), None for nothing. `now` in seconds.

    `{"iss": id, "sub": id, "aud": token endpoint, "exp": now + 60, "jti": "x"}` is right.
    """
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        return "iss and sub must be the client_id"
    aud = claims.get("aud")
    if not set([aud] if isinstance(aud, str) else aud if isinstance(aud, list) else []) & set(audiences):
        return "aud must be the issuer or the token endpoint"
    expires = claims.get("exp")
    if not isinstance(expires, int | float):
        return "exp is missing"
    if expires < now - LEEWAY_SECONDS:
        return "the assertion has expired"
    if expires > now + ASSERTION_SECONDS + LEEWAY_SECONDS:
        return f"exp is more than {ASSERTION_SECONDS} seconds ahead"
    for name in ("iat", "nbf"):
        value = claims.get(name)
        if value is not None and (not isinstance(value, int | float) or value > now + LEEWAY_SECONDS):
            return f"{name} lies in the future"
    return None if _is_id(claims.get("jti")) else "jti is missing"


def proof_problem(claims: Mapping[str, Any], method: str, url: str, now: int, token_hash: str | None) -> str | None:
    """Return what is wrong with a DPoP proof (RFC 9449, section 4.3), None for nothing. `token_hash`: `ath` of the token it comes with."""
    if claims.get("htm") != method:
        return "htm is not the method"
    if str(claims.get("htu", "")).split("?")[0].split("#")[0] != url:
        return "htu is not this address"
    made = claims.get("iat")
    if not isinstance(made, int | float) or abs(now - made) > PROOF_SECONDS:
        return "iat is not now"
    if token_hash is not None and claims.get("ath") != token_hash:
        return "ath is not the token's"
    return None if _is_id(claims.get("jti")) else "jti is missing"


def _is_id(jti: object) -> bool:
    return isinstance(jti, str) and 1 <= len(jti) <= 200


def granted_scopes(asked: str | None, allowed: Collection[str]) -> frozenset[str] | None:
    """Return the scopes of a token: those asked for, all where none is; None when one is not the client's.

    `granted_scopes("needs:read", {"needs:read", "answers:write"}) == {"needs:read"}`.
    """
    wanted = frozenset((asked or "").split()) or frozenset(allowed)
    return wanted if wanted <= frozenset(allowed) else None


def key_problem(key: object) -> Text | None:
    """Return why a public JWK cannot be a client's, None for a good one. Its numbers are checked where it is read."""
    if not isinstance(key, dict):
        return Text("密钥应为对象", "a key is an object")
    if _PRIVATE_MEMBERS & key.keys():
        return Text("只登记公钥：请立即更换已泄露的私钥", "register public keys only; replace this private key, it has been shown")
    if not isinstance(key.get("kid"), str) or not 1 <= len(key["kid"]) <= 100:
        return Text("每个密钥须有 kid", "each key needs a kid")
    kind = key.get("kty")
    if kind == "RSA":
        return None
    if kind in _CURVES and key.get("crv") == _CURVES[kind]:
        return None
    return Text("支持 RSA（至少 2048 位）、EC P-256、OKP Ed25519", "RSA of 2048 bits or more, EC P-256 and OKP Ed25519 are taken")


def keys_problem(jwks: object) -> Text | None:
    """Return what is wrong with a client's set of public keys, None for nothing."""
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or not 1 <= len(keys) <= MAX_KEYS:
        return Text(f"jwks 应含 1 至 {MAX_KEYS} 个密钥", f"a jwks holds 1 to {MAX_KEYS} keys")
    if found := next((problem for key in keys if (problem := key_problem(key))), None):
        return found
    return Text("kid 重复", "a kid comes twice") if len({key["kid"] for key in keys}) < len(keys) else None


def registration_problems(asked: Registration, scopes: Collection[str]) -> Sequence[FieldProblem]:
    """Return what is wrong with a registration, each beside its field."""
    found = []
    if not 2 <= len(asked.name.strip()) <= 60:
        found.append(FieldProblem("name", Text("名称为 2 至 60 个字符", "A name has 2 to 60 characters")))
    if not asked.scopes or not asked.scopes <= frozenset(scopes):
        found.append(
            FieldProblem("scopes", Text("请至少选择一项，且只能选择列出的权限", "Choose at least one of the scopes, and no other"))
        )
    proofs = [asked.jwks is not None, asked.jwks_uri is not None, asked.demo_secret]
    if sum(proofs) != 1:
        found.append(FieldProblem("jwks", Text("请登记公钥集，或公钥地址，二者取一", "Register public keys or their address, one of both")))
    if asked.jwks is not None and (problem := keys_problem(asked.jwks)):
        found.append(FieldProblem("jwks", problem))
    return tuple(found)
