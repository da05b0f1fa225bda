"""Where in conversations the words stand that somebody looks for."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchHeadline
from django.db import models
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.conversations.models import Conversation, Message
from apps.conversations.querysets import MOST_WORDS, beginning

BEGIN, END = "\ue000", "\ue001"
"""Around a word that was looked for, of the area that Unicode leaves to everybody."""
MARKS = re.compile(f"[{BEGIN}{END}]")
AROUND_CHARS = 80


def messages_with(conversations: Any, words: str) -> Any:
    """Return the messages of these conversations that have every word, newest first, each with its `around`. Without a word none."""
    wanted = words.split()[:MOST_WORDS]
    found = Message.objects.said_in(conversations)
    for word in wanted:
        found = found.containing(word)
    return _around(found, words) if wanted else found.none()


def snippets(rows: Iterable[Conversation], words: str) -> dict[UUID, SafeString]:
    """Return, for those of these conversations that say so in a message, the place with the words marked, as HTML."""
    wanted = words.split()[:MOST_WORDS]
    if not wanted:
        return {}
    said = Message.objects.filter(conversation__in=[row.pk for row in rows])
    any_of = models.Q(pk__in=[])
    for word in wanted:
        any_of |= models.Q(pk__in=said.containing(word).values("pk"))
    newest = said.filter(any_of).order_by("conversation_id", "-created_at").distinct("conversation_id")
    return {message.conversation_id: marked(message.around, wanted) for message in _around(newest, words)}


def _around(found: Any, words: str) -> Any:
    asked = beginning(words, together="|")
    if asked is None:
        return found.annotate(around=models.F("text"))
    head = SearchHeadline("text", asked, config="simple", start_sel=BEGIN, stop_sel=END, max_words=24, min_words=12)
    return found.annotate(around=head)


def plain(text: str, words: list[str]) -> str:
    """Return the place without marks, on one line."""
    cut = text if BEGIN in text else _cut(text, words)
    return " ".join(cut.replace(BEGIN, "").replace(END, "").split())


def marked(text: str, words: list[str]) -> SafeString:
    """Return the place as HTML with the words marked."""
    parts = MARKS.split(" ".join((text if BEGIN in text else _cut(text, words)).split()))
    shown = [format_html("<mark>{}</mark>", part) if place % 2 else part for place, part in enumerate(parts)]
    return format_html_join("", "{}", ((part,) for part in shown))


def _cut(text: str, words: list[str]) -> str:
    """Return what stands around the first of the words in a text in which none was marked."""
    places = [place for word in words if (place := text.casefold().find(word.casefold())) >= 0]
    place = min(places, default=0)
    begin = max(0, place - AROUND_CHARS // 2)
    return ("…" if begin else "") + text[begin : begin + 2 * AROUND_CHARS]
