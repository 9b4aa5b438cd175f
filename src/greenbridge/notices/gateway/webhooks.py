"""Signatures of webhooks (Standard Webhooks 1.0), and their secrets sealed at rest."""

import base64
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from standardwebhooks import Webhook

_SECRET_BYTES = 32


def new_secret() -> str:
    """Return a new secret, `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(message_id: str, body: str, signers: Sequence[str], now: datetime) -> dict[str, str]:
    """Return the headers of a message, with one signature for each secret: during a rotation both hold."""
    at = now.astimezone(UTC)
    signatures = [Webhook(secret).sign(message_id, at, body) for secret in signers]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
        "content-type": "application/json",
        "user-agent": "greenbridge-webhooks/1",
    }


class Sealed:
    """Seals secrets with a key of the installation: who copies the database alone cannot sign."""

    def __init__(self, secret: str) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"greenbridge webhook secrets").derive(secret.encode())
        self._box = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, secret: str) -> str:
        """Return what is kept."""
        return self._box.encrypt(secret.encode()).decode()

    def open(self, kept: str) -> str:
        """Return the secret; raises cryptography's InvalidToken when the installation's key is another."""
        return self._box.decrypt(kept.encode()).decode()
