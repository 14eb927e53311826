"""A comparison as one picture for a slide, a handout or a paper: photo, truth and every network, with their numbers.

Typeset at twice the size of a screen's pixels, always in light colours. Label maps are enlarged pixel by pixel and laid
over the photo at the figure's own size. Knows readings, not where they come from.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from pages.ui import lettering, readings
from pages.ui.class_chart import ORDER
from pages.ui.compare_numbers import Where
from pages.ui.readings import Picture, Reading
from unetkd_core.classes import CLASSES
from unetkd_core.inference.overlay import overlay

SCALE: Final = 2
"""Pixels of the figure for one of a screen."""
PAPER, INK, MUTE, LINE = "#FFFFFF", "#23252A", "#65625C", "#C9C5BE"
ROLES: Final = {"teacher": "#AC5007", "student": "#0670B8", "twin": "#5F646D", "ensemble": "#17522A"}
DASHES: Final = {"twin": (7, 5), "ensemble": (16, 4, 4, 4)}
"""Pixels on and off of a role's rule above its picture; a role that is not here has a solid one."""
MARGIN, GUTTER, CELL = 28, 20, 420
CAPTION, RULE = 30, 4


@dataclass(frozen=True)
class Cell:
    """One picture with its caption. labels: (H, W) uint8, or None for the bare photo."""

    title: str
    detail: str
    note: str
    role: str | None
    labels: np.ndarray | None


def cells(cast: Sequence[Reading], picture: Picture) -> list[Cell]:
    """The photo, the truth where there is one, then every network that could read the picture."""
    found = [Cell("Photo", "", "", None, None)]
    if picture.truth is not None:
        found.append(Cell("True labels", "", "", None, picture.truth))
    judge = readings.judge(cast)
    done = [r for r in cast if r.labels is not None]
    return found + [Cell(r.title, r.detail, readings.note(r, picture, judge), r.role, r.labels) for r in done]


def png(cast: Sequence[Reading], picture: Picture, where: Where, told: str) -> bytes:
    """The figure as PNG bytes. told: the sentence above it."""
    file = io.BytesIO()
    figure(cells(cast, picture), picture.image, told, where.title).save(file, "PNG", dpi=(300, 300))
    return file.getvalue()


def figure(shown: Sequence[Cell], photo: np.ndarray, told: str, source: str) -> Image.Image:
    """The figure as RGB; its rows hold two pictures, or three where there are more than four."""
    columns = min(len(shown), 2 if len(shown) <= 4 else 3)
    height = max(1, round(CELL * photo.shape[0] / photo.shape[1]))
    wide = 2 * MARGIN + columns * CELL + (columns - 1) * GUTTER
    heading = lettering.lines(told, lettering.font(20 * SCALE, 600, "serif"), (wide - 2 * MARGIN) * SCALE)
    top = MARGIN + 27 * len(heading) + 12
    step = CAPTION + RULE + height + GUTTER
    rows = -(-len(shown) // columns)
    canvas = Image.new("RGB", (wide * SCALE, (top + rows * step + 26 + MARGIN) * SCALE), PAPER)
    draw = ImageDraw.Draw(canvas)
    for i, line in enumerate(heading):
        at = (MARGIN * SCALE, (MARGIN + 20 + 27 * i) * SCALE)
        lettering.write(draw, at, line, lettering.font(20 * SCALE, 600, "serif"), INK)
    for i, cell in enumerate(shown):
        left, above = MARGIN + i % columns * (CELL + GUTTER), top + i // columns * step
        _caption(draw, cell, left * SCALE, above * SCALE)
        _rule(draw, cell.role, left * SCALE, (above + CAPTION) * SCALE)
        canvas.paste(_drawn(photo, cell.labels, height), (left * SCALE, (above + CAPTION + RULE) * SCALE))
    _legend(draw, source, wide, top + rows * step)
    return canvas


def _drawn(photo: np.ndarray, labels: np.ndarray | None, height: int) -> Image.Image:
    """One picture at the figure's size."""
    size = (CELL * SCALE, height * SCALE)
    image = Image.fromarray(photo).resize(size, Image.Resampling.LANCZOS)
    if labels is None:
        return image
    enlarged = Image.fromarray(labels).resize(size, Image.Resampling.NEAREST)  # never interpolated: they stay classes
    return Image.fromarray(overlay(np.asarray(image), np.asarray(enlarged)))


def _caption(draw: ImageDraw.ImageDraw, cell: Cell, left: int, above: int) -> None:
    base, color = above + 20 * SCALE, ROLES.get(cell.role or "", INK)
    bold, plain = lettering.font(15 * SCALE, 600), lettering.font(14 * SCALE, 400)
    right, note = left + CELL * SCALE, 0.0
    if cell.note:
        note = lettering.write(draw, (right, base), cell.note, plain, MUTE, anchor="rs") + 12 * SCALE
    at = float(left)
    if cell.role:
        _marker(draw, cell.role, left, above + 9 * SCALE)
        at += 18 * SCALE
    title = lettering.shortened(cell.title, bold, right - note - at)
    at += lettering.write(draw, (at, base), title, bold, color) + 8 * SCALE
    if cell.detail and title == cell.title:
        lettering.write(draw, (at, base), lettering.shortened(cell.detail, plain, right - note - at), plain, MUTE)


def _marker(draw: ImageDraw.ImageDraw, role: str, left: int, above: int) -> None:
    """Square, disc, ring or triangle, 11 pixels of a screen: told apart without colour."""
    side, color = 11 * SCALE, ROLES[role]
    box = (left, above, left + side, above + side)
    if role == "teacher":
        draw.rectangle(box, fill=color)
    elif role == "ensemble":
        draw.polygon([(left + side / 2, above), (left + side, above + side), (left, above + side)], fill=color)
    else:
        draw.ellipse(box, fill=color if role == "student" else None, outline=color, width=2 * SCALE)


def _rule(draw: ImageDraw.ImageDraw, role: str | None, left: int, above: int) -> None:
    right, at, pattern = left + CELL * SCALE, left, DASHES.get(role or "", (CELL,))
    color, part = ROLES.get(role or "", LINE), 0
    while at < right:
        length = pattern[part % len(pattern)] * SCALE
        if part % 2 == 0:
            draw.rectangle((at, above, min(at + length, right) - 1, above + RULE * SCALE - 1), fill=color)
        at, part = at + length, part + 1


def _legend(draw: ImageDraw.ImageDraw, source: str, wide: int, above: int) -> None:
    """The classes in Table I's order and colours, and where the picture is from."""
    plain, base, at = lettering.font(13 * SCALE), (above + 15) * SCALE, float(MARGIN * SCALE)
    for index in ORDER:
        side, top = 12 * SCALE, base - 11 * SCALE
        draw.rounded_rectangle((at, top, at + side, top + side), 3 * SCALE, fill=CLASSES[index].color)
        at += lettering.write(draw, (at + 18 * SCALE, base), CLASSES[index].name, plain, INK) + 34 * SCALE
    room = (wide - MARGIN) * SCALE - at
    said = lettering.shortened(source, plain, room)
    lettering.write(draw, ((wide - MARGIN) * SCALE, base), said, plain, MUTE, anchor="rs")
