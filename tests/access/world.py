"""A small world with a secret in every corner: three firms, two banks, two departments, an operator; what may be seen by whom."""

import json
import tomllib
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor, Role
from greenbridge.answers import service as answers
from greenbridge.answers.values import Demand, Offer
from greenbridge.catalog import service as catalog
from greenbridge.catalog.values import Eligibility
from greenbridge.clients import service as clients
from greenbridge.clients.values import Registration
from greenbridge.collateral import service as collateral
from greenbridge.collateral.service import Safe
from greenbridge.collateral.values import AssetKind, Stated
from greenbridge.collateral.values import Draft as PledgeDraft
from greenbridge.consents import service as consents
from greenbridge.consents.values import WorkStep
from greenbridge.disputes import service as disputes
from greenbridge.disputes.values import Draft, Ground
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.facts.service import RegistrationFacts
from greenbridge.facts.values import Batch, Delivery
from greenbridge.green import service as green
from greenbridge.green.store import cases as green_cases
from greenbridge.green.store import subsidies as claims
from greenbridge.green.values import ClaimEvent, ClaimState, Event, State, Subject, Upload
from greenbridge.kit import outbox
from greenbridge.kit.codes import generated_uscc
from greenbridge.kit.money import in_wan
from greenbridge.kit.sealed import Sealed
from greenbridge.matching import service as matching
from greenbridge.needs import service as needs
from greenbridge.needs.values import Need
from greenbridge.notices import service as notices
from greenbridge.reports.gateway import Press
from greenbridge.schemes import service as schemes
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import DefaultModel
from greenbridge.settings import home
from greenbridge.underwriting import service as underwriting
from tests.builders import PASSWORD, a_draft, a_registration, a_verified_firm, an_actor, certified, deliver, steady_invoices, the_products

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)  # Tuesday, 10:00 in Shanghai
OUR_BANK, OTHER_BANK = "GB02", "GB03"
OUR_ITEM, OTHER_ITEM = "licences.licences", "tax.paid"
VISITOR = None
Caller = Role | None
FIRM, OFFICER, ADMIN, OPERATOR, DEPARTMENT = Role.ENTERPRISE, Role.OFFICER, Role.BANK_ADMINISTRATOR, Role.OPERATOR, Role.DEPARTMENT
REVIEWER = Role.REVIEWER
CERTIFICATE = "Z260310000001"
CALLERS: tuple[Caller, ...] = (VISITOR, FIRM, OFFICER, ADMIN, OPERATOR, DEPARTMENT, REVIEWER)


def licence(number: str) -> bytes:
    return f"统一社会信用代码,许可证编号,许可名称,许可日期\n{generated_uscc(704, '330502')},{number},食品经营许可,2025-06-01\n".encode()


@dataclass(frozen=True)
class Marker:
    """A string that tells on somebody, and the callers of this world who may read it."""

    text: str
    what: str
    known_to: AbstractSet[Caller]


@dataclass(frozen=True)
class Firm:
    actor: Actor
    enterprise: Enterprise
    markers: tuple[tuple[str, str], ...]  # (text, what it is)


@dataclass(frozen=True)
class GreenThings:
    """A firm's draft project, its project under review, an upload to that one, and a claim of subsidy."""

    draft: UUID
    case: UUID
    file: UUID
    claim: UUID
    number: str


@dataclass(frozen=True)
class BankChannel:
    """A bank's program, its endpoint with a dead letter, its administrator's notice; and a draft."""

    client: UUID
    endpoint: UUID
    delivery: int
    notice: UUID


