"""Run by a Python that has the libraries: meets an unknown model, a refused key and a stream that breaks off.

sys.argv: the library, the server's URL, an API key, a model. Prints for each what was raised, and what had come before.
"""

import asyncio
import json
import sys

LIBRARY, URL, KEY, MODEL = sys.argv[1:]


class Finished(Exception):
    """The library raised nothing, and gave `error` as the reason why the answer ended."""


def status(error):
    """Return what an error says of its HTTP status, wherever its library puts that."""
    for one in (error, error.__cause__, error.__context__):
        for name in ("status_code", "code"):
            if isinstance(found := getattr(one, name, None), int):
                return found
    return None


def told(call):
    came = []
    try:
        call(came.append)
    except Exception as error:  # noqa: BLE001 - whatever the library raises
        return {"came": "".join(came), "status": status(error), "error": type(error).__name__, "said": str(error)}
    return {"came": "".join(came), "status": None, "error": None}


def langchain(make):
    def stream(model, key, say):
        for piece in make(model, key).stream("Hi"):
            say(piece.text)
            if piece.response_metadata.get("finish_reason") == "error":
                raise Finished

    return lambda model, key: told(lambda _: make(model, key).invoke("Hi")), lambda model: told(
        lambda say: stream(model, KEY, say)
    )


def langchain_openai():
    from langchain_openai import ChatOpenAI

    return langchain(lambda model, key: ChatOpenAI(model=model, base_url=URL, api_key=key, max_retries=0))


def langchain_openrouter():
    from langchain_openrouter import ChatOpenRouter

    return langchain(lambda model, key: ChatOpenRouter(model=model, base_url=URL, api_key=key, max_retries=0))


def pydantic_ai():
    from openai import AsyncOpenAI
    from pydantic_ai import Agent
    from pydantic_ai.models.openrouter import OpenRouterModel
    from pydantic_ai.providers.openrouter import OpenRouterProvider

    def agent(model, key):
        client = AsyncOpenAI(base_url=URL, api_key=key, max_retries=0)
        return Agent(OpenRouterModel(model, provider=OpenRouterProvider(openai_client=client)))

    async def stream(model, say):
        async with agent(model, KEY).run_stream("Hi") as streamed:
            async for piece in streamed.stream_text(delta=True, debounce_by=None):
                say(piece)

    return (
        lambda model, key: told(lambda _: asyncio.run(agent(model, key).run("Hi"))),
        lambda model: told(lambda say: asyncio.run(stream(model, say))),
    )


whole, streamed = {
    "langchain-openai": langchain_openai,
    "langchain-openrouter": langchain_openrouter,
    "pydantic-ai": pydantic_ai,
}[LIBRARY]()
print(json.dumps([whole("acme/nope", KEY), whole(MODEL, "sk-or-v1-none"), streamed(MODEL)]))
