"""What a run's page is drawn from: a curve as SVG, a table and a picture as HTML, and the page's style. Knows no run.

Everything is escaped here, and nothing here is fetched: pictures lie in the page as data. One script runs, report.js;
the page's policy names its hash, so that no text of a run can run as another.
"""

import base64
import functools
import hashlib
import html
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

Curve = Sequence[tuple[int, float]]
"""(epoch, value), in order; NaN where nothing was measured."""

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_WIDTH, _HEIGHT = 620, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 130, 12, 30
_LABEL_GAP: Final = 15
MARKS: Final = {"teacher": "■", "student": "●", "twin": "○", "alone": "●"}


@functools.cache
def script() -> str:
    """What brings the scenes to life, as it lies in the page."""
    return "\n" + _beside("report.js")


def _beside(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def policy() -> str:
    """Nothing is fetched, and no script runs but that of `script`."""
    digest = base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()
    return f"{_POLICY}; script-src 'sha256-{digest}'"


def page(title: str, body: Sequence[str]) -> str:
    """The whole file. title: plain text; body: HTML."""
    parts, style = "\n".join(part for part in body if part), _beside("report.css")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy()}">\n'
        f"<title>{text(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n{parts}\n</main>\n"
        f"<script>{script()}</script>\n</body>\n</html>\n"
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


def picture(path: Path, caption: str, mark: str = "") -> str:
    """A PNG within the page and its caption; nothing where there is no such file. mark: attributes for report.js."""
    found = image(path, caption, mark)
    return found and f"<figure>{found}<figcaption>{text(caption)}</figcaption></figure>"


def image(path: Path, alternative: str, mark: str = "") -> str:
    """The picture alone."""
    try:
        data = base64.b64encode(path.read_bytes()).decode()
    except OSError:
        return ""
    return f'<img alt="{text(alternative)}"{mark and " " + mark} src="data:image/png;base64,{data}">'


def frame(side: str, epoch: int) -> str:
    """An image's mark: whose reading it is, after which epoch; -1 for what has none."""
    return f'data-side="{text(side)}" data-epoch="{epoch}"'


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
