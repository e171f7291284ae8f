"""Efforts that a model does not take become the nearest that it takes (spec gateway 3.1)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.server.domain.fixture import latest
from tests.server.domain.routing.scene import ABC, M, planned, pools, text_model

SOME = ["xhigh", "medium", "low"]


@pytest.mark.parametrize(
    ("stated", "asked", "sent"),
    [
        ({"mandatory": False, "supported_efforts": SOME}, "medium", None),
        ({"mandatory": False, "supported_efforts": SOME}, "high", "medium"),
        ({"mandatory": False, "supported_efforts": SOME}, "max", "xhigh"),
        ({"mandatory": False, "supported_efforts": SOME}, "minimal", "low"),
        ({"mandatory": False, "supported_efforts": SOME}, "none", None),
        ({"mandatory": False}, "high", None),
        ({"mandatory": True}, "high", None),
        ({"mandatory": False, "supported_efforts": SOME}, "unheard-of", None),
    ],
)
def test_an_effort_becomes_the_nearest_and_the_lesser_of_two(stated: dict[str, Any], asked: str, sent: str | None):
    made = planned(pools(text_model(reasoning=stated), *ABC), reasoning_effort=asked)
    changed = {name: msgspec.json.decode(raw) for name, raw in made.candidates[0].changes.items() if raw}
    assert changed == ({} if sent is None else {"reasoning_effort": sent})


@pytest.mark.parametrize(
    ("efforts", "asked", "sent"),
    [
        (["high", "low", "none"], {"reasoning": {"enabled": False}}, {"reasoning": {"effort": "low"}}),
        (
            ["high"],
            {"reasoning": {"max_tokens": 0, "exclude": True}},
            {"reasoning": {"exclude": True, "effort": "high"}},
        ),
        (None, {"reasoning_effort": "none"}, {"reasoning_effort": "low"}),
    ],
)
def test_a_family_that_always_reasons_does_so_as_little_as_it_can(efforts: Any, asked: Any, sent: Any):
    stated = {"mandatory": True, "supported_efforts": efforts}
    of = pools(text_model(reasoning=stated), *ABC, latest("~acme/m-latest", M))
    changed = planned(of, "~acme/m-latest", **asked).candidates[0].changes
    assert {name: msgspec.json.decode(raw) for name, raw in changed.items() if raw} == sent
    refusal = planned(of, M, **asked).refusal
    assert refusal is not None
    assert (refusal.status, refusal.message) == (400, "Reasoning is mandatory for acme/m and cannot be disabled.")


def test_a_later_model_that_cannot_do_without_reasoning_is_passed_over():
    of = pools(text_model(), *ABC, text_model("acme/r", reasoning={"mandatory": True}))
    made = planned(of, M, "acme/r", reasoning_effort="none")
    assert {candidate.model for candidate in made.candidates} == {M}
    assert [miss.requested for miss in made.misses] == ["acme/r"]
