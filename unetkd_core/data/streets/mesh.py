"""Meshes: faces of any number of corners with smooth normals, lofts from outlines, and rays to lay details on them.

Axes: x across, y up, z along from the middle to the nose; metres. Knows no vehicle, no colour and no pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CREASE = 0.64
"""Cosine of the angle (50 degrees) from which two faces meet in an edge instead of a curve."""

Line = Sequence[tuple[float, float]]


def at(line: Line, along: float) -> float:
    """The line's height at one place along it."""
    (x0, y0), *rest = line
    for x1, y1 in rest:
        if along <= x1:
            return y0 + (y1 - y0) * max(0.0, along - x0) / (x1 - x0)
        x0, y0 = x1, y1
    return y0


@dataclass(frozen=True)
class Mesh:
    """C corners of F faces. `group` says which of the vehicle's solids a face belongs to; `level` orders it there."""

    points: np.ndarray
    normals: np.ndarray
    counts: np.ndarray
    starts: np.ndarray
    material: np.ndarray
    group: np.ndarray
    level: np.ndarray
    centre: np.ndarray
    normal: np.ndarray


def smooth(line: Line, times: int) -> np.ndarray:
    """(N, 2): the line with its corners cut (Chaikin), its ends kept."""
    points = np.asarray(line, np.float64)
    for _ in range(times):
        a, b = points[:-1], points[1:]
        cut = np.stack([a * 0.75 + b * 0.25, a * 0.25 + b * 0.75], 1).reshape(-1, 2)
        points = np.concatenate([points[:1], cut[1:-1], points[-1:]])
    return points


def thinned(line: np.ndarray, tolerance: float) -> np.ndarray:
    """The line without the points that lie this near the chord of what is left (Douglas-Peucker)."""
    if len(line) < 3:
        return line
    (ax, ay), (bx, by) = line[0], line[-1]
    chord = max(np.hypot(bx - ax, by - ay), 1e-9)
    off = np.abs((line[:, 0] - ax) * (by - ay) - (line[:, 1] - ay) * (bx - ax)) / chord
    far = int(off.argmax())
    if off[far] < tolerance:
        return line[[0, -1]]
    return np.concatenate([thinned(line[: far + 1], tolerance)[:-1], thinned(line[far:], tolerance)])


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cross products of (..., 3) vectors; for a few of them three times as fast as numpy's general one."""
    return np.asarray(a[..., [1, 2, 0]] * b[..., [2, 0, 1]] - a[..., [2, 0, 1]] * b[..., [1, 2, 0]])


def face_normals(faces: list[np.ndarray]) -> np.ndarray:
    """(F, 3) unit normals (Newell: also right for faces that are not quite flat)."""
    out = np.zeros((len(faces), 3))
    corners = np.array([len(face) for face in faces])
    for count in np.unique(corners):  # faces with as many corners at once
        alike = np.flatnonzero(corners == count)
        spokes = np.stack([faces[i] for i in alike])
        spokes = spokes - spokes[:, :1]
        out[alike] = cross(spokes[:, :-1], spokes[:, 1:]).sum(1)
    return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12))


def smooth_normals(faces: np.ndarray) -> np.ndarray:
    """(F, 4, 3) corners -> (F, 4, 3): the mean normal of the faces that meet there without a crease."""
    own = face_normals(list(faces))
    _, vertex = np.unique(np.round(faces.reshape(-1, 3), 4), axis=0, return_inverse=True)
    vertex = vertex.reshape(-1)
    order = np.argsort(vertex, kind="stable")
    first = np.searchsorted(vertex[order], vertex)
    size = np.bincount(vertex)[vertex]
    total = np.zeros((len(vertex), 3))
    mine = own.repeat(faces.shape[1], 0)
    for step in range(int(size.max())):
        there = step < size
        other = own[order[np.minimum(first + step, len(order) - 1)] // faces.shape[1]]
        total += other * (there & ((other * mine).sum(1) > CREASE))[:, None]
    total /= np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)
    return np.asarray(total.reshape(faces.shape))


