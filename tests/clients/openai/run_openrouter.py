"""Run by a Python that has `openrouter`: a plain and a streamed chat, and what errors are."""

import json
import sys

from openrouter import OpenRouter, errors, utils

NO_RETRIES = utils.RetryConfig("none", utils.BackoffStrategy(1, 1, 1.0, 1), False)
MESSAGES = [{"role": "user", "content": "Hi"}]


def failure(client, model):
    try:
        client.chat.send(model=model, messages=MESSAGES, retries=NO_RETRIES)
    except errors.OpenRouterError as error:
        data = getattr(error, "data", None)
        return [type(error).__name__, error.status_code, data and data.error.code]
    return None


with OpenRouter(api_key=sys.argv[2], server_url=sys.argv[1]) as client:
    plain = client.chat.send(model="acme/m", messages=MESSAGES)
    with client.chat.send(model="acme/m", messages=MESSAGES, stream=True) as events:
        pieces = [getattr(event, "data", event) for event in events]
    said = {
        "plain": [plain.id, plain.model, plain.choices[0].message.content, plain.usage.total_tokens],
        "streamed": "".join(c.delta.content or "" for piece in pieces for c in piece.choices),
        "usage": pieces[-1].usage.total_tokens,
        "bad": failure(client, "acme/nope"),
        "down": failure(client, "acme/n"),
    }
with OpenRouter(api_key="sk-or-v1-none", server_url=sys.argv[1]) as stranger:
    said["stranger"] = failure(stranger, "acme/m")
print(json.dumps(said))
