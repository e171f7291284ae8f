"""Every catalogue operation's answers against the schemas that OpenRouter publishes: bundled and real catalogues."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.published import Published, published
from tests.factories import read, seed
from tests.live.servers import process
from tests.live.wire import Site
from tests.shared_data import shared
from trunkline.server.domain.catalog.sorts import SORTS

REAL = (
    ("openrouter-models-2026-07-22.json", "openrouter-endpoints-2026-07-22.json"),
    ("openrouter-models-2026-08-22.json",),
)


@pytest.fixture(scope="module")
def contract() -> Published:
    return published()


@pytest.fixture(scope="module", params=["bundled", *REAL], ids=["bundled", "july", "august"])
def catalogue(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with the bundled catalogue, and one with each of the real lists."""
    if request.param == "bundled":
        yield request.getfixturevalue("bundled")
        return
    feeds = [read(shared(f"data/{name}")) for name in request.param]
    folder: Path = tmp_path_factory.mktemp("real")
    with process(seed(folder / "home", feeds)) as running:
        yield running


def test_the_list_is_as_published_in_every_order_and_page(contract: Published, catalogue: Site):
    whole = catalogue.get("/models?output_modalities=all")
    contract.check("/models", whole)
    for path in ("/models", *(f"/models?sort={sort}&limit=40" for sort in SORTS), "/models?offset=30&limit=20"):
        contract.check("/models", catalogue.get(path))
    for path in ("/models?sort=cheapest", "/models?limit=0&offset=-1&max_price=x"):
        assert catalogue.get(path).status == 400
        contract.check("/models", catalogue.get(path))


def test_each_model_and_its_endpoints_are_as_published(contract: Published, catalogue: Site):
    models = catalogue.get("/models?output_modalities=all").ids
    for model in models:
        contract.check("/model/{author}/{slug}", catalogue.get(f"/model/{model}"))
        contract.check("/models/{author}/{slug}/endpoints", catalogue.get(f"/models/{model}/endpoints"))
    contract.check("/model/{author}/{slug}", catalogue.get("/model/acme/nothing"))
    contract.check("/models/{author}/{slug}/endpoints", catalogue.get("/models/acme/nothing/endpoints"))


@pytest.mark.parametrize("path", ["/models/count", "/endpoints/zdr", "/embeddings/models", "/providers"])
def test_the_other_lists_are_as_published(contract: Published, catalogue: Site, path: str):
    reply = catalogue.get(path)
    assert reply.status == 200
    contract.check(path, reply)
