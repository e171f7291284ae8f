"""What a key costs: its list beside the public one, a list that no cache holds, and the check of the key itself.

All of it twice: with little else in the store, and with 10,000 keys and 1,000 guardrails in it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import time
from pathlib import Path
from statistics import median
from typing import Any

from msgspec.structs import replace

from benchmarks.catalogues import Catalogue, trunkline
from benchmarks.machine import WORK
from benchmarks.queries import spread
from benchmarks.servers import trunkline as serving
from benchmarks.throughput import LIST, Load, in_turns
from trunkline.server.adapters.store.database import open_database
from trunkline.server.domain.policy import key as form
from trunkline.server.domain.policy.account import AccountKind, Member, Role
from trunkline.server.domain.policy.audit import Actor, Via
from trunkline.server.domain.policy.guardrail import Guardrail, KeyAssignment, MemberAssignment, default_guardrail_id
from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.restrictions import Restrictions
from trunkline.server.domain.policy.workspace import default_workspace_id
from trunkline.server.http.answer import Encoded
from trunkline.server.http.app import App
from trunkline.server.http.front import Front
from trunkline.server.http.head import Header
from trunkline.server.http.request import Request
from trunkline.server.runtime import create_app
from trunkline.server.settings import Settings
from trunkline.server.usecases import accounts as usecase
from trunkline.server.usecases.account_ports import Writer
from trunkline.server.usecases.accounts import AccountCreate
from trunkline.server.usecases.bodies import new_id

KEYS, GUARDRAILS = 10_000, 1_000
USER = LIST.replace("/models", "/models/user")
ONE = "/api/v1/model/openai/gpt-4"
LAYERS: dict[str, dict[str, Any]] = {
    "workspace": {"ignored_providers": ["xai"]},
    "member": {"enforce_zdr_xai": True, "ignored_models": ["openai/gpt-4"]},
    "key": {"ignored_models": ["openai/gpt-4"], "enable_free_model_publication": False},
}
"""The three layers of guardrails; they leave most of the list, so that equal work is compared."""
PERMITS = Restrictions(
    enable_paid_model_training=True, enable_free_model_training=True, enable_free_model_publication=True
)
"""What the account gives: of most real endpoints it is not known what they do with data."""
CHECKS = 20_000
"""Calls whose mean is one round's time."""


def measure(catalogue: Catalogue, rounds: int, seconds: int) -> dict[str, Any]:
    """Return rates, times and the check of a key for both stores, and by how much the larger one changes them."""
    few = _copy(catalogue.home, "home-policy")
    account_id, token = _account(few)
    many = _copy(few, "home-policy-many")
    _fill(many, account_id)
    homes = {"few": few, "many": many}
    served, inside = _served(homes, token, rounds, seconds), asyncio.run(_in_process(homes, token, rounds * 3))
    stores = {name: served[name] | inside[name] for name in homes}
    return {
        "keys": KEYS,
        "guardrails": GUARDRAILS,
        **stores,
        "change": {
            "cached": stores["many"]["keyed"]["processor_us"] / stores["few"]["keyed"]["processor_us"] - 1,
            "not cached": stores["many"]["uncached"]["median"] / stores["few"]["uncached"]["median"] - 1,
            "call with a key": stores["many"]["keyed_us"] / stores["few"]["keyed_us"] - 1,
        },
    }


def _served(homes: dict[str, Path], token: str, rounds: int, seconds: int) -> dict[str, Any]:
    """Return the rates of a key's list and of as many rows of the public one, over sockets, in turns."""
    gzip, bearer = {"accept-encoding": "gzip"}, {"authorization": f"Bearer {token}"}
    with serving(homes["few"]) as few, serving(homes["many"]) as many:
        servers = {"few": few, "many": many}
        shown = json.loads(few.get(USER, **bearer).body)["total_count"]
        public = f"{LIST}&limit={shown}"
        loads = {
            f"{what}, {name}": load
            for name, server in servers.items()
            for what, load in (
                ("public", Load(server, public, gzip, 200)),
                ("keyed", Load(server, USER, gzip | bearer, 200)),
            )
        }
        sizes = {
            "public": len(few.get(public, accept_encoding="gzip").body),
            "keyed": len(few.get(USER, accept_encoding="gzip", **bearer).body),
        }
        taken = in_turns(loads, rounds, seconds)["servers"]
    return {
        name: {
            "rows": shown,
            "bytes": sizes,
            "public": taken[f"public, {name}"],
            "keyed": taken[f"keyed, {name}"],
            "ratio": taken[f"keyed, {name}"]["best"] / taken[f"public, {name}"]["best"],
            "median_ratio": taken[f"keyed, {name}"]["per_second"] / taken[f"public, {name}"]["per_second"],
        }
        for name in homes
    }


