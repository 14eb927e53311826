"""Paints vehicles: their meshes projected, shaded by material and angle, drawn far to near into one stamp.

Nothing here knows what the road is like or how a vehicle is built.
"""

from math import cos, sin

import numpy as np
from PIL import Image, ImageDraw

from unetkd_core.data.streets.bodies import FAR, MIDDLE, NEAR, TINY, Frame
from unetkd_core.data.streets.canvas import Canvas
from unetkd_core.data.streets.dice import Colour
from unetkd_core.data.streets.far_vehicles import paint_far
from unetkd_core.data.streets.fleet import FRAMES
from unetkd_core.data.streets.layout import Thing
from unetkd_core.data.streets.mesh import Mesh
from unetkd_core.data.streets.paintwork import CLAY_ALL_OVER, palette, shade
from unetkd_core.data.streets.shapes import BRAKING, INDICATING, PARKED, SHAPES, UK_PLATES
from unetkd_core.data.streets.vehicle_parts import FIRST, LEFT, RIGHT, ROOF, SECOND, UNDER, vehicle_mesh

VEHICLE = 3
NEAR_PLANE = 0.3
"""Metres before the camera: faces are cut off there."""
_LEVELS = ((180.0, NEAR), (80.0, MIDDLE), (36.0, FAR))
"""Height of a car on the canvas in pixels from which a level of detail is used."""


class Vehicle:
    """One vehicle, ready to be painted. x, z: its middle on the ground; yaw: 0 drives away from us, pi towards us."""

    def __init__(self, thing: Thing, x: float, z: float, yaw: float, lit: float) -> None:
        self.thing, self.x, self.z, self.yaw, self.lit = thing, x, z, yaw, lit
        self.shape = SHAPES[thing.kind].scaled(thing.size)
        self.parked, self.braking = bool(thing.look & PARKED), bool(thing.look & BRAKING)

    def outline(self) -> list[tuple[float, float]]:
        """The four corners on the ground (x, z), metres."""
        c, s = cos(self.yaw), sin(self.yaw)
        half_w, half_l = self.shape.width / 2, self.shape.length / 2
        return [
            (self.x + a * c + b * s, self.z - a * s + b * c)
            for a, b in ((-half_w, -half_l), (half_w, -half_l), (half_w, half_l), (-half_w, half_l))
        ]

    def paint(self, canvas: Canvas) -> None:
        nearest = min(z for _, z in self.outline())
        item = canvas.begin(VEHICLE, max(0.5, nearest))
        tall = canvas.camera.focal * min(self.shape.height, 1.6) / max(nearest, 1.0)
        level = next((level for pixels, level in _LEVELS if tall > pixels), TINY)
        blind = self.thing.kind == "van" and self.thing.look % 3 == 0
        kind = "blind van" if blind else self.thing.kind
        if level == TINY and abs(cos(self.yaw)) > 0.9:
            self._paint_far(canvas, item, kind)
        else:
            view = _View(self, canvas, vehicle_mesh(kind, level), level)
            if len(view.faces):
                view.draw(item, self._palette(self._lamps(canvas), canvas.weather.clay))
        self._glow(canvas, item, FRAMES[kind])

    def _lamps(self, canvas: Canvas) -> float:
        return 0.0 if self.parked else canvas.weather.lamps

    def _paint_far(self, canvas: Canvas, item: int, kind: str) -> None:
        thing, lamps = self.thing, self._lamps(canvas)
        colours = {"paint": thing.colour, "second": thing.second}
        if lamps > 0.3:
            colours["head"] = (8 * lamps, 7.6 * lamps, 6.4 * lamps)
        if lamps > 0.3 or self.braking:
            colours["tail"] = (2.0 + 4 * lamps, 0.08, 0.06)
        paint_far(canvas, item, kind, (self.x, self.z, self.yaw, thing.size), colours, self.lit)

    def _palette(self, lamps: float, clay: bool) -> np.ndarray:
        if clay:
            return CLAY_ALL_OVER
        thing = self.thing
        colours = {"paint": thing.colour, "second": thing.second}
        if thing.look & UK_PLATES:
            colours["rear plate"] = (0.60, 0.42, 0.03)
        light: dict[str, Colour] = {}
        if lamps > 0.3:
            light = {"eye": (2.6, 2.5, 2.2), "head": (1.1, 1.05, 0.9), "tail": (0.55, 0.02, 0.015)}
            light |= {"sign": (0.9, 0.75, 0.3), "amber": (0.9, 0.45, 0.03)}
        elif thing.look % 5 == 0 and not self.parked:
            light = {"eye": (1.6, 1.6, 1.6)}
        if self.braking:
            light["tail"] = (1.6, 0.05, 0.035)
        if thing.look & INDICATING:
            light["orange"] = (1.8, 0.7, 0.03)
        grey = max(thing.colour) - min(thing.colour) < 0.06
        return palette(colours, light, 0.11 if grey else 0.08)

    def _glow(self, canvas: Canvas, item: int, frame: Frame) -> None:
        """What the lens will smear around lamps that are on and look our way."""
        lamps, braking = self._lamps(canvas), self.braking
        c, s, camera, size = cos(self.yaw), sin(self.yaw), canvas.camera, self.thing.size
        front, rear = frame.lamps
        white, red = (1.5, 1.4, 1.15), (1.2, 0.05, 0.03)
        for end, (across, up), light, strength, spread in (
            (1, front, white, lamps if lamps > 0.3 else 0.0, 0.63),
            (-1, rear, red, 0.35 * (lamps + 0.15) if braking else 0.3 * lamps if lamps > 0.3 else 0.0, 0.36),
        ):
            along = end * self.shape.length / 2
            depth = self.z + along * c
            ours = end * (self.x * s + self.z * c) + self.shape.length / 2 < 0
            if strength <= 0 or not ours or depth < 1:
                continue
            for side in (-1, 1):
                px, pz = side * across * size, along
                z = self.z - px * s + pz * c
                gain = strength * (0.4 + 0.6 * min(1.0, abs(c)))
                canvas.glow(
                    item,
                    camera.x(self.x + px * c + pz * s, z),
                    camera.y(up * size, z),
                    camera.focal * spread / z,
                    (light[0] * gain, light[1] * gain, light[2] * gain),
                )


