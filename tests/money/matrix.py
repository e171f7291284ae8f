"""Every way in which a call can go: what is asked on which surface, of whom, and how it ends; all played for real."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPResponse
from itertools import product
from typing import Any

from tests.dialects.anthropic import Anthropic
from tests.dialects.gemini import Gemini
from tests.dialects.openai import OpenAI
from tests.dialects.said import Said, Text, ToolCall, Voice
from tests.live.wire import API, Reply, Site
from tests.upstream.answers import DONE, STREAM_HEAD, chunked, event, streamed, whole
from tests.upstream.scripted import Call, Hang, Reset, ScriptedProvider, Send, Step, Wait

VOICES: dict[str, Voice] = {voice.name: voice for voice in (OpenAI(), Anthropic(), Gemini())}
SURFACES = {"chat": "/chat/completions", "completions": "/completions", "embeddings": "/embeddings"}
ENDS = ("done", "cut", "cancelled", "refused")
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
WORDS = Said((Text("Hel"), Text("lo")))
CALLS = Said((ToolCall("f", {"a": "b"}),), finish="tool_calls")
PATIENCE = 20
SETTINGS = "".join(
    f"""
[providers.p-{name}]
base_url = "{{{name}}}"
dialect = "{name}"
api_key = "sk-{name}"
data_policy = {{{{ training = false, retention_days = 0 }}}}
timeouts = {{{{ connect = 5, first_byte = 20, first_byte_slow = 20, idle = 20 }}}}
[[endpoints]]
model = "acme/{name}"
provider = "p-{name}"
upstream_model = "u"
pricing = {{{{ prompt = "0.000001", completion = "0.000002" }}}}
context_length = 32768
supported_parameters = ["max_tokens", "tools"]
[[endpoints]]
model = "acme/{name}-embed"
provider = "p-{name}"
upstream_model = "u"
pricing = {{{{ prompt = "0.000001", completion = "0" }}}}
context_length = 32768
output_modalities = ["embeddings"]
"""
    for name in VOICES
)
"""Settings with a place for each provider's address."""


@dataclass(frozen=True)
class Case:
    """One way in which a call can go; `cached` callers ask for their answer to be kept, and then once more."""

    surface: str
    stream: bool
    tools: bool
    voice: str
    end: str
    cached: bool

    def __str__(self) -> str:
        words = [self.surface, "streamed" if self.stream else "whole", "tools" if self.tools else "words", self.voice]
        return "-".join([*words, self.end, *(["cached"] if self.cached else [])])

    @property
    def body(self) -> dict[str, Any]:
        """What is asked; the case is in the prompt, where its provider finds it, and in `user`."""
        if self.surface == "embeddings":
            return {"model": f"acme/{self.voice}-embed", "input": f"<{self}>", "user": str(self)}
        prompt = {"prompt": f"<{self}>"} if self.surface == "completions" else {"messages": [_user(f"<{self}>")]}
        body = {"model": f"acme/{self.voice}", "stream": self.stream, "max_tokens": 100, "user": str(self), **prompt}
        return body | ({"tools": TOOLS} if self.tools else {})

    @property
    def again(self) -> set[str | None]:
        """What the second of two calls may be told of the memory of answers."""
        if self.surface == "completions":
            return {None}
        if self.end == "cancelled" and not self.stream:
            return {"HIT", "MISS"}  # the answer that nobody hears may or may not have come by then
        return {"HIT"} if self.end == "done" else {"MISS"}

    @property
    def records(self) -> int:
        """How many records it leaves."""
        return 0 if self.end == "refused" else 1 + self.cached


def cases() -> Iterator[Case]:
    """Yield all of them that there can be."""
    for case in (Case(*each) for each in product(SURFACES, (False, True), (False, True), VOICES, ENDS, (False, True))):
        embeds = case.surface == "embeddings"
        if embeds and (case.stream or case.tools or case.voice == "anthropic"):
            continue  # it embeds nothing
        if case.surface == "completions" and case.tools:
            continue
        if case.end == "refused" and case.cached:
            continue
        yield case