def loft(sections: np.ndarray) -> np.ndarray:
    """(S, P, 3) outlines from sill to roof and down again, tail to nose -> (F, 4, 3) faces, both ends closed."""
    a, b = sections[:-1], sections[1:]
    sides = np.stack([a[:, :-1], b[:, :-1], b[:, 1:], a[:, 1:]], 2).reshape(-1, 4, 3)
    half = (sections.shape[1] + 1) // 2
    caps = []
    for end in (sections[0], sections[-1][::-1]):
        left, right = end[:half], end[::-1][:half]
        caps.append(np.stack([left[:-1], left[1:], right[1:], right[:-1]], 1))
    faces = np.concatenate([sides, *caps])
    normal = cross(faces[:, 2] - faces[:, 0], faces[:, 3] - faces[:, 1])
    faces, normal = faces[np.abs(normal).sum(1) > 1e-7], normal[np.abs(normal).sum(1) > 1e-7]
    inward = (normal * (faces.mean(1) - sections.mean((0, 1)))).sum(1) < 0
    faces[inward] = faces[inward][:, ::-1]
    return np.asarray(faces)


class Surface:
    """The outside of some quads, for laying details on it."""

    def __init__(self, faces: np.ndarray, normals: np.ndarray) -> None:
        self.corners = np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]])
        self.normals = np.concatenate([normals[:, [0, 1, 2]], normals[:, [0, 2, 3]]])

    def meet(self, points: np.ndarray, axis: int, sign: int) -> tuple[np.ndarray, np.ndarray]:
        """What rays along this axis (0 x, 2 z) from this side meet first.

        points: (N, 2) of an outline, as (z, y) for x and (x, y) for z -> points and normals, (N, 3) each. Where a ray
        misses, the outline is drawn in towards its middle until it hits.
        """
        middle = points.mean(0)
        for _ in range(7):
            places, normals, missed = self._cast(points, axis, sign)
            if not missed.any():
                break
            points = np.where(missed[:, None], middle + (points - middle) * 0.86, points)
        return places, normals

    def _cast(self, points: np.ndarray, axis: int, sign: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        flat = [2, 1] if axis == 0 else [0, 1]
        a, b, c = (self.corners[:, i][:, flat] for i in range(3))
        area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
        ours = (np.abs(area) > 1e-7) & (self.normals[:, :, axis].mean(1) * sign > (0.3 if axis == 0 else 0.1))
        a, b, c, area = a[ours], b[ours], c[ours], area[ours]
        p = points[:, None, :]
        v = ((p[..., 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (p[..., 1] - a[:, 1])) / area
        w = ((b[:, 0] - a[:, 0]) * (p[..., 1] - a[:, 1]) - (p[..., 0] - a[:, 0]) * (b[:, 1] - a[:, 1])) / area
        weights = np.stack([1 - v - w, v, w], -1)
        inside = weights.min(-1)
        height = (self.corners[ours][None, :, :, axis] * weights).sum(-1) * sign
        rank = np.where(inside > -1e-6, height, -1000.0 + np.maximum(inside, -9000.0))
        hit = rank.argmax(1)
        rows = np.arange(len(points))
        share = np.clip(weights[rows, hit], 0, 1)
        share /= share.sum(1, keepdims=True)
        return (
            (self.corners[ours][hit] * share[..., None]).sum(1),
            (self.normals[ours][hit] * share[..., None]).sum(1),
            rank[rows, hit] < -900,
        )


class Builder:
    """Gathers faces; `mesh()` puts them into arrays."""

    def __init__(self) -> None:
        self.faces: list[np.ndarray] = []
        self.normals: list[np.ndarray] = []
        self.tags: list[tuple[int, int, float]] = []

    def solid(self, faces: np.ndarray, normals: np.ndarray, materials: np.ndarray, group: int) -> None:
        """Faces that hide each other by distance."""
        self.faces += list(faces)
        self.normals += list(normals)
        self.tags += [(int(m), group, 0.0) for m in materials]

    def detail(self, points: np.ndarray, normals: np.ndarray, material: int, group: int) -> None:
        """Laid on the group's solid, after what was laid on it before."""
        self.faces.append(points)
        self.normals.append(normals)
        self.tags.append((material, group, 500 + len(self.tags) * 0.01))

    def mesh(self) -> Mesh:
        counts = np.array([len(face) for face in self.faces])
        material, group, level = (np.array(column) for column in zip(*self.tags, strict=True))
        return Mesh(
            np.concatenate(self.faces).astype(np.float32),
            np.concatenate(self.normals).astype(np.float32),
            counts,
            np.cumsum(counts) - counts,
            material.astype(np.int64),
            group.astype(np.int64),
            level.astype(np.float32),
            np.stack([face.mean(0) for face in self.faces]).astype(np.float32),
            face_normals(self.faces).astype(np.float32),
        )
