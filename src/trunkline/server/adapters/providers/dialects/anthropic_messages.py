"""Turns an OpenAI-shaped conversation into Anthropic's: system apart, roles alternating, parts as blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from trunkline.server.adapters.providers.dialects.dialect import NotExpressible
from trunkline.server.adapters.providers.dialects.fields import arguments, listed
from trunkline.server.adapters.providers.dialects.media import inline, is_address

Json = dict[str, Any]

FORMAT: Final = "anthropic-claude-v1"
"""The format of reasoning details that this dialect writes, and the only one that it takes back."""
EPHEMERAL: Final = {"type": "ephemeral"}
_INSTRUCTIONS: Final = frozenset({"system", "developer"})
_PDF: Final = "application/pdf"


def conversation(messages: list[Any]) -> tuple[list[Json], list[Json]]:
    """Return (system blocks, messages). Raises `NotExpressible` for parts that Anthropic has no block for."""
    system: list[Json] = []
    turns: list[Json] = []
    for message in messages:
        if not isinstance(message, dict):
            raise NotExpressible("a message is not an object")
        role = message.get("role")
        if role in _INSTRUCTIONS and not turns:
            system += _text_blocks(message)
        elif role == "assistant":
            _add(turns, "assistant", list(_assistant(message)))
        elif role == "tool":
            _add(turns, "user", [_tool_result(message)])
        else:  # user, and instructions that come later
            _add(turns, "user", _named(message, list(_blocks(message.get("content")))))
    if not turns and system:  # a conversation of instructions alone is not accepted
        turns, system = [{"role": "user", "content": system}], []
    _trim_prefill(turns)
    return system, turns


def _add(turns: list[Json], role: str, blocks: list[Json]) -> None:
    """Add blocks to the last turn of the same role, or as a new one; results of tools go before anything else."""
    if not blocks:
        return
    if not turns or turns[-1]["role"] != role:
        turns.append({"role": role, "content": blocks})
        return
    content: list[Json] = turns[-1]["content"]
    content += blocks
    content.sort(key=lambda block: block["type"] != "tool_result")  # stable: all else keeps its order


def _trim_prefill(turns: list[Json]) -> None:
    # What the answer is to begin with must not end in white space.
    if turns and turns[-1]["role"] == "assistant" and turns[-1]["content"][-1]["type"] == "text":
        last = turns[-1]["content"][-1]
        last["text"] = last["text"].rstrip()
        if not last["text"]:
            turns[-1]["content"].pop()
        if not turns[-1]["content"]:
            turns.pop()


def _named(message: Json, blocks: list[Json]) -> list[Json]:
    """Put a message's `name` before its text: there is no field for it."""
    name = message.get("name")
    if isinstance(name, str) and name:
        for block in blocks:
            if block["type"] == "text":
                return [block | {"text": f"{name}: {block['text']}"} if item is block else item for item in blocks]
    return blocks


def _text_blocks(message: Json) -> list[Json]:
    return [block for block in _named(message, list(_blocks(message.get("content")))) if block["type"] == "text"]


def _assistant(message: Json) -> Iterator[Json]:
    yield from _thinking(message.get("reasoning_details"))
    yield from _named(message, [block for block in _blocks(message.get("content")) if block["type"] == "text"])
    if isinstance(refusal := message.get("refusal"), str) and refusal:
        yield {"type": "text", "text": refusal}
    for call in listed(message.get("tool_calls"), "tool_calls"):
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict):
            raise NotExpressible("a tool call is not a function's")
        made = {"type": "tool_use", "id": call.get("id"), "name": function.get("name"), "input": arguments(function)}
        yield made | _breakpoint(call)


