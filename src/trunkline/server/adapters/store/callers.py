"""Whose key a hash is: the key with everything that governs it, in two statements of lookups by index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, or_, select

from trunkline.server.adapters.store import account_tables as tables
from trunkline.server.adapters.store import nouns
from trunkline.server.adapters.store.nouns import Noun
from trunkline.server.domain.policy import byok
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.key import Key

_k, _a, _w, _m = tables.KEYS, tables.ACCOUNTS, tables.WORKSPACES, tables.MEMBERS
_of_key, _of_member = tables.KEY_ASSIGNMENTS, tables.MEMBER_ASSIGNMENTS
_default, _member, _key = (tables.GUARDRAILS.alias(name) for name in ("by_default", "by_member", "by_key"))

_PARTS: Final[tuple[tuple[str, Noun[Any], Any], ...]] = (
    ("key", nouns.KEYS, _k),
    ("account", nouns.ACCOUNTS, _a),
    ("workspace", nouns.WORKSPACES, _w),
    ("member", nouns.MEMBERS, _m),
    ("default_guardrail", nouns.GUARDRAILS, _default),
    ("member_guardrail", nouns.GUARDRAILS, _member),
    ("key_guardrail", nouns.GUARDRAILS, _key),
)


def _statement() -> Select[Any]:
    account = _k.c.account_id
    source = (
        _k.outerjoin(_a, _a.c.id == account)
        .outerjoin(_w, and_(_w.c.account_id == account, _w.c.id == _k.c.workspace_id))
        .outerjoin(_m, and_(_m.c.account_id == account, _m.c.id == _k.c.creator_user_id))
        .outerjoin(_default, and_(_default.c.account_id == account, _default.c.id == _w.c.default_guardrail_id))
        .outerjoin(_of_member, and_(_of_member.c.account_id == account, _of_member.c.user_id == _m.c.id))
        .outerjoin(_member, and_(_member.c.account_id == account, _member.c.id == _of_member.c.guardrail_id))
        .outerjoin(_of_key, and_(_of_key.c.account_id == account, _of_key.c.key_hash == _k.c.hash))
        .outerjoin(_key, and_(_key.c.account_id == account, _key.c.id == _of_key.c.guardrail_id))
    )
    columns = [table.c[column.name] for _, noun, table in _PARTS for column in noun.columns]
    return select(*columns).select_from(source).where(_k.c.hash == bindparam("hash"))


CALLER: Final = _statement()
OWN: Final = select(*nouns.BYOK.columns).where(
    tables.BYOK.c.account_id == bindparam("account"),
    or_(tables.BYOK.c.workspace_id.is_(None), tables.BYOK.c.workspace_id == bindparam("workspace")),
)


def read_caller(connection: Connection, key_hash: str) -> Caller | None:
    """Return the caller of a key's hash, valid or not; None where no key has it."""
    row = connection.execute(CALLER, {"hash": key_hash}).first()
    if row is None:
        return None
    parts = dict(_decoded(row))
    return Caller(**parts, byok=_own(connection, parts["key"]))


def _own(connection: Connection, key: Key) -> tuple[byok.Credential, ...]:
    if key.is_management:
        return ()
    rows = connection.execute(OWN, {"account": key.account_id, "workspace": key.workspace_id})
    return byok.of_key((nouns.BYOK.decode(row) for row in rows), key)


def _decoded(row: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    start = 0
    for name, noun, _ in _PARTS:
        values = row[start : start + len(noun.columns)]
        start += len(noun.columns)
        # Without a row on that side everything is NULL, the id too.
        yield name, noun.decode(values) if values[noun.fields.index(noun.identity)] is not None else None
