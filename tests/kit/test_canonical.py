import math

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from greenbridge.kit.canonical import SAFE, canonical

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
KEYS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=6)
NUMBERS = (
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(-SAFE, SAFE) | st.floats(-1e-4, 1e-4) | st.integers(-99, 99).map(float)
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=5) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)


@settings(max_examples=100)
@given(VALUES)
@example({"b": [1.0, -0.0, 1e-7, 1e21, 1e-5, 1e-6, 1e20, 5e-324, 2.0**53], "\ue000": '\x00\x1f\x7f\u2028"\\/😀', "": (1.0, {"é": 0.5})})
def test_the_bytes_are_those_of_the_reference_package(value):
    assert canonical(value) == rfc8785.dumps(value)


@settings(max_examples=100)
@given(NUMBERS)
@example(9.999999999999999e22)
@example(-1.5e-6)
@example(123456789012345680000.0)
def test_every_number_is_written_as_ecmascript_does(number):
    assert canonical([number]) == rfc8785.dumps([number])


@pytest.mark.parametrize(
    ("number", "written"), [(1.0, "1"), (-0.0, "0"), (1e-7, "1e-7"), (1e21, "1e+21"), (1e-5, "0.00001"), (2.5e20, "250000000000000000000")]
)
def test_numbers_of_the_rfc(number, written):
    assert canonical(number).decode() == written


def loop():
    value: list = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        SAFE + 1,
        -SAFE - 1,
        "\ud800",
        {"\ud800": 1},
        {1: 2},
        {"a": {None: 1}},
        {"😀": 1},
        [{"": {"a😀": 1}}],
        b"x",
        {1, 2},
        object(),
        loop(),
    ],
)
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(ValueError):
        canonical({"within": [value]})
    with pytest.raises(ValueError):
        canonical(value)


def test_the_value_itself_stays_as_it_was():
    value = {"a": [1.0, {"b": 2.0}], "c": (3.0,)}
    assert canonical(value) == b'{"a":[1,{"b":2}],"c":[3]}'
    assert isinstance(value["a"][0], float)
    assert isinstance(value["a"][1]["b"], float)
