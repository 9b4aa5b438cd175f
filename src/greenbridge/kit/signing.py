"""Signatures that anybody can check with the published keys: Ed25519, and SM2 with SM3 (GB/T 32918) where the extra is installed."""

import base64
import functools
import hashlib
import json
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from greenbridge.kit.errors import Invalid
from greenbridge.kit.text import Text

EDDSA, SM2_SM3 = "EdDSA", "SM2-SM3"
Jwk = Mapping[str, str]
_PUBLIC = ("crv", "kty", "x", "y")  # the members that RFC 7638 hashes, sorted; RFC 8037 for Ed25519, which has no y
_REASONS = {
    "unknown-key": Text("公布的密钥中没有签名所用的密钥", "The signing key is not among the published keys"),
    "wrong-key": Text("公布的密钥与其编号不符或无法读取", "The published key cannot be read or does not agree with its id"),
    "wrong-algorithm": Text("签名算法与密钥不符", "The algorithm is not the key's"),
    "bad-signature": Text("签名与文件头不符", "The signature does not agree with what was signed"),
    "missing-algorithm": Text("本机未安装该签名算法，无法核验", "This algorithm is not installed here, so the signature cannot be checked"),
}


class Unverified(ValueError):
    """A signature that does not hold, or cannot be checked; `reason` is one of unknown-key, wrong-key, wrong-algorithm, ..."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.text = _REASONS[reason]
        super().__init__(self.text.en)


class Algorithm(Protocol):
    """A way to sign, over JWKs. A private JWK has the member `d` beside the public ones."""

    def generate(self) -> dict[str, str]:
        """Return a new private key."""

    def sign(self, private: Jwk, data: bytes) -> bytes:
        """Return a signature of 64 bytes."""

    def verify(self, public: Jwk, data: bytes, signature: bytes) -> bool:
        """Return whether the signature holds; raises ValueError for a key that is none."""


def b64url(data: bytes) -> str:
    """Return bytes as base64url without padding (RFC 7515). `b64url(bytes([255])) == "_w"`."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64url(text: str) -> bytes:
    """Return the bytes; raises ValueError unless the text is exactly what `b64url` writes, so that no two texts are one signature."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64url(data) != text:
        raise ValueError("not base64url")
    return data


class Ed25519:
    """RFC 8032."""

    def generate(self) -> dict[str, str]:
        """Return a new private key."""
        return self.private(Ed25519PrivateKey.generate().private_bytes_raw())

    def private(self, seed: bytes) -> dict[str, str]:
        """Return the private JWK (RFC 8037) of 32 bytes."""
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        return {"kty": "OKP", "crv": "Ed25519", "x": b64url(public), "d": b64url(seed)}

    def sign(self, private: Jwk, data: bytes) -> bytes:
        """Return a signature of 64 bytes."""
        return _ed25519(private["d"]).sign(data)

    def verify(self, public: Jwk, data: bytes, signature: bytes) -> bool:
        """Return whether the signature holds; raises ValueError for a key that is none."""
        if (public["kty"], public["crv"]) != ("OKP", "Ed25519"):
            raise ValueError("no Ed25519 key")
        try:
            Ed25519PublicKey.from_public_bytes(from_b64url(public["x"])).verify(signature, data)
        except InvalidSignature:
            return False
        return True


@functools.lru_cache(4)
def _ed25519(secret: str) -> Ed25519PrivateKey:
    """Return the key of a JWK's `d`, kept: to make it takes as long as to sign."""
    return Ed25519PrivateKey.from_private_bytes(from_b64url(secret))


class Sm2:
    """GB/T 32918.2 on the curve of GB/T 32918.5, with SM3 and the default user id of GM/T 0009, `1234567812345678`.

    The package tongsuopy takes no other id. Signatures are r and s, 32 bytes each. Everything raises Invalid where it is missing.
    """

    @property
    def _ec(self) -> Any:
        return _optional("tongsuopy.crypto.asymciphers.ec")

    @property
    def _scheme(self) -> Any:
        return self._ec.ECDSA(_optional("tongsuopy.crypto.hashes").SM3())  # its name there for whatever signs on a curve

    def generate(self) -> dict[str, str]:
        """Return a new private key."""
        return self.private(self._ec.generate_private_key(self._ec.SM2()).private_numbers().private_value)

    def private(self, number: int) -> dict[str, str]:
        """Return the private JWK of a number below the order of the curve."""
        public = self._ec.derive_private_key(number, self._ec.SM2()).public_key().public_numbers()
        x, y, d = (b64url(part.to_bytes(32)) for part in (public.x, public.y, number))
        return {"kty": "EC", "crv": "SM2", "x": x, "y": y, "d": d}

    def sign(self, private: Jwk, data: bytes) -> bytes:
        """Return a signature of 64 bytes."""
        key = self._ec.derive_private_key(int.from_bytes(from_b64url(private["d"])), self._ec.SM2())
        return b"".join(part.to_bytes(32) for part in decode_dss_signature(key.sign(data, self._scheme)))

    def verify(self, public: Jwk, data: bytes, signature: bytes) -> bool:
        """Return whether the signature holds; raises ValueError for a key that is none."""
        if (public["kty"], public["crv"]) != ("EC", "SM2"):
            raise ValueError("no SM2 key")
        x, y = (int.from_bytes(from_b64url(public[part])) for part in ("x", "y"))
        key = self._ec.EllipticCurvePublicNumbers(x, y, self._ec.SM2()).public_key()
        errors = _optional("tongsuopy.crypto.exceptions")
        if len(signature) != 64:
            return False
        try:
            key.verify(encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:])), data, self._scheme)
        except (errors.InvalidSignature, errors.InternalError):
            # Internal: r or s outside the curve's order.
            return False
        return True


ALGORITHMS: Mapping[str, Algorithm] = {EDDSA: Ed25519(), SM2_SM3: Sm2()}


def _optional(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise Invalid(
            "sm2-not-installed",
            "本机未安装 SM2 支持，请安装可选组件 greenbridge[sm]（即 tongsuopy）。",
            "SM2 is not installed here: install the extra greenbridge[sm], that is tongsuopy.",
        ) from None


def public_part(jwk: Jwk) -> dict[str, str]:
    """Return the members of a JWK that everybody may see."""
    return {member: jwk[member] for member in _PUBLIC if member in jwk}


def thumbprint(jwk: Jwk) -> str:
    """Return the key id: SHA-256 over the public members (RFC 7638), in base64url, 43 characters."""
    return b64url(hashlib.sha256(json.dumps(public_part(jwk), separators=(",", ":")).encode()).digest())


def verify(public_document: Mapping[str, Any], kid: str, alg: str, data: bytes, signature: str) -> None:
    """Check a signature (base64url) against published keys, retired ones included; raises Unverified with the reason."""
    try:
        jwk = next(key for key in public_document["keys"] if key["kid"] == kid)
    except (StopIteration, KeyError, TypeError):
        raise Unverified("unknown-key") from None
    if alg not in ALGORITHMS or jwk.get("alg") != alg:
        raise Unverified("wrong-algorithm")
    try:
        signed = from_b64url(signature)
    except (TypeError, ValueError):
        raise Unverified("bad-signature") from None
    try:
        if thumbprint(jwk) != kid:
            raise Unverified("wrong-key")
        held = ALGORITHMS[alg].verify(jwk, data, signed)
    except Invalid:
        raise Unverified("missing-algorithm") from None
    except (KeyError, TypeError, ValueError):
        raise Unverified("wrong-key") from None
    if not held:
        raise Unverified("bad-signature")
