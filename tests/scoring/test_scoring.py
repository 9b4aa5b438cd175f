import json
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from greenbridge.facts.rules import items
from greenbridge.scoring import service
from greenbridge.scoring.gateway import band_policy
from greenbridge.scoring.rules import bands, features
from greenbridge.settings import home
from tests.builders import a_series, a_verified_firm, deliver, steady_invoices

NAN = float("nan")


def test_formulas_by_example():
    assert features.ratio(np.array([1.0, 1.0]), np.array([4.0, 0.0])).tolist()[0] == 0.25
    assert np.isnan(features.ratio(np.array([1.0]), np.array([0.0])))[0]
    assert features.total(np.array([[1.0, 2, 3, 4]]), 2, 1).tolist() == [5.0]
    assert np.isnan(features.total(np.array([[NAN, NAN, 3]]), 1, 1))[0]
    assert np.isnan(features.total(np.array([[NAN, 2, 3.0]]), 3))[0]  # two months are no quarter
    assert np.isnan(features.total(np.array([[2, 3.0]]), 3))[0]
    assert features.known_total(np.array([[NAN, 2, 2, 2, 2, 2, 2.0]]), 7).tolist() == [12.0]
    assert np.isnan(features.known_total(np.array([[NAN, 2, 2, 2, 2, 2.0]]), 6))[0]
    assert features.active_share(np.array([[NAN, 0, 0, 5, 5, 5, 5]]), 7).tolist() == pytest.approx([2 / 3])
    assert np.isnan(features.active_share(np.array([[NAN, 0, 5, 5]]), 4))[0]
    assert features.longest_silence(np.array([[1.0, 0, 0, 1, 0]]), 5).tolist() == [2.0]
    assert features.variation(np.full((1, 24), 7.0)).tolist() == [0.0]
    assert features.growth(np.array([[100.0] * 12 + [200.0] * 12])).tolist() == pytest.approx([np.log(2)])
    assert np.isnan(features.growth(np.array([[NAN] * 5 + [100.0] * 19])))[0]
    assert features.magnitude(np.array([100_000_000.0])).tolist() == pytest.approx([6.0], abs=1e-5)
    assert features.monthly_mean(np.array([[NAN, 2.0, 4.0, 2.0, 4.0, 2.0, 4.0]])).tolist() == [3.0]
    arrays = {"sales_void": np.full((1, 12), 10.0), "sales_absolute": np.full((1, 12), 90.0)}
    assert features.void_share(arrays).tolist() == pytest.approx([0.1])


@given(st.integers(1, 12), st.integers(0, 1000))
def test_one_firm_and_bulk_give_equal_features(n_firms: int, seed: int):
    series = a_series(n_firms, seed)
    bulk = features.compute({**series.monthly, **series.yearly})
    assert bulk.shape == (n_firms, len(features.FEATURES))
    for i in range(n_firms):
        one = series.of(i)
        np.testing.assert_array_equal(features.compute({**one.monthly, **one.yearly})[0], bulk[i])


def test_features_never_read_a_rating_or_the_time_since_the_last_invoice():
    names = {feature.name for feature in features.FEATURES}
    assert not {name for name in names if "rating" in name or "last_invoice" in name or "recency" in name}


def test_the_model_keeps_its_monotone_directions(model):
    series = a_series(40, 3)
    x = features.compute({**series.monthly, **series.yearly}, model.features)
    base, _ = model.predict(x)
    for column, feature in enumerate(features.BY_NAME[name] for name in model.features):
        worse = x.copy()
        worse[:, column] = np.where(np.isnan(x[:, column]), np.nan, x[:, column] + feature.direction * 1.0)
        if feature.direction:
            assert (model.predict(worse)[0] >= base - 1e-12).all(), feature.name


