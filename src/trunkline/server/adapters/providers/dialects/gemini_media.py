"""Images, sounds, films and files as Gemini's parts: data inside, or an address that Google fetches itself.

Sources: ai.google.dev/gemini-api/docs/file-input-methods, /audio, /video-understanding.
"""

from __future__ import annotations

from mimetypes import guess_type
from typing import Any, Final
from urllib.parse import urlsplit

from trunkline.server.adapters.providers.dialects.dialect import NotExpressible
from trunkline.server.adapters.providers.dialects.media import inline, is_address

Json = dict[str, Any]

SOUNDS: Final = {
    "wav": "audio/wav",
    "mp3": "audio/mp3",
    "aiff": "audio/aiff",
    "aac": "audio/aac",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "m4a": "audio/m4a",
}
"""Media types of the formats that requests name."""
_ADDRESSED: Final = {"image_url": "image_url", "video_url": "video_url", "input_video": "video_url"}


def part(stated: Json) -> Json:
    """Return a part that is no text. Raises `NotExpressible`."""
    kind = stated.get("type")
    if isinstance(kind, str) and kind in _ADDRESSED:
        given = stated.get(_ADDRESSED[kind], stated.get(kind))
        return _source(given.get("url") if isinstance(given, dict) else given)
    if kind == "input_audio":
        return _sound(stated.get("input_audio"))
    if kind == "file":
        file = stated.get("file")
        return _file(file if isinstance(file, dict) else stated)
    raise NotExpressible(f"a part of type {str(kind)[:40]} cannot be sent to this provider")


def _source(url: object) -> Json:
    if not isinstance(url, str):
        raise NotExpressible("an image or file has no address")
    if not is_address(url):
        kind, data = inline(url)
        return {"inlineData": {"mimeType": kind, "data": data}}
    found, _ = guess_type(urlsplit(url).path)
    # Without a known ending Google finds the type out; films of YouTube have none.
    return {"fileData": {"fileUri": url, **({} if found is None else {"mimeType": found})}}


def _sound(stated: object) -> Json:
    sound = stated if isinstance(stated, dict) else {}
    kind, data = SOUNDS.get(str(sound.get("format")).lower()), sound.get("data")
    if kind is None or not isinstance(data, str):
        raise NotExpressible(f"audio is taken in base64 as {', '.join(SOUNDS)}")
    return {"inlineData": {"mimeType": kind, "data": data}}


def _file(file: Json) -> Json:
    data = file.get("file_data") or file.get("url")
    known = file.get("file_id")
    if not data and isinstance(known, str):
        return {"fileData": {"fileUri": known}}
    return _source(data)
