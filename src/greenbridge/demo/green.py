"""Green cases of the generated town: stated evidence that is generated and marked, and firms at every point of the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor, OrganisationKind, Role
from greenbridge.demo.stages import PASSWORD
from greenbridge.demo.values import Advance, Stage
from greenbridge.enterprises.values import Enterprise
from greenbridge.green import service as green
from greenbridge.green.service import Particulars, subsidies
from greenbridge.green.values import ClaimEvent, Loan, State, Subject, Upload
from greenbridge.schemes import service as schemes

REVIEWERS = (("RV01", "绿桥第三方评审中心（演示）"), ("RV02", "太湖绿色认证所（演示）"))
# What becomes of the firms, in their order: those that were certified two months ago come first.
CERTIFIED, LATELY = 5, ("draft", "rated", "objected", "in_review", "published", "rejected", "forged", "in_review", "published")
LONG_AGO, PUBLISHED_AFTER, CERTIFIED_AFTER = timedelta(days=75), timedelta(days=2), timedelta(days=14)
GREEN = ("deep", "mid", "light", "ordinary")
ITEMS = ("1.1", "1.7", "2.4", "3.1", "5.1", "6.2")


@dataclass(frozen=True, slots=True)
class Made:
    """A case that was opened and submitted, with the grade that the system gave."""

    actor: Actor
    case_id: UUID
    grade: str


def paper(name: str) -> bytes:
    """Return a small PDF that says that it is generated."""
    text = f"GENERATED FOR DEMONSTRATION - {name}"
    stream = f"BT /F1 16 Tf 60 760 Td ({text}) Tj ET"
    bodies = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(stream)}>>stream\n{stream}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += f"{number} 0 obj{body}endobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    tail = f"trailer<</Size 6/Root 1 0 R>>\nstartxref\n{len(out)}\n%%EOF\n"
    return f"{out}xref\n0 6\n0000000000 65535 f \n{table}{tail}".encode()


def stated(rng: np.random.Generator, level: float) -> dict[str, str]:
    """Return what a firm states of itself; `level` in [0, 1]: how green it is."""

    def share(low: float, high: float) -> str:
        return f"{np.clip(low + (high - low) * level + rng.normal(0, 0.04), 0, 1):.3f}"

    def chance(p: float) -> str:
        return "yes" if rng.random() < p else "no"

    def word(*best_first: str) -> str:
        return best_first[min(len(best_first) - 1, int(rng.integers(0, 2) + (1 - level) * (len(best_first) - 1)))]

    return {
        "eliminated_capacity": "no",
        "green_revenue_share": share(0.1, 0.62),
        "green_investment_share": share(0.05, 0.6),
        "green_is_largest_line": chance(0.3 + 0.7 * level),
        "green_purpose": chance(0.4 + 0.6 * level),
        "carbon_efficiency_grade": word("1", "2", "3", "4"),
        "carbon_per_value_change_3y": f"{-0.16 * level + rng.normal(0, 0.02):.3f}",
        "green_power_share": share(0.1, 0.8),
        "carbon_neutral": "no",
        "energy_level": word("advanced", "benchmark", "worse"),
        "output_per_mu_grade": word("A", "B", "C"),
        "waste_recovered_share": share(0.4, 0.95),
        "clean_energy_share": share(0.05, 0.5),
        "discharge_within_limits_share": share(0.9, 1.0),
        "emergency_plan": chance(0.9),
        "pollution_insurance": chance(0.3 + 0.6 * level),
        "environment_disclosure": word("verified", "own", "none"),
    }


async def people(stage: Stage) -> tuple[list[Actor], Actor, Actor]:
    """Open the reviewers' accounts and a second operator, who approves what the first one checked; return them with the operator."""
    async with stage.sessions.begin() as session:
        now = stage.clock.now()
        opened = []
        for number, (code, name) in enumerate(REVIEWERS, start=1):
            institution = await accounts.organisation(session, OrganisationKind.REVIEWER, code, name)
            login = "green-reviewer" if number == 1 else f"green-reviewer-{number}"
            opened.append(await accounts.open_account(session, None, login, PASSWORD, Role.REVIEWER, institution, now))
        platform = await accounts.organisation(session, OrganisationKind.PLATFORM, "platform", "绿桥平台")
        checker = await accounts.open_account(session, None, "subsidy-checker", PASSWORD, Role.OPERATOR, platform, now)
        approver = await accounts.open_account(session, None, "subsidy-approver", PASSWORD, Role.OPERATOR, platform, now)
    return opened, checker, approver


