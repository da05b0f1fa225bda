"""Markdown that a model, a person or a file wrote, turned into safe HTML, whole or block by block as it arrives.

Order: parse with raw HTML off, sanitise with an allow list, then add our own chrome, so nothing that was written
can produce a button. Images are never shown: their address alone would leak that somebody read the answer.
"""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import nh3
from django.templatetags.static import static
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from apps.core import charts, diagrams
from apps.core.anchors import anchor_of
from apps.core.charts import chart_of
from apps.core.diagrams import diagram_of
from apps.core.drawings import figure_of, svg_of

_TAGS = set(
    "p a strong em del code pre span ul ol li blockquote h2 h3 h4 table thead tbody tr th td br hr".split()  # noqa: SIM905
)
_ATTRIBUTES = {"a": {"href", "title"}, "span": {"class"}, "pre": {"class", "tabindex", "aria-label"}, "ol": {"start"}}
_ATTRIBUTES |= {heading: {"id"} for heading in ("h2", "h3", "h4")}
_ANCHOR = "at-"  # before each name, so that what was written cannot take one of the page's
CITED = re.compile(r"\[(\d{1,2})\](?!\()")
_TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)
_CODE_BLOCK = re.compile(r'<pre class="hl" tabindex="0" aria-label="([^"]*)">.*?</pre>', re.DOTALL)
_CODE_WRITTEN = re.compile(
    r"^ {0,3}(`{3,}|~{3,})[^\n]*\n(?:.*?^ {0,3}\1[`~]*[ \t]*$|.*\Z)|(?<!`)(`+)(?!`)[^\n]+?(?<!`)\2(?!`)",
    re.DOTALL | re.MULTILINE,
)
_CODE = re.compile(r"<(?:pre|code)\b.*?</(?:pre|code)>", re.DOTALL)
_CLASS_OK = re.compile(r"[a-z0-9 ]{0,12}\Z")


_DRAWN = re.compile(r'<pre class="(chart|mermaid)"><code>(.*?)</code></pre>', re.DOTALL)


def _highlighted(code: str, language: str, _attrs: Any) -> str:
    if language in _DRAWINGS and _DRAWINGS[language](code):
        return f'<pre class="{language}"><code>{html.escape(code)}</code></pre>'
    try:
        body = highlight(code, get_lexer_by_name(language or "text"), HtmlFormatter(nowrap=True))
    except ClassNotFound:
        body = html.escape(code)
    label = html.escape(language or "code")
    return f'<pre class="hl" tabindex="0" aria-label="{label}"><code>{body}</code></pre>'


_parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "highlight": _highlighted})
_parser.enable(["table", "strikethrough"]).disable(["image", "reference"])


def _heading(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: Any) -> str:
    """Open a heading, under its name where the page holds no other text's."""
    anchors = env.get("anchors")
    name = anchor_of("".join(child.content for child in tokens[at + 1].children or ()))
    if anchors is not None and name and name not in anchors:
        anchors.add(name)
        tokens[at].attrSet("id", _ANCHOR + name)
    return renderer.renderToken(tokens, at, options, env)


def _link(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: Any) -> str:
    """Open a link; one within the text leads somewhere only where its headings have names."""
    address = str(tokens[at].attrGet("href") or "")
    if address.startswith("#"):
        is_led = env.get("anchors") is not None
        tokens[at].attrs = {"href": f"#{_ANCHOR}{address[1:]}"} if is_led else {}
    return renderer.renderToken(tokens, at, options, env)


