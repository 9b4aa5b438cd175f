import hashlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.kit import merkle

SEED = bytes(range(32))
REPORT = {
    "as_of": "2026-03-10",
    "enterprise": {"name": "绿桥纺织", "uscc": "91350100M000100Y43", "tags": []},
    "score": None,
    "extra": {},
    "sections": [
        {
            "key": "legal_risk",
            "title": {"zh": "司法", "en": "Legal"},
            "facts": [{"key": "tax_grade", "value": "A"}, {"key": "cases", "value": 0}],
            "tables": [{"rows": [[1, 2]]}],
            "charts": [],
        },
        {"key": "registration", "facts": [{"key": "age", "value": 94}, {"key": "age", "value": 95}]},
    ],
}


def test_leaves_are_named_by_keys_and_sorted_and_nothing_is_left_out():
    leaves = merkle.leaves(REPORT)
    assert list(leaves) == sorted(leaves)
    assert leaves["/sections"] == ["legal_risk", "registration"]
    assert leaves["/sections/legal_risk/facts"] == ["tax_grade", "cases"]
    assert leaves["/sections/legal_risk/facts/tax_grade"] == {"key": "tax_grade", "value": "A"}
    assert leaves["/sections/legal_risk/title/zh"] == "司法"
    # Elements without a key, or with the same one, go by their places.
    assert leaves["/sections/legal_risk/tables/0"] == {"rows": [[1, 2]]}
    assert leaves["/sections/registration/facts"] == ["0", "1"]
    assert leaves["/sections/legal_risk/charts"] == []
    assert leaves["/enterprise/tags"] == []
    assert leaves["/extra"] == {}
    assert leaves["/score"] is None


def test_pointers_escape_as_rfc_6901_asks():
    assert list(merkle.leaves({"a/b": {"m~n": 1}})) == ["/a~1b/m~0n"]
    assert merkle.leaves({}) == {"": {}}


def changed(**sections_of):
    first, second = REPORT["sections"]
    return {**REPORT, "sections": [{**first, **sections_of}, second]}


@pytest.mark.parametrize(
    "other",
    [
        {**REPORT, "sections": REPORT["sections"][::-1]},
        changed(facts=REPORT["sections"][0]["facts"][::-1]),
        changed(facts=REPORT["sections"][0]["facts"][:1]),
        changed(charts=None),
        changed(charts={}),
        changed(tables=[]),
        changed(facts={"tax_grade": {"key": "tax_grade", "value": "A"}, "cases": {"key": "cases", "value": 0}}),
        {**REPORT, "extra": []},
        {**REPORT, "extra": None},
        {key: value for key, value in REPORT.items() if key != "extra"},
    ],
)
def test_order_and_emptiness_are_bound_too(other):
    assert merkle.root(merkle.leaves(other), SEED) != merkle.root(merkle.leaves(REPORT), SEED)


def rfc_6962(hashes):
    """The definition of the RFC, by halves: the left one has the largest power of two below the whole."""
    if len(hashes) == 1:
        return hashes[0]
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + rfc_6962(hashes[:half]) + rfc_6962(hashes[half:])).digest()


@pytest.mark.parametrize("size", [*range(1, 34), 100])
def test_the_tree_is_that_of_rfc_6962(size):
    hashes = [hashlib.sha256(bytes([i])).digest() for i in range(size)]
    assert merkle.root_of(hashes) == rfc_6962(hashes)


def test_published_roots_of_certificate_transparency():
    # The inputs of the reference implementation of RFC 6962, and its root over all eight.
    inputs = [b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43", bytes(range(0x50, 0x58)), bytes(range(0x60, 0x70))]
    hashes = [hashlib.sha256(b"\x00" + data).digest() for data in inputs]
    assert merkle.root_of(hashes).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert merkle.root_of(hashes[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@settings(max_examples=60)
@given(
    st.dictionaries(st.text("abc/~", max_size=4), st.integers(0, 9), min_size=1, max_size=40),
    st.data(),
    st.sampled_from([merkle.SHA_256, merkle.SM3]),
)
def test_every_disclosed_leaf_leads_to_the_root_and_a_changed_one_does_not(content, data, algorithm):
    leaves = merkle.leaves(content)
    root = merkle.root(leaves, SEED, algorithm)
    chosen = data.draw(st.lists(st.sampled_from(list(leaves)), min_size=1, max_size=3))
    for leaf in merkle.proof(leaves, SEED, chosen, algorithm):
        assert merkle.root_from(leaf, len(leaves), algorithm) == root
        for change in (
            {"value": 10},
            {"pointer": leaf.pointer + "x"},
            {"salt": bytes(16)},
            {"index": leaf.index ^ 1},
            {"path": (*leaf.path, root)},
        ):
            fields = {"pointer": leaf.pointer, "value": leaf.value, "salt": leaf.salt, "index": leaf.index, "path": leaf.path} | change
            with suppress(ValueError):
                assert merkle.root_from(merkle.Disclosed(**fields), len(leaves), algorithm) != root


def test_a_name_stands_for_all_under_it_and_an_unknown_one_is_told():
    leaves = merkle.leaves(REPORT)
    assert merkle.named(leaves, ["/enterprise", "/enterprise/name"]) == ("/enterprise/name", "/enterprise/tags", "/enterprise/uscc")
    assert merkle.named(leaves, [""]) == tuple(leaves)
    with pytest.raises(KeyError, match="/enterprise/n"):
        merkle.named(leaves, ["/enterprise/n"])


def test_a_salt_depends_on_seed_and_name_and_hides_the_value():
    assert len({merkle.salt(SEED, "/a"), merkle.salt(SEED, "/b"), merkle.salt(SEED[::-1], "/a")}) == 3
    assert len(merkle.salt(SEED, "/a")) == 16
    assert merkle.leaf_hash("/a", 1, merkle.salt(SEED, "/a")) != merkle.leaf_hash("/a", 1, merkle.salt(SEED[::-1], "/a"))
    with pytest.raises(ValueError):
        merkle.salt(b"short", "/a")


def test_sm3_is_the_same_with_and_without_openssls_own(monkeypatch):
    # GB/T 32905-2016, annex A.1.
    assert merkle.HASHES[merkle.SM3](b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    monkeypatch.setattr(hashlib, "algorithms_available", set())
    assert merkle.HASHES[merkle.SM3](b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