async def report(stage: Stage, actor: Actor, rng: np.random.Generator, level: float, at: datetime, *, submit: bool = True) -> Made:
    """Let a firm report of itself with generated papers, and submit."""
    book = schemes.book(stage.settings.schemes_dir)
    async with stage.sessions.begin() as session:
        case = await green.open_case(session, actor, Subject.ENTERPRISE, at)
        item = str(rng.choice(ITEMS))
        await green.set_particulars(session, actor, book, case.id, Particulars(case.business_class, item), at)
        for name, text in stated(rng, level).items():
            upload = Upload(f"{name}.pdf", paper(name)) if rng.random() < 0.8 else None
            await green.state(session, actor, book, None, case.id, name, text, at, pledged=True, upload=upload)
        if not submit:
            return Made(actor, case.id, "")
        rated = await green.submit(session, actor, book, case.id, at, stage.clock.now(), pledged=True)
    return Made(actor, case.id, rated.grade)


async def review(stage: Stage, made: Made, reviewers: Sequence[Actor], at: datetime, choice: str) -> State:
    """Ask for the review of a case and let the reviewer who got it decide; `in_review` leaves it waiting."""
    async with stage.sessions.begin() as session:
        await green.request_review(session, made.actor, made.case_id, at)
        case = (await green.view(session, made.actor, made.case_id)).case
        reviewer = next(r for r in reviewers if r.organisation.id == case.reviewer_id)
        later = at + PUBLISHED_AFTER
        if choice == "in_review":
            return case.state
        reason = "（生成的演示意见）所附合同与绿色目录不符，不能认定为绿色业务。" if choice == "rejected" else ""
        return await green.decide(session, reviewer, made.case_id, passed=choice != "rejected", reason=reason, now=later)


async def rate_green(stage: Stage, joined: Sequence[tuple[Actor, Enterprise]], advance: Advance) -> dict[str, int]:
    """Bring firms to every point of the way; return state -> cases. A firm whose system grade is none of the green ones stays there."""
    rng = np.random.default_rng((stage.seed, 17))
    reviewers, checker, approver = await people(stage)
    now = stage.clock.now()
    async with stage.sessions.begin() as session:
        await green.peers.measure(session, schemes.book(stage.settings.schemes_dir), now)
    waiting = [actor for actor, _ in joined]
    certified = await _certified(stage, waiting, reviewers, rng, advance)
    for choice in LATELY:
        # A firm whose grade is no green one stays where the system put it; the next one takes its turn, up to three.
        for _ in range(3):
            if waiting and await _lately(stage, waiting.pop(0), reviewers, checker, rng, choice):
                break
        advance(1)
    for number, made in enumerate(certified):
        await _claims(stage, made, checker, approver, number)
    if certified:
        await _project(stage, certified[0].actor, now)
    async with stage.sessions.begin() as session:
        return {state.value: n for state, n in (await green.counts(session)).items()}


async def _certified(
    stage: Stage, waiting: list[Actor], reviewers: Sequence[Actor], rng: np.random.Generator, advance: Advance
) -> list[Made]:
    at = stage.clock.now() - LONG_AGO
    made: list[Made] = []
    tried = 0
    while waiting and len(made) < CERTIFIED and tried < 2 * CERTIFIED:
        one = await report(stage, waiting.pop(0), rng, (0.85, 1.0, 0.75, 0.65, 0.95)[len(made)], at)
        tried += 1
        if one.grade in GREEN:
            await review(stage, one, reviewers, at, "published")
            made.append(one)
        advance(1)
    book, seal = schemes.book(stage.settings.schemes_dir), green.seal_of(stage.settings)
    async with stage.sessions.begin() as session:
        await green.nightly(session, book, seal, at + CERTIFIED_AFTER, stage.clock.now())
    return made


