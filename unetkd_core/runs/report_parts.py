"""What a run's page is drawn from: a curve as SVG, a table and a picture as HTML, and the page's style. Knows no run.

Everything is escaped here, and nothing here is fetched: pictures lie in the page as data.
"""

import base64
import html
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from unetkd_core import outside, settings
from unetkd_core.data import formats

Curve = Sequence[tuple[int, float]]
"""(epoch, value), in order; NaN where nothing was measured."""

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_WIDTH, _HEIGHT = 620, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 130, 12, 30
_LABEL_GAP: Final = 15
MARKS: Final = {"teacher": "■", "student": "●", "twin": "○", "alone": "●"}

STYLE: Final = """
:root { color-scheme: light dark; --paper: light-dark(#FCFBF9, #15161A); --paper-2: light-dark(#F4F2EE, #1D1F24);
  --line: light-dark(#E3E0DA, #31343B); --ink: light-dark(#23252A, #E9E7E3); --mute: light-dark(#65625C, #A6A39D);
  --teacher: light-dark(#AC5007, #F2A03A); --student: light-dark(#0670B8, #62B8F2);
  --twin: light-dark(#5F646D, #939AA5); --alone: var(--ink); }
body { margin: 0 auto; max-width: 1120px; padding: 24px 16px 60px; background: var(--paper); color: var(--ink);
  font: 16px/1.5 'Source Sans 3', 'Source Sans Pro', system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1, h2 { font-family: 'Source Serif 4', 'Source Serif Pro', Georgia, serif; font-weight: 600; line-height: 1.2; }
h1 { font-size: 35px; margin: 0 0 8px; } h2 { font-size: 18px; margin: 36px 0 8px; }
p { margin: 4px 0; } .mute, figcaption { color: var(--mute); font-size: 14px; } .answer { font-size: 17px; }
table { border-collapse: collapse; font-size: 14px; } th, td { text-align: left; padding: 4px 16px 4px 0;
  border-bottom: 1px solid var(--line); vertical-align: top; } .n { text-align: right; }
.wide { overflow-x: auto; } figure { margin: 0; } .charts { display: flex; flex-wrap: wrap; gap: 36px; }
svg { width: 100%; max-width: 620px; height: auto; } svg text { font-size: 13px; fill: var(--mute); }
.grid { stroke: var(--line); } path { fill: none; stroke-width: 2.6; stroke-linejoin: round; }
path.teacher { stroke-dasharray: 2 4; } path.twin { stroke-dasharray: 6 5; stroke-width: 2; }
.teacher { stroke: var(--teacher); } .student { stroke: var(--student); } .twin { stroke: var(--twin); }
.alone { stroke: var(--alone); } svg text.teacher, svg text.student, svg text.twin, svg text.alone { stroke: none;
  font-weight: 600; }
text.teacher { fill: var(--teacher) !important; } text.student { fill: var(--student) !important; }
text.twin { fill: var(--twin) !important; } text.alone { fill: var(--alone) !important; }
.scene { display: grid; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); gap: 8px; margin: 0 0 16px; }
.scene img { width: 100%; border-radius: 4px; image-rendering: pixelated; display: block; }
.swatch { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 8px;
  border: 1px solid light-dark(rgb(0 0 0 / .12), rgb(255 255 255 / .34)); vertical-align: -1px; }
summary { cursor: pointer; } summary:focus-visible { outline: 2px solid var(--ink); outline-offset: 2px; }
"""


def page(title: str, body: Sequence[str]) -> str:
    """The whole file. title: plain text; body: HTML."""
    parts = "\n".join(part for part in body if part)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{parts}\n</main>\n</body>\n"
        "</html>\n"
    )


