"""Embeddings leave in the encoding that was asked for."""

from __future__ import annotations

import json
import struct
from base64 import b64decode, b64encode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.server.http.surfaces.vectors import encoded

floats = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=8)


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def text(values: list[float]) -> str:
    return b64encode(struct.pack(f"<{len(values)}f", *values)).decode()


@given(floats)
def test_numbers_become_base64_of_little_endian_float32_and_back(values):
    packed = encoded(raw(values), base64=True)
    assert struct.unpack(f"<{len(values)}f", b64decode(json.loads(bytes(packed)))) == tuple(values)
    assert json.loads(bytes(encoded(packed, base64=False))) == values


@given(floats, st.booleans())
def test_what_has_the_encoding_already_stays_as_it_was_written(values, base64):
    given_ = raw(text(values) if base64 else values)
    assert encoded(given_, base64=base64) is given_


@pytest.mark.parametrize(("value", "base64"), [("no base64!", False), ("AAA=", False), (["a"], True), ([[1]], True)])
def test_what_cannot_be_read_stays_as_it_came(value, base64):
    assert json.loads(bytes(encoded(raw(value), base64=base64))) == value
