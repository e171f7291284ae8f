"""Who gets what: every route for every role, two tenants on every id, and secrets that are found nowhere."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event

from tests.factories import ACCOUNT_X, M
from tests.live.servers import in_process, process
from tests.live.tenants import OWN, Key, Tenant, clock
from tests.live.test_serving import eventually
from tests.live.wire import Reply, Site
from tests.server.http.conftest import ACCOUNT_Y
from trunkline.server.adapters.memory.callers import LiveCallers
from trunkline.server.adapters.store.database import open_database
from trunkline.server.http.access import Access
from trunkline.server.http.app import OPERATIONS
from trunkline.server.http.operations import Operation
from trunkline.server.settings import Settings

NAMES = {operation.id: operation for operation in OPERATIONS}
NOBODY_S = {"author": "openai", "slug": "gpt-4", "hash": "0" * 64, "id": str(uuid4()), "interval": "daily"}
OPERATORS = {"listAccounts", "createAccount", "getAnyAccount", "updateAnyAccount"}
"""Operations that also ask for the operator's account; nobody's on these servers."""
MANAGED = [operation for operation in OPERATIONS if operation.access is Access.MANAGEMENT]


@pytest.fixture(scope="module")
def shared(template: tuple[Path, str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server for tests that leave nothing behind which others could see."""
    home = Path(shutil.copytree(template[0], tmp_path_factory.mktemp("shared") / "home"))
    with in_process(Settings(home=home), clock) as running:
        yield running


@pytest.fixture(scope="module")
def shared_x(shared: Site, template: tuple[Path, str, str]) -> Tenant:
    return Tenant(shared, ACCOUNT_X, template[1])


@pytest.fixture(scope="module")
def shared_y(shared: Site, template: tuple[Path, str, str]) -> Tenant:
    return Tenant(shared, ACCOUNT_Y, template[2])


@pytest.fixture(scope="module")
def inference(shared_x: Tenant) -> Key:
    return shared_x.key("inference")


def target(operation: Operation, **params: str) -> str:
    """Return the path of an operation as `Site` takes it, with parameters that name nothing unless given."""
    return "/" + operation.path.format(**{**NOBODY_S, **params})


def send(site: Site, operation: Operation, token: str | None, body: bytes | None = None, **params: str) -> Reply:
    """Ask an operation of a site with a bearer token, or without."""
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return site.ask(operation.method, target(operation, **params), body, **headers)


def expected(access: Access, role: str) -> int | None:
    """Return the status that a role gets for its key alone, None where the key is let in."""
    if access is Access.PUBLIC:
        return None
    if role in {"none", "garbage"}:
        return 401
    kind = "management" if role == "other" else role
    wrong = {Access.MANAGEMENT: "inference", Access.INFERENCE: "management"}
    return 403 if wrong.get(access) == kind else None


