"""Credentials that an account brings along for a provider: whose calls they serve, and for which models.

Sources: the API's documentation of `/byok`; spec gateway 3.7, step 4.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct

from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.layers import HOST_WORDS

_SHORTEST_SHOWN: Final = 20
"""Characters of a secret below which its label shows none of them: seven of few would be too many."""


class Credential(Struct, frozen=True, kw_only=True):
    """One account's own key at a provider; `sealed` is the secret as it is kept, encrypted.

    `workspace_id` of None: for every workspace of the account. `sort_order` counts up within provider and workspace.
    An `is_fallback` one comes after the shared endpoints; `is_required` keeps the provider's shared endpoints of its
    models out, `is_byok_only` those of all models. Each of the `allowed_*` lists is None where it restricts nothing;
    models by variant canonical slug. What is declared of the account behind it (whether nothing is retained there,
    and whether it works in `europe` or `us`) narrows what it is used for, and never widens that.
    """

    id: str
    account_id: str
    provider: str
    label: str
    sealed: str
    created_at: datetime
    workspace_id: str | None = None
    sort_order: int = 0
    name: str | None = None
    disabled: bool = False
    is_fallback: bool = False
    is_required: bool = False
    is_byok_only: bool = False
    declared_zdr: bool | None = None
    declared_region: str | None = None
    allowed_models: tuple[str, ...] | None = None
    allowed_api_key_hashes: tuple[str, ...] | None = None
    allowed_user_ids: tuple[str, ...] | None = None

    @property
    def about(self) -> str:
        """What the sealed secret is bound to, so that it opens in no other row."""
        return f"{self.account_id} {self.id} {self.provider}"

    def serves(self, key: Key) -> bool:
        """Tell whether calls with a key may use it."""
        if self.disabled or key.is_management or self.account_id != key.account_id:
            return False
        if self.workspace_id is not None and self.workspace_id != key.workspace_id:
            return False
        if self.allowed_api_key_hashes is not None and key.hash not in self.allowed_api_key_hashes:
            return False
        return self.allowed_user_ids is None or key.creator_user_id in self.allowed_user_ids

    def takes(self, permaslug: str) -> bool:
        """Tell whether a model, by its variant canonical slug, may be called with it."""
        return self.allowed_models is None or permaslug in self.allowed_models

    def suits(self, *, zdr: bool, region: str | None) -> bool:
        """Tell whether what is declared of it fits a call that needs zero retention, or came to a region's host."""
        if zdr and self.declared_zdr is False:
            return False
        declared = self.declared_region
        return region is None or declared in {None, HOST_WORDS[None], HOST_WORDS[region]}


def of_key(credentials: Iterable[Credential], key: Key) -> tuple[Credential, ...]:
    """Return the credentials that calls with a key may use, in the order in which they are tried."""
    serving = (credential for credential in credentials if credential.serves(key))
    return tuple(sorted(serving, key=lambda one: (one.sort_order, one.created_at, one.id)))


def label(secret: str) -> str:
    """Return what people recognise a secret by: its first three and last four characters."""
    return f"{secret[:3]}...{secret[-4:]}" if len(secret) >= _SHORTEST_SHOWN else "..."
