"""A firm that knows all about itself, a reviewer, an operator; the clock moves by working days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from greenbridge.accounts.values import Actor, Organisation, Role
from greenbridge.enterprises.values import Enterprise
from greenbridge.green import service as green
from greenbridge.green.gateway import Seal
from greenbridge.green.values import Loan, Subject, Upload
from greenbridge.kit.keyring import KeyRing
from greenbridge.schemes import service as schemes
from tests.builders import a_verified_firm, an_actor, deliver

PDF = b"%PDF-1.7\nprinted\n%%EOF\n"
FULL: dict[str, str] = {
    "green_revenue_share": "0.6", "green_investment_share": "0.5", "green_is_largest_line": "yes", "green_purpose": "yes",
    "carbon_efficiency_grade": "1", "carbon_per_value_change_3y": "-0.2", "green_power_share": "1", "carbon_neutral": "no", "energy_level": "advanced",
    "output_per_mu_grade": "A", "waste_recovered_share": "0.95", "clean_energy_share": "0.5", "discharge_within_limits_share": "1",
    "emergency_plan": "yes", "pollution_insurance": "yes", "environment_disclosure": "verified", "eliminated_capacity": "no",
}  # fmt: skip


@dataclass
class Place:
    """What the tests of the flow work with."""

    session: Any
    book: schemes.Book
    seal: Seal
    now: datetime
    actor: Actor
    firm: Enterprise
    reviewer: Actor
    operator: Actor
    bank: Organisation

    def loan(self, reference: str, principal_fen: int, drawn_on: date, repaid_on: date | None = None) -> Loan:
        return Loan(reference, principal_fen, drawn_on, repaid_on, self.bank.id, self.bank.name)

    def later(self, days: int) -> datetime:
        self.now += timedelta(days=days)
        return self.now

    async def a_case(self, values: dict[str, str] | None = None, *, file: bool = True) -> UUID:
        case = await green.open_case(self.session, self.actor, Subject.ENTERPRISE, self.now)
        for n, (name, value) in enumerate((values or FULL).items()):
            upload = Upload(f"{name}.pdf", PDF + bytes([n])) if file and n < 3 else None
            await green.state(self.session, self.actor, self.book, None, case.id, name, value, self.now, pledged=True, upload=upload)
        return case.id

    async def published(self, values: dict[str, str] | None = None) -> UUID:
        case_id = await self.a_case(values)
        await green.submit(self.session, self.actor, self.book, case_id, self.now, pledged=True)
        await green.request_review(self.session, self.actor, case_id, self.now)
        await green.decide(self.session, self.reviewer, case_id, passed=True, reason="", now=self.now)
        return case_id

    async def certified(self, values: dict[str, str] | None = None) -> UUID:
        case_id = await self.published(values)
        self.later(10)
        night = await green.nightly(self.session, self.book, self.seal, self.now)
        assert night.certified == 1
        return case_id


async def good_facts(session: Any, now: datetime, uscc: str) -> None:
    """What departments say of a firm in good order; the items that vetoes ask for are delivered."""
    await deliver(session, now, "environment.credit", {"uscc": uscc, "year": 2025, "colour": "绿", "decided_on": "2025-06-05"})
    await deliver(session, now, "tax.credit_grade", {"uscc": uscc, "year": 2024, "grade": "A", "published_on": "2025-04-25"})
    await deliver(
        session, now, "honours.honours",
        {"uscc": uscc, "title": "国家级绿色工厂", "level": "国家级", "authority": "工业和信息化部", "granted_on": "2024-12-01"},
    )  # fmt: skip
    for item, row in (
        ("penalties.administrative", {"document_no": "湖处〔2019〕1 号", "authority": "市场监管局", "decided_on": "2019-06-07"}),
        (
            "courts.dishonesty",
            {"case_no": "（2018）浙 0502 执 1 号", "court": "吴兴法院", "listed_on": "2018-07-01", "removed_on": "2019-07-01"},
        ),
        ("annual_report.severe_illegal_list", {"listed_on": "2018-06-07", "reason": "旧", "authority": "局", "removed_on": "2019-01-01"}),
    ):
        await deliver(session, now, item, {"uscc": uscc, **row})


@pytest.fixture
async def place(session, now, tmp_path: Path) -> Place:
    actor, firm = await a_verified_firm(session, now, 31)
    await good_facts(session, now, firm.uscc)
    reviewer = await an_actor(session, now, Role.REVIEWER, "RV01")
    operator = await an_actor(session, now, Role.OPERATOR, "platform")
    seal = Seal(KeyRing(tmp_path / "keys"), "a secret", "https://bridge.example")
    officer = await an_actor(session, now, Role.OFFICER, "GB07")
    return Place(session, schemes.book(), seal, now, actor, firm, reviewer, operator, officer.organisation)
