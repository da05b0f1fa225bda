"""Diagrams: boxes with arrows between them, written in Markdown as a Mermaid flowchart and drawn as SVG. No framework.

Of Mermaid (https://mermaid.js.org/syntax/flowchart.html) exactly the form that `fenced` writes is read again: a title, boxes, arrows.
Boxes are laid in layers so that arrows point down (after Sugiyama, Tagawa and Toda, 1981): cycles are opened, a box lies below all that
point to it, and within a layer near what it is joined with.
"""

import html
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FENCE = "mermaid"
MOST_BOXES, MOST_ARROWS, MOST_CHARS, A_ROW = 40, 200, 60, 6
_BOX = re.compile(r'\s*(n\d{1,3})\["([^"\n]{1,120})"\]\s*\Z')
_ARROW = re.compile(r"\s*(n\d{1,3}) --> (n\d{1,3})\s*\Z")
_SIGNS = {"&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "#": "#35;"}
_WIDE, _TALL, _GAP_X, _GAP_Y, _EDGE = 168, 34, 20, 46, 8
STYLE = ".box{fill:#eef4f6;stroke:#0b6377;stroke-width:1}.arrow{fill:none;stroke:#5b6770;stroke-width:1}.tip{fill:#5b6770}text{fill:#1b2327;font-size:12px;font-family:Inter,'DejaVu Sans',sans-serif}"
"""How it looks on paper; pages have a style of their own."""


@dataclass(frozen=True)
class Diagram:
    """Boxes with their words, and arrows from one box to another, by number."""

    title: str
    boxes: tuple[str, ...]
    arrows: tuple[tuple[int, int], ...]


def fenced(diagram: Diagram) -> str:
    """Write a diagram as it stands in Markdown."""
    boxes = [f'    n{number}["{_escaped(words)}"]' for number, words in enumerate(diagram.boxes)]
    arrows = [f"    n{start} --> n{end}" for start, end in diagram.arrows]
    title = " ".join(diagram.title.split())
    return "\n".join([f"```{FENCE}", "---", f"title: {title}", "---", "flowchart TD", *boxes, *arrows, "```"])


def diagram_of(text: str) -> Diagram | None:
    """Read what stands in a fence; None for what is not of the form above."""
    lines = [line for line in text.strip().split("\n") if line.strip()]
    if len(lines) < 5 or lines[0] != "---" or lines[2:4] != ["---", "flowchart TD"]:
        return None
    if not lines[1].startswith("title: "):
        return None
    boxes: dict[str, str] = {}
    arrows: list[tuple[str, str]] = []
    for line in lines[4:]:
        box, arrow = _BOX.match(line), _ARROW.match(line)
        if box is not None:
            boxes[box[1]] = _plain(box[2])
        elif arrow is not None:
            arrows.append((arrow[1], arrow[2]))
        else:
            return None
    places = {key: number for number, key in enumerate(boxes)}
    is_whole = all(start in places and end in places for start, end in arrows)
    if not is_whole or not 0 < len(boxes) <= MOST_BOXES or len(arrows) > MOST_ARROWS:
        return None
    joined = tuple((places[start], places[end]) for start, end in arrows)
    return Diagram(lines[1].removeprefix("title: "), tuple(boxes.values()), joined)


def svg(diagram: Diagram, *, style: str = "") -> str:
    """Return the drawing as SVG; what is written in it is escaped. A `style` is put inside, for where no page has one."""
    places = _places(diagram)
    width = max(x for x, _y in places) + _WIDE + _EDGE
    height = max(y for _x, y in places) + _TALL + _EDGE
    arrows = "".join(_arrow(places[start], places[end]) for start, end in diagram.arrows)
    boxes = "".join(map(_box, places, diagram.boxes))
    name = html.escape(diagram.title, quote=True)
    inside = f"<style>{style}</style>" if style else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="diagram" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" aria-label="{name}">{inside}{arrows}{boxes}</svg>'
    )


def told(diagram: Diagram) -> str:
    """Return in a line what a diagram shows, for those who do not see it."""
    return "; ".join(f"{diagram.boxes[start]} → {diagram.boxes[end]}" for start, end in diagram.arrows)


