"""The home page's two small drawings as HTML: the line twin-student-teacher and the gain per class.

Positions are percentages, so that they fit any column; colours are the roles' and Table I's (assets/app.css).
Knows numbers and names only.
"""

import html
import math
from collections.abc import Sequence

from pages.ui import kit
from unetkd_core.classes import CLASS_NAMES


def miou_line(twin: float, student: float, teacher: float) -> str:
    """mIoU of the three, fractions in [0, 1], on one axis in percent; labels that would meet are moved apart."""
    values = {"twin": 100 * twin, "student": 100 * student, "teacher": 100 * teacher}
    low, high = _range(list(values.values()))
    at = {name: _place(value, low, high) for name, value in values.items()}
    step = _step(high - low)
    ticks = range(math.ceil(low / step) * step, math.floor(high / step) * step + 1, step)
    parts = [
        f'<i class="tick" style="left:{_place(t, low, high):.2f}%"></i>'
        f'<span class="num" style="left:{_place(t, low, high):.2f}%">{t}{" %" if t == ticks[-1] else ""}</span>'
        for t in ticks
    ]
    parts.append(_stretch("gain" if student >= twin else "loss", at["twin"], at["student"]))
    parts.append(_stretch("rest", at["student"], at["teacher"]))
    names = _apart(at, 17.0)
    for name, place in at.items():
        parts.append(f'<span class="name ukd-{name}" style="left:{names[name]:.2f}%">{name}</span>')
        parts.append(f'<span class="point ukd-m-{name}" style="left:{place:.2f}%"></span>')
    said = ", ".join(f"{name} {kit.percent(value / 100)}" for name, value in values.items())
    return f'<div class="ukd-line" role="img" aria-label="mIoU: {said}"><div class="axis">{"".join(parts)}</div></div>'


def gain_rows(gains: Sequence[tuple[int, float]]) -> str:
    """(class, difference of IoU) pairs as bars from zero, in the given order; a loss is an outlined bar to the left."""
    most = max([0.0, *(g for _, g in gains)])
    least = min([0.0, *(g for _, g in gains)])
    span = max(1e-9, most - least)
    zero = -100 * least / span
    rows = []
    for index, gain in gains:
        start, width = (zero, 100 * gain / span) if gain >= 0 else (zero + 100 * gain / span, -100 * gain / span)
        bar = f'<i class="{"bar" if gain >= 0 else "bar lost"}" style="left:{start:.2f}%;width:{width:.2f}%"></i>'
        rows.append(
            f'<tr><th scope="row">{kit.swatch_html(index)}{html.escape(CLASS_NAMES[index])}</th>'
            f'<td class="track"><div>{bar}<i class="zero" style="left:{zero:.2f}%"></i></div></td>'
            f'<td class="value">{kit.points(gain)}</td></tr>'
        )
    head = '<thead class="ukd-hidden"><tr><th>class</th><td>bar</td><th>gain in points of IoU</th></tr></thead>'
    return f'<table class="ukd-gains">{head}<tbody>{"".join(rows)}</tbody></table>'


def _range(values: list[float]) -> tuple[float, float]:
    """The axis's ends in percent: a margin of a seventh on both sides, at least 2 points."""
    margin = max(2.0, (max(values) - min(values)) / 7)
    return max(0.0, min(values) - margin), min(100.0, max(values) + margin)


def _step(width: float) -> int:
    return next((s for s in (1, 2, 5, 10, 20) if width / s <= 5), 20)


def _place(value: float, low: float, high: float) -> float:
    return 100 * (value - low) / (high - low)


def _stretch(kind: str, a: float, b: float) -> str:
    return f'<i class="{kind}" style="left:{min(a, b):.2f}%;width:{abs(b - a):.2f}%"></i>'


def _apart(at: dict[str, float], least: float) -> dict[str, float]:
    """Label places at least `least` percent from one another, moved as little as possible from left to right."""
    order = sorted(at, key=lambda name: at[name])
    places = [at[name] for name in order]
    for _ in range(20):
        for i in range(len(places) - 1):
            overlap = least - (places[i + 1] - places[i])
            if overlap > 0:
                places[i] -= overlap / 2
                places[i + 1] += overlap / 2
    return dict(zip(order, places, strict=True))
