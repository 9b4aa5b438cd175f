"""The stages of a demonstration, each through the services that pages and API call."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import numpy as np

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor, OrganisationKind, Role, StaffFunction
from greenbridge.catalog import service as catalog
from greenbridge.demo.lives import AGE, mode, plot
from greenbridge.demo.values import Advance, Stage
from greenbridge.disputes import service as disputes
from greenbridge.disputes.values import Draft, Ground
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.gateway import Registry
from greenbridge.enterprises.values import Enterprise
from greenbridge.facts import jobs as pulls
from greenbridge.facts import service as facts
from greenbridge.facts.gateway import Feed, HttpGateway
from greenbridge.facts.rules import items
from greenbridge.facts.values import Batch, Fact
from greenbridge.kit.calendar import add_months, business_date
from greenbridge.kit.errors import Conflict
from greenbridge.kit.exchange import Key
from greenbridge.kit.keys import kept_key
from greenbridge.kit.money import FEN_PER_WAN
from greenbridge.matching import service as matching
from greenbridge.matching.values import MatchRun
from greenbridge.monitoring import service as monitoring
from greenbridge.needs import service as needs
from greenbridge.needs.values import Collateral, GuaranteeMode, Need, NeedDraft, Purpose
from greenbridge.peers import service as peers
from greenbridge.reports import service as reports
from greenbridge.reports.values import CreditReport

PASSWORD = "greenbridge-demo"  # noqa: S105  printed for everybody who runs the demonstration
CHUNK = 50


async def deliver(stage: Stage, feeds: Sequence[Feed], advance: Advance) -> list[Batch]:
    """Pull every department's feeds over HTTP, in their order, and measure the quality of what came."""
    batches = []
    async with HttpGateway(feeds, Key(kept_key(stage.settings.data_dir))) as gateway:
        for feed in feeds:
            batch = await pulls.pull(stage.sessions, gateway, feed, stage.clock)
            if batch:
                batches.append(batch)
            advance(1)
    async with stage.sessions.begin() as session:
        await facts.measure(session, stage.clock.now())
    return batches


# Products stood before the first need of the lives was published: a bank takes no slot with one that came later.
ON_THE_SHELF = timedelta(days=max(AGE.values()) + 30)


async def open_banks(stage: Stage, advance: Advance) -> dict[str, Actor]:
    """List the products and open one officer a bank, a reviewer, a bank administrator and an operator; return officers by bank code."""
    async with stage.sessions.begin() as session:
        now = stage.clock.now()
        await catalog.import_folder(session, stage.settings.products_dir, now - ON_THE_SHELF)
        platform = await accounts.organisation(session, OrganisationKind.PLATFORM, "platform", "绿桥平台")
        await accounts.open_account(session, None, "operator", PASSWORD, Role.OPERATOR, platform, now)
        officers = {}
        for number, bank in enumerate(await accounts.banks(session), start=1):
            login = "officer" if number == 1 else f"officer-{bank.code.lower()}"
            officers[bank.code] = await accounts.open_account(session, None, login, PASSWORD, Role.OFFICER, bank, now)
            if number == 1:
                await accounts.open_account(session, None, "bank", PASSWORD, Role.BANK_ADMINISTRATOR, bank, now)
                reviewer = StaffFunction.CREDIT_REVIEWER
                await accounts.open_account(session, None, "reviewer", PASSWORD, Role.OFFICER, bank, now, reviewer)
                watcher = StaffFunction.POST_LOAN_MANAGER
                await accounts.open_account(session, None, "watcher", PASSWORD, Role.OFFICER, bank, now, watcher)
            advance(1)
    return officers


