"""What can be set about calls to models: patience, limits, and what is told of them (spec gateway, Appendix B)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of the gateway, one line each; `settings.Settings` has them beside its own."""

    keep_alive_seconds: Annotated[
        float, Meta(gt=0, le=3600, description="Seconds of silence after which a streaming caller gets a comment.")
    ] = 10.0
    first_token_seconds: Annotated[
        float, Meta(gt=0, le=86400, description="Seconds for all attempts of a call together, up to its first token.")
    ] = 300.0
    most_attempts: Annotated[int, Meta(ge=1, le=100, description="Endpoints tried at most for one call.")] = 10
    held_tokens: Annotated[
        int,
        Meta(
            ge=0,
            description="Completion tokens for which money is held of a caller's limits, where a call names no "
            "`max_tokens`.",
        ),
    ] = 4096
    cooldown_seconds: Annotated[
        int,
        Meta(ge=0, le=3600, description="Seconds that an endpoint rests after a 429 that does not say how long."),
    ] = 30
    sticky_seconds: Annotated[
        int, Meta(ge=0, le=86400, description="Seconds of silence after which a conversation leaves its endpoint.")
    ] = 600
    small_window: Annotated[
        int,
        Meta(
            ge=0,
            description="Tokens up to which a window counts as small: what is too long for it is shortened unasked; "
            "0 for never.",
        ),
    ] = 8192
    call_body_limit: Annotated[int, Meta(ge=1, description="Largest body of a call to a model in bytes.")] = (
        32 * 1024**2
    )
    free_per_minute: Annotated[
        int, Meta(ge=0, description="Calls of `:free` models that an account has in a minute; 0 for any number.")
    ] = 20
    free_per_day: Annotated[
        int, Meta(ge=0, description="The same in a day, for accounts with less than 10 USD of credits.")
    ] = 50
    free_per_day_credited: Annotated[
        int,
        Meta(ge=0, description="The same in a day, for accounts with at least 10 USD of credits, or without limit."),
    ] = 1000
    grace_seconds: Annotated[
        float, Meta(ge=0, le=3600, description="Seconds that calls under way have left when the server is stopped.")
    ] = 8.0
    log_calls: Annotated[bool, Meta(description="Whether each call that ends is a line of the log.")] = True
