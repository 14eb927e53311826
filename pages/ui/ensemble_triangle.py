"""The triangle of weights as a chart: the surface of mIoU, the points that were tried, the handle that a click moves.

Numbers in, a Vega-Lite spec out, as plain data: it is drawn anew at every click, and Altair would take a third of a
second to say the same. A click anywhere chooses the nearest of the points in steps of 0.05. Two networks have a line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pages.ui.chart_style import INK, PAPER, PAPER_2
from pages.ui.ensemble_surface import HEIGHT, level, place
from unetkd_core.inference.searched import Weights

SIDE: Final = 408
"""Pixels of the triangle's side where there is room."""
_TOP, _BOTTOM, _MARGIN, _LINE_AT = 12, 12, 28, 40
PARAMETER: Final = "clicked"
FIELDS: Final = ("first", "second", "third")
_TEACHER, _ENSEMBLE = "var(--teacher)", "var(--ensemble)"
_OUTLINE: Final = f"M0,{-HEIGHT:.4f}L-1,{HEIGHT:.4f}L1,{HEIGHT:.4f}Z"
_MARK: Final = "M0,-1L1,.78L-1,.78Z"
_WHOLE: Final = {"expr": "side * side"}
_X: Final = {
    "field": "x",
    "type": "quantitative",
    "axis": None,
    "scale": {"domain": [0, 1], "range": [{"expr": "(width - side) / 2"}, {"expr": "(width + side) / 2"}]},
}
_Y: Final = {
    "field": "y",
    "type": "quantitative",
    "axis": None,
    "scale": {"domain": [0, HEIGHT], "range": [{"expr": "base"}, {"expr": f"base - side * {HEIGHT:.5f}"}]},
}
Layer = dict[str, Any]


@dataclass(frozen=True)
class Triangle:
    """What is drawn. names: of the three, top, left, right. fine: where a click can lead, with what it reached in words
    and its band; outlines: of the bands, lowest first; none where nothing was measured. grid: the paper's points, best:
    of them. handle: the present weights, none where they are no point. All weights have the sum 1.
    """

    names: Sequence[str]
    outlines: Sequence[str]
    fine: Sequence[tuple[Weights, str, int | None]]
    grid: Sequence[Weights]
    best: Weights | None
    handle: Weights | None


def shade(band: int) -> str:
    """A band's colour as CSS, from paper-2 to 64 % of the ensemble's colour."""
    return f"color-mix(in srgb, {_ENSEMBLE} {level(band)}%, {PAPER_2})"


def spec(triangle: Triangle) -> dict[str, Any]:
    """Vega-Lite: the triangle in the middle of its column, as wide as there is room."""
    handle, count = triangle.handle, len(triangle.names)
    layers = [
        *(_line(triangle) if count == 2 else _surface(triangle.outlines)),
        _points(triangle.grid, size=14, fill=INK, opacity=0.62),
        *([] if handle is None else [_lines(handle)]),
        _points(_corners(count), shape="square", size=196, fill=_TEACHER, stroke=PAPER, strokeWidth=2),
        *_best(triangle.best, handle),
        *([] if handle is None else _handle(handle)),
        _clickable(triangle),
    ]
    return {
        "height": 2 * _LINE_AT if count == 2 else round(SIDE * HEIGHT) + _TOP + _BOTTOM,
        # A click finds its point only inside the plot: nothing may make that smaller than the triangle.
        "padding": dict.fromkeys(("left", "right", "top", "bottom"), 0),
        "autosize": {"type": "none"},
        "params": [
            {"name": "side", "expr": f"min({SIDE}, width - {_MARGIN})"},
            {"name": "base", "expr": f"{_LINE_AT}" if count == 2 else f"{_TOP} + side * {HEIGHT:.5f}"},
        ],
        "layer": layers,
        "config": {"view": {"stroke": None}},
        # Streamlit's canvas for many marks would not know the theme's CSS colours.
        "usermeta": {"embedOptions": {"renderer": "svg"}},
    }


def chosen(selection: Mapping[str, Any] | None) -> Weights | None:
    """The weights of the point that was clicked, from what the chart reports; None where it makes no sense."""
    rows = (selection or {}).get(PARAMETER)
    row = rows[-1] if isinstance(rows, list) and rows else None
    there = [row[f] for f in FIELDS if f in row] if isinstance(row, Mapping) else []
    if len(there) < 2 or not all(isinstance(w, int | float) for w in there):
        return None
    return tuple(map(float, there))


def spoken(names: Sequence[str], shares: Weights | None, told: str) -> str:
    """The chart for those who do not see it."""
    weights = (
        "The weights change from pixel to pixel, which is no point of it"
        if shares is None
        else ", ".join(f"{name} {share:.2f}" for name, share in zip(names, shares, strict=True))
    )
    return ". ".join(filter(None, ["Triangle of weights", weights, told, "The fields below it set them by number"]))


