"""What every page does: lets in whom it says, is strict with browsers, and says what went wrong in the reader's way."""

from __future__ import annotations

import re

import pytest

from tests.live.tenants import Tenant
from tests.live.wire import Site
from tests.web.conftest import MODEL
from tests.web.forms import HTML, Visitor, form_token
from trunkline.server.http.app import OPERATIONS
from trunkline.server.web import assets
from trunkline.server.web.page import Entry
from trunkline.server.web.page import Page as Row
from trunkline.server.web.site import STRICT
from trunkline.server.web.table import PAGES

AUTHOR, SLUG = MODEL.split("/")
NOBODY_S = {"author": AUTHOR, "slug": SLUG}


def target(row: Row) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: NOBODY_S.get(found[1], "0" * 64), row.path)


def names(row: Row) -> str:
    return f"{row.method} {row.path}"


@pytest.mark.parametrize("row", PAGES, ids=names)
def test_every_page_lets_in_whom_it_says(web: Site, row: Row):
    stranger = Visitor(web)
    if row.method == "GET":
        reply = stranger.get(target(row))
        if row.entry is Entry.ANYBODY:
            assert reply.status in {200, 302, 303}, reply
            assert "/signin" not in reply.headers.get("location", "")
        else:
            assert (reply.status, reply.headers["location"].partition("?")[0]) == (303, "/signin")
            assert web.get("/" + target(row)).error(401)
    elif row.entry is Entry.SIGNED_IN:
        assert stranger.post(target(row), {}).headers["location"] == "/signin"
        assert web.ask(row.method, "/" + target(row), b"").error(401)


@pytest.mark.parametrize("row", [row for row in PAGES if row.method != "GET"], ids=names)
def test_no_form_is_taken_without_its_token(web: Site, tenant: Tenant, row: Row):
    someone = Visitor(web)
    someone.sign_in(tenant.management_key)
    token = form_token(someone.get("/models"))
    for sent in ("", "0" * 64):
        assert someone.post(target(row), {"form_token": sent}).status == 403
    own = {"form_token": token}
    assert someone.post(target(row), own, origin="https://evil.example").status == 403
    assert someone.post(target(row), own, sec_fetch_site="cross-site").status == 403
    assert someone.post(target(row), own, sec_fetch_site="same-site").status == 403


def test_pages_are_in_no_openapi_document(web: Site):
    documented = web.get("/openapi.json").json()["paths"]
    assert not documented.keys() & {row.path for row in PAGES}
    assert not {row.path for row in PAGES} & {operation.path for operation in OPERATIONS}


@pytest.mark.parametrize("path", ["/", "/models", "/nothing", "/models?context=x", "/signin"])
def test_browsers_are_told_to_be_strict(web: Site, path: str):
    reply = Visitor(web).get(path)
    for name, value in STRICT:
        assert reply.headers[name.decode()] == value.decode()
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    # Nothing inline, which the policy would refuse, and nothing from elsewhere.
    assert not re.search(rb"<script(?![^>]* src=\"/static/)|<style|\sstyle=|\son\w+=|src=\"(?!/static/)", reply.body)


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/nothing", 404, "There is no such page"),
        ("/no/such-model", 404, "There is no such page"),
        ("/models?context=x&min_price=-1", 400, "<code>min_price</code> expected a number of 0 or more"),
        ("/models?q=%zz", 400, "percent-encoding"),
    ],
)
def test_people_read_a_page_and_machines_the_envelope(web: Site, path: str, status: int, says: str):
    page = Visitor(web).get(path)
    assert page.status == status
    assert says in page.body.decode()
    web.get("/" + path).error(status)
    web.get("/" + path, accept="application/json").error(status)


def test_a_path_takes_the_methods_of_its_pages_only(web: Site):
    reply = Visitor(web).post("/models", {})
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert Visitor(web).get("/signout").status == 405


def test_what_is_the_api_s_stays_the_api_s(web: Site):
    for path in ("/api/v1/nothing", "/api", "/api/", "/static/app.000000000000.css"):
        web.get("/" + path, accept="application/json").error(404)
    assert web.get("//api/v1/nothing", accept=HTML).error(404)
    assert b"openapi" in web.get("//docs", accept=HTML).body


@pytest.mark.parametrize("coding", ["identity", "gzip", "br", "zstd"])
def test_files_are_named_by_their_content_and_kept_for_ever(web: Site, coding: str):
    page = Visitor(web).get("/models").body.decode()
    addresses = set(re.findall(r'"(/static/[^"]+)"', page))
    assert len(addresses) >= 3
    for address in addresses:
        reply = web.get("/" + address, accept_encoding=coding)
        assert reply.status == 200
        assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert reply.headers.get("content-encoding", "identity") == coding
        again = web.get("/" + address, accept_encoding=coding, if_none_match=reply.headers["etag"])
        assert (again.status, again.body) == (304, b"")


def test_scripts_import_one_another_by_the_same_names(web: Site):
    script = web.get("/" + assets.address("app.js"))
    imported = re.findall(r'import "\./([^"]+)"', script.body.decode())
    assert imported
    for name in imported:
        assert web.get(f"//static/{name}").status == 200


def test_an_id_that_somebody_made_up_is_written_in_percent_where_a_page_leads_on(web: Site, tenant: Tenant):
    someone = Visitor(web)
    someone.sign_in(tenant.management_key)
    own = {"form_token": form_token(someone.get("/models"))}
    for made_up in ("%00", "%0D%0AX-Evil:1", "%C3%A9", "x"):
        reply = someone.post(f"/govern/guardrails/{made_up}/assign", own)
        assert (reply.status, reply.headers["location"]) == (303, f"/govern/guardrails/{made_up}?done=assigned")
        assert "x-evil" not in reply.headers
