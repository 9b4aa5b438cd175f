"""The main job on real input: nothing lost, sums to the fen, a report and a probability for each of the 302 firms."""

import json
from collections import defaultdict

import numpy as np
import pandas as pd
import psycopg
import pytest
from sklearn.isotonic import IsotonicRegression

from greenbridge.demo.real import RealTown
from greenbridge.kit import database
from greenbridge.settings import Settings
from tests.demonstration import json_of

pytestmark = pytest.mark.real_data
FILES = {
    "with_history_input_invoices.parquet": 210_947,
    "with_history_output_invoices.parquet": 162_484,
    "no_history_input_invoices.parquet": 395_175,
    "no_history_output_invoices.parquet": 330_835,
}


@pytest.fixture(scope="session")
def real_town(real_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    return folder, json_of("demo", "--once", "--json", "--data", str(real_data), "--data-dir", str(folder))


@pytest.fixture(scope="session")
def rows(real_town):
    url = database.database_url(Settings.from_environment({}, data_dir=real_town[0])).replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        yield connection


def test_all_1_099_441_rows_are_delivered_and_none_is_lost(real_town):
    invoices = {d["file"]: d for d in real_town[1]["deliveries"] if d["item"] == "tax.vat_invoices"}
    assert {name: d["delivered"] for name, d in invoices.items()} == FILES
    assert sum(d["delivered"] for d in invoices.values()) == 1_099_441
    for d in real_town[1]["deliveries"]:
        assert d["accepted"] + d["quarantined"] == d["delivered"]
        assert sum(d["reasons"].values()) == d["quarantined"]


def test_stored_rows_are_the_counted_ones(real_town, rows):
    accepted = sum(d["accepted"] for d in real_town[1]["deliveries"] if d["item"] == "tax.vat_invoices")
    quarantined = sum(d["quarantined"] for d in real_town[1]["deliveries"])
    assert rows.execute("select count(*) from vat_invoice").fetchone() == (accepted,)
    assert rows.execute("select count(*) from quarantined_row").fetchone() == (quarantined,)


def test_302_of_302_firms_have_a_report_a_probability_a_need_and_ranked_products(real_town):
    summary = real_town[1]
    assert (summary["firms"], summary["reports"], summary["scores"], summary["needs"]) == (302, 302, 302, 302)
    assert summary["pairs"] == 302 * summary["products"]
    assert summary["today"] == "2020-03-01"


def test_each_month_of_each_firm_equals_the_sum_of_its_valid_invoices_to_the_fen(real_data, rows):
    """Recomputed from the files with plain integer arithmetic. A row that repeats another in all columns, or whose net and tax
    do not add up to gross, is no invoice of its own: it stands in quarantine. One that is stated void as well is void."""
    town = RealTown(real_data)
    expected: dict[tuple[str, str, str], int] = defaultdict(int)
    for file in FILES:
        frame = pd.read_parquet(town.invoices / file)
        frame["status"] = frame["status"].str.strip()
        fen = {name: (frame[name] * 100).round().astype("int64") for name in ("amount_net", "tax", "amount_gross")}
        adds_up = (fen["amount_net"] + fen["tax"] - fen["amount_gross"]).abs() <= 1
        key = ["enterprise_id", "invoice_no", "issue_date", "counterparty_id", "amount_net", "tax"]
        stated_void = frame.assign(void=frame["status"] == "void")[adds_up].groupby(key)["void"].transform("any")
        void = stated_void.reindex(frame.index, fill_value=True)
        kept = adds_up & ~frame[adds_up].duplicated(key).reindex(frame.index, fill_value=False) & ~void
        months = pd.to_datetime(frame["issue_date"]).dt.strftime("%Y-%m")
        direction = "input" if "input" in file else "output"
        sums = fen["amount_net"][kept].groupby([frame["enterprise_id"][kept], months[kept]]).sum()
        for (firm, month), value in sums.items():
            expected[town.subjects[firm], direction, month] += int(value)
    stored = rows.execute("select uscc, direction, to_char(valid_from, 'YYYY-MM'), net_fen, invoices from invoice_month").fetchall()
    found = {(uscc, direction, month): net for uscc, direction, month, net, invoices in stored if invoices}
    assert len(found) > 15_000
    assert found == dict(expected)


def test_the_36_tables_of_jinan_and_the_register_load_and_nothing_is_lost(real_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("jinan")
    url = database.database_url(Settings.from_environment({}, data_dir=folder)).replace("+psycopg", "")
    jinan = json_of("ingest", "--profile", "jinan", str(real_data / "jinan_sme_multisource"), "--json", "--data-dir", str(folder))
    assert len(jinan["tables"]) == 36
    assert jinan["delivered"] == 97_130 == jinan["accepted"] + jinan["quarantined"]
    assert set(jinan["reasons"]) == {
        "duplicate_row", "bad_choice", "missing_field", "bad_date", "over_maximum", "dates_reversed", "conflicting_row"
    }  # fmt: skip
    for table in jinan["tables"]:
        source = pd.read_parquet(real_data / "jinan_sme_multisource" / table["file"])
        assert table["delivered"] == len(source) == table["accepted"] + table["quarantined"]
        assert sum(table["reasons"].values()) == table["quarantined"]
        assert {"item", "file", "seconds"} <= set(table)
    register = json_of(
        "ingest", "--profile", "zhejiang_registry", str(real_data / "zhejiang_registry"), "--json", "--data-dir", str(folder)
    )
    everybody, huzhou = register["tables"]
    assert (everybody["delivered"], everybody["accepted"], everybody["reasons"]) == (159_111, 159_109, {"bad_code": 2})
    assert huzhou["reasons"] == {"duplicate_row": 3_807}  # they are in the provincial file already
    with psycopg.connect(url) as connection:
        assert connection.execute("select count(*) from fact").fetchone()[0] == jinan["accepted"] + register["accepted"]
        assert connection.execute("select count(*) from quarantined_row").fetchone()[0] == jinan["quarantined"] + register["quarantined"]
        # Judgments were dated in Chinese numerals, enrolments with a time of day, changes in milliseconds.
        dated = "select count(*), min(valid_from)::text, max(valid_from)::text from fact where item = %s"
        judged, first, last = connection.execute(dated, ["courts.judgments"]).fetchone()
        assert (judged, first >= "2000", last < "2019") == (1_733, True, True)
        foreign = "select count(*) from fact where item = 'registration.basic' and values->>'capital_currency' is not null"
        assert connection.execute(foreign).fetchone()[0] > 3_000
        masked = "select count(distinct uscc), count(distinct alias) from subject_alias where source = 'jinan'"
        codes, keys = connection.execute(masked).fetchone()
        assert codes == keys > 60_000


def test_nothing_reads_later_facts(real_town, rows):
    contents = [row[0] for row in rows.execute("select content from credit_report limit 400")]
    assert {content["data_cut"]["last_invoice_month"] for content in contents} == {"2020-01"}  # February was delivered to the 21st only
    assert "2020-02" not in json.dumps([s for c in contents for s in c["sections"] if s["key"] == "tax_and_operation"])
    assert rows.execute("select count(*) from fact where valid_from > '2020-03-01'").fetchone() == (0,)


def test_masked_firms_carry_generated_marked_codes_and_the_register_is_real(rows):
    assert rows.execute("select count(*) from enterprise where origin = 'generated' and uscc like '________GEN%'").fetchone() == (302,)
    generated, real = rows.execute(
        "select count(*) filter (where generated), count(*) filter (where not generated) from fact f join batch b on b.id = f.batch_id"
    ).fetchone()
    assert (generated, real) == (425, 3_807)


def test_the_portfolio_of_302_firms_keeps_its_bounds_and_earns_more_than_simple_strategies(real_town, real_data, tmp_path):
    """100 m yuan, 100,000 to 1,000,000 each or nothing, 4 to 15 %, nothing to the worst class; the profit reckoned again from the files,
    with scikit-learn's isotonic regression and linear steps in the place of our own smoothing."""
    churn = real_data / "cumcm2020c" / "rate_churn_2019.csv"
    asked = (
        "--from-database",
        "--churn",
        str(churn),
        "--budget",
        "1亿",
        "--min",
        "100000",
        "--max",
        "1000000",
        "--rate-min",
        "4",
        "--rate-max",
        "15",
    )
    found = json_of("portfolio", *asked, "--json", "-o", str(tmp_path), "--data-dir", str(real_town[0]), "--today", "2020-03-01")
    assert (found["firms"], sum(found["by_rating"].values())) == (302, 302)
    plan = pd.read_csv(tmp_path / "firms.csv")
    lent = plan[plan["amount_yuan"] > 0]
    assert len(plan) == 302
    assert set(plan["rating"]) == set("ABCD")
    assert lent["amount_yuan"].between(100_000, 1_000_000).all()
    assert lent["amount_yuan"].sum() <= 100_000_000
    assert lent["annual_rate"].between(0.04, 0.15).all()
    assert not (lent["rating"] == "D").any()
    table = pd.read_csv(churn)
    smooth = {r: IsotonicRegression().fit(table["annual_rate"], table[f"churn_rate_{r.lower()}"]) for r in "ABC"}

    def profit(rating, p, rate):
        kept = 1 - smooth[rating].predict([rate])[0]
        return kept * ((1 - p) * rate - p * 0.6 - 0.025)

    earned = sum(row.amount_yuan * profit(row.rating, row.default_probability, row.annual_rate) for row in lent.itertuples())
    ours, *others = found["strategies"]
    assert ours["expected_profit_fen"] / 100 == pytest.approx(earned, rel=0.02)
    assert ours["expected_profit_fen"] > max(one["expected_profit_fen"] for one in others) > 0
    assert ours["gap"] == 0
    # Simple strategies from the files alone: shares of 100 m for all but the worst class, and the likeliest to pay first, each at its best single rate.
    good = plan[plan["rating"] != "D"]
    rates = np.arange(0.04, 0.1501, 0.0025)
    share = min(1_000_000, 100_000_000 / len(good))
    firms = [(row.rating, row.default_probability) for row in good.sort_values("default_probability").itertuples()]
    equal = max(share * sum(profit(r, p, rate) for r, p in firms) for rate in rates)
    first = max(1_000_000 * sum(profit(r, p, rate) for r, p in firms[:100]) for rate in rates)
    by_name = {one["strategy"]: one["expected_profit_fen"] / 100 for one in others}
    assert by_name["equal_shares_best_rate"] == pytest.approx(equal, rel=0.03)
    assert by_name["best_first_one_rate"] == pytest.approx(first, rel=0.03)
    assert earned > 1.01 * max(equal, first)


def test_training_again_gives_the_committed_model(real_data):
    """The committed model is what the committed code makes of the data, to the byte, and so is its challenger."""
    from greenbridge.settings import home
    from ml import dataset, train
    from ml.card import features
    from ml.dataset_card import read

    card = read(home() / "ml" / "cards" / "cumcm-default.toml")
    folder = home() / "ml" / "artifacts" / card.version
    kept = json.loads((folder / "card.json").read_text())
    data = dataset.load(card, real_data)
    assert kept["data"] | data.facts == kept["data"]
    model, challenger = train.fit(data)
    assert model.booster.model_to_string() == (folder / "model.txt").read_text()
    assert dict(model.calibration) == kept["calibration"]
    assert json.loads(json.dumps(challenger.table())) == json.loads((folder / "scorecard.json").read_text())
    assert features(data, model) == kept["features"]


def test_the_committed_figures_are_those_of_their_splits(real_data):
    """The first of the ten repeats, judged again: ours and what it is compared with."""
    from greenbridge.settings import home
    from ml import benchmark, dataset, evaluate, measures
    from ml.dataset_card import read

    card = read(home() / "ml" / "cards" / "cumcm-default.toml")
    kept = json.loads((home() / "ml" / "artifacts" / card.version / "card.json").read_text())
    data = dataset.load(card, real_data)
    (ours,) = [model for model in benchmark.models(card) if model.name == benchmark.OURS]
    for number, (train_rows, test_rows) in enumerate(evaluate.splits_of(data)[:5]):
        fitted = ours.fit(data.frame.iloc[train_rows], data.y[train_rows], data.columns, ours.imputation, card.protocol.seed)
        auc = measures.auc(data.y[test_rows], fitted.predict(data.frame.iloc[test_rows]))
        assert auc == pytest.approx(kept["metrics"][ours.name]["auc_by_split"][number], abs=1e-4)
