import multiprocessing
import stat
import sys
from datetime import UTC, datetime, timedelta

import pytest

from greenbridge.kit import signing
from greenbridge.kit.errors import Invalid
from greenbridge.kit.keyring import KeyRing
from greenbridge.kit.signing import EDDSA, SM2_SM3, Ed25519, Sm2, Unverified

NOW = datetime(2026, 3, 10, 8, tzinfo=UTC)
DAY = timedelta(days=1)
# RFC 8032, 7.1, test 2; the key of RFC 8037, A.1 to A.3.
RFC_8032 = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
RFC_8032_SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
RFC_8037 = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
}
# GB/T 32918.5-2017, annex A.2: the message is signed for the id 1234567812345678.
GB_PRIVATE = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
GB_PUBLIC = (
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020",
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13",
)
GB_SIGNATURE = (
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)


def test_published_ed25519_vectors():
    key = Ed25519().private(bytes.fromhex(RFC_8032))
    assert Ed25519().sign(key, b"\x72").hex() == RFC_8032_SIGNATURE
    assert Ed25519().verify(key, b"\x72", bytes.fromhex(RFC_8032_SIGNATURE))
    assert not Ed25519().verify(key, b"\x73", bytes.fromhex(RFC_8032_SIGNATURE))
    assert Ed25519().private(signing.from_b64url(RFC_8037["d"])) == RFC_8037
    assert signing.thumbprint(RFC_8037) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_published_sm2_vector():
    key = Sm2().private(GB_PRIVATE)
    assert (signing.from_b64url(key["x"]).hex().upper(), signing.from_b64url(key["y"]).hex().upper()) == GB_PUBLIC
    assert Sm2().verify(key, b"message digest", bytes.fromhex(GB_SIGNATURE))
    assert not Sm2().verify(key, b"message digesT", bytes.fromhex(GB_SIGNATURE))


@pytest.mark.parametrize("alg", [EDDSA, SM2_SM3])
def test_what_is_signed_verifies_by_the_published_keys_alone(tmp_path, alg):
    ring = KeyRing(tmp_path / "keys")
    ring.rotate(alg, NOW)
    kid, named, signature = ring.sign(b"head", NOW)
    document = ring.public_document(NOW)
    assert named == alg
    assert len(signing.from_b64url(signature)) == 64
    signing.verify(document, kid, alg, b"head", signature)
    other = SM2_SM3 if alg == EDDSA else EDDSA
    last = "A" if signature[-1] != "A" else "Q"
    for changed, reason in [
        (("x" * 43, alg, b"head", signature), "unknown-key"),
        ((kid, other, b"head", signature), "wrong-algorithm"),
        ((kid, "none", b"head", signature), "wrong-algorithm"),
        ((kid, alg, b"Head", signature), "bad-signature"),
        ((kid, alg, b"head", signature[:-1] + last), "bad-signature"),
        ((kid, alg, b"head", signature + "="), "bad-signature"),
        ((kid, alg, b"head", signing.b64url(bytes(64))), "bad-signature"),
        ((kid, alg, b"head", signing.b64url(b"\xff" * 64)), "bad-signature"),
        ((kid, alg, b"head", ""), "bad-signature"),
        ((kid, alg, b"head", "签名"), "bad-signature"),
    ]:
        with pytest.raises(Unverified) as caught:
            signing.verify(document, *changed)
        assert caught.value.reason == reason


@pytest.mark.parametrize("alg", [EDDSA, SM2_SM3])
def test_a_published_key_that_was_changed_is_refused(tmp_path, alg):
    ring = KeyRing(tmp_path / "keys")
    ring.rotate(alg, NOW)
    kid, _, signature = ring.sign(b"head", NOW)
    (entry,) = ring.public_document(NOW)["keys"]
    foreign = signing.public_part(signing.ALGORITHMS[alg].generate())
    for changed in (foreign, {"x": "AA"}, {"x": 5}, {"kty": "RSA"}):
        with pytest.raises(Unverified) as caught:
            signing.verify({"keys": [entry | changed]}, kid, alg, b"head", signature)
        assert caught.value.reason == "wrong-key"
    for document in ({}, {"keys": None}, {"keys": [{}]}, {"keys": []}):
        with pytest.raises(Unverified) as caught:
            signing.verify(document, kid, alg, b"head", signature)
        assert caught.value.reason == "unknown-key"


