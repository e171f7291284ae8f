"""The words that the API's objects use. The lists are open: a word that is not here is kept as it came."""

from __future__ import annotations

from typing import Literal, TypeAlias

from trunkline.types.unset import UnrecognizedInt, UnrecognizedStr

InputModality: TypeAlias = Literal["text", "image", "file", "audio", "video"] | UnrecognizedStr
OutputModality: TypeAlias = (
    Literal["text", "image", "embeddings", "audio", "video", "rerank", "speech", "transcription", "decisions"]
    | UnrecognizedStr
)
ModelGroup: TypeAlias = (
    Literal[
        "Router", "Media", "Other", "GPT", "Claude", "Gemini", "Gemma", "Grok", "Cohere", "Nova",
        "Qwen", "Yi", "DeepSeek", "Mistral", "Llama2", "Llama3", "Llama4", "PaLM", "RWKV", "Qwen3",
    ]
    | UnrecognizedStr
)  # fmt: skip
InstructType: TypeAlias = (
    Literal[
        "none", "airoboros", "alpaca", "alpaca-modif", "chatml", "claude", "code-llama", "gemma",
        "llama2", "llama3", "mistral", "nemotron", "neural", "openchat", "phi3", "rwkv", "vicuna",
        "zephyr", "deepseek-r1", "deepseek-v3.1", "qwq", "qwen3",
    ]
    | UnrecognizedStr
)  # fmt: skip
Parameter: TypeAlias = (
    Literal[
        "temperature", "top_p", "top_k", "min_p", "top_a", "frequency_penalty", "presence_penalty",
        "repetition_penalty", "max_tokens", "max_completion_tokens", "logit_bias", "logprobs",
        "top_logprobs", "seed", "response_format", "structured_outputs", "stop", "tools", "tool_choice",
        "parallel_tool_calls", "include_reasoning", "reasoning", "reasoning_effort",
        "web_search_options", "verbosity", "prediction",
    ]
    | UnrecognizedStr
)  # fmt: skip
ReasoningEffort: TypeAlias = Literal["max", "xhigh", "high", "medium", "low", "minimal", "none"] | UnrecognizedStr
Quantization: TypeAlias = (
    Literal["int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32", "unknown"]
    | UnrecognizedStr
)
EndpointStatus: TypeAlias = Literal[0, -1, -2, -3, -5, -10] | UnrecognizedInt
PublicServiceTier: TypeAlias = Literal["flex", "priority", "ultrafast"] | UnrecognizedStr
UtcDay: TypeAlias = (
    Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | UnrecognizedStr
)
ProviderName: TypeAlias = UnrecognizedStr
"""The display name of a provider, such as `Google AI Studio`."""
