"""Generations of account X, as another process writes them into the store of a server under test."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from tests.factories import ACCOUNT_X, NOON, M
from tests.live.tenants import Tenant
from tests.shared_data import shared
from trunkline.server.adapters.store.database import open_database
from trunkline.server.adapters.store.journal import Settled
from trunkline.server.adapters.store.traffic import SqlTraffic
from trunkline.server.domain.generation.record import AttemptRecord, GenerationRecord
from trunkline.server.domain.generation.usage import Usage

DAY = 86_400
YESTERDAY = NOON - DAY
numbers = iter(range(10**6))


def generation(**fields: Any) -> GenerationRecord:
    """Return a generation of account X, yesterday, served by OpenAI after Azure failed."""
    told: dict[str, Any] = {
        "id": f"gen-{next(numbers)}",
        "created": YESTERDAY,
        "account_id": ACCOUNT_X,
        "key_hash": "k" * 64,
        "model": M["M1"],
        "permaslug": "openai/gpt-4-0613",
        "endpoint": f"{M['M1']} openai 0",
        "provider": "openai",
        "provider_name": "OpenAI",
        "usage": Usage(prompt_tokens=100, completion_tokens=20, reasoning_tokens=5, cached_tokens=10),
        "charged": Decimal("0.0042"),
        "prompt_cost": Decimal("0.003"),
        "completion_cost": Decimal("0.0012"),
        "finish_reason": "stop",
        "attempts": (
            AttemptRecord(
                endpoint=f"{M['M1']} azure 0",
                model=M["M1"],
                provider="azure",
                provider_name="Azure",
                status=503,
                latency_ms=12.5,
                ok=False,
            ),
            AttemptRecord(
                endpoint=f"{M['M1']} openai 0",
                model=M["M1"],
                provider="openai",
                provider_name="OpenAI",
                status=200,
                latency_ms=900.0,
                ok=True,
                upstream_id="chatcmpl-1",
            ),
        ),
    }
    return GenerationRecord(**(told | fields))


def write(home: Path, *records: GenerationRecord) -> None:
    """Have another process write generations into the store of a home."""
    database = open_database(home / "trunkline.db")
    settled = [Settled(record, msgspec.json.encode(record)) for record in records]
    SqlTraffic(database.engine).write(settled, "another", NOON)
    database.close()


def data(of: Tenant, path: str) -> Any:
    reply = of.get(path)
    assert reply.status == 200, reply
    return reply.json()["data"]


def conforms(value: Any, schema: str) -> None:
    """Hold an answer to the published schema: required fields are there, and of the stated types."""
    document = published()
    assert missing(value, {"$ref": f"#/components/schemas/{schema}"}, document, schema) == []


def published() -> dict[str, Any]:
    import yaml

    path = shared("spec/openapi.yaml")
    loaded: dict[str, Any] = yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return loaded


TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}


def missing(value: Any, schema: dict[str, Any], document: dict[str, Any], place: str) -> list[str]:
    if "$ref" in schema:
        return missing(value, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document, place)
    kinds = schema.get("type")
    if kinds is None:
        return []
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if not any(isinstance(value, (int, float) if kind == "number" else TYPES[kind]) for kind in kinds):
        return [f"{place} is {value!r}, not {kinds}"]
    if isinstance(value, dict):
        absent = [f"{place}.{name} is absent" for name in schema.get("required", ()) if name not in value]
        known = schema.get("properties", {})
        return absent + [
            line
            for name in value.keys() & known.keys()
            for line in missing(value[name], known[name], document, f"{place}.{name}")
        ]
    if isinstance(value, list):
        return [line for each in value for line in missing(each, schema.get("items", {}), document, f"{place}[]")]
    return []
