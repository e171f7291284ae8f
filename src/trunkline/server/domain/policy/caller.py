"""The caller of a request: whose key it is and under which guardrails (spec 5.2)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from trunkline.server.domain.policy.account import Account, Member
from trunkline.server.domain.policy.byok import Credential
from trunkline.server.domain.policy.guardrail import Guardrail
from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.workspace import Workspace


class Caller(Struct, frozen=True, kw_only=True):
    """A valid key with everything that decides what it may see and call.

    `account` is None when the key's account is gone, `workspace` for a management key and for a key
    whose workspace is gone; the guardrails are those of the layers L1, L2 and L3, where assigned. `byok` are
    the account's own credentials at providers that calls with the key may use, in the order of their trial.
    """

    key: Key
    account: Account | None
    member: Member | None = None
    workspace: Workspace | None = None
    default_guardrail: Guardrail | None = None
    member_guardrail: Guardrail | None = None
    key_guardrail: Guardrail | None = None
    byok: tuple[Credential, ...] = ()

    def counts(self, now: datetime) -> bool:
        """Tell whether the key may still be used."""
        return self.key.counts(now)