@dataclass(frozen=True)
class World:
    """Our people are firm A's, bank 1's (GB02) and the market regulator's; firm B, bank 2 (GB03) and the tax office are the others.

    A agreed that bank 1 reads it; C has an answer of bank 1 and did not agree; B dealt with bank 2 alone.
    """

    actors: dict[Role, Actor]
    a: Firm
    b: Firm
    c: Firm
    a_offered: Need
    a_offer: UUID
    a_claimed: Need
    a_claim: UUID
    b_open: Need
    b_answer: UUID
    b_withdrawn: Need
    c_claimed: Need
    c_claim: UUID
    a_asked: Need
    a_request: UUID
    b_request: UUID
    b_escalated: Need
    a_supply: UUID
    a_late: UUID
    b_late: UUID
    a_kept: UUID
    b_kept: UUID
    a_fitting: str
    b_fitting: str
    a_consent: UUID
    a_withdrawn_consent: UUID
    b_consent: UUID
    a_objection: UUID
    b_objection: UUID
    a_pledges: dict[str, UUID]  # offered, standing
    b_pledges: dict[str, UUID]
    a_registrations: dict[str, UUID]  # draft, registered
    b_registrations: dict[str, UUID]
    a_query: UUID
    b_query: UUID
    our_batch: Batch
    other_batch: Batch
    doubt: Batch
    a_proposal: str
    b_proposal: str
    a_green: GreenThings
    b_green: GreenThings
    published: str
    our_channel: BankChannel
    other_channel: BankChannel
    markers: tuple[Marker, ...]


async def a_channel(session: AsyncSession, administrator: Actor) -> BankChannel:
    code = administrator.organisation.code
    keys = {"keys": [{**a_public_key(), "kid": f"key-of-{code}"}]}
    registration = Registration(f"program of {code}", frozenset({"needs:read"}), keys)
    client, _ = await clients.register(session, administrator, registration, clients.scope_table(), NOW)
    url = f"https://{code.lower()}.hooks.example.com/x"
    endpoint, _ = await notices.create(session, administrator, url, ["*"], Sealed("world"), NOW, demonstration=False)
    waiting = await notices.test(session, administrator, endpoint.id, NOW)
    died = "update webhook_delivery set state = 'dead', ended_at = :now where id = :id"
    await session.execute(text(died), {"now": NOW, "id": waiting.id})
    await outbox.publish(session, administrator.organisation.id, "webhook.dead", {"topic": f"topic of {code}"}, NOW)
    await notices.relay(session, "http://test", NOW)
    (line, *_) = await notices.inbox(session, administrator, "zh")
    path = home() / "products" / f"{code.lower()}-inv.toml"
    document = {**json.loads(json.dumps(tomllib.loads(path.read_text()), default=str)), "code": f"{code}-NEW"}
    await catalog.save_draft(session, administrator, document, None, None, NOW, new=True)
    return BankChannel(client.id, endpoint.id, waiting.id, line.id)


def a_public_key() -> dict[str, str]:
    """RFC 7515, appendix A.3."""
    x, y = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


async def a_firm(session: AsyncSession, number: int, letter: str, name: str, monthly_net: int) -> Firm:
    """A verified firm with invoices, a tax grade and a penalty; each of them bears its letter or a number of its own."""
    uscc = generated_uscc(number, "330502")
    login = f"firm-{letter.lower()}"
    await deliver(session, NOW, items.REGISTRATION, a_registration(uscc=uscc, name=name))
    actor = await an_actor(session, NOW, Role.ENTERPRISE, login=login)
    enterprise = await enterprises.register(session, actor, uscc, name, NOW)
    enterprise = await enterprises.verify(session, actor, enterprise.id, RegistrationFacts(), NOW)
    invoices = [{**row, "counterparty_id": f"KUNDE{letter}{row['counterparty_id']}"} for row in steady_invoices(uscc, net=monthly_net)]
    await deliver(session, NOW, items.VAT_INVOICES, *invoices)
    await deliver(session, NOW, items.TAX_GRADE, {"uscc": uscc, "year": 2024, "grade": "A", "published_on": "2025-04-25"})
    penalty = {"uscc": uscc, "document_no": f"湖处〔2025〕{letter}{number} 号", "authority": "局", "decided_on": "2025-06-07"}
    await deliver(session, NOW, items.PENALTIES, penalty)
    year_fen = 12 * monthly_net * 100
    markers = (
        (name, "name"),
        (uscc, "code"),
        (str(enterprise.id), "id"),
        (f"KUNDE{letter}output0", "customer"),
        (f"KUNDE{letter}input0", "supplier"),
        (penalty["document_no"], "penalty"),
        (str(year_fen), "sales of a year"),
        (in_wan(year_fen), "sales of a year, in 万元"),
    )
    return Firm(actor, enterprise, markers)


