"""Where single providers depart from their dialect: one row each, by the provider's slug.

A row is added when a provider refuses or misreads what its dialect says; the source stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Quirk:
    """`drop` and `rename` are top-level fields of the request.

    `effort`: takes `reasoning_effort` where others take the `reasoning` object. `completion_limit`: its reasoning
    models want `max_completion_tokens` for `max_tokens`. `cache_control`: takes Anthropic's cache breakpoints.
    `tiers`: takes `service_tier`. `cancels`: stops working, and billing, when its connection is closed.
    """

    drop: frozenset[str] = frozenset()
    rename: Mapping[str, str] = field(default_factory=dict)
    effort: bool = False
    completion_limit: bool = False
    cache_control: bool = False
    tiers: bool = False
    cancels: bool = True


NONE: Final = Quirk()
QUIRKS: Final[Mapping[str, Quirk]] = {
    # platform.openai.com, "Create chat completion": unknown fields are refused; max_tokens is for older models.
    "openai": Quirk(effort=True, completion_limit=True, tiers=True),
    "azure": Quirk(effort=True, completion_limit=True),
    # docs.mistral.ai, "Chat completion": closed schema, `random_seed`; usage comes unasked in the last chunk.
    "mistral": Quirk(
        drop=frozenset({"user", "stream_options"}), rename={"seed": "random_seed"}, effort=True, cancels=False
    ),
    "groq": Quirk(effort=True, tiers=True, cancels=False),
    "xai": Quirk(effort=True),
    "ollama": Quirk(effort=True),
    "openrouter": Quirk(cache_control=True),
    # The API's documentation lists who goes on when the caller has left (spec gateway 2.7).
    **dict.fromkeys(
        ("alibaba", "amazon-bedrock", "google-ai-studio", "google-vertex", "minimax", "perplexity", "sambanova"),
        Quirk(cancels=False),
    ),
}
