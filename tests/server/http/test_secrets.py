"""Answers that two keys never share, keys that stop at once, and secrets that are found nowhere."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from tests.factories import ACCOUNT_X, M
from tests.live.servers import in_process, process
from tests.live.tenants import OWN, Key, Tenant, belongings, clock
from tests.live.test_serving import eventually
from tests.live.wire import Site
from tests.server.http.conftest import ACCOUNT_Y
from trunkline.server.http.access import Access
from trunkline.server.http.app import OPERATIONS
from trunkline.server.http.operations import Operation
from trunkline.server.settings import Settings

BROUGHT = "sk-own-canary-of-an-account-5f2c"
"""An account's own key at a provider."""


def target(operation: Operation, **params: str) -> str:
    """Return the path of an operation as `Site` takes it, its parameters "none" unless given."""
    names = dict.fromkeys(("author", "slug", "hash", "id", "interval"), "none")
    return "/" + operation.path.format(**(names | params))


def test_a_key_never_gets_the_answer_of_another_policy(x: Tenant, y: Tenant):
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


def test_no_answer_depends_on_who_asked_before(x: Tenant, y: Tenant, home: Path, tmp_path: Path):
    """Ask everything with each kind of key in turn, then with one key alone of a server that answered nobody else."""
    narrow, wide, twin = x.under(allowed_providers=["azure"]), x.key(), x.under(allowed_providers=["azure"])
    x.changed("PATCH", "/organization/settings", {"is_filtered_model_catalog_enabled": True})
    other, managing = y.key(), Key(x.site, x.management_key, "")
    reads = [
        target(operation, author="acme", slug="secret-1", hash=narrow.hash)
        for operation in OPERATIONS
        if operation.method == "GET" and operation.infer is None
    ]
    paths = [*reads, "/models/user?sort=newest", "/models/acme/secret-1/endpoints", "/models?zdr=true"]
    hosts = ("localhost", "eu.localhost")
    keys = (wide, narrow, twin, other, managing)
    for key in keys:
        key.get("/key")
    x.get("/keys")  # writes when each was last used
    before = shutil.copytree(home, tmp_path / "before")

    def asked(key: Key, site: Site) -> list[tuple[str, str, int, bytes]]:
        bearer = {"authorization": f"Bearer {key.text}"}
        replies = [(path, host, site.get(path, host=host, **bearer)) for path in paths for host in hosts]
        return [(path, host, reply.status, reply.body) for path, host, reply in replies]

    for key in keys:
        asked(key, x.site)
    mixed = {key.text: asked(key, x.site) for key in keys}
    assert len({str(answers) for answers in mixed.values()}) == len(keys)
    for number, key in enumerate(keys):
        alone = Path(shutil.copytree(before, tmp_path / str(number)))
        with in_process(Settings(home=alone), clock) as fresh:
            assert asked(key, fresh) == mixed[key.text]


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
            headers = {} if token is None else {"authorization": f"Bearer {token}"}
            body = b"{}" if operation.body is not None else None
            reply = x.site.ask(operation.method, target(operation, **params), body, **headers)
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
        own = x.made("/byok", {"provider": "openai", "key": BROUGHT})["data"]["id"]
        answers = [x.get("/byok"), x.get(f"/byok/{own}"), x.get(f"{OWN}/audit?noun=byok")]
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
            for secret in (management, key.text, BROUGHT):
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
    assert BROUGHT.encode() not in stored + log
