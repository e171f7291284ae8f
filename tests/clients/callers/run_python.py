"""Run by a Python that has the libraries: calls models with the one that is named, and prints what it got of each.

sys.argv: the library, the server's URL, an API key, models. For each model: a plain and a streamed answer, a tool that
is called and answered, and an answer in a schema.
"""

import asyncio
import json
import sys

LIBRARY, URL, KEY, *MODELS = sys.argv[1:]
QUESTION = "Where is it sunny?"


def langchain(make):
    from langchain_core.messages import HumanMessage
    from langchain_core.tools import tool
    from pydantic import BaseModel, Field

    class City(BaseModel):
        """A city."""

        city: str = Field(description="Its name")
        people: int

    @tool
    def weather(city: str) -> str:
        """Tell the weather in a city."""
        return f"sunny in {city}"

    def ask(model):
        chat = make(model)
        plain = chat.invoke(QUESTION)
        pieces = list(chat.stream(QUESTION))
        able = chat.bind_tools([weather])
        conversation = [HumanMessage(QUESTION)]
        conversation.append(able.invoke(conversation))
        calls = conversation[-1].tool_calls
        conversation += [weather.invoke(call) for call in calls]
        after = able.invoke(conversation)
        city = chat.with_structured_output(City, method="json_schema").invoke(QUESTION)
        return {
            "plain": plain.text,
            "tokens": plain.usage_metadata["total_tokens"],
            "streamed": "".join(piece.text for piece in pieces),
            "streamed_tokens": sum((piece.usage_metadata or {}).get("total_tokens", 0) for piece in pieces),
            "calls": [[call["name"], call["args"]] for call in calls],
            "after": after.text,
            "city": city.model_dump(),
        }

    return ask


def langchain_openai():
    from langchain_openai import ChatOpenAI

    return langchain(lambda model: ChatOpenAI(model=model, base_url=URL, api_key=KEY, max_retries=0))


def langchain_openrouter():
    from langchain_openrouter import ChatOpenRouter

    return langchain(lambda model: ChatOpenRouter(model=model, base_url=URL, api_key=KEY, max_retries=0))


def pydantic_ai():
    from openai import AsyncOpenAI
    from pydantic import BaseModel
    from pydantic_ai import Agent
    from pydantic_ai.models.openrouter import OpenRouterModel
    from pydantic_ai.providers.openrouter import OpenRouterProvider

    class City(BaseModel):
        city: str
        people: int

    async def answers(model):
        client = AsyncOpenAI(base_url=URL, api_key=KEY, max_retries=0)
        named = OpenRouterModel(model, provider=OpenRouterProvider(openai_client=client))
        calls = []
        agent, able = Agent(named), Agent(named)

        @able.tool_plain
        def weather(city: str) -> str:
            """Tell the weather in a city."""
            calls.append(["weather", {"city": city}])
            return f"sunny in {city}"

        plain = await agent.run(QUESTION)
        async with agent.run_stream(QUESTION) as streamed:
            pieces = [piece async for piece in streamed.stream_text(delta=True)]
        after = await able.run(QUESTION)
        city = await Agent(named, output_type=City).run(QUESTION)
        return {
            "plain": plain.output,
            "tokens": plain.usage.total_tokens,
            "streamed": "".join(pieces),
            "streamed_tokens": streamed.usage.total_tokens,
            "calls": calls,
            "after": after.output,
            "city": city.output.model_dump(),
        }

    return lambda model: asyncio.run(answers(model))


ask = {
    "langchain-openai": langchain_openai,
    "langchain-openrouter": langchain_openrouter,
    "pydantic-ai": pydantic_ai,
}[LIBRARY]()
print(json.dumps([ask(model) for model in MODELS]))
