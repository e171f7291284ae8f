"""Run by a Python that has `openai`: a plain, a streamed, a tool and a structured call, and what errors are."""

import json
import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key=sys.argv[2], max_retries=0)
MESSAGES = [{"role": "user", "content": "Hi"}]
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "city", "schema": {"type": "object"}}}


def failure(call):
    try:
        call()
    except openai.APIStatusError as error:
        return [type(error).__name__, error.status_code, error.code, error.message]
    return None


plain = client.chat.completions.create(model="acme/m", messages=MESSAGES)
pieces = list(client.chat.completions.create(model="acme/m", messages=MESSAGES, stream=True))
tool = client.chat.completions.create(model="acme/m", messages=MESSAGES, tools=[TOOL], tool_choice="required")
city = client.chat.completions.create(model="acme/m", messages=MESSAGES, response_format=SCHEMA)
vectors = client.embeddings.create(model="acme/embed", input=["a", "b"])
stranger = openai.OpenAI(base_url=sys.argv[1], api_key="sk-or-v1-none", max_retries=0)
print(
    json.dumps(
        {
            "plain": [plain.id, plain.model, plain.choices[0].message.content, plain.usage.total_tokens],
            "streamed": "".join(c.delta.content or "" for piece in pieces for c in piece.choices),
            "usage": pieces[-1].usage.total_tokens,
            "tool": [[c.id, c.function.name, c.function.arguments] for c in tool.choices[0].message.tool_calls],
            "city": city.choices[0].message.content,
            "vectors": [row.embedding for row in vectors.data],
            "bad": failure(lambda: client.chat.completions.create(model="acme/nope", messages=MESSAGES)),
            "stranger": failure(lambda: stranger.chat.completions.create(model="acme/m", messages=MESSAGES)),
            "down": failure(lambda: client.chat.completions.create(model="acme/n", messages=MESSAGES)),
        }
    )
)