def test_a_key_that_is_no_point_of_the_curve_is_refused():
    point = {"kty": "EC", "crv": "SM2", "x": signing.b64url(b"\x01" * 32), "y": signing.b64url(b"\x01" * 32)}
    kid = signing.thumbprint(point)
    with pytest.raises(Unverified) as caught:
        signing.verify({"keys": [point | {"kid": kid, "alg": SM2_SM3}]}, kid, SM2_SM3, b"", signing.b64url(bytes(64)))
    assert caught.value.reason == "wrong-key"


def test_without_the_extra_sm2_says_what_to_install(tmp_path, monkeypatch):
    document = {"keys": [signing.public_part(key := Sm2().private(GB_PRIVATE)) | {"kid": signing.thumbprint(key), "alg": SM2_SM3}]}
    for module in [name for name in sys.modules if name.startswith("tongsuopy.crypto")]:
        monkeypatch.setitem(sys.modules, module, None)
    ring = KeyRing(tmp_path / "keys")
    first = ring.active(NOW)
    with pytest.raises(Invalid, match=r"greenbridge\[sm\]"):
        ring.rotate(SM2_SM3, NOW)
    assert ring.active(NOW) == first
    with pytest.raises(Unverified) as caught:
        signing.verify(document, signing.thumbprint(key), SM2_SM3, b"message digest", signing.b64url(bytes.fromhex(GB_SIGNATURE)))
    assert caught.value.reason == "missing-algorithm"


def test_the_first_use_makes_a_key_that_its_owner_alone_may_read(tmp_path):
    folder = tmp_path / "keys"
    key = KeyRing(folder).active(NOW)
    assert key.alg == EDDSA
    assert key.created_at == NOW
    assert key == KeyRing(folder).active(NOW + DAY)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / f"{key.kid}.json").stat().st_mode) == 0o600
    assert "'d'" not in repr(key)
    assert [set(entry) for entry in KeyRing(folder).public_document(NOW)["keys"]] == [
        {"kty", "crv", "x", "kid", "alg", "use", "created_at"}
    ]


def test_a_retired_key_signs_no_more_and_verifies_for_ever(tmp_path):
    ring = KeyRing(tmp_path / "keys")
    before = ring.sign(b"head", NOW)
    successor = ring.rotate(SM2_SM3, NOW + DAY)
    ring.rotate(EDDSA, NOW + DAY)  # in the same instant: the order of making decides
    last = ring.rotate(EDDSA, NOW)  # and a clock that went back changes nothing
    assert ring.active(NOW) == last
    assert ring.sign(b"head", NOW)[0] == last.kid
    document = ring.public_document(NOW)
    signing.verify(document, *before[:2], b"head", before[2])
    retired = {entry["kid"]: entry.get("retired_at") for entry in document["keys"]}
    assert retired[before[0]] == (NOW + DAY).isoformat()
    assert retired[successor.kid] == (NOW + DAY).isoformat()
    assert list(retired.values())[-1] is None
    with pytest.raises(Invalid):
        ring.rotate("RS256", NOW)


def first_key(folder, barrier, found):
    barrier.wait()
    found.put(KeyRing(folder).active(NOW).kid)


def test_processes_that_start_at_once_make_one_key(tmp_path):
    context = multiprocessing.get_context("spawn")
    barrier, found = context.Barrier(3), context.Queue()
    processes = [context.Process(target=first_key, args=(tmp_path / "keys", barrier, found)) for _ in range(3)]
    for process in processes:
        process.start()
    kids = {found.get(timeout=60) for _ in processes}
    for process in processes:
        process.join()
    assert len(kids) == 1
    assert len(KeyRing(tmp_path / "keys").public_document(NOW)["keys"]) == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"kid":"a","alg":"EdDSA","serial":1,"created_at":"2026-03-10","jwk":{"x":"a"}}'])
def test_a_file_that_holds_no_key_is_named(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(Invalid, match=r"a\.json"):
        KeyRing(tmp_path).active(NOW)
