"""The model list as an RSS 2.0 feed (spec 3.4)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

from trunkline.server.usecases.models import ModelPage

CONTENT_TYPE = b"application/rss+xml; charset=utf-8"
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def feed(page: ModelPage, *, title: str, site_url: str, chat_links: bool) -> bytes:
    """Return the feed of a page of models; `chat_links` points its items at the chat page."""
    site = site_url.rstrip("/")
    items = []
    for row in page.rows:
        model = row.decode()
        link = f"{site}/chat?models={quote(row.id, safe='')}" if chat_links else f"{site}/{row.id}"
        title_of = f"{model['name']} ({row.id})"
        published = format_datetime(datetime.fromtimestamp(model["created"], UTC), usegmt=True)
        items.append(
            f"<item><title>{_cdata(title_of)}</title><link>{_text(link)}</link>"
            f"<guid>{_text(link)}</guid><pubDate>{published}</pubDate>"
            f"<description>{_cdata(model.get('description') or '')}</description></item>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
        f"<title>{_text(title)}</title><link>{_text(site)}/models</link>"
        f"<description>{_text(title)}</description>{''.join(items)}</channel></rss>\n"
    ).encode()


def _text(value: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", value))


def _cdata(value: str) -> str:
    return "<![CDATA[" + _NOT_XML.sub("\ufffd", value).replace("]]>", "]]]]><![CDATA[>") + "]]>"
