"""What an answer of Gemini rests on: web pages as annotations, and how many searches are billed.

Source: ai.google.dev/gemini-api/docs/google-search: up to 2.5 a grounded prompt is billed once, from 3 on each query.
"""

from __future__ import annotations

from typing import Any

from trunkline.server.adapters.providers.dialects.gemini_thinking import takes_levels

Json = dict[str, Any]


def citations(metadata: Json) -> list[Json]:
    """Return a citation for each web page."""
    chunks = metadata.get("groundingChunks")
    found = []
    for chunk in chunks if isinstance(chunks, list) else ():
        web = chunk.get("web") if isinstance(chunk, dict) else None
        if isinstance(web, dict) and isinstance(url := web.get("uri"), str):
            cited = {"url": url, "title": web.get("title") or "", "content": "", "start_index": 0, "end_index": 0}
            found.append({"type": "url_citation", "url_citation": cited})
    return found


def searches(metadata: Json, model: str) -> int:
    """Return how many searches a model's answer is billed for."""
    queries = metadata.get("webSearchQueries")
    made = len({query for query in queries if isinstance(query, str)}) if isinstance(queries, list) else 0
    return made if takes_levels(model) else min(made, 1)
