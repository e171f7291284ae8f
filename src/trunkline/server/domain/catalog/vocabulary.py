"""The closed and open word lists of the API (spec 1.3, 2.3): what callers may ask for and rows may say.

Rows may hold words that are not here; only query parameters are held to the closed lists.
"""

from __future__ import annotations

CATEGORIES = (
    "programming", "roleplay", "marketing", "marketing/seo", "technology", "science",
    "translation", "legal", "finance", "health", "trivia", "academia",
)  # fmt: skip
INPUT_MODALITIES = ("text", "image", "audio", "file", "video")
OUTPUT_MODALITIES = (
    "text", "image", "embeddings", "audio", "video", "rerank", "speech", "transcription", "decisions",
)  # fmt: skip
MODEL_GROUPS = (
    "Router", "Media", "Other", "GPT", "Claude", "Gemini", "Gemma", "Grok", "Cohere", "Nova",
    "Qwen", "Yi", "DeepSeek", "Mistral", "Llama2", "Llama3", "Llama4", "PaLM", "RWKV", "Qwen3",
)  # fmt: skip
INSTRUCT_TYPES = (
    "none", "airoboros", "alpaca", "alpaca-modif", "chatml", "claude", "code-llama", "gemma",
    "llama2", "llama3", "mistral", "nemotron", "neural", "openchat", "phi3", "rwkv", "vicuna",
    "zephyr", "deepseek-r1", "deepseek-v3.1", "qwq", "qwen3",
)  # fmt: skip
PARAMETERS = (
    "temperature", "top_p", "top_k", "min_p", "top_a", "frequency_penalty", "presence_penalty",
    "repetition_penalty", "max_tokens", "max_completion_tokens", "logit_bias", "logprobs",
    "top_logprobs", "seed", "response_format", "structured_outputs", "stop", "tools", "tool_choice",
    "parallel_tool_calls", "include_reasoning", "reasoning", "reasoning_effort",
    "web_search_options", "verbosity", "prediction",
)  # fmt: skip
REASONING_EFFORTS = ("max", "xhigh", "high", "medium", "low", "minimal", "none")
QUANTIZATIONS = (
    "int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32", "unknown",
)  # fmt: skip
ENDPOINT_STATUSES = (0, -1, -2, -3, -5, -10)
SERVICE_TIERS = ("flex", "priority", "ultrafast")
REGIONS = ("eu", "us")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
