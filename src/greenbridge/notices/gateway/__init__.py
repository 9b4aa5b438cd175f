"""What stands outside: mail server, text messages, endpoints; and the files of topics and waits."""

from greenbridge.notices.gateway.files import load_catalogue, load_retries
from greenbridge.notices.gateway.mail import FakeMailer, FakeSms, Mailer, NotSent, SmsGateway, SmtpMailer
from greenbridge.notices.gateway.webhooks import Sealed, new_secret, signed_headers

__all__ = [
    "FakeMailer",
    "FakeSms",
    "Mailer",
    "NotSent",
    "Sealed",
    "SmsGateway",
    "SmtpMailer",
    "load_catalogue",
    "load_retries",
    "new_secret",
    "signed_headers",
]