async def a_bank(session: AsyncSession, code: str) -> tuple[Actor, Actor]:
    officer = await an_actor(session, NOW, Role.OFFICER, code, f"officer-{code}")
    return officer, await an_actor(session, NOW, Role.BANK_ADMINISTRATOR, code, f"administrator-{code}")


async def a_delivery(session: AsyncSession, department: Actor, item: str, content: bytes) -> Batch:
    return await facts.hand_in(session, department, Delivery(item, "handed-in.csv", content), NOW, "1")


async def a_doubt(session: AsyncSession) -> Batch:
    """Two firms of one name in two counties, and a penalty that only gives the name: row 0 waits for the operator."""
    twins = [(generated_uscc(705, "330502"), "330502"), (generated_uscc(706, "330503"), "330503")]
    rows = [a_registration(uscc=uscc, name="湖州双生木业有限公司", reg_region_code=region) for uscc, region in twins]
    await deliver(session, NOW, items.REGISTRATION, *rows)
    penalty = {"firm_name": "湖州双生木业有限公司", "document_no": "湖处〔2026〕9 号", "authority": "局", "decided_on": "2026-01-05"}
    batch = await deliver(session, NOW, items.PENALTIES, penalty)
    assert batch.reasons == {"doubtful_identity": 1}
    return batch


async def green_things(session: AsyncSession, firm: Firm, operator: Actor, letter: str) -> GreenThings:
    """A draft project; a project under review with an upload; a claim: rows as the flow writes them, for a grade and a certificate would
    need what no department delivers here.
    """
    draft = await green.open_case(session, firm.actor, Subject.PROJECT, NOW, {"title": f"{letter}的草稿项目", "investment_fen": 100})
    case = await green.open_case(session, firm.actor, Subject.PROJECT, NOW, {"title": f"{letter}的评审项目", "investment_fen": 100})
    book = schemes.book()
    upload = Upload(f"{letter}的承诺书.pdf", b"%PDF-1.7 " + letter.encode() + b" %%EOF")
    for one in (draft, case):
        await green.state(session, firm.actor, book, None, one.id, "project_eia", "yes", NOW, pledged=True, upload=upload)
    await green.submit(session, firm.actor, book, case.id, NOW, pledged=True)
    institutions = {r.code: r.id for r in await accounts.reviewers(session)}
    await green_cases.set_case(session, case.id, reviewer_id=institutions["RV01" if letter == "甲" else "RV02"])
    await green_cases.happen(session, case.id, 3, Event.REQUEST_REVIEW, State.IN_REVIEW, NOW, firm.actor.account_id, "", {}, None)
    (statement,) = (await green.view(session, operator, case.id)).statements
    claim, name = uuid4(), firm.enterprise.name
    await session.execute(
        text("""
        insert into subsidy_claim values (:id, :number, :firm, :uscc, :name, :loan, 100, '2026-01-01', null, '2026-02-01', 'HZ-SUBSIDY-2026', 435, 0,
            '{"segments": []}', true, true, now())
        """),
        {
            "id": claim,
            "number": f"S-{letter}",
            "firm": firm.enterprise.id,
            "uscc": firm.enterprise.uscc,
            "name": name,
            "loan": f"L-{letter}",
        },
    )
    await claims.step(session, claim, 1, ClaimEvent.CLAIM, ClaimState.CLAIMED, NOW, firm.actor.account_id, "", "")
    assert statement.file is not None
    return GreenThings(draft.id, case.id, statement.file.id, claim, case.number)


def known_of_a(what: str) -> AbstractSet[Caller]:
    """Return who may read what of firm A: its partners nobody but itself and the operator, its name the reviewer of its green case too."""
    if what in {"customer", "supplier"}:
        return {FIRM, OPERATOR}
    return {FIRM, OFFICER, OPERATOR, REVIEWER} if what in {"name", "code"} else {FIRM, OFFICER, OPERATOR}


async def a_certificate(session: AsyncSession) -> str:
    """A published case with a certificate, of a firm that has no secret here: it is there for everybody; return the case's number."""
    actor, firm = await a_verified_firm(session, NOW, 790)
    return await certified(session, actor, firm, NOW, CERTIFICATE)


