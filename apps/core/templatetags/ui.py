"""The small parts that every template is built of: icons, marks, times."""

import json
import re
from datetime import datetime
from typing import Any

from babel import Locale
from django import template
from django.forms import BoundField, Textarea
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext as _

register = template.Library()
UNITS = ("B", "kB", "MB", "GB")


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """Draw a symbol of the sprite; it is decoration, so a word must stand beside it."""
    return format_html(
        '<svg class="ico {}" aria-hidden="true"><use href="{}#{}"/></svg>', classes, static("ui/icons.svg"), name
    )


@register.filter
def ago(moment: datetime | None) -> str:
    """Say how long ago in words of one unit; a date after a week."""
    if moment is None:
        return ""
    seconds = int((timezone.now() - moment).total_seconds())
    if seconds < 60:
        return _("just now")
    if seconds < 3600:
        return ngettext("%(n)d minute ago", "%(n)d minutes ago", seconds // 60) % {"n": seconds // 60}
    if seconds < 86400:
        return ngettext("%(n)d hour ago", "%(n)d hours ago", seconds // 3600) % {"n": seconds // 3600}
    if seconds < 7 * 86400:
        return ngettext("%(n)d day ago", "%(n)d days ago", seconds // 86400) % {"n": seconds // 86400}
    return date_format(timezone.localtime(moment), "DATE_FORMAT")


@register.filter
def language_name(code: str) -> str:
    """Name a language, given by its ISO 639-1 code, in the language of the page; the code, where it has no name there."""
    return str(Locale.parse(to_locale(get_language() or "en")).languages.get(code, code))


@register.filter
def seconds(value_s: float | None) -> str:
    """Write a duration given in seconds; the unit is part of the translated words."""
    if value_s is None:
        return ""
    if value_s < 1:
        return _("%(n)d ms") % {"n": round(value_s * 1000)}
    if value_s < 60:
        return _("%(n)s s") % {"n": number_format(round(value_s, 1), 1)}
    return _("%(m)d min %(s)d s") % {"m": value_s // 60, "s": value_s % 60}


@register.filter
def size(value_bytes: int) -> str:
    """Write a size given in bytes with one decimal."""
    amount, unit = float(value_bytes), UNITS[0]
    for unit in UNITS:
        if amount < 1000 or unit == UNITS[-1]:
            break
        amount /= 1000
    return f"{number_format(round(amount, 1), 0 if unit == 'B' else 1)} {unit}"


@register.filter
def initials(name: str) -> str:
    """Return at most two initials of a name."""
    return "".join(word[0] for word in name.split()[:2]).upper()


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: object) -> str:
    """Return the page's own query string with some parameters changed; an empty value drops one."""
    parameters = context["request"].GET.copy()
    for key, value in changes.items():
        parameters.pop(key, None)
        if value not in ("", None):
            parameters[key] = str(value)
    return f"?{parameters.urlencode()}" if parameters else "?"


@register.filter
def widget(field: BoundField) -> str:
    """Say how a field is drawn: "select", "checkbox", "area", or the type of its input."""
    drawn = field.field.widget
    return "area" if isinstance(drawn, Textarea) else getattr(drawn, "input_type", "text")


@register.filter
def pretty(value: object) -> str:
    """Write a JSON value over several lines."""
    return json.dumps(value, indent=2, ensure_ascii=False)


@register.filter
def marked(text: str, quote: str) -> SafeString:
    """Return the text with the first occurrence of the quote marked; white space may differ."""
    words = [re.escape(word) for word in quote.removesuffix("…").split()]
    match = re.search(r"\s+".join(words), text) if words else None
    if match is None:
        return format_html("{}", text)
    return format_html("{}<mark>{}</mark>{}", text[: match.start()], match[0], text[match.end() :])