async def join(stage: Stage, firms: Sequence[tuple[str, str]], registry: Registry, advance: Advance) -> list[tuple[Actor, Enterprise]]:
    """Sign up, register and verify each firm (code, name); the first one's log-in is `enterprise`."""
    joined = []
    for number, (uscc, name) in enumerate(firms, start=1):
        async with stage.sessions.begin() as session:
            now = stage.clock.now()
            actor = await accounts.sign_up(session, "enterprise" if number == 1 else f"enterprise-{number:03d}", PASSWORD, now)
            enterprise = await enterprises.register(session, actor, uscc, name, now)
            joined.append((actor, await enterprises.verify(session, actor, enterprise.id, registry, now)))
        advance(1)
    return joined


# Of a firm's records the one that a demonstration objects to: an adverse one where it has any.
_ADVERSE = (items.PENALTIES, items.ABNORMAL_LIST, items.JUDGMENTS, items.ENFORCEMENT, items.TAX_ARREARS)
_DONE = Draft(Ground.OUTDATED, "（生成的演示异议）所载事项已于当月办结，凭证已交提供部门，请核对后更新。")
_WRONG = Draft(Ground.WRONG, "（生成的演示异议）登记内容与营业执照副本不一致，请与登记机关核对。")


async def dispute(stage: Stage, joined: Sequence[tuple[Actor, Enterprise]]) -> None:
    """Let the first firm object to a record of its own, and the first other firm that has an adverse one, so that pages and reports
    show how that looks.
    """
    async with stage.sessions.begin() as session:
        now = stage.clock.now()
        codes = [firm.uscc for _, firm in joined]
        known = await facts.facts_of(session, codes, business_date(now), now, (*_ADVERSE, items.REGISTRATION))
        chosen: list[tuple[Actor, Fact]] = []
        for number, (actor, firm) in enumerate(joined):
            order = _ADVERSE if number else (*_ADVERSE, items.REGISTRATION)
            mine = [fact for fact in known[firm.uscc] if fact.item in order]
            if mine:
                chosen.append((actor, min(mine, key=lambda fact: order.index(fact.item))))
        for actor, fact in chosen[:2]:
            await disputes.object_to(session, actor, fact.item, fact.key, _WRONG if fact.item == items.REGISTRATION else _DONE, now)


async def make_reports(stage: Stage, firms: Sequence[Enterprise], advance: Advance) -> list[CreditReport]:
    """Make every firm's report with its score, once its peers are measured."""
    made = []
    async with stage.sessions.begin() as session:
        await peers.measure(session, None, stage.clock.now())
    for start in range(0, len(firms), CHUNK):
        chunk = firms[start : start + CHUNK]
        async with stage.sessions.begin() as session:
            now = stage.clock.now()
            made += await reports.make(session, chunk, stage.press, business_date(now), now)
        advance(len(chunk))
    return made


# What a firm with such a purpose usually has to offer.
_USUAL_SECURITY: dict[str, tuple[GuaranteeMode, Collateral | None]] = {
    Purpose.FIXED_ASSETS.value: (GuaranteeMode.MORTGAGE, Collateral.REAL_ESTATE),
    Purpose.PHOTOVOLTAIC.value: (GuaranteeMode.PLEDGE, Collateral.PHOTOVOLTAIC_REVENUE),
    Purpose.SUPPLY_CHAIN.value: (GuaranteeMode.PLEDGE, Collateral.RECEIVABLES),
    Purpose.GREEN_PROJECT.value: (GuaranteeMode.GUARANTEE, None),
    Purpose.AGRICULTURE.value: (GuaranteeMode.GUARANTEE, None),
}