async def pledges_of(
    session: AsyncSession, box: Safe, firm: Firm, banker: Actor, number: str
) -> tuple[dict[str, UUID], dict[str, UUID], UUID]:
    """An order that is offered, mortgages that stand: one bare, one with a draft, one registered; and a question to the register."""
    until = NOW.date() + timedelta(days=90)

    async def pledged(kind: AssetKind, *, accepted: bool, **fields: str) -> UUID:
        draft = PledgeDraft(banker.organisation.id, Stated(kind, fields, 90_000_00), 60_000_00, until)
        offered = await collateral.offer(session, firm.actor, box, draft, NOW)
        return (await collateral.accept(session, banker, box, offered.id, NOW)).id if accepted else offered.id

    buyer = generated_uscc(720, "330502")
    pledges = {"offered": await pledged(AssetKind.ORDER, accepted=False, buyer=buyer, number=number)}
    registrations = {}
    for place, name in enumerate(("standing", "draft", "registered")):
        unit = f"330502{number[-1:] * 6}GB0000{place}F00000001"
        held = await pledged(AssetKind.REAL_ESTATE, accepted=True, unit_no=unit, certificate_no=f"{number}证{place}")
        pledges[name] = held
        if name != "standing":
            registrations[name] = (await collateral.draft(session, banker, box, held, NOW)).id
    await session.flush()
    for state in ("submitted", "accepted", "registered"):
        told = ", registry_number = 'X1'" if state == "registered" else ""
        await session.execute(
            text(f"update mortgage_registration set state = '{state}'{told} where id = :id"), {"id": registrations["registered"]}
        )
    query = await collateral.ask(session, banker, firm.enterprise.id, f"{number}证9", WorkStep.SURVEY, NOW)
    return pledges, registrations, query.id


