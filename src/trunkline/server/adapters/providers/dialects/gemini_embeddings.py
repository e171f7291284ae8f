"""Embeddings as Gemini makes them: a batch of contents in, a list of values out.

Source: ai.google.dev/api/embeddings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from trunkline.server.adapters.providers import faults
from trunkline.server.adapters.providers.dialects import gemini_contents
from trunkline.server.adapters.providers.dialects.dialect import UNREADABLE, Garbage, NotExpressible, decoded_object
from trunkline.server.adapters.providers.dialects.fields import Fields
from trunkline.server.adapters.providers.dialects.gemini_usage import usage
from trunkline.server.domain.generation.delta import Event, Failed, Started, Used, Vector

Json = dict[str, Any]

TASKS: Final = {
    "search_query": "RETRIEVAL_QUERY", "query": "RETRIEVAL_QUERY",
    "search_document": "RETRIEVAL_DOCUMENT", "document": "RETRIEVAL_DOCUMENT", "passage": "RETRIEVAL_DOCUMENT",
    "classification": "CLASSIFICATION", "clustering": "CLUSTERING", "semantic_similarity": "SEMANTIC_SIMILARITY",
    "question_answering": "QUESTION_ANSWERING", "fact_verification": "FACT_VERIFICATION",
    "code_retrieval_query": "CODE_RETRIEVAL_QUERY",
}  # fmt: skip
"""What other providers call an `input_type`, and Google's own words in small letters."""


def body(fields: Fields, model: str) -> Json:
    """Return the body of `batchEmbedContents`. Raises `NotExpressible` for lists of token numbers."""
    given = fields.get("input")
    inputs = given if isinstance(given, list) else [given]
    common: Json = {"model": model}
    kind = fields.get("input_type")
    task = TASKS.get(kind.lower()) or TASKS.get(kind.lower().replace("retrieval_", "search_")) if kind else None
    if task is not None:
        common["taskType"] = task
    if (dimensions := fields.number("dimensions")) is not None:
        common["outputDimensionality"] = dimensions
    requests = [{**common, "content": {"parts": _parts(item)}} for item in inputs]
    return {"requests": requests, **dict(fields.options())}


def _parts(item: object) -> list[Json]:
    content = item.get("content") if isinstance(item, dict) else item
    if not isinstance(content, str | list) or any(not isinstance(part, dict | str) for part in content):
        raise NotExpressible("this provider embeds texts, not numbers of tokens")
    return list(gemini_contents.parts(content)) or [{"text": ""}]


class _Embedding(msgspec.Struct):
    values: msgspec.Raw


class _Embeddings(msgspec.Struct, rename="camel"):
    embeddings: list[_Embedding]
    usage_metadata: Json | None = None


def vectors(data: bytes) -> Iterator[Event]:
    """Yield what an answer says. Raises `Garbage`."""
    try:
        answer = msgspec.json.decode(data, type=_Embeddings)
    except UNREADABLE:
        stated = decoded_object(data)
        if "error" not in stated:
            raise Garbage("the provider sent no embeddings") from None
        yield Failed(fault=faults.inside(stated))
        return
    if not answer.embeddings or any(bytes(row.values)[:1] != b"[" for row in answer.embeddings):
        raise Garbage("the provider sent no embeddings")
    yield Started()
    for position, row in enumerate(answer.embeddings):
        yield Vector(index=position, embedding=row.values)
    if answer.usage_metadata is not None:
        yield Used(usage=usage(answer.usage_metadata))
