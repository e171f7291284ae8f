"""Templates into bytes: always escaped, undefined names refused, whole pages or one block of them."""

from __future__ import annotations

from typing import Any, Final

import jinja2

from trunkline import __version__
from trunkline.server.web import assets, figures, formats, sections

_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.PackageLoader(__package__, "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_TEMPLATES.globals |= {"asset": assets.address, "version": __version__, "sections": sections.SECTIONS}
_TEMPLATES.filters |= formats.FILTERS | figures.FILTERS
# A global, since a block that is rendered alone sees no import of its template.
_TEMPLATES.globals["ui"] = _TEMPLATES.get_template("ui.html").module
_TEMPLATES.globals["forms"] = _TEMPLATES.get_template("forms.html").module


def render(template: str, block: str, values: dict[str, Any]) -> bytes:
    """Return a template's text, or that of one block where it is named."""
    found = _TEMPLATES.get_template(template)
    if not block:
        return found.render(values).encode()
    context = found.new_context(values)
    return "".join(found.blocks[block](context)).encode()
