"""The words that operations take as parameters. The lists are open: the server judges a word that is not here."""

from __future__ import annotations

from typing import Literal, TypeAlias

from trunkline.types.unset import UnrecognizedStr

GetModelsCategory: TypeAlias = (
    Literal[
        "programming", "roleplay", "marketing", "marketing/seo", "technology", "science",
        "translation", "legal", "finance", "health", "trivia", "academia",
    ]
    | UnrecognizedStr
)  # fmt: skip
"""Use cases that models are tagged with."""
GetModelsSort: TypeAlias = (
    Literal[
        "most-popular", "newest", "top-weekly", "pricing-low-to-high", "pricing-high-to-low",
        "context-high-to-low", "throughput-high-to-low", "latency-low-to-high",
        "intelligence-high-to-low", "coding-high-to-low", "agentic-high-to-low",
        "design-arena-elo-high-to-low",
    ]
    | UnrecognizedStr
)  # fmt: skip
"""Orders of the list; models without the figure that an order asks for come last."""
ListModelsUserSort: TypeAlias = GetModelsSort
"""Orders of the list of one key."""
Distillable: TypeAlias = Literal["true", "false"] | UnrecognizedStr
"""Only models whose author permits distillation, or only the others."""
Zdr: TypeAlias = Literal["true"]
"""Only models with an endpoint that retains no data."""
Region: TypeAlias = Literal["eu", "us"]
"""Only models with an endpoint inside the region."""