@pytest.mark.parametrize("role", ["none", "garbage", "inference", "management", "other"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_every_route_lets_in_whom_it_says(
    shared: Site, shared_x: Tenant, shared_y: Tenant, inference: Key, operation: Operation, role: str
):
    token = {
        "none": None,
        "garbage": "sk-or-v1-" + "0" * 64,
        "inference": inference.text,
        "management": shared_x.management_key,
        "other": shared_y.management_key,
    }[role]
    # A body that no operation takes: whoever is not let in must not hear what is wrong with it.
    reply = send(shared, operation, token, b"[]" if operation.body is not None else None)
    status = expected(operation.access, role)
    if status is None and operation.id in OPERATORS:
        status = 403
    if status is None:
        assert reply.status not in {401, 403}, reply
        assert reply.status < 500
        if operation.body is not None:
            reply.error(400)
    else:
        reply.error(status)
        assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("headers", "counts"),
    [
        ({"authorization": "Bearer {}"}, True),
        ({"authorization": "bearer {}"}, True),
        ({"authorization": "BEARER   {}  "}, True),
        ({"authorization": "{}"}, False),
        ({"authorization": "Basic {}"}, False),
        ({"authorization": "Bearer: {}"}, False),
        ({"authorization": "Bearer {} {}"}, False),
        ({"authorization": "Bearer {}\u00e9"}, False),
        ({"authorization": "Bearer x{}"}, False),
        ({"x-api-key": "{}"}, False),
        ({"api-key": "{}"}, False),
        ({"x-authorization": "Bearer {}"}, False),
        ({"proxy-authorization": "Bearer {}"}, False),
        ({"cookie": "authorization=Bearer {}"}, False),
    ],
)
def test_a_key_counts_in_one_header_only(shared: Site, inference: Key, headers: dict[str, str], counts: bool):
    sent = {name: value.format(inference.text, inference.text) for name, value in headers.items()}
    reply = shared.get("/key", **sent)
    assert reply.status == (200 if counts else 401), reply
    for name in ("key", "api_key", "access_token", "authorization"):
        shared.get(f"/key?{name}={inference.text}").error(401)


def test_a_stored_hash_is_no_credential(shared: Site, inference: Key):
    for token in (inference.hash, f"sk-or-v1-{inference.hash}", inference.hash.upper(), inference.text.upper()):
        shared.get("/key", authorization=f"Bearer {token}").error(401)
    for wrong in (inference.text[:-1], f"{inference.text}0", inference.text[:-1] + "g", ""):
        shared.get("/key", authorization=f"Bearer {wrong}").error(401)


def belongings(tenant: Tenant) -> dict[str, str]:
    """Make one of everything in an account and return the ids."""
    workspace = tenant.made("/workspaces", {"name": "w", "slug": "w"})["data"]
    member = tenant.made(f"{OWN}/members", {"email": "ada@example.com"})["data"]["id"]
    key = tenant.key("k", workspace_id=workspace["id"])
    guardrail = tenant.guardrail(allowed_providers=["azure"], workspace_id=workspace["id"])
    tenant.assign(guardrail, key)
    path = f"/guardrails/{guardrail}/assignments/members"
    tenant.changed("POST", path, {"member_user_ids": [member]})
    tenant.changed("PUT", f"/workspaces/{workspace['id']}/budgets/monthly", {"limit_usd": 5})
    tenant.changed("PATCH", f"/guardrails/{workspace['default_guardrail_id']}", {"description": "d"})
    return {
        "workspace": workspace["id"],
        "default": workspace["default_guardrail_id"],
        "member": member,
        "key": key.hash,
        "guardrail": guardrail,
        "account": tenant.account_id,
    }


def state(tenant: Tenant) -> list[Any]:
    """Return all that an account shows of itself."""
    paths = [
        *("/keys", "/guardrails", "/workspaces", "/organization/members", "/organization/settings"),
        *("/guardrails/assignments/keys", "/guardrails/assignments/members", f"{OWN}/account", f"{OWN}/audit"),
    ]
    for workspace in tenant.get("/workspaces").json()["data"]:
        one = f"/workspaces/{workspace['id']}"
        paths += [f"/keys?include_disabled=true&workspace_id={workspace['id']}", f"{one}/budgets", f"{one}/members"]
    return [tenant.get(path).json() for path in paths]


GOOD = {
    "updateKeys": {"disabled": True},
    "updateGuardrail": {"description": "mine"},
    "bulkAssignKeysToGuardrail": {"key_hashes": ["x"]},
    "bulkUnassignKeysFromGuardrail": {"key_hashes": ["x"]},
    "bulkAssignMembersToGuardrail": {"member_user_ids": ["x"]},
    "bulkUnassignMembersFromGuardrail": {"member_user_ids": ["x"]},
    "updateWorkspace": {"name": "mine"},
    "upsertWorkspaceBudget": {"limit_usd": 1},
    "bulkAddWorkspaceMembers": {"user_ids": ["x"]},
    "bulkRemoveWorkspaceMembers": {"user_ids": ["x"]},
    "updateMember": {"first_name": "Mine"},
    "updateAnyAccount": {"name": "mine"},
}
"""A body that each operation on one row takes."""


def test_no_id_of_one_account_means_anything_in_another(x: Tenant, y: Tenant):
    theirs = belongings(x)
    before = state(x)
    on_a_row = [operation for operation in MANAGED if "{id}" in operation.path or "{hash}" in operation.path]
    assert len(on_a_row) > 20
    for operation in on_a_row:
        assert (operation.body is None) == (operation.id not in GOOD), operation.id
        body = json.dumps(GOOD[operation.id]).encode() if operation.body is not None else None
        for row_id in theirs.values():
            reply = send(y.site, operation, y.management_key, body, id=row_id, hash=row_id)
            reply.error(403 if operation.id in OPERATORS else 404)
            mine = send(x.site, operation, None, body, id=row_id, hash=row_id)
            mine.error(401)
    assert state(x) == before
    for shown in state(y):
        for row_id in theirs.values():
            assert row_id not in json.dumps(shown)


def test_no_id_of_another_account_counts_in_a_body_or_query(x: Tenant, y: Tenant):
    theirs = belongings(x)
    before = state(x)
    mine, key = y.guardrail(), y.key()
    workspace, member = theirs["workspace"], theirs["member"]
    y.ask("POST", "/keys", {"name": "k", "workspace_id": workspace}).error(404)
    y.ask("PATCH", f"/keys/{key.hash}", {"workspace_id": workspace}).error(404)
    y.ask("POST", "/keys", {"name": "k", "creator_user_id": member}).error(400)
    y.ask("POST", "/guardrails", {"name": "g", "workspace_id": workspace}).error(400)
    own = y.made("/workspaces", {"name": "w", "slug": "w"})["data"]["id"]
    y.ask("POST", f"/workspaces/{own}/members/add", {"user_ids": [member]}).error(400)
    y.ask("GET", f"/keys?workspace_id={workspace}").error(404)
    path = f"/guardrails/{mine}/assignments"
    assert y.changed("POST", f"{path}/keys", {"key_hashes": [theirs["key"]]}) == {"assigned_count": 0}
    assert y.changed("POST", f"{path}/keys/remove", {"key_hashes": [theirs["key"]]}) == {"unassigned_count": 0}
    assert y.changed("POST", f"{path}/members", {"member_user_ids": [member]}) == {"assigned_count": 0}
    assert y.get(f"/guardrails?workspace_id={workspace}").json()["total_count"] == 0
    y.get(f"{OWN}/explain?key_hash={theirs['key']}&model={M['M1']}").error(404)
    preview = f"{OWN}/guardrails/preview"
    assert y.changed("POST", preview, {"key_hashes": [theirs["key"]]}) == {"data": []}
    assert y.changed("POST", preview, {"member_user_ids": [member]}) == {"data": []}
    y.ask("POST", preview, {"guardrail_id": theirs["guardrail"]}).error(404)
    y.ask("POST", preview, {"workspace_id": workspace}).error(404)
    assert y.get(f"{OWN}/audit?noun_id={theirs['key']}").json()["data"] == []
    # What is private to X is no model to Y, in lists and explanations as little as in answers.
    y.ask("POST", "/guardrails", {"name": "g", "allowed_models": [M["M11"]]}).error(400)
    y.get(f"{OWN}/explain?key_hash={key.hash}&model={M['M11']}").error(404)
    assert state(x) == before


def test_nobody_grants_more_than_they_hold(x: Tenant):
    for body in ({"regions": ["eu", "us"]}, {"regions": None}, {"kind": "personal"}):
        x.ask("PATCH", f"{OWN}/account", body).error(403)
    assert x.get(f"{OWN}/account").json()["data"]["regions"] == ["eu"]
    made = x.made("/keys", {"name": "k", "is_management": True, "is_management_key": True, "account_id": ACCOUNT_Y})
    key = Key(x.site, made["key"], made["data"]["hash"])
    key.get("/keys").error(403)
    assert key.get("/key").json()["data"]["organization_id"] == ACCOUNT_X
    reopening = x.under(
        enable_paid_model_training=True, enable_free_model_training=True, allowed_providers=["freehost"]
    )
    assert reopening.models == []
    # Management keys are the operator's to make and revoke: one that leaked cannot lock out the others.
    own = x.get("/keys?include_disabled=true").json()["data"]
    assert all(row["name"] != "Management key" for row in own)
    managing = hashlib.sha256(x.management_key.encode()).hexdigest()
    x.ask("DELETE", f"/keys/{managing}").error(404)
    x.ask("PATCH", f"/keys/{managing}", {"disabled": True}).error(404)
    assert x.assign(x.guardrail(), Key(x.site, "", managing)) == 0


def test_the_operator_s_account_rules_all_accounts_and_no_other_does(home: Path, template: tuple[Path, str, str]):
    with in_process(Settings(home=home, operator=ACCOUNT_X), clock) as server:
        x, y = Tenant(server, ACCOUNT_X, template[1]), Tenant(server, ACCOUNT_Y, template[2])
        assert {row["id"] for row in x.get(f"{OWN}/accounts").json()["data"]} == {ACCOUNT_X, ACCOUNT_Y}
        x.changed("PATCH", f"{OWN}/accounts/{ACCOUNT_Y}", {"regions": ["us"]})
        assert y.key().get("/models/user", host="us.models.test").status == 200
        made = x.made(f"{OWN}/accounts", {"name": "new"})
        new = Tenant(server, made["data"]["id"], made["key"])
        assert new.get(f"{OWN}/account").json()["data"] == made["data"]
        for tenant in (y, new):
            tenant.get(f"{OWN}/accounts").error(403)
            tenant.ask("PATCH", f"{OWN}/accounts/{ACCOUNT_X}", {"name": "mine"}).error(403)
            tenant.ask("POST", f"{OWN}/accounts", {"name": "mine"}).error(403)
        x.key().get(f"{OWN}/accounts").error(403)


TOKEN = "canary7391"
HOSTILE = [
    f"{TOKEN}' OR '1'='1",
    f'{TOKEN}"; DROP TABLE keys; --',
    f"{TOKEN}') UNION SELECT hash FROM keys --",
    f"{TOKEN}%' ESCAPE '!",
    f":{TOKEN} ?1 $1 %({TOKEN})s {{{TOKEN}}}",
    f"{TOKEN}\u0000after",
    f"{TOKEN}\u202e\ufffe\U0001f600",
    f"../../{TOKEN}",
    f"{TOKEN}${{jndi:ldap://x}}\r\nx-injected: 1",
    TOKEN * 900,
]


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Return the text of every statement that reaches a database from now on."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def quoted(text: str) -> str:
    """Percent-encode every byte, so that a text arrives whole."""
    return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_strings_stay_values(shared_x: Tenant, statements: list[str], hostile: str):
    site, key = shared_x.site, shared_x.management_key
    replies = []
    for operation in OPERATIONS:
        sent = json.dumps(dict.fromkeys(_fields(operation), hostile)).encode() if operation.body is not None else None
        replies += [
            send(site, operation, key, sent, **{name: quoted(hostile)})
            for name in re.findall(r"{(\w+)}", operation.path)
        ]
        replies += [
            site.ask(operation.method, f"{target(operation)}?{query}", sent, authorization=f"Bearer {key}")
            for query in (f"{row.name}={quoted(hostile)}" for row in operation.parameters)
        ]
        if sent is not None:
            replies.append(send(site, operation, key, sent))
    plain = hostile.encode("ascii", "replace").decode().replace("\0", "?").replace("\r\n", " ")
    for name in ("authorization", "host", "x-forwarded-host", "x-openrouter-title", "http-referer", "if-none-match"):
        replies += [
            site.get(path, **{name: value}) for path in ("/models", "/key") for value in (plain, f"Bearer {plain}")
        ]
    for reply in replies:
        assert reply.status < 500, reply
        assert "x-injected" not in reply.headers
    assert statements
    assert not [statement for statement in statements if TOKEN in statement]


def _fields(operation: Operation) -> tuple[str, ...]:
    return tuple(operation.body.__struct_fields__)


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_come_back_as_they_were_or_are_refused(shared_x: Tenant, hostile: str):
    for path, body in (("/keys", {"name": hostile}), ("/guardrails", {"name": "g", "description": hostile})):
        made = shared_x.ask("POST", path, body)
        if made.status != 201:
            made.error(400)
            continue
        data = made.json()["data"]
        assert {name: data[name] for name in body} == body
        shown = shared_x.get(f"{path}/{data.get('hash') or data['id']}").json()["data"]
        assert shown == data
        shared_x.changed("DELETE", f"{path}/{data.get('hash') or data['id']}")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"name": "\\ud800"}', b'{"name": 1}', b"[" * 50_000, b"{}{}"],
)
def test_bodies_that_are_no_objects_of_the_right_kind_are_refused(shared_x: Tenant, body: bytes):
    for name in ("createKeys", "createGuardrail", "createWorkspace", "addMember"):
        error = send(shared_x.site, NAMES[name], shared_x.management_key, body).error(400)
        assert error["message"] == "Invalid request parameters"
        assert error["metadata"]["issues"]


