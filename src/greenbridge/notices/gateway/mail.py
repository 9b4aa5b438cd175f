"""E-mail by SMTP and text messages: each behind a Protocol with its Fake."""

from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formataddr
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib

from greenbridge.kit import logs


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


class SmsGateway(Protocol):
    """Sends a text message; a city connects its operator's gateway here."""

    async def send(self, to: str, text: str, message_id: str) -> None:
        """Hand a text to the gateway; raises NotSent."""
        ...


_PERMANENT_FROM = 500


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """A mail server: `smtp://user:password@host:587` (STARTTLS where offered), `smtps://...` (TLS from the start)."""

    url: str
    sender: str
    seconds: float = 20.0

    async def send(self, to: str, subject: str, text: str, message_id: str) -> None:
        """Hand a message to the server; raises NotSent."""
        parts = urlsplit(self.url)
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = formataddr(("绿桥 Greenbridge", self.sender)), to, subject
        mail["Message-ID"] = f"<{message_id}@{self.sender.rpartition('@')[2]}>"
        mail.set_content(text)
        try:
            await aiosmtplib.send(
                mail,
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


@dataclass(slots=True)
class FakeMailer:
    """Keeps what it was given; where no mail server is named, nothing leaves the machine."""

    sent: list[tuple[str, str, str, str]] = field(default_factory=list)

    async def send(self, to: str, subject: str, text: str, message_id: str) -> None:
        """Keep a message."""
        self.sent.append((to, subject, text, message_id))


@dataclass(slots=True)
class FakeSms:
    """Keeps what it was given, and says so in the log without the number."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)

    async def send(self, to: str, text: str, message_id: str) -> None:
        """Keep a text."""
        self.sent.append((to, text, message_id))
        logs.get().info("text message kept, no gateway is connected", message_id=message_id)
