import copy
import json
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.kit import merkle, signing
from greenbridge.kit.canonical import canonical
from greenbridge.kit.errors import Invalid
from greenbridge.reports.rules import envelope
from greenbridge.reports.rules.verification import check

NOW = datetime(2026, 3, 10, 8, tzinfo=UTC)
SEED = bytes(range(32))
GRADE = "/sections/legal_risk/facts/tax_grade"
CONTENT = {
    "schema_version": "1.2",
    "as_of": "2026-03-10",
    "enterprise": {"name": "绿桥纺织有限公司", "uscc": "91350100M000100Y43"},
    "score": {"default_probability": 0.031234, "known_share": 1.0, "reasons": [{"code": "age", "value": 2.5}]},
    "sections": [
        {
            "key": "legal_risk",
            "title": {"zh": "司法风险", "en": "Legal risk"},
            "facts": [
                {"key": "tax_grade", "value": "A", "source": {"valid_on": "2026-01-31", "generated": True}},
                {"key": "judgments", "value": 0, "source": None},
            ],
            "tables": [{"key": "cases", "rows": [["2025-01", 1200, None], ["2024-12", 1e-7, "案"]]}],
        },
        {"key": "registration", "title": {"zh": "登记", "en": "Registration"}, "facts": [{"key": "age", "value": 94}], "tables": []},
    ],
}


def a_key(alg=signing.EDDSA):
    private = signing.ALGORITHMS[alg].generate()
    kid = signing.thumbprint(private)
    return private, {"keys": [signing.public_part(private) | {"kid": kid, "alg": alg, "use": "sig"}]}


PRIVATE, DOCUMENT = a_key()
VERIFY = partial(signing.verify, DOCUMENT)


def signed(head, private=PRIVATE, alg=signing.EDDSA):
    return signing.thumbprint(private), alg, signing.b64url(signing.ALGORITHMS[alg].sign(private, canonical(head)))


def a_file(content=CONTENT, algorithm=merkle.SHA_256, private=PRIVATE, alg=signing.EDDSA):
    head = envelope.head_of(merkle.leaf_hashes(merkle.leaves(content), SEED, algorithm), "GB-2026-000001", NOW, algorithm)
    return envelope.envelope(content, head, SEED.hex(), signed(head, private, alg))


FILE = a_file()
PART = envelope.disclosure(FILE, ["/enterprise", GRADE])
LEAVES = merkle.leaves(CONTENT)


def found(document):
    return {(flaw.code, flaw.pointer) for flaw in check(document, VERIFY)}


def with_(document, change):
    other = copy.deepcopy(document)
    change(other)
    return other


@pytest.mark.parametrize(("algorithm", "alg"), [(merkle.SHA_256, signing.EDDSA), (merkle.SM3, signing.SM2_SM3)])
def test_a_file_and_every_part_of_it_hold_after_a_way_through_json(algorithm, alg):
    private, document = a_key(alg)
    whole = a_file(CONTENT, algorithm, private, alg)
    verify = partial(signing.verify, document)
    assert check(envelope.read(canonical(whole)), verify) == ()
    assert check(envelope.read(json.dumps(whole, indent=2).encode()), verify) == ()
    for pointers in ([GRADE], ["/sections/legal_risk", "/as_of"], [""]):
        part = envelope.read(canonical(envelope.disclosure(whole, pointers)))
        assert check(part, verify) == ()


def test_a_part_shows_what_was_named_and_nothing_that_tells_of_the_rest():
    part = envelope.disclosure(FILE, ["/sections/legal_risk"])
    assert {leaf["pointer"] for leaf in part["disclosed"]} == {p for p in LEAVES if p.startswith("/sections/legal_risk/")}
    assert set(part) == {"head", "signature", "disclosed"}
    assert "绿桥" not in json.dumps(part, ensure_ascii=False)
    assert SEED.hex() not in json.dumps(part)


def test_an_unknown_name_and_a_broken_report_are_refused():
    with pytest.raises(Invalid, match="/sections/legal"):
        envelope.disclosure(FILE, ["/as_of", "/sections/legal"])
    broken = with_(FILE, lambda file: file["content"].update(as_of="2026-03-11"))
    with pytest.raises(Invalid) as caught:
        envelope.disclosure(broken, [GRADE])
    assert caught.value.code == "broken-report"