class _View:
    """The faces of one vehicle's mesh that look our way, from far to near."""

    def __init__(self, vehicle: Vehicle, canvas: Canvas, mesh: Mesh, level: int) -> None:
        self.vehicle, self.canvas, self.level = vehicle, canvas, level
        c, s = cos(vehicle.yaw), sin(vehicle.yaw)
        self.turn = (c, s)
        size = vehicle.thing.size
        self.eye = np.array(
            (-vehicle.x * c + vehicle.z * s, canvas.camera.height_m, -vehicle.x * s - vehicle.z * c), np.float32
        ) / np.float32(size)
        away = mesh.centre - self.eye
        seen = np.flatnonzero((away * mesh.normal).sum(1) < 0)
        rank = self._ranks()[mesh.group[seen]] + mesh.level[seen]
        flat = mesh.level[seen] == 0
        rank[flat] -= np.sqrt((away[seen][flat] ** 2).sum(1))
        self.faces = seen[np.argsort(rank, kind="stable")]
        counts = mesh.counts[self.faces]
        self.ends = np.cumsum(counts)
        self.starts = self.ends - counts
        corner = np.repeat(mesh.starts[self.faces] - self.starts, counts) + np.arange(counts.sum())
        self.points, self.normals = mesh.points[corner], mesh.normals[corner]
        self.material = np.repeat(mesh.material[self.faces], counts)
        self.counts = counts

    def _ranks(self) -> np.ndarray:
        """Which of the solids hides which, as seen from here."""
        x, _, z = self.eye.tolist()
        half = self.vehicle.shape.width / 2
        nose = self.vehicle.shape.length * 0.2
        rank = np.zeros(6, np.float32)
        rank[UNDER], rank[FIRST], rank[ROOF] = 0, 2000, 4000
        rank[SECOND] = 3000 if z > nose else 1000
        for group, side in ((LEFT, -1), (RIGHT, 1)):
            rank[group] = 3500 if side * x > half or z > nose else 1500
        return rank

    def draw(self, item: int, properties: np.ndarray) -> None:
        vehicle, camera = self.vehicle, self.canvas.camera
        colours = self._colours(properties)
        c, s = self.turn
        size = np.float32(vehicle.thing.size)
        px, py, pz = (self.points * size).T
        z = np.float32(vehicle.z) - px * np.float32(s) + pz * np.float32(c)
        x = np.float32(vehicle.x) + px * np.float32(c) + pz * np.float32(s)
        scale = np.float32(camera.focal) / np.maximum(z, np.float32(NEAR_PLANE))
        place = np.stack([x * scale, (np.float32(camera.height_m) - py) * scale], 1)
        place += np.array((camera.centre, camera.horizon), np.float32)
        cut = z.min() < NEAR_PLANE
        left, top = np.maximum(np.floor(place.min(0)) - 1, 0).astype(int).tolist()
        right, bottom = (np.minimum(place.max(0) + 3, (camera.columns, camera.rows))).astype(int).tolist()
        if right <= left or bottom <= top:
            return
        place -= np.array((left, top), np.float32)
        stamp = Image.new("I", (right - left, bottom - top), 0)
        pen = ImageDraw.Draw(stamp)
        flat = place.reshape(-1).tolist()
        for number, (a, b) in enumerate(zip(self.starts.tolist(), self.ends.tolist(), strict=True), 1):
            if cut and z[a:b].min() < NEAR_PLANE:
                corners = _before_camera(np.stack([x[a:b], py[a:b], z[a:b]], 1))
                if len(corners) > 2:
                    seen = camera.project(corners) - (left, top)
                    pen.polygon(seen.reshape(-1).tolist(), fill=number)
            else:
                pen.polygon(flat[2 * a : 2 * b], fill=number)
        self._stamp(item, np.asarray(stamp), place, colours, left, top)

    def _colours(self, properties: np.ndarray) -> np.ndarray:
        """(corners, 3) display colours; (faces, 3) for the tiniest."""
        points, normals, material = self.points, self.normals, self.material
        to_eye = self.eye - points
        to_eye /= np.sqrt((to_eye * to_eye).sum(1))[:, None]
        vehicle = self.vehicle
        weather = self.canvas.weather
        return shade(weather, properties[material], normals, to_eye, points[:, 1], self.turn, vehicle.lit, vehicle.z)

    def _stamp(self, item: int, faces: np.ndarray, place: np.ndarray, colours: np.ndarray, left: int, top: int) -> None:
        """faces: (h, w) number of the face at each pixel, 0 outside: coloured evenly, or by slopes when near."""
        counts = self.counts[:, None].astype(np.float32)
        even = np.add.reduceat(colours, self.starts) / counts
        if self.level > MIDDLE:
            light = _of_faces(np.clip(even, 0, 255).astype(np.uint8), faces)
        else:
            centre = (np.add.reduceat(place, self.starts) / counts).astype(np.float32)
            across, down = self._slopes(place - np.repeat(centre, self.counts, 0), colours)
            light = _of_faces(even - across * centre[:, :1] - down * centre[:, 1:], faces)
            light += (
                _of_faces(across, faces)
                * (np.arange(faces.shape[1], dtype=np.float32) + np.float32(0.5))[None, :, None]
            )
            light += (
                _of_faces(down, faces) * (np.arange(faces.shape[0], dtype=np.float32) + np.float32(0.5))[:, None, None]
            )
            light = np.clip(light, 0, 255, out=light).astype(np.uint8)
        alpha = Image.fromarray((faces > 0).view(np.uint8) * np.uint8(255))
        self.canvas.stamp(item, Image.fromarray(light), alpha, left, top)

    def _slopes(self, off: np.ndarray, colours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(faces, 3) each: how the colour changes across and down each face, by least squares over its corners."""
        terms = np.concatenate([off * off, off[:, :1] * off[:, 1:], off[:, :1] * colours, off[:, 1:] * colours], axis=1)
        sums = np.add.reduceat(terms, self.starts)
        xx, yy, xy, cx, cy = sums[:, 0:1] + 0.5, sums[:, 1:2] + 0.5, sums[:, 2:3], sums[:, 3:6], sums[:, 6:9]
        fall = np.maximum(xx * yy - xy * xy, 0.02 * xx * yy)
        return (cx * yy - cy * xy) / fall, (cy * xx - cx * xy) / fall


def _of_faces(values: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(F, 3) values by face -> (h, w, 3) by pixel; nought where there is none."""
    return np.concatenate([np.zeros((1, 3), values.dtype), values]).take(faces, axis=0)


def _before_camera(corners: np.ndarray) -> np.ndarray:
    """The part of a face (N, 3) beyond the near plane (Sutherland and Hodgman)."""
    out: list[np.ndarray] = []
    for a, b in zip(corners, np.roll(corners, -1, 0), strict=True):
        if a[2] >= NEAR_PLANE:
            out.append(a)
        if (a[2] - NEAR_PLANE) * (b[2] - NEAR_PLANE) < 0:
            out.append(a + (b - a) * ((NEAR_PLANE - a[2]) / (b[2] - a[2])))
    return np.array(out)
