"""Service tiers: who is called, and whose price is paid (spec gateway 3.6, cases 38 to 40)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.gateway.world import World
from tests.upstream.answers import DONE, completion, delta, event, streamed, usage, whole

TIERED = {"model": "acme/tiered"}
PRICES = {"alpha": Decimal("0.00001"), "alpha/priority": Decimal("0.00005"), "beta/flex": Decimal("0.000005")}
"""What ten tokens cost at each endpoint, in USD."""


@pytest.mark.parametrize(
    ("asked", "tag"),
    [
        ({}, "alpha"),
        ({"service_tier": "priority"}, "alpha/priority"),
        ({"service_tier": "flex"}, "beta/flex"),
        ({"service_tier": "default", "model": "acme/tiered:floor"}, "alpha"),
        ({"model": "acme/tiered:floor"}, "beta/flex"),
    ],
)
def test_the_tier_that_is_asked_for_is_used_and_paid(world: World, asked: dict[str, str], tag: str):
    world.always(*whole(completion()))
    assert world.chat(**{**TIERED, **asked}).json()["usage"]["cost"] == float(PRICES[tag])
    record = world.record()
    assert record.endpoint.split(" ")[1] == tag
    assert record.charged == PRICES[tag]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("said", "shown", "paid"),
    [
        ("default", "default", "alpha"),
        ("priority", "priority", "alpha/priority"),
        ("flex", "flex", "alpha/priority"),
        ("something new", "something new", "alpha/priority"),
    ],
)
def test_what_the_upstream_says_it_served_is_reported_and_paid(
    world: World, stream: bool, said: str, shown: str, paid: str
):
    if stream:
        first = event({"service_tier": said, "choices": [{"index": 0, "delta": {"content": "Hi"}}]})
        world.alpha.then(*streamed(first, delta("stop"), usage(), DONE))
        last = world.stream(**TIERED, service_tier="priority").chunks[-1]
    else:
        world.alpha.then(*whole(completion() | {"service_tier": said}))
        last = world.chat(**TIERED, service_tier="priority").json()
    assert last["service_tier"] == shown
    assert last["usage"]["cost"] == float(PRICES[paid])
    assert (world.record().charged, world.record().service_tier) == (PRICES[paid], shown)


def test_a_flex_endpoint_without_capacity_has_no_stand_in(world: World):
    world.beta.then(*whole({"error": {"message": "no"}}, 429))
    error = world.chat(**TIERED, service_tier="flex").error(429)
    assert error["availability"]["code"] == "capacity_exhausted"
    assert world.attempts() == [("beta", 429)]
    world.forget()
    world.always(*whole(completion()))
    assert world.chat(service_tier="flex").json()["provider"] == "Alpha"
