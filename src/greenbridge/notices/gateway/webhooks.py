"""Signatures of webhooks (Standard Webhooks 1.0), and their secrets."""

import base64
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

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