def _surface(outlines: Sequence[str]) -> list[Layer]:
    rows = [{"path": path, "fill": shade(k)} for k, path in enumerate(outlines)]
    bands = _shapes(rows or [{"path": _OUTLINE, "fill": PAPER_2}], strokeWidth=0)
    return [bands, _shapes([{"path": _OUTLINE, "fill": "transparent"}], stroke=INK, strokeWidth=1.5)]


def _line(triangle: Triangle) -> list[Layer]:
    """Two networks: one step of 0.05 after the other, each in its band's shade."""
    half, rows = 0.0275, []  # they overlap a little: no seam
    for shares, _, band in triangle.fine:
        x = _at(shares)["x"]
        fill = PAPER_2 if band is None else shade(band)
        rows.append({"x": max(0.0, x - half), "x2": min(1.0, x + half), "y": 0.0, "fill": fill})
    return [
        {
            "data": {"values": rows},
            "mark": {"type": "rule", "strokeWidth": width, "aria": False, **drawn},
            "encoding": {"x": _X, "y": _Y, "x2": {"field": "x2"}, **colored},
        }
        for width, drawn, colored in (
            (29, {"color": INK}, {}),
            (26, {}, {"color": {"field": "fill", "type": "nominal", "scale": None}}),
        )
    ]


def _corners(count: int) -> list[Weights]:
    return [tuple(float(i == k) for i in range(count)) for k in range(count)]


def _shapes(rows: Sequence[dict[str, Any]], **drawn: Any) -> Layer:
    """Outlines in a box round the triangle, which they fill when drawn at its size."""
    return {
        "data": {"values": [{**row, "x": 0.5, "y": HEIGHT / 2} for row in rows]},
        "mark": {"type": "point", "filled": True, "opacity": 1, "size": _WHOLE, "aria": False, **drawn},
        "encoding": {
            "x": _X,
            "y": _Y,
            "shape": {"field": "path", "type": "nominal", "scale": None},
            "fill": {"field": "fill", "type": "nominal", "scale": None},
        },
    }


def _points(shares: Sequence[Weights], **drawn: Any) -> Layer:
    return {
        "data": {"values": [_at(one) for one in shares]},
        "mark": {"type": "point", "shape": "circle", "filled": True, "opacity": 1, "aria": False, **drawn},
        "encoding": {"x": _X, "y": _Y},
    }


def _at(shares: Weights) -> dict[str, float]:
    x, y = place(shares)
    return {"x": x, "y": y}


def _lines(handle: Weights) -> Layer:
    """From the handle to each corner that is heard, as wide as its weight."""
    ends = [(_at(corner), share) for corner, share in zip(_corners(len(handle)), handle, strict=True) if share > 0]
    rows = [{**_at(handle), "x2": end["x"], "y2": end["y"], "wide": 1 + 5 * share} for end, share in ends]
    wide = {"field": "wide", "type": "quantitative", "scale": None}
    return {
        "data": {"values": rows},
        "mark": {"type": "rule", "color": _TEACHER, "aria": False},
        "encoding": {"x": _X, "y": _Y, "x2": {"field": "x2"}, "y2": {"field": "y2"}, "strokeWidth": wide},
    }


def _best(best: Weights | None, handle: Weights | None) -> list[Layer]:
    """A ring round the best of the grid; a wider one where the handle stands there."""
    if best is None:
        return []
    near = handle is not None and max(abs(a - b) for a, b in zip(best, handle, strict=True)) < 0.03
    size = (50 if near else 17) ** 2
    return [_points([best], size=size, fill="transparent", stroke=INK, strokeWidth=1.5)]


def _handle(handle: Weights) -> list[Layer]:
    disc = _points([handle], size=38**2, fill=PAPER, stroke=INK, strokeWidth=1.5)
    return [disc, _points([handle], shape=_MARK, size=16**2, fill=_ENSEMBLE)]


def _clickable(triangle: Triangle) -> Layer:
    """The points that a click snaps to, unseen; on top of everything, so that every click is theirs."""
    rows = [
        {
            **dict(zip(FIELDS, shares, strict=False)),
            **_at(shares),
            "weights": ", ".join(f"{n} {w:.2f}" for n, w in zip(triangle.names, shares, strict=True)),
            "told": told,
        }
        for shares, told, _ in triangle.fine
    ]
    # A title of spaces: the tooltip's rows speak for themselves.
    tips = [{"field": field, "type": "nominal", "title": " " * n} for n, field in enumerate(("told", "weights"), 1)]
    fields = list(FIELDS[: len(triangle.names)])
    select = {"type": "point", "fields": fields, "nearest": True, "on": "click", "toggle": False, "clear": False}
    return {
        "data": {"values": rows},
        "params": [{"name": PARAMETER, "select": select}],
        "mark": {"type": "point", "size": 16, "filled": True, "opacity": 0, "aria": False, "cursor": "pointer"},
        "encoding": {"x": _X, "y": _Y, "tooltip": tips},
    }
