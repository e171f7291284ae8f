"""Which model stands behind a router, end to end (spec gateway 3.1, 3.11)."""

from __future__ import annotations

import pytest

from tests.gateway.world import METADATA, World
from tests.upstream.answers import completion, whole
from trunkline.server.adapters.memory.catalogue import LiveCatalogue
from trunkline.server.domain.catalog.index import Learned, Measured
from trunkline.server.domain.catalog.snapshot import Snapshot


@pytest.mark.parametrize("favourite", ["acme/n", "acme/long"])
def test_auto_is_the_model_that_was_used_most_in_seven_days(world: World, favourite: str):
    def taught(snapshot: Snapshot) -> Snapshot:
        tokens = {"acme/m": 10, favourite: 1_000}
        rows = enumerate(snapshot.rows)
        return snapshot.measured(Learned({at: Measured(tokens_7d=tokens.get(row.id, 1)) for at, row in rows}, {}))

    world.always(*whole(completion()))
    catalogue = world.context.catalogue
    assert isinstance(catalogue, LiveCatalogue)
    catalogue.learn(taught)
    try:
        body = world.chat(model="openrouter/auto", headers=METADATA).json()
    finally:
        catalogue.learn(lambda snapshot: snapshot.measured(Learned({}, {})))
    assert body["model"] == favourite
    assert body["openrouter_metadata"]["strategy"] == "auto"
    assert world.record().router == "auto"
