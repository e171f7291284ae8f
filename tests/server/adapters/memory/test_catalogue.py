"""The catalogue being served follows prices through the day without making a request wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import NOON, delivered, model_fact, seed
from trunkline.server.adapters.memory.catalogue import AHEAD_SECONDS, LiveCatalogue
from trunkline.server.adapters.store.catalog import SqlCatalogStore, open_catalog_store

EVENING = NOON + 4.5 * 3600
CHEAP = {"utc_start": 1630, "utc_end": 600, "prompt": "0.000001"}
PRICING = {"prompt": "0.000004", "completion": "0.000008", "overrides": [CHEAP]}


class Hand:
    """A clock that the test moves."""

    now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return seed(tmp_path / "home", [delivered(model_fact("acme/moves", created=1, pricing=PRICING))])


@pytest.fixture
def store(home: Path) -> Iterator[SqlCatalogStore]:
    opened = open_catalog_store(home / "trunkline.db")
    yield opened
    opened.close()


def prompt_price(catalogue: LiveCatalogue, now: float) -> str:
    return catalogue.current(now).rows[0].decode()["pricing"]["prompt"]


def test_the_next_prices_are_made_before_they_hold_and_shown_when_they_do(store: SqlCatalogStore):
    hand = Hand()
    catalogue = LiveCatalogue(store, hand)
    catalogue.refresh()
    hand.now = EVENING - AHEAD_SECONDS / 2
    prepared = catalogue.prepare()
    assert prompt_price(catalogue, EVENING - 0.001) == "0.000004"
    assert prompt_price(catalogue, EVENING) == "0.000001"
    assert catalogue.current(EVENING) is prepared


def test_prices_change_in_time_even_when_nothing_was_prepared(store: SqlCatalogStore):
    catalogue = LiveCatalogue(store, Hand())
    catalogue.refresh()
    assert catalogue.prepare() is None
    assert prompt_price(catalogue, EVENING - 0.001) == "0.000004"
    assert prompt_price(catalogue, EVENING) == "0.000001"


def test_a_revision_that_arrives_just_before_the_change_is_what_the_new_prices_are_of(
    home: Path, store: SqlCatalogStore
):
    hand = Hand()
    catalogue = LiveCatalogue(store, hand)
    catalogue.refresh()
    hand.now = EVENING - 1
    catalogue.prepare()
    seed(home, [delivered(model_fact("acme/other", created=1, pricing=PRICING))])
    assert catalogue.refresh()
    assert [row.id for row in catalogue.current(EVENING).rows] == ["acme/other"]
    assert prompt_price(catalogue, EVENING) == "0.000001"
