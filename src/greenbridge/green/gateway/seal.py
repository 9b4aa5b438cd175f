"""What signs certificates: the installation's keys, its secret, and where they are checked."""

from dataclasses import dataclass, field

from greenbridge.kit.keyring import KeyRing
from greenbridge.settings import Settings


@dataclass(frozen=True, slots=True)
class Seal:
    """Signs. `secret`: nobody guesses the salts of a certificate's leaves without it."""

    keys: KeyRing
    secret: str = field(repr=False)
    public_url: str


def seal_of(settings: Settings) -> Seal:
    """Return the seal of an installation."""
    return Seal(KeyRing(settings.signing_keys), settings.secret, settings.public_url)
