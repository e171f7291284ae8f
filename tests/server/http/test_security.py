"""Who gets what: every route for every role, two tenants on every id, and secrets that are found nowhere."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event

from tests.factories import ACCOUNT_X
from tests.live.servers import in_process
from tests.live.tenants import Key, Tenant, clock
from tests.live.wire import Reply, Site
from tests.server.http.conftest import ACCOUNT_Y
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
