"""A regional host shows what is served inside its region."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories import NOON, fixture_delivery, ids, seed
from tests.live.servers import in_process
from tests.live.wire import Site
from trunkline.server.settings import Settings

EU = "M10 M2 M1"
US = "M10 M3 M8 M2 M6 M4 M5 M1"


@pytest.mark.parametrize("host", ["eu.localhost", "EU.Localhost:8080", "eu.trunkline.example:80", "eu.[::1]:9"])
def test_the_european_host_lists_what_region_eu_lists(site: Site, host: str):
    reply = site.get("/models", host=host)
    assert reply.ids == ids(EU) == site.get("/models?region=eu").ids
    assert reply.body == site.get("/models?region=eu").body


def test_the_american_host_lists_what_region_us_lists(site: Site):
    assert site.get("/models", host="us.localhost").ids == ids(US) == site.get("/models?region=us").ids


@pytest.mark.parametrize(
    "host", ["localhost", "europe.example", "eu", "eu-west.example", "x.eu.example", "127.0.0.1", ""]
)
def test_any_other_host_is_the_global_one(site: Site, host: str):
    assert site.get("/models", host=host).body == site.get("/models").body


def test_a_kept_answer_of_one_host_is_not_given_to_another(site: Site):
    for _ in range(2):
        assert site.get("/models?q=a", host="eu.localhost").ids != site.get("/models?q=a").ids
    tag = site.get("/models").headers["etag"]
    assert site.get("/models", host="eu.localhost", if_none_match=tag).status == 200


def test_the_region_of_the_host_and_of_the_parameter_must_hold_for_one_endpoint(site: Site):
    # M2 has endpoints in both regions, but none that is in both; M1 has one.
    assert site.get("/models?region=us", host="eu.localhost").ids == ids("M1")
    assert site.get("/models?region=eu", host="us.localhost").ids == ids("M1")
    assert site.get("/models?providers=Anthropic", host="eu.localhost").ids == []


def test_count_and_pages_match_the_list_of_the_same_host(site: Site):
    assert site.get("/models/count", host="eu.localhost").json() == {"data": {"count": 3}}
    page = site.get("/models?limit=2", host="eu.localhost")
    assert (page.ids, page.json()["total_count"]) == (ids("M10 M2"), 3)
    following = page.json()["links"]["next"]
    assert following == "/api/v1/models?offset=2&limit=2"
    assert site.get(f"/{following}", host="eu.localhost").ids == ids("M1")


def test_endpoints_with_zero_retention_are_those_of_the_region(site: Site):
    rows = site.get("/endpoints/zdr", host="eu.localhost").json()["data"]
    assert [row["tag"] for row in rows] == ["google-vertex/europe", "azure"]


def test_single_models_and_providers_are_the_same_everywhere(site: Site):
    for path in ("/model/google/gemini-3-flash", "/models/openai/gpt-oss-120b/endpoints", "/providers"):
        assert site.get(path, host="eu.localhost").body == site.get(path).body


def test_a_forwarded_host_does_not_count_unless_its_proxy_is_trusted(site: Site):
    assert site.get("/models", x_forwarded_host="eu.localhost").ids == site.get("/models").ids


@pytest.fixture(scope="module")
def behind_a_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = seed(tmp_path_factory.mktemp("proxy") / "home", [fixture_delivery()])
    settings = Settings(home=home, trusted_proxies=("127.0.0.0/8",), hosts={"europa.": "eu"})
    with in_process(settings, lambda: NOON) as running:
        yield running


def test_a_trusted_proxy_says_which_host_was_asked(behind_a_proxy: Site):
    assert behind_a_proxy.get("/models", x_forwarded_host="Europa.example:443, inner.example").ids == ids(EU)
    assert behind_a_proxy.get("/models", host="europa.example", x_forwarded_host="other.example").ids != ids(EU)


def test_the_table_of_hosts_is_a_setting(behind_a_proxy: Site):
    assert behind_a_proxy.get("/models", host="europa.example").ids == ids(EU)
    assert behind_a_proxy.get("/models", host="eu.example").ids != ids(EU)
