"""One asset, one form, however it is typed; two assets, two forms."""

import hmac
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.collateral.gateway import Vault
from greenbridge.collateral.gateway.vault import KeyProblem
from greenbridge.collateral.rules import identity
from greenbridge.collateral.rules.identity import PARTS, canonical, encoded
from greenbridge.collateral.values import AssetKind, Stated
from greenbridge.kit.codes import generated_uscc
from greenbridge.kit.errors import Invalid
from tests.collateral.assets import FIELDS, UNIT, stated
from tests.conftest import NOW

DIGITS = "0123456789"
LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MACHINE = st.text(LATIN + DIGITS, min_size=1, max_size=20)
ASSETS = st.one_of(
    st.builds(
        lambda code, number: Stated(AssetKind.INVOICE, {"code": code, "number": number, "issued_on": "2026-01-15"}, 100),
        st.text(DIGITS, min_size=12, max_size=12),
        st.text(DIGITS, min_size=1, max_size=8),
    ),
    st.builds(
        lambda number: Stated(AssetKind.INVOICE, {"number": number, "issued_on": "2026-01-15"}, 100),
        st.text(DIGITS, min_size=20, max_size=20),
    ),
    st.builds(
        lambda firm, number: Stated(AssetKind.ORDER, {"buyer": generated_uscc(firm, "330502"), "number": number}, 100),
        st.integers(1, 50),
        MACHINE,
    ),
    st.builds(
        lambda firm, number: Stated(AssetKind.WAREHOUSE_RECEIPT, {"keeper": generated_uscc(firm, "330502"), "number": number}, 100),
        st.integers(1, 50),
        MACHINE,
    ),
    st.builds(
        lambda a, b, c: Stated(AssetKind.REAL_ESTATE, {"unit_no": f"330502{a:06d}GB{b:05d}F{c:08d}", "certificate_no": "浙证1"}, 100),
        st.integers(0, 999_999),
        st.integers(0, 99_999),
        st.integers(0, 99_999_999),
    ),
    st.builds(lambda maker, serial: Stated(AssetKind.EQUIPMENT, {"maker": maker, "serial": serial}, 100), MACHINE, MACHINE),
)
FULL_WIDTH = {c: chr(ord(c) + 0xFEE0) for c in DIGITS + LATIN + LATIN.lower()}


@st.composite
def typed_otherwise(draw, text):
    """The same characters as another hand types them."""
    out = []
    for c in text:
        out.append(draw(st.sampled_from([c, c.lower(), FULL_WIDTH.get(c, c)])))
        out.append(draw(st.sampled_from(["", "", "", " ", "\u3000", "\u200b", "-", "－", ".", "/", "\ufeff"])))
    return draw(st.sampled_from(["", " ", "\t"])) + "".join(out)


@settings(max_examples=100)
@given(ASSETS)
def test_the_canonical_form_is_its_own_canonical_form(asset):
    once = canonical(asset)
    again = canonical(replace(asset, fields=once.fields))
    assert again == once


@settings(max_examples=100)
@given(ASSETS, st.data())
def test_one_asset_has_one_form_however_it_is_typed(asset, data):
    typed = {
        name: data.draw(typed_otherwise(text))
        if name != "issued_on"
        else data.draw(st.sampled_from([text, "2026/1/15", "２０２６年1月15日", "20260115"]))
        for name, text in asset.fields.items()
    }
    assert canonical(replace(asset, fields=typed)) == canonical(asset)


@settings(max_examples=100)
@given(ASSETS, ASSETS)
def test_two_assets_have_two_forms(one, other):
    same = (one.kind, plainly(one)) == (other.kind, plainly(other))
    a, b = (canonical(asset) for asset in (one, other))
    assert (encoded(a.kind, a.key) == encoded(b.kind, b.key)) == same


def plainly(asset):
    """What tells an asset of the strategy apart, by a second and simpler rule: of these alphabets nothing but zeros may differ."""
    f = asset.fields
    if asset.kind is AssetKind.INVOICE:
        return f.get("code", "") + (f["number"] if len(f["number"]) == 20 else f["number"].rjust(8, "0"))
    number = f.get("number") or f.get("serial") or f["unit_no"]
    number = (number.lstrip("0") or "0") if re.fullmatch("[0-9]+", number) else number
    maker = f.get("maker", "")
    maker = (maker.lstrip("0") or "0") if re.fullmatch("[0-9]+", maker) else maker
    while maker.endswith("COLTD") and maker != "COLTD":
        maker = maker.removesuffix("COLTD")
        maker = (maker.lstrip("0") or "0") if re.fullmatch("[0-9]+", maker) else maker
    return f.get("buyer") or f.get("keeper") or maker, number


