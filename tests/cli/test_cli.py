import json
import socket

import pytest

from greenbridge.kit.codes import generated_uscc
from tests.demonstration import greenbridge, json_of


def at(small_town):
    return ["--data-dir", str(small_town[0])]


def test_the_summary_says_what_was_done(small_town):
    summary = small_town[1]
    assert {"firms", "deliveries", "reports", "scores", "needs", "matches", "offers", "seconds"} <= set(summary)
    assert summary["firms"] == summary["reports"] == 11  # one of the twelve is deregistered
    assert summary["needs"] == 10  # and one does not pass the five points
    assert summary["offers"] > 0
    assert summary["accepted"] > 0
    assert summary["matches"] > 0
    for delivery in summary["deliveries"]:
        assert {"item", "file", "delivered", "accepted", "quarantined"} <= set(delivery)
        assert delivery["accepted"] + delivery["quarantined"] == delivery["delivered"]
    items = {d["item"] for d in summary["deliveries"]}
    assert len(items) == 40
    assert items >= {"registration.shareholders", "courts.dishonesty", "social_insurance.payments", "real_estate.mortgages"}


def test_the_same_demonstration_again_is_kept_and_another_is_refused(small_town):
    again = json_of("demo", "--once", "--json", "--firms", "12", *at(small_town))
    assert again == small_town[1]
    other = greenbridge("demo", "--once", "--json", "--firms", "13", *at(small_town))
    assert other.returncode == 2
    assert "another demonstration" in other.stderr


async def test_a_database_that_somebody_named_is_never_emptied(own_database, tmp_path):
    """An interrupted demonstration's mark in the data folder must not empty another database."""
    import psycopg

    (tmp_path / "demonstration.json").write_text('{"state": "running", "plan": {}}')
    plain = own_database.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("insert into organisation values (gen_random_uuid(), 'platform', 'p', 'p')")
        connection.execute("insert into account select gen_random_uuid(), 'a', 'h', 'operator', id, now() from organisation")
        run = greenbridge("demo", "--once", "--json", "--data-dir", str(tmp_path), DATABASE_URL=plain)
        assert run.returncode == 2
        assert "in use" in run.stderr
        assert connection.execute("select count(*) from account").fetchone() == (1,)


def test_enterprises_report_score_match(small_town):
    firms = json_of("enterprises", "--json", *at(small_town))
    town = [firm for firm in firms if "GEN900" in firm["uscc"]]  # the browser tests add a firm of their own
    assert len(town) == 11
    assert all(firm["origin"] == "generated" and firm["status"] == "verified" for firm in town)
    firm = town[0]["id"]
    report = json_of("report", firm, "--json", *at(small_town))
    assert [s["key"] for s in report["content"]["sections"]] == [
        "registration",
        "associations",
        "tax_and_operation",
        "legal_risk",
        "operating_risk",
        "evaluations",
        "comparison",
        "queries",
    ]
    by_code = json_of("report", town[0]["uscc"], "--json", "--known-at", report["content"]["known_at"], *at(small_town))
    assert by_code == report  # a replay is the same file, signature and all
    score = json_of("score", firm, "--json", *at(small_town))["score"]
    assert 0 < score["default_probability"] < 1
    for effect in ("raises", "lowers"):
        assert len([reason for reason in score["reasons"] if reason["effect"] == effect]) <= 4
    matches = json_of("match", firm, "--json", *at(small_town))["matches"]
    assert len(matches) >= 24
    assert all({"fact", "outcome", "value", "limit", "margin", "unit"} <= set(v) for m in matches for v in m["verdicts"])
    for command in ("report", "score", "match"):
        run = greenbridge(command, firm, *at(small_town))
        assert run.returncode == 0, run.stderr
        assert "{" not in run.stdout  # words and tables, not a raw dump


def test_a_report_is_written_verified_taken_apart_and_compared(small_town, tmp_path):
    firm = json_of("enterprises", "--json", *at(small_town))[0]["id"]
    pdf, signed, part = (tmp_path / name for name in ("r.pdf", "r.json", "p.json"))
    for form, path in (("pdf", pdf), ("json", signed)):
        run = greenbridge("report", firm, "--format", form, "-o", str(path), *at(small_town))
        assert run.returncode == 0, run.stderr
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(json_of("keys", "--json", *at(small_town))))
    assert greenbridge("disclose", str(signed), "/enterprise/name", "-o", str(part)).returncode == 0
    for path in (pdf, signed, part):
        run = greenbridge("verify", str(path), "--keys", str(keys))
        assert run.returncode == 0, run.stdout + run.stderr
    part.write_text(part.read_text().replace('"value":"', '"value":"X', 1))
    run = greenbridge("verify", str(part), "--keys", str(keys))
    assert run.returncode == 1
    assert "/enterprise/name" in run.stdout
    run = greenbridge("verify", str(pdf), "--data-dir", str(tmp_path / "empty"))
    assert run.returncode == 2
    assert "greenbridge-keys.json" in run.stderr
    assert not (tmp_path / "empty").exists()
    run = greenbridge("report", "diff", str(signed), str(pdf), *at(small_town))
    assert run.returncode == 0, run.stderr
    for wrong in (
        ["report", "diff", str(part), str(pdf)],
        ["disclose", str(part), "/enterprise"],
        ["verify", str(pdf), "--keys", str(part)],
    ):
        run = greenbridge(*wrong)
        assert run.returncode == 2, wrong
        assert "Traceback" not in run.stderr


