"""`/chat/completions`, the legacy `/completions`, and `/embeddings`."""

from __future__ import annotations

from trunkline.server.http import schemas_inference as schemas
from trunkline.server.http.access import Access
from trunkline.server.http.operations import API, Operation
from trunkline.server.http.surfaces import bodies
from trunkline.server.http.surfaces.chat import chat, completions
from trunkline.server.http.surfaces.embeddings import embeddings

_ERRORS = (400, 401, 402, 403, 404, 413, 429, 502, 503)

OPERATIONS = (
    Operation(
        id="sendChatCompletionRequest",
        method="POST",
        path=f"{API}/chat/completions",
        tag="Chat",
        summary="Complete a chat",
        description="With `stream` the answer is an event stream that ends in `[DONE]`.",
        access=Access.INFERENCE,
        body=bodies.ChatBody,
        answers=schemas.ChatResult,
        errors=_ERRORS,
        infer=chat,
    ),
    Operation(
        id="sendCompletionRequest",
        method="POST",
        path=f"{API}/completions",
        tag="Chat",
        summary="Complete a text",
        access=Access.INFERENCE,
        body=bodies.CompletionsBody,
        answers=schemas.TextResult,
        errors=_ERRORS,
        infer=completions,
    ),
    Operation(
        id="createEmbeddings",
        method="POST",
        path=f"{API}/embeddings",
        tag="Embeddings",
        summary="Embed texts",
        access=Access.INFERENCE,
        body=bodies.EmbeddingsBody,
        answers=schemas.EmbeddingsResult,
        errors=_ERRORS,
        infer=embeddings,
    ),
)