async def build(session: AsyncSession, model: DefaultModel, press: Press, box: Safe) -> World:
    await the_products(session, NOW)
    await scoring.establish(session, home() / "ml" / "artifacts", NOW)
    a = await a_firm(session, 701, "A", "湖州甲鹤竹编有限公司", 412_370)
    b = await a_firm(session, 702, "B", "湖州乙鹭织造有限公司", 538_190)
    c = await a_firm(session, 703, "C", "湖州丙雁电缆有限公司", 476_530)
    (officer, administrator), (rival, rival_administrator) = await a_bank(session, OUR_BANK), await a_bank(session, OTHER_BANK)

    async def a_need(firm: Firm, **changes: object) -> Need:
        return await needs.publish(session, firm.actor, firm.enterprise.id, a_draft(**changes), NOW)

    async def an_offer(banker: Actor, need: Need, product: str, note: str) -> UUID:
        claimed = await answers.claim(session, banker, need.id, model, NOW)
        terms = Offer(product, 50_000_000, 520, 12, date(2026, 3, 10) + timedelta(days=10))
        return (await answers.offer(session, banker, claimed.id, terms, note, NOW)).id

    async def late(firm: Firm, banker: Actor, product: str) -> UUID:
        """Return an answer that the firm chose and whose bank let the day of lending pass."""
        need = await a_need(firm, term_months=5)
        offered = await an_offer(banker, need, product, "")
        # Past the services, whose consents would be one more between the two.
        ids = {"id": offered, "need": need.id, "bank": banker.organisation.id}
        for query in (
            "update answer set status = 'chosen' where id = :id",
            "update need set status = 'offer_accepted' where id = :need",
            """insert into deadline (id, need_id, step, owner, bank_id, answer_id, started_on, remind_on, due_on, state)
            values (gen_random_uuid(), :need, 'lend', 'bank', :bank, :id, '2026-02-20', '2026-02-24', '2026-03-06', 'missed')""",
        ):
            await session.execute(text(query), {name: ids[name] for name in ids if f":{name}" in query})
        session.expire_all()
        return offered

    a_offered, a_claimed = await a_need(a), await a_need(a, term_months=10)
    a_offer = await an_offer(officer, a_offered, f"{OUR_BANK}-INV", "苕溪给甲的话")
    await an_offer(rival, a_offered, f"{OTHER_BANK}-INV", "莫干给甲的话")
    a_claim = (await answers.claim(session, officer, a_claimed.id, model, NOW)).id
    for answer in (a_offer, a_claim):
        await answers.agree(session, a.actor, answer, NOW)
    # An answer that waits for A's papers, banks that were asked, forms that were put aside, and a need that nobody took.
    a_waiting, a_asked = [await a_need(a, term_months=months) for months in (7, 6)]
    a_supply = (await answers.claim(session, officer, a_waiting.id, model, NOW)).id
    await answers.demand(session, officer, a_supply, [Demand.SITE_VISIT], "", NOW)
    a_request = (await answers.request(session, a.actor, a_asked.id, f"{OUR_BANK}-INV", model, NOW)).id
    a_kept, b_kept = [(await needs.save(session, firm.actor, {"amount_fen": "30"}, NOW)).id for firm in (a, b)]
    b_asked = await a_need(b, term_months=8)
    b_request = (await answers.request(session, b.actor, b_asked.id, f"{OTHER_BANK}-INV", model, NOW)).id
    before = NOW - timedelta(days=24)
    b_escalated = await needs.publish(session, b.actor, b.enterprise.id, a_draft(term_months=7), before)
    for days in range(0, 25, 3):
        await answers.tick(session, b_escalated.id, model, before + timedelta(days=days))
    a_late, b_late = await late(a, officer, f"{OUR_BANK}-INV"), await late(b, rival, f"{OTHER_BANK}-INV")
    b_open, b_withdrawn = await a_need(b), await a_need(b, term_months=9)
    b_answer = await an_offer(rival, b_open, f"{OTHER_BANK}-INV", "莫干给乙的话")
    await answers.agree(session, b.actor, b_answer, NOW)
    await needs.withdraw(session, b.actor, b_withdrawn.id, NOW)
    ((a_view,), (b_view,)) = [await consents.of_firm(session, firm.enterprise.id) for firm in (a, b)]
    a_consent, b_consent = a_view.consent.id, b_view.consent.id
    to = (a.enterprise.id, officer.organisation.id, (WorkStep.POST_LOAN,), facts.described(), NOW)
    watching = await consents.grant(session, *to, told_by=None, narrowing=None, basis="")
    await consents.withdraw(session, a.actor, watching.id, NOW)
    c_claimed = await a_need(c)
    c_claim = (await answers.claim(session, officer, c_claimed.id, model, NOW)).id

    a_proposal, b_proposal = [
        (await underwriting.for_actor(session, banker, need.id, press, NOW, WorkStep.SURVEY))[0]
        for banker, need in ((officer, a_claimed), (rival, b_open))
    ]
    objections = []
    for firm, words in ((a, "甲的异议：等级应为另一等级"), (b, "乙的异议：等级应为另一等级")):
        draft = Draft(Ground.WRONG, words)
        objections.append((await disputes.object_to(session, firm.actor, items.TAX_GRADE, "2024", draft, NOW)).id)

    a_pledges, a_registrations, a_query = await pledges_of(session, box, a, officer, "订单甲1")
    b_pledges, b_registrations, b_query = await pledges_of(session, box, b, rival, "订单乙2")
    operator = await an_actor(session, NOW, Role.OPERATOR, login="operator")
    run = await matching.for_actor(session, a.actor, a_offered.id, model, NOW)
    fitting = [m.product for m in run.matches if m.eligibility is not Eligibility.NOT_ELIGIBLE]
    a_fitting = next(product.code for product in fitting if product.bank.code not in {OUR_BANK, OTHER_BANK})
    _, left = await answers.escalated(session, operator, b_escalated.id, model, NOW)
    b_fitting = left[0].product.code
    department = await an_actor(session, NOW, Role.DEPARTMENT, "market_regulator", "market")
    elsewhere = await an_actor(session, NOW, Role.DEPARTMENT, "tax", "tax-office")
    our_batch = await a_delivery(session, department, OUR_ITEM, licence("L-1"))
    paid = f"统一社会信用代码,所属期,税种,申报税额,实缴税额\n{b.enterprise.uscc},2025-01-01,增值税,1.00,1.00\n"
    other_batch = await a_delivery(session, elsewhere, OTHER_ITEM, paid.encode())
    doubt = await a_doubt(session)
    await facts.measure(session, NOW)
    channels = [await a_channel(session, one) for one in (administrator, rival_administrator)]

    reviewer = await an_actor(session, NOW, Role.REVIEWER, "RV01", "reviewer-1")
    await an_actor(session, NOW, Role.REVIEWER, "RV02", "reviewer-2")
    a_green, b_green = [await green_things(session, firm, operator, letter) for firm, letter in ((a, "甲"), (b, "乙"))]

    published = await a_certificate(session)

    (rivals_product,) = [product for product in await catalog.listed(session) if product.code == f"{OTHER_BANK}-INV"]
    markers = (
        # At survey, which is what firm A agreed to, an officer reads sums and shares, and no partner's name.
        *(Marker(text, f"firm A's {what}", known_of_a(what)) for text, what in a.markers),
        *(Marker(text, f"firm B's {what}", {OPERATOR}) for text, what in b.markers),
        *(Marker(text, f"firm C's {what}", {OPERATOR}) for text, what in c.markers),
        # An open need is anonymous, not secret: every officer may see its number.
        *(Marker(need.number, "firm A's need", {FIRM, OFFICER, ADMIN, OPERATOR}) for need in (a_offered, a_claimed)),
        *(Marker(need.number, "another firm's open need", {OFFICER, OPERATOR}) for need in (b_open, c_claimed)),
        Marker(b_withdrawn.number, "firm B's withdrawn need", set()),
        Marker("苕溪给甲的话", "bank 1's note to firm A", {FIRM, OFFICER}),
        Marker("莫干给甲的话", "bank 2's note to firm A", {FIRM}),
        Marker("莫干给乙的话", "bank 2's note to firm B", set()),
        # That a record is disputed is said where it is shown; the firm's words are between it and the operator.
        Marker("甲的异议", "firm A's objection", {FIRM, OPERATOR}),
        Marker("乙的异议", "firm B's objection", {OPERATOR}),
        # What a firm states and shows for its green rating is between it, its reviewer and the operator; the reviewer is RV01's for firm A.
        Marker("甲的承诺书", "firm A's upload", {FIRM, OPERATOR, REVIEWER}),
        Marker("乙的承诺书", "firm B's upload", {OPERATOR}),
        Marker("program of GB02", "bank 1's program", {ADMIN}),
        Marker("program of GB03", "bank 2's program", set()),
        Marker("gb02.hooks.example.com", "bank 1's endpoint", {ADMIN}),
        Marker("gb03.hooks.example.com", "bank 2's endpoint", set()),
        Marker("topic of GB03", "bank 2's notice", set()),
        # What is pledged, the firm and its bank read; not even the operator.
        Marker("订单甲1", "firm A's pledges", {FIRM, OFFICER}),
        Marker("订单乙2", "firm B's pledges", set()),
        # Firms choose among all banks' products; a bank is not shown its rivals'.
        Marker(rivals_product.name, "bank 2's product", {FIRM, OPERATOR, DEPARTMENT, REVIEWER}),
        Marker(rivals_product.name_en, "bank 2's product", {FIRM, OPERATOR, DEPARTMENT, REVIEWER}),
    )
    people = (a.actor, officer, administrator, operator, department, reviewer)
    actors = {actor.role: actor for actor in people}
    return World(
        actors, a, b, c, a_offered, a_offer, a_claimed, a_claim, b_open, b_answer, b_withdrawn, c_claimed, c_claim,
        a_asked, a_request, b_request, b_escalated, a_supply, a_late, b_late, a_kept, b_kept, a_fitting, b_fitting, a_consent, watching.id, b_consent, *objections, a_pledges, b_pledges, a_registrations, b_registrations, a_query, b_query,
        our_batch, other_batch, doubt,
        underwriting.proposal_id(a_proposal), underwriting.proposal_id(b_proposal), a_green, b_green, published, *channels, markers,
    )  # fmt: skip


async def secrets_of(session: AsyncSession, world: World) -> dict[Role, tuple[str, str]]:
    """Return each role's (bearer token, session secret): signed in once, used for the whole walk."""
    found = {}
    for role, actor in world.actors.items():
        token, _ = await accounts.sign_in(session, actor.login, PASSWORD, "token", NOW)
        cookie, _ = await accounts.sign_in(session, actor.login, PASSWORD, "session", NOW)
        found[role] = (token, cookie)
    return found
