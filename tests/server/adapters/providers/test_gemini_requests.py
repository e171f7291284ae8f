"""Gemini on the way out: what tools, thinking, limits and forms of an answer become."""

from __future__ import annotations

import json

import pytest

from tests.server.adapters.providers.conftest import attempt, endpoint, sent, target
from tests.server.adapters.providers.gemini import config, encoded, said
from trunkline.server.adapters.providers.dialects.dialect import NotExpressible
from trunkline.server.domain.generation.request import Surface


def test_a_small_request_has_contents_and_no_more():
    made = encoded({"temperature": None})
    assert (made.path, made.headers) == ("/models/gemini-2.5-flash:generateContent", ())
    assert json.loads(made.body) == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-x", "/models/gemini-x"),
        ("models/gemini-x", "/models/gemini-x"),
        ("tunedModels/mine", "/tunedModels/mine"),
        ("a?b#c d", "/models/a%3Fb%23c%20d"),
    ],
)
def test_the_model_stands_in_the_path_and_streams_ask_for_events(model, path):
    assert encoded({}, model).path == f"{path}:generateContent"
    assert encoded({"stream": True}, model).path == f"{path}:streamGenerateContent?alt=sse"


def test_a_request_goes_out_with_the_key_in_google_s_header(provider):
    sent(attempt(), to=target(provider.url, dialect="gemini"))
    (call_,) = provider.calls
    assert call_.path == "/v1/models/m-upstream:streamGenerateContent?alt=sse"
    assert (call_.header("x-goog-api-key"), call_.header("authorization")) == ("sk-canary-5a1e", None)


def test_tools_become_declarations_with_their_schemas():
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "examples": {"type": "string", "examples": ["a"], "const": "a"},
            "n": {"type": "array", "items": {"type": "integer", "exclusiveMinimum": 0}},
        },
        "$defs": {"const": {"type": "null"}},
        "additionalProperties": False,
    }
    tool = {
        "type": "function",
        "function": {"name": "f", "description": "D", "parameters": schema, "strict": True},
        "cache_control": {"type": "ephemeral"},
    }
    bare = {"type": "function", "function": {"name": "g", "parameters": {}}}
    body = said({"tools": [tool, bare, {"googleSearch": {}}], "parallel_tool_calls": False})
    assert body["tools"] == [
        {
            "functionDeclarations": [
                {
                    "name": "f",
                    "description": "D",
                    "parametersJsonSchema": {
                        "type": "object",
                        "properties": {
                            "examples": {"type": "string", "enum": ["a"]},
                            "n": {"type": "array", "items": {"type": "integer"}},
                        },
                        "$defs": {"const": {"type": "null"}},
                        "additionalProperties": False,
                    },
                },
                {"name": "g"},
            ]
        },
        {"googleSearch": {}},
    ]
    assert "toolConfig" not in body


