"""Whatever happens to a feed file, it is refused whole or taken exactly as it is."""

import contextlib
import copy
import json

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.server.adapters.feeds.formats import read_feed
from trunkline.server.adapters.feeds.known import Known
from trunkline.server.domain.catalog import wire
from trunkline.server.errors import FeedRefused

GOOD = {
    "data": [
        {
            "id": f"acme/model-{n}",
            "canonical_slug": f"acme/model-{n}-2026",
            "name": f"Acme: Model {n}",
            "created": 1_750_000_000 + n,
            "pricing": {"prompt": "0.00003", "completion": "-1", "overrides": [{"utc_start": 800, "prompt": "0"}]},
            "context_length": 8192,
            "architecture": {"modality": "text->text", "input_modalities": ["text"], "output_modalities": ["text"]},
            "top_provider": {"is_moderated": False, "context_length": None},
            "per_request_limits": None,
            "supported_parameters": ["tools"],
            "default_parameters": {"temperature": 0.7},
            "supported_voices": None,
            "links": {"details": "/x"},
            "benchmarks": {"design_arena": [{"arena": "a", "category": "b", "elo": 1, "win_rate": 0.5, "rank": 1}]},
        }
        for n in range(3)
    ]
}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JUNK = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))


class MissingField(Exception):
    """Not a fault of a feed."""


def as_the_api_types_it(row):
    try:
        msgspec.convert(row, wire.Model)
    except msgspec.ValidationError as error:
        if "missing required field" in str(error):
            raise MissingField from None
        raise


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield from places(part, (*path, key))


def changed(document, path, junk):
    document = copy.deepcopy(document)
    if not path:
        return junk
    part = document
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = junk
    return document


def taken(data):
    """Return the rows that a file gives, None where it is refused."""
    refused = None
    try:
        delivery = read_feed(data, "file.json", known=Known())
    except FeedRefused as refusal:
        refused = str(refusal)
    if refused is not None:
        assert len(refused.splitlines()) == 1
        return None
    for problem in delivery.problems:
        assert problem.row
        assert problem.message
    return None if any(problem.fatal for problem in delivery.problems) else [json.loads(f.wire) for f in delivery.facts]


@given(st.sampled_from(list(places(GOOD))), JUNK)
@settings(max_examples=300, deadline=None)
def test_a_value_that_was_exchanged_is_refused_or_taken_exactly(path, junk):
    document = changed(GOOD, path, junk)
    rows = taken(json.dumps(document).encode())
    if rows is not None:
        assert rows == (document["data"] if isinstance(document, dict) else document)
        for row in rows:
            # What is missing is completed later; what is there must have the API's types.
            with contextlib.suppress(MissingField):
                as_the_api_types_it(row)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_bytes_that_were_exchanged_or_cut_are_refused_or_taken_exactly(data):
    raw = bytearray(json.dumps(GOOD).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del raw[data.draw(st.integers(0, len(raw))) :]
    rows = taken(bytes(raw))
    if rows is not None:
        assert rows == json.loads(raw)["data"]
