"""Run by the environment of those libraries: reads the model list with the one that is named, and prints what it got.

sys.argv: the reader, the server's URL, a folder for files of its own.
"""

import asyncio
import json
import os
import sys

READER, URL, FOLDER = sys.argv[1:4]
KEY = "sk-or-v1-none"


def openai():
    from openai import BadRequestError, NotFoundError, OpenAI

    client = OpenAI(base_url=URL, api_key=KEY, max_retries=0)
    listed = client.models.list(extra_query={"output_modalities": "all"})
    faults = []
    for extra in ({"sort": "cheapest"}, {"limit": "0"}):
        try:
            client.models.list(extra_query=extra)
        except BadRequestError as error:
            faults.append([error.status_code, error.body["code"], error.body["message"]])
    try:
        client.models.retrieve("acme/nothing")
    except NotFoundError as error:
        faults.append([error.status_code, error.body["code"], error.body["message"]])
    return {"ids": [model.id for model in listed], "created": [model.created for model in listed], "faults": faults}


def langchain_openai():
    from langchain_openai import ChatOpenAI

    # LangChain lists no models itself; this is the client that it hands out.
    chat = ChatOpenAI(model="openai/gpt-4", base_url=URL, api_key=KEY)
    return {"ids": [model.id for model in chat.root_client.models.list(extra_query={"output_modalities": "all"})]}


def langchain_openrouter():
    from langchain_openrouter import ChatOpenRouter

    chat = ChatOpenRouter(model="openai/gpt-4", base_url=URL, api_key=KEY)
    page, ids = chat.client.models.list(output_modalities="all", limit=100), []
    while page is not None:
        ids += [model.id for model in page.result.data]
        page = page.next()
    return {"ids": ids}


def pydantic_ai():
    from openai import AsyncOpenAI
    from pydantic_ai.models.openrouter import OpenRouterModel
    from pydantic_ai.providers.openrouter import OpenRouterProvider

    async def read():
        provider = OpenRouterProvider(openai_client=AsyncOpenAI(base_url=URL, api_key=KEY))
        listed = [model.id async for model in provider.client.models.list(extra_query={"output_modalities": "all"})]
        made = [OpenRouterModel(model, provider=provider) for model in listed]
        return {"ids": [model.model_name for model in made], "profiles": sum(bool(model.profile) for model in made)}

    return asyncio.run(read())


def llm_openrouter():
    os.environ |= {"LLM_USER_PATH": FOLDER, "OPENROUTER_KEY": KEY, "LLM_LOAD_PLUGINS": "llm-openrouter"}
    import httpx
    import llm_openrouter as plugin

    # The plugin has no setting for the server: requests to the hosted one go to ours, all else stays as it is.
    asked, get = [], httpx.get

    def to_ours(url, **arguments):
        asked.append(url)
        return get(url.replace("https://openrouter.ai/api/v1", URL), **arguments)

    httpx.get = to_ours
    import llm
    from click.testing import CliRunner
    from llm.cli import cli

    models = [model for model in llm.get_models() if model.model_id.startswith("openrouter/")]
    # As text, the plugin's command (0.7.1) takes `pricing.overrides`, a list that the hosted service sends too, for a
    # price, and fails.
    ran = CliRunner().invoke(cli, ["openrouter", "models", "--json"], catch_exceptions=False)
    refreshed = CliRunner().invoke(cli, ["openrouter", "refresh"], catch_exceptions=False)
    return {
        "ids": [model.model_id.removeprefix("openrouter/") for model in models],
        "vision": [model.model_name for model in models if model.attachment_types],
        "tools": [model.model_name for model in models if model.supports_tools],
        "schema": [model.model_name for model in models if model.supports_schema],
        "shown": json.loads(ran.stdout),
        "refreshed": refreshed.output.strip(),
        "asked": asked,
        "plugin": plugin.__name__,
    }


print(json.dumps(globals()[READER]()))