async def _in_process(homes: dict[str, Path], token: str, rounds: int) -> dict[str, Any]:
    """Return for each home the times of lists that no cache holds (ms) and what checking the key adds (µs)."""
    key = (b"authorization", f"Bearer {token}".encode())
    gzip = (b"accept-encoding", b"gzip")
    made: dict[str, dict[str, list[float]]] = {name: {"public": [], "keyed": [], "uncached": []} for name in homes}
    async with _application(homes["few"]).running() as few, _application(homes["many"]).running() as many:
        fronts = {"few": few, "many": many}
        for front in fronts.values():
            for headers in ([], [key]):
                assert await _ask(front, ONE, headers) == 200
        for turn in range(rounds):
            for name, front in fronts.items():
                for what, headers in (("public", []), ("keyed", [key])):
                    made[name][what].append(await _each(front, ONE, headers, CHECKS))
                for number in range(10):
                    # A bound of its own each time, which every row keeps: no cache holds the answer.
                    path = f"{USER}&context={turn * 10 + number + 1}"
                    started = time.perf_counter()
                    assert await _ask(front, path, [key, gzip]) == 200
                    made[name]["uncached"].append((time.perf_counter() - started) * 1e3)
    return {
        name: {
            "uncached": spread(taken["uncached"]),
            "public_us": median(taken["public"]),
            "keyed_us": median(taken["keyed"]),
            "added_us": median(taken["keyed"]) - median(taken["public"]),
        }
        for name, taken in made.items()
    }


async def _each(front: Front, path: str, headers: list[Header], times: int) -> float:
    started = time.process_time()  # whatever else runs on the machine does not count
    for _ in range(times):
        await _ask(front, path, headers)
    return (time.process_time() - started) / times * 1e6


async def _ask(front: Front, path: str, headers: list[Header]) -> int:
    """Ask as a connection does: for an answer that is kept, and else for any."""
    bare, _, query = path.encode().partition(b"?")
    request = Request("GET", bare, query, {b"host": b"127.0.0.1", **dict(headers)}, peer="127.0.0.1")
    made = front.kept(request) or await front.answer(request)
    assert isinstance(made, Encoded)
    return made.status


def _application(home: Path) -> App:
    return create_app(Settings(home=home))


def _copy(home: Path, name: str) -> Path:
    trunkline("db", "upgrade", "--home", str(home))
    shutil.rmtree(WORK / name, ignore_errors=True)
    return Path(shutil.copytree(home, WORK / name))


def _account(home: Path) -> tuple[str, str]:
    """Make an account and a key of it under the three layers; return the account's id and the key."""
    database, account_id = open_database(home / "trunkline.db"), new_id(secrets.token_bytes)
    actor = Actor(account_id=account_id, via=Via.CLI, name="benchmark")
    try:
        body = AccountCreate(name="measured", kind=AccountKind.ORGANIZATION)
        usecase.create(database.accounts, actor, body, clock=time.time, entropy=secrets.token_bytes)
        with database.accounts.change(actor, time.time) as store:
            account = store.accounts.get(account_id)
            assert account is not None
            store.accounts.replace(replace(account, restrictions=PERMITS))
            place = default_workspace_id(account_id)
            default, person = _guardrail(store, "workspace", default_guardrail_id(place), place), _member(store)
            member, own = _guardrail(store, "member"), _guardrail(store, "key")
            made, token = _key(store, person.id)
            store.guardrails.add(account_id, default, member, own)
            store.members.add(account_id, person)
            store.keys.add(account_id, made)
            store.member_assignments.add(
                account_id,
                MemberAssignment(
                    id=new_id(secrets.token_bytes),
                    user_id=person.id,
                    organization_id=account_id,
                    guardrail_id=member.id,
                    assigned_by=None,
                    created_at=store.now,
                ),
            )
            store.key_assignments.add(account_id, _assignment(store, made, own))
        return account_id, token
    finally:
        database.close()


def _fill(home: Path, account_id: str) -> None:
    """Add 10,000 keys and 1,000 guardrails, ten keys under each."""
    database = open_database(home / "trunkline.db")
    try:
        with database.accounts.change(Actor(account_id=account_id, via=Via.CLI, name="benchmark"), time.time) as store:
            guardrails = [_guardrail(store, "key") for _ in range(GUARDRAILS)]
            keys = [_key(store, None)[0] for _ in range(KEYS)]
            store.guardrails.add(account_id, *guardrails)
            store.keys.add(account_id, *keys)
            store.key_assignments.add(
                account_id,
                *(_assignment(store, key, guardrails[number % GUARDRAILS]) for number, key in enumerate(keys)),
            )
    finally:
        database.close()


def _guardrail(store: Writer, layer: str, row_id: str | None = None, workspace_id: str | None = None) -> Guardrail:
    return Guardrail(
        id=row_id or new_id(secrets.token_bytes),
        account_id=store.actor.account_id,
        name=layer,
        created_at=store.now,
        workspace_id=workspace_id or default_workspace_id(store.actor.account_id),
        **LAYERS[layer],
    )


def _member(store: Writer) -> Member:
    return Member(
        id=new_id(secrets.token_bytes),
        account_id=store.actor.account_id,
        email="ada@example.com",
        role=Role.MEMBER,
        created_at=store.now,
    )


def _key(store: Writer, user_id: str | None) -> tuple[Key, str]:
    token = form.form(secrets.token_bytes(form.SECRET_BYTES))
    made = Key(
        hash=form.digest(token),
        name="measured",
        label=form.label(token),
        account_id=store.actor.account_id,
        created_at=store.now,
        workspace_id=default_workspace_id(store.actor.account_id),
        creator_user_id=user_id,
    )
    return made, token


def _assignment(store: Writer, key: Key, guardrail: Guardrail) -> KeyAssignment:
    return KeyAssignment(
        id=new_id(secrets.token_bytes),
        key_hash=key.hash,
        guardrail_id=guardrail.id,
        assigned_by=None,
        created_at=store.now,
    )
