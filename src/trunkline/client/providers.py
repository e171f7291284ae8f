"""Provider operations, to be awaited (`…_async`) or not."""

from __future__ import annotations

from trunkline.client.asynchronous.calls import AsyncCalls
from trunkline.client.asynchronous.providers import AsyncProviders
from trunkline.client.synchronous.calls import SyncCalls
from trunkline.client.synchronous.providers import SyncProviders


class Providers(SyncProviders, AsyncProviders):
    """Provider operations; each has a twin that is awaited, with `_async` after its name."""

    def __init__(self, sync_calls: SyncCalls, async_calls: AsyncCalls) -> None:
        self._sync_calls = sync_calls
        self._async_calls = async_calls
