"""Where single providers depart from their dialect: one row each, by the provider's slug.

A row is added when a provider refuses or misreads what its dialect says; the source stands beside it. The first ten
are those with most endpoints in the bundled catalogue. Amazon Bedrock is not spoken to yet: its own dialects are not
OpenAI's, and the chat completions that it has beside them serve OpenAI's models only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trunkline.server.adapters.providers.quirks.quirk import Quirk, Thinking

_API: Final = "https://openrouter.ai/docs/api/reference/streaming"
"""The API's documentation lists who goes on when the caller has left (spec gateway 2.7)."""

QUIRKS: Final[Mapping[str, Quirk]] = {
    "amazon-bedrock": Quirk(
        cancels=False,
        sources=(_API, "https://docs.aws.amazon.com/bedrock/latest/userguide/inference-chat-completions.html"),
    ),
    # A system prompt of Venice's own is put before the caller's unless that is switched off.
    "venice": Quirk(
        add={"venice_parameters": {"include_venice_system_prompt": False}},
        sources=("https://docs.venice.ai/api-reference/api-spec",),
    ),
    "novita": Quirk(
        limit="max_tokens",
        thinking=Thinking("enable_thinking"),
        sources=("https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion",),
    ),
    # Takes `reasoning_effort` and the `reasoning` object alike; `max_tokens` is deprecated.
    "digitalocean": Quirk(
        limit="max_completion_tokens",
        sources=(
            "https://docs.digitalocean.com/products/inference-hub/how-to/use-chat-completions-api/",
            "https://docs.digitalocean.com/products/inference-hub/how-to/use-reasoning/",
        ),
    ),
    "azure": Quirk(
        effort=True,
        completion_limit=True,
        sources=("https://learn.microsoft.com/en-us/azure/foundry/openai/api-version-lifecycle",),
    ),
    "deepinfra": Quirk(
        limit="max_tokens", effort=True, tiers=True, sources=("https://deepinfra.mintlify.app/chat/overview",)
    ),
    # The limit is that of the answer alone: what is thought does not count.
    "siliconflow": Quirk(
        limit="max_tokens",
        thinking=Thinking("enable_thinking", "thinking_budget", 128, 32768),
        sources=("https://docs.siliconflow.cn/docs/api/chat-completions-post",),
    ),
    # Whatever a model's page does not list is refused, with 400 or 422 and the word `extra_forbidden`.
    "nvidia": Quirk(
        drop=frozenset({"user", "prompt_cache_key"}),
        limit="max_tokens",
        effort=True,
        sources=(
            "https://docs.api.nvidia.com/nim/reference/llm-apis",
            "https://github.com/sipeed/picoclaw/issues/1019",
            "https://github.com/Kilo-Org/kilocode/issues/9652",
        ),
    ),
    # Unknown fields are refused; `max_tokens` is for older models.
    "openai": Quirk(
        effort=True,
        completion_limit=True,
        tiers=True,
        sources=("https://platform.openai.com/docs/api-reference/chat/create",),
    ),
    # Without the switch nothing is thought, or nothing is shown of it.
    "alibaba": Quirk(
        limit="max_tokens",
        thinking=Thinking("enable_thinking", "thinking_budget"),
        cancels=False,
        sources=(
            _API,
            "https://www.alibabacloud.com/help/en/model-studio/deep-thinking",
            "https://github.com/anomalyco/opencode/issues/12771",
        ),
    ),
    # A closed schema with a `random_seed`; usage comes unasked in the last chunk.
    "mistral": Quirk(
        drop=frozenset({"user", "stream_options"}),
        rename={"seed": "random_seed"},
        effort=True,
        cancels=False,
        sources=(_API, "https://docs.mistral.ai/api"),
    ),
    "groq": Quirk(
        effort=True, tiers=True, cancels=False, sources=(_API, "https://console.groq.com/docs/api-reference")
    ),
    "xai": Quirk(effort=True, sources=("https://docs.x.ai/docs/api-reference",)),
    "ollama": Quirk(effort=True, sources=("https://docs.ollama.com/api/openai-compatibility",)),
    "openrouter": Quirk(cache_control=True, sources=("https://openrouter.ai/docs",)),
    **dict.fromkeys(
        ("google-ai-studio", "google-vertex", "minimax", "perplexity", "sambanova"),
        Quirk(cancels=False, sources=(_API,)),
    ),
}
