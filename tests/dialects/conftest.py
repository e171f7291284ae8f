"""One running server, and for each dialect a provider that speaks it, on real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.dialects.anthropic import Anthropic
from tests.dialects.gemini import Gemini
from tests.dialects.openai import OpenAI
from tests.dialects.said import Asked, Json, Said, Voice
from tests.live.gateways import Caller, gateway
from tests.upstream.answers import streamed, whole
from tests.upstream.scripted import ScriptedProvider, Step

VOICES: tuple[Voice, ...] = (OpenAI(), Anthropic(), Gemini())
PARAMETERS = (
    "temperature", "max_tokens", "tools", "tool_choice", "parallel_tool_calls", "response_format",
    "structured_outputs", "reasoning", "include_reasoning", "stop", "top_p", "top_k", "seed", "presence_penalty",
    "frequency_penalty", "logprobs", "top_logprobs",
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What the caller got, the same whether it was streamed or whole. `error` is what a stream broke off with."""

    model: str
    content: str | None
    reasoning: str | None
    details: list[Json]
    calls: list[Json]
    finish: str | None
    native: str | None
    usage: Json | None
    error: Json | None = None
    done: bool = True

    @property
    def message(self) -> Json:
        """The answer as a message of the conversation that goes on."""
        said: Json = {"role": "assistant", "content": self.content}
        return (
            said
            | ({"tool_calls": self.calls} if self.calls else {})
            | ({"reasoning_details": self.details} if self.details else {})
        )


@dataclass(frozen=True)
class Conversation:
    """A caller, and the one provider that answers in a dialect."""

    caller: Caller
    provider: ScriptedProvider
    voice: Voice

    @property
    def model(self) -> str:
        return f"acme/{self.voice.name}"

    def ask(self, said: Said, messages: Any = "Hi", *, stream: bool, **body: Any) -> Answer:
        """Have the provider say something to a request."""
        events = self.voice.stream(said)
        return self.play(
            *(streamed(*events) if stream else whole(self.voice.whole(said))), messages=messages, stream=stream, **body
        )

    def play(self, *steps: Step, messages: Any = "Hi", stream: bool, **body: Any) -> Answer:
        """Have the provider do something to a request that it takes."""
        self.provider.then(*steps)
        if stream:
            return _streamed(self.caller.stream(self.model, messages, **body))
        reply = self.caller.chat(self.model, messages, **body)
        assert reply.status == 200, reply
        return _whole(reply.json())

    @property
    def asked(self) -> Asked:
        """The last request, read in its dialect."""
        return self.voice.asked(self.provider.calls[-1])


def _whole(body: Json) -> Answer:
    (choice,) = body["choices"]
    message = choice["message"]
    return Answer(
        model=body["model"],
        content=message["content"],
        reasoning=message["reasoning"],
        details=message.get("reasoning_details", []),
        calls=message.get("tool_calls", []),
        finish=choice["finish_reason"],
        native=choice["native_finish_reason"],
        usage=body["usage"],
        error=choice.get("error"),
    )


def _streamed(chunks: list[Json]) -> Answer:
    """Put a stream together as clients do."""
    done = chunks[-1] == {}
    rows = [chunk for chunk in chunks if chunk]
    choices = [choice for chunk in rows for choice in chunk["choices"]]
    deltas = [choice["delta"] for choice in choices]
    calls: dict[int, Json] = {}
    for fragment in (call for delta in deltas for call in delta.get("tool_calls") or ()):
        call = calls.setdefault(
            fragment["index"], {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
        )
        call["id"] = fragment.get("id") or call["id"]
        for name, text in fragment["function"].items():
            call["function"][name] += text or ""
    last = next((choice for choice in reversed(choices) if choice["finish_reason"]), {})
    assert (
        len({(row["id"], row["created"], row["model"], row["provider"]) for row in rows if not row.get("error")}) <= 1
    )
    return Answer(
        model=rows[0]["model"],
        content="".join(delta.get("content") or "" for delta in deltas) or None,
        reasoning="".join(delta.get("reasoning") or "" for delta in deltas) or None,
        details=[detail for delta in deltas for detail in delta.get("reasoning_details") or ()],
        calls=[calls[index] for index in sorted(calls)],
        finish=last.get("finish_reason"),
        native=last.get("native_finish_reason"),
        usage=next((row["usage"] for row in rows if row.get("usage")), None),
        error=next((row["error"] for row in rows if row.get("error")), None),
        done=done,
    )


PROVIDER = """
[providers.p-{name}]
base_url = "{url}"
dialect = "{name}"
api_key = "sk-{name}"
data_policy = {{ training = false, retention_days = 0 }}
timeouts = {{ connect = 5, first_byte = 20, first_byte_slow = 20, idle = 20 }}
"""
ENDPOINT = """
[[endpoints]]
model = "acme/{model}"
provider = "p-{name}"
upstream_model = "{upstream}"
pricing = {{ prompt = "0.000001", completion = "0.000002", input_cache_read = "0.0000001" }}
context_length = 32768
max_completion_tokens = 8192
input_modalities = ["text", "image"]
output_modalities = ["{makes}"]
supported_parameters = {parameters}
"""


def _settings(providers: dict[str, ScriptedProvider]) -> str:
    tables = []
    for voice in VOICES:
        said = {"name": voice.name, "upstream": voice.model, "parameters": list(PARAMETERS)}
        tables.append(PROVIDER.format(url=providers[voice.name].url, **said))
        tables.append(ENDPOINT.format(model=voice.name, makes="text", **said))
        tables.append(ENDPOINT.format(model=f"{voice.name}-embed", makes="embeddings", **said))
    return "".join(tables)


@pytest.fixture(scope="session")
def speakers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Caller, dict[str, ScriptedProvider]]]:
    """Run the server and its providers."""
    with ExitStack() as stack:
        providers = {voice.name: stack.enter_context(ScriptedProvider()) for voice in VOICES}
        home = tmp_path_factory.mktemp("dialects") / "home"
        yield stack.enter_context(gateway(home, _settings(providers))), providers


@pytest.fixture(params=VOICES, ids=lambda voice: voice.name)
def talk(request: pytest.FixtureRequest, speakers: tuple[Caller, dict[str, ScriptedProvider]]) -> Conversation:
    """Return a conversation in each dialect."""
    caller, providers = speakers
    provider = providers[request.param.name]
    provider.forget()
    return Conversation(caller, provider, request.param)


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def stream(request: pytest.FixtureRequest) -> bool:
    """Return whether the answer is streamed."""
    return bool(request.param)
