"""What the record of a call says, field by field: it is made by position."""

from __future__ import annotations

import hashlib
from decimal import Decimal

import msgspec

from tests.gateway.world import World
from tests.upstream.answers import completion, whole
from trunkline.server.domain.generation.record import AttemptRecord, GenerationRecord
from trunkline.server.domain.generation.usage import Usage

ASKED = {
    "user": "somebody",
    "session_id": "a session",
    "headers": {
        "http-referer": "https://app.example/page",
        "x-title": "An app",
        "x-openrouter-categories": "cli-agent",
        "user-agent": "agent/1",
    },
}


def test_every_field_of_a_served_call_is_in_its_place(world: World):
    answer = completion(finish="length") | {"service_tier": "default"}
    world.alpha.then(*whole({"error": {"message": "boom"}}, 500))
    world.beta.then(*whole(answer))
    reply = world.chat(**ASKED)
    record = world.record()
    failed, served = record.attempts
    times = {"created", "latency_ms", "generation_ms", "attempts"}
    told = {name: value for name, value in msgspec.structs.asdict(record).items() if name not in times}
    assert told == {
        "id": reply.headers["x-generation-id"],
        "account_id": world.tenant.account_id,
        "key_hash": hashlib.sha256(world.key.encode()).hexdigest(),
        "workspace_id": record.workspace_id,
        "user_id": None,
        "api_type": "completions",
        "requested": "acme/m",
        "model": "acme/m",
        "permaslug": "acme/m",
        "endpoint": "acme/m beta 0",
        "provider": "beta",
        "provider_name": "Beta",
        "streamed": False,
        "cancelled": False,
        "finish_reason": "length",
        "native_finish_reason": "length",
        "usage": Usage(prompt_tokens=7, completion_tokens=3),
        "charged": Decimal("0.00002"),
        "prompt_cost": Decimal("0.000014"),
        "completion_cost": Decimal("0.000006"),
        "cache_discount": None,
        "is_byok": False,
        "upstream_id": "chatcmpl-1",
        "service_tier": "default",
        "router": None,
        "referer": "https://app.example",
        "app_title": "An app",
        "app_categories": ("cli-agent",),
        "user_agent": "agent/1",
        "external_user": "somebody",
        "session_id": "a session",
        "region": None,
        "error_type": None,
        "filtered": (),
        "cache_source_id": None,
        "private": False,
        "zdr": True,
        "free": False,
    }
    assert (failed.endpoint, failed.status, failed.ok, failed.counts) == ("acme/m alpha 0", 500, False, True)
    assert served == AttemptRecord(
        endpoint="acme/m beta 0",
        model="acme/m",
        provider="beta",
        provider_name="Beta",
        status=200,
        latency_ms=record.generation_ms,
        ok=True,
        streaming_ms=served.streaming_ms,
        output_tokens=3,
        started=served.started,
        upstream_id="chatcmpl-1",
    )
    assert record.workspace_id not in {None, record.account_id, record.key_hash}
    assert set(GenerationRecord.__struct_fields__) == {*told, *times}
