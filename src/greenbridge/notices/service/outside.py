"""What delivering needs of the outside."""

from dataclasses import dataclass

from greenbridge.kit import outward
from greenbridge.kit.clock import Clock
from greenbridge.kit.sealed import Sealed
from greenbridge.notices.gateway import Mailer, SmsGateway


@dataclass(frozen=True, slots=True)
class Outside:
    """`wall`: the machine's clock, also where business stays on one day. Without a mailer, or a gateway for text messages, their
    messages are kept as such that had none.
    """

    reach: outward.Reach
    sealed: Sealed
    mailer: Mailer | None
    sms: SmsGateway | None
    wall: Clock
    public_url: str
