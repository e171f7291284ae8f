"""What was called, read back through the API: generations, credits, activity, keys, and what was learned."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from tests.factories import ACCOUNT_X, NOON, M
from tests.live.servers import in_process
from tests.live.tenants import Tenant, clock
from tests.server.http.recorded import DAY, YESTERDAY, conforms, data, generation, missing, published, write
from trunkline.server.domain.generation.record import AttemptRecord
from trunkline.server.domain.policy.workspace import default_workspace_id
from trunkline.server.settings import Settings


def test_a_generation_is_read_back_by_any_key_of_its_account_and_by_nobody_else(home, x, y):
    one = generation(streamed=True, referer="https://app.example", app_title="App", region="eu", workspace_id="w")
    write(home, one)
    got = data(x, f"/generation?id={one.id}")
    expected = {
        "id": one.id,
        "created_at": "2026-08-21T12:00:00.000000+00:00",
        "model": M["M1"],
        "provider_name": "OpenAI",
        "total_cost": 0.0042,
        "usage": 0.0042,
        "upstream_inference_cost": 0.0042,
        "native_tokens_cached": 10,
        "tokens_prompt": 100,
        "streamed": True,
        "cancelled": False,
        "is_byok": False,
        "origin": "https://app.example",
        "data_region": "europe",
        "cache_discount": None,
        "app_id": 1,
    }
    assert {name: got[name] for name in expected} == expected
    assert got["provider_responses"] == [
        {
            "provider_name": "Azure",
            "status": 503,
            "latency": 12.5,
            "endpoint_id": f"{M['M1']} azure 0",
            "model_permaslug": "openai/gpt-4-0613",
            "is_byok": False,
        },
        {
            "provider_name": "OpenAI",
            "status": 200,
            "latency": 900.0,
            "endpoint_id": f"{M['M1']} openai 0",
            "model_permaslug": "openai/gpt-4-0613",
            "id": "chatcmpl-1",
            "is_byok": False,
        },
    ]
    assert x.key().get(f"/generation?id={one.id}").status == 200
    assert y.get(f"/generation?id={one.id}").status == 404
    assert x.get("/generation?id=gen-unknown").status == 404
    assert x.get("/generation").status == 400
    assert x.get("/generation?id=").status == 400


def test_answers_have_everything_that_the_published_schemas_require(home, x):
    failed = generation(
        model="", permaslug="", endpoint="", provider="", provider_name="", requested="a/b", attempts=()
    )
    one = generation(referer="https://app.example")
    write(home, one, failed)
    for each in (one, failed):
        conforms(x.get(f"/generation?id={each.id}").json(), "GenerationResponse")
    activity = x.get("/activity").json()
    assert len(activity["data"]) == 1
    conforms(activity, "ActivityResponse")
    document = published()
    for path in ("/credits", "/datasets/rankings-daily", "/datasets/app-rankings"):
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        answer = x.get(path).json()
        assert answer["data"]
        assert missing(answer, schema, document, path) == []


def test_the_record_of_every_call_that_was_made_is_there_with_what_it_cost(home, x):
    key = x.key(limit=1, limit_reset="daily")
    write(home, generation(key_hash=key.hash, created=NOON, charged=Decimal("0.25")))
    write(home, generation(key_hash=key.hash, created=NOON, is_byok=True, charged=Decimal(0)))
    write(home, generation(key_hash=key.hash, created=NOON - 3 * DAY, charged=Decimal("0.5")))
    shown = {
        "usage": 0.75,
        "usage_daily": 0.25,
        "usage_weekly": 0.75,
        "usage_monthly": 0.75,
        "byok_usage": 0.0042,
        "limit_remaining": 0.75,
    }
    for found in (key.get("/key").json()["data"], data(x, f"/keys/{key.hash}")):
        assert {name: found[name] for name in shown} == shown


def test_credits_are_what_the_account_has_spent_and_a_trillion_without_a_limit(home, x, y):
    write(home, generation(charged=Decimal("0.000000000001")), generation(charged=Decimal("1.5")))
    assert x.get("/credits").body == b'{"data":{"total_credits":1000000000000,"total_usage":1.500000000001}}'
    assert data(y, "/credits")["total_usage"] == 0
    assert x.key().get("/credits").status == 403


def test_credits_can_be_limited(home, template):
    with in_process(Settings(home=home, credits=Decimal("12.5")), clock) as server:
        assert data(Tenant(server, ACCOUNT_X, template[1]), "/credits")["total_credits"] == 12.5


def test_activity_sums_by_day_model_and_endpoint_over_completed_days(home, x, y):
    write(
        home,
        generation(),
        generation(key_hash="another", is_byok=True, charged=Decimal(0)),
        generation(created=YESTERDAY - DAY),
        generation(created=NOON),  # today is not over
        generation(created=NOON - 31 * DAY),
    )
    rows = data(x, "/activity")
    assert rows[0] == {
        "date": "2026-08-21",
        "model": M["M1"],
        "model_permaslug": "openai/gpt-4-0613",
        "endpoint_id": f"{M['M1']} openai 0",
        "provider_name": "OpenAI",
        "usage": 0.0042,
        "byok_usage_inference": 0.0042,
        "requests": 2,
        "prompt_tokens": 200,
        "completion_tokens": 40,
        "reasoning_tokens": 10,
        "cached_tokens": 20,
    }
    assert [row["date"] for row in rows] == ["2026-08-21", "2026-08-20"]
    assert [row["date"] for row in data(x, "/activity?date=2026-08-20")] == ["2026-08-20"]
    assert [row["requests"] for row in data(x, "/activity?api_key_hash=another")] == [1]
    assert data(x, "/activity?user_id=nobody") == []
    assert data(y, "/activity") == []


def test_activity_is_split_by_workspace_where_that_is_asked(home, x):
    workspace = x.made("/workspaces", {"name": "Other", "slug": "other"})["data"]["id"]
    write(home, generation(), generation(workspace_id=workspace))
    split = data(x, "/activity?group_by=workspace")
    assert {row["workspace_id"]: row["requests"] for row in split} == {
        workspace: 1,
        default_workspace_id(ACCOUNT_X): 1,
    }
    assert [row["requests"] for row in data(x, f"/activity?workspace_id={workspace}")] == [1]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("date=2026-08-22", 400),
        ("date=2026-07-22", 400),
        ("date=2026-07-23", 200),
        ("date=2026-02-30", 400),
        ("date=yesterday", 400),
        ("group_by=model", 400),
        ("workspace_id=not-a-uuid", 400),
        ("workspace_id=0b4f9a52-0c3e-4d4b-8f5e-3a1c2d9e7f60", 404),
    ],
)
def test_activity_refuses_what_it_cannot_answer(x, query, status):
    assert x.get(f"/activity?{query}").status == status


def test_activity_is_for_management_keys(x):
    assert x.key().get("/activity").status == 403


def test_a_popular_model_and_its_measured_endpoints_are_learned_by_a_server_that_runs(home, x, server):
    model = M["M4"]
    tag = data(x, f"/models/{model}/endpoints")["endpoints"][0]["tag"]
    one = AttemptRecord(
        endpoint=f"{model} {tag} 0",
        model=model,
        provider="p",
        provider_name="P",
        status=200,
        latency_ms=1.0,
        ok=True,
        first_token_ms=250.0,
        streaming_ms=750.0,
        output_tokens=40,
    )
    permaslug = data(x, f"/model/{model}")["canonical_slug"]
    write(home, *(generation(model=model, permaslug=permaslug, attempts=(one,), created=NOON) for _ in range(3)))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        (endpoint, *_) = data(x, f"/models/{model}/endpoints")["endpoints"]
        if endpoint["uptime_last_5m"] is not None and x.get("/models?sort=top-weekly").ids[0] == model:
            break
        time.sleep(0.2)
    assert (endpoint["uptime_last_5m"], endpoint["uptime_last_1d"]) == (100, 100)
    assert endpoint["latency_last_30m"] == dict.fromkeys(("p50", "p75", "p90", "p99"), 250)
    assert endpoint["throughput_last_30m"] == dict.fromkeys(("p50", "p75", "p90", "p99"), 40)
    anonymous = server.get(f"/models/{model}/endpoints").json()["data"]["endpoints"][0]
    assert (anonymous["uptime_last_5m"], anonymous["latency_last_30m"]) == (100, None)
    for sort in ("top-weekly", "most-popular", "throughput-high-to-low", "latency-low-to-high"):
        assert x.get(f"/models?sort={sort}").ids[0] == model


def test_generations_are_listed_a_page_at_a_time_for_management_keys_only(home, x, y):
    made = [generation(created=YESTERDAY + number) for number in range(5)]
    write(home, *made)
    first = x.get("//api/trunkline/v1/generations?limit=2").json()
    second = x.get(f"//api/trunkline/v1/generations?limit=3&after={first['next']}").json()
    ids = [row["id"] for row in (*first["data"], *second["data"])]
    assert ids == [one.id for one in reversed(made)]
    assert second["next"] is None
    assert first["data"][0] == data(x, f"/generation?id={ids[0]}")
    assert y.get("//api/trunkline/v1/generations").json() == {"data": [], "next": None}
    assert x.key().get("//api/trunkline/v1/generations").status == 403
    narrowed = x.get(f"//api/trunkline/v1/generations?model={made[0].model}&api_key_hash={made[0].key_hash}").json()
    assert len(narrowed["data"]) == 5
    for wrong in ("limit=0", "after=1", "after=1.", "after=x.y"):
        refused = x.get(f"//api/trunkline/v1/generations?{wrong}")
        assert (refused.status, refused.json()["error"]["code"]) == (400, 400)
    assert x.get("//api/trunkline/v1/generations?after=999999999999999999.x").status == 200


def test_usage_is_summed_by_day_and_dimension(home, x):
    write(
        home, *(generation(created=YESTERDAY + number, referer="https://a.example", app_title="A") for number in (0, 1))
    )
    for by, name in (("model", M["M1"]), ("provider", "OpenAI"), ("app", "A")):
        (row,) = x.get(f"//api/trunkline/v1/usage?by={by}").json()["data"]
        assert (row["name"], row["requests"], row["usage"], row["date"]) == (name, 2, 0.0084, "2026-08-21")
    for nothing in ("start_date=2026-08-22", "end_date=0001-01-05", "end_date=0001-01-01"):
        assert x.get(f"//api/trunkline/v1/usage?{nothing}").json() == {"data": []}
    for wrong in ("by=day", "start_date=2026-08-22&end_date=2026-08-21", "start_date=2020-01-01", "end_date=x"):
        assert x.get(f"//api/trunkline/v1/usage?{wrong}").status == 400
    assert x.key().get("//api/trunkline/v1/usage").status == 403
