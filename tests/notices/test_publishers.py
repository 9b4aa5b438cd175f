"""What is really published, by those who publish it: somebody is told, in the first of the topic's sentences."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from greenbridge.accounts.values import Role
from greenbridge.answers import service as answers
from greenbridge.answers.values import Demand, Offer
from greenbridge.catalog.values import Repayment
from greenbridge.collateral import service as collateral
from greenbridge.collateral.gateway import FakeRegistry
from greenbridge.collateral.values import AssetKind
from greenbridge.consents import service as consents
from greenbridge.disputes import service as disputes
from greenbridge.disputes.values import Answer, Outcome
from greenbridge.matching import service as matching
from greenbridge.matching.values import Subscription
from greenbridge.notices import rules, service
from greenbridge.notices.gateway import load_catalogue
from greenbridge.schemes import gateway
from greenbridge.schemes.service import pushing
from greenbridge.schemes.service.book import Book
from tests.builders import an_actor
from tests.collateral.assets import YUAN, a_pledge_draft, pledged
from tests.consents.test_consents import SURVEY, an_officer, granted
from tests.disputes.test_disputes import BECAUSE, DRAFT, PENALTY
from tests.matching.test_reaching import CODE, the_town
from tests.schemes.test_lists import LIST


async def told(session, now, *topics):
    """Hand on what was published, and check each event of these topics: told to somebody of the organisation it is for, in whole words."""
    people = await session.execute(text("select distinct organisation_id, role from account"))
    roles = defaultdict(set)
    for organisation, role in people:
        roles[organisation].add(role)
    events = list(await session.execute(text("select id, organisation_id, topic, payload from outbox_event order by id")))
    await service.relay(session, "", now, limit=1_000)
    first, missing = set(), set(topics) - {event.topic for event in events}
    assert not missing, missing
    for event in events:
        if event.topic not in topics:
            continue
        topic = load_catalogue().topics[event.topic]
        nobody = not (topic.roles & roles[event.organisation_id]) and Role.OPERATOR not in topic.roles
        assert not nobody, f"{event.topic} is for {roles[event.organisation_id]} and told to {set(topic.roles)}"
        for language in ("zh", "en"):
            said = rules.sentence(topic, event.payload, language)
            whole = [words.in_(language) for words in topic.sentences]
            assert len(whole) == 1 or said != whole[-1], f"{event.topic} does not fill a sentence: {event.payload}"
            if rules._filled(whole[0], event.payload) is not None:
                first.add((event.topic, language))
        for role in topic.roles & roles[event.organisation_id]:
            assert rules.link(topic, event.payload, role).startswith("/")
    unfilled = {(topic, language) for topic in topics for language in ("zh", "en")} - first
    assert not unfilled, f"no event fills the first sentence: {unfilled}"


async def test_pledges(session, sessions, now, clock, box, firm, officers):
    await an_actor(session, now, Role.OPERATOR, "platform")
    one, two, _ = officers
    refused = a_pledge_draft(two)
    await pledged(session, firm, one, box, now)
    offered = await collateral.offer(session, firm, box, refused, now)
    await collateral.accept(session, two, box, offered.id, now)
    gone = await collateral.offer(session, firm, box, a_pledge_draft(one, AssetKind.ORDER), now)
    await collateral.withdraw(session, firm, gone.id, now)
    no = await collateral.offer(session, firm, box, a_pledge_draft(one, AssetKind.ORDER), now)
    await collateral.decline(session, one, no.id, "不接受", now)
    order = await pledged(session, firm, one, box, now, kind=AssetKind.ORDER)
    await collateral.hand_over(session, one, box, order.id, two.organisation.id, now)
    await collateral.release(session, one, box, order.id, now)
    late = {"kind": AssetKind.REAL_ESTATE, "amount_fen": 600 * YUAN, "expires_on": now.date() + timedelta(days=900)}
    house = await pledged(session, firm, one, box, now, **late)
    registration = await collateral.draft(session, one, box, house.id, now)
    await collateral.submit(session, one, registration.id, now)
    await session.commit()
    registry = FakeRegistry(now)
    for _ in range(3):
        await collateral.exchange(sessions, registry, clock)
        clock.instant += timedelta(minutes=3)
    await collateral.request_cancellation(session, one, registration.id, now)
    await session.commit()
    for _ in range(3):
        await collateral.exchange(sessions, registry, clock)
        clock.instant += timedelta(minutes=3)
    await collateral.end_overdue(session, now + timedelta(days=400))
    await told(
        session, now, "pledge.offered", "pledge.accepted", "pledge.refused", "pledge.withdrawn", "pledge.declined", "pledge.released",
        "pledge.transfer_offered", "pledge.lapsed", "pledge.expired", "mortgage.acknowledge", "mortgage.register", "mortgage.cancel",
    )  # fmt: skip


async def test_consents_and_objections(session, now, objector):
    actor, enterprise = objector
    officer = await an_officer(session, now)
    consent = await granted(session, enterprise, officer, now, SURVEY)
    await consents.withdraw(session, actor, consent.id, now)
    operator = await an_actor(session, now, Role.OPERATOR, "platform")
    raised = await disputes.object_to(session, actor, *PENALTY, DRAFT, now)
    await disputes.answer(session, operator, raised.id, Answer(Outcome.NOT_UPHELD, BECAUSE), now)
    await told(session, now, "consent.granted", "consent.withdrawn", "objection.answered")


async def test_new_needs_for_products(session, now, model):
    admin, _, _ = await the_town(session, now)
    await matching.subscribe(session, admin, Subscription(CODE, on=True, conditional=True), now)
    await matching.rematch(session, model, now + timedelta(minutes=1))
    await told(session, now, "match.new_fit")


async def test_lists_are_one_event_a_run(session, now, firm):
    book = Book((gateway.load_text("list.toml", LIST),))
    bank = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB01")
    await pushing.subscribe(session, bank, book, "old-firms", now, wanted=True)
    await pushing.choose(session, firm, book, "old-firms", now, wanted=True)
    await pushing.push(session, book, now)
    await told(session, now, "list.sme_pushed")


async def test_green_ratings(place):
    case_id = await place.certified()
    await told(place.session, place.now, "green.rated", "green.review_requested", "green.reviewed", "green.published", "green.certified")
    assert case_id


async def test_a_need_from_the_first_bank_to_the_last_fen(session, now, model, town, officer_of):
    firm, _, publish = town
    officer, other = await officer_of("GB02"), await officer_of("GB03")
    await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB02")
    today = now.date()
    need = await publish()
    await answers.request(session, firm, need.id, "GB03-INV", model, now)
    mine, theirs = [await answers.claim(session, o, need.id, model, now) for o in (officer, other)]
    await answers.demand(session, officer, mine.id, [Demand.SITE_VISIT], "", now)
    await answers.supply(session, firm, mine.id, now)
    terms = Offer("GB02-INV", 40_000_000, 520, 12, today + timedelta(days=10), Repayment.INTEREST_FIRST)
    await answers.offer(session, officer, mine.id, terms, "", now)
    await answers.offer(session, other, theirs.id, replace(terms, product_code="GB03-INV"), "", now)
    await answers.accept(session, firm, mine.id, now)
    await answers.approve(session, officer, mine.id, 40_000_000, 520, now)
    await answers.sign(session, officer, mine.id, "HT-1", now)
    await answers.pay_out(session, officer, mine.id, 40_000_000, today, now)
    await answers.fall_overdue(session, officer, mine.id, 1_000_000, now)
    await answers.catch_up(session, officer, mine.id, now)
    await answers.repay(session, officer, mine.id, 40_000_000, 1, today, now)
    await told(
        session, now, "need.requested", "answer.claimed", "answer.action_required", "answer.supplied", "answer.offered", "answer.chosen",
        "answer.not_chosen", "loan.approved", "loan.signed", "loan.disbursed", "loan.overdue", "loan.repaid",
    )  # fmt: skip
