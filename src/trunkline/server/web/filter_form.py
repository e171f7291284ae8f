"""The filters as a form: groups of choices with counts, ranges and chips, made from the rows that the API reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from trunkline.server.domain.catalog.filters import FILTERS, TEXT_ONLY, Filter

Pair = tuple[str, str]
SHOWN: Final = 8
"""Choices that are seen at once; the others are behind "more"."""
LISTED: Final = 60
"""Choices of a filter in all, those with most models first; chosen ones are always among them."""
TITLES: Final = {
    "output_modalities": "Gives out",
    "input_modalities": "Takes in",
    "price": "Prompt price",
    "output_price": "Completion price",
    "context": "Context",
    "supported_parameters": "Parameters",
    "zdr": "Retention",
    "region": "Region",
    "providers": "Provider",
    "model_authors": "Author",
    "arch": "Family",
    "category": "Use case",
    "intelligence_index": "Intelligence",
    "coding_index": "Coding",
    "agentic_index": "Agentic work",
    "tool_success_rate": "Tool calls that end well",
    "age_days": "Age",
    "distillable": "Distillation",
}
"""Groups in the order of the form; filters that are not here come last under their own name."""
UNITS: Final = {"price": "$ per million", "output_price": "$ per million", "context": "tokens", "age_days": "days"}
OPEN: Final = ("output_modalities", "input_modalities", "price", "supported_parameters", "zdr", "region")
"""Groups that are open before anybody chooses something in them."""
SAID: Final = {
    ("zdr", "true"): "Zero retention",
    ("distillable", "true"): "Permitted",
    ("distillable", "false"): "Not permitted or unknown",
    ("region", "eu"): "Inside the EU",
    ("region", "us"): "Inside the US",
    ("output_modalities", "all"): "Anything",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One box of a group: `count` models would be left, None where nobody counts."""

    value: str
    label: str
    count: int | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class Group:
    """One filter, or the two ends of a range; `fields` are (name, placeholder, text) of typed values."""

    name: str
    title: str
    unit: str
    choices: tuple[Choice, ...]
    hidden: tuple[Choice, ...]
    fields: tuple[tuple[str, str, str], ...]
    many: bool
    default: str
    open: bool
    set: int


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that narrows the list, and where it is taken away."""

    title: str
    label: str
    without: str


def groups(pairs: Sequence[Pair], counts: Mapping[str, Mapping[str, int]], labels: Mapping[str, str]) -> list[Group]:
    """Return the groups of the form as a query sets them; `labels` are the names of choices, by lower-case value."""
    found: dict[str, list[Filter]] = {name: [] for name in TITLES}
    for name, filter_ in FILTERS.items():
        if name != "q":
            found.setdefault(_group(name), []).append(filter_)
    return [_made(name, filters, pairs, counts, labels) for name, filters in found.items() if filters]


def chips(path: str, pairs: Sequence[Pair], labels: Mapping[str, str]) -> list[Chip]:
    """Return what narrows the list, each with the address of the list without it."""
    found = []
    for name, text in pairs:
        if name not in FILTERS:
            continue
        for word in _words(name, text):
            kept = [
                (other, ",".join(left) if other == name else value)
                for other, value in pairs
                if other != "offset"
                and (left := [w for w in _words(other, value) if (other, w) != (name, word)] or [""])
                and (other != name or left != [""])
            ]
            title, label = _title(name), _label(name, word, labels)
            found.append(Chip(title, label, f"{path}?{urlencode(kept)}" if kept else path))
    return found


def _group(name: str) -> str:
    stem = name.removeprefix("min_").removeprefix("max_")
    return stem if f"min_{stem}" in FILTERS and f"max_{stem}" in FILTERS else name


def _title(name: str) -> str:
    group = _group(name)
    title = TITLES.get(group, group.replace("_", " ").capitalize())
    if name == "q":
        return "Search"
    return title if group == name else f"{title} {'from' if name.startswith('min_') else 'up to'}"


def _words(name: str, text: str) -> list[str]:
    if not FILTERS[name].listed if name in FILTERS else True:
        return [text.strip()]
    return [word.strip() for word in text.split(",") if word.strip()]


def _label(name: str, word: str, labels: Mapping[str, str]) -> str:
    return SAID.get((name, word)) or labels.get(f"{name} {word.lower()}", word)


def _made(
    name: str,
    filters: Sequence[Filter],
    pairs: Sequence[Pair],
    counts: Mapping[str, Mapping[str, int]],
    labels: Mapping[str, str],
) -> Group:
    own = {filter_.name for filter_ in filters}
    chosen = [word for known, text in pairs if known in own for word in _words(known, text)]
    fields, choices = [], []
    default = ""
    if name in counts:
        default = ",".join(filters[0].default or ())
        choices = list(_choices(filters[0], chosen or list(filters[0].default or ()), counts[name], labels))
    else:
        texts = dict(pairs)
        for filter_ in filters:
            end = filter_.name.partition("_")[0] if len(filters) > 1 else "min"
            fields.append((filter_.name, end, texts.get(filter_.name, "")))
    first = [choice for place, choice in enumerate(choices) if place < SHOWN or choice.chosen]
    return Group(
        name=name,
        title=_title(name),
        unit=UNITS.get(name, ""),
        choices=tuple(first),
        hidden=tuple(choice for choice in choices if choice not in first),
        fields=tuple(fields),
        many=bool(filters[0].listed) or len(filters[0].schema.get("enum", ())) == 1,
        default=default,
        open=bool(chosen) or name in OPEN,
        set=len(chosen),
    )


def _choices(
    filter_: Filter, chosen: Sequence[str], counts: Mapping[str, int], labels: Mapping[str, str]
) -> Iterator[Choice]:
    taken = {word.lower() for word in chosen}
    ordered = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    if closed := filter_.schema.get("enum"):
        ordered = [(word, counts.get(word, 0)) for word in closed if counts.get(word) or word in taken]
    kept = [row for place, row in enumerate(ordered) if place < LISTED or row[0].lower() in taken]
    known = {word.lower() for word, _ in kept}
    kept += [(word, 0) for word in chosen if word.lower() not in known and word != "all"]
    for word, count in kept:
        yield Choice(word, _label(filter_.name, word, labels), count, word.lower() in taken)
    if filter_.default == TEXT_ONLY:
        yield Choice("all", _label(filter_.name, "all", labels), None, "all" in taken)
