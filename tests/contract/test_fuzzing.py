"""schemathesis reads our own OpenAPI document from the running server and tries what it allows and what not."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from uuid import uuid4

import pytest

from tests.clients.environments import environment
from tests.factories import fixture_delivery, seed
from tests.live.servers import process
from tests.live.tenants import create_account

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
)
PUBLIC = ("Models", "Endpoints", "Embeddings", "Providers", "Health", "Documentation")


CRASHED = re.compile(r"^ *(IndexError|AssertionError): .*\n\s*\n *Need more help", re.MULTILINE)
"""Its search for cases breaks down now and then, by chance and inside Hypothesis; then it has tried too little."""


def fuzz(url: str, *arguments: str, cases: int) -> None:
    """Run schemathesis, which must try at least so many cases and find nothing."""
    done = run(url, *arguments)
    if CRASHED.search(done.stdout) and "hypothesis/internal" in done.stdout:
        done = run(url, *arguments)
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr
    (tried,) = re.findall(r"(\d+) generated", done.stdout)
    assert int(tried) >= cases, done.stdout[-2_000:]


def run(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run schemathesis on the document of a server."""
    program = environment("schemathesis").python.with_name("schemathesis")
    return subprocess.run(
        [
            *(program, "run", f"{url}/openapi.json", "--no-color", "--generation-database=none"),
            *(f"--checks={','.join(CHECKS)}", "--phases=examples,coverage,fuzzing", "--continue-on-failure"),
            # It gives up operations whose data is hard to make; being slow on a busy machine is no fault of ours.
            *("--suppress-health-check=all", "--workers=2", *arguments),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.slow
def test_every_reading_operation_answers_what_its_schema_says(tmp_path: Path):
    home = seed(tmp_path / "home", [fixture_delivery()])
    with process(home) as site:
        tags = [f"--include-tag={tag}" for tag in PUBLIC]
        fuzz(site.url, *tags, "--exclude-method=POST", "--max-examples=200", cases=1_500)


@pytest.mark.slow
def test_every_management_operation_answers_what_its_schema_says(tmp_path: Path):
    home = seed(tmp_path / "home", [fixture_delivery()])
    key = create_account(home, str(uuid4()), now=time.time)
    with process(home) as site:
        # Calls to models need a provider behind them.
        tags = [f"--exclude-tag={tag}" for tag in (*PUBLIC, "Chat")]
        fuzz(site.url, *tags, f"--header=Authorization: Bearer {key}", "--max-examples=20", cases=1_500)