def _thinking(details: object) -> Iterator[Json]:
    """Yield thinking blocks out of echoed reasoning details, which come in pieces where they were streamed."""
    blocks: dict[tuple[str, int], Json] = {}
    for position, detail in enumerate(details if isinstance(details, list) else ()):
        if not isinstance(detail, dict) or detail.get("format") != FORMAT:
            continue
        kind, index = detail.get("type"), detail.get("index")
        key = (str(kind), index if isinstance(index, int) else -1 - position)
        if kind == "reasoning.encrypted" and isinstance(detail.get("data"), str):
            blocks[key] = {"type": "redacted_thinking", "data": detail["data"]}
        elif kind == "reasoning.text":
            block = blocks.setdefault(key, {"type": "thinking", "thinking": "", "signature": ""})
            for name, part in (("thinking", detail.get("text")), ("signature", detail.get("signature"))):
                block[name] += part if isinstance(part, str) else ""
    # Unsigned thinking is refused.
    yield from (block for block in blocks.values() if block.get("signature") or block.get("data"))


def _tool_result(message: Json) -> Json:
    content = message.get("content")
    result: Json = {"type": "tool_result", "tool_use_id": message.get("tool_call_id")}
    blocks = list(_blocks(content))
    marked = next((block["cache_control"] for block in reversed(blocks) if "cache_control" in block), None)
    plain = [{name: value for name, value in block.items() if name != "cache_control"} for block in blocks]
    if plain:
        result["content"] = content if isinstance(content, str) else plain
    return result | ({"cache_control": marked} if marked else _breakpoint(message))


def _blocks(content: object) -> Iterator[Json]:
    """Yield the blocks of a message's content; empty texts are left out, for they are refused."""
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}] if content else []
    for stated in parts:
        part = {"type": "text", "text": stated} if isinstance(stated, str) else stated
        if not isinstance(part, dict):
            raise NotExpressible("a part of a message is not an object")
        if block := _block(part):
            yield block | _breakpoint(part)


def _block(part: Json) -> Json | None:
    match part.get("type"):
        case "text" | "input_text" | "output_text" | None:
            text = part.get("text")
            return {"type": "text", "text": text} if isinstance(text, str) and text else None
        case "refusal":
            return {"type": "text", "text": part.get("refusal")} if part.get("refusal") else None
        case "image_url":
            stated = part.get("image_url")
            url = stated.get("url") if isinstance(stated, dict) else stated
            return {"type": "image", "source": _source(url)}
        case "file":
            return _document(part.get("file") if isinstance(part.get("file"), dict) else part)
        case "image" | "document" | "search_result":
            return {name: value for name, value in part.items() if name != "prompt_cache_breakpoint"}
        case other:
            raise NotExpressible(f"a part of type {str(other)[:40]} cannot be sent to this provider")


def _document(file: Any) -> Json:
    if isinstance(file.get("file_id"), str) and not file.get("file_data"):
        source: Json = {"type": "file", "file_id": file["file_id"]}
    else:
        source = _source(file.get("file_data") or file.get("url"), text=True)
        if source.get("media_type", _PDF) not in {_PDF, "text/plain"}:
            if source["media_type"].startswith("image/"):
                return {"type": "image", "source": source}
            raise NotExpressible("a file that is neither PDF nor text cannot be sent to this provider")
    name = file.get("filename")
    return {"type": "document", "source": source} | ({"title": name} if isinstance(name, str) and name else {})


def _source(url: object, *, text: bool = False) -> Json:
    if not isinstance(url, str):
        raise NotExpressible("an image or file has no address")
    if is_address(url):
        return {"type": "url", "url": url}
    kind, data = inline(url)
    if text and kind == "text/plain":
        return {"type": "text", "media_type": kind, "data": _utf8(data)}
    return {"type": "base64", "media_type": kind, "data": data}


def _utf8(data: str) -> str:
    from base64 import b64decode

    try:
        return b64decode(data, validate=True).decode()
    except ValueError:
        raise NotExpressible("a text file is not written in base64 and UTF-8") from None


def _breakpoint(part: Json) -> Json:
    """Return the cache breakpoint that a part, call or message carries, in Anthropic's words."""
    if isinstance(stated := part.get("cache_control"), dict):
        return {"cache_control": stated}
    if part.get("prompt_cache_breakpoint"):
        return {"cache_control": EPHEMERAL}
    return {}