def text(value: object) -> str:
    """Plain text as HTML."""
    return html.escape(str(value))


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """columns: plain text, `#` before a number's. rows: HTML already, a cell each."""
    kinds = [' class="n"' if name.startswith("#") else "" for name in columns]
    head = "".join(f'<th scope="col"{k}>{text(n.removeprefix("#"))}</th>' for n, k in zip(columns, kinds, strict=True))
    lines = ("".join(f"<td{k}>{cell}</td>" for cell, k in zip(row, kinds, strict=True)) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def picture(path: Path, caption: str) -> str:
    """A PNG within the page; nothing where there is no such file, or it is no PNG: a page is made to be sent."""
    try:
        raw = b"" if path.is_symlink() else outside.read_bytes(path, settings.UPLOAD_MAX_BYTES)
    except (OSError, ValueError):
        return ""
    if not raw.startswith(formats.PNG_SIGNATURE):
        return ""
    data = base64.b64encode(raw).decode()
    alternative = text(caption)
    return (
        f'<figure><img alt="{alternative}" src="data:image/png;base64,{data}"><figcaption>{alternative}</figcaption>'
        "</figure>"
    )


def chart(title: str, curves: Mapping[str, tuple[str, Curve]], *, digits: int, constant: float | None = None) -> str:
    """Curves over epochs. curves: label -> (role, points); constant: the teacher's value, a line across."""
    known = {label: (role, [(x, y) for x, y in points if math.isfinite(y)]) for label, (role, points) in curves.items()}
    values = [y for _, points in known.values() for _, y in points] + ([] if constant is None else [constant])
    if not values:
        return ""
    last = max((x for _, points in known.values() for x, _ in points), default=1)
    low, high = _span(values)
    scale = _Scale(max(2, last), low, high)
    drawn = [_grid(scale, digits), *(_curve(role, points, scale) for role, points in known.values())]
    ends = [(label, role, points[-1][1]) for label, (role, points) in known.items() if points]
    if constant is not None:
        drawn.append(_curve("teacher", [(1, constant), (scale.last, constant)], scale))
        ends.append(("teacher", "teacher", constant))
    drawn.append(_labels(ends, scale, digits))
    said = "; ".join(f"{label} ends at {value:.{digits}f}" for label, _, value in ends)
    return (
        f'<figure><figcaption>{text(title)}</figcaption><svg role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'aria-label="{text(f"{title} by epoch: {said}")}">{"".join(drawn)}</svg></figure>'
    )


class _Scale:
    """Epochs and values -> pixels."""

    def __init__(self, last: int, low: float, high: float) -> None:
        self.last, self.low, self.high = last, low, high

    def x(self, epoch: float) -> float:
        return _LEFT + (epoch - 1) / (self.last - 1) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _TOP + (self.high - value) / (self.high - self.low) * (_HEIGHT - _TOP - _BOTTOM)


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = 0.05 * (high - low) or max(1e-3, 0.05 * abs(high))
    return low - room, high + room


def _curve(role: str, points: Curve, scale: _Scale) -> str:
    if not points:
        return ""
    line = " L".join(f"{scale.x(x):.1f} {scale.y(y):.1f}" for x, y in points)
    return f'<path class="{role}" d="M{line}"/>'


def _grid(scale: _Scale, digits: int) -> str:
    lines = []
    digits = max(digits, math.ceil(-math.log10((scale.high - scale.low) / 4)))  # no two lines of one name
    for step in range(5):
        value = scale.low + (scale.high - scale.low) * step / 4
        y = scale.y(value)
        lines.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.{digits}f}</text>')
    for epoch in sorted({1, (1 + scale.last) // 2, scale.last}):
        lines.append(f'<text x="{scale.x(epoch):.1f}" y="{_HEIGHT - 8}" text-anchor="middle">{epoch}</text>')
    return "".join(lines)


def _labels(ends: Sequence[tuple[str, str, float]], scale: _Scale, digits: int) -> str:
    """Names beside the lines' ends, pushed apart downwards."""
    shown, lowest = [], -math.inf
    for label, role, value in sorted(ends, key=lambda end: -end[2]):
        lowest = max(scale.y(value) + 4, lowest + _LABEL_GAP)
        words = text(f"{MARKS.get(role, '')} {label} {value:.{digits}f}")
        shown.append(f'<text class="{role}" x="{_WIDTH - _RIGHT + 8}" y="{lowest:.1f}">{words}</text>')
    return "".join(shown)
