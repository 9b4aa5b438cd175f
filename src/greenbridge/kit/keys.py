"""The platform's own Ed25519 key pair: made at first use, kept in the data folder, readable by its owner alone."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from greenbridge.kit.errors import Invalid

KEPT = "departments.key.pem"


def kept_key(data_dir: Path) -> Ed25519PrivateKey:
    """Return the private key of this installation; all its processes share one. Raises Invalid when the kept file holds none."""
    kept = data_dir / KEPT
    if not kept.exists():
        _keep(kept, Ed25519PrivateKey.generate())
    try:
        return _private(kept.read_bytes())
    except (TypeError, ValueError):
        raise Invalid.at("bad-key", "key", f"{kept} 不是 Ed25519 私钥。", f"{kept} holds no Ed25519 private key.") from None


def _keep(kept: Path, key: Ed25519PrivateKey) -> None:
    """Write a key where none is kept yet. A link appears whole or not at all: a process that comes second never reads half a key."""
    draft = kept.with_name(f".{kept.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        kept.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _private(pem: bytes) -> Ed25519PrivateKey:
    key = load_pem_private_key(pem, None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(type(key).__name__)
    return key


def public_pem(key: Ed25519PrivateKey) -> str:
    """Return the public half as PEM: what a department is given."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def read_public_key(pem: bytes) -> Ed25519PublicKey:
    """Return a public key from PEM; raises Invalid when it is none."""
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise Invalid.at("bad-key", "public_key", "文件不是 Ed25519 公钥（PEM）。", "The file holds no Ed25519 public key (PEM).")
    return key
