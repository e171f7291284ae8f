"""Rankings of models and apps, read through the API (spec 1.5, 2.12)."""

from __future__ import annotations

import json

import pytest

from tests.factories import NOON
from tests.live.tenants import Tenant
from tests.server.http.recorded import DAY, YESTERDAY, data, generation, write
from trunkline.server.domain.generation.record import AttemptRecord, GenerationRecord
from trunkline.server.domain.generation.usage import Usage


def rankings(of: Tenant, query: str = "") -> list[tuple[str, str, str]]:
    rows = data(of, f"/datasets/rankings-daily?{query}")
    return [(row["date"], row["model_permaslug"], row["total_tokens"]) for row in rows]


def test_rankings_count_public_traffic_by_day_and_model(home, x):
    write(
        home,
        generation(),
        generation(permaslug="b/two", usage=Usage(prompt_tokens=100)),
        generation(permaslug="b/one", usage=Usage(prompt_tokens=100)),
        generation(permaslug="b/none", usage=Usage()),
        generation(permaslug="c/private", private=True),
        generation(permaslug="c/zdr", zdr=True),
        generation(created=YESTERDAY - 6 * DAY),
    )
    day = "2026-08-21"
    assert rankings(x) == [
        ("2026-08-15", "openai/gpt-4-0613", "120"),
        (day, "openai/gpt-4-0613", "120"),
        (day, "b/one", "100"),
        (day, "b/two", "100"),
    ]
    assert rankings(x, "period=week&start_date=2026-08-17") == [
        ("2026-08-17", "openai/gpt-4-0613", "120"),
        ("2026-08-17", "b/one", "100"),
        ("2026-08-17", "b/two", "100"),
    ]
    assert rankings(x, "period=month")[0] == ("2026-08-01", "openai/gpt-4-0613", "240")


def test_the_models_beyond_the_first_fifty_of_a_day_are_one_row_at_its_end(home, x):
    write(home, *(generation(permaslug=f"m/{n:02}", usage=Usage(prompt_tokens=1000 - n)) for n in range(53)))
    rows = rankings(x)
    assert len(rows) == 51
    assert rows[49] == ("2026-08-21", "m/49", "951")
    assert rows[50] == ("2026-08-21", "other", str(950 + 949 + 948))


def test_rankings_are_narrowed_by_context_modality_and_tools(home, x):
    called = AttemptRecord(
        endpoint="e",
        model="m",
        provider="p",
        provider_name="P",
        status=200,
        latency_ms=1.0,
        ok=True,
        tool_calls=True,
    )
    image = "google/gemini-3-image"
    write(
        home,
        generation(usage=Usage(prompt_tokens=1000)),
        generation(usage=Usage(prompt_tokens=1001)),
        generation(permaslug=image, usage=Usage(prompt_tokens=7), attempts=(called,)),
    )
    assert [row[2] for row in rankings(x, "context_bucket=1K")] == ["1000", "7"]
    assert [row[2] for row in rankings(x, "context_bucket=10K")] == ["1001"]
    assert [row[1] for row in rankings(x, "modality=image_output")] == [image]
    assert [row[1] for row in rankings(x, "modality=tool_calling")] == [image]
    assert rankings(x, "modality=audio") == []
    assert rankings(x, "category=programming") == []


