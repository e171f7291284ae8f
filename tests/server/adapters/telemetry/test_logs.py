"""Log lines are one JSON object each, with what the caller adds and without what may be secret."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import logging
from decimal import Decimal
from trunkline.server.adapters.telemetry import logs

logs.configure()
log = logging.getLogger("trunkline.server.anything")

def fails(secret):
    raise ValueError("no such\\nthing")

log.debug("unheard")
log.info("heard %s", "twice", extra={"revision": 3, "path": "/a\\nb", "price": Decimal("0.10"), "raw": b"x"})
try:
    fails("sk-or-v1-canary")
except ValueError:
    log.exception("failed")
logging.getLogger("trunkline.server.adapters.store.pool").info("a connection")
"""


@pytest.fixture(scope="module")
def lines() -> list[dict[str, object]]:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert ran.stdout == ""
    return [json.loads(line) for line in ran.stderr.splitlines()]


def test_a_line_holds_the_event_and_what_was_added(lines: list[dict[str, object]]):
    heard = lines[0]
    assert (heard["event"], heard["level"], heard["revision"], heard["path"]) == ("heard twice", "info", 3, "/a\nb")
    assert heard["price"] == "0.10"
    assert str(heard["timestamp"]).endswith("Z")
    assert heard.keys() == {"event", "level", "timestamp", "revision", "path", "price", "raw"}


def test_a_traceback_names_places_and_not_values(lines: list[dict[str, object]]):
    failed = lines[1]
    assert (failed["event"], failed["level"]) == ("failed", "error")
    assert "ValueError: no such\nthing" in str(failed["exception"])
    assert "in fails" in str(failed["exception"])
    assert "canary" not in str(failed)


def test_what_libraries_tell_of_their_connections_is_no_line(lines: list[dict[str, object]]):
    assert len(lines) == 2
