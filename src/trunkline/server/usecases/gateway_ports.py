"""The ports of inference to what counts and remembers: limits, the journal, statistics, stickiness."""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol

from msgspec import Struct

from trunkline.server.domain.generation.record import AttemptRecord, GenerationRecord
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.holds import Amount, Hold
from trunkline.server.domain.routing.statistics import Statistics


class Ledger(Protocol):
    """Who may still spend, and what was spent."""

    def check(self, caller: Caller, now: float, *, free: bool) -> None:
        """Let a caller spend: limits, budgets and credits in their order (policy spec 5.9). Never blocks on I/O.

        What is held for calls under way counts as spent. `free`: only free models are asked for. Raises
        `PaymentRequired` (402), `Forbidden` (403), and `StoreUnavailable` when nothing is known of the caller's
        spending.
        """
        ...

    def reserve(self, caller: Caller, now: float, *, free: bool, most: Callable[[], Amount]) -> Hold | None:
        """Hold what a call may cost at `most` until it is settled or released. Never blocks on I/O.

        Returns None for a caller who is under no limit, and asks `most` only for others. Raises like `check`.
        """
        ...

    async def secure(self, hold: Hold) -> None:
        """Agree on a hold with other processes, where a limit is near; returns at once where none is.

        Raises `PaymentRequired` and `Forbidden` where they hold what is left; the hold is gone then.
        """
        ...

    def release(self, hold: Hold) -> None:
        """Let go of a hold whose call will never be settled."""
        ...

    def settle(self, record: GenerationRecord, hold: Hold | None = None) -> None:
        """Have a finished generation journalled before its answer ends; idempotent by id.

        Counts it by then in this process's limits and statistics, in the place of its hold; the store follows in
        batches.
        """
        ...

    def worth(self, account_id: str, now: float) -> Decimal:
        """Return the list price (USD) of an account's calls with own keys this month, 0 where nothing is known."""
        ...

    async def freed(self, hold: Hold) -> None:
        """Return when no other process counts as held any more what was held for a settled call; mostly at once."""
        ...


class Learned(Protocol):
    """What traffic has taught about endpoints."""

    def statistics(self, now: float) -> Statistics:
        """Return the endpoints' recent past; a plain look-up, refreshed at most every second."""
        ...

    def observe(self, attempt: AttemptRecord) -> None:
        """Heed a failed attempt at once; when its generation is settled it is not counted again."""
        ...


class Stickiness(Protocol):
    """Which endpoint a conversation stays with (spec gateway 3.7)."""

    def endpoint(self, key: str, now: float) -> str | None:
        """Return the endpoint's key that a conversation was last served by, None when forgotten."""
        ...

    def remember(self, key: str, endpoint: str, now: float) -> None:
        """Keep a conversation with an endpoint for ten minutes from now."""
        ...


class Activity(Struct, frozen=True, kw_only=True):
    """What one endpoint of a model was used for on a day (counted from 1970, UTC). Amounts in USD."""

    day: int
    model: str
    permaslug: str
    endpoint: str
    provider_name: str
    workspace_id: str
    usage: Decimal
    byok_usage: Decimal
    requests: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cached_tokens: int


class Used(Struct, frozen=True, kw_only=True):
    """How often a key used a model (by permaslug), and the last day (counted from 1970, UTC)."""

    key_hash: str
    permaslug: str
    requests: int
    last_day: int


class AppUsage(Struct, frozen=True, kw_only=True):
    """What one app has used; `id` is its number here, `origin` its scheme and host."""

    id: int
    origin: str
    title: str | None
    tokens: int
    requests: int


class Dimension(StrEnum):
    """What usage is split by."""

    MODEL = "model"
    PROVIDER = "provider"
    KEY = "key"
    APP = "app"
    WORKSPACE = "workspace"
    USER = "user"


class Consumption(Struct, frozen=True, kw_only=True):
    """What one model, provider, key, ... used on a day (counted from 1970, UTC). Amounts in USD.

    `name` is the model's id, the provider's name, the key's hash, the app's title or host, the id of the workspace or
    of the user; empty where a call had none.
    """

    day: int
    name: str
    usage: Decimal
    byok_usage: Decimal
    requests: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cached_tokens: int


class Cursor(NamedTuple):
    """Where a page of generations begins: after the one of this time (microseconds since 1970) and id."""

    created: int
    id: str


class Records(Protocol):
    """What was called, read back. Blocks; raises `StoreUnavailable`.

    Days are counted from 1970 in UTC, both ends included. What this process has settled is in it.
    """

    def generation(self, account_id: str, generation_id: str) -> tuple[GenerationRecord, int | None] | None:
        """Return an account's generation with the number of its app, None where there is none."""
        ...

    def activity(
        self,
        account_id: str,
        first: int,
        last: int,
        *,
        key_hash: str | None = None,
        user_id: str | None = None,
        workspace_id: str | None = None,
        by_workspace: bool = False,
    ) -> list[Activity]:
        """Return an account's usage, newest day first; `workspace_id` is empty unless rows are split by it."""
        ...

    def consumption(
        self,
        account_id: str,
        first: int,
        last: int,
        by: Dimension,
        *,
        key_hash: str | None = None,
        model: str | None = None,
    ) -> list[Consumption]:
        """Return an account's usage by day and by one dimension, oldest day first, the costliest first in each."""
        ...

    def generations(
        self,
        account_id: str,
        limit: int,
        *,
        after: Cursor | None = None,
        key_hash: str | None = None,
        model: str | None = None,
    ) -> tuple[list[tuple[GenerationRecord, int | None]], Cursor | None]:
        """Return an account's generations, newest first, each with the number of its app, and where the next page is.

        `model` is the one that served, or that was asked for where none did. The time that a page takes does not
        depend on how many pages are before it.
        """
        ...

    def used(self, account_id: str, key_hashes: Collection[str], first: int, last: int) -> list[Used]:
        """Return which models some keys of an account used, by key and then by model."""
        ...

    def spent(self, account_id: str) -> Decimal:
        """Return USD that an account has spent in all."""
        ...

    def tokens(
        self, first: int, last: int, *, context: int | None = None, tools: bool = False
    ) -> list[tuple[int, str, int]]:
        """Return (day, permaslug, tokens) of public traffic, by day.

        `context` is the power of ten that prompts fit in, `tools` keeps what called tools.
        """
        ...

    def apps(self, first: int, last: int, categories: Collection[str] = ()) -> list[AppUsage]:
        """Return the apps of public traffic, those in any of the categories where some are named."""
        ...


class FreeCalls(Protocol):
    """How often free models may be called."""

    def take(self, account_id: str, now: float) -> None:
        """Count one call of an account. Raises `TooManyRequests`. Counted by each process for itself."""
        ...


class Limits(Protocol):
    """How often something may be asked."""

    def take(self, key_hash: str, account_id: str, now: float) -> None:
        """Count one call of the data sets. Raises `TooManyRequests` beyond 30 a minute and key, 500 a day and account.

        Counted by each process for itself.
        """
        ...
