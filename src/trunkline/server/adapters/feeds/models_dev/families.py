"""Tables of facts about who makes models: display names of authors, and tokenizer groups.

Read by prefix of the model id; a name that no row knows gets an honest default.
"""

from __future__ import annotations

AUTHORS = {
    "ai21": "AI21",
    "aion-labs": "AionLabs",
    "alfredpros": "AlfredPros",
    "alibaba": "Alibaba",
    "allenai": "AllenAI",
    "amazon": "Amazon",
    "anthracite-org": "Anthracite",
    "anthropic": "Anthropic",
    "arcee-ai": "Arcee AI",
    "baai": "BAAI",
    "baidu": "Baidu",
    "bytedance": "ByteDance",
    "bytedance-seed": "ByteDance Seed",
    "cognitivecomputations": "Cognitive Computations",
    "cohere": "Cohere",
    "deepcogito": "Deep Cogito",
    "deepseek": "DeepSeek",
    "dots-studio": "Dots Studio",
    "essentialai": "Essential AI",
    "google": "Google",
    "gryphe": "Gryphe",
    "ibm-granite": "IBM",
    "inception": "Inception",
    "inclusionai": "inclusionAI",
    "inflection": "Inflection",
    "intfloat": "Intfloat",
    "kwaipilot": "Kwaipilot",
    "liquid": "LiquidAI",
    "mancer": "Mancer",
    "meituan": "Meituan",
    "meta": "Meta",
    "meta-llama": "Meta",
    "microsoft": "Microsoft",
    "minimax": "MiniMax",
    "mistralai": "Mistral",
    "mixedbread-ai": "Mixedbread",
    "moonshotai": "MoonshotAI",
    "morph": "Morph",
    "nex-agi": "Nex AGI",
    "nomic-ai": "Nomic",
    "nousresearch": "Nous",
    "nvidia": "NVIDIA",
    "openai": "OpenAI",
    "openrouter": "OpenRouter",
    "perceptron": "Perceptron",
    "perplexity": "Perplexity",
    "poolside": "Poolside",
    "prime-intellect": "Prime Intellect",
    "qwen": "Qwen",
    "rekaai": "Reka AI",
    "relace": "Relace",
    "sakana": "Sakana AI",
    "sao10k": "Sao10K",
    "stepfun": "StepFun",
    "tencent": "Tencent",
    "thedrummer": "TheDrummer",
    "thenlper": "GTE",
    "thinkingmachines": "Thinking Machines",
    "undi95": "Undi95",
    "upstage": "Upstage",
    "voyageai": "Voyage AI",
    "writer": "Writer",
    "x-ai": "xAI",
    "xiaomi": "Xiaomi",
    "z-ai": "Z.ai",
}
"""Author (the id's first part) -> how people write the name."""

TOKENIZERS = (
    ("openai/", "GPT"),
    ("anthropic/", "Claude"),
    ("google/gemma", "Gemma"),
    ("google/gemini", "Gemini"),
    ("x-ai/", "Grok"),
    ("cohere/", "Cohere"),
    ("amazon/nova", "Nova"),
    ("qwen/qwen3", "Qwen3"),
    ("qwen/", "Qwen"),
    ("deepseek/deepseek-r1-distill-llama", "Llama3"),
    ("deepseek/deepseek-r1-distill-qwen", "Qwen"),
    ("deepseek/", "DeepSeek"),
    ("mistralai/", "Mistral"),
    ("meta-llama/llama-2", "Llama2"),
    ("meta-llama/llama-3", "Llama3"),
    ("meta-llama/llama-4", "Llama4"),
    ("meta-llama/llama-guard-3", "Llama3"),
    ("meta-llama/llama-guard-4", "Llama4"),
    ("nvidia/llama-3", "Llama3"),
    ("nousresearch/hermes-3-llama-3.1", "Llama3"),
    ("nousresearch/hermes-2-pro-llama-3", "Llama3"),
    ("sao10k/l3", "Llama3"),
    ("aion-labs/aion-rp-llama-3.1", "Llama3"),
    ("gryphe/mythomax-l2", "Llama2"),
    ("undi95/remm-slerp-l2", "Llama2"),
    ("cognitivecomputations/dolphin-mistral", "Mistral"),
    ("openrouter/auto", "Router"),
    ("openrouter/bodybuilder", "Router"),
    ("openrouter/free", "Router"),
    ("openrouter/fusion", "Router"),
    ("openrouter/pareto-code", "Router"),
)
"""Start of a model id -> its `ModelGroup`, first match wins; only where name or publisher tells it."""

ROUTERS = frozenset(prefix for prefix, group in TOKENIZERS if group == "Router")
"""Ids that choose a model per request and have no price of their own."""


def author_of(model: str) -> str:
    """Return the author's slug of a model id: its first part, without `~`."""
    return model.partition("/")[0].lstrip("~")


def author_name(model: str) -> str:
    """Return the author's display name of a model id; unknown authors as their slug in title case."""
    author = author_of(model)
    return AUTHORS.get(author) or author.replace("-", " ").title()


def tokenizer(model: str) -> str:
    """Return the `ModelGroup` of a model id, `Other` where the table has no row."""
    return next((group for prefix, group in TOKENIZERS if model.lstrip("~").startswith(prefix)), "Other")
