"""Other people's clients, unchanged, notice what goes wrong: errors before an answer, and within a stream."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.clients.environments import environment
from tests.clients.node.conftest import Node
from tests.dialects.openai import OpenAI
from tests.dialects.said import Said, Text
from tests.live.gateways import Caller
from tests.upstream.answers import streamed
from tests.upstream.scripted import ScriptedProvider

HERE = Path(__file__).parent
VOICE = OpenAI()
MODEL = "acme/openai"
Speakers = tuple[Caller, dict[str, ScriptedProvider]]


@pytest.fixture
def broken(speakers: Speakers) -> Caller:
    """Return a caller whose provider breaks off after a word, each time."""
    caller, providers = speakers
    events = VOICE.stream(Said(pieces=(Text("Hel"), Text("lo"))))
    providers["openai"].forget()
    providers["openai"].always(*streamed(*events[:2], VOICE.overloaded()))
    return caller


def check(found: list[dict[str, Any]], broken_off: str | None = None) -> None:
    """Look at what a client raised; `broken_off` is what it makes of a broken stream where it raises nothing."""
    unknown, stranger, broken = found
    assert unknown["error"], unknown
    assert (unknown["status"], stranger["status"]) == (400, 401), (unknown, stranger)
    assert stranger["error"], stranger
    assert broken["error"], broken
    assert broken["came"] == "Hel", broken
    assert (broken["error"] == "Finished") is (broken_off == "Finished")


@pytest.mark.parametrize("library", ["langchain-openai", "langchain-openrouter", "pydantic-ai"])
def test_python_libraries_raise(broken: Caller, library: str):
    found = environment("readers").run(HERE / "run_failures.py", library, broken.site.url, broken.key, MODEL)
    # Where an error stands beside a choice, as documented, this one only passes on the choice's reason.
    check(found, "Finished" if library == "langchain-openrouter" else None)


@pytest.mark.parametrize("package", ["vercel", "sdk"])
def test_node_packages_throw(broken: Caller, node: Node, package: str):
    check(node.run(HERE / "run_failures.mjs", package, broken.site.url, broken.key, MODEL, told=None))
