"""Writes requests in Gemini's format (spec gateway 7.2); what it has no word for is left out.

Source: ai.google.dev/api/generate-content (v1beta).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from trunkline.server.adapters.providers.dialects import gemini_contents, gemini_embeddings, gemini_thinking
from trunkline.server.adapters.providers.dialects.dialect import Addressee, Encoded
from trunkline.server.adapters.providers.dialects.fields import Fields
from trunkline.server.adapters.providers.dialects.gemini_schemas import readable
from trunkline.server.domain.generation.attempt import Attempt
from trunkline.server.domain.generation.request import Surface

Json = dict[str, Any]

NUMBERS: Final[Mapping[str, str]] = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
"""Sampling parameters and their names here."""
PASSED: Final[Mapping[str, str]] = {
    "safety_settings": "safetySettings",
    "safetySettings": "safetySettings",
    "cached_content": "cachedContent",
    "cachedContent": "cachedContent",
}
"""Fields of Gemini's own that are passed on (spec gateway 1.2)."""
TIERS: Final = frozenset({"flex", "priority"})
MODES: Final = {"auto": "AUTO", "required": "ANY", "none": "NONE"}
_IMAGE: Final = {"aspect_ratio": "aspectRatio", "image_size": "imageSize"}
_JSON: Final = "application/json"


def encode(attempt: Attempt, to: Addressee) -> Encoded:
    """Return the request for an attempt. Raises `NotExpressible`."""
    fields = Fields(attempt, to)
    model = to.model if to.model.startswith(("models/", "tunedModels/")) else f"models/{to.model}"
    path = f"/{quote(model, safe='/')}"
    if attempt.request.surface is Surface.EMBEDDINGS:
        return Encoded(f"{path}:batchEmbedContents", msgspec.json.encode(gemini_embeddings.body(fields, model)))
    system, turns = gemini_contents.conversation(fields.messages(), signed=gemini_thinking.takes_levels(to.model))
    body: Json = {"contents": turns}
    if system:
        body["systemInstruction"] = {"parts": system}
    _add_tools(body, fields)
    config = _sampling(fields) | _output(fields)
    declared = "reasoning" in (attempt.endpoint.wire.get("supported_parameters") or ())
    thinking = gemini_thinking.config(fields, to.model, declared=declared, hidden=attempt.request.hides_reasoning)
    if thinking:
        config["thinkingConfig"] = thinking
    if config:
        body["generationConfig"] = config
    body |= {ours: fields.get(name) for name, ours in PASSED.items() if fields.has(name)}
    if (tier := attempt.endpoint.wire.get("service_tier")) in TIERS:
        body["serviceTier"] = tier
    for name, value in fields.options():
        body.setdefault(name, value)
    action = ":streamGenerateContent?alt=sse" if attempt.request.stream else ":generateContent"
    return Encoded(path + action, msgspec.json.encode(body))


def _sampling(fields: Fields) -> Json:
    config: Json = {}
    for name, ours in NUMBERS.items():
        value = fields.parameter(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            config[ours] = value
    if (limit := fields.limit()) is not None:
        config["maxOutputTokens"] = limit
    stop = fields.parameter("stop")
    stops = [stop] if isinstance(stop, str) else stop if isinstance(stop, list) else []
    if sequences := [text for text in stops if isinstance(text, str) and text]:
        config["stopSequences"] = sequences
    if fields.parameter("logprobs") is True:
        config["responseLogprobs"] = True
        if (others := fields.parameter("top_logprobs")) is not None:
            config["logprobs"] = others
    return config


def _output(fields: Fields) -> Json:
    """Return what the answer is to look like: its form, and whether it is text, an image or speech."""
    config: Json = {}
    wanted = fields.parameter("response_format", "structured_outputs")
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind in {"json_object", "json_schema"}:
        config["responseMimeType"] = _JSON
        stated = wanted.get("json_schema")
        if kind == "json_schema" and isinstance(stated, dict) and isinstance(stated.get("schema"), dict):
            config["responseJsonSchema"] = readable(stated["schema"])
    modalities = fields.get("modalities")
    if isinstance(modalities, list) and set(modalities) - {"text"}:
        config["responseModalities"] = [str(name).upper() for name in modalities]
    image, audio = fields.get("image_config"), fields.get("audio")
    if isinstance(image, dict) and image:
        config["imageConfig"] = {_IMAGE.get(name, name): value for name, value in image.items()}
    if isinstance(audio, dict) and isinstance(audio.get("voice"), str):
        config["speechConfig"] = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": audio["voice"]}}}
    return config


def _add_tools(body: Json, fields: Fields) -> None:
    stated = fields.parameter("tools")
    functions, others = [], []
    for tool in stated if isinstance(stated, list) else ():
        if not isinstance(tool, dict):
            continue
        function = tool.get("function")
        if isinstance(function, dict):
            functions.append(_declaration(function))
        elif "type" not in tool:  # one of Google's own, such as {"googleSearch": {}}
            others.append(tool)
    if not functions and not others:
        return
    body["tools"] = [*([{"functionDeclarations": functions}] if functions else ()), *others]
    if functions and (config := _choice(fields.parameter("tool_choice"))) is not None:
        body["toolConfig"] = {"functionCallingConfig": config}


def _declaration(function: Json) -> Json:
    made: Json = {"name": function.get("name")}
    if isinstance(function.get("description"), str):
        made["description"] = function["description"]
    if isinstance(parameters := function.get("parameters"), dict) and parameters:
        made["parametersJsonSchema"] = readable(parameters)
    return made


def _choice(stated: Any) -> Json | None:
    if isinstance(stated, dict):
        function = stated.get("function")
        name = function.get("name") if isinstance(function, dict) else stated.get("name")
        return {"mode": "ANY", "allowedFunctionNames": [name]} if name else None
    return {"mode": MODES[stated]} if isinstance(stated, str) and stated in MODES else None
