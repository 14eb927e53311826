"""Builds each kind of vehicle as a mesh, once for each level of detail: lofted solids, wheels, details laid on them.

Knows the tables in `bodies`, but no scene, colour or pixel.
"""

from functools import lru_cache
from math import cos, pi, sin

import numpy as np

from unetkd_core.data.streets.bodies import FAR, MIDDLE, NEAR, TINY, Body, Detail, Frame
from unetkd_core.data.streets.fleet import FRAMES
from unetkd_core.data.streets.mesh import Builder, Mesh, Surface, at, cross, loft, smooth, smooth_normals, thinned
from unetkd_core.data.streets.paintwork import MATERIALS

UNDER, FIRST, SECOND, LEFT, RIGHT, ROOF = range(6)
"""Groups: wheels and floor, the main solid, the cab of a lorry, the two mirrors, what stands on the roof."""

_RINGS = {NEAR: tuple(range(11)), MIDDLE: (0, 2, 3, 5, 6, 8, 9, 10), FAR: (0, 3, 5, 8, 9, 10), TINY: (0, 5, 8, 10)}
"""Which points of a half section each level keeps."""
_TOLERANCE = {NEAR: 0.0, MIDDLE: 0.012, FAR: 0.05, TINY: 0.16}
_STEP = {NEAR: 0.16, MIDDLE: 0.35, FAR: 0.8, TINY: 9.0}
"""Metres between the points of an outline laid on a curved side."""


def _sections(body: Body, level: int) -> np.ndarray:
    """(S, P, 3): from sill over the roof to the other sill, tail to nose."""
    top = thinned(smooth(body.top, {NEAR: 2, MIDDLE: 1}.get(level, 0)), _TOLERANCE[level])
    rings = []
    height = max(y for _, y in body.top)
    for z, y_top in top:
        low, belt, half = (at(line, float(z)) for line in (body.low, body.belt, body.plan))
        belt = max(low + 0.02, min(belt, y_top - 0.015))
        cabin = np.clip((y_top - belt) / max(0.2, (height - belt) * 0.75), 0, 1)
        rings.append(_half_section(body, float(half), float(low), float(belt), float(y_top), float(cabin)))
    half_sections = np.array(rings)[:, list(_RINGS[level])]
    other = half_sections[:, -2::-1] * (-1, 1)
    outline = np.concatenate([half_sections, other], axis=1)
    along = np.broadcast_to(top[:, 0, None, None], (*outline.shape[:2], 1))
    return np.concatenate([outline, along], axis=2)


def _half_section(body: Body, half: float, low: float, belt: float, top: float, cabin: float) -> np.ndarray:
    """(11, 2): six points of the flank, five of roof or bonnet; `cabin` is 0 on a bonnet and 1 under the roof."""
    slab = body.material != "paint"
    tall, rise = belt - low, top - belt
    bulge = (1.0,) * 6 if slab else (0.86, 0.955, 0.985, 1.0, 0.992, 0.955)
    flank = [(half * b, low + tall * v) for b, v in zip(bulge, (0, 0.05, 0.22, 0.5, 0.82, 1.0), strict=True)]
    base = bulge[-1] * half
    edge = base - half * body.lean
    corner = min(body.corner, rise * 0.6)
    roof = [
        (base - half * body.lean * 0.42, belt + rise * 0.45),
        (edge, top - corner - 0.01),
        (edge - corner * 0.3, top - corner * 0.3),
        (edge - corner * 1.1, top - corner * 0.04),
        (0.0, top),
    ]
    deck = [
        (half * a, belt + rise * v) for a, v in ((0.92, 0.35), (0.84, 0.65), (0.70, 0.86), (0.40, 0.97), (0.0, 1.0))
    ]
    upper = np.array(deck) * (1 - cabin) + np.array(roof) * cabin
    return np.concatenate([flank, upper])


def _dense(outline: np.ndarray, step: float) -> np.ndarray:
    """The closed outline with points along its edges at most `step` apart."""
    out = []
    for a, b in zip(outline, np.roll(outline, -1, 0), strict=True):
        parts = max(1, int(np.ceil(np.hypot(*(b - a)) / step)))
        out += [a + (b - a) * i / parts for i in range(parts)]
    return np.array(out)


def _even(count: int, x: float, y: float, z: float) -> np.ndarray:
    """(count, 3): one normal for all corners."""
    return np.tile(np.array((x, y, z), np.float64), (count, 1))