@dataclass
class Play:
    """What happens in one case: its provider's part, and the caller's."""

    case: Case
    arrived: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    replies: list[Reply | None] = field(default_factory=list)

    def script(self, call: Call) -> tuple[Step, ...]:
        """Return what the provider does with the next call of the case."""
        again = self.arrived.is_set()
        self.arrived.set()
        end = "done" if again else self.case.end
        whole_body, pieces = _said(self.case, call)
        if self.case.stream:
            if end == "done":
                return streamed(*pieces)
            begun = (Send(STREAM_HEAD), *(Send(chunked(piece)) for piece in pieces[: -(-len(pieces) // 2)]))
            return (*begun, Reset() if end == "cut" else Hang())
        if end == "cut":
            (sent,) = whole(whole_body)
            assert isinstance(sent, Send)
            return (Send(sent.data[:-20]), Reset())
        return (Wait(self.go_on), *whole(whole_body)) if end == "cancelled" else whole(whole_body)

    def run(self, site: Site, key: str) -> None:
        """Make the calls of the case."""
        headers = {"authorization": f"Bearer {key}", "x-openrouter-cache": "true" if self.case.cached else "false"}
        body = json.dumps(self.case.body).encode()
        path = SURFACES[self.case.surface]
        if self.case.end == "cancelled":
            self._leave(site, path, body, headers)
            self.replies.append(None)
        else:
            self.replies.append(site.ask("POST", path, body, **headers))
        if self.case.cached:
            self.replies.append(site.ask("POST", path, body, **headers))

    def _leave(self, site: Site, path: str, body: bytes, headers: dict[str, str]) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "content-length": str(len(body))}.items())
        with socket.create_connection((site.host, site.port), timeout=PATIENCE) as connection:
            connection.sendall(f"POST {API}{path} HTTP/1.1\r\nhost: x\r\n{lines}\r\n".encode() + body)
            if self.case.stream:
                with HTTPResponse(connection, method="POST") as response:
                    response.begin()
                    assert response.status == 200
                    assert response.readline().startswith(b"data: ")
            else:
                assert self.arrived.wait(PATIENCE)
        self.go_on.set()


def play(site: Site, key: str, poor: str, providers: dict[str, ScriptedProvider]) -> list[Play]:
    """Play all cases, several at a time; those that are refused come with a `poor` key, which has no money left."""
    plays = {str(case): Play(case) for case in cases()}

    def script(call: Call) -> tuple[Step, ...]:
        text = call.body.decode()
        return plays[text[text.index("<") + 1 : text.index(">")]].script(call)

    for provider in providers.values():
        provider.answer(script)
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(one.run, site, poor if one.case.end == "refused" else key) for one in plays.values()]
        for run in runs:
            run.result()
    return list(plays.values())


def _user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def _said(case: Case, call: Call) -> tuple[Any, Sequence[bytes]]:
    """Return a whole answer in the provider's dialect, and a streamed one."""
    voice = VOICES[case.voice]
    if case.surface == "embeddings":
        return voice.vectors([[0.5, 0.25]]), ()
    if call.path.endswith("/completions") and not call.path.endswith("/chat/completions"):
        return _text()
    said = CALLS if case.tools else WORDS
    return voice.whole(said), voice.stream(said)


def _text() -> tuple[Any, Sequence[bytes]]:
    head = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "u"}
    counts = {"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19}

    def choice(text: str, finish: str | None = None) -> dict[str, Any]:
        return {"choices": [{"index": 0, "text": text, "finish_reason": finish, "logprobs": None}]}

    pieces = [
        head | choice("Hel"),
        head | choice("lo"),
        head | choice("", "stop"),
        head | {"choices": [], "usage": counts},
    ]
    return head | choice("Hello", "stop") | {"usage": counts}, [*map(event, pieces), DONE]
