"""Prices and ages go with the server's clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from tests.factories import NOON, M, delivered, endpoint_fact, ids, model_fact, seed
from tests.live.servers import in_process
from tests.live.wire import Site
from trunkline.server.settings import Settings

DAY = 86_400
DAYTIME = {"utc_start": 600, "utc_end": 1630, "prompt": "0.000004", "completion": "0.000008"}
NIGHT = {"utc_start": 1630, "utc_end": 600, "prompt": "0.000001", "completion": "0.000002"}
WINDOWED = {"prompt": "0.000004", "completion": "0.000008", "overrides": [DAYTIME, NIGHT]}
# At a boundary one window ends and the other begins, whichever of them is stated last.
TURNED = {**WINDOWED, "overrides": [NIGHT, DAYTIME]}
STEADY = {"prompt": "0.000002", "completion": "0.000004"}


class Hand:
    """A clock that the test moves."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def move(self, day: int, hour: int, minute: int = 0, second: float = 0) -> None:
        self.now = datetime(2026, 8, day, hour, minute, tzinfo=UTC).timestamp() + second


@pytest.fixture(scope="module")
def hand() -> Hand:
    return Hand(NOON)


@pytest.fixture(scope="module")
def windowed(tmp_path_factory: pytest.TempPathFactory, hand: Hand) -> Iterator[Site]:
    facts = delivered(
        model_fact("acme/moves", created=1, pricing=WINDOWED),
        model_fact("acme/steady", created=2, pricing=STEADY),
        model_fact("~acme/moves-latest", created=3, alias_target={"slug": "acme/moves"}),
        endpoint_fact("acme/moves", "acme", provider_name="Acme", pricing=TURNED, context_length=1),
    )
    home = seed(tmp_path_factory.mktemp("windows") / "home", [facts])
    with in_process(Settings(home=home), hand) as running:
        yield running


@pytest.mark.parametrize(
    ("when", "window"),
    [
        ((22, 12), DAYTIME),
        ((22, 16, 29, 59.999), DAYTIME),
        ((22, 16, 30), NIGHT),
        ((23, 0), NIGHT),
        ((23, 5, 59, 59.5), NIGHT),
        ((23, 6), DAYTIME),
        ((22, 6), DAYTIME),
        ((21, 3), NIGHT),
    ],
)
def test_the_price_is_that_of_the_window_everywhere_at_once(
    windowed: Site, hand: Hand, when: tuple[float, ...], window: dict[str, object]
):
    hand.move(*when)
    rows = {row["id"]: row["pricing"] for row in windowed.get("/models").json()["data"]}
    endpoints = windowed.get("/models/acme/moves/endpoints").json()["data"]["endpoints"]
    one = windowed.get("/model/acme/moves").json()["data"]["pricing"]
    for pricing in (rows["acme/moves"], rows["~acme/moves-latest"], endpoints[0]["pricing"], one):
        assert (pricing["prompt"], pricing["completion"]) == (window["prompt"], window["completion"])
        assert [DAYTIME in pricing["overrides"], NIGHT in pricing["overrides"]] == [True, True]
    assert rows["acme/steady"] == STEADY
    dear = window is DAYTIME
    assert windowed.get("/models?max_price=3").ids == (
        ["acme/steady"] if dear else ["~acme/moves-latest", "acme/steady", "acme/moves"]
    )
    cheapest = windowed.get("/models?sort=pricing-low-to-high").ids
    assert cheapest[0] == ("acme/steady" if dear else "~acme/moves-latest")


def test_the_tag_of_an_answer_changes_with_the_price_and_comes_back_with_it(windowed: Site, hand: Hand):
    tags = []
    for hour in (12, 20, 13):
        hand.move(22, hour)
        tags.append(
            [windowed.get(path).headers["etag"] for path in ("/models", "/model/acme/moves", "/model/acme/steady")]
        )
    assert tags[0] == tags[2]
    assert [one == other for one, other in zip(tags[0], tags[1], strict=True)] == [False, False, True]
    hand.move(22, 20)
    assert windowed.get("/models", if_none_match=tags[0][0]).status == 200


CREATED = {"M1": 1692901234, "M2": 1759161676, "M3": 1766000000, "M4": 1733500000, "M9": 1699401600}


@pytest.mark.parametrize("name", CREATED)
def test_an_age_is_counted_in_whole_days_until_now(at_noon: Site, name: str):
    age = int(NOON - CREATED[name]) // DAY
    for bounds, inside in (
        ({"min_age_days": age, "max_age_days": age}, True),
        ({"min_age_days": age + 1}, False),
        ({"max_age_days": age - 1}, False),
        ({"max_age_days": age + 1, "min_age_days": age - 1}, True),
    ):
        assert (M[name] in at_noon.get(f"/models?{urlencode(bounds)}").ids) is inside, bounds


def test_a_row_from_the_future_is_younger_than_any_age(at_noon: Site):
    assert at_noon.get("/models?min_age_days=0").ids == at_noon.get("/models").ids
    assert at_noon.get("/models?max_age_days=120").ids == ids("M10")


def test_an_age_is_asked_of_the_clock_each_time(tmp_path_factory: pytest.TempPathFactory):
    hand = Hand(NOON)
    home = seed(tmp_path_factory.mktemp("ages") / "home", [delivered(model_fact("a/b", name="B", created=int(NOON)))])
    with in_process(Settings(home=home), hand) as site:
        for seconds, found in ((0, True), (DAY - 1, True), (DAY, False), (0, True)):
            hand.now = NOON + seconds
            assert site.get("/models?max_age_days=0").ids == ["a/b"] * found
            assert site.get("/models?min_age_days=1").ids == ["a/b"] * (not found)