def wish(rng: np.random.Generator, revenue_fen: float | None) -> NeedDraft:
    """Return a need that a firm of such revenue might state: a tenth to a third of a year's invoices, 50,000 to 20 m yuan."""
    wanted = (revenue_fen or 0) * float(rng.uniform(0.1, 0.33))
    amount_wan = int(np.clip(round(wanted / FEN_PER_WAN / 5) * 5, 5, 2000))
    purpose = str(rng.choice(list(Purpose), p=[0.5, 0.12, 0.08, 0.06, 0.06, 0.1, 0.08]))
    modes, collateral = {GuaranteeMode.CREDIT}, set()
    if rng.random() < 0.35:
        modes.add(GuaranteeMode.MORTGAGE)
        collateral.add(Collateral.REAL_ESTATE if rng.random() < 0.6 else Collateral.EQUIPMENT)
    if rng.random() < 0.25:
        modes.add(GuaranteeMode.PLEDGE)
        collateral.add(
            Collateral(
                str(
                    rng.choice(
                        [
                            Collateral.RECEIVABLES,
                            Collateral.EMISSION_RIGHTS,
                            Collateral.INVENTORY,
                            Collateral.INTELLECTUAL_PROPERTY,
                        ]
                    )
                )
            )
        )
    if rng.random() < 0.3:
        modes.add(GuaranteeMode.GOVERNMENT_GUARANTEE)
    if purpose in _USUAL_SECURITY:
        mode, kind = _USUAL_SECURITY[purpose]
        modes.add(mode)
        if kind:
            collateral.add(kind)
    first_loan = None if rng.random() < 0.2 else bool(rng.random() < 0.4)
    return NeedDraft(
        amount_wan * FEN_PER_WAN,
        int(rng.choice([420, 450, 480, 520, 560, 600])),
        int(rng.choice([6, 12, 12, 12, 24, 36])) if purpose != Purpose.PHOTOVOLTAIC.value else 60,
        Purpose(purpose),
        tuple(sorted(modes)),
        tuple(sorted(collateral)),
        first_loan,
    )


async def publish(
    stage: Stage, joined: Sequence[tuple[Actor, Enterprise]], made: Sequence[CreditReport], advance: Advance
) -> list[tuple[Actor, Need]]:
    """Publish one generated need a firm, as long ago as its story needs; firms that a point bars publish none."""
    rng = np.random.default_rng((stage.seed, 11))
    published: list[tuple[Actor, Need]] = []
    for (actor, enterprise), report in zip(joined, made, strict=True):
        draft = replace(wish(rng, _sales(report)), mode=mode(len(published)), pledges_purpose=bool(rng.random() < 0.8))
        now = stage.clock.now()
        then = now - timedelta(days=AGE.get(plot(len(published)), 0))
        try:
            async with stage.sessions.begin() as session:
                published.append((actor, await needs.publish(session, actor, enterprise.id, draft, then, known_at=now)))
        except Conflict as problem:
            if problem.code != "barred":  # one of the five points: a seriously dishonest firm does not get to banks
                raise
        advance(1)
    return published


def _sales(report: CreditReport) -> float | None:
    lines = {fact["key"]: fact["value"] for section in report.content["sections"] for fact in section["facts"]}
    return lines.get("sales_12m")


async def match(stage: Stage, published: Sequence[tuple[Actor, Need]], advance: Advance) -> dict[UUID, MatchRun]:
    """Match every need with every listed product."""
    runs: dict[UUID, MatchRun] = {}
    for start in range(0, len(published), CHUNK):
        chunk = [need for _, need in published[start : start + CHUNK]]
        async with stage.sessions.begin() as session:
            for run in await matching.make(session, chunk, stage.model, stage.clock.now()):
                runs[run.need_id] = run
        advance(len(chunk))
    return runs


# Months back: what was scored and measured then, so that there is something to look back on.
BEFORE = (15, 12, 9, 6, 3)


async def look_back(stage: Stage, advance: Advance) -> int:
    """Score all firms, measure contagion and check the model as of earlier days and today; return how many scores that made.

    Only what was true on each day counts, with what the departments have delivered by now.
    """
    done = 0
    today = business_date(stage.clock.now())
    for day in (*(add_months(today, -months) for months in BEFORE), today):
        async with stage.sessions.begin() as session:
            now = stage.clock.now()
            done += await monitoring.score_all(session, stage.settings.artifacts_dir, day, now)
            await monitoring.measure(session, day, now)
            await monitoring.check(session, stage.settings.artifacts_dir, day, now)
        advance(1)
    return done
