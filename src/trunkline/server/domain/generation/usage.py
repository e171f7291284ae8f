"""What a generation consumed, in the OpenAI convention: totals include cached, reasoning and media tokens."""

from __future__ import annotations

from msgspec import Struct


class Usage(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Tokens by class; every count is a whole number of 0 or more.

    `prompt_tokens` includes cache reads, cache writes, audio and image tokens; `completion_tokens`
    includes reasoning, audio and image tokens. `estimated` marks counts that we made ourselves
    because the upstream gave none (spec gateway 2.2, 5.2, 5.3).
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    audio_tokens: int = 0
    cached_audio_tokens: int = 0
    image_tokens: int = 0
    images: int = 0
    reasoning_tokens: int = 0
    audio_output_tokens: int = 0
    image_output_tokens: int = 0
    images_output: int = 0
    searches: int = 0
    estimated: bool = False

    @property
    def total_tokens(self) -> int:
        """Prompt and completion tokens."""
        return self.prompt_tokens + self.completion_tokens


NOTHING_USED = Usage()
