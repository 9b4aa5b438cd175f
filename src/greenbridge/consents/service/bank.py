"""What a bank shows its own staff."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role, StaffFunction
from greenbridge.audit import service as audit
from greenbridge.consents import gateway, rules, store
from greenbridge.consents.values import Access, DescribedItem, Narrowing, Purpose, View, WorkStep
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Forbidden, Invalid
from greenbridge.kit.web import Outdated


def must_be_bank(actor: Actor) -> None:
    if actor.role not in {Role.OFFICER, Role.BANK_ADMINISTRATOR}:
        raise Forbidden("not-a-bank", "只有银行人员可以办理。", "Only a bank's staff may do this.")


async def preview(
    session: AsyncSession, bank_id: UUID | None, step: WorkStep, narrowing: Narrowing, now: datetime
) -> list[tuple[StaffFunction, Access]]:
    """Return (staff function, what it would see) at a step under a consent that is narrowed so; with a bank, through its views."""
    limits = gateway.template(rules.purpose_of(step), business_date(now))
    found = []
    for function in limits.levels.get(step, {}):
        async with database.as_platform(session):  # a bank's view is the bank's; a firm sees what it comes to
            view = await store.view(session, bank_id, step, function) if bank_id else None
        found.append((function, rules.would_see(limits, step, function, narrowing, view)))
    return found


async def views(session: AsyncSession, actor: Actor, now: datetime) -> list[tuple[View, int]]:
    """Return the bank's view of every step and function that templates in force know, with the template's cap; unset ones show all."""
    must_be_bank(actor)
    own = {(view.step, view.function): view for view in await store.views(session, actor.organisation.id)}
    found = []
    for limits in (gateway.template(purpose, business_date(now)) for purpose in Purpose):
        for step, by_function in limits.levels.items():
            for function, cap in by_function.items():
                found.append((own.get((step, function)) or View(step, function, cap, frozenset()), cap))
    return found


async def view_revisions(session: AsyncSession, actor: Actor) -> Mapping[tuple[WorkStep, StaffFunction], int]:
    """Return the revision of each view of the actor's bank; one that was never set has none, which is 0."""
    must_be_bank(actor)
    return await store.view_revisions(session, actor.organisation.id)


async def set_view(
    session: AsyncSession, actor: Actor, view: View, known: Sequence[DescribedItem], now: datetime, *, revision: int | None = None
) -> View:
    """Set what the bank shows a staff function at a step; only its administrator may. Raises Invalid for what templates do not know,
    Outdated when it was set since `revision`.
    """
    if actor.role is not Role.BANK_ADMINISTRATOR:
        raise Forbidden("not-an-administrator", "只有银行管理员可以设置。", "Only the bank's administrator may do this.")
    caps = {(found.step, found.function): cap for found, cap in await views(session, actor, now)}
    if (view.step, view.function) not in caps:
        raise Invalid.at("no-view", "function", "该岗位在此环节不能查阅。", "This staff function reads nothing at this step.")
    if not 1 <= view.max_level <= caps[view.step, view.function]:
        most = caps[view.step, view.function]
        raise Invalid.at("wrong-view", "max_level", f"敏感度应为 1 至 {most}。", f"The sensitivity must be 1 to {most}.")
    if found := rules.grant_problems(gateway.templates()[0], (), Narrowing(withheld=view.hidden), known):
        raise Invalid("wrong-view", "请检查隐藏的数据项。", "Check the hidden items.", fields=found)
    if revision is not None:
        await database.lock(session, f"views of {actor.organisation.id}")
        if revision != (await view_revisions(session, actor)).get((view.step, view.function), 0):
            raise Outdated
    await store.add_view(session, actor.organisation.id, view, now, actor.account_id)
    await audit.record(
        session,
        "view.set",
        f"organisation:{actor.organisation.id}",
        now,
        account_id=actor.account_id,
        step=view.step.value,
        function=view.function.value,
        max_level=view.max_level,
        hidden=sorted(view.hidden),
    )
    return view
