"""Run by the official client's own Python: reads answers with it, and prints what every attribute gave.

An object becomes {"class": name, "fields": {attribute: value}}, what is not set {"unset": true}.
"""

import json
import sys

from openrouter import OpenRouter
from openrouter.types import UNSET
from pydantic import BaseModel


def seen(value):
    if value == UNSET:
        return {"unset": True}
    if isinstance(value, BaseModel):
        fields = {name: seen(getattr(value, name)) for name in type(value).model_fields}
        return {"class": type(value).__name__, "fields": fields}
    return [seen(item) for item in value] if isinstance(value, list) else value


answers = []
with OpenRouter(api_key="sk-test", server_url=sys.argv[1], timeout_ms=60_000) as client:
    for operation, arguments in json.load(sys.stdin):
        tag, _, name = operation.partition(".")
        answers.append(seen(getattr(getattr(client, tag), name)(**arguments)))
print(json.dumps(answers))
