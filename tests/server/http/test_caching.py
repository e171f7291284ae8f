"""Content codings, entity tags and what caches are told."""

from __future__ import annotations

import brotli
import pytest
import zstandard
from isal import igzip

from tests.live.wire import Site

DECODE = {
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
    "br": brotli.decompress,
    "gzip": igzip.decompress,
}
CACHED = (
    "/models",
    "/models?use_rss=true",
    "/models/count",
    "/model/openai/gpt-4",
    "/models/openai/gpt-4/endpoints",
    "/endpoints/zdr",
    "/embeddings/models",
    "/providers",
)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("*", "zstd"),
        ("*;q=0", None),
        ("identity, *;q=0", None),
        ("gzip;q=0", None),
        ("gzip;q=0, *", "zstd"),
        ("zstd;q=0, br;q=0.0, *;q=0.1", "gzip"),
        ("zstd;q=0.1, br;q=0.5, gzip;q=0.9", "gzip"),
        ("br;q=1.0, gzip;q=1.0", "br"),
        ("identity;q=1, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=1", "gzip"),
        ("identity;q=0", None),
        ("gzip ; q=0.5 ,br ; q=0.7", "br"),
        ("deflate, compress, snappy", None),
        ("gzip;q=high, br", "br"),
        (",,;;=,", None),
        ("g\tzip", None),
    ],
)
def test_an_answer_comes_in_the_coding_that_the_caller_prefers(site: Site, accepted: str | None, coding: str | None):
    plain = site.get("/models", accept_encoding="identity")
    assert len(plain.body) > 1_000
    # http.client adds `identity` where nothing is said, which is what leaving the header out means as well.
    reply = site.get("/models", **({} if accepted is None else {"accept_encoding": accepted}))
    assert reply.status == 200
    assert reply.headers.get("content-encoding") == coding
    assert int(reply.headers["content-length"]) == len(reply.body)
    assert (DECODE[coding](reply.body) if coding else reply.body) == plain.body


def test_short_answers_and_errors_come_as_they_are(site: Site):
    for path in ("/models/count", "/nothing", "/models?limit=0"):
        assert "content-encoding" not in site.get(path, accept_encoding="gzip, br, zstd").headers


@pytest.mark.parametrize("path", CACHED)
def test_public_answers_may_be_kept_for_a_minute_and_say_what_they_depend_on(site: Site, path: str):
    headers = site.get(path).headers
    assert headers["cache-control"] == "public, max-age=60"
    assert {word.strip().lower() for word in headers["vary"].split(",")} == {"accept-encoding", "authorization", "host"}
    assert headers["access-control-allow-origin"] == "*"
    assert headers["etag"].startswith('"')
    assert headers["etag"].endswith('"')


@pytest.mark.parametrize("path", CACHED)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_caller_who_has_the_answer_is_not_sent_it_again(site: Site, path: str, method: str):
    for coding in ("identity", "gzip"):
        first = site.ask(method, path, accept_encoding=coding)
        tag = first.headers["etag"]
        for condition in (tag, f"W/{tag}", f'"other", {tag}', f'{tag}, "other"', "*"):
            again = site.ask(method, path, accept_encoding=coding, if_none_match=condition)
            assert (again.status, again.body) == (304, b""), condition
            for name in ("etag", "cache-control", "vary"):
                assert again.headers[name] == first.headers[name]
        for condition in ('"other"', tag.strip('"'), tag[:-1] + 'x"', 'W/"other"', ""):
            again = site.ask(method, path, accept_encoding=coding, if_none_match=condition)
            assert (again.status, again.headers["etag"]) == (200, tag), condition


def test_each_coding_has_a_tag_of_its_own(site: Site):
    tags = [
        site.get("/models", accept_encoding=coding).headers["etag"] for coding in ("identity", "gzip", "br", "zstd")
    ]
    assert len(set(tags)) == 4
    assert site.get("/models", accept_encoding="br", if_none_match=tags[1]).status == 200


def test_tags_tell_answers_apart_and_stay_while_the_answer_stays(site: Site):
    paths = ("/models", "/models?limit=1", "/models?sort=context-high-to-low", "/models/count", "/model/openai/gpt-4")
    tags = [site.get(path).headers["etag"] for path in paths]
    assert len(set(tags)) == len(paths)
    assert [site.get(path).headers["etag"] for path in paths] == tags


def test_a_failure_is_never_304(site: Site):
    site.get("/model/acme/nothing", if_none_match="*").error(404)
    site.get("/models?limit=0", if_none_match="*").error(400)
