"""What the log says of a call that has ended, and what it leaves out."""

from __future__ import annotations

import io
import json
from decimal import Decimal

import msgspec
import pytest

from trunkline.server.adapters.telemetry.calls import CallLog
from trunkline.server.adapters.telemetry.lines import Lines
from trunkline.server.domain.generation.record import AttemptRecord, FilterRecord, GenerationRecord
from trunkline.server.domain.generation.usage import Usage

SERVED = GenerationRecord(
    id="gen-1",
    created=1000.0,
    account_id="acme",
    key_hash="abc",
    requested="acme/alias",
    model="acme/m",
    endpoint="acme/m alpha 0",
    provider="alpha",
    streamed=True,
    finish_reason="stop",
    usage=Usage(prompt_tokens=7, completion_tokens=3),
    charged=Decimal("0.0000001"),
    latency_ms=12.5,
    attempts=(
        AttemptRecord(
            endpoint="acme/m alpha 0",
            model="acme/m",
            provider="alpha",
            provider_name="Alpha",
            status=200,
            latency_ms=12.0,
            ok=True,
            first_token_ms=4.0,
        ),
    ),
    external_user="canary-user",
    session_id="canary-session",
    referer="https://canary.example",
    user_agent="canary-agent",
    app_title="canary-title",
)


def told(record: GenerationRecord) -> dict[str, object]:
    out = io.BytesIO()
    lines = Lines(lambda: out, bytes)
    CallLog(lines, lambda: 1_000_000_000.0).tell([record])
    lines.flush()
    (line,) = out.getvalue().splitlines()
    read: dict[str, object] = json.loads(line)
    return read


def test_a_call_is_one_line_with_who_served_it_and_what_it_cost():
    assert told(SERVED) == {
        "event": "call",
        "generation_id": "gen-1",
        "account_id": "acme",
        "key_hash": "abc",
        "model": "acme/m",
        "requested": "acme/alias",
        "endpoint": "acme/m alpha 0",
        "provider": "alpha",
        "status": 200,
        "finish_reason": "stop",
        "streamed": True,
        "cancelled": False,
        "attempts": [{"provider": "alpha", "status": 200}],
        "prompt_tokens": 7,
        "completion_tokens": 3,
        "cost": "0.0000001",
        "ms": 12.5,
        "first_token_ms": 4.0,
        "level": "info",
        "timestamp": "2001-09-09T01:46:40Z",
    }


def test_users_and_what_they_call_from_are_not_told():
    assert "canary" not in json.dumps(told(SERVED))


@pytest.mark.parametrize(
    ("error", "cancelled", "status"),
    [
        ("provider_overloaded", False, 503),
        ("rate_limit_exceeded", False, 429),
        (None, True, 499),
        ("of another version", False, 500),
    ],
)
def test_a_call_that_failed_has_the_status_that_it_came_to(error: str | None, cancelled: bool, status: int):
    assert told(msgspec.structs.replace(SERVED, error_type=error, cancelled=cancelled))["status"] == status


def test_what_content_filters_found_is_told_without_what_it_was():
    found = (FilterRecord("g-1", "email", "[EMAIL]", "flag", 2),)
    record = msgspec.structs.replace(SERVED, filtered=found, cache_source_id="gen-0")
    line = told(record)
    assert line["filtered"] == [{"guardrail": "g-1", "label": "[EMAIL]", "action": "flag", "count": 2}]
    assert line["cache_source_id"] == "gen-0"
    assert not {"filtered", "cache_source_id"} & told(SERVED).keys()
