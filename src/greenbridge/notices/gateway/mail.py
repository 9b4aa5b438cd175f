"""E-mail by SMTP, behind a Protocol with its Fake."""

from collections import deque
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formataddr
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib

MOST_KEPT = 100  # what a fake remembers


class NotSent(Exception):
    """A message was not taken; `final`: trying again is of no use (an address that the server refuses for good)."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Mailer(Protocol):
    """Sends an e-mail."""

    async def send(self, to: str, subject: str, text: str, message_id: str) -> None:
        """Hand a message to the server; raises NotSent. `message_id` stays the same when it is tried again."""
        ...


_PERMANENT_FROM = 500


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """A mail server: `smtp://user:password@host:587` (STARTTLS where offered), `smtps://...` (TLS from the start)."""

    url: str
    sender: str
    seconds: float = 20.0

    async def send(self, to: str, subject: str, text: str, message_id: str) -> None:
        """Hand a message to the server; raises NotSent, for good where no message can be made for such an address."""
        parts = urlsplit(self.url)
        try:
            mail = self._written(to, subject, text, message_id)
        except ValueError as error:
            raise NotSent(f"no message can be written: {error}", final=True) from None
        try:
            await aiosmtplib.send(
                mail,
                # Never read from the header: what looks like a list or a group there would go to somebody else.
                recipients=[to],
                hostname=parts.hostname,
                port=parts.port,
                username=unquote(parts.username) if parts.username else None,
                password=unquote(parts.password) if parts.password else None,
                use_tls=parts.scheme == "smtps",
                timeout=self.seconds,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise NotSent("the address was refused", final=all(r.code >= _PERMANENT_FROM for r in error.recipients)) from None
        except aiosmtplib.SMTPResponseException as error:
            raise NotSent(f"the server answered {error.code}", final=False) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotSent(type(error).__name__) from None

    def _written(self, to: str, subject: str, text: str, message_id: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = formataddr(("绿桥 Greenbridge", self.sender)), to, subject
        mail["Message-ID"] = f"<{message_id}@{self.sender.rpartition('@')[2]}>"
        mail.set_content(text)
        if [found.addr_spec for found in mail["To"].addresses] != [to]:
            raise ValueError("the address reads as another")
        return mail


@dataclass(slots=True)
class FakeMailer:
    """Keeps the last messages that it was given: for tests and demonstrations, where nothing leaves the machine."""

    sent: deque[tuple[str, str, str, str]] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))

    async def send(self, to: str, subject: str, text: str, message_id: str) -> None:
        """Keep a message."""
        self.sent.append((to, subject, text, message_id))
