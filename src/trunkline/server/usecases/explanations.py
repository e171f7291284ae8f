"""Why a key does or does not see a model, and what a guardrail would leave of the catalogue before it is saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.generation.days import day_of, number
from trunkline.server.domain.policy.admission import admit, is_entitled, policy_of
from trunkline.server.domain.policy.explain import Explanation, Remaining, explain, preview
from trunkline.server.domain.policy.guardrail import Guardrail
from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.layers import HOST_WORDS, Layer, LayerName
from trunkline.server.domain.policy.restrictions import NOTHING, Restrictions
from trunkline.server.errors import Forbidden, NotFound
from trunkline.server.usecases.account_ports import Accounts, Catalogued, Reader
from trunkline.server.usecases.bodies import Name, given, refuse
from trunkline.server.usecases.gateway_ports import Records
from trunkline.server.usecases.guardrail_bodies import RestrictionsPatch
from trunkline.server.usecases.guardrails import find, is_default
from trunkline.server.usecases.ports import Clock
from trunkline.server.usecases.restrictions import stated

PREVIEWED: Final = 1000
"""Keys that a preview looks at, the newest ones."""
DAYS: Final = 30
"""Days before today whose calls tell what a key would miss; today's count too."""
Names = Annotated[list[Name], Meta(min_length=1, max_length=PREVIEWED)]


