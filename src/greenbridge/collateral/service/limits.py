"""How often one may ask: counted under a lock, so that two at once are two."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.collateral import gateway
from greenbridge.collateral.rules import pledging
from greenbridge.collateral.store import pledges as store
from greenbridge.collateral.values import Policy
from greenbridge.enterprises.values import Enterprise
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date, day_start
from greenbridge.kit.errors import Conflict, Problem
from greenbridge.kit.text import Text


class TooOften(Problem):
    """Asked too often in a day."""

    status = 429
    title = Text("次数过多", "Too many requests")


def policy(now: datetime) -> Policy:
    """Return the policy in force. Raises Conflict where there is none."""
    found = pledging.in_force(gateway.policies(), business_date(now))
    if found is None:
        raise Conflict("no-policy", "没有生效的质押规则。", "No policy on pledges is in force.")
    return found


async def count_offer(session: AsyncSession, firm: Enterprise, now: datetime) -> None:
    """Raise TooOften where a firm has offered, or was refused, too often today: refusals tell that others hold an asset."""
    most = policy(now).limits
    await database.lock(session, f"pledges of {firm.id}")
    offered, refused = await store.offers_since(session, firm.id, day_start(business_date(now)))
    if offered >= most.offers_of_a_firm:
        n = most.offers_of_a_firm
        raise TooOften("offers-used-up", f"今日已提出 {n} 笔质押，请明日再试。", f"{n} pledges were offered today; try again tomorrow.")
    if refused >= most.refusals_of_a_firm:
        n = most.refusals_of_a_firm
        zh = f"今日已有 {n} 笔质押核对未通过，请明日再试或联系平台。"
        raise TooOften("refusals-used-up", zh, f"{n} pledges were refused today; try again tomorrow or ask the platform.")


async def count_check(session: AsyncSession, actor: Actor, enterprise: Enterprise, now: datetime) -> None:
    """Raise TooOften where a bank has asked too often today: in all, by one officer, about one firm."""
    most, bank = policy(now).limits, actor.organisation.id
    async with database.as_platform(session):  # checks are closed to requests
        await database.lock(session, f"pledge checks of {bank}")
        since = day_start(business_date(now))
        in_all, by_officer, about_firm = await store.checks_since(session, bank, actor.account_id, enterprise.id, since)
    used_up = [
        (in_all >= most.checks_of_a_bank, most.checks_of_a_bank, "本行", "your bank"),
        (by_officer >= most.checks_of_an_officer, most.checks_of_an_officer, "您", "you"),
        (about_firm >= most.checks_of_a_firm_by_a_bank, most.checks_of_a_firm_by_a_bank, "本行对该企业", "your bank about this firm"),
    ]
    for over, n, zh, en in used_up:
        if over:
            raise TooOften("checks-used-up", f"{zh}今日 {n} 次核对已用完。", f"Today's {n} checks by {en} are used up.")
