"""What stands outside: mail server, text messages, endpoints; and the files of topics and waits."""

from greenbridge.notices.gateway.files import load_catalogue, load_retries
from greenbridge.notices.gateway.mail import FakeMailer, Mailer, NotSent, SmtpMailer
from greenbridge.notices.gateway.sms import FakeSms, HttpSms, SmsGateway
from greenbridge.notices.gateway.webhooks import new_secret, signed_headers

__all__ = [
    "FakeMailer",
    "FakeSms",
    "HttpSms",
    "Mailer",
    "NotSent",
    "SmsGateway",
    "SmtpMailer",
    "load_catalogue",
    "load_retries",
    "new_secret",
    "signed_headers",
]
