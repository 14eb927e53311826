"""mIoU over the triangle of weights as nine bands: from scores at 231 points to outlines that the browser fills.

Between the points a thin-plate spline runs exactly through what was measured; nothing outside their range is drawn.
Two networks have a line, a step of it in its band's colour. Knows points and values; no network, no chart.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

BANDS: Final = 9
HEIGHT: Final = math.sqrt(3) / 2
"""Of the triangle whose sides are 1: the first corner at the top, the second left, the third right."""
_CORNERS: Final = np.array([[0.5, HEIGHT], [0.0, 0.0], [1.0, 0.0]])
_MESH: Final = 40
"""Small triangles along a side: about 10 pixels each on the screen."""

Vertex = tuple[int, int]
"""A point of the mesh (i, i), or where a band's edge crosses the side between two of them (i, j)."""


def level(band: int) -> int:
    """Percent of the ensemble's colour in a band, 0 (lowest) to BANDS - 1."""
    return round(2 + 62 * (band / (BANDS - 1)) ** 1.25)


def band(value: float, low: float, high: float) -> int:
    """The band that a value lies in."""
    return 0 if high - low < 1e-9 else min(BANDS - 1, int(BANDS * (value - low) / (high - low)))


def line(values: Sequence[float]) -> list[tuple[int, str]]:
    """(level, SVG outline) of every step of a line of two networks, the first on the left, in a box from -1 to 1.

    values: (K,) at weights of the first from 0 to 1 in equal steps.
    """
    low, high, steps = min(values), max(values), len(values) - 1
    half = 1.1 / steps  # of the box's width 2: they overlap a little, and there is no seam
    drawn = []
    for k, value in enumerate(reversed(values)):
        middle = 2 * k / steps - 1
        left, right = max(-1.0, middle - half), min(1.0, middle + half)
        drawn.append((level(band(value, low, high)), f"M{left:.3f},-1H{right:.3f}V1H{left:.3f}Z"))
    return drawn


def bands(shares: np.ndarray, values: np.ndarray) -> list[str]:
    """SVG outlines of where the value is at least the k-th of nine equal steps, k = 0 to 8; to be filled in this order.

    shares: (K, 3) weights with sum 1; values: (K,), no NaN. The box is -1 to 1 in both directions, the triangle as wide
    as the box and in its middle, y downwards.
    """
    low, high = float(values.min()), float(values.max())
    points, triangles = _mesh()
    if high - low < 1e-9:
        return [_path(points, [[0, len(points) - _MESH - 1, len(points) - 1]])]
    heights = np.clip(_spline(shares @ _CORNERS, values, points), low, high)
    thresholds = [low + (high - low) * k / BANDS for k in range(BANDS)]
    return [_path(*_region(points, heights, triangles, threshold)) for threshold in thresholds]


def _mesh() -> tuple[np.ndarray, list[tuple[int, int, int]]]:
    """Points (P, 2) row by row from the top, and triangles of their indices, all turning the same way."""
    rows = [(r, c) for r in range(_MESH + 1) for c in range(r + 1)]
    shares = np.array([((_MESH - r), r - c, c) for r, c in rows]) / _MESH
    number = {cell: i for i, cell in enumerate(rows)}
    triangles = [(number[r, c], number[r + 1, c], number[r + 1, c + 1]) for r in range(_MESH) for c in range(r + 1)]
    triangles += [(number[r, c], number[r + 1, c + 1], number[r, c + 1]) for r in range(1, _MESH) for c in range(r)]
    return shares @ _CORNERS, triangles


def _spline(known: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Thin-plate spline through `values` (K,) at `known` (K, 2), at `wanted` (P, 2): the least bent surface."""
    count = len(known)
    plane = np.c_[np.ones(count), known]
    system = np.block([[_kernel(known, known), plane], [plane.T, np.zeros((3, 3))]])
    solved = np.linalg.solve(system, np.r_[values, 0, 0, 0])
    bent, flat = solved[:count], solved[count:]
    return np.asarray(_kernel(wanted, known) @ bent + np.c_[np.ones(len(wanted)), wanted] @ flat)


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squared = ((a[:, None] - b[None]) ** 2).sum(axis=2)
    return squared * np.log(np.maximum(squared, 1e-300))


def _region(
    points: np.ndarray, heights: np.ndarray, triangles: Sequence[tuple[int, int, int]], threshold: float
) -> tuple[np.ndarray, list[list[int]]]:
    """Outlines of where the surface is at least `threshold`: (points, loops of their indices)."""
    edges: set[tuple[Vertex, Vertex]] = set()
    for triangle in triangles:
        corners = list(_clipped(triangle, heights, threshold))
        for a, b in itertools.pairwise([*corners, *corners[:1]]):
            if (b, a) in edges:
                edges.remove((b, a))  # two small triangles share it, in opposite directions: no outline
            else:
                edges.add((a, b))
    loops = _loops(edges)
    vertices = {vertex: i for i, vertex in enumerate(dict.fromkeys(itertools.chain.from_iterable(loops)))}
    where = [_crossing(points, heights, vertex, threshold) for vertex in vertices]
    return np.array(where).reshape(-1, 2), [[vertices[v] for v in loop] for loop in loops]


def _clipped(triangle: tuple[int, int, int], heights: np.ndarray, threshold: float) -> Iterator[Vertex]:
    """The part of a small triangle that is high enough."""
    for i, j in itertools.pairwise([*triangle, triangle[0]]):
        if heights[i] >= threshold:
            yield i, i
        if (heights[i] >= threshold) != (heights[j] >= threshold):
            yield min(i, j), max(i, j)


def _crossing(points: np.ndarray, heights: np.ndarray, vertex: Vertex, threshold: float) -> np.ndarray:
    i, j = vertex
    share = 0.0 if i == j else (threshold - heights[i]) / (heights[j] - heights[i])
    return np.asarray(points[i] + share * (points[j] - points[i]))


def _loops(edges: set[tuple[Vertex, Vertex]]) -> list[list[Vertex]]:
    """Directed edges, joined end to end."""
    onward: dict[Vertex, list[Vertex]] = {}
    for a, b in edges:
        onward.setdefault(a, []).append(b)
    loops = []
    while onward:
        start = here = next(iter(onward))
        loop = []
        while True:
            loop.append(here)
            there = onward[here].pop()
            if not onward[here]:
                del onward[here]
            here = there
            if here == start:
                break
        loops.append(loop)
    return loops


def _path(points: np.ndarray, loops: Sequence[Sequence[int]]) -> str:
    x, y = 2 * points[:, 0] - 1, HEIGHT - 2 * points[:, 1]
    return "".join("M" + "L".join(f"{x[i]:.3f},{y[i]:.3f}" for i in loop) + "Z" for loop in loops)
