"""Fetching stays within its bounds and on its host, and says in one line what went wrong."""

import gzip
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from trunkline.server.adapters.feeds.fetch import fetch, shown_url
from trunkline.server.errors import FeedRefused

DOCUMENT = b'{"data": []}' * 1000


class Site(BaseHTTPRequestHandler):
    """A server with one path per case."""

    def do_GET(self):
        path = self.path.partition("?")[0]
        port = self.server.server_port
        moved = {
            "/moved": "/document",
            "/loop": "/loop",
            "/away": f"http://localhost:{port}/document",
            "/out": "http://example.com/document",
            "/file": "file:///etc/passwd",
        }
        if path in moved:
            self.send_response(302)
            self.send_header("Location", moved[path])
            self.end_headers()
        elif path == "/document":
            self.answer(DOCUMENT)
        elif path == "/packed":
            self.answer(gzip.compress(b"0" * 1_000_000), ("Content-Encoding", "gzip"))
        elif path == "/agent":
            self.answer(self.headers["User-Agent"].encode())
        elif path == "/slow":
            self.server.closing.wait(30)
        elif path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"short")
        else:
            self.send_error(404)

    def answer(self, body, *headers):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        for header in headers:
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.closing = threading.Event()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_document_is_fetched_whole_with_progress(site):
    seen = []
    assert fetch(f"{site}/document", received=lambda have, total: seen.append((have, total))) == DOCUMENT
    assert seen[-1] == (len(DOCUMENT), len(DOCUMENT))


def test_a_redirect_on_the_same_host_is_followed(site):
    assert fetch(f"{site}/moved") == DOCUMENT


def test_the_server_is_told_who_asks(site):
    assert fetch(f"{site}/agent").startswith(b"trunkline/")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/away", "another host"), ("/out", "https only"), ("/file", "only https"), ("/loop", "5 redirects"),
        ("/gone", "status 404"), ("/cut", "cannot be reached"),
    ],
)  # fmt: skip
def test_what_cannot_be_fetched_is_refused_in_one_line(site, path, message):
    with pytest.raises(FeedRefused, match=message) as refusal:
        fetch(site + path)
    assert "\n" not in str(refusal.value)


def test_a_document_is_bounded_after_it_is_unpacked(site):
    assert len(fetch(f"{site}/packed")) == 1_000_000
    with pytest.raises(FeedRefused, match="larger than"):
        fetch(f"{site}/packed", largest=999_999)


def test_a_server_that_does_not_answer_is_given_up(site):
    with pytest.raises(FeedRefused, match="no answer"):
        fetch(f"{site}/slow", seconds=0.3)


def test_a_port_where_nobody_listens_is_one_line():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(FeedRefused, match="cannot be reached") as refusal:
        fetch(f"http://127.0.0.1:{port}/models?key=secret")
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x", "ftp://example.com/x", "file:///etc/passwd", "http://10.0.0.1/x", "https:///x",
        "http://127.0.0.1.example.com/", "http://[::2]/", "https://[oops/", "https://host:port/",
    ],
)  # fmt: skip
def test_only_https_and_this_machine_are_asked(url):
    with pytest.raises(FeedRefused):
        fetch(url)


def test_a_shown_url_has_no_secrets():
    assert shown_url("https://me:pass@host.example:8443/a/b?key=1#x") == "https://host.example:8443/a/b"
