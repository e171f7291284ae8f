"""What is counted for Prometheus, and who may see it."""

from __future__ import annotations

import pytest

from tests.gateway.world import World
from tests.upstream.answers import completion, whole
from trunkline.server.adapters.telemetry.metrics import Metrics
from trunkline.server.errors import Unauthorized
from trunkline.server.http.request import Request
from trunkline.server.http.routes import metrics


@pytest.fixture
def counted(world: World) -> Metrics:
    metrics = Metrics()
    world.ledger.heard = metrics.count
    world.gateway.metrics = metrics.exposition
    return metrics


def test_calls_are_counted_by_names_of_the_catalogue_only(world: World, counted: Metrics):
    world.alpha.then(*whole({"error": {"message": "boom"}}, 500))
    world.beta.then(*whole(completion()))
    assert world.chat().status == 200
    assert world.chat(model="acme/made-up-by-a-caller").status == 400
    told = counted.exposition().decode()
    assert 'trunkline_generations_total{model="acme/m",outcome="ok",provider="beta"} 1.0' in told
    assert 'trunkline_attempts_total{model="acme/m",provider="alpha",status="500"} 1.0' in told
    assert 'trunkline_tokens_total{model="acme/m",provider="beta",side="prompt"} 7.0' in told
    assert 'trunkline_charged_usd_total{model="acme/m",provider="beta"} 2e-05' in told
    assert "made-up" not in told


@pytest.mark.parametrize(
    ("peer", "headers"),
    [("192.0.2.1", {}), (None, {}), ("127.0.0.1", {b"x-forwarded-for": b"192.0.2.1"}), ("unix", {})],
)
def test_nobody_from_elsewhere_sees_counts_without_a_key(world: World, peer: str | None, headers: dict[bytes, bytes]):
    (operation,) = metrics.OPERATIONS
    assert operation.handler is not None
    with pytest.raises(Unauthorized):
        operation.handler(world.context, Request("GET", b"/metrics", b"", headers, peer=peer))


def test_this_machine_sees_counts(world: World, counted: Metrics):
    (operation,) = metrics.OPERATIONS
    assert operation.handler is not None
    answer = operation.handler(world.context, Request("GET", b"/metrics", b"", {}, peer="127.0.0.1"))
    assert answer.status == 200
    assert b"# TYPE trunkline_generations_total counter" in counted.exposition()
    assert answer.content_type.startswith(b"text/plain")
