"""Cars, vans, buses and lorries: a few faces each, projected, shaded by their normals, with wheels, glass and lights.

Nothing here knows where the vehicle stands or what the road is like.
"""

from collections.abc import Callable
from itertools import pairwise
from math import cos, sin

from unetkd_core.data.streets.canvas import Canvas, Point
from unetkd_core.data.streets.dice import Colour, scaled
from unetkd_core.data.streets.layout import Thing
from unetkd_core.data.streets.shapes import SHAPES

VEHICLE = 3


GLASS: Colour = (0.02, 0.024, 0.028)
Vec = tuple[float, float, float]
Shade = Callable[[Colour, Vec], tuple[int, int, int]]
"""(albedo, normal in the vehicle's axes) -> display colour."""


class _Placed:
    """A vehicle's own axes (across, up, along from the tail) -> canvas pixels, and which of its faces look our way."""

    def __init__(self, canvas: Canvas, x: float, z: float, yaw: float) -> None:
        self.canvas, self.x, self.z = canvas, x, z
        self.cos, self.sin = cos(yaw), sin(yaw)

    def world(self, p: Vec) -> Vec:
        return (self.x + p[0] * self.cos + p[2] * self.sin, p[1], self.z - p[0] * self.sin + p[2] * self.cos)

    def turn(self, n: Vec) -> Vec:
        return (n[0] * self.cos + n[2] * self.sin, n[1], -n[0] * self.sin + n[2] * self.cos)

    def pixels(self, points: list[Vec]) -> list[Point]:
        camera = self.canvas.camera
        focal, centre, horizon, eye = camera.focal, camera.centre, camera.horizon, camera.height_m
        x, z, c, s = self.x, self.z, self.cos, self.sin
        out = []
        for px, py, pz in points:
            scale = focal / max(z - px * s + pz * c, 0.35)
            out.append((centre + (x + px * c + pz * s) * scale, horizon + (eye - py) * scale))
        return out

    def faces_us(self, point: Vec, normal: Vec) -> bool:
        wx, wy, wz = self.world(point)
        nx, ny, nz = self.turn(normal)
        return wx * nx + (wy - self.canvas.camera.height_m) * ny + wz * nz < 0


