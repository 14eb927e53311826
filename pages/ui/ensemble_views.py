"""The Ensemble page's plain HTML: teachers' pictures at the corners, the surface's scale, who wins which class.

Positions are percentages, so that they fit any column; colours are the roles' and Table I's (assets/ensemble.css).
"""

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from pages.ui import ensemble_triangle, kit, upload
from pages.ui.ensemble_scores import Scored
from pages.ui.ensemble_surface import BANDS
from unetkd_core.classes import CLASS_NAMES
from unetkd_core.inference.overlay import overlay

THUMB_WIDTH: Final = 340
"""Pixels: twice what is shown, for sharp screens."""
_ZERO: Final = 36.0
"""Percent of a row where zero stands when somebody loses: the loss at its left, its words at the right."""


@dataclass(frozen=True)
class Corner:
    """One teacher: its small picture as PNG or none yet, its mIoU, and its weight; none where it changes by pixel."""

    name: str
    png: bytes | None
    miou: float | None
    weight: float | None
    waiting: str = ""


def thumbnail(image: np.ndarray, labels: np.ndarray) -> bytes:
    """A small overlay as PNG. Labels are reduced by picking pixels, the photo smoothly."""
    height, width = labels.shape
    size = (min(width, THUMB_WIDTH), max(1, round(height * min(width, THUMB_WIDTH) / width)))
    small = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))
    return upload.png(overlay(small, np.asarray(Image.fromarray(labels).resize(size, Image.Resampling.NEAREST))))


def corners_above(corners: Sequence[Corner], said: str) -> str:
    """What stands over the triangle: a note, and the first teacher if there are three."""
    top = "" if len(corners) < 3 else _corner(corners[0], "top")
    return f'<div class="uke-row uke-above"><p class="ukd-note">{said}</p>{top}</div>'


def corners_below(corners: Sequence[Corner], scale: str) -> str:
    """What stands under it: the other two, and the scale of the surface between them."""
    left, right = corners[-2:]
    return f'<div class="uke-row uke-below">{_corner(left, "left")}{_corner(right, "right")}<div>{scale}</div></div>'


def _corner(corner: Corner, where: str) -> str:
    alt = html.escape(f"Classes as {corner.name} sees them")
    if corner.png is None:
        picture = f'<div class="uke-none"><span>{html.escape(corner.waiting)}</span></div>'
    else:
        picture = f'<img alt="{alt}" src="data:image/png;base64,{base64.b64encode(corner.png).decode()}">'
    score = "" if corner.miou is None else kit.percent(corner.miou)
    weight = "by pixel" if corner.weight is None else f"<b>{corner.weight:.2f}</b>"
    name = f'<b title="{html.escape(corner.name)}">{html.escape(corner.name)}</b>'
    return (
        f'<figure class="uke-corner uke-{where}"><div class="uke-pic">{picture}</div>'
        f"<figcaption>{kit.marker_html('teacher')}{name}<span>{score}</span></figcaption></figure>"
        f'<p class="uke-weight uke-weight-{where}">weight {weight}</p>'
    )


def scale(low: float, high: float, where: str) -> str:
    """The nine bands and what their ends mean. where: what was measured."""
    bands = "".join(f'<i style="background:{ensemble_triangle.shade(k)}"></i>' for k in range(BANDS))
    ends = (
        f"<span>{kit.signed(100 * low)}</span><span>{kit.term('mIoU')}, %</span><span>{kit.signed(100 * high)}</span>"
    )
    return f'<div class="uke-scale"><div aria-hidden="true">{bands}</div><p>{ends}</p><p>{html.escape(where)}</p></div>'


def class_rows(scored: Scored, names: Sequence[str]) -> str:
    """Points of IoU that averaging adds to each class or takes from it, against the best teacher alone."""
    gains = scored.class_gains
    rounded = [round(100 * gain, 1) for _, gain in gains]
    lost = -min([0.0, *rounded])
    # Both sides to one measure: at the right of the longest bar its number needs a sixth.
    zero = _ZERO if lost else 0.0
    unit = min((100 - zero - 16) / max([0.05, *rounded]), zero / lost if lost else 1e9)
    rows = "".join(
        _class_row(index, gain, value, zero, unit, names[scored.best])
        for (index, gain), value in zip(gains, rounded, strict=True)
    )
    head = '<thead class="ukd-hidden"><tr><th>class</th><td>points of IoU</td></tr></thead>'
    return f'<table class="uke-classes">{head}<tbody>{rows}</tbody></table>'


def _class_row(index: int, gain: float, value: float, zero: float, unit: float, best: str) -> str:
    long = abs(value) * unit
    start = zero if value >= 0 else zero - long
    bar = f'<i class="{"lost" if value < 0 else "won"}" style="left:{start:.2f}%;width:{long:.2f}%"></i>'
    said = kit.points(gain) + (f" <em>{html.escape(best)} alone is better</em>" if value < 0 else "")
    after = zero + (long if value >= 0 else 0.0)
    words = f'<b class="{"ukd-teacher" if value < 0 else ""}" style="left:{after:.2f}%">{said}</b>'
    return (
        f'<tr><th scope="row">{kit.swatch_html(index)}{html.escape(CLASS_NAMES[index])}</th>'
        f'<td><div>{bar}<i class="zero" style="left:{zero:.2f}%"></i>{words}</div></td></tr>'
    )
