"""What a source states comes out as it went in: every field of every row of the hosted service's own answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories import read, seed
from tests.live.servers import in_process
from tests.live.wire import Site
from tests.shared_data import shared
from trunkline.server.settings import Settings

DAY = 86_400


def exact(data: bytes) -> Any:
    """Decode JSON with its numbers as they are written, so that 1.0 is not 1 and no digit is lost."""
    return json.loads(data, parse_float=lambda text: ("float", text), parse_int=lambda text: ("int", text))


def moment_of(rows: list[dict[str, Any]], midnight: int) -> int:
    """Return a time at which the rows' own top-level prices hold: the source was written in one of their windows."""
    for row in rows:
        for entry in row["pricing"].get("overrides", ()):
            prices = {key: value for key, value in entry.items() if key in row["pricing"]}
            if "utc_start" in entry and all(row["pricing"][key] == price for key, price in prices.items()):
                return midnight + entry["utc_start"] // 100 * 3600 + entry["utc_start"] % 100 * 60
    return midnight


@pytest.fixture(scope="module")
def august(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    file = shared("data/openrouter-models-2026-08-22.json")
    midnight = int(datetime(2026, 8, 22, tzinfo=UTC).timestamp())
    then = moment_of(json.loads(file.read_bytes())["data"], midnight)
    assert then > midnight, "a row of this file has windows"
    home = seed(tmp_path_factory.mktemp("august") / "home", [read(file)])
    with in_process(Settings(home=home), lambda: then) as running:
        yield running


@pytest.fixture(scope="module")
def july(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    names = ("models-2026-07-22", "endpoints-2026-07-22", "providers-2026-08-08")
    deliveries = [read(shared(f"data/openrouter-{name}.json")) for name in names]
    home = seed(tmp_path_factory.mktemp("july") / "home", deliveries)
    with in_process(Settings(home=home), datetime(2026, 7, 22, 12, tzinfo=UTC).timestamp) as running:
        yield running


def test_the_421_rows_of_august_come_out_as_they_went_in(august: Site):
    source = exact(shared("data/openrouter-models-2026-08-22.json").read_bytes())["data"]
    reply = august.get("/models?output_modalities=all")
    served = exact(reply.body)["data"]
    assert len(source) == 421 == reply.json()["total_count"]
    stated = {row["id"]: row for row in source}
    assert {row["id"]: row for row in served} == stated
    # Field order is kept as well, so that a diff against the source shows nothing.
    assert [list(row) for row in served] == [list(stated[row["id"]]) for row in served]


def test_each_row_of_august_is_found_by_its_id(august: Site):
    for row in exact(shared("data/openrouter-models-2026-08-22.json").read_bytes())["data"]:
        assert exact(august.get(f"/model/{row['id']}").body)["data"] == row


def test_the_details_of_each_row_of_august_are_there(august: Site):
    for row in json.loads(shared("data/openrouter-models-2026-08-22.json").read_bytes())["data"]:
        assert august.get(f"/{row['links']['details']}").status == 200, row["id"]


def test_the_342_rows_of_july_come_out_as_they_went_in(july: Site):
    source = exact(shared("data/openrouter-models-2026-07-22.json").read_bytes())["data"]
    served = exact(july.get("/models?output_modalities=all").body)["data"]
    assert len(source) == 342
    assert {row["id"]: row for row in served} == {row["id"]: row for row in source}


def test_the_1023_endpoints_of_july_come_out_with_every_field_that_was_stated(july: Site):
    source = exact(shared("data/openrouter-endpoints-2026-07-22.json").read_bytes())["data"]
    models = {row["id"]: row for row in exact(july.get("/models?output_modalities=all").body)["data"]}
    assert (len(source), sum(map(len, source.values()))) == (342, 1023)
    for model, stated in source.items():
        reply = july.get(f"/models/{model}/endpoints")
        assert reply.status == 200, model
        data = exact(reply.body)["data"]
        row = models[model]
        for name in ("id", "name", "created", "description", "architecture"):
            assert data[name] == row[name], (model, name)
        shown = [
            {key: endpoint.get(key) for key in said} for endpoint, said in zip(data["endpoints"], stated, strict=True)
        ]
        assert shown == stated, model
        names = [endpoint["name"] for endpoint in data["endpoints"]]
        assert len(set(names)) == len(names)


def test_the_80_providers_come_out_by_name(july: Site):
    source = json.loads(shared("data/openrouter-providers-2026-08-08.json").read_bytes())["data"]
    served = {row["slug"]: row for row in july.get("/providers").json()["data"]}
    assert len(served) == len(source) == 80
    for row in source:
        shown = served[row["slug"]]
        assert shown["name"] == row["displayName"]
        assert shown.get("headquarters") == row.get("headquarters")
        assert shown["privacy_policy_url"] == row["dataPolicy"].get("privacyPolicyURL")
    names = [row["name"].lower() for row in served.values()]
    assert names == sorted(names)