@pytest.mark.parametrize(
    ("choice", "made"),
    [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ({"type": "function", "function": {"name": "f"}}, {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_the_choice_of_a_tool_becomes_a_mode(choice, made):
    tool = {"type": "function", "function": {"name": "f"}}
    assert said({"tools": [tool], "tool_choice": choice})["toolConfig"] == {"functionCallingConfig": made}
    assert "toolConfig" not in said({"tool_choice": choice})


def test_sampling_and_limits_take_google_s_names():
    body = {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 4,
        "seed": 7,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "max_tokens": 5,
        "max_completion_tokens": 6,
        "stop": "END",
        "logprobs": True,
        "top_logprobs": 2,
        "min_p": 0.1,
        "user": "me",
        "unknown": 1,
    }
    assert said(body).keys() == {"contents", "generationConfig"}
    assert config(body) == {
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 4,
        "seed": 7,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "maxOutputTokens": 6,
        "stopSequences": ["END"],
        "responseLogprobs": True,
        "logprobs": 2,
    }


def test_what_the_endpoint_does_not_take_is_left_out_but_never_the_limit():
    to = endpoint("google/gemini", "google-ai-studio", supported_parameters=["temperature"])
    body = {"temperature": 1, "top_p": 0.5, "max_tokens": 5, "stop": ["a"], "reasoning": {"effort": "high"}}
    assert config(body, to=to) == {"temperature": 1, "maxOutputTokens": 5}


def test_the_form_of_the_answer_is_a_media_type_and_a_schema():
    schema = {"type": "object", "properties": {"a": {"const": 1}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}
    assert config({"response_format": wanted}) == {
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object", "properties": {"a": {"enum": [1]}}},
    }
    assert config({"response_format": {"type": "json_object"}}) == {"responseMimeType": "application/json"}
    assert config({"response_format": {"type": "text"}}) == {}


def test_images_and_speech_are_asked_for():
    body = {"modalities": ["text", "image"], "image_config": {"aspect_ratio": "16:9", "image_size": "2K"}}
    assert config(body) == {
        "responseModalities": ["TEXT", "IMAGE"],
        "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"},
    }
    assert config({"modalities": ["text"]}) == {}
    assert config({"modalities": ["audio"], "audio": {"voice": "Kore", "format": "wav"}}) == {
        "responseModalities": ["AUDIO"],
        "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}},
    }


@pytest.mark.parametrize(
    ("model", "reasoning", "thinking"),
    [
        ("gemini-2.5-flash", {"effort": "high"}, {"thinkingBudget": 24576, "includeThoughts": True}),
        ("gemini-2.5-flash", {"effort": "minimal"}, {"thinkingBudget": 1024, "includeThoughts": True}),
        ("gemini-2.5-flash", {"effort": "none"}, {"thinkingBudget": 0}),
        ("gemini-2.5-flash-lite", {"max_tokens": 10}, {"thinkingBudget": 512, "includeThoughts": True}),
        ("gemini-2.5-pro", {"effort": "none"}, {"thinkingBudget": 128}),
        ("gemini-2.5-pro", {"effort": "max"}, {"thinkingBudget": 32768, "includeThoughts": True}),
        ("gemini-2.5-pro", {"max_tokens": 99999}, {"thinkingBudget": 32768, "includeThoughts": True}),
        ("gemini-3-flash-preview", {"effort": "none"}, {"thinkingLevel": "MINIMAL"}),
        ("gemini-3-flash-preview", {"effort": "xhigh"}, {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-3-flash-preview", {"enabled": True}, {"thinkingLevel": "MEDIUM", "includeThoughts": True}),
        ("gemini-3.1-pro-preview", {"enabled": False}, {"thinkingLevel": "LOW"}),
        ("gemini-3-pro-preview", {"effort": "medium"}, {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-3.7-flash", {"effort": "minimal"}, {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-3.1-flash-lite-image", {"effort": "low"}, {"thinkingLevel": "MINIMAL", "includeThoughts": True}),
        ("gemini-3.1-pro-preview", {"max_tokens": 2000}, {"thinkingBudget": 2000, "includeThoughts": True}),
        ("gemini-flash-latest", {"effort": "low"}, {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-4-argon", {}, {"includeThoughts": True}),
    ],
)
def test_thinking_is_a_budget_up_to_2_5_and_a_level_from_3_on(model, reasoning, thinking):
    assert config({"reasoning": reasoning}, model)["thinkingConfig"] == thinking
    assert "thinkingConfig" not in config({}, model)


@pytest.mark.parametrize("model", ["gemini-2.5-flash-image", "gemini-2.0-flash", "gemma-4-31b-it"])
def test_models_that_refuse_every_word_about_thinking_hear_none(model):
    to = endpoint("google/gemini", "google-ai-studio", supported_parameters=["reasoning"])
    assert "thinkingConfig" not in config({"reasoning": {"effort": "high"}}, model, to=to)


def test_thoughts_are_shown_where_the_endpoint_reasons_unless_they_are_not_wanted():
    to = endpoint("google/gemini", "google-ai-studio", supported_parameters=["reasoning"])
    assert config({}, to=to) == {"thinkingConfig": {"includeThoughts": True}}
    assert config({}, to=to, hides_reasoning=True) == {}
    assert config({"include_reasoning": True}) == {"thinkingConfig": {"includeThoughts": True}}
    hidden = config({"reasoning": {"effort": "low", "exclude": True}}, hides_reasoning=True)
    assert hidden == {"thinkingConfig": {"thinkingBudget": 1024}}
    assert config({"reasoning_effort": "low"})["thinkingConfig"]["thinkingBudget"] == 1024


def test_google_s_own_fields_and_the_provider_s_options_are_passed_on():
    safety = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    options = {"options": {"google-ai-studio": {"labels": {"a": "b"}, "contents": []}, "other": {"x": 1}}}
    body = said({"safety_settings": safety, "cached_content": "cachedContents/1"}, preferences=options)
    assert (body["safetySettings"], body["cachedContent"], body["labels"]) == (
        safety,
        "cachedContents/1",
        {"a": "b"},
    )
    assert body["contents"] != []
    assert "x" not in body


def test_the_tier_is_the_endpoint_s():
    assert said({}, to=endpoint("google/gemini", "google-ai-studio", service_tier="flex"))["serviceTier"] == "flex"
    assert "serviceTier" not in said({"service_tier": "flex"})


def test_inputs_are_embedded_as_a_batch():
    body = {
        "input": ["a", {"content": [{"type": "text", "text": "b"}]}, ""],
        "dimensions": 256,
        "input_type": "search_query",
        "encoding_format": "base64",
    }
    made = encoded(body, "gemini-embedding-001", surface=Surface.EMBEDDINGS)
    assert made.path == "/models/gemini-embedding-001:batchEmbedContents"
    common = {"model": "models/gemini-embedding-001", "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 256}
    assert json.loads(made.body) == {
        "requests": [{**common, "content": {"parts": [{"text": text}]}} for text in ("a", "b", "")]
    }
    one = said({"input": "a", "input_type": "RETRIEVAL_DOCUMENT"}, surface=Surface.EMBEDDINGS)["requests"]
    assert [row["taskType"] for row in one] == ["RETRIEVAL_DOCUMENT"]


@pytest.mark.parametrize("numbers", [[1, 2], [[1, 2], [3]]])
def test_numbers_of_tokens_cannot_be_embedded(numbers):
    with pytest.raises(NotExpressible):
        encoded({"input": numbers}, surface=Surface.EMBEDDINGS)