async def _lately(stage: Stage, actor: Actor, reviewers: Sequence[Actor], operator: Actor, rng: np.random.Generator, choice: str) -> bool:
    """Bring a firm to a point of the way in the last days; return whether its grade let it go there."""
    # A working week ago, so that some days of the publicity are over.
    at = stage.clock.now() - timedelta(days=6)
    made = await report(stage, actor, rng, 0.9 if choice != "rated" else 0.5, at, submit=choice != "draft")
    if choice in {"draft", "rated"} or made.grade not in GREEN:
        return choice in {"draft", "rated"}
    await review(stage, made, reviewers, at, choice)
    async with stage.sessions.begin() as session:
        case = (await green.view(session, operator, made.case_id)).case
        if choice == "objected" and case.state is State.PUBLISHED:
            words = "（生成的演示异议）公示材料中的绿电比例与该厂实际不符，请核查电费结算单。"
            await green.object_to(session, reviewers[-1], case.number, words, stage.clock.now())
        if choice == "forged" and case.state is State.PUBLISHED:
            words = "（生成的演示认定）所附绿电交易凭证经核查系伪造。"
            await green.find_forgery(session, operator, made.case_id, words, stage.clock.now())
    return True


async def _claims(stage: Stage, made: Made, checker: Actor, approver: Actor, number: int) -> None:
    """Let a certified firm claim for a generated loan; the first two claims are paid, the third is approved, the fourth checked."""
    now = stage.clock.now()
    async with stage.sessions.begin() as session:
        held = await green.certificates(session, made.case_id)
        if not held or held[-1].grade not in {"deep", "mid", "light"}:
            return
        banks = await accounts.banks(session)
        drawn_on, bank = held[-1].valid_from + timedelta(days=3), banks[number % len(banks)]
        loan = Loan(f"演示借据-{number + 1:03d}", (number + 2) * 100_000_000, drawn_on, None, bank.id, bank.name)
        claimed = await subsidies.claim(session, made.actor, loan, now)
        ways = ((checker, ClaimEvent.CHECK), (approver, ClaimEvent.APPROVE), (checker, ClaimEvent.PAY))
        for who, event in ways[: (3, 3, 2, 1, 0)[number]]:
            await subsidies.decide(session, who, claimed.id, event, "", now)


async def _project(stage: Stage, actor: Actor, now: datetime) -> None:
    book = schemes.book(stage.settings.schemes_dir)
    values = {
        "project_catalogue": "item", "project_depth": "deep", "project_no_harm": "yes", "project_additional": "yes",
        "project_green_spend_share": "0.85", "project_technology": "advanced", "co2_cut_tonnes": "3200", "co2_cut_per_10k": "0.7",
        "energy_saved_share": "0.15", "clean_energy_share": "0.4", "benefit_method": "standard", "project_eia": "yes",
        "project_energy_review": "yes", "project_land": "yes", "project_permits": "yes", "project_emergency_plan": "yes",
        "project_funds_controlled": "yes", "project_monitored": "yes", "project_repayment": "operating", "eliminated_capacity": "no",
    }  # fmt: skip
    async with stage.sessions.begin() as session:
        about = {"title": "屋顶分布式光伏（演示）", "investment_fen": 460_000_000}
        case = await green.open_case(session, actor, Subject.PROJECT, now, about)
        for name, text in values.items():
            upload = Upload(f"{name}.pdf", paper(name))
            await green.state(session, actor, book, None, case.id, name, text, now, pledged=True, upload=upload)
        await green.submit(session, actor, book, case.id, now, pledged=True)