def fact(file):
    return file["content"]["sections"][0]["facts"][0]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda f: fact(f).update(value="B"), {("changed-value", GRADE)}),
        (lambda f: fact(f)["source"].update(generated=1), {("changed-value", GRADE)}),
        (lambda f: f["content"]["score"].update(known_share=0.9), {("changed-value", "/score/known_share")}),
        (lambda f: f["content"]["sections"][0]["facts"].reverse(), {("changed-value", "/sections/legal_risk/facts")}),
        (
            lambda f: f["content"]["sections"][0]["facts"].pop(0),
            {("missing-leaf", GRADE), ("changed-value", "/sections/legal_risk/facts")},
        ),
        (lambda f: f["content"].update(extra={}), {("added-leaf", "/extra")}),
        (lambda f: f["content"].pop("as_of"), {("missing-leaf", "/as_of")}),
        (lambda f: f["content"].update(as_of="\ud800"), {("malformed", "/as_of"), ("changed-value", "/as_of")}),
        (lambda f: f["leaf_hashes"].update({"/as_of": "0" * 64}), {("changed-hash", "/leaf_hashes/as_of")}),
        (lambda f: f["leaf_hashes"].pop("/as_of"), {("changed-hash", "/leaf_hashes/as_of")}),
        (lambda f: f["leaf_hashes"].update({"/as_of": "x"}), {("malformed", "/leaf_hashes/as_of"), ("changed-hash", "/leaf_hashes/as_of")}),
        (lambda f: f.update(seed="0" * 64), {("changed-seed", "/seed")}),
        (lambda f: f.update(seed="00"), {("malformed", "/seed")}),
        (lambda f: f.update(seed=SEED.hex().upper()), {("malformed", "/seed")}),
        (lambda f: f["head"].update(number="GB-2026-000002"), {("bad-signature", "/signature")}),
        (lambda f: f["head"].update(leaves=3), {("wrong-count", "/head/leaves"), ("bad-signature", "/signature")}),
        (lambda f: f["head"].update(root="0" * 64), {("root-mismatch", "/head/root"), ("bad-signature", "/signature")}),
        (lambda f: f["head"].update(root="0"), {("malformed", "/head/root"), ("bad-signature", "/signature")}),
        (
            lambda f: f["head"].update(hash="sm3"),
            {("bad-signature", "/signature"), ("root-mismatch", "/head/root"), ("changed-seed", "/seed")},
        ),
        (lambda f: f["head"].update(hash="md5"), {("unknown-format", "/head/hash"), ("bad-signature", "/signature")}),
        (lambda f: f["head"].update(leaves=True), {("malformed", "/head/leaves")}),
        (lambda f: f["head"].update(note=""), {("malformed", "/head/note")}),
        (lambda f: f["signature"].update(kid="x"), {("unknown-key", "/signature/kid")}),
        (lambda f: f["signature"].update(alg=signing.SM2_SM3), {("wrong-algorithm", "/signature/alg")}),
        (lambda f: f["signature"].update(value="AAAA"), {("bad-signature", "/signature")}),
        (lambda f: f.update(note="x"), {("malformed", "/note")}),
        (lambda f: f.pop("head"), {("malformed", "/head")}),
        (lambda f: f.update(signature=None), {("malformed", "/signature")}),
        (lambda f: f.update(content=[]), {("malformed", "/content")}),
    ],
)
def test_what_was_changed_in_a_whole_file_is_named(change, expected):
    flaws = found(with_(FILE, change))
    # With another hash everything differs: enough that the head is named.
    assert expected <= flaws if ("root-mismatch", "/head/root") in expected else flaws == expected


def test_content_and_hashes_changed_together_do_not_pass():
    other = with_(CONTENT, lambda c: c.update(as_of="2026-03-11"))
    forged = envelope.envelope(other, FILE["head"], SEED.hex(), tuple(FILE["signature"].values()))
    assert found(forged) == {("root-mismatch", "/head/root")}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda p: p["disclosed"][0].update(value="别的公司"), {("changed-value", "/enterprise/name")}),
        (lambda p: p["disclosed"][0].update(salt="00"), {("changed-value", "/enterprise/name")}),
        (lambda p: p["disclosed"][0].update(index=7), {("changed-value", "/enterprise/name")}),
        (lambda p: p["disclosed"][0].update(index=-1), {("changed-value", "/enterprise/name")}),
        (lambda p: p["disclosed"][0]["path"].pop(), {("changed-value", "/enterprise/name")}),
        (lambda p: p["disclosed"][0]["path"].append("0" * 64), {("changed-value", "/enterprise/name")}),
        (lambda p: p["disclosed"][0].update(pointer="/enterprise/uscx"), {("changed-value", "/enterprise/uscx")}),
        (lambda p: p["disclosed"].append(p["disclosed"][0]), {("repeated-leaf", "/enterprise/name")}),
        (lambda p: p["disclosed"][0].pop("salt"), {("malformed", "/disclosed/0/salt")}),
        (lambda p: p["disclosed"].append(None), {("malformed", "/disclosed/3")}),
        (lambda p: p["disclosed"].clear(), {("nothing-disclosed", "/disclosed")}),
        (lambda p: p["head"].update(root="0" * 64), {("root-mismatch", "/head/root"), ("bad-signature", "/signature")}),
        (lambda p: p["head"].update(made_at="2026-03-11T08:00:00+00:00"), {("bad-signature", "/signature")}),
        (lambda p: p.update(content={}), {("malformed", "/content")}),
    ],
)
def test_what_was_changed_in_a_part_is_named(change, expected):
    assert found(with_(PART, change)) == expected


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'{"a":1,"a":2}', b'{"a":NaN}', b"[" * 100_000, b'{"a":{"b":1,"b":1}}'])
def test_what_is_no_json_object_or_says_a_thing_twice_is_refused(data):
    with pytest.raises(ValueError):
        envelope.read(data)