_parser.add_render_rule("heading_open", _heading)
_parser.add_render_rule("link_open", _link)


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Return Markdown with everything changed that is no code, neither between fences nor within a line."""
    parts, end = [], 0
    for code in _CODE_WRITTEN.finditer(text):
        parts += [change(text[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, change(text[end:])])


def cited_numbers(text: str) -> list[int]:
    """Return the numbers that a text cites, in the order of their first mention."""
    return list(dict.fromkeys(int(mark[1]) for mark in CITED.finditer(text)))


def render(text: str, *, sources: int = 0, anchors: set[str] | None = None) -> str:
    """Return safe HTML for a whole text; `[n]` becomes a citation link for n up to `sources`.

    `anchors` are the names of headings that the page has, to which this text's are added, so that `[words](#name)` leads to them; None where
    several texts share a page, in which such links lead nowhere.
    """
    demoted = re.sub(r"<(/?)h1\b", r"<\1h2", _parser.render(text, {"anchors": anchors}))
    demoted = re.sub(r"<(/?)h[56]\b", r"<\1h4", demoted)
    clean = nh3.clean(
        demoted,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer nofollow",
        attribute_filter=_only_known_classes,
    )
    framed = _TABLE.sub(_with_scrolling, _link_citations(clean, sources))
    return _DRAWN.sub(_drawn, _CODE_BLOCK.sub(_with_code_bar, framed))


def _drawn(match: re.Match[str]) -> str:
    """Draw a chart or a diagram; what is none stays as it is written."""
    return _DRAWINGS[match[1]](html.unescape(match[2])) or match[0]


def _chart(text: str) -> str:
    chart = chart_of(text)
    return svg_of(chart) if chart is not None else ""


def _diagram(text: str) -> str:
    diagram = diagram_of(text)
    return figure_of(diagram) if diagram is not None else ""


_DRAWINGS: dict[str, Callable[[str], str]] = {charts.FENCE: _chart, diagrams.FENCE: _diagram}


def _with_scrolling(match: re.Match[str]) -> str:
    """Put a table where one that is wider than the page scrolls by itself, with the keyboard too."""
    return f'<div class="tablebox" role="group" tabindex="0" aria-label="{html.escape(_("Table"))}">{match[0]}</div>'


def _only_known_classes(tag: str, name: str, value: str) -> str | None:
    if name != "class":
        return value
    return value if _CLASS_OK.match(value) else None


def _link_citations(clean: str, sources: int) -> str:
    def link(match: re.Match[str]) -> str:
        number = int(match[1])
        if not 1 <= number <= sources:
            return match[0]
        label = html.escape(_("Source %(number)d") % {"number": number})
        return f'<a class="cite" href="#src{number}" aria-label="{label}">{number}</a>'

    parts, end = [], 0
    for code in _CODE.finditer(clean):
        parts += [CITED.sub(link, clean[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, CITED.sub(link, clean[end:])])


def _with_code_bar(match: re.Match[str]) -> str:
    copy = html.escape(_("Copy code"))
    icon = f'<svg class="ico" aria-hidden="true"><use href="{static("ui/icons.svg")}#copy"/></svg>'
    button = (
        f'<button type="button" class="btn icon quiet small" data-copy aria-label="{copy}" title="{copy}">'
        f"{icon}</button>"
    )
    return f'<div class="codebox"><div class="codebar"><span>{match[1]}</span>{button}</div>{match[0]}</div>'


@dataclass
class BlockRenderer:
    """Cuts growing Markdown into finished blocks, rendered once, and an open tail, rendered again and again.

    The blocks are a function of the text alone: whoever has seen k blocks can go on from block k.
    """

    sources: int = 0
    anchors: set[str] | None = None
    blocks: list[str] = field(default_factory=list)
    _open: str = ""

    def feed(self, text: str) -> None:
        """Append text and close every block that it finished.

        Only whole lines close a block: a lone `#` or `***` starts one, and with more letters no longer does.
        """
        self._open += text
        whole = self._open[: self._open.rfind("\n") + 1]
        starts = [token.map for token in _parser.parse(whole) if token.level == 0 and token.map]
        if len(starts) < 2:
            return
        lines = self._open.split("\n")
        lines = [f"{line}\n" for line in lines[:-1]] + [lines[-1]]
        cut = max(span[0] for span in starts)
        self.blocks.extend(self._render_spans(lines, starts, cut))
        self._open = "".join(lines[cut:])

    def _render_spans(self, lines: list[str], spans: list[list[int]], cut: int) -> Iterator[str]:
        seen = 0
        for start, end in spans:
            if start >= cut or start < seen:
                continue
            seen = end
            yield render("".join(lines[start:end]), sources=self.sources, anchors=self.anchors)

    def tail(self) -> str:
        """Return the HTML of the open block, "" when nothing is open."""
        return render(self._open, sources=self.sources, anchors=self.anchors) if self._open.strip() else ""

    def finish(self) -> None:
        """Close the open block."""
        if self._open.strip():
            self.blocks.append(self.tail())
        self._open = ""


def render_blocks(text: str, *, sources: int = 0, is_alone: bool = False) -> list[str]:
    """Return the blocks of a whole text, equal to what a BlockRenderer gives however the text was cut.

    Of one that is alone on its page, links lead to its headings.
    """
    renderer = BlockRenderer(sources=sources, anchors=set() if is_alone else None)
    renderer.feed(text)
    renderer.finish()
    return renderer.blocks
