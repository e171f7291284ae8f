"""Whom a kept answer is for: everybody whose policy comes to the same, or one key alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.usecases.policies import shared

REMEMBERED: Final = 20_000
"""Audiences kept, one for each key and regional host; the least recently asked goes first."""


class Audiences:
    """The audience of each caller, worked out once for a catalogue.

    A caller is recognised by identity: as soon as anything that governs its key has changed it is another
    object, and its audience is worked out anew.
    """

    def __init__(self, credentials: frozenset[str] | None, bound: int = REMEMBERED) -> None:
        """`credentials` are the providers that can be called, None where none is configured."""
        self._bound = bound
        self._credentials = credentials
        self._epoch: Snapshot | None = None
        self._known: OrderedDict[tuple[str, str | None], tuple[Caller, Hashable]] = OrderedDict()

    def of(self, epoch: Snapshot | None, caller: Caller | None, region: str | None) -> Hashable:
        """Return what lasting answers for a caller on the host of a region are kept under; None for the public.

        Equal for two callers only where every lasting answer is. Asked from one thread only.
        """
        if caller is None:
            return None
        if epoch is not self._epoch:
            self._epoch = epoch
            self._known.clear()
        place = (caller.key.hash, region)
        known = self._known.get(place)
        if known is not None and known[0] is caller:
            self._known.move_to_end(place)
            return known[1]
        audience: Hashable = None if epoch is None else shared(epoch, caller, region, self._credentials)
        if audience is None:
            audience = object()  # equal to nothing else: kept for this key alone
        self._known[place] = (caller, audience)
        self._known.move_to_end(place)
        if len(self._known) > self._bound:
            self._known.popitem(last=False)
        return audience