class GuardrailPreview(RestrictionsPatch, frozen=True, kw_only=True):
    """A guardrail that is not saved yet, and whom it would govern.

    With `guardrail_id` it is that guardrail, changed, for those whom it governs; with `workspace_id`
    the default guardrail of a workspace. Else it is a key's own, for the keys named by
    `key_hashes`, or a member's, for those by `member_user_ids`; for every key when nothing is named.
    """

    guardrail_id: UUID | UnsetType = UNSET
    workspace_id: UUID | UnsetType = UNSET
    key_hashes: Names | UnsetType = UNSET
    member_user_ids: Names | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a key does or does not see a model on the host of a region.

    `usable` is whether the key itself counts; `refused` says why the host would not answer it at all.
    """

    key: Key
    region: str | None
    usable: bool
    refused: str | None
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Missed:
    """A model that a key would lose and called: how often in those 30 days, and on which day last."""

    model: str
    requests: int
    last_used: date


@dataclass(frozen=True, slots=True)
class Left:
    """What a guardrail would leave to some keys that are alike, and what each of them (by hash) would miss."""

    keys: list[Key]
    remaining: Remaining
    missed: Mapping[str, list[Missed]]


def explain_model(
    accounts: Accounts,
    catalogue: Snapshot,
    account_id: str,
    key_hash: str,
    slug: str,
    *,
    clock: Clock,
    region: str | None = None,
    credentials: frozenset[str] | None = None,
) -> Explained:
    """Explain what a key of an account makes of a model on the host of a region (None: the global one).

    Raises `NotFound` for a key that is not the account's and for a model that the key may not know of.
    """
    caller = accounts.caller(key_hash)
    if caller is None or caller.account is None or caller.key.account_id != account_id:
        raise NotFound("There is no such key")
    policy = policy_of(caller, region, credentials)
    row = catalogue.find(slug, policy.viewer)
    if row is None:
        raise NotFound("There is no such model")
    refused = None
    try:
        admit(caller, policy)
    except Forbidden as error:
        refused = error.message
    hosts = [host for host in HOST_WORDS if is_entitled(caller.account.regions, host)]
    usable = caller.counts(datetime.fromtimestamp(clock(), UTC))
    return Explained(caller.key, region, usable, refused, explain(catalogue, row, policy, hosts))


def preview_guardrail(
    accounts: Accounts,
    catalogue: Snapshot,
    account_id: str,
    body: GuardrailPreview,
    *,
    catalogued: Catalogued,
    clock: Clock,
    records: Records | None = None,
    credentials: frozenset[str] | None = None,
) -> list[Left]:
    """Return what a guardrail would leave to the keys that it would govern, those with equal answers together.

    `records` tell what was called, None where nothing is. Raises `NotFound` for a guardrail that is not there, and
    `BadRequest` for models and providers that the catalogue does not have and for more than one way of naming keys.
    """
    fields = given(body)
    named = [name for name in _NAMING if name in fields]
    if len(named) > 1:
        raise refuse(named[1], f"expected at most one of {', '.join(_NAMING)}")
    who: dict[str, Any] = {name: fields.pop(name) for name in named}
    changes = stated(fields, catalogued)
    with accounts.read() as store:
        before: Restrictions = NOTHING
        owner = "draft"
        if "guardrail_id" in who:
            guardrail = find(store, account_id, str(who["guardrail_id"]))
            before, owner = guardrail, guardrail.id
        groups = list(_governed(store, account_id, who))
    found: dict[Remaining, list[Key]] = {}
    for name, keys in groups:
        draft = Layer(name, owner, replace(before, **changes))
        callers = [caller for key in keys if (caller := accounts.caller(key.hash)) is not None]
        policies = [policy_of(caller, None, credentials) for caller in callers]
        for caller, remaining in zip(callers, preview(catalogue, draft, policies), strict=True):
            found.setdefault(remaining, []).append(caller.key)
    missed = {} if records is None else _missed(records, catalogue, account_id, found, clock())
    return [
        Left(keys, remaining, {key.hash: missed[key.hash] for key in keys if key.hash in missed})
        for remaining, keys in found.items()
    ]


def _missed(
    records: Records, catalogue: Snapshot, account_id: str, found: Mapping[Remaining, list[Key]], now: float
) -> dict[str, list[Missed]]:
    """Return, for each key that called models that it would lose, which those are: the most called first."""
    lost: dict[str, dict[str, str]] = {}
    for remaining, keys in found.items():
        rows = (catalogue.rows[catalogue.positions[model]] for model in remaining.lost)
        slugs = {row.standing.permaslug: row.id for row in rows if not row.standing.latest}
        lost |= {key.hash: slugs for key in keys if slugs}
    today = datetime.fromtimestamp(now, UTC).date()
    used = records.used(account_id, lost, number(today - timedelta(days=DAYS)), number(today))
    missed: dict[str, list[Missed]] = {}
    for row in sorted(used, key=lambda row: (-row.requests, row.permaslug)):
        if (model := lost[row.key_hash].get(row.permaslug)) is not None:
            missed.setdefault(row.key_hash, []).append(Missed(model, row.requests, day_of(row.last_day)))
    return missed


def _governed(store: Reader, account_id: str, who: Mapping[str, Any]) -> Iterator[tuple[LayerName, list[Key]]]:
    """Yield the keys that a guardrail would govern, with the layer in which it would."""
    if "guardrail_id" in who:
        yield from _governed_by(store, find(store, account_id, str(who["guardrail_id"])))
    elif "workspace_id" in who:
        place = store.workspaces.get(account_id, str(who["workspace_id"]))
        if place is None:
            raise NotFound
        yield LayerName.WORKSPACE, _keys(store, account_id, workspace_id=place.id)
    elif "member_user_ids" in who:
        yield LayerName.MEMBER, _keys(store, account_id, creator_user_id=who["member_user_ids"])
    elif "key_hashes" in who:
        yield LayerName.KEY, _keys(store, account_id, hash=who["key_hashes"])
    else:
        yield LayerName.KEY, _keys(store, account_id)


def _governed_by(store: Reader, guardrail: Guardrail) -> Iterator[tuple[LayerName, list[Key]]]:
    account_id, where = guardrail.account_id, {"guardrail_id": guardrail.id}
    if is_default(guardrail):
        yield LayerName.WORKSPACE, _keys(store, account_id, workspace_id=guardrail.workspace_id)
        return
    users = [row.user_id for row in store.member_assignments.page(account_id, where=where)]
    yield LayerName.MEMBER, _keys(store, account_id, creator_user_id=users)
    hashes = [row.key_hash for row in store.key_assignments.page(account_id, where=where)]
    yield LayerName.KEY, _keys(store, account_id, hash=hashes)


def _keys(store: Reader, account_id: str, **where: object) -> list[Key]:
    return store.keys.page(account_id, where=where | {"is_management": False}, limit=PREVIEWED)


_NAMING: Final = ("guardrail_id", "workspace_id", "key_hashes", "member_user_ids")
