"""The register of models: what may be done, by whom it was, and that a report of an earlier instant is scored as it was."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from greenbridge.audit import service as audit
from greenbridge.facts.rules import items
from greenbridge.kit.errors import Conflict, Invalid, NotFound
from greenbridge.reports import service as reports
from greenbridge.reports.gateway import press as make_press
from greenbridge.scoring import service, store
from greenbridge.scoring.gateway import ArtifactRefused, FakeModel, fingerprint
from greenbridge.scoring.rules import registry as rules
from greenbridge.scoring.rules.features import FEATURES
from greenbridge.scoring.values import ModelAct, ModelEvent, ModelState
from tests.builders import a_verified_firm, deliver, steady_invoices
from tests.scoring.trees import artifacts, booster, folder

WHO, WHY = "li", "验证集更好"
HOUR = timedelta(hours=1)


@pytest.fixture
def shelf(tmp_path) -> Path:
    return artifacts(tmp_path, "m-1", "m-2", "m-3")


async def to_champion(session, shelf, version, now):
    await service.register(session, shelf, version, WHO, WHY, now)
    await service.challenge(session, shelf, version, WHO, WHY, now)
    await service.promote(session, shelf, version, WHO, WHY, now)


async def states(session) -> dict[str, str]:
    return {model.version: model.state.value for model in await service.models(session)}


async def test_the_first_model_registers_itself_once_and_is_loaded(session, now, shelf):
    assert (await service.champion(session, shelf, now)).version == "m-1"
    assert (await service.champion(session, shelf, now)).version == "m-1"
    (model,) = await service.models(session)
    assert (model.state, model.sha256) == (ModelState.CHAMPION, fingerprint(shelf / "m-1"))
    assert [event.act for event in model.history] == [ModelAct.REGISTER, ModelAct.CHALLENGE, ModelAct.PROMOTE]


async def test_from_draft_to_champion_and_back_by_one_command(session, now, shelf):
    await service.establish(session, shelf, now)
    await service.register(session, shelf, "m-2", WHO, WHY, now)
    assert await states(session) == {"m-2": "draft", "m-1": "champion"}
    await service.challenge(session, shelf, "m-2", WHO, WHY, now)
    await service.promote(session, shelf, "m-2", WHO, WHY, now)
    assert await states(session) == {"m-2": "champion", "m-1": "retired"}
    await to_champion(session, shelf, "m-3", now)
    assert await service.rollback(session, shelf, WHO, WHY, now) == "m-2"
    assert await service.rollback(session, shelf, WHO, WHY, now) == "m-1"
    assert await states(session) == {"m-3": "retired", "m-2": "retired", "m-1": "champion"}
    with pytest.raises(Conflict, match="no champion before"):
        await service.rollback(session, shelf, WHO, WHY, now)
    assert (await service.champion(session, shelf, now)).version == "m-1"


async def test_a_champion_that_runs_in_the_shadow_again_can_be_rolled_back_to(session, now, shelf):
    await service.establish(session, shelf, now)
    await to_champion(session, shelf, "m-2", now)
    await service.challenge(session, shelf, "m-1", WHO, WHY, now)
    assert await states(session) == {"m-2": "champion", "m-1": "challenger"}
    assert await service.rollback(session, shelf, WHO, WHY, now) == "m-1"
    assert await states(session) == {"m-2": "retired", "m-1": "champion"}


async def test_each_act_stands_in_the_audit_chain_with_who_and_why(session, now, shelf):
    await service.establish(session, shelf, now)
    await to_champion(session, shelf, "m-2", now)
    rows = (
        await session.execute(text("select action, subject, detail from audit_event where action like 'model.%' order by number"))
    ).all()
    assert [(r.action, r.subject) for r in rows[3:]] == [
        ("model.register", "model:m-2"),
        ("model.challenge", "model:m-2"),
        ("model.displace", "model:m-1"),
        ("model.promote", "model:m-2"),
    ]
    assert rows[-1].detail["who"] == WHO
    assert rows[-1].detail["why"] == WHY
    assert rows[-1].detail["sha256"] == fingerprint(shelf / "m-2")
    assert await audit.first_broken(session) is None


async def test_what_cannot_be_done_is_refused_with_what_can(session, now, shelf):
    await service.establish(session, shelf, now)
    with pytest.raises(NotFound):
        await service.promote(session, shelf, "m-2", WHO, WHY, now)
    for unsafe in ("../m-2", "nothing", "M-2"):
        with pytest.raises(NotFound):
            await service.register(session, shelf, unsafe, WHO, WHY, now)
    with pytest.raises(Invalid):
        await service.register(session, shelf, "m-2", WHO, "  ", now)
    await service.register(session, shelf, "m-2", WHO, WHY, now)
    with pytest.raises(Conflict, match=r"cannot be promoted; it stands as: draft. It can be made a challenger or be retired") as refused:
        await service.promote(session, shelf, "m-2", WHO, WHY, now)
    assert "现为“草稿”，不能升为冠军。可以列为挑战者、退役。" in refused.value.detail.zh
    with pytest.raises(Conflict, match="only when another is promoted, or by a roll-back"):
        await service.retire(session, "m-1", WHO, WHY, now)
    await service.retire(session, "m-2", WHO, WHY, now)
    with pytest.raises(Conflict, match=r"stands as: retired\. It can be made a challenger"):
        await service.promote(session, shelf, "m-2", WHO, WHY, now)
    assert await states(session) == {"m-2": "retired", "m-1": "champion"}


@pytest.mark.parametrize("state", [None, *ModelState])
def test_a_refusal_names_no_act_that_nobody_can_ask_for(state):
    for act in rules.ASKED:
        if (state, act) in rules.TRANSITIONS:
            continue
        with pytest.raises(Conflict) as refused:
            rules.next_state(state, act, "m-2")
        for internal in (*ModelAct, "rolled back", "被取代", "回退撤下", "回退恢复"):
            assert internal not in refused.value.detail.en.split()
            assert internal not in refused.value.detail.zh


async def test_what_was_rolled_back_or_retired_can_score_in_the_shadow_and_be_promoted_again(session, now, shelf):
    await service.establish(session, shelf, now)
    await to_champion(session, shelf, "m-2", now)
    assert await service.rollback(session, shelf, WHO, WHY, now) == "m-1"
    await service.challenge(session, shelf, "m-2", WHO, "数据已修正", now)
    await service.promote(session, shelf, "m-2", WHO, "数据已修正", now)
    assert await states(session) == {"m-2": "champion", "m-1": "retired"}
    assert (await service.champion(session, shelf, now)).version == "m-2"
    assert await service.rollback(session, shelf, WHO, WHY, now) == "m-1"


async def test_files_that_are_not_those_registered_are_refused(session, now, shelf):
    await service.establish(session, shelf, now)
    await service.register(session, shelf, "m-2", WHO, WHY, now)
    card = shelf / "m-2" / "card.json"
    whole = card.read_text()
    card.write_text(whole.replace("0.8", "0.7"))  # the calibration decides as the trees do
    with pytest.raises(ArtifactRefused, match="not those registered"):
        await service.challenge(session, shelf, "m-2", WHO, WHY, now)
    card.write_text(whole)
    page = shelf / "m-2" / "card.html"
    for changed in ("card.html", "scorecard.json"):
        file = shelf / "m-2" / changed
        kept = file.read_text()
        file.write_text(kept + " ")
        with pytest.raises(ArtifactRefused, match=changed):
            await service.challenge(session, shelf, "m-2", WHO, WHY, now)
        with pytest.raises(ArtifactRefused, match=changed):
            await service.register(session, shelf, "m-2", WHO, WHY, now)
        file.write_text(kept)
    page.rename(shelf / "m-2" / "CARD.md")  # what nobody listed is not shown
    with pytest.raises(ArtifactRefused, match=r"card\.html"):
        await service.challenge(session, shelf, "m-2", WHO, WHY, now)
    (shelf / "m-2" / "CARD.md").rename(page)
    card.unlink()
    with pytest.raises(ArtifactRefused, match="are not in"):
        await service.challenge(session, shelf, "m-2", WHO, WHY, now)
    card.write_text(whole)
    await service.challenge(session, shelf, "m-2", WHO, WHY, now)
    (shelf / "m-1" / "model.txt").write_text("something else")
    with pytest.raises(ArtifactRefused):
        await service.champion(session, shelf, now)
    # A broken champion does not keep its successor out.
    await service.promote(session, shelf, "m-2", WHO, WHY, now)
    assert (await service.champion(session, shelf, now)).version == "m-2"
    with pytest.raises(ArtifactRefused):
        await service.rollback(session, shelf, WHO, WHY, now)


async def test_a_model_of_unknown_features_or_under_another_name_is_no_draft(session, now, shelf):
    await service.establish(session, shelf, now)
    folder(shelf, "strange", booster(3, 4, len(FEATURES) + 1, 1, n=300))
    with pytest.raises(Conflict, match=f"x{0}"):
        await service.register(session, shelf, "strange", WHO, WHY, now)
    (shelf / "renamed").mkdir()
    for file in (shelf / "m-2").iterdir():
        (shelf / "renamed" / file.name).write_bytes(file.read_bytes())
    with pytest.raises(Conflict, match="m-2"):
        await service.register(session, shelf, "renamed", WHO, WHY, now)


async def test_the_database_allows_one_champion(session, now, shelf):
    await service.establish(session, shelf, now)
    with pytest.raises(IntegrityError, match="uq_model_version_champion"):
        await store.add_event(session, "m-2", "0" * 64, ModelAct.PROMOTE, None, ModelState.CHAMPION, now, WHO, WHY)


async def test_the_champion_of_an_instant(session, now, shelf):
    first = await service.champion(session, shelf, now)
    await to_champion(session, shelf, "m-2", now + HOUR)
    await service.rollback(session, shelf, WHO, WHY, now + 2 * HOUR)
    at = {hours: (await service.model_at(session, first, now + hours * HOUR)).version for hours in (-100, 0, 0.5, 1, 1.9, 2, 3)}
    assert at == {-100: "m-1", 0: "m-1", 0.5: "m-1", 1: "m-2", 1.9: "m-2", 2: "m-1", 3: "m-1"}
    other = await service.model_at(session, first, now + HOUR)
    assert await service.model_at(session, other, now) is first  # loaded once
    assert await service.model_at(session, first, now + HOUR) is other


async def test_without_a_register_the_model_at_hand_counts(session, now):
    fake = FakeModel(("x",))
    assert await service.model_at(session, fake, now) is fake


async def test_a_report_of_an_earlier_instant_is_scored_by_the_champion_of_then(session, now, shelf, settings):
    _, firm = await a_verified_firm(session, now, 1)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(firm.uscc))
    press = make_press(settings, await service.champion(session, shelf, now))
    (before,) = await reports.for_operator(session, [firm], press, now.date(), now)
    await to_champion(session, shelf, "m-2", now + HOUR)
    (after,) = await reports.for_operator(session, [firm], press, now.date(), now + 2 * HOUR)
    (again,) = await reports.for_operator(session, [firm], press, now.date(), now + 3 * HOUR, known_at=now)
    assert before.content["score"]["model_version"] == before.content["versions"]["model"] == "m-1"
    assert after.content["score"]["model_version"] == after.content["versions"]["model"] == "m-2"
    assert after.content["score"]["default_probability"] < before.content["score"]["default_probability"]
    assert (again.number, again.sha256) == (before.number, before.sha256)


async def test_a_run_over_the_city_keeps_the_challengers_scores_beside_the_champions(session, now, shelf):
    firms = []
    for n in (1, 2, 3):
        _, firm = await a_verified_firm(session, now, n)
        firms.append(firm)
    for firm in firms[:2]:
        await deliver(session, now, items.VAT_INVOICES, *steady_invoices(firm.uscc))
    champion = await service.champion(session, shelf, now)
    await service.register(session, shelf, "m-2", WHO, WHY, now)
    assert await service.score_city(session, shelf, now) == 2  # a draft does not score; the third firm is unknown
    await service.challenge(session, shelf, "m-2", WHO, WHY, now)
    assert await service.score_city(session, shelf, now) == 2  # the champion's stand already
    rows = (await session.execute(text("select * from bulk_score"))).all()
    assert {(r.enterprise_id, r.model_version, r.state) for r in rows} == {
        (firm.id, version, state) for firm in firms[:2] for version, state in (("m-1", "champion"), ("m-2", "challenger"))
    }
    scored = await service.score(session, firms, champion, now.date(), now)
    for row in rows:
        if row.state == "champion":
            assert row.default_probability == scored[row.enterprise_id].default_probability
    runs = await service.runs(session)
    assert (runs["m-1"].firms, runs["m-1"].mean_distance) == (2, None)
    distance = [abs(a.default_probability - b.default_probability) for a in rows for b in rows
                if (a.model_version, b.model_version) == ("m-1", "m-2") and a.enterprise_id == b.enterprise_id]  # fmt: skip
    assert runs["m-2"].mean_distance == pytest.approx(sum(distance) / 2)
    assert (await session.execute(text("select count(*) from default_score"))).scalar_one() == 2  # what banks may come to see


async def test_runs_of_two_months_are_kept_and_after_that_each_months_last(session, now, shelf):
    _, firm = await a_verified_firm(session, now, 1)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(firm.uscc))
    for days in (-140, -101, -100, -30, -29):
        assert await service.score_city(session, shelf, now, (now + timedelta(days=days)).date()) == 1
    kept = {(now.date() - day).days for day in await service.run_days(session, "m-1", now.date(), now)}
    rows = {(now.date() - r.as_of).days for r in (await session.execute(text("select as_of from bulk_score"))).all()}
    assert kept == rows == {140, 100, 30, 29}  # of the two days of one month, long ago, the last
    later = now + timedelta(days=1_500)
    await service.score_city(session, shelf, later)
    assert await service.run_days(session, "m-1", later.date(), later) == [later.date()]  # four years are over


async def test_a_run_keeps_how_scores_and_features_lie_in_the_bins_of_the_card(session, now, shelf):
    firms = [(await a_verified_firm(session, now, n))[1] for n in (1, 2)]
    for firm, net in zip(firms, (20_000, 900_000), strict=True):
        await deliver(session, now, items.VAT_INVOICES, *steady_invoices(firm.uscc, net=net))
    champion = await service.champion(session, shelf, now)
    await service.score_city(session, shelf, now)
    found, learnt = await service.run_distributions(session, "m-1", now.date()), service.learnt_distributions(champion.card)
    assert set(found) == {"score", *champion.features} == set(learnt)
    scored = await service.score(session, firms, champion, now.date(), now)
    for name, one in found.items():
        assert one.edges == learnt[name].edges
        assert one.firms == 2
    probabilities = np.array([one.default_probability for one in scored.values()])
    placed = np.bincount(np.searchsorted(found["score"].edges, probabilities, side="right"), minlength=len(found["score"].edges) + 1)
    assert found["score"].counts[:-1] == tuple(placed)
    assert sum(learnt["score"].counts) == champion.card["data"]["firms"]


async def test_a_model_whose_card_names_no_bins_is_measured_by_its_first_run(session, now, tmp_path):
    folder(tmp_path, "plain", booster(3, 4, 12, 1, n=300))
    (tmp_path / "current").write_text("plain\n")
    _, firm = await a_verified_firm(session, now, 1)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(firm.uscc))
    first = now.date() - timedelta(days=20)
    await service.score_city(session, tmp_path, now, first)
    await service.score_city(session, tmp_path, now)
    days = await service.run_days(session, "plain", now.date(), now)
    one, other = [await service.run_distributions(session, "plain", day) for day in days]
    assert {name: one[name].edges for name in one} == {name: other[name].edges for name in other}


def done(events: list[ModelEvent], version: str, act: ModelAct) -> list[ModelEvent]:
    """Return the events that an act makes. Raises Conflict."""
    standing = {model.version: model.state for model in rules.versions(events)}
    made = [(version, act)]
    if act is ModelAct.WITHDRAW:
        goes, comes = rules.rolled_back(events)
        made = [(goes, act), (comes, ModelAct.REINSTATE)]
    elif act is ModelAct.PROMOTE:
        rules.next_state(standing.get(version), act, version)
        made = [*((other, ModelAct.DISPLACE) for other, state in standing.items() if state is ModelState.CHAMPION), *made]
    after = [(name, one, standing.get(name), rules.next_state(standing.get(name), one, name)) for name, one in made]
    return [ModelEvent(0, name, "", one, before, now, None, WHO, WHY) for name, one, before, now in after]


ACTS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(list(ModelAct))), max_size=25)


@given(ACTS)
@settings(max_examples=100)
def test_no_series_of_acts_makes_two_champions_or_lets_a_retired_one_score_for_banks_at_once(acts):
    """Acts in any order, the refused ones left out: promotion displaces and roll-back reinstates, as the service does."""
    events: list[ModelEvent] = []
    for version, act in acts:
        if act not in {ModelAct.DISPLACE, ModelAct.REINSTATE}:  # they follow from others
            with suppress(Conflict):
                events += done(events, version, act)
        champions = [model.version for model in rules.versions(events) if model.state is ModelState.CHAMPION]
        assert champions == list(rules.reign(events)[-1:])
    for event in events:
        if event.before is ModelState.RETIRED:
            assert event.act in {ModelAct.REINSTATE, ModelAct.CHALLENGE}
