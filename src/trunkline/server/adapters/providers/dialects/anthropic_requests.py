"""Writes requests in Anthropic's Messages format (spec gateway 7.2); what it has no word for is left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from trunkline.server.adapters.providers.dialects import anthropic_messages
from trunkline.server.adapters.providers.dialects.dialect import Addressee, Encoded
from trunkline.server.adapters.providers.dialects.fields import Fields
from trunkline.server.domain.generation.attempt import Attempt

Json = dict[str, Any]

VERSION: Final = "2023-06-01"
STRUCTURED: Final = "structured-outputs-2025-11-13"
BETAS: Final = frozenset({STRUCTURED, "interleaved-thinking-2025-05-14"})
"""The beta features that callers may switch on."""
DEFAULT_LIMIT: Final = 4096
"""Tokens of an answer where neither the request nor the catalogue names a limit: the field is required."""
LEAST_BUDGET: Final = 1024
MOST_BUDGET: Final = 128_000
MOST_BREAKPOINTS: Final = 4
SHARES: Final = {"max": 95, "xhigh": 95, "high": 80, "medium": 50, "low": 20, "minimal": 10}
"""Percent of `max_tokens` that each effort may think."""
_PASSED: Final = ("context_management",)
_FORCED: Final = frozenset({"any", "tool"})


def encode(attempt: Attempt, to: Addressee) -> Encoded:
    """Return the request for an attempt. Raises `NotExpressible`."""
    request = attempt.request
    fields = Fields(attempt, to)
    system, turns = anthropic_messages.conversation(fields.messages())
    betas = [beta for beta in request.betas if beta in BETAS]
    body: Json = {"model": to.model, "max_tokens": 0, **({"system": system} if system else {}), "messages": turns}
    _add_tools(body, fields, strict=STRUCTURED in betas, streamed=request.stream)
    _add_thinking(body, fields, fields.limit(), attempt.endpoint.wire.get("max_completion_tokens"))
    _add_sampling(body, fields)
    if _add_output(body, fields) and STRUCTURED not in betas:
        betas.append(STRUCTURED)
    if isinstance(last := fields.get("cache_control"), dict):
        body["cache_control"] = last
    _bound_breakpoints(body)
    body |= {name: fields.get(name) for name in _PASSED if fields.has(name)}
    body["metadata"] = {"user_id": to.user}
    if request.stream:
        body["stream"] = True
    for name, value in fields.options():
        body.setdefault(name, value)
    headers = [("anthropic-version", VERSION)]
    if betas:
        headers.append(("anthropic-beta", ",".join(betas)))
    return Encoded("/v1/messages", msgspec.json.encode(body), tuple(headers))


def _add_sampling(body: Json, fields: Fields) -> None:
    stop = fields.parameter("stop")
    stops = [stop] if isinstance(stop, str) else stop if isinstance(stop, list) else []
    if sequences := [text for text in stops if isinstance(text, str) and text.strip()]:
        body["stop_sequences"] = sequences
    if "thinking" in body:
        return  # while it thinks, a model takes no sampling parameters
    for name, most in (("temperature", 1), ("top_p", 1), ("top_k", None)):
        value = fields.parameter(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            body[name] = value if most is None else min(value, most)


def _add_tools(body: Json, fields: Fields, *, strict: bool, streamed: bool) -> None:
    stated = fields.parameter("tools")
    tools = (
        [_tool(tool, strict=strict, streamed=streamed) for tool in stated if isinstance(tool, dict)] if stated else []
    )
    if not tools:
        return
    body["tools"] = tools
    choice = _choice(fields.parameter("tool_choice"))
    if fields.parameter("parallel_tool_calls", "tools") is False:
        choice = choice or {"type": "auto"}
        if choice["type"] != "none":
            choice["disable_parallel_tool_use"] = True
    if choice is not None:
        body["tool_choice"] = choice


def _tool(tool: Json, *, strict: bool, streamed: bool) -> Json:
    function = tool.get("function")
    if tool.get("type", "function") != "function" or not isinstance(function, dict):
        return tool  # one of Anthropic's own
    made: Json = {"name": function.get("name")}
    if isinstance(function.get("description"), str):
        made["description"] = function["description"]
    made["input_schema"] = function.get("parameters") or {"type": "object", "properties": {}}
    if strict and function.get("strict") is not None:
        made["strict"] = function["strict"]
    if streamed:
        made["eager_input_streaming"] = True
    if isinstance(tool.get("cache_control"), dict):
        made["cache_control"] = tool["cache_control"]
    return made


def _choice(stated: Any) -> Json | None:
    if isinstance(stated, dict):
        function = stated.get("function")
        name = function.get("name") if isinstance(function, dict) else stated.get("name")
        return {"type": "tool", "name": name} if name else None
    words = {"auto": "auto", "required": "any", "none": "none"}
    return {"type": words[stated]} if isinstance(stated, str) and stated in words else None


def _add_thinking(body: Json, fields: Fields, limit: int | None, ceiling: Any) -> None:
    """Set `max_tokens`, and `thinking` where it is asked for; its budget has to stay below the limit."""
    most = ceiling if isinstance(ceiling, int) and ceiling > 0 else None
    total = limit or most or DEFAULT_LIMIT
    if most is not None:
        total = min(total, most)
    budget = _budget(fields, total)
    if budget is not None and body.get("tool_choice", {}).get("type") not in _FORCED:  # a forced tool forbids thinking
        if budget >= total:
            total = budget + LEAST_BUDGET if most is None else min(budget + LEAST_BUDGET, most)
        budget = min(budget, total - 1)
        if budget >= LEAST_BUDGET:
            body["thinking"] = {"type": "enabled", "budget_tokens": budget, "display": "summarized"}
    body["max_tokens"] = total


def _budget(fields: Fields, total: int) -> int | None:
    """Return how many tokens may be thought, None for no thinking."""
    stated = fields.parameter("reasoning", "reasoning_effort", "include_reasoning")
    reasoning: Json = stated if isinstance(stated, dict) else {}
    effort = reasoning.get("effort") or fields.parameter("reasoning_effort", "reasoning")
    if reasoning.get("enabled") is False or effort == "none":
        return None
    asked = reasoning.get("max_tokens")
    if isinstance(asked, int) and not isinstance(asked, bool) and asked > 0:
        return max(min(asked, MOST_BUDGET), LEAST_BUDGET)
    if effort is None and reasoning.get("enabled") is True:
        effort = "medium"
    if not isinstance(effort, str) or effort not in SHARES:
        return None
    return max(min(total * SHARES[effort] // 100, MOST_BUDGET), LEAST_BUDGET)


def _add_output(body: Json, fields: Fields) -> bool:
    """Add what the answer is to look like; tell whether it is to follow a schema."""
    output: Json = {}
    verbosity = fields.parameter("verbosity")
    if isinstance(verbosity, str):
        output["effort"] = verbosity
    wanted = fields.parameter("response_format", "structured_outputs")
    schema = wanted.get("json_schema") if isinstance(wanted, dict) and wanted.get("type") == "json_schema" else None
    if isinstance(schema, dict) and isinstance(schema.get("schema"), dict):
        output["format"] = {"type": "json_schema", "schema": schema["schema"]}
    if output:
        body["output_config"] = output
    return "format" in output


def _bound_breakpoints(body: Json) -> None:
    """Keep the last breakpoints, which cover the most; the one at the top counts as well."""
    marked = [block for block in _markable(body) if "cache_control" in block]
    for block in marked[: max(len(marked) - MOST_BREAKPOINTS + ("cache_control" in body), 0)]:
        del block["cache_control"]


def _markable(body: Json) -> Iterator[Json]:
    yield from body.get("tools", ())
    yield from body.get("system", ())
    for turn in body["messages"]:
        yield from turn["content"]