@pytest.mark.parametrize(
    "query",
    [
        "start_date=2026-02-30",
        "start_date=2026-08-22&end_date=2026-08-21",
        "start_date=2025-01-01&end_date=2026-01-02",
        "end_date=2024-12-31",
        "category=programming&period=day",
        "category=programming&language_type=natural",
        "category=programming&modality=text",
        "language_type=natural&context_bucket=1K",
        "period=year",
        "modality=video",
    ],
)
def test_rankings_refuse_what_is_not_documented(x, query):
    reply = x.get(f"/datasets/rankings-daily?{query}")
    assert (reply.status, reply.json()["error"]["code"]) == (400, 400)


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("", "2026-07-23", "2026-08-21"),
        ("start_date=2024-06-01&end_date=2025-01-31", "2025-01-01", "2025-01-31"),
        ("end_date=2025-01-05", "2025-01-01", "2025-01-05"),
        ("start_date=2025-08-22&end_date=2026-08-22", "2025-08-22", "2026-08-22"),
    ],
)
def test_data_sets_say_which_days_they_cover(x, query, start, end):
    for name in ("rankings-daily", "app-rankings"):
        meta = x.get(f"/datasets/{name}?{query}").json()["meta"]
        assert meta == {"as_of": "2026-08-22T12:00:00Z", "version": "v1", "start_date": start, "end_date": end}


def app(name: str, tokens: int, days_ago: int = 1, *categories: str, title: str | None = None) -> GenerationRecord:
    return generation(
        created=NOON - days_ago * DAY,
        referer=f"https://{name}.example",
        app_title=title,
        app_categories=categories,
        usage=Usage(prompt_tokens=tokens),
    )


def apps(of: Tenant, query: str = "") -> list[tuple[int, str, str, int]]:
    rows = data(of, f"/datasets/app-rankings?{query}")
    return [(row["rank"], row["app_name"], row["total_tokens"], row["total_requests"]) for row in rows]


def test_apps_are_ranked_by_tokens_and_named_as_they_last_called_themselves(home, x):
    write(home, app("a", 5, title="Old"), app("b", 9), generation())
    write(home, app("a", 5, title="New"), app("a", 5))
    assert apps(x) == [(1, "New", "15", 3), (2, "b.example", "9", 1)]
    assert apps(x, "offset=1") == [(2, "b.example", "9", 1)]
    assert apps(x, "limit=1") == [(1, "New", "15", 3)]


def test_apps_are_found_by_their_categories(home, x):
    write(home, app("a", 5, 1, "cli-agent"), app("b", 9, 1, "game"), app("a", 1, 1, "legal"), app("c", 1))
    assert [row[1] for row in apps(x, "category=coding")] == ["a.example"]
    assert [row[1] for row in apps(x, "subcategory=legal")] == ["a.example"]
    assert [row[1] for row in apps(x, "category=entertainment&subcategory=game")] == ["b.example"]
    assert x.get("/datasets/app-rankings?category=coding&subcategory=game").status == 400


def test_trending_apps_are_those_that_grew_over_the_three_windows_before(home, x):
    window = "start_date=2026-08-20&end_date=2026-08-21"
    write(home, app("steady", 30, 1), *(app("steady", 30, ago) for ago in (3, 5, 7)))
    write(home, app("grown", 20, 2), app("grown", 9, 4), app("new", 15, 1))
    assert [row[1] for row in apps(x, window)] == ["steady.example", "grown.example", "new.example"]
    assert apps(x, f"sort=trending&{window}") == [(1, "grown.example", "20", 1), (2, "new.example", "15", 1)]


def test_data_sets_may_be_asked_for_thirty_times_a_minute_by_a_key(x):
    key, other = x.key(), x.key()
    replies = [key.get(f"/datasets/{name}") for name in ("rankings-daily", "app-rankings") for _ in range(15)]
    assert {reply.status for reply in replies} == {200}
    assert not any(name.startswith("x-ratelimit") for reply in replies for name in reply.headers)
    refused = key.get("/datasets/rankings-daily")
    assert refused.status == 429
    assert json.loads(refused.body)["error"] == {"code": 429, "message": "Rate limit exceeded"}
    headers = {name: refused.headers[name] for name in ("retry-after", "x-ratelimit-limit", "x-ratelimit-remaining")}
    assert headers == {"retry-after": "60", "x-ratelimit-limit": "30", "x-ratelimit-remaining": "0"}
    assert int(refused.headers["x-ratelimit-reset"]) == (NOON + 60) * 1000
    assert other.get("/datasets/rankings-daily").status == 200
