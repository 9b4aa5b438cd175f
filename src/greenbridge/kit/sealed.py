"""Secrets sealed at rest with a key of the installation: who copies the database alone cannot read them."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["InvalidToken", "Sealed"]


class Sealed:
    """Seals texts under the installation's secret. `purpose` parts the keys: what is sealed for one is not opened for another."""

    def __init__(self, secret: str, purpose: str = "webhook secrets") -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"greenbridge {purpose}".encode()).derive(secret.encode())
        self._box = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, text: str) -> str:
        """Return what is kept."""
        return self._box.encrypt(text.encode()).decode()

    def open(self, kept: str) -> str:
        """Return the text; raises InvalidToken when the installation's secret is another."""
        return self._box.decrypt(kept.encode()).decode()