class _Maker:
    """One mesh in the making. Along is measured from the middle here, from the tail in the tables."""

    def __init__(self, frame: Frame, level: int) -> None:
        self.frame, self.level, self.out = frame, level, Builder()
        self.middle = frame.length / 2

    def make(self) -> Mesh:
        self._under()
        for number, body in enumerate(self.frame.solids):
            self._solid(body, FIRST + number)
        if self.level <= MIDDLE:
            self._mirrors()
            self._roof()
        return self.out.mesh()

    def _solid(self, body: Body, group: int) -> None:
        sections = _sections(body, self.level)
        sections[..., 2] -= self.middle
        faces = loft(sections)
        normals = smooth_normals(faces)
        paint = np.full(len(faces), MATERIALS[body.material])
        self.out.solid(faces, normals, paint, group)
        surface = Surface(faces, normals)
        for side in (-1, 1):
            for detail in body.flank:
                self._lay(surface, detail, 0, side, group)
            self._wheels(surface, body, side, group)
        for detail in body.nose:
            self._lay(surface, detail, 2, 1, group)
        for detail in body.tail:
            self._lay(surface, detail, 2, -1, group)

    def _lay(self, surface: Surface, detail: Detail, axis: int, sign: int, group: int) -> None:
        if detail.level < self.level:
            return
        outline = _dense(np.array(detail.outline, np.float64), _STEP[self.level])
        if axis == 0:
            outline[:, 0] -= self.middle
        for flip in (1, -1) if detail.both else (1,):
            points, normals = surface.meet(outline * (flip, 1), axis, sign)
            self._detail(points, normals, detail.material, axis, sign, group)

    def _detail(self, points: np.ndarray, normals: np.ndarray, material: str, axis: int, sign: int, group: int) -> None:
        """Turned so that it faces outwards."""
        spin = cross(points - points[0], np.roll(points, -1, 0) - points[0]).sum(0)
        if spin[axis] * sign < 0:
            points, normals = points[::-1], normals[::-1]
        self.out.detail(points, normals, MATERIALS[material], group)

    def _ring(self, x: float, hub: float, along: float, radius: float, corners: int) -> np.ndarray:
        turn = np.arange(corners) * (2 * pi / corners)
        return np.stack([np.full(corners, x), hub + radius * np.sin(turn), along + radius * np.cos(turn)], 1)

    def _wheels(self, surface: Surface, body: Body, side: int, group: int) -> None:
        """Arches and the outer faces of the wheels below this solid."""
        frame, (begin, end) = self.frame, (body.plan[0][0], body.plan[-1][0])
        corners = {NEAR: 28, MIDDLE: 14, FAR: 8}.get(self.level, 6)
        for axle in frame.axles:
            if not begin <= axle <= end:
                continue
            along, r = axle - self.middle, frame.wheel
            low = at(body.low, float(axle))
            if body.material == "paint" and self.level < TINY:
                self._arch(surface, side, along, low, group)
            hub = (side * (frame.track - 0.05), r, along)
            for gain, material, ring in self._discs(corners):
                self._disc(hub, r * gain, material, ring, group)
            if self.level == NEAR:
                self._spokes(hub, side, group)
                self._disc(hub, r * 0.15, "alloy", 10, group)

    def _discs(self, corners: int) -> tuple[tuple[float, str, int], ...]:
        """A wheel's rings, outermost first: share of the radius, material, corners."""
        rim = ((1.0, "rubber", corners), (0.66, "alloy", corners))
        if self.level == NEAR:
            return (*rim, (0.61, "dark", corners))
        return (*rim, (0.48, "dark", corners), (0.36, "alloy", 8)) if self.level == MIDDLE else rim

    def _disc(self, hub: tuple[float, float, float], radius: float, material: str, corners: int, group: int) -> None:
        side = 1 if hub[0] > 0 else -1
        self._detail(self._ring(*hub, radius, corners), _even(corners, side, 0, 0), material, 0, side, group)

    def _arch(self, surface: Surface, side: int, along: float, low: float, group: int) -> None:
        r = self.frame.wheel
        for gain, material in ((1.30, "trim"), (1.14, "dark")) if self.frame.cladding else ((1.15, "dark"),):
            ring = self._ring(0.0, r, along, r * gain, 24)[:, [2, 1]]
            ring[:, 1] = np.maximum(ring[:, 1], low + 0.005)
            points, normals = surface.meet(ring, 0, side)
            self._detail(points, normals, material, 0, side, group)

    def _spokes(self, hub: tuple[float, float, float], side: int, group: int) -> None:
        r = self.frame.wheel
        for i in range(5):
            angle = i * 2 * pi / 5 + 0.3
            way, cross = np.array((0, sin(angle), cos(angle))), np.array((0, cos(angle), -sin(angle)))
            points = np.array(
                [
                    np.array(hub) + way * r * a + cross * r * b
                    for a, b in ((0.08, -0.10), (0.63, -0.15), (0.63, -0.03), (0.63, 0.03), (0.63, 0.15), (0.08, 0.10))
                ]
            )
            self._detail(points, _even(6, side, 0.1, 0), "alloy", 0, side, group)

    def _under(self) -> None:
        """Treads of the wheels and the floor between them: all that can be seen below the sills."""
        frame = self.frame
        r, wide = frame.wheel, 0.20 if frame.wheel < 0.42 else 0.28
        corners = {NEAR: 16, MIDDLE: 8}.get(self.level, 4)
        for axle in frame.axles:
            for side in (-1, 1):
                outer, inner = side * (frame.track - 0.05), side * (frame.track - 0.05 - wide)
                rings = [self._ring(x, r, axle - self.middle, r, corners) for x in (outer, inner)]
                if corners == 4:
                    square = np.array(((1, 1), (1, -1), (-1, -1), (-1, 1)))
                    for ring in rings:
                        ring[:, 1:] = square * (r, r * 0.85) + (r, axle - self.middle)
                self._drum(*rings)
        if len(frame.solids) > 1:
            self._chassis()
            return
        floor = max(0.16, frame.wheel * 0.7)
        for end in (-1, 1):
            half, z = frame.track - 0.3, end * (frame.length / 2 - 0.5)
            board = np.array([(-half, floor, z), (half, floor, z), (half, floor + 0.3, z), (-half, floor + 0.3, z)])
            self._detail(board, _even(4, 0, 0, end), "dark", 2, end, UNDER)

    def _chassis(self) -> None:
        """A lorry's frame, and the tanks between its axles."""
        frame, end = self.frame, self.frame.length / 2
        first, last = frame.axles[0] - self.middle, frame.axles[-1] - self.middle
        self._block((-0.45, 0.45), (0.52, 1.0), (-end + 0.25, end - 0.5), "trim", UNDER)
        self._block((-1.1, 1.1), (0.46, 0.94), (first + 0.75, first + 2.2), "trim", UNDER)
        self._block((-1.0, 1.0), (0.50, 0.62), (-end + 0.12, -end + 0.24), "steel", UNDER)
        self._block((-1.0, 1.0), (0.40, 1.0), (last - 0.4, last + 0.4), "dark", UNDER)

    def _drum(self, outer: np.ndarray, inner: np.ndarray) -> None:
        hub = (outer + inner).mean(0) / 2
        after = np.roll(np.arange(len(outer)), -1)
        quads = np.stack([outer, inner, inner[after], outer[after]], 1)
        way = quads.mean(1) - hub
        way[:, 0] = 0
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        wrong = (cross(quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]) * way).sum(1) < 0
        quads[wrong] = quads[wrong][:, ::-1]
        self.out.solid(quads, np.repeat(way[:, None], 4, 1), np.full(len(quads), MATERIALS["rubber"]), UNDER)
        for ring, side in ((outer, np.sign(outer[0, 0])), (inner, -np.sign(outer[0, 0]))):
            turned = ring if cross(ring[1] - ring[0], ring[2] - ring[0])[0] * side > 0 else ring[::-1]
            flat = _even(len(ring), side, 0, 0)[None]
            self.out.solid(turned[None], flat, np.array([MATERIALS["rubber"]]), UNDER)

    def _block(
        self, x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], name: str, group: int
    ) -> None:
        """A small block, narrower on top and at its front."""
        cx, half = (x[0] + x[1]) / 2, (x[1] - x[0]) / 2
        low, high = y
        ring = [(-1, 0.15), (-1, 0.75), (-0.7, 1), (0.7, 1), (1, 0.75), (1, 0.15)]
        ring = [(-a, b) for a, b in ring]
        sections = np.array(
            [
                [(cx + half * a * gain, low + (high - low) * (0.5 + (b - 0.5) * gain), along) for a, b in ring]
                for gain, along in ((0.9, z[0]), (1.0, z[0] + 0.3 * (z[1] - z[0])), (0.6, z[1]))
            ]
        )
        sections = np.concatenate([sections, sections[:, :1]], 1)
        faces = loft(sections)
        self.out.solid(faces, smooth_normals(faces), np.full(len(faces), MATERIALS[name]), group)

    def _mirrors(self) -> None:
        if self.frame.mirror is None:
            return
        along, up, half = self.frame.mirror
        tall = 0.13 if self.frame.wheel < 0.42 else 0.40
        along -= self.middle
        for side, group in ((-1, LEFT), (1, RIGHT)):
            x = sorted((side * (half - 0.03), side * (half + 0.17)))
            self._block(
                (x[0], x[1]), (up, up + tall), (along - 0.05, along + 0.09), "paint" if tall < 0.2 else "trim", group
            )

    def _roof(self) -> None:
        frame = self.frame
        high = max(y for _, y in frame.solids[0].top)
        if frame.sign:
            z = frame.sign - self.middle
            self._block((-0.30, 0.30), (high - 0.02, high + 0.15), (z - 0.09, z + 0.10), "sign", ROOF)
        if frame.rails and self.level == NEAR:
            z0, z1, y = frame.rails
            half = frame.track * 0.66
            for side in (-1, 1):
                x = sorted((side * half, side * (half - 0.03)))
                self._block((x[0], x[1]), (y - 0.02, y + 0.035), (z0 - self.middle, z1 - self.middle), "steel", ROOF)


@lru_cache(maxsize=64)
def vehicle_mesh(kind: str, level: int) -> Mesh:
    return _Maker(FRAMES[kind], level).make()