@pytest.mark.parametrize(
    ("kind", "changes", "the_same_as"),
    [
        (AssetKind.INVOICE, {"code": "33001900104"}, {}),  # a spreadsheet took the first zero
        (AssetKind.INVOICE, {"number": "12345"}, {}),
        (AssetKind.INVOICE, {"number": "０００１２３４５"}, {}),
        (AssetKind.INVOICE, {"number": "OOOl2345"}, {}),  # letters for digits
        (AssetKind.INVOICE, {"code": "", "number": "26332000000012345678"}, {"code": "263320000000", "number": "12345678"}),
        (AssetKind.ORDER, {"number": "po 2026/0012"}, {}),
        (AssetKind.ORDER, {"number": "000123"}, {"number": "123"}),
        (AssetKind.REAL_ESTATE, {"unit_no": "330502 001001 GB00001 F00010001"}, {}),
        (AssetKind.REAL_ESTATE, {"unit_no": UNIT.replace("0", "O").replace("1", "I")}, {}),
        (AssetKind.REAL_ESTATE, {"certificate_no": "浙(2024)湖州市不动产权第 0001234 号"}, {}),
        (AssetKind.EQUIPMENT, {"maker": "海天塑机集团股份有限公司", "serial": "ht２０２４0098"}, {}),
        (AssetKind.EQUIPMENT, {"maker": "Haitian Co., Ltd.", "serial": "1"}, {"maker": "HAITIAN", "serial": "01"}),
    ],
)
def test_known_traps(kind, changes, the_same_as):
    one, other = canonical(stated(kind, **changes)), canonical(stated(kind, **the_same_as))
    assert one.key == other.key
    assert one.full == other.full


def test_a_vehicle_is_one_in_whichever_field_its_number_stands():
    number = "1M8GDM9AXKP042788"  # the check digit of the standard's own example
    by_serial = canonical(stated(AssetKind.EQUIPMENT, maker="某厂", serial=number))
    by_vin = canonical(Stated(AssetKind.EQUIPMENT, {"vin": "1m8gdm9axkpO42788"}, 100))
    assert by_serial.key == by_vin.key == ("vin", number)


def test_the_key_leaves_out_what_could_be_altered_and_the_statement_holds_it():
    one = canonical(stated())
    later, dearer = canonical(stated(issued_on="2026-01-16")), canonical(stated(whole_fen=1))
    assert one.key == later.key == dearer.key
    assert len({one.full, later.full, dearer.full}) == 3


@pytest.mark.parametrize(
    ("kind", "changes", "wrong"),
    [
        (AssetKind.INVOICE, {"number": ""}, "number"),
        (AssetKind.INVOICE, {"number": "123456789"}, "number"),
        (AssetKind.INVOICE, {"code": ""}, "code"),
        (AssetKind.INVOICE, {"number": "26332000000012345678"}, "code"),
        (AssetKind.INVOICE, {"issued_on": "2026-02-30"}, "issued_on"),
        (AssetKind.ORDER, {"number": "РО-1"}, "number"),  # Cyrillic letters that look Latin
        (AssetKind.ORDER, {"buyer": "91330502GEN0007799"}, "buyer"),
        (AssetKind.REAL_ESTATE, {"unit_no": "33050200"}, "unit_no"),
        (AssetKind.EQUIPMENT, {"serial": ""}, "serial"),
        (AssetKind.EQUIPMENT, {"vin": "1M8GDM9AXKP042788"}, "serial"),
        (AssetKind.EQUIPMENT, {"vin": "1M8"}, "vin"),
        (AssetKind.EQUIPMENT, {"colour": "green"}, "colour"),
        (AssetKind.ORDER, {"whole_fen": 0}, "whole_fen"),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused_beside_its_field(kind, changes, wrong):
    with pytest.raises(Invalid) as refused:
        canonical(stated(kind, **changes))
    assert [field.field for field in refused.value.fields] == [wrong]


def test_every_kind_has_parts_and_an_example():
    assert set(PARTS) == set(FIELDS) == set(AssetKind)


def test_kinds_and_forms_never_meet():
    encodings = {encoded(kind, ("1", "2")) for kind in AssetKind}
    assert len(encodings) == len(AssetKind)
    assert encoded(AssetKind.ORDER, ("a", "bc")) != encoded(AssetKind.ORDER, ("ab", "c"))
    assert identity.FORM.encode() in encoded(AssetKind.ORDER, ("a",))


def test_a_commitment_needs_its_key_and_a_seal_its_row(tmp_path):
    vault = Vault(tmp_path / "pledges")
    one, other = vault.make(NOW), vault.make(NOW)
    data = encoded(AssetKind.ORDER, ("a", "1"))
    assert one.commit(data) == vault.key(one.id).commit(data) == Vault(tmp_path / "pledges").key(one.id).commit(data)
    assert one.commit(data) != other.commit(data)
    assert one.commit(data) != hmac.new(b"", data, "sha256").hexdigest()
    assert (tmp_path / "pledges" / f"{one.id}.json").stat().st_mode & 0o777 == 0o600
    sealed = one.seal(b"secret", "row-1")
    assert b"secret" not in sealed
    assert sealed != one.seal(b"secret", "row-1")
    assert one.open(sealed, "row-1") == b"secret"
    for key, about in ((one, "row-2"), (other, "row-1")):
        with pytest.raises(KeyProblem):
            key.open(sealed, about)
    vault.destroy(one.id)
    with pytest.raises(KeyProblem):
        vault.key(one.id)
    assert "_commits" not in repr(other)
