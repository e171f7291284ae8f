"""One attempt: a request on its way to one endpoint, with what the plan changes of it for that endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from msgspec import Struct, field

from trunkline.server.domain.catalog.endpoints import Endpoint
from trunkline.server.domain.generation.request import GenerationRequest


class OwnKey(NamedTuple):
    """The account's own key at the provider: `sealed` is it encrypted, `about` what that is bound to."""

    id: str
    sealed: str
    about: str


class Attempt(Struct, frozen=True):
    """What is to be sent where.

    `changes` are top-level fields that this endpoint gets otherwise than the caller wrote them (None: not at
    all), such as a stripped `tools`, a clamped `max_tokens` or compressed `messages`. `account` is folded into
    the hash that the upstream sees as `user`. `seconds` is what is left of the time to the first token, from
    the moment of sending; the endpoint's own limits apply beside it. `own` is called with in place of the
    operator's credential.
    """

    endpoint: Endpoint
    request: GenerationRequest
    account: str
    changes: Mapping[str, msgspec.Raw | None] = field(default_factory=dict[str, msgspec.Raw | None])
    seconds: float = 300.0
    own: OwnKey | None = None
