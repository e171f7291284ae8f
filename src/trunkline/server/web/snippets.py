"""Calls of a model ready to be copied, with the reader's own address of this server in them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snippet:
    """One piece of code: what it is for, and itself."""

    title: str
    text: str


def snippets(model: str, outputs: Collection[str], base_url: str) -> list[Snippet]:
    """Return how a model is called; one that writes no text and embeds nothing only how it is read about."""
    if "text" in outputs:
        return [*_chat(model, base_url), _about(model, base_url)]
    if "embeddings" in outputs:
        return [_embed(model, base_url), _about(model, base_url)]
    return [_about(model, base_url)]


def _chat(model: str, base_url: str) -> list[Snippet]:
    name, url, script = repr(model), repr(base_url), json.dumps(model)
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Hello"}]})
    quoted = body.replace("'", "'\\''")
    return [
        Snippet(
            "curl",
            f"curl {base_url}/chat/completions \\\n"
            '  -H "Authorization: Bearer $OPENROUTER_API_KEY" \\\n'
            f"  -H 'Content-Type: application/json' \\\n  -d '{quoted}'",
        ),
        Snippet(
            "Python, openai",
            "import os\n\nfrom openai import OpenAI\n\n"
            f"client = OpenAI(base_url={url}, api_key=os.environ['OPENROUTER_API_KEY'])\n"
            f"answer = client.chat.completions.create(\n    model={name},\n"
            "    messages=[{'role': 'user', 'content': 'Hello'}],\n)\nprint(answer.choices[0].message.content)",
        ),
        Snippet(
            "Python, openrouter",
            "import os\n\nfrom openrouter import OpenRouter\n\n"
            f"with OpenRouter(server_url={url}, api_key=os.environ['OPENROUTER_API_KEY']) as client:\n"
            f"    answer = client.chat.send(\n        model={name},\n"
            "        messages=[{'role': 'user', 'content': 'Hello'}],\n    )\n"
            "    print(answer.choices[0].message.content)",
        ),
        Snippet(
            "TypeScript, @openrouter/sdk",
            'import { OpenRouter } from "@openrouter/sdk";\n\n'
            "const client = new OpenRouter({\n"
            f"  serverURL: {json.dumps(base_url)},\n  apiKey: process.env.OPENROUTER_API_KEY,\n}});\n"
            "const answer = await client.chat.send({\n  chatRequest: {\n"
            f'    model: {script},\n    messages: [{{ role: "user", content: "Hello" }}],\n  }},\n}});\n'
            "console.log(answer.choices[0].message.content);",
        ),
    ]


def _embed(model: str, base_url: str) -> Snippet:
    quoted = json.dumps({"model": model, "input": "Hello"}).replace("'", "'\\''")
    return Snippet(
        "curl",
        f"curl {base_url}/embeddings \\\n"
        '  -H "Authorization: Bearer $OPENROUTER_API_KEY" \\\n'
        f"  -H 'Content-Type: application/json' \\\n  -d '{quoted}'",
    )


def _about(model: str, base_url: str) -> Snippet:
    author, _, slug = model.partition("/")
    return Snippet(
        "Python, trunkline",
        "from trunkline import OpenRouter\n\n"
        f"with OpenRouter(server_url={base_url!r}) as client:\n"
        f"    model = client.models.get(author={author!r}, slug={slug!r}).data\n"
        "    print(model.name, model.pricing.prompt_usd_per_million_tokens)",
    )
