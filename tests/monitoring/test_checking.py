from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest

from greenbridge.answers.values import AnswerFeedback
from greenbridge.facts import service as facts
from greenbridge.facts.values import Fact
from greenbridge.kit.text import Text
from greenbridge.monitoring import gateway
from greenbridge.monitoring.rules import checking, watching
from greenbridge.monitoring.values import (
    AlertKind,
    Drift,
    Finding,
    Interval,
    Level,
    ModelAlert,
    ModelCheck,
    Psi,
    Ripeness,
    ScoreThen,
    Vintage,
)
from greenbridge.scoring.values import KeptScore
from tests.conftest import NOW

POLICY = gateway.model_policy(NOW.date())
WATCH = gateway.watch_policy(NOW.date())
TODAY = NOW.date()


def a_score(firm, as_of, band="A", p=0.03):
    return KeptScore(firm, as_of, "m", p, band)


def a_psi(name="void_share", value=0.05, drift=Drift.STABLE):
    return Psi(name, Text("作废", "void"), value, 0.02, 500, 500, 0.0, 0.0, drift)


def a_vintage(month=date(2025, 1, 1), predicted=0.1, seen=(0.1, 0.05, 0.2), auc=(0.8, 0.7, 0.9)):
    return Vintage(month, "m", Ripeness.RIPE, month, 200, 20, 0, Interval(*auc), 0.5, 0.1, predicted, Interval(*seen))


def a_check(**changes):
    check = ModelCheck(TODAY, NOW, "m", "1", TODAY, TODAY, TODAY, TODAY, a_psi("score"), (a_psi(),), (a_vintage(),), ())
    return replace(check, **changes)


def test_feedback_counts_answers_by_the_band_of_their_day():
    one, other, unknown = uuid4(), uuid4(), uuid4()
    scores = [a_score(one, TODAY - timedelta(days=60), "D"), a_score(one, TODAY - timedelta(days=1)), a_score(other, TODAY, "B")]
    given = [
        AnswerFeedback(one, "declined", ("default_risk",), NOW - timedelta(days=30)),
        AnswerFeedback(one, "chosen", (), NOW),
        AnswerFeedback(other, "a_state_of_later", (), NOW),
        AnswerFeedback(unknown, "offered", (), NOW),
    ]
    found = checking.feedback(given, scores)
    assert [(one.band, dict(one.states), dict(one.reasons)) for one in found] == [
        ("A", {"chosen": 1}, {}),
        ("B", {"a_state_of_later": 1}, {}),
        ("D", {"declined": 1}, {"default_risk": 1}),
        (None, {"offered": 1}, {}),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"score": a_psi("score", 0.15, Drift.MOVED)}, [(AlertKind.SCORE_DRIFT, "score")]),
        ({"score": a_psi("score", 0.3, Drift.NOISE)}, []),
        ({"features": (a_psi(value=0.15, drift=Drift.MOVED),)}, []),
        ({"features": (a_psi(value=0.4, drift=Drift.SHIFTED),)}, [(AlertKind.FEATURE_DRIFT, "void_share")]),
        ({"vintages": (a_vintage(predicted=0.3),)}, [(AlertKind.CALIBRATION, "2025-01-01")]),
        ({"vintages": (a_vintage(auc=(0.6, 0.5, 0.69)),)}, [(AlertKind.DISCRIMINATION, "2025-01-01")]),
        ({"vintages": (a_vintage(auc=(0.6, 0.5, 0.71)),)}, []),  # it may be good enough
        ({"vintages": (a_vintage(predicted=0.3), a_vintage(month=date(2025, 2, 1)))}, []),  # the newest is right again
        ({"vintages": ()}, []),
    ],
)
def test_findings(changes, expected):
    assert [(f.kind, f.subject) for f in checking.findings(a_check(**changes), POLICY)] == expected


def test_an_alert_opens_once_and_closes_when_it_is_found_no_more():
    drift, off = Finding(AlertKind.SCORE_DRIFT, "score", 0.3, 0.1), Finding(AlertKind.CALIBRATION, "2025-01-01", 0.3, 0.2)
    standing = ModelAlert(uuid4(), "m", drift, NOW, None)
    assert checking.changed([standing], [replace(drift, value=0.5), off]) == ([off], [])
    assert checking.changed([standing], []) == ([], [standing])


def then(p, band="A", version="m", reason=None):
    return ScoreThen(TODAY, p, band, version, reason)


@pytest.mark.parametrize(("policy", "case"), gateway.watch_cases(), ids=lambda x: x.get("note", "") if isinstance(x, dict) else "")
def test_the_watch_policy_keeps_its_own_cases(policy, case):
    change = watching.score_change(then(case["before"]), then(case["after"]), policy)
    assert (change is None) == ("weight" not in case)
    if change:
        assert change.weight == pytest.approx(case["weight"])


def test_a_risen_probability_says_from_where_to_where_and_why():
    why = Text("作废占比 17.1 %（通常 6.8 %）", "Void share 17.1 % (usual: 6.8 %)")
    change = watching.score_change(then(0.061, "B"), then(0.114, "C", reason=why), WATCH)
    assert change.text.zh == f"违约概率从 6.1 %（B）升至 11.4 %（C），{TODAY} 至 {TODAY}"
    assert [d.en for d in change.detail] == ["Void share 17.1 % (usual: 6.8 %)"]


def test_scores_of_two_models_are_not_compared():
    change = watching.score_change(then(0.06), then(0.3, version="n"), WATCH)
    assert change.weight == 0
    assert "not to be compared" in change.text.en
    assert watching.score_change(None, then(0.3), WATCH) is None


def a_fact(item="courts.enforcement", day=TODAY, **values):
    return Fact(item, "U", "1", day, None, NOW, uuid4(), False, values, NOW)


def test_new_records_are_told_heaviest_first_and_older_ones_not_at_all():
    since, known = TODAY - timedelta(days=90), facts.catalogue().items
    found = [
        a_fact("penalties.administrative", amount_fen=4_400_000),
        a_fact(amount_fen=120_000_000),
        a_fact("courts.dishonesty", removed_on=TODAY.isoformat()),
        a_fact(day=since, amount_fen=1),
        a_fact("honours.honours"),
    ]
    changes = watching.record_changes(found, known, {"courts.enforcement": True}, since, WATCH)
    assert [(c.text.en, round(c.weight, 2)) for c in changes] == [
        (f"{TODAY} new: enforcement, 120 x10k yuan", 0.6),
        (f"{TODAY} new: dishonest judgment debtors (closed {TODAY})", 0.18),
        (f"{TODAY} new: administrative penalties", 0.1),  # its amount may not be seen
    ]


@pytest.mark.parametrize(
    ("before", "after", "weight"),
    [
        (Level.NONE, Level.NONE, None),
        (None, Level.NONE, None),
        (Level.NONE, Level.MARKED, 2 * 0.15 + 2 * 0.05),
        (Level.MARKED, Level.MARKED, 2 * 0.05),
        (None, Level.STRONG, 3 * 0.05),
        (Level.STRONG, Level.SLIGHT, -2 * 0.15),
    ],
)
def test_contagion_that_rose_weighs_more_than_what_stood_before(before, after, weight):
    change = watching.contagion_change(before, after, [], WATCH)
    assert (change.weight if change else None) == (pytest.approx(weight) if weight is not None else None)
