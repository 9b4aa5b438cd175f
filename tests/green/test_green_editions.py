"""Two editions of the scheme in one book: what was rated by the first stays readable and stays what it was."""

from datetime import timedelta

import pytest

from greenbridge.accounts.values import Role
from greenbridge.green import service as green
from greenbridge.green.pages.shown import laid_out
from greenbridge.green.values import State
from greenbridge.kit.errors import NotFound
from greenbridge.schemes import service as schemes
from greenbridge.settings import home
from tests.builders import an_actor, deliver

FIRST, SECOND = "HZ-GREEN-RECON-1", "HZ-GREEN-NEXT"


@pytest.fixture
def two(place, tmp_path):
    """Return a book whose second edition begins in forty days: a line renamed, a far higher cut."""
    shipped = home() / "src" / "greenbridge" / "schemes" / "catalogue" / "green_enterprise.toml"
    text = shipped.read_text(encoding="utf-8")
    head, _, _ = text.partition("\ncases = [")
    begins = place.now.date() + timedelta(days=40)
    head = head.replace('code = "G21"', 'code = "G99"').replace("at_least = 80", "at_least = 99.5")
    head = "\n".join(f"effective_from = {begins}" if line.startswith("effective_from") else line for line in head.splitlines())
    head = "\n".join(f'version = "{SECOND}"' if line.startswith("version") else line for line in head.splitlines())
    case = 'cases = [{ name = "severe", inputs = { severe_listed = true }, grade = "non_green", total = 0, coverage = 0, vetoes = ["dishonest"] }]'
    folder = tmp_path / "schemes"
    folder.mkdir()
    (folder / "green_next.toml").write_text(f"{head}\n{case}\n", encoding="utf-8")
    return schemes.book(folder)


async def test_a_new_edition_downgrades_nobody_and_breaks_no_page_nor_a_later_downgrade(place, two):
    s = place.session
    place.book = two
    case_id = await place.certified()
    place.later(60)
    assert two.find("green-enterprise", place.now.date()).version == SECOND
    assert (await green.nightly(s, two, place.seal, place.now)).total == 0
    view = await green.view(s, place.actor, case_id)
    content = await green.document(s, two, place.firm, view, place.now)
    for names in ((), green.may_find(two, view.rated)):
        found = laid_out(two, view, content, "zh", names)
        assert found["scheme"].version == view.rated.scheme_version == FIRST
        assert "G21" in {line.code for group in found["groups"] for line in group.lines}
    today = str(place.now.date())
    await deliver(s, place.now, "environment.credit", {"uscc": place.firm.uscc, "year": 2026, "colour": "黄", "decided_on": today})
    await deliver(s, place.now, "tax.credit_grade", {"uscc": place.firm.uscc, "year": 2025, "grade": "D", "published_on": today})
    penalty = {"uscc": place.firm.uscc, "authority": "湖州市生态环境局", "decided_on": today, "procedure": "普通程序"}
    for n in range(2):
        await deliver(s, place.now, "penalties.administrative", {**penalty, "document_no": f"湖环罚〔2026〕{n} 号"})
    assert (await green.nightly(s, two, place.seal, place.later(1))).downgraded == 1
    # The downgrade was made by the first edition too, on a day when the second is in force: still read by the first.
    view = await green.view(s, place.actor, case_id)
    assert view.rated.scheme_version == FIRST
    assert laid_out(two, view, dict(view.rated.content), "zh")["scheme"].version == FIRST
    assert (await green.nightly(s, two, place.seal, place.later(1))).total == 0


async def test_a_case_that_was_submitted_before_is_reviewed_by_its_own_edition(place, two):
    s = place.session
    place.book = two
    case_id = await place.a_case()
    await green.submit(s, place.actor, two, case_id, place.now, pledged=True)
    await green.request_review(s, place.actor, case_id, place.now)
    place.later(60)
    again = await green.find(s, place.reviewer, two, case_id, "green_revenue_share", "0.3", "按审计报告只能认定百分之三十", place.now)
    assert again.scheme_version == FIRST
    view = await green.open_for_review(s, place.reviewer, two, case_id, place.now)
    assert laid_out(two, view, dict(again.content), "zh", green.may_find(two, view.rated))["scheme"].version == FIRST
    assert await green.decide(s, place.reviewer, case_id, passed=True, reason="", now=place.now) is State.PUBLISHED


def test_an_edition_that_nobody_has_is_not_found(two):
    assert two.edition("green-enterprise", SECOND).version == SECOND
    with pytest.raises(NotFound):
        two.edition("green-enterprise", "HZ-GREEN-NONE")


async def test_a_new_report_is_rated_by_the_new_edition(place, two):
    place.book = two
    place.later(60)
    await an_actor(place.session, place.now, Role.OPERATOR, "platform")
    case_id = await place.a_case()
    rated = await green.submit(place.session, place.actor, two, case_id, place.now, pledged=True)
    assert rated.scheme_version == SECOND
