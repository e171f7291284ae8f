"""Run by an official client's own Python: makes the calls that stdin lists, whatever comes of them."""

import json
import sys
from contextlib import suppress

from openrouter import OpenRouter, errors

for setup, operation, arguments in json.load(sys.stdin):
    tag, _, name = operation.partition(".")
    with OpenRouter(server_url=sys.argv[1], **setup) as client, suppress(errors.OpenRouterError):
        getattr(getattr(client, tag), name)(**arguments)
print(json.dumps("done"))
