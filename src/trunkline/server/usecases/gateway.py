"""What every call reaches: providers, ledger, what was learned; and calls that are read to their end unheard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.generation.cost import ZERO
from trunkline.server.domain.generation.delta import Event, Failed
from trunkline.server.domain.generation.fault import Fault, FaultType
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.domain.routing.attempts import MOST_ATTEMPTS
from trunkline.server.domain.routing.availability import DOCUMENTATION
from trunkline.server.domain.routing.holds import HELD_TOKENS
from trunkline.server.domain.routing.needs import SMALL_WINDOW
from trunkline.server.domain.routing.pools import Pools
from trunkline.server.domain.routing.windows import COOLDOWN
from trunkline.server.usecases.ending import Ending
from trunkline.server.usecases.flow import Flow
from trunkline.server.usecases.gateway_ports import FreeCalls, Learned, Ledger, Stickiness
from trunkline.server.usecases.inference_ports import AnswerStore, Contents, Upstreams
from trunkline.server.usecases.policies import admitted
from trunkline.server.usecases.ports import Clock
from trunkline.server.usecases.screening import Screening

PRE_TOKEN_SECONDS: Final = 300.0
KEEP_ALIVE_SECONDS: Final = 10.0
POLICIES: Final = 10_000
"""Compiled policies that are kept; more than that are forgotten all at once."""
_log = logging.getLogger(__name__)


@dataclass
class Gateway:
    """What calls reach: the providers, the ledger, what was learned, time and chance.

    `pre_token_seconds` is how long all attempts together may take to the first token, `keep_alive_seconds` how long
    a streaming caller hears nothing, `metrics` what was counted, in Prometheus' text format. `byok_fee` is the share
    of the list price that a call with an account's own key costs, beyond `byok_allowance` USD a month. An endpoint
    rests for `cooldown_seconds` after a 429 without a hint; `small_window` is that of `Circumstances`, `free_calls`
    None for any number of them. Money is held for `held_tokens` where a call does not say how much it wants.
    """

    upstreams: Upstreams
    usable: frozenset[str]
    ledger: Ledger
    learned: Learned
    stickiness: Stickiness
    clock: Clock
    chance: Callable[[], float]
    new_id: Callable[[], str]
    pre_token_seconds: float = PRE_TOKEN_SECONDS
    keep_alive_seconds: float = KEEP_ALIVE_SECONDS
    most_attempts: int = MOST_ATTEMPTS
    held_tokens: int = HELD_TOKENS
    cooldown_seconds: int = COOLDOWN
    small_window: int = SMALL_WINDOW
    free_calls: FreeCalls | None = None
    metrics: Callable[[], bytes] | None = None
    screening: Screening = field(default_factory=Screening)
    answers: AnswerStore | None = None
    contents: Contents | None = None
    byok_fee: Decimal = ZERO
    byok_allowance: Decimal = ZERO
    ending: Ending = field(default_factory=Ending)
    docs_url: str = DOCUMENTATION
    _pools: Pools | None = None
    _usage: tuple[object, Mapping[str, int]] = (None, {})
    _policies: dict[tuple[int, str | None], tuple[Caller, Policy]] = field(default_factory=dict)
    _draining: set[asyncio.Task[None]] = field(default_factory=set)

    def fee_of(self, caller: Caller, now: float) -> tuple[Decimal, Decimal]:
        """Return the share of the list price that a call with an own key costs, and for how much of it (USD) not."""
        if not self.byok_fee or not self.byok_allowance:
            return self.byok_fee, ZERO
        used = self.ledger.worth(caller.key.account_id, now)
        return self.byok_fee, max(self.byok_allowance - used, ZERO)

    def admitted(self, caller: Caller, region: str | None) -> Policy:
        """Return what a caller may call on the host of a region, compiled once for as long as it is remembered.

        Raises `Forbidden` and `NotFound` as `policies.admitted` does.
        """
        key = (id(caller), region)
        kept = self._policies.get(key)
        if kept is not None and kept[0] is caller:
            return kept[1]
        policy = admitted(caller, region, self.usable)
        if len(self._policies) >= POLICIES:
            self._policies.clear()
        self._policies[key] = (caller, policy)
        return policy

    def pools(self, snapshot: Snapshot, now: float) -> Pools:
        """Return what the catalogue's endpoints compile to; kept as long as the snapshot."""
        if self._pools is None or self._pools.snapshot.rows is not snapshot.rows:
            self._pools = Pools(snapshot, now)
        return self._pools

    def usage(self, snapshot: Snapshot) -> Mapping[str, int]:
        """Return the tokens of seven days by model id; kept until something has been learned."""
        if self._usage[0] is not snapshot.learned:
            models = snapshot.learned.models.items()
            used = {snapshot.rows[at].id: seen.tokens_7d for at, seen in models if seen.tokens_7d}
            self._usage = (snapshot.learned, used)
        return self._usage[1]

    def drain(self, flow: Flow, then: Callable[[Event | None], None]) -> None:
        """Read an upstream that cannot be cancelled to its end in the background; `then` gets each event, last None."""

        async def run() -> None:
            try:
                while (event := await flow.next()) is not None:
                    then(event)
            except Exception as error:  # noqa: BLE001 - whatever it is, the call is settled all the same
                _log.exception("an answer could not be read to its end")
                then(Failed(fault=Fault(type=FaultType.PROVIDER_UNAVAILABLE, message=type(error).__name__)))
            then(None)

        self.later(run())

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that no answer waits for; it handles its own errors."""
        task = asyncio.ensure_future(work)
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)

    async def close(self) -> None:
        """End what is still under way, without grace where `ending` has not been told of any, and all connections."""
        await self.ending.wait(self._draining)
        await self.upstreams.close()
