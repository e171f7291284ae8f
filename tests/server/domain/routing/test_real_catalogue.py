"""Every model of a real catalogue can be planned, and its endpoints are those that it lists."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.server.domain.fixture import NOW, endpoint, model, snapshot
from tests.server.domain.routing.scene import account, planned
from tests.shared_data import shared
from trunkline.server.domain.generation.request import Surface
from trunkline.server.domain.routing.pools import Pools

OPEN = {"enable_paid_model_training": True, "enable_free_model_training": True, "enable_free_model_publication": True}


@pytest.fixture(scope="module")
def real() -> Pools:
    rows = json.loads(shared("data/openrouter-models-2026-07-22.json").read_text())["data"]
    offers: dict[str, list[dict[str, Any]]] = json.loads(
        shared("data/openrouter-endpoints-2026-07-22.json").read_text()
    )["data"]
    facts = [model(row["id"], **{name: value for name, value in row.items() if name != "id"}) for row in rows]
    for key, stated in offers.items():
        facts += [endpoint(key, wire.pop("tag"), number, **wire) for number, wire in enumerate(stated)]
    return Pools(snapshot(facts), NOW)


def test_every_model_is_planned_with_all_of_its_ordinary_priced_endpoints(real: Pools):
    policy = account(**OPEN)
    planned_models = 0
    for row in real.snapshot.rows:
        if row.standing.router or not row.endpoints:
            continue
        surface = Surface.CHAT if '"embeddings"' not in row.body.decode() else Surface.EMBEDDINGS
        made = planned(real, row.id, surface=surface, policy=policy)
        if made.refusal is not None:
            assert made.refusal.availability is not None, row.id
            assert made.refusal.availability.code in {"wrong_endpoint", "no_endpoints", "privacy_restricted"}, row.id
            continue
        planned_models += 1
        listed = real.find(row.id)
        assert listed is not None
        assert len(made.candidates) + len(made.removed) == len(listed.row.endpoints), row.id
        assert not any(candidate.target.tier for candidate in made.candidates)
    assert planned_models > 300


def test_auto_has_a_choice(real: Pools):
    made = planned(real, "openrouter/auto", policy=account(**OPEN))
    assert len({candidate.model for candidate in made.candidates}) == 3
