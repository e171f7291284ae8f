"""The money that one call holds of its caller's limits, from before its first attempt until it is settled."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.server.domain.generation.fault import FaultType
from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.holds import Amount, Hold
from trunkline.server.domain.routing.availability import Refusal
from trunkline.server.errors import Forbidden, PaymentRequired
from trunkline.server.usecases.gateway_ports import Ledger


class Holding:
    """Takes money, and lets go of it exactly once, however its call ends."""

    __slots__ = ("_hold", "_is_settled", "_ledger")

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._hold: Hold | None = None
        self._is_settled = False

    @property
    def is_taken(self) -> bool:
        """Whether anything is held, or was until the call was settled; nothing is of a caller who is under no limit."""
        return self._hold is not None

    def take(self, caller: Caller, now: float, *, free: bool, most: Callable[[], Amount]) -> Refusal | None:
        """Hold what the call may cost at `most`; return how it is refused where a limit is reached meanwhile."""
        try:
            self._hold = self._ledger.reserve(caller, now, free=free, most=most)
        except (PaymentRequired, Forbidden) as error:
            return _refused(error)
        return None

    async def secure(self) -> Refusal | None:
        """Agree with the other processes on what was taken; return how the call is refused where they hold the rest."""
        if self._hold is None:
            return None
        try:
            await self._ledger.secure(self._hold)
        except (PaymentRequired, Forbidden) as error:
            return _refused(error)
        except BaseException:
            self.release()
            raise
        return None

    def settle(self, record: GenerationRecord) -> None:
        """Put what the call has cost in the place of what was held."""
        self._is_settled = True
        self._ledger.settle(record, self._hold)

    def release(self) -> None:
        """Let go of what is held for a call that is not settled and never will be."""
        if self._hold is not None and not self._is_settled:
            self._ledger.release(self._hold)

    async def freed(self) -> None:
        """Return when nobody counts as held any more what was held for a call that is settled."""
        if self._hold is not None and self._is_settled:
            await self._ledger.freed(self._hold)


def _refused(error: PaymentRequired | Forbidden) -> Refusal:
    kind = FaultType.PAYMENT_REQUIRED if isinstance(error, PaymentRequired) else FaultType.PERMISSION_DENIED
    return Refusal(error.status, kind, error.message)
