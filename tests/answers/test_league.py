"""Banks side by side, and banks that would look better than they are."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.answers import gateway, service, store
from greenbridge.answers.rules import league
from greenbridge.answers.values import Dealing, DeclineReason, Demand

POLICY, DAYS = gateway.league()
DAY = date(2026, 3, 2)
NOTHING = Dealing(
    "A", "甲", asked=True, claimed=False, offered=False, declined=False, avoidable=False, waited_hours=None, open=False, lending=False,
    chosen=False, approved=False, lapsed=False, approved_fen=0, disbursed_fen=0, offered_rate_bp=None, approved_rate_bp=None, stars=None,
    product_code="A-1", no_capacity=False, on=DAY,
)  # fmt: skip
OFFERED = replace(NOTHING, claimed=True, offered=True, waited_hours=20.0, offered_rate_bp=450)
LENT = replace(OFFERED, chosen=True, approved=True, approved_fen=100, disbursed_fen=100, approved_rate_bp=450)
REFUSED = replace(NOTHING, claimed=True, declined=True, waited_hours=20.0)
LAPSED = replace(NOTHING, lapsed=True)


def bank(code, *dealings):
    return [replace(one, bank_code=code, bank_name=code) for one in dealings]


def places(*dealings):
    return {s.bank_code: s for s in league.standings([one for own in dealings for one in own], POLICY)}


def test_weights_sum_to_one():
    assert abs(sum(POLICY.weights.values()) - 1) < 1e-12


def test_a_share_is_drawn_towards_the_middle_by_hand():
    assert league.share(1, 1, 0.5, 4).shrunk == 0.6
    assert league.share(0, 0, 0.5, 4).shrunk == 0.5
    assert league.share(90, 100, 0.5, 4).shrunk == 92 / 104


def test_one_lucky_case_does_not_beat_many_good_ones_and_has_no_place():
    found = places(bank("NEW", LENT), bank("OLD", *[LENT] * 40, REFUSED), bank("BAD", *[LAPSED] * 20))
    assert found["OLD"].place == 1
    assert not found["NEW"].ranked
    assert found["NEW"].place > found["BAD"].place
    assert found["OLD"].score > found["NEW"].score
    assert (found["OLD"].answer_rate.n, found["OLD"].answer_rate.hits) == (41, 41)


def test_self_declined_slots_are_no_answers():
    """A bank that takes slots and gives them back for a reason it knew before gains nothing by it."""
    honest = bank("HONEST", *[OFFERED] * 8, *[LAPSED] * 4)
    blocking = replace(REFUSED, asked=False, avoidable=True, waited_hours=0.1, no_capacity=True)
    gaming = bank("GAMING", *[OFFERED] * 8, *[LAPSED] * 4, *[blocking] * 20)
    found = places(honest, gaming)
    assert found["GAMING"].answer_rate.hits == found["HONEST"].answer_rate.hits == 8
    assert found["GAMING"].answer_rate.seen < found["HONEST"].answer_rate.seen
    assert found["GAMING"].score < found["HONEST"].score


def test_a_refusal_that_looked_at_the_firm_is_an_answer():
    assert places(bank("A", *[REFUSED] * 6))["A"].answer_rate.hits == 6


def test_cherry_picking_does_not_hide_what_was_asked():
    """A bank that picks easy needs itself and lets lapse what it is asked stands below one that answers what it is asked."""
    picked = replace(LENT, asked=False, waited_hours=1.0)
    found = places(bank("PICKER", *[picked] * 10, *[LAPSED] * 15), bank("STEADY", *[LENT] * 12, *[REFUSED] * 8))
    assert found["STEADY"].place < found["PICKER"].place
    assert found["PICKER"].answer_rate.n == 25


def test_slow_walking_counts_from_the_ask_and_silence_is_without_end():
    quick = bank("QUICK", *[replace(OFFERED, waited_hours=5.0)] * 10)
    slow = bank("SLOW", *[replace(OFFERED, waited_hours=150.0)] * 10)
    silent = bank("SILENT", *[replace(OFFERED, waited_hours=1.0)] * 4, *[LAPSED] * 6)
    found = places(quick, slow, silent)
    assert (found["QUICK"].median_hours, found["SLOW"].median_hours) == (5.0, 150.0)
    assert found["SILENT"].median_hours is None  # not one hour: most of its firms are still waiting
    assert found["QUICK"].score > found["SLOW"].score
    assert found["QUICK"].score > found["SILENT"].score


def test_what_is_still_in_time_counts_neither_way():
    waiting = replace(NOTHING, open=True)
    lending = replace(OFFERED, chosen=True, lending=True)
    found = places(bank("A", waiting, lending, OFFERED))["A"]
    assert (found.answer_rate.n, found.kept.n, found.paid.n) == (2, 0, 0)


def test_a_raised_rate_and_half_the_money_are_told():
    raised = replace(LENT, approved_rate_bp=500, disbursed_fen=50)
    found = places(bank("A", *[raised] * 5))["A"]
    assert found.rate_over_promise_bp == 50
    assert (found.kept.hits, found.paid.hits, found.paid.n) == (0, 2.5, 5)


def test_ghost_products_and_slow_banks_are_found():
    ghost = bank("G", *[replace(REFUSED, product_code="G-1", no_capacity=True)] * 3, *[replace(OFFERED, product_code="G-2")] * 9)
    late = bank("L", *[LAPSED] * 3, *[OFFERED] * 2)
    slow = bank("S", *[replace(OFFERED, waited_hours=100.0)] * 5)
    fine = bank("F", *[OFFERED] * 5)
    found = league.suspects(ghost + late + slow + fine, POLICY, DAY)
    assert [(s.bank_code, s.product_code) for s in found] == [("G", "G-1"), ("L", None), ("S", None)]
    assert "3" in found[0].because.zh
    assert league.suspects(ghost, POLICY, date(2026, 3, 3)) == ()


DEALINGS = st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from([OFFERED, LENT, REFUSED, LAPSED])), max_size=30)


@settings(max_examples=60)
@given(DEALINGS, st.randoms())
def test_the_order_of_dealings_changes_nothing_and_one_more_answer_never_lowers_a_share(rows, order):
    dealings = [replace(one, bank_code=code, bank_name=code) for code, one in rows]
    mixed = dealings.copy()
    order.shuffle(mixed)
    before = {s.bank_code: s for s in league.standings(dealings, POLICY)}
    for code, again in {s.bank_code: s for s in league.standings(mixed, POLICY)}.items():
        assert abs(again.score - before[code].score) < 1e-9
    for code, standing in before.items():
        more = {s.bank_code: s for s in league.standings([*dealings, *bank(code, OFFERED)], POLICY)}[code]
        assert more.answer_rate.seen >= (standing.answer_rate.seen or 0)


@pytest.fixture
async def dealt(session, now, model, town, officer_of):
    """Real rows of one bank, by need: what it did there."""
    firm, _, publish = town
    officer = await officer_of("GB02")
    months = iter(range(12, 2, -1))

    async def a_claim():
        need = await publish(term_months=next(months))
        return need, await service.claim(session, officer, need.id, model, now)

    at = now + timedelta(hours=5)
    _, slot = await a_claim()  # takes a slot, asks for papers and gives it back at once for what it knew before
    await service.demand(session, officer, slot.id, [Demand.SITE_VISIT], "", now)
    await service.give_back(session, officer, slot.id, [DeclineReason.NO_CAPACITY], "", at)
    _, hasty = await a_claim()  # or says that papers are missing that the firm has days to bring
    await service.demand(session, officer, hasty.id, [Demand.SITE_VISIT], "", now)
    await service.give_back(session, officer, hasty.id, [DeclineReason.DOCUMENTS_MISSING], "", at)
    _, looked = await a_claim()  # returns for what it found
    await service.demand(session, officer, looked.id, [Demand.SITE_VISIT], "", now)
    await service.give_back(session, officer, looked.id, [DeclineReason.FIRM_UNREACHABLE], "", at)
    silent, papers = await a_claim()  # the firm hands nothing in
    await service.demand(session, officer, papers.id, [Demand.SITE_VISIT], "", now)
    for day in range(12):
        await service.tick(session, silent.id, model, now + timedelta(days=day))
    assert (await store.find(session, papers.id)).reasons == (DeclineReason.DOCUMENTS_MISSING,)
    asked = await publish(term_months=next(months))
    await service.request(session, firm, asked.id, "GB02-INV", model, now)
    await service.tick(session, asked.id, model, now + timedelta(days=3))  # and it lets a request lapse
    return officer


async def test_what_the_rows_say_of_a_bank_that_returns(session, now, dealt):
    found = [one for one in await store.dealings(session, now.date()) if one.bank_code == "GB02"]
    told = sorted((one.asked, one.declined, one.avoidable, one.waited_hours, one.lapsed) for one in found)
    assert told == [
        (False, True, False, 5.0, False),  # a return with a reason that it found is an answer, after five hours
        (False, True, True, 5.0, False),  # a slot given back is none
        (False, True, True, 5.0, False),
        (True, False, False, None, True),
    ]  # and what ended by the firm's silence is not the bank's
    (mine,) = league.standings(found, POLICY)
    assert (mine.answer_rate.hits, mine.answer_rate.n) == (1, 4)


async def test_a_lapsed_request_counts_in_the_books_of_matching(session, now, dealt):
    well, asked = (await store.conduct(session, now - timedelta(days=1)))["GB02"]
    assert (well, asked) == (4, 5)  # four said why, one let a request lapse
