"""The manual of content filters says what there is, and its example works as written."""

import re
from pathlib import Path

import msgspec

from trunkline.server.domain.content.answers import MOST_SECONDS as ANSWER_SECONDS
from trunkline.server.domain.content.expressions import MOST_MEMORY, check, compiled
from trunkline.server.domain.content.inspection import MOST_FOUND, MOST_SECONDS
from trunkline.server.domain.content.presets import PRESETS
from trunkline.server.domain.content.streams import MOST_HELD
from trunkline.server.usecases.guardrail_bodies import MOST_FILTERS, GuardrailPatch

PAGE = (Path(__file__).parents[2] / "docs/guardrails.md").read_text()


def test_each_built_in_filter_is_in_the_table_with_its_label():
    rows = re.findall(r"^\| `([a-z-]+)` \| `(\[[A-Z_]+\])` \|", PAGE, re.MULTILINE)
    assert rows == [(preset.slug, preset.label) for preset in PRESETS.values()]


def test_the_bounds_are_those_of_the_code():
    for bound in (
        f"{MOST_FOUND:,} finds",
        f"{MOST_SECONDS:.0f} seconds",
        f"{MOST_HELD:,} bytes",
        f"{ANSWER_SECONDS} seconds",
    ):
        assert bound in " ".join(PAGE.split())
    assert f"{MOST_MEMORY // 1024 // 1024} MiB" in PAGE
    assert f"up to {MOST_FILTERS} filters" in PAGE


def test_the_example_is_taken_and_finds_what_it_is_for():
    body = re.search(r"-d '(\{.*?\})'", PAGE, re.DOTALL)
    assert body
    patch = msgspec.json.decode(body[1], type=GuardrailPatch)
    (custom,) = patch.content_filters
    check(custom.pattern, "pattern")
    text = b"key sk-" + b"a" * 48 + b"."
    assert compiled(custom.pattern).find(text, 0, len(text)) == (4, len(text) - 1)
    assert {row.slug for row in patch.content_filter_builtins} <= set(PRESETS)