def test_two_keys_never_share_an_answer(x: Tenant, y: Tenant):
    wide, narrow, alike = x.key(), x.under(allowed_providers=["azure"]), x.under(allowed_providers=["azure"])
    lists = {key.hash: key.get("/models/user") for key in (wide, narrow, alike, y.key())}
    assert len({reply.body for reply in lists.values()}) == 3
    for _ in range(2):
        for key in (wide, narrow, alike):
            reply = key.get("/models/user", if_none_match=lists[key.hash].headers["etag"])
            assert reply.status == 304
            assert reply.headers["cache-control"] == "private, no-cache"
    x.changed("PATCH", f"/keys/{alike.hash}", {"disabled": True})
    alike.get("/models/user", if_none_match=lists[alike.hash].headers["etag"]).error(401)
    assert narrow.get("/models/user").body == lists[narrow.hash].body


def test_what_answers_are_kept_under_names_the_key_and_the_state_of_the_store(home: Path):
    database = open_database(home / "trunkline.db")
    try:
        callers = LiveCallers(database.accounts, clock)
        callers.refresh()
        with database.accounts.read() as store:
            hashes = [key.hash for account in (ACCOUNT_X, ACCOUNT_Y) for key in store.keys.page(account)]
        found = [callers._store.caller(one) for one in hashes]
        assert len({callers.view(caller) for caller in found if caller}) == len(hashes) == 2
    finally:
        database.close()