def test_probabilities_lie_between_0_and_1_and_bands_follow(model):
    series = a_series(50, 9)
    probability, contributions = model.predict(features.compute({**series.monthly, **series.yearly}, model.features))
    assert ((probability > 0) & (probability < 1)).all()
    assert contributions.shape == (50, len(model.features))
    policy = band_policy(date(2026, 3, 10))
    assert [bands.band(p, policy).code for p in (0.005, 0.07, 0.15, 0.3, 0.9)] == ["R1", "R5", "R7", "R9", "R10"]


async def test_scores_are_kept_with_their_versions_and_unknown_stays_unknown(session, now, model):
    _, known = await a_verified_firm(session, now, 1)
    _, silent = await a_verified_firm(session, now, 2)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(known.uscc))
    scored = await service.score(session, [known, silent], model, now.date(), now)
    assert set(scored) == {known.id}
    kept = (await session.execute(text("select * from default_score"))).all()
    assert [row.enterprise_id for row in kept] == [known.id]
    assert kept[0].model_version == model.version
    assert kept[0].default_probability == scored[known.id].default_probability
    found = scored[known.id]
    assert (kept[0].band, kept[0].points, kept[0].band_policy) == (found.band.code, found.points, "GB-BANDS-2026")
    assert kept[0].default_probability < found.band.under
    assert [reason["code"] for reason in kept[0].reasons] == [reason.code for reason in found.reasons]
    assert all(reason["sentence"]["zh"] and reason["sentence"]["en"] for reason in kept[0].reasons)
    assert set(kept[0].features) == set(model.features)


def test_the_committed_card_states_what_a_card_must_and_belongs_to_its_model(model):
    folder = home() / "ml" / "artifacts" / model.version
    card = json.loads((folder / "card.json").read_text())
    import hashlib

    assert card["model_sha256"] == hashlib.sha256((folder / "model.txt").read_bytes()).hexdigest()
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        told, name = line.split("  ")
        assert told == hashlib.sha256((folder / name).read_bytes()).hexdigest(), name
    ours = next(iter(card["metrics"].values()))
    assert {"auc_mean", "auc_std", "brier"} <= set(ours)
    assert card["data"]["firms"] == 123
    assert card["data"]["features_cut_at"] == "2020-02-01"
    kept = [f for f in features.INVOICE_FEATURES if f.name not in card["left_out"]]
    assert [(f["name"], f["direction"], f["unit"]) for f in card["features"]] == [(f.name, f.direction, f.unit) for f in kept]
    assert {"output_tax_rate", "red_share", "red_count_share", "credit_rating"} <= set(card["left_out"])
    assert all(f["direction"] for f in card["features"])  # every effect points where a person would say before
    assert card["features_edition"] == features.EDITION
    for described in (card["score"], *card["features"]):  # what monitoring measures by
        assert sum(described["counts"]) == 123
        assert described["quantiles"] == sorted(described["quantiles"])
    assert set(card["files"]) == {"model.txt", "scorecard.json", "card.html"}
    for feature in card["features"]:  # what a sentence cites: both sides of one cut, with their numbers
        (split,) = feature["splits"]
        assert min(split["n_below"], split["n_above"]) >= 0.15 * feature["known_share"] * 123 - 1
        assert split["n_below"] + split["n_above"] == round(feature["known_share"] * 123)
    assert card["limits"] and card["intended_use"] and card["not_intended_use"]
    page = (folder / "card.html").read_text()
    assert f"{ours['auc_mean']:.3f}" in page and f"{ours['brier']:.3f}" in page
    head = page[: page.index("<h2")]
    assert (
        f"{ours['auc_mean']:.3f} ± {ours['auc_std']:.3f}" in head and "各划分平均 mean of splits" in head
    )  # two figures, each with its protocol
    assert f"{card['intervals']['auc']['value']:.3f}" in head and "合并 pooled" in head
    for words in ("校准", "提升", "稳定性", "分群与公平", "越大越稳 safer", "局限"):
        assert words in page
