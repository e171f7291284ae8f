"""The record of one generation, as it is journalled, billed and read back (spec gateway 5.3, 5.4).

Thousands of them wait for the store at times; none can be part of a cycle, so the collector need not look at them.
Where each call makes one, it is made by position: by so many names it takes 2 µs, by position 0.1.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from trunkline.server.domain.generation.usage import NOTHING_USED, Usage


class AttemptRecord(Struct, frozen=True, omit_defaults=True, gc=False):
    """One attempt at one endpoint: `status` the HTTP status that came (or stands for what came), times in ms.

    `counts` tells whether it counts for uptime, `ok` whether it served; `first_token_ms` and
    `streaming_ms` are None where no token came. `bad_tool_call` is None without tool calls. `is_byok`: with a key of
    the account's own.
    """

    endpoint: str
    model: str
    provider: str
    provider_name: str
    status: int
    latency_ms: float
    ok: bool
    counts: bool = True
    rate_limited: bool = False
    retry_after: int | None = None
    first_token_ms: float | None = None
    streaming_ms: float | None = None
    output_tokens: int = 0
    tool_calls: bool = False
    bad_tool_call: bool | None = None
    started: float = 0.0
    upstream_id: str | None = None
    is_byok: bool = False


class FilterRecord(Struct, frozen=True, gc=False):
    """What a content filter has found, without what that was: its name, its label, and how often it counts for."""

    guardrail_id: str
    filter: str
    label: str
    action: str
    count: int


class GenerationRecord(Struct, frozen=True, omit_defaults=True, gc=False):
    """One answered, failed or cancelled call. `created` in Unix seconds, times in ms, amounts in USD.

    `endpoint`, `model`, `provider` are empty where nothing served. `charged` is what the account pays;
    `prompt_cost` and `completion_cost` the list price of the two sides. `filtered` is what content filters found.
    `cache_source_id` is the generation whose answer was given again; such a call has an empty `endpoint` and no usage.
    """

    id: str
    created: float
    account_id: str
    key_hash: str
    workspace_id: str | None = None
    user_id: str | None = None
    api_type: str = "completions"
    requested: str = ""
    model: str = ""
    permaslug: str = ""
    endpoint: str = ""
    provider: str = ""
    provider_name: str = ""
    streamed: bool = False
    cancelled: bool = False
    finish_reason: str | None = None
    native_finish_reason: str | None = None
    usage: Usage = NOTHING_USED
    charged: Decimal = Decimal(0)
    prompt_cost: Decimal = Decimal(0)
    completion_cost: Decimal = Decimal(0)
    cache_discount: Decimal | None = None
    is_byok: bool = False
    latency_ms: float = 0.0
    generation_ms: float = 0.0
    attempts: tuple[AttemptRecord, ...] = ()
    upstream_id: str | None = None
    service_tier: str | None = None
    router: str | None = None
    referer: str | None = None
    app_title: str | None = None
    app_categories: tuple[str, ...] = ()
    user_agent: str | None = None
    external_user: str | None = None
    session_id: str | None = None
    region: str | None = None
    error_type: str | None = None
    filtered: tuple[FilterRecord, ...] = ()
    cache_source_id: str | None = None
    private: bool = False
    zdr: bool = False
    free: bool = False
