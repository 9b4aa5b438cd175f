"""The secret keys behind commitments: files that their owner alone may read, one for each generation."""

import base64
import json
import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from greenbridge.kit.errors import Problem
from greenbridge.kit.text import Text

_BYTES, _NONCE = 32, 12


class KeyProblem(Problem):
    """A key that the database names is not in the folder, or does not open what it has sealed."""

    status = 503
    title = Text("密钥不可用", "A key is missing")


@dataclass(frozen=True, slots=True)
class Key:
    """One generation: commits to assets and seals what was stated. Two keys, so that neither use tells of the other."""

    id: str
    _commits: bytes = field(repr=False)
    _seals: bytes = field(repr=False)

    def commit(self, data: bytes) -> str:
        """Return HMAC-SHA256 in hexadecimal: without the key, no guess of an invoice number can be tried."""
        mac = HMAC(self._commits, SHA256())
        mac.update(data)
        return mac.finalize().hex()

    def seal(self, data: bytes, about: str) -> bytes:
        """Return the data encrypted (AES-256-GCM), for one row: it opens under the same `about` only."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self._seals).encrypt(nonce, data, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes:
        """Return what was sealed; raises KeyProblem for another key's or row's."""
        try:
            return AESGCM(self._seals).decrypt(sealed[:_NONCE], sealed[_NONCE:], about.encode())
        except InvalidTag:
            raise KeyProblem("cannot-open", "质押信息无法解密。", "What was sealed does not open.") from None


class Vault:
    """The folder of keys, shared by all processes of an installation. Which key is in use, the database says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Key] = {}

    def make(self, now: datetime) -> Key:
        """Keep a new key and return it: the file is whole and on the disk before anything is committed under it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key_id, material = secrets.token_hex(8), secrets.token_bytes(_BYTES)
        draft = self._folder / f".{key_id}.draft"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"id": key_id, "created_at": now.isoformat(), "key": base64.b64encode(material).decode()}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._folder / f"{key_id}.json")
        return self.key(key_id)

    def key(self, key_id: str) -> Key:
        """Return a key; raises KeyProblem where this machine has not got it."""
        if key_id not in self._known:
            try:
                entry = json.loads((self._folder / f"{key_id}.json").read_bytes())
                material = base64.b64decode(entry["key"], validate=True)
            except (OSError, KeyError, ValueError):
                raise KeyProblem(
                    "no-key", f"本机没有质押登记密钥 {key_id}。", f"The key {key_id} for pledges is not on this machine."
                ) from None
            self._known[key_id] = Key(key_id, _derived(material, b"commit"), _derived(material, b"seal"))
        return self._known[key_id]

    def destroy(self, key_id: str) -> None:
        """Remove a key under which nothing is committed or sealed any more."""
        self._known.pop(key_id, None)
        (self._folder / f"{key_id}.json").unlink(missing_ok=True)


def _derived(material: bytes, use: bytes) -> bytes:
    return HKDF(SHA256(), _BYTES, salt=None, info=b"greenbridge pledges: " + use).derive(material)
