"""The land registry: what it is asked, and a fake of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from greenbridge.collateral.values import Acknowledgement, Order, OrderKind, Outcome
from greenbridge.kit.errors import Problem
from greenbridge.kit.text import Text


class RegistryProblem(Problem):
    """The registry did not answer, or not as agreed. Another attempt may mend it, unless it is `final`: it refused what it was sent."""

    status = 502
    title = Text("不动产登记接口异常", "The land registry's service fails")
    final = False


class LandRegistry(Protocol):
    """Takes orders, acknowledges them, and answers when it has done its work: minutes or days later."""

    async def submit(self, order: Order) -> Acknowledgement:
        """Hand an order in. The same order handed in again is the same order. Raises RegistryProblem, final where it is refused."""
        ...

    async def outcome(self, order: Order) -> Outcome | None:
        """Return the registry's last word on an order that it acknowledged; None while it works. Raises RegistryProblem."""
        ...


class FakeRegistry:
    """Grants everything at the second look, or rejects what `rejecting` names (certificate -> reason); remembers what it was told."""

    def __init__(self, now: datetime, rejecting: Mapping[str, str] | None = None) -> None:
        self.now, self.rejecting = now, rejecting or {}
        self.orders: dict[UUID, Order] = {}
        self.looks: dict[UUID, int] = {}
        self.failing = 0

    async def submit(self, order: Order) -> Acknowledgement:
        """Keep the order."""
        self._may_fail()
        self.orders.setdefault(order.id, order)
        return Acknowledgement(f"FAKE-{order.id.hex[:8]}", self.now)

    async def outcome(self, order: Order) -> Outcome | None:
        """Return the outcome at the second look."""
        self._may_fail()
        self.looks[order.id] = self.looks.get(order.id, 0) + 1
        if self.looks[order.id] < 2:
            return None
        reason = self.rejecting.get(str(order.body["certificate_no"]))
        number = None if reason or order.kind is OrderKind.QUERY else f"FAKE-NO-{len(self.looks)}"
        facts: dict[str, Any] = {"rank": 1} if order.kind is OrderKind.REGISTRATION else {"mortgages": [], "seized": False}
        return Outcome(not reason, self.now, number, (reason,) if reason else (), facts, {"payload": {"fake": True}})

    def _may_fail(self) -> None:
        if self.failing:
            self.failing -= 1
            raise RegistryProblem("registry-failed", "（模拟的故障）", "A simulated fault.")