def test_a_change_in_one_process_holds_in_another_one_soon(x: Tenant, home: Path, template: tuple[Path, str, str]):
    with in_process(Settings(home=home), clock) as second:
        key = x.key()
        there = Key(second, key.text, key.hash)
        assert there.models == key.models
        default = x.default_workspace()["default_guardrail_id"]
        x.changed("PATCH", f"/guardrails/{default}", {"allowed_providers": ["azure"]})
        assert len(key.models) == 2
        eventually(lambda: there.models == key.models)
        x.changed("DELETE", f"/keys/{key.hash}")
        key.get("/models/user").error(401)
        eventually(lambda: there.get("/models/user").status == 401)


def test_a_store_that_is_down_is_no_reason_to_refuse_a_key_but_to_wait(x: Tenant, home: Path):
    known, unknown = x.key(), x.key()
    seen = known.get("/models/user").ids
    with sqlite3.connect(home / "trunkline.db", isolation_level=None) as other:
        for table in ("keys", "epochs"):
            other.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
        for path in ("/models/user", "/key", "/models"):
            refused = unknown.get(path)
            refused.error(503)
            assert int(refused.headers["retry-after"]) >= 1
        assert known.get("/models/user").ids == known.get("/models/user?sort=newest").ids == seen
        assert known.get("/models").status == x.site.get("/models").status == 200
        x.site.get("/models/user").error(401)
        x.site.get("/models/user", authorization="Bearer garbage").error(401)
        change = x.ask("POST", "/keys", {"name": "k"})
        change.error(503)
        assert "retry-after" in change.headers
        for table in ("keys", "epochs"):
            other.execute(f"ALTER TABLE {table}_away RENAME TO {table}")
    assert unknown.get("/models/user").ids == seen
    assert x.key().models == seen