def leaves_of(content):
    try:
        return merkle.leaves(content)
    except ValueError:
        return None


def differing(before, after):
    return {p for p in {*before, *after} if p not in before or p not in after or canonical(before[p]) != canonical(after[p])}


WHOLE_BYTES, PART_BYTES = canonical(FILE), canonical(PART)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([WHOLE_BYTES, PART_BYTES]), st.data())
def test_one_changed_byte_is_caught_and_named(written, data):
    place = data.draw(st.integers(0, len(written) - 1))
    byte = data.draw(st.sampled_from(b'0159aAfZ{}[]",:.\\- ') | st.integers(0, 255))
    try:
        before, after = json.loads(written), envelope.read(written[:place] + bytes([byte]) + written[place + 1 :])
    except ValueError:
        return  # not JSON any more, and said so
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name) or (name in before) != (name in after)}
    try:
        same = canonical(before) == canonical(after)
    except ValueError:
        same = False
    pointers = {flaw.pointer for flaw in check(after, VERIFY)}
    if same:
        assert not pointers
        return
    assert pointers
    assert all(flaw.text.zh and flaw.text.en for flaw in check(after, VERIFY))
    for name in changed:
        if name not in before or name not in after:
            assert pointers & {f"/{other}" for other in changed}
        elif name == "content" and isinstance(after[name], dict) and "/seed" not in pointers:
            assert differing(LEAVES, merkle.leaves(after[name])) <= pointers | {p for p in pointers if p.startswith("/content")}
        elif name == "disclosed":
            touched = {old["pointer"] for old, new in zip(before[name], after[name], strict=True) if old != new}
            touched |= {new.get("pointer") for old, new in zip(before[name], after[name], strict=True) if old != new}
            assert touched & pointers or any(pointer.startswith("/disclosed/") for pointer in pointers)
        elif name == "head":
            assert any(pointer.startswith("/head") or pointer == "/signature" for pointer in pointers)
        else:
            assert any(pointer.startswith(f"/{name}") for pointer in pointers)


def test_every_byte_of_every_value_in_the_content_names_its_leaf():
    start = WHOLE_BYTES.index(b'"content":') + len(b'"content":')
    end = WHOLE_BYTES.index(b',"head":{')
    named = 0
    for place in range(start, end):
        byte = b"7" if WHOLE_BYTES[place : place + 1] != b"7" else b"8"
        try:
            after = envelope.read(WHOLE_BYTES[:place] + byte + WHOLE_BYTES[place + 1 :])
        except ValueError:
            continue
        touched = differing(LEAVES, merkle.leaves(after["content"]))
        assert touched
        assert {flaw.pointer for flaw in check(after, VERIFY)} == touched
        named += 1
    assert named > 300


def places(node, path=()):
    yield path
    for name in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield from places(node[name], (*path, name))


ODD = st.sampled_from([None, True, 0, -1, 2**70, 0.5, float("nan"), "", "\ud800", "00" * 32, [], [[]], [None], {}, {"key": "a"}, {"": {}}])


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([FILE, PART]), st.data())
def test_whatever_stands_in_a_file_is_told_and_breaks_nothing(file, data):
    *way, last = data.draw(st.sampled_from([*places(file)][1:]))
    odd = data.draw(ODD)

    def change(other):
        for name in way:
            other = other[name]
        other[last] = odd

    other = with_(file, change)
    try:
        same = canonical(other) == canonical(file)
    except ValueError:
        same = False
    assert bool(found(other)) != same
