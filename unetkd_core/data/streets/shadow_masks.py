"""What the things on the street take of the ground's light: cast shadows and the dark under them. Paints no colour."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.layout import Layout, Thing
from unetkd_core.data.streets.tree_shadows import tree_shadow
from unetkd_core.data.streets.tree_species import SPECIES
from unetkd_core.data.streets.vehicles import Vehicle


def shadow_masks(
    layout: Layout, camera: Camera, vehicles: list[Vehicle], others: list[tuple[Thing, float]]
) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) float32 each: sun left by what stands on the ground, and sky left under it (contact shadows)."""
    size = (camera.columns, camera.rows)
    sun_mask, sky_mask = Image.new("L", size, 255), Image.new("L", size, 255)
    sun_pen, sky_pen = ImageDraw.Draw(sun_mask), ImageDraw.Draw(sky_mask)
    sx, sy, sz = layout.weather.to_sun
    shadows = layout.weather.casts_shadows
    flat = lambda points: [(camera.x(x, max(z, 0.4)), camera.y(0.0, max(z, 0.4))) for x, z in points]  # noqa: E731
    for vehicle in vehicles:
        corners = vehicle.outline()
        sky_pen.polygon(flat(corners), fill=45)
        if shadows:
            h = vehicle.shape.height * 0.92
            cast = np.array(corners + [(x - sx / sy * h, z - sz / sy * h) for x, z in corners])
            sun_pen.polygon(flat(_hull(cast)), fill=20)
    for thing, x in others:
        wide, h = (
            (0.22, thing.size)
            if thing.kind in ("person", "standing", "cyclist")
            else (0.07, min(thing.size, 9.0) if thing.kind in ("lamp", "sign", "traffic light") else 1.0)
        )
        z = thing.z
        tree = thing.kind in SPECIES
        r = 0.35 if tree or thing.kind in ("person", "standing", "bin") else 0.15
        sky_pen.polygon(
            flat([(x - r, z - r * 0.6), (x + r, z - r * 0.6), (x + r, z + r * 0.6), (x - r, z + r * 0.6)]), fill=95
        )
        if shadows:
            tip_x, tip_z = x - sx / sy * h, z - sz / sy * h
            sun_pen.polygon(flat([(x - wide, z), (x + wide, z), (tip_x + wide, tip_z), (tip_x - wide, tip_z)]), fill=40)
            if tree:
                tree_shadow(sun_pen, camera, thing, x, (sx / sy, sz / sy))
    blur = camera.focal / 160
    sun = np.asarray(sun_mask.filter(ImageFilter.BoxBlur(0.35 * blur)), np.float32) / 255
    return sun, np.asarray(sky_mask.filter(ImageFilter.BoxBlur(2.0 * blur)), np.float32) / 255


def _hull(points: np.ndarray) -> list[tuple[float, float]]:
    """Convex hull of (N, 2) points, in order (Andrew's monotone chain): the outline of a shadow."""
    ordered = sorted(map(tuple, points.tolist()))
    chains = []
    for run in (ordered, ordered[::-1]):
        chain: list[tuple[float, float]] = []
        for p in run:
            while len(chain) > 1 and (chain[-1][0] - chain[-2][0]) * (p[1] - chain[-2][1]) <= (
                chain[-1][1] - chain[-2][1]
            ) * (p[0] - chain[-2][0]):
                chain.pop()
            chain.append(p)
        chains.append(chain[:-1])
    return chains[0] + chains[1]
