"""Bar charts as SVG, by hand: a title, rows of a label and a value, and a mark where a target lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LABELS, VALUES, BAR, GAP = 760, 230, 110, 22, 10
OURS, OTHERS, LINE, TEXT = "#2f6f9f", "#b7bdc4", "#c2410c", "#57606a"


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: `shown` is the value as text, `target` where a mark is drawn (None for none)."""

    label: str
    value: float
    shown: str
    ours: bool = False
    target: float | None = None


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Return a chart of horizontal bars; text and ground take the colours of light and dark pages alike."""
    longest = max(max(row.value, row.target or 0) for row in rows) or 1
    room = WIDTH - LABELS - VALUES
    height = 44 + len(rows) * (BAR + GAP) + (22 if any(row.target is not None for row in rows) else 0)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img" '
            f'aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="13" fill="{TEXT}">'
        ),
        f'<text x="0" y="18" font-size="15" font-weight="600">{escape(title)}</text>',
    ]
    for number, row in enumerate(rows):
        top = 36 + number * (BAR + GAP)
        length = max(1.0, row.value / longest * room)
        middle = top + BAR * 0.7
        parts += [
            f'<text x="{LABELS - 8}" y="{middle:.1f}" text-anchor="end">{escape(row.label)}</text>',
            (
                f'<rect x="{LABELS}" y="{top}" width="{length:.1f}" height="{BAR}" rx="2" '
                f'fill="{OURS if row.ours else OTHERS}"/>'
            ),
            f'<text x="{LABELS + length + 6:.1f}" y="{middle:.1f}">{escape(row.shown)}</text>',
        ]
        if row.target is not None:
            at = LABELS + row.target / longest * room
            parts.append(
                f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{top - 3}" y2="{top + BAR + 3}" stroke="{LINE}" '
                'stroke-width="2"/>'
            )
    if any(row.target is not None for row in rows):
        parts += [
            f'<path d="M{LABELS} {height - 16}V{height - 4}" stroke="{LINE}" stroke-width="2"/>',
            f'<text x="{LABELS + 8}" y="{height - 6}" font-size="12">target</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def line(title: str, values: Sequence[float]) -> str:
    """Return a chart of values over time, one a second, from zero up."""
    height, left, bottom = 200, 60, 170
    top = max(values) * 1.15
    across = (WIDTH - left - 10) / max(1, len(values) - 1)
    points = " ".join(
        f"{left + number * across:.1f},{bottom - value / top * (bottom - 40):.1f}"
        for number, value in enumerate(values)
    )
    grid = "".join(
        f'<line x1="{left}" x2="{WIDTH}" y1="{at:.1f}" y2="{at:.1f}" stroke="{OTHERS}" stroke-width="0.5"/>'
        f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{share * top:.0f}</text>'
        for share in (0, 0.5, 1)
        for at in (bottom - share * (bottom - 40),)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img" '
        f'aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="12" fill="{TEXT}">\n'
        f'<text x="0" y="18" font-size="15" font-weight="600">{escape(title)}</text>\n{grid}\n'
        f'<polyline points="{points}" fill="none" stroke="{OURS}" stroke-width="1.5"/>\n'
        f'<text x="{left}" y="{height - 8}">0 s</text>'
        f'<text x="{WIDTH - 10}" y="{height - 8}" text-anchor="end">{len(values)} s</text>\n</svg>\n'
    )