def test_all_reports_are_written_by_one_command(small_town, tmp_path):
    run = greenbridge("reports", "--out", str(tmp_path / "all"), "--format", "json", "--format", "pdf", *at(small_town), timeout=180)
    assert run.returncode == 0, run.stderr
    written = sorted(path.suffix for path in (tmp_path / "all").iterdir())
    assert written == [".json"] * (len(written) // 2) + [".pdf"] * (len(written) // 2)
    assert len(written) >= 22


def test_ingest_keeps_count_and_names_reasons(small_town, tmp_path):
    file = tmp_path / "grades.csv"
    good, bad = generated_uscc(90_000, "330502"), "91330502GEN000000A"
    file.write_text(f"uscc,year,grade,published_on\n{good},2024,A,2025-04-25\n{bad},2024,A,2025-04-25\n{good},2023,Z,2024-04-25\n")
    done = json_of("ingest", "tax.credit_grade", str(file), "--json", *at(small_town))
    assert (done["delivered"], done["accepted"], done["quarantined"]) == (3, 1, 2)
    assert done["reasons"] == {"bad_choice": 1, "bad_code": 1}
    again = json_of("ingest", "tax.credit_grade", str(file), "--json", *at(small_town))
    assert again["repeated"]
    assert again["batch"] == done["batch"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["report", "nobody"], "There is no enterprise nobody"),
        (["ingest", "tax.unknown", "x.csv"], "There is no item tax.unknown"),
        (["ingest", "tax.vat_invoices", "missing.csv"], "cannot be read"),
        (["demo", "--once", "--data", "nowhere"], "Data files are missing"),
        (["demo", "--json"], "--once"),
        (["report", "x", "--as-of", "yesterday"], "must be a date"),
        (["serve", "--today", "someday"], "Invalid"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(small_town, arguments, said):
    run = greenbridge(*arguments, *at(small_town))
    assert run.returncode == 2, run.stdout + run.stderr
    assert said in run.stderr
    assert "Traceback" not in run.stderr


def test_a_taken_port_is_one_sentence_and_exit_code_2(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run = greenbridge("serve", "--port", str(taken.getsockname()[1]), "--data-dir", str(tmp_path), timeout=60)
    assert run.returncode == 2
    assert "Cannot listen on 127.0.0.1" in run.stderr


def test_products_check_passes_and_finds_what_is_wrong(tmp_path):
    from greenbridge.settings import home

    found = json_of("products", "check", "--json", "--data-dir", str(tmp_path / "d"))
    assert found["products"] >= 24
    assert found["failures"] == []
    folder = tmp_path / "products"
    folder.mkdir()
    (folder / "banks.toml").write_text((home() / "products" / "banks.toml").read_text())
    text = (home() / "products" / "gb01-tax.toml").read_text()
    (folder / "one.toml").write_text(
        text.replace('name = "typical applicant"\nexpect = "eligible"', 'name = "typical applicant"\nexpect = "conditional"')
    )
    run = greenbridge("products", "check", str(folder), "--json", "--data-dir", str(tmp_path / "d"))
    assert run.returncode == 1
    assert json.loads(run.stdout)["failures"][0]["case"] == "typical applicant"
    (folder / "one.toml").write_text('colour = "green"\n' + text)
    run = greenbridge("products", "check", str(folder), "--data-dir", str(tmp_path / "d"))
    assert run.returncode == 2
    assert "colour" in run.stderr


def test_first_operator_comes_from_the_command_line(tmp_path):
    arguments = ["account", "boss", "--role", "operator", "--organisation", "platform", "--data-dir", str(tmp_path)]
    assert greenbridge(*arguments, GREENBRIDGE_PASSWORD="a long enough password").returncode == 0
    again = greenbridge(*arguments, GREENBRIDGE_PASSWORD="a long enough password")
    assert again.returncode == 2
    assert "taken" in again.stderr
    assert greenbridge("migrate", "--data-dir", str(tmp_path)).returncode == 0
