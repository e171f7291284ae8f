"""Turns an OpenAI-shaped conversation into Gemini's: an instruction apart, two roles, parts; results beside calls.

Sources: ai.google.dev/api/generate-content, /gemini-api/docs/function-calling, /gemini-api/docs/thought-signatures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import pairwise
from typing import Any, Final

import msgspec

from trunkline.server.adapters.providers.dialects import gemini_media
from trunkline.server.adapters.providers.dialects.dialect import UNREADABLE, NotExpressible
from trunkline.server.adapters.providers.dialects.fields import arguments, listed
from trunkline.server.adapters.providers.dialects.gemini_signatures import UNSIGNED, Signatures

Json = dict[str, Any]

_INSTRUCTIONS: Final = frozenset({"system", "developer"})
_TEXTS: Final = frozenset({"text", "input_text", "output_text", "refusal"})


def conversation(messages: list[Any], *, signed: bool) -> tuple[list[Json], list[Json]]:
    """Return (parts of the system instruction, contents).

    `signed`: the model refuses calls of functions without a signature, so that those of other models, which
    have none, get the one that means so. Raises `NotExpressible` for parts that Gemini has no word for.
    """
    system: list[Json] = []
    turns: list[Json] = []
    names: dict[str, str] = {}
    for message in messages:
        if not isinstance(message, dict):
            raise NotExpressible("a message is not an object")
        role = message.get("role")
        if role in _INSTRUCTIONS and not turns:
            system += [part for part in _named(message) if "text" in part]
        elif role == "assistant":
            _add(turns, "model", list(_said(message, names, signed=signed)))
        elif role == "tool":
            _add(turns, "user", [_result(message, names)])
        else:  # user, and instructions that come later
            _add(turns, "user", _named(message))
    if not turns and system:  # a conversation of instructions alone is not accepted
        turns, system = [{"role": "user", "parts": system}], []
    _order_results(turns)
    return system, turns


def parts(content: object) -> Iterator[Json]:
    """Yield the parts of a message's content. Raises `NotExpressible`."""
    if isinstance(content, str):
        if content:
            yield {"text": content}
        return
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict) and (made := _part(part)) is not None:
            yield made


def _part(part: Json) -> Json | None:
    kind = part.get("type")
    if kind is None or (isinstance(kind, str) and kind in _TEXTS):
        text = part.get("refusal" if kind == "refusal" else "text")
        return {"text": text} if isinstance(text, str) and text else None
    return gemini_media.part(part)


def _add(turns: list[Json], role: str, made: list[Json]) -> None:
    if not made:
        return
    if turns and turns[-1]["role"] == role:
        turns[-1]["parts"] += made
    else:
        turns.append({"role": role, "parts": made})


def _named(message: Json) -> list[Json]:
    """Return a message's parts, its `name` before the text: there is no field for it."""
    made = list(parts(message.get("content")))
    name = message.get("name")
    if isinstance(name, str) and name:
        for position, part in enumerate(made):
            if "text" in part:
                made[position] = {"text": f"{name}: {part['text']}"}
                break
    return made


def _said(message: Json, names: dict[str, str], *, signed: bool) -> Iterator[Json]:
    """Yield what a model said, each part with the signature that came with it; remember the names of its calls."""
    signatures = Signatures(message.get("reasoning_details"))
    texts = [part for part in _named(message) if "text" in part]
    if isinstance(refusal := message.get("refusal"), str) and refusal:
        texts.append({"text": refusal})
    calls = list(_calls(message.get("tool_calls"), names))
    last = signatures.of_text()
    if last is not None and not texts:  # an answer's last part can be a signature alone
        texts.append({"text": ""})
    if last is not None:
        texts[-1]["thoughtSignature"] = last
    yield from texts
    for position, image in enumerate(listed(message.get("images"), "images")):
        made = gemini_media.part(image) if isinstance(image, dict) else None
        if made is not None:
            yield made | signatures.of_image(position)
    for position, call in enumerate(calls):
        signature = signatures.of_call(call["functionCall"].get("id"))
        if not signature and position == 0 and signed:
            signature = UNSIGNED
        yield {**call, **signature}


def _calls(stated: object, names: dict[str, str]) -> Iterator[Json]:
    for call in listed(stated, "tool_calls"):
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise NotExpressible("a tool call is not a function's")
        made: Json = {"name": function["name"], "args": arguments(function)}
        if isinstance(call.get("id"), str):
            made = {"id": call["id"], **made}
            names[call["id"]] = function["name"]
        yield {"functionCall": made}


def _result(message: Json, names: Mapping[str, str]) -> Json:
    """Return a tool's result, under the name of the function that was called."""
    asked = message.get("tool_call_id")
    name = names.get(asked) if isinstance(asked, str) else None
    name = name or message.get("name")
    if not isinstance(name, str) or not name:
        raise NotExpressible("a tool's result answers no call of the conversation")
    made = list(parts(message.get("content")))
    text = "".join(part["text"] for part in made if "text" in part)
    result: Json = {"name": name, "response": _response(text)}
    if media := [part for part in made if "text" not in part]:
        result["parts"] = media
    return {"functionResponse": {"id": asked, **result} if isinstance(asked, str) else result}


def _response(text: str) -> Any:
    """Return what a function gave back as an object: its own where it is one, else beneath `output`."""
    if text.lstrip().startswith("{") and '"$ref"' not in text:  # a `$ref` would be looked up among the parts
        try:
            return msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        except UNREADABLE:
            pass
    return {"output": text}


def _order_results(turns: list[Json]) -> None:
    """Put results into the order of their calls, before anything else of their turn (spec gateway 8.5, case 100)."""
    for before, turn in pairwise(turns):
        asked = [part["functionCall"].get("id") for part in before["parts"] if "functionCall" in part]
        places = {call: place for place, call in enumerate(asked)}
        turn["parts"].sort(key=partial(_place, places))  # stable: all else keeps its order


def _place(places: Mapping[Any, int], part: Json) -> int:
    response = part.get("functionResponse")
    return len(places) + 1 if response is None else places.get(response.get("id"), len(places))
