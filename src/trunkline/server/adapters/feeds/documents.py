"""Turns the bytes of an outside document into plain Python values, within bounds of size, depth and growth.

Numbers with a fraction come as `Decimal` exactly as they are written: prices never pass through a float.
"""

from __future__ import annotations

import msgspec

from trunkline.server.adapters.feeds.decimals import exact
from trunkline.server.adapters.feeds.yaml_text import DEEPEST, YamlFault, load_yaml
from trunkline.server.errors import FeedRefused

MEBIBYTE = 1024 * 1024
LARGEST_JSON = 256 * MEBIBYTE
LARGEST_YAML = 32 * MEBIBYTE
_YAML_ENDINGS = (".yaml", ".yml")


def decode(data: bytes, source: str) -> object:
    """Decode JSON or YAML, told apart by the first character and the ending of `source`.

    Returns dicts with string keys, lists, strings, ints, Decimals, bools and None. Raises `FeedRefused`
    with the position of the fault.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    looks_like_json = data.lstrip()[:1] in (b"{", b"[")
    if looks_like_json and not source.lower().endswith(_YAML_ENDINGS):
        return _json(data, source)
    return _yaml(data, source)


def _json(data: bytes, source: str) -> object:
    if len(data) > LARGEST_JSON:
        raise FeedRefused(f"{source}: larger than {LARGEST_JSON // MEBIBYTE} MiB")
    try:
        document = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as fault:
        raise FeedRefused(f"{source}: not valid JSON: {fault}") from None
    except RecursionError:
        raise FeedRefused(f"{source}: nested too deeply") from None
    if _is_deep(document):
        raise FeedRefused(f"{source}: nested more than {DEEPEST} levels deep")
    return document


def _is_deep(document: object) -> bool:
    level = [document]
    for _ in range(DEEPEST):
        level = [
            item
            for part in level
            if isinstance(part, (dict, list))
            for item in (part.values() if isinstance(part, dict) else part)
        ]
    return bool(level)


def _yaml(data: bytes, source: str) -> object:
    if len(data) > LARGEST_YAML:
        raise FeedRefused(f"{source}: larger than {LARGEST_YAML // MEBIBYTE} MiB")
    try:
        return load_yaml(data.decode())
    except UnicodeDecodeError as fault:
        raise FeedRefused(f"{source}: not UTF-8 text: {fault.reason} at byte {fault.start}") from None
    except YamlFault as fault:
        raise FeedRefused(f"{source}: not usable YAML: {fault}") from None


_decoder = msgspec.json.Decoder(float_hook=exact)
