"""Other people's clients, unchanged, call models of every dialect: plain, streamed, with a tool, in a schema."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clients.environments import environment
from tests.clients.node.conftest import Node
from tests.dialects.conftest import VOICES
from tests.dialects.said import Asked, Counts, Said, Text, ToolCall, Voice
from tests.live.gateways import Caller
from tests.upstream.answers import streamed, whole
from tests.upstream.scripted import ScriptedProvider

HERE = Path(__file__).parent
HELLO = Said(pieces=(Text("In "), Text("Rome.")), counts=Counts(12, 7))
CALL = Said(pieces=(ToolCall("weather", {"city": "Rome"}),), finish="tool_calls")
AFTER = Said(pieces=(Text("It is sunny in Rome."),))
CITY = Said(pieces=(Text('{"city": "Rome", '), Text('"people": 2800000}')))
CITY_TOOL = Said(pieces=(ToolCall("final_result", {"city": "Rome", "people": 2800000}),), finish="tool_calls")
"""How Pydantic AI has an answer of a form said where it does not know the model: by the call of a tool."""
Speakers = tuple[Caller, dict[str, ScriptedProvider]]
MODELS = [f"acme/{voice.name}" for voice in VOICES]


@pytest.fixture
def called(speakers: Speakers) -> Callable[..., None]:
    """Return a function that has a client call every model, and looks at both ends."""
    caller, providers = speakers

    def check(run: Callable[[str, str], Any], in_form: Said = CITY) -> None:
        for voice in VOICES:
            provider = providers[voice.name]
            provider.forget()
            provider.then(*whole(voice.whole(HELLO))).then(*streamed(*voice.stream(HELLO)))
            for said in (CALL, AFTER, in_form):
                provider.then(*whole(voice.whole(said)))
        for voice, got in zip(VOICES, run(caller.site.url, caller.key), strict=True):
            assert got == {
                "plain": "In Rome.",
                "tokens": 19,
                "streamed": "In Rome.",
                "streamed_tokens": 19,
                "calls": [["weather", {"city": "Rome"}]],
                "after": "It is sunny in Rome.",
                "city": {"city": "Rome", "people": 2800000},
            }
            _check(voice, [voice.asked(call) for call in providers[voice.name].calls])

    return check


def _check(voice: Voice, asked: list[Asked]) -> None:
    """Look at what reached a provider."""
    plain, stream, calls, results, city = asked
    question = ("user", [("text", "Where is it sunny?")])
    assert [one.stream for one in asked] == [False, True, False, False, False]
    assert plain.turns == stream.turns == calls.turns == city.turns == [question]
    assert list(calls.tools) == list(results.tools) == ["weather"]
    assert calls.tools["weather"]["properties"]["city"]["type"] == "string"
    first, (role, (call,)), (_, (result,)) = results.turns
    assert (first, role) == (question, "model")
    assert (call[0], *call[2:]) == ("call", "weather", {"city": "Rome"})
    assert result == ("result", call[1], "sunny in Rome")
    schema = city.schema or city.tools["final_result"]
    assert schema["required"] == ["city", "people"], voice.name


@pytest.mark.parametrize(
    ("library", "in_form"), [("langchain-openai", CITY), ("langchain-openrouter", CITY), ("pydantic-ai", CITY_TOOL)]
)
def test_python_libraries_call_every_dialect(called: Any, library: str, in_form: Said):
    called(lambda url, key: environment("readers").run(HERE / "run_python.py", library, url, key, *MODELS), in_form)


@pytest.mark.parametrize("package", ["vercel", "sdk"])
def test_node_packages_call_every_dialect(called: Any, node: Node, package: str):
    called(lambda url, key: node.run(HERE / "run_node.mjs", package, url, key, *MODELS, told=None))
