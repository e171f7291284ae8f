"""Run by the client's own Python: makes the calls that stdin lists, and prints what each gave or raised."""

import json
import sys

from openrouter import OpenRouter, errors, sdkconfiguration, utils

sdkconfiguration.SERVERS[sdkconfiguration.SERVER_PRODUCTION] = sys.argv[1]

# One try is enough: a server error must be seen, not waited out.
NO_RETRIES = utils.RetryConfig("none", utils.BackoffStrategy(1, 1, 1.0, 1), False)


def call(client, operation, arguments):
    try:
        answer = getattr(client.models, operation)(retries=NO_RETRIES, **arguments)
    except errors.ResponseValidationError as error:
        return {"invalid": str(error)}
    except errors.OpenRouterError as error:
        told = getattr(error, "data", None)
        return {
            "error": type(error).__name__,
            "status": error.status_code,
            "code": told and told.error.code,
            "code_type": told and type(told.error.code).__name__,
            "message": told and told.error.message,
        }
    return {"type": type(answer).__name__, "answer": answer.model_dump(mode="json", by_alias=True)}


with OpenRouter(
    http_referer="https://app.example",
    x_open_router_title="A test",
    x_open_router_categories="cli-agent",
    api_key=sys.argv[2] or None,
) as client:
    print(json.dumps([call(client, operation, arguments) for operation, arguments in json.load(sys.stdin)]))
