"""The private keys that reports are signed with: one file each in a folder that its owner alone may read."""

import fcntl
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from greenbridge.kit import signing
from greenbridge.kit.errors import Invalid

OWNER_FILE, OWNER_FOLDER = 0o600, 0o700


@dataclass(frozen=True, slots=True)
class Key:
    """A signing key. `serial` counts from 1; it signs no more from `retired_at` on, when its successor was made."""

    kid: str
    alg: str
    serial: int
    created_at: datetime
    retired_at: datetime | None
    private: signing.Jwk = field(repr=False)

    def public(self) -> dict[str, str]:
        """Return the entry of the published document."""
        entry = signing.public_part(self.private) | {
            "kid": self.kid,
            "alg": self.alg,
            "use": "sig",
            "created_at": self.created_at.isoformat(),
        }
        return entry | ({"retired_at": self.retired_at.isoformat()} if self.retired_at else {})


class KeyRing:
    """Keys of one installation; all its processes share the folder. Files are added and never changed: the newest key signs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: tuple[list[str], list[Key]] = [], []

    def active(self, now: datetime) -> Key:
        """Return the key that signs; the first use makes one for Ed25519. Raises Invalid when a kept file holds none."""
        return self._kept(now)[-1]

    def rotate(self, algorithm: str, now: datetime) -> Key:
        """Make a new key, which signs from now on, and return it. The former one is retired and stays published for ever.

        Raises Invalid for an algorithm that is unknown or not installed; nothing has changed then.
        """
        if algorithm not in signing.ALGORITHMS:
            raise Invalid.at(
                "unknown-algorithm", "algorithm", f"不支持的签名算法：{algorithm}。", f"Unknown signature algorithm: {algorithm}."
            )
        with self._locked():
            kept = self._read()
            return self._add(algorithm, kept[-1].serial + 1 if kept else 1, now)

    def public_document(self, now: datetime) -> dict[str, Any]:
        """Return what is published at /.well-known/greenbridge-keys.json: the public part of every key there has been."""
        return {"keys": [key.public() for key in self._kept(now)]}

    def published(self) -> dict[str, Any]:
        """Return the public document of the keys that are there, and make none: who checks a report needs no key of its own."""
        return {"keys": [key.public() for key in self._read()]}

    def sign(self, data: bytes, now: datetime) -> tuple[str, str, str]:
        """Return (kid, alg, signature in base64url) by the active key."""
        key = self.active(now)
        return key.kid, key.alg, signing.b64url(signing.ALGORITHMS[key.alg].sign(key.private, data))

    def _kept(self, now: datetime) -> list[Key]:
        if kept := self._read():
            return kept
        with self._locked():
            # Another process may have come first.
            return self._read() or [self._add(signing.EDDSA, 1, now)]

    def _read(self) -> list[Key]:
        """Return the keys, oldest first; each retired when the next was made. A file never changes: names tell whether all are known."""
        try:
            names = sorted(name for name in os.listdir(self._folder) if name[0] != "." and name.endswith(".json"))  # noqa: PTH208  read per report
        except FileNotFoundError:
            return []
        if names != self._known[0]:
            kept = sorted((_entry(self._folder / name) for name in names), key=lambda entry: entry["serial"])
            made = [datetime.fromisoformat(entry["created_at"]) for entry in kept]
            keys = [
                Key(entry["kid"], entry["alg"], entry["serial"], at, after, entry["jwk"])
                for entry, at, after in zip(kept, made, [*made, None][1:], strict=True)
            ]
            self._known = names, keys
        return self._known[1]

    def _add(self, algorithm: str, serial: int, now: datetime) -> Key:
        """Keep a new key. A rename shows the whole file or none: who reads meanwhile never finds half a key."""
        private = signing.ALGORITHMS[algorithm].generate()
        kid = signing.thumbprint(private)
        entry = {"kid": kid, "alg": algorithm, "serial": serial, "created_at": now.isoformat(), "jwk": private}
        draft = self._folder / f".{kid}.draft"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_FILE), "w") as file:
            json.dump(entry, file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._folder / f"{kid}.json")
        return Key(kid, algorithm, serial, now, None, private)

    @contextmanager
    def _locked(self) -> Generator[None]:
        """Let one process at a time make a key: two that start at once would each publish a first one."""
        self._folder.mkdir(mode=OWNER_FOLDER, parents=True, exist_ok=True)
        self._folder.chmod(OWNER_FOLDER)  # of a folder that was there before, or made under a narrower mask
        with os.fdopen(os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, OWNER_FILE)) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _entry(file: Path) -> dict[str, Any]:
    try:
        entry: dict[str, Any] = json.loads(file.read_bytes())
        datetime.fromisoformat(entry["created_at"])
        if entry["alg"] in signing.ALGORITHMS and signing.thumbprint(entry["jwk"]) == entry["kid"] and "serial" in entry:
            return entry
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    raise Invalid.at("bad-key", "key", f"{file} 不是签名密钥。", f"{file} holds no signing key.")
