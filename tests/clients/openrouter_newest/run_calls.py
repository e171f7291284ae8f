"""Run by the client's own Python: makes the calls that stdin lists, and prints what each gave or raised.

Lists are walked to their last page. Retries stay as the client has them: a server error would be repeated for an hour.
"""

import asyncio
import json
import sys

from openrouter import OpenRouter, errors


def told(error):
    data = getattr(error, "data", None)
    return {
        "error": type(error).__name__,
        "status": getattr(error, "status_code", None),
        "code": data and data.error.code,
        "message": data and data.error.message,
        "said": str(error)[:300],
    }


def shown(answer):
    return answer.model_dump(mode="json", by_alias=True)


def walk(page):
    rows, pages, total = [], 0, None
    while page is not None:
        pages += 1
        total = page.result.total_count
        rows += page.result.data
        page = page.next()
    return {"ids": [row.id for row in rows], "pages": pages, "total": total}


async def walk_async(page):
    rows, pages, total = [], 0, None
    while page is not None:
        pages += 1
        total = page.result.total_count
        rows += page.result.data
        page = await page.next()
    return {"ids": [row.id for row in rows], "pages": pages, "total": total}


def method(client, name):
    group, operation = name.split(".")
    return getattr(getattr(client, group), operation)


def call(client, name, arguments):
    try:
        answer = method(client, name)(**arguments)
        return walk(answer) if hasattr(answer, "next") else shown(answer)
    except (errors.OpenRouterError, errors.NoResponseError) as error:
        return told(error)


async def call_async(client, name, arguments):
    try:
        answer = await method(client, f"{name}_async")(**arguments)
        return await walk_async(answer) if hasattr(answer, "next") else shown(answer)
    except (errors.OpenRouterError, errors.NoResponseError) as error:
        return told(error)


async def all_async(calls):
    async with OpenRouter(server_url=sys.argv[1], api_key=sys.argv[3] or None) as client:
        return [await call_async(client, name, arguments) for name, arguments in calls]


calls = json.load(sys.stdin)
if sys.argv[2] == "async":
    print(json.dumps(asyncio.run(all_async(calls))))
else:
    with OpenRouter(server_url=sys.argv[1], api_key=sys.argv[3] or None) as client:
        print(json.dumps([call(client, name, arguments) for name, arguments in calls]))
