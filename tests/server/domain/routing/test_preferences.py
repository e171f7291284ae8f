"""What is read of a `provider` object, and what is refused (spec gateway 1.2)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from trunkline.server.domain.routing.preferences import NO_PREFERENCES, Preferences, read
from trunkline.server.errors import BadRequest

MILLIONTH = Decimal("0.000001")


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({}, {}),
        ({"unheard_of": 1, "options": {"openai": {}}}, {}),
        (dict.fromkeys(("order", "only", "sort", "max_price", "zdr", "preferred_min_throughput")), {}),
        ({"order": [], "only": [], "quantizations": []}, {}),
        ({"order": ["OpenAI", "gv/US-east5", "openai"]}, {"order": ("openai", "gv/us-east5")}),
        ({"allow_fallbacks": False}, {"allow_fallbacks": False}),
        ({"data_collection": "deny", "zdr": True}, {"deny_collection": True, "zdr": True}),
        ({"data_collection": "allow", "zdr": False}, {}),
        ({"enforce_distillable_text": True}, {"distillable": True}),
        ({"require_parameters": True}, {"require_parameters": True}),
        ({"quantizations": ["fp4"]}, {"quantizations": frozenset({"fp4", "mxfp4", "nvfp4"})}),
        ({"quantizations": ["mxfp8"]}, {"quantizations": frozenset({"mxfp8"})}),
        ({"sort": "exacto"}, {"sort": "exacto"}),
        ({"sort": {"by": "latency"}}, {"sort": "latency"}),
        ({"sort": {"partition": "none"}}, {"partition": "none"}),
        ({"preferred_min_throughput": 50}, {"throughput": (("p50", 50.0),)}),
        ({"preferred_max_latency": {"p99": 3, "p50": 0.5}}, {"latency": (("p50", 0.5), ("p99", 3.0))}),
        (
            {"max_price": {"prompt": 1, "request": "0.5"}},
            {"max_price": (("prompt", MILLIONTH), ("request", Decimal("0.5")))},
        ),
        ({"max_price": {"completion": 0.1}}, {"max_price": (("completion", Decimal("0.1") * MILLIONTH),)}),
    ],
)
def test_a_provider_object_is_read(stated: dict[str, Any], expected: dict[str, Any]):
    assert read(stated) == Preferences(**expected)


def test_nothing_stated_costs_nothing():
    assert read({}) is NO_PREFERENCES


@pytest.mark.parametrize(
    ("stated", "path"),
    [
        ({"order": "openai"}, "provider.order"),
        ({"only": ["openai", 1]}, "provider.only[1]"),
        ({"allow_fallbacks": "no"}, "provider.allow_fallbacks"),
        ({"data_collection": "maybe"}, "provider.data_collection"),
        ({"zdr": 1}, "provider.zdr"),
        ({"quantizations": ["fp7"]}, "provider.quantizations[0]"),
        ({"sort": "cheapest"}, "provider.sort"),
        ({"sort": {"by": "cheapest"}}, "provider.sort.by"),
        ({"sort": {"partition": "all"}}, "provider.sort.partition"),
        ({"sort": 3}, "provider.sort"),
        ({"preferred_min_throughput": "fast"}, "provider.preferred_min_throughput"),
        ({"preferred_max_latency": -1}, "provider.preferred_max_latency"),
        ({"preferred_max_latency": {"p75": "x"}}, "provider.preferred_max_latency.p75"),
        ({"max_price": 3}, "provider.max_price"),
        ({"max_price": {"prompt": "cheap"}}, "provider.max_price.prompt"),
        ({"max_price": {"image": "NaN"}}, "provider.max_price.image"),
        ({"max_price": {"audio": -1}}, "provider.max_price.audio"),
        ({"max_price": {"request": "Infinity"}}, "provider.max_price.request"),
        ({"max_price": {"request": []}}, "provider.max_price.request"),
    ],
)
def test_what_is_of_the_wrong_type_is_named(stated: dict[str, Any], path: str):
    with pytest.raises(BadRequest) as caught:
        read(stated)
    assert [issue.path for issue in caught.value.issues] == [path]
    assert caught.value.message.startswith(f"{path}: ")
