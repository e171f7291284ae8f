"""YAML from strangers gives plain values, exactly, or one line that says what is wrong."""

import re
from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from trunkline.server.adapters.feeds.yaml_text import YamlFault, load_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.00003", Decimal("0.00003")), ("1e-7", Decimal("1e-7")), ("12", 12), ("-3", -3),
        ("2026-01-02", "2026-01-02"),
        ("NO", "NO"), ("yes", "yes"), ("true", True), ("False", False), ("null", None), ("~", None), ("''", ""),
        ("010", "010"), ("0x1F", "0x1F"), ("1:30:00", "1:30:00"), ("1_000", "1_000"), ("'5'", "5"), ("!!str 5", "5"),
        ("9" * 100, "9" * 100), ("a: 1\n2: b", {"a": 1, "2": "b"}),
        ("- 1\n- [2, {x: }]", [1, [2, {"x": None}]]), ("", None),
    ],
)  # fmt: skip
def test_scalars_are_what_a_reader_would_take_them_for(text, value):
    assert load_yaml(text) == value
    assert type(load_yaml(text)) is type(value)


def test_aliases_and_merge_keys_are_written_out():
    text = "base: &b {x: 1, y: 2}\nmore: {<<: *b, y: 3}\nmany: {z: 0, <<: [*b, {x: 9, w: 4}]}\nlist: [*b, *b]"
    assert load_yaml(text) == {
        "base": {"x": 1, "y": 2},
        "more": {"y": 3, "x": 1},
        "many": {"z": 0, "x": 1, "y": 2, "w": 4},
        "list": [{"x": 1, "y": 2}] * 2,
    }


def bomb(levels, mark=""):
    end = "}" if mark else ""
    rows = [f"a{level}: &a{level} {mark}[{', '.join([f'*a{level - 1}'] * 10)}]{end}" for level in range(1, levels)]
    return "\n".join(["a0: &a0 {k: v}", *rows])


@pytest.mark.parametrize(
    "text",
    [
        bomb(12), bomb(12, "{<<: "), "a: &a [*a]", "[" * 100_000, "\n".join(" " * n + "a:" for n in range(500)),
        "a: 1\na: 2", "a: 1\n---\nb: 2", "!!python/object/apply:os.system [ls]", "!thing x", "a: *nowhere",
        "? [1]\n: 2",
        "a: b: c", "\t- x", ".inf", "1e999", "1e-99999999", "<<: 5", "*a : 1", "a: \x07", "@x",
    ],
)  # fmt: skip
def test_what_is_not_read_is_refused_in_one_line(text):
    with pytest.raises(YamlFault) as refusal:
        load_yaml(text)
    assert "\n" not in str(refusal.value)
    assert "line" in str(refusal.value) or "position" in str(refusal.value)


# PyYAML writes texts such as 0E0 without quotes; YAML 1.2 and we read those as numbers, which prices are.
POWER = re.compile(r"[-+]?[0-9_]+[eE][-+]?[0-9]+")
TEXT = st.text(max_size=20).filter(lambda text: not POWER.fullmatch(text))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_what_is_written_is_read_back(value):
    assert load_yaml(yaml.safe_dump(value)) == value