def without_implied(count: int, arrows: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Leave out each arrow between `count` boxes that a way over other arrows implies; those that close a cycle stay."""
    kept = _opened(count, arrows)
    following = _following(kept)

    def reaches(start: int, end: int) -> bool:
        left = list(following[start])
        seen = set(left)
        while left:
            here = left.pop()
            if here == end:
                return True
            fresh = [each for each in following[here] if each not in seen]
            seen.update(fresh)
            left += fresh
        return False

    closing = [arrow for arrow in dict.fromkeys(arrows) if arrow not in set(kept) and arrow[0] != arrow[1]]
    implied = {(start, end) for start, end in kept if any(reaches(other, end) for other in following[start] - {end})}
    return [arrow for arrow in kept if arrow not in implied] + closing


# -- the layers ------------------------------------------------------------------------------------------------------


def _places(diagram: Diagram) -> list[tuple[int, int]]:
    """Return where each box lies: its left upper corner."""
    rows = _rows(diagram)
    widest = max(map(len, rows))
    places: dict[int, tuple[int, int]] = {}
    for row, boxes in enumerate(rows):
        start = _EDGE + (widest - len(boxes)) * (_WIDE + _GAP_X) // 2
        for column, box in enumerate(boxes):
            places[box] = (start + column * (_WIDE + _GAP_X), _EDGE + row * (_TALL + _GAP_Y))
    return [places[number] for number in range(len(diagram.boxes))]


def _rows(diagram: Diagram) -> list[list[int]]:
    layers = _layers(len(diagram.boxes), _opened(len(diagram.boxes), diagram.arrows))
    rows: list[list[int]] = []
    for layer in range(max(layers.values()) + 1):
        inside = [box for box in range(len(diagram.boxes)) if layers[box] == layer]
        count = -(-len(inside) // A_ROW)
        rows += [inside[number::count] for number in range(count)]
    joined: dict[int, list[int]] = defaultdict(list)
    for start, end in diagram.arrows:
        joined[start].append(end)
        joined[end].append(start)
    for _sweep in range(4):
        place = {box: (column + 0.5) / len(row) for row in rows for column, box in enumerate(row)}
        rows = [sorted(row, key=lambda box: (_middle(box, joined, place), box)) for row in rows]
    return rows


def _middle(box: int, joined: Mapping[int, Sequence[int]], place: Mapping[int, float]) -> float:
    around = [place[other] for other in joined[box]]
    return sum(around) / len(around) if around else place[box]


def _opened(count: int, arrows: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the arrows, each once, without those that close a cycle."""
    following = _following(arrows)
    done: set[int] = set()
    kept: list[tuple[int, int]] = []

    def walk(box: int, above: frozenset[int]) -> None:
        done.add(box)
        for end in sorted(following[box] - above - {box}):
            kept.append((box, end))
            if end not in done:
                walk(end, above | {box})

    for box in range(count):
        if box not in done:
            walk(box, frozenset())
    return kept


def _following(arrows: Sequence[tuple[int, int]]) -> dict[int, set[int]]:
    following: dict[int, set[int]] = defaultdict(set)
    for start, end in arrows:
        following[start].add(end)
    return following


def _layers(count: int, arrows: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Return the layer of each box: one below the lowest of those that point to it."""
    layers = dict.fromkeys(range(count), 0)
    for _round in range(count):
        for start, end in arrows:
            layers[end] = max(layers[end], min(layers[start] + 1, count - 1))
    return layers


# -- the drawing -----------------------------------------------------------------------------------------------------


def _box(place: tuple[int, int], words: str) -> str:
    x, y = place
    shown = words if len(words) <= 24 else f"…{words[-23:]}"
    middle = f'x="{x + _WIDE // 2}" y="{y + _TALL // 2 + 4}" text-anchor="middle"'
    return (
        f'<g><title>{html.escape(words)}</title><rect class="box" x="{x}" y="{y}" width="{_WIDE}" height="{_TALL}" rx="5"/>'
        f"<text {middle}>{html.escape(shown)}</text></g>"
    )


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    """Draw from the lower edge of a box to the upper of another; upwards or sideways it goes the other way round."""
    goes_down = end[1] > start[1]
    x1, y1 = start[0] + _WIDE // 2, start[1] + (_TALL if goes_down else 0)
    x2, y2 = end[0] + _WIDE // 2, end[1] + (0 if goes_down else _TALL)
    if end[1] == start[1]:
        y2 = end[1]
    bend = 22 if goes_down else -22
    back = -bend if end[1] != start[1] else bend
    sign = 1 if end[1] > start[1] or end[1] == start[1] else -1
    tip = f"{x2},{y2} {x2 - 4},{y2 - 7 * sign} {x2 + 4},{y2 - 7 * sign}"
    path = f"M{x1},{y1} C{x1},{y1 + bend} {x2},{y2 + back} {x2},{y2 - 6 * sign}"
    return f'<path class="arrow" d="{path}"/><polygon class="tip" points="{tip}"/>'


def _escaped(words: str) -> str:
    line = " ".join(words.split())[:MOST_CHARS]
    return "".join(_SIGNS.get(letter, letter) for letter in line)


def _plain(words: str) -> str:
    for sign, written in _SIGNS.items():
        words = words.replace(written, sign) if sign != "#" else words
    return words.replace("#35;", "#")
