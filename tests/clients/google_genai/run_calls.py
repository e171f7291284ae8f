"""Run by a Python that has Google's own client: says to Gemini what the test says through the gateway.

sys.argv: the base URL, an API key, a model. Prints what each answer was read as.
"""

import base64
import json
import sys

from google import genai
from google.genai import types

URL, KEY, MODEL = sys.argv[1:]
client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=URL, api_version=""))
EMBEDS = "gemini-embedding-001"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
PIXEL = base64.b64decode("iVBORw0KGgo=")
FUNCTION = types.FunctionDeclaration(name="weather", description="Tell the weather", parameters_json_schema=SCHEMA)
TOOLS = [types.Tool(function_declarations=[FUNCTION])]


def user(*parts):
    made = [types.Part(text=part) if isinstance(part, str) else part for part in parts]
    return types.Content(role="user", parts=made)


def model(*parts):
    return types.Content(role="model", parts=list(parts))


def chosen(mode, *names):
    calling = types.FunctionCallingConfig(mode=mode, allowed_function_names=list(names) or None)
    return types.ToolConfig(function_calling_config=calling)


def call(number, city, signature=None):
    made = types.FunctionCall(id=f"call_{number}", name="weather", args={"city": city})
    return types.Part(function_call=made, thought_signature=signature)


def result(number, **response):
    return types.Part(function_response=types.FunctionResponse(id=f"call_{number}", name="weather", response=response))


ASKED = {
    "text": ([user("Hi")], {}),
    "sampling": (
        [user("Hi")],
        {
            "temperature": 0.5,
            "top_p": 0.75,
            "top_k": 4,
            "seed": 7,
            "presence_penalty": 0.25,
            "frequency_penalty": 0.5,
            "max_output_tokens": 50,
            "stop_sequences": ["END"],
            "response_logprobs": True,
            "logprobs": 2,
        },
    ),
    "conversation": (
        [user("One?"), model(types.Part(text="1")), user("Two?")],
        {"system_instruction": types.Content(parts=[types.Part(text="Be brief."), types.Part(text="Be kind.")])},
    ),
    "tools": ([user("Rome?")], {"tools": TOOLS, "tool_config": chosen("ANY", "weather")}),
    "results": (
        [
            user("Rome?"),
            model(call(1, "Rome", b"signed"), call(2, "Bern")),
            user(result(1, output="sunny"), result(2, sun=True)),
        ],
        {"tools": TOOLS, "tool_config": chosen("AUTO")},
    ),
    "media": (
        [
            user(
                "What?",
                types.Part.from_bytes(data=PIXEL, mime_type="image/png"),
                types.Part.from_uri(file_uri="https://x.example/a.jpeg", mime_type="image/jpeg"),
            )
        ],
        {},
    ),
    "schema": ([user("Where?")], {"response_mime_type": "application/json", "response_json_schema": SCHEMA}),
    "level": (
        [user("Hi")],
        {"thinking_config": types.ThinkingConfig(thinking_level="HIGH", include_thoughts=True)},
    ),
    "budget": (
        [user("Hi")],
        {"thinking_config": types.ThinkingConfig(thinking_budget=2000, include_thoughts=True)},
    ),
    "image": (
        [user("Draw")],
        {"response_modalities": ["TEXT", "IMAGE"], "image_config": types.ImageConfig(aspect_ratio="16:9")},
    ),
    "safety": (
        [user("Hi")],
        {"safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]},
    ),
}


def read(answers):
    """Put answers together as the client reads them."""
    candidates = [answer.candidates[0] for answer in answers]
    parts = [part for candidate in candidates if candidate.content for part in candidate.content.parts]
    counts = answers[-1].usage_metadata
    return {
        "text": "".join(part.text or "" for part in parts if not part.thought),
        "thought": "".join(part.text or "" for part in parts if part.thought),
        "calls": [[part.function_call.name, part.function_call.args] for part in parts if part.function_call],
        "finish": candidates[-1].finish_reason.value,
        "tokens": [counts.prompt_token_count, counts.candidates_token_count, counts.thoughts_token_count],
        "total": counts.total_token_count,
    }


said = {}
for name, (contents, more) in ASKED.items():
    config = types.GenerateContentConfig(**more)
    said[name] = read([client.models.generate_content(model=MODEL, contents=contents, config=config)])
said["streamed"] = read(list(client.models.generate_content_stream(model=MODEL, contents="Hi")))
config = types.EmbedContentConfig(task_type="RETRIEVAL_QUERY", output_dimensionality=2)
vectors = client.models.embed_content(model=EMBEDS, contents=["a", "b"], config=config)
said["embeddings"] = [row.values for row in vectors.embeddings]
try:
    client.models.generate_content(model=MODEL, contents="Hi")
except genai.errors.APIError as error:
    said["refused"] = [error.code, error.status]
print(json.dumps(said))