class Vehicle:
    """One vehicle, ready to be painted. x, z: its middle on the ground; yaw: 0 drives away from us, pi towards us."""

    def __init__(self, thing: Thing, x: float, z: float, yaw: float, lit: float) -> None:
        self.thing, self.x, self.z, self.yaw, self.lit = thing, x, z, yaw, lit
        self.shape = SHAPES[thing.kind]

    def outline(self) -> list[tuple[float, float]]:
        """The four corners on the ground (x, z), metres."""
        c, s = cos(self.yaw), sin(self.yaw)
        half_w, half_l = self.shape.width / 2, self.shape.length / 2
        return [
            (self.x + a * c + b * s, self.z - a * s + b * c)
            for a, b in ((-half_w, -half_l), (half_w, -half_l), (half_w, half_l), (-half_w, half_l))
        ]

    def paint(self, canvas: Canvas) -> None:
        place = _Placed(canvas, self.x, self.z, self.yaw)
        depth = max(0.5, min(z for _, z in self.outline()))
        item = canvas.begin(VEHICLE, depth)
        fine = canvas.camera.focal * self.shape.height / self.z > 16
        shade = lambda albedo, normal: canvas.weather.shade(albedo, place.turn(normal), self.lit, self.z)  # noqa: E731
        if canvas.camera.focal * self.shape.height / self.z < 12:
            return self._tiny(canvas, place, item, shade)
        self._body(canvas, place, item, shade, fine)
        if fine:
            self._details(canvas, place, item, shade)
        self._lights(canvas, place, item)

    def _tiny(self, canvas: Canvas, place: _Placed, item: int, shade: Shade) -> None:
        """A few pixels of car: body, cabin, glass."""
        s, colour = self.shape, self.thing.colour
        w, z = s.width / 2, -s.length / 2 if cos(self.yaw) > 0 else s.length / 2
        end = -1 if z < 0 else 1
        slab = lambda a, b, y0, y1: place.pixels([(-a, y0, z), (a, y0, z), (b, y1, z), (-b, y1, z)])  # noqa: E731
        canvas.polygon(item, slab(w, w, 0.12, s.belt), shade(colour, (0, 0.1, end)))
        canvas.polygon(item, slab(w * 0.92, w * s.roof_width, s.belt, s.height), shade(colour, (0, 0.4, end * 0.9)))
        canvas.detail(
            slab(w * 0.82, w * s.roof_width * 0.9, s.belt + 0.05, s.belt + (s.height - s.belt) * 0.8),
            shade(GLASS, (0, 0.4, end * 0.9)),
        )
        canvas.detail(slab(w * 0.9, w * 0.9, 0.12, 0.34), shade((0.015, 0.015, 0.015), (0, 0, end)))
        self._lights(canvas, place, item)

    def _profile(self) -> list[tuple[float, float]]:
        """(along, up) of the lower body's upper edge, tail to nose."""
        s = self.shape
        half = s.length / 2
        return [
            (-half, s.tail - 0.12),
            (-half + 0.10, s.tail),
            (s.rear_foot * s.length - half, s.belt),
            (s.front_foot * s.length - half, s.belt),
            (half - 0.30, s.nose + 0.06),
            (half - 0.06, s.nose - 0.08),
        ]

    def _half_width(self, z: float) -> float:
        """Of the body at its upper edge, z metres along from the middle: the corners are cut."""
        s = self.shape
        inset = 0.20 if s.height < 2 else 0.06
        return s.width / 2 * 0.96 - inset * max(0.0, 1 - (s.length / 2 - abs(z)) / 0.45)

    def _body(self, canvas: Canvas, place: _Placed, item: int, shade: Shade, fine: bool) -> None:
        s, colour = self.shape, self.thing.colour
        half_w, half_l, low = s.width / 2, s.length / 2, 0.24 if s.height < 2 else 0.32
        dark = shade((0.012, 0.012, 0.013), (0, -1, 0))
        for face in (
            [(-half_w * 0.82, y, end * half_l * 0.90) for end in (-1, 1) for y in (0.1, low + 0.1)],
            [(half_w * 0.82, y, end * half_l * 0.90) for end in (-1, 1) for y in (0.1, low + 0.1)],
        ):
            canvas.polygon(item, place.pixels([face[0], face[1], face[3], face[2]]), dark)
        if not fine:
            for end in (-1, 1):
                canvas.polygon(
                    item,
                    place.pixels(
                        [
                            (-half_w * 0.82, 0.1, end * half_l * 0.90),
                            (half_w * 0.82, 0.1, end * half_l * 0.90),
                            (half_w * 0.82, low, end * half_l * 0.90),
                            (-half_w * 0.82, low, end * half_l * 0.90),
                        ]
                    ),
                    dark,
                )
        profile = self._profile()
        inset = 0.20 if s.height < 2 else 0.06
        top = 0.96
        for end, y_top in ((-1, s.tail), (1, s.nose)):
            z_end = end * half_l
            if place.faces_us((0, 0.6, z_end), (0, 0, end)):
                w = half_w - inset
                middle = low + (y_top - low) * 0.55
                canvas.polygon(
                    item,
                    place.pixels([(-w, low, z_end), (w, low, z_end), (w, middle, z_end), (-w, middle, z_end)]),
                    shade(colour, (0, -0.25, end * 0.97)),
                )
                canvas.polygon(
                    item,
                    place.pixels(
                        [
                            (-w, middle, z_end),
                            (w, middle, z_end),
                            (w * top, y_top - 0.1, z_end),
                            (-w * top, y_top - 0.1, z_end),
                        ]
                    ),
                    shade(colour, (0, 0.3, end * 0.95)),
                )
        for side in (-1, 1):
            if place.faces_us((side * half_w, 0.6, 0), (side, 0, 0)):
                x = side * half_w
                shoulder = low + (s.belt - low) * 0.55
                for end in (-1, 1):
                    edge = [(side * self._half_width(zr), yr, zr) for zr, yr in self._ridge()[::-end]]
                    edge = [p for p in edge if p[2] * end > half_l - 0.46]
                    foot = [(x, low, end * (half_l - 0.45)), (x - side * inset, low, end * half_l)]
                    corner = [*foot, *edge]
                    canvas.polygon(item, place.pixels(corner), shade(colour, (side * 0.7, 0.0, end * 0.7)))
                upper = [(x * top, y, min(max(z, -half_l + 0.42), half_l - 0.42)) for z, y in profile]
                canvas.polygon(
                    item,
                    place.pixels([(x, low, -half_l + 0.44), *upper, (x, low, half_l - 0.44)]),
                    shade(colour, (side * 0.96, -0.28, 0)),
                )
                canvas.detail(
                    place.pixels([(x, shoulder, -half_l + 0.42), *upper, (x, shoulder, half_l - 0.42)]),
                    shade(colour, (side * 0.92, 0.38, 0)),
                )
        self._deck(canvas, place, item, shade)
        self._cabin(canvas, place, item, shade, fine)

    def _ridge(self) -> list[tuple[float, float]]:
        """The profile with a point where each cut corner begins, so that the deck is as wide as the sides."""
        profile = self._profile()
        cut = self.shape.length / 2 - 0.45
        points = [profile[0]]
        for (z0, y0), (z1, y1) in pairwise(profile):
            points += [(z, y0 + (y1 - y0) * (z - z0) / (z1 - z0)) for z in (-cut, cut) if z0 < z < z1]
            points.append((z1, y1))
        return points

    def _deck(self, canvas: Canvas, place: _Placed, item: int, shade: Shade) -> None:
        """Bonnet, boot and the ledge under the windows."""
        for (z0, y0), (z1, y1) in pairwise(self._ridge()):
            steep = max(((z1 - z0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-6)
            normal = (0.0, (z1 - z0) / steep, (y0 - y1) / steep)
            if place.faces_us((0, y0, z0), normal):
                w0, w1 = self._half_width(z0), self._half_width(z1)
                canvas.polygon(
                    item,
                    place.pixels([(-w0, y0, z0), (w0, y0, z0), (w1, y1, z1), (-w1, y1, z1)]),
                    shade(self.thing.colour, normal),
                )

    def _cabin(self, canvas: Canvas, place: _Placed, item: int, shade: Shade, fine: bool) -> None:
        s, colour = self.shape, self.thing.colour
        half_l = s.length / 2
        z = [f * s.length - half_l for f in (s.rear_foot, s.rear_head, s.front_head, s.front_foot)]
        wr = s.width / 2 * s.roof_width
        feet = [min(s.width / 2 * 0.94, 0.98 * self._half_width(foot)) for foot in (z[0], z[3])]
        cargo = s.panes == 0
        roof = s.height
        mirror = canvas.weather.horizon
        glass = (GLASS[0] + 0.05 * mirror[0], GLASS[1] + 0.05 * mirror[1], GLASS[2] + 0.05 * mirror[2])
        for end, zf, zh, wb in ((-1, z[0], z[1], feet[0]), (1, z[3], z[2], feet[1])):
            normal = (0.0, 0.5 if s.height < 2 else 0.12, end * 0.87)
            if place.faces_us((0, (s.belt + roof) / 2, (zf + zh) / 2), normal):
                canvas.polygon(
                    item,
                    place.pixels([(-wb, s.belt, zf), (wb, s.belt, zf), (wr, roof, zh), (-wr, roof, zh)]),
                    shade(colour, normal),
                )
                if not (cargo and end < 0) and not (s.height > 2 and s.panes == 1 and end < 0 and self.thing.look % 2):
                    a, b = 0.10, 0.84 if s.height < 2 else 0.70
                    zi = [zf + (zh - zf) * v for v in (a, b)]
                    yi = [s.belt + (roof - s.belt) * v for v in (a, b)]
                    wi = [(wb + (wr - wb) * v) * 0.90 for v in (a, b)]
                    canvas.detail(
                        place.pixels(
                            [
                                (-wi[0], yi[0], zi[0]),
                                (wi[0], yi[0], zi[0]),
                                (wi[1], yi[1], zi[1]),
                                (-wi[1], yi[1], zi[1]),
                            ]
                        ),
                        shade(glass, normal),
                    )
                    if fine:
                        canvas.detail(
                            place.pixels(
                                [
                                    (-wi[0] * 0.2, yi[0], zi[0]),
                                    (wi[0] * 0.75, yi[0], zi[0]),
                                    (wi[1] * 0.95, yi[1], zi[1]),
                                    (wi[1] * 0.3, yi[1], zi[1]),
                                ]
                            ),
                            shade(scaled(glass, 2.2), normal),
                        )
        for side in (-1, 1):
            normal = (side * 0.93, 0.36 if s.height < 2 else 0.05, 0.0)
            if place.faces_us((side * feet[1], s.belt, 0), normal):
                canvas.polygon(
                    item,
                    place.pixels(
                        [
                            (side * feet[0], s.belt, z[0]),
                            (side * wr, roof, z[1]),
                            (side * wr, roof, z[2]),
                            (side * feet[1], s.belt, z[3]),
                        ]
                    ),
                    shade(colour, normal),
                )
                self._side_glass(canvas, place, shade, side, z, feet, wr, glass, normal)
        if place.faces_us((0, roof, 0), (0, 1, 0)):
            canvas.polygon(
                item,
                place.pixels([(-wr, roof, z[1]), (wr, roof, z[1]), (wr, roof, z[2]), (-wr, roof, z[2])]),
                shade(colour, (0, 1, 0)),
            )

    def _side_glass(
        self,
        canvas: Canvas,
        place: _Placed,
        shade: Shade,
        side: int,
        z: list[float],
        feet: list[float],
        wr: float,
        glass: Colour,
        normal: Vec,
    ) -> None:
        s = self.shape
        if s.panes == 0:
            return
        low, high = 0.06, 0.80 if s.height < 2 else 0.62
        start, end = 0.05, 0.95
        if s.panes == 1:
            start = 0.74
        edge = lambda part, v: (  # noqa: E731
            (z[0] + (z[3] - z[0]) * part) * (1 - v) + (z[1] + (z[2] - z[1]) * part) * v
        )
        foot = lambda part: feet[0] + (feet[1] - feet[0]) * part  # noqa: E731
        for i in range(s.panes):
            a = start + (end - start) * i / s.panes + 0.012
            b = start + (end - start) * (i + 1) / s.panes - 0.012
            corners = [
                (side * (foot(p) + (wr - foot(p)) * v), s.belt + (s.height - s.belt) * v, edge(p, v))
                for p, v in ((a, low), (a, high), (b, high), (b, low))
            ]
            canvas.detail(place.pixels(corners), shade(glass, normal))

    def _wheels(self, canvas: Canvas, place: _Placed, item: int, shade: Shade) -> None:
        s = self.shape
        half_w, half_l = s.width / 2, s.length / 2
        big = canvas.camera.focal * s.wheel / self.z > 14
        turn = [(cos(i * 0.5236), sin(i * 0.5236)) for i in range(12)]
        for side in (-1, 1):
            if place.faces_us((side * half_w, 0.4, 0), (side, 0, 0)):
                for axle in s.axles:
                    zc = axle * s.length - half_l
                    x = side * (half_w + 0.005)
                    ring = lambda r, up=0.0: [(x, s.wheel + up + r * b, zc + r * a) for a, b in turn]  # noqa: B023, E731
                    canvas.detail(place.pixels(ring(s.wheel * 1.16, 0.03)), shade((0.01, 0.01, 0.01), (side, 0, 0)))
                    canvas.polygon(item, place.pixels(ring(s.wheel)), shade((0.018, 0.018, 0.018), (side, 0.2, 0)))
                    canvas.detail(place.pixels(ring(s.wheel * 0.62)), shade((0.30, 0.30, 0.31), (side, 0.1, 0)))
                    if big:
                        canvas.detail(place.pixels(ring(s.wheel * 0.42)), shade((0.10, 0.10, 0.10), (side, 0, 0)))
                if s.panes and big:
                    for part in (0.40, 0.64) if s.height < 2 else (0.6,):
                        zc, x = part * s.length - half_l, side * half_w * 1.0
                        canvas.detail(
                            place.pixels(
                                [(x, 0.34, zc), (x, s.belt, zc), (x, s.belt, zc + 0.02), (x, 0.34, zc + 0.02)]
                            ),
                            shade((0.01, 0.01, 0.01), (side, 0, 0)),
                        )

    def _details(self, canvas: Canvas, place: _Placed, item: int, shade: Shade) -> None:
        s = self.shape
        half_w, half_l = s.width / 2, s.length / 2
        self._wheels(canvas, place, item, shade)
        for end, y_top in ((-1, s.tail), (1, s.nose)):
            z = end * (half_l + 0.01)
            if place.faces_us((0, 0.6, z), (0, 0, end)):
                w = half_w - 0.20
                bumper = scaled(self.thing.colour, 0.55)
                box = lambda x0, x1, y0, y1: place.pixels([(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)])  # noqa: B023, E731
                canvas.detail(box(-w, w, 0.27, 0.42), shade(bumper, (0, 0, end)))
                canvas.polygon(item, box(-w * 0.92, w * 0.92, 0.16, 0.28), shade((0.02, 0.02, 0.02), (0, -0.3, end)))
                canvas.detail(
                    box(-0.26, 0.26, 0.44, 0.55),
                    shade((0.55, 0.52, 0.30) if end < 0 and self.thing.look % 2 else (0.62, 0.62, 0.60), (0, 0, end)),
                )
                if end > 0:
                    canvas.detail(
                        box(-w * 0.55, w * 0.55, y_top - 0.22, y_top - 0.12), shade((0.015, 0.015, 0.016), (0, 0, end))
                    )
                for side in (-1, 1):
                    lamp = (0.55, 0.56, 0.56) if end > 0 else (0.26, 0.012, 0.012)
                    tall = 0.14 if end > 0 else 0.22
                    canvas.detail(
                        box(side * w * (0.68 if end > 0 else 0.78), side * w, y_top - 0.14 - tall, y_top - 0.13),
                        shade(lamp, (0, 0.2, end)),
                    )

    def _lights(self, canvas: Canvas, place: _Placed, item: int) -> None:
        s, weather = self.shape, canvas.weather
        braking = self.thing.look % 4 == 0
        if weather.lamps < 0.3 and not braking:
            return
        for end, y, light in ((-1, s.tail - 0.22, (1.2, 0.05, 0.03)), (1, s.nose - 0.18, (1.5, 1.4, 1.15))):
            if (end > 0 and weather.lamps < 0.3) or not place.faces_us((0, 0.6, end * s.length / 2), (0, 0, end)):
                continue
            for side in (-1, 1):
                ((x, row),) = place.pixels([(side * (s.width / 2 - 0.3), y, end * s.length / 2)])
                radius = canvas.camera.focal * 0.09 / self.z
                colour = weather.film((2 * light[0], 2 * light[1], 2 * light[2]), self.z)
                canvas.detail(
                    [
                        (x - radius, row - radius),
                        (x + radius, row - radius),
                        (x + radius, row + radius),
                        (x - radius, row + radius),
                    ],
                    colour,
                )
                strength = (0.35 if end < 0 else 1.0) * (weather.lamps + (0.15 if braking and end < 0 else 0))
                canvas.glow(
                    item,
                    x,
                    row,
                    radius * (4 if end < 0 else 7),
                    (light[0] * strength, light[1] * strength, light[2] * strength),
                )
