"""Run by an official client's own Python: prints the parameters of the methods that stdin lists."""

import inspect
import json
import sys

from openrouter import OpenRouter


def method(operation):
    tag, _, name = operation.partition(".")
    return getattr(getattr(OpenRouter(), tag), name)


print(
    json.dumps({operation: list(inspect.signature(method(operation)).parameters) for operation in json.load(sys.stdin)})
)