def test_an_unauthenticated_crawl_finds_the_open_list_only(x: Tenant):
    secrets = [*belongings(x).values(), M["M11"], "Secret 1", ACCOUNT_Y, x.management_key]
    for operation in OPERATIONS:
        params = {"author": "acme", "slug": "secret-1"} if "{author}" in operation.path else {}
        for token in (None, "sk-or-v1-" + "0" * 64):
            reply = send(x.site, operation, token, b"{}" if operation.body is not None else None, **params)
            assert reply.status in ({200, 404} if operation.access is Access.PUBLIC else {401}), (operation.id, reply)
            if operation.media != "text/html" and operation.id != "getOpenApi":
                assert not [secret for secret in secrets if secret.encode() in reply.body]
    for path in ("/models?output_modalities=all&use_rss=true", "/models?q=secret", "/endpoints/zdr", "/providers"):
        assert b"ecret" not in x.site.get(path).body


def test_a_canary_secret_is_found_nowhere(template: tuple[Path, str, str], tmp_path: Path):
    home = Path(shutil.copytree(template[0], tmp_path / "home"))
    management = template[1]
    with process(home, TRUNKLINE_MANAGEMENT_KEY=management) as server:
        x = Tenant(server, ACCOUNT_X, management)
        key = x.under(allowed_providers=["azure"])
        answers = []
        for secret in (management, key.text):
            bearer = {"authorization": f"Bearer {secret}"}
            wrong = f'{{"name": {{"{secret}": 1}}, "limit": "{secret}"}}'.encode()
            answers += [
                server.ask(operation.method, target(operation, hash=secret, id=secret), body, **bearer)
                for operation in OPERATIONS
                for body in (None, b"{", wrong)
            ]
            answers += [
                server.get(f"/models?limit={secret}", **bearer),
                server.get(f"/model/{secret}/{secret}", **bearer),
                server.get(f"/{secret}", **bearer),
                server.get(f"{OWN}/explain?key_hash={secret}&model={secret}", **bearer),
                server.raw(f"GET /{secret} HTTP/9.9\r\nauthorization: Bearer {secret}\r\n\r\n".encode()),
            ]
        assert {reply.status for reply in answers} >= {200, 400, 403, 404}
        for reply in answers:
            for secret in (management, key.text):
                assert secret.encode() not in reply.body
                assert secret not in str(reply.headers)
        hashes = [key.hash.encode()]
        stored = b"".join(file.read_bytes() for file in home.iterdir() if file.is_file())
        assert all(one in stored for one in hashes)
    log = home.with_name("home.log").read_bytes()
    stored += b"".join(file.read_bytes() for file in home.iterdir() if file.is_file())
    for secret in (management, key.text):
        assert secret.encode() not in stored + log
        assert secret[9:].encode() not in stored + log
        assert bytes.fromhex(secret[9:]) not in stored + log
