import pytest

from greenbridge.kit import database
from greenbridge.settings import Settings
from tests.demonstration import greenbridge, json_of


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    database.database_url(Settings.from_environment({}, data_dir=folder))  # the server stays up between the commands
    return ["--data-dir", str(folder)]


def test_import_counts_refuses_by_line_and_repeats_without_change(at, tmp_path):
    file = tmp_path / "banks.csv"
    file.write_text("cnaps_no,bank_name\n102100099996,中国工商银行\n12,甲\n", encoding="gb18030")
    first = json_of("reference", "import", "banks", str(file), "--json", "--today", "2026-03-01", *at)
    assert (first["delivered"], first["accepted"], first["refused"], first["added"]) == (2, 1, 1, 1)
    assert first["refusals"] == [{"line": 3, "reason": "bad_code"}]
    assert not first["repeated"]
    again = greenbridge("reference", "import", "banks", str(file), *at)
    assert again.returncode == 0
    assert "2 delivered = 1 accepted + 1 refused" in again.stdout
    assert "nothing was changed" in again.stdout
    assert "line 3: bad_code" in again.stdout
    listed = json_of("reference", "list", "banks", "--json", "--today", "2026-03-01", *at)
    assert [(e["code"], e["name"], e["valid_from"]) for e in listed] == [("102100099996", "中国工商银行", "2026-03-01")]
    assert "中国工商银行" in greenbridge("reference", "list", "banks", *at).stdout


def test_list_shows_kinds_with_counts_and_dates(at):
    kinds = {k["kind"]: k for k in json_of("reference", "list", "--json", *at)}
    assert set(kinds) == {"regions", "industries", "green-catalogue", "banks", "lpr"}
    assert (kinds["industries"]["shipped"], kinds["industries"]["oldest"]) == (117, "2017-10-01")
    assert "2019-08-20" in greenbridge("reference", "list", *at).stdout


@pytest.mark.parametrize(
    ("kind", "content", "options", "said"),
    [
        ("banks", "a,b\n1,2\n", [], "cnaps_no"),
        ("banks", None, [], "no-such.csv"),
        ("colours", "a,b\n1,2\n", [], "colours"),
        ("banks", "cnaps_no,bank_name\n", ["--valid-from", "soon"], "soon"),
    ],
)
def test_wrong_input_is_one_sentence_and_code_2(at, tmp_path, kind, content, options, said):
    file = tmp_path / ("list.csv" if content else "no-such.csv")
    if content:
        file.write_text(content)
    run = greenbridge("reference", "import", kind, str(file), *options, *at)
    assert run.returncode == 2
    assert said in run.stderr.replace("\n", "")
    assert "Traceback" not in run.stderr


def test_classify_names_the_division_with_its_evidence():
    found = json_of("reference", "classify", "德清某某木业有限公司", "--scope", "木地板制造、销售", "--json")["guess"]
    assert (found["section"], found["division"], found["evidence"]) == ("C", "20", ["木业", "木地板"])
    assert "木材加工" in found["division_name"]
    assert json_of("reference", "classify", "某某实业有限公司", "--json")["guess"] is None
    assert "C20" in greenbridge("reference", "classify", "德清某某木业有限公司").stdout
    assert greenbridge("reference", "classify", "某某").returncode == 0


def test_accuracy_of_no_list_is_one_sentence(tmp_path):
    (tmp_path / "x.parquet").write_text("no")
    run = greenbridge("reference", "industry-accuracy", str(tmp_path / "x.parquet"))
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
